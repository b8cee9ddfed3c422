"""When to come back to the addresses that were just captured: the rules of `archive.revisits` applied to the frontier.

Runs for every batch after it is folded, for it asks when a text was edited last. The times follow from the captures
alone, so that a rebuild sets the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, select, update
from sqlalchemy.orm import aliased

from archive.database import batched
from archive.models import Article, Crawl, Edition, Frontier, Reading
from archive.models import Capture as CaptureRow
from archive.noting import VISIT, Address, rows_of
from archive.records import ABSENT, FETCHED, GOOD, LEADING, Capture
from archive.revisits import (
    LEADING_FIRST,
    absence_interval,
    after_import,
    article_interval,
    failure_interval,
    spread,
    stood,
)


def come_back(connection: Connection, captures: Sequence[Capture]) -> None:
    """Set the time at which each captured address is to be visited again. After the fold of the same captures."""
    _set_times(connection, {(c.source_id, c.url_key) for c in captures if c.page.kind in FETCHED})


def come_back_to(connection: Connection, article_key: str) -> None:
    """Set the times of an article's addresses anew, after what is read of it was corrected by hand."""
    visited = Frontier.last_captured_at.is_not(None) & Frontier.revisit_at.is_not(None)
    query = select(Frontier.source_id, Frontier.url_key).where(Frontier.article_key == article_key, visited)
    _set_times(connection, {(row.source_id, row.url_key) for row in connection.execute(query)})


def _set_times(connection: Connection, addresses: Iterable[Address]) -> None:
    rows = rows_of(connection, addresses)
    if not rows:
        return
    told = _told(connection, {row.article_key for row in rows.values() if row.article_key})
    table: Any = Frontier.__table__
    imports = _imported(connection, rows)
    values = [
        {"source": source_id, "key": key, "revisit_at": _revisit_at(row, told, imports.get((source_id, key)))}
        for (source_id, key), row in rows.items()
    ]
    mine = (table.c.source_id == bindparam("source")) & (table.c.url_key == bindparam("key"))
    connection.execute(update(table).where(mine).values(revisit_at=bindparam("revisit_at")), values)
    _one_an_article(connection, rows.values())


def _told(connection: Connection, article_keys: set[str]) -> dict[str, tuple[str | None, datetime | None]]:
    """Of each article that there is: when it says that it was published, and when its last edit was first seen."""
    columns = (Article.article_key, Reading.published_at, Edition.ordinal, Edition.observed_from)
    query = select(*columns).join(Edition, Edition.id == Article.current_edition_id)
    query = query.join(Reading, Reading.id == Article.current_reading_id)
    found = {}
    for some in batched(sorted(article_keys)):
        for row in connection.execute(query.where(Article.article_key.in_(some))):
            found[row.article_key] = (row.published_at, row.observed_from if row.ordinal > 1 else None)
    return found


def _imported(connection: Connection, rows: Mapping[Address, Row[Any]]) -> dict[Address, datetime]:
    """Of the addresses whose last capture others made: when the import began that brought it."""
    last = (Frontier.source_id == CaptureRow.source_id) & (Frontier.url_key == CaptureRow.url_key)
    query = select(Frontier.source_id, Frontier.url_key, func.min(Crawl.started_at).label("started_at"))
    query = query.join(CaptureRow, last & (Frontier.last_captured_at == CaptureRow.captured_at))
    query = query.join(Crawl, Crawl.id == CaptureRow.crawl_id).group_by(Frontier.source_id, Frontier.url_key)
    found: dict[Address, datetime] = {}
    for some in batched(sorted(rows)):
        here = Frontier.url_key.in_({key for _, key in some}) & Frontier.source_id.in_({source for source, _ in some})
        for row in connection.execute(query.where(here, Crawl.kind != VISIT)):
            found[row.source_id, row.url_key] = row.started_at
    return found


def _revisit_at(
    row: Row[Any], told: Mapping[str, tuple[str | None, datetime | None]], imported_at: datetime | None
) -> datetime:
    """When to come back to an address; what an import brought of long ago does not come due all at once."""
    at: datetime = row.last_captured_at + _interval(row, told)
    return at if imported_at is None else max(at, imported_at + after_import(row.url_key))


def _interval(row: Row[Any], told: Mapping[str, tuple[str | None, datetime | None]]) -> timedelta:
    if row.last_outcome not in GOOD:
        # A list that seems gone hides whatever comes to stand on it: it is tried again as if it had failed.
        absent = row.kind not in LEADING and (row.last_outcome in ABSENT or row.last_outcome == "redirected")
        return spread(absence_interval(row.attempts), row.url_key) if absent else failure_interval(row.attempts)
    if row.kind in LEADING:
        return timedelta(seconds=row.interval_seconds or 0) or LEADING_FIRST
    published_at, edited_at = told.get(row.article_key, (None, None))
    age = stood(row.last_captured_at, row.appeared_at, published_at, row.discovered_at, edited_at)
    return spread(article_interval(age), row.url_key)


def _one_an_article(connection: Connection, rows: Iterable[Row[Any]]) -> None:
    """An article is visited at one address, the one where it was captured well last."""
    good = {row.article_key: row.url_key for row in rows if row.article_key and row.last_outcome in GOOD}
    for some in batched(sorted(good)):
        others = Frontier.article_key.in_(some) & Frontier.url_key.not_in([good[key] for key in some])
        connection.execute(update(Frontier).where(others, Frontier.revisit_at.is_not(None)).values(revisit_at=None))
    other = aliased(Frontier)
    there = exists().where(other.article_key == Frontier.article_key, other.last_outcome.in_(list(GOOD)))
    bad = {row.article_key for row in rows if row.article_key} - good.keys()
    for some in batched(sorted(bad)):
        elsewhere = Frontier.article_key.in_(some) & Frontier.last_outcome.not_in(list(GOOD)) & there
        connection.execute(update(Frontier).where(elsewhere).values(revisit_at=None))
