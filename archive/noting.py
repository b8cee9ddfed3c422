"""What captures mean for the frontier: what is done, what became known, and when to come back.

`note_captures` runs for every batch that is stored, `come_back` after the batch is folded: it knows of edits then. Both
follow from the captures alone, so that a rebuild sets the same times. Statements are for whole batches, none for a row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from archive.database import batched, upsert
from archive.frontier import LEASE, MAX_HOPS, frontier_row
from archive.models import Article, Crawl, Edition, Frontier, Reading
from archive.records import ABSENT, FETCHED, GOOD, LASTING, LEADING, Capture, Link, Page
from archive.revisits import (
    LEADING_FIRST,
    PATIENT_ATTEMPTS,
    absence_interval,
    article_interval,
    failure_interval,
    leading_interval,
    spread,
    stood,
)

Address = tuple[str, str]


def note_captures(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    """What the captures mean for the frontier: their addresses are done, the links they show are known."""
    ended = sorted((c for c in captures if c.page.kind in FETCHED), key=lambda c: (c.captured_at, c.url_key))
    leading = [c for c in ended if c.page.kind in LEADING and c.page.settled]
    before = _rows(connection, {(c.source_id, c.url_key) for c in leading})
    _note(connection, ended, now)
    _respell(connection, ended, now)
    found = _know_links(connection, sorted(captures, key=lambda c: (c.captured_at, c.url_key)), now)
    _settle_articles(connection, {link.article_key for c in captures for link in c.page.links if link.article_key})
    if leading:
        _note_leading(connection, leading, before, found, now)


def _rows(connection: Connection, addresses: Iterable[Address]) -> dict[Address, Row[Any]]:
    """The rows of these addresses, as far as there are any."""
    wanted = sorted(set(addresses))
    found: dict[Address, Row[Any]] = {}
    for some in batched(wanted):
        keys = Frontier.url_key.in_({key for _, key in some}) & Frontier.source_id.in_({source for source, _ in some})
        found |= {(r.source_id, r.url_key): r for r in connection.execute(select(Frontier.__table__).where(keys))}
    return found


def _note(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    if not captures:
        return
    statement = upsert(connection, Frontier)
    new, old = statement.excluded, Frontier.__table__.c
    values = {
        "due_at": None,
        "last_captured_at": new.last_captured_at,
        "last_outcome": new.last_outcome,
        "attempts": case((new.attempts == 0, 0), else_=old.attempts + new.attempts),
        "stored_digest": func.coalesce(new.stored_digest, old.stored_digest),
        "stored_at": func.coalesce(new.stored_at, old.stored_at),
        "good_at": func.coalesce(new.good_at, old.good_at),
    }
    # Validators belong to a whole answer: a new one has its own, or none; what says "not modified" leaves them.
    answered = new.stored_digest.is_not(None) | new.etag.is_not(None) | new.last_modified.is_not(None)
    for name in ("etag", "last_modified"):
        values[name] = case((answered, new[name]), else_=old[name])
    later = or_(old.last_captured_at.is_(None), old.last_captured_at <= new.last_captured_at)
    keys = ["source_id", "url_key"]
    rows = [_ended_row(capture) for capture in captures]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values, where=later), rows)
    done = {c.page.article_key for c in captures if c.page.settled and c.page.article_key}
    for some in batched(sorted(done)):
        connection.execute(update(Frontier).where(Frontier.article_key.in_(some)).values(due_at=None))
    lost = {c.page.article_key for c in captures if c.page.article_key and not c.page.settled} - done
    for some in batched(sorted(lost)):
        untried = Frontier.article_key.in_(some) & Frontier.last_captured_at.is_(None)
        connection.execute(update(Frontier).where(untried).values(due_at=now))


def _ended_row(capture: Capture) -> dict[str, Any]:
    page = capture.page
    link = Link(capture.url, capture.url_key, page.kind, page.article_key)
    came = capture.stored_digest and capture.status != 304 and page.outcome != "failed"
    holds = came and capture.refers_to is None
    # What a page says that shows no article must not be confirmed by "not modified" as if it were one.
    valid = came and page.settled
    return frontier_row(
        capture.source_id,
        link,
        capture.captured_at,
        last_captured_at=capture.captured_at,
        # A page that shows no article is asked for again: it may be maintenance, served as 200.
        last_outcome="failed" if page.outcome in GOOD and not page.settled else page.outcome,
        attempts=0 if page.settled else _attempts(page),
        stored_digest=capture.stored_digest if holds else None,
        stored_at=capture.captured_at if holds else None,
        good_at=capture.captured_at if page.settled else None,
        etag=capture.etag if valid else None,
        last_modified=capture.last_modified if valid else None,
    )


def _attempts(page: Page) -> int:
    """What is too large, or no file, is so the next time too: it waits as if every round had tried it for a while."""
    return PATIENT_ATTEMPTS if any(words in (page.reason or "") for words in LASTING) else 1


def _respell(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    """An address that redirects to another spelling of itself (http to https) is known by that, and due there."""
    for capture in captures:
        for link in capture.page.links:
            if capture.page.outcome == "redirected" and link.url_key == capture.url_key and link.url != capture.url:
                row = (Frontier.source_id == capture.source_id) & (Frontier.url_key == capture.url_key)
                now_last = (Frontier.last_captured_at == capture.captured_at) & (Frontier.attempts <= MAX_HOPS)
                connection.execute(update(Frontier).where(row & now_last).values(url=link.url, due_at=now))


def _know_links(connection: Connection, captures: Sequence[Capture], now: datetime) -> dict[Address, datetime]:
    """Make the addresses known that the captures show; since when each is known, by the first page that showed it."""
    first: dict[Address, tuple[Capture, Link]] = {}
    for capture in captures:
        for link in capture.page.links:
            first.setdefault((capture.source_id, link.url_key), (capture, link))
    known = {address: row.discovered_at for address, row in _rows(connection, first).items()}
    fresh = {a: found for a, found in first.items() if a not in known or found[0].captured_at < known[a]}
    rows = [
        frontier_row(
            capture.source_id,
            link,
            capture.captured_at,
            due_at=now,
            leased_by=capture.crawl_key,
            leased_until=now + LEASE,
            discovered_from=capture.url,
        )
        for capture, link in fresh.values()
    ]
    if rows:
        statement = upsert(connection, Frontier)
        earlier = {name: statement.excluded[name] for name in ("discovered_at", "discovered_from")}
        keys = ["source_id", "url_key"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=earlier), rows)
    return known | {address: capture.captured_at for address, (capture, _) in fresh.items()}


def _settle_articles(connection: Connection, article_keys: set[str]) -> None:
    """Addresses just found of articles that were captured under another address need not be fetched."""
    other = aliased(Frontier)
    captured = exists().where(
        other.article_key == Frontier.article_key, other.last_outcome.in_(list(GOOD)), other.due_at.is_(None)
    )
    untried = Frontier.last_captured_at.is_(None) & Frontier.due_at.is_not(None)
    for keys in batched(sorted(article_keys)):
        fresh = Frontier.article_key.in_(keys) & untried
        connection.execute(update(Frontier).where(fresh & captured).values(due_at=None))


def _note_leading(
    connection: Connection,
    captures: Sequence[Capture],
    before: Mapping[Address, Row[Any]],
    found: Mapping[Address, datetime],
    now: datetime,
) -> None:
    """What lists, feeds and sitemaps brought: how soon to look again, which articles appeared since the last look, and
    the next page, where it may hold more that is new."""
    crawls = select(Crawl.key, Crawl.started_at).where(Crawl.key.in_({c.crawl_key for c in captures}))
    started: dict[str, datetime] = {row.key: row.started_at for row in connection.execute(crawls)}
    state = {a: (row.good_at, row.interval_seconds) for a, row in before.items()}
    table: Any = Frontier.__table__
    for c in captures:
        address, since, here = (c.source_id, c.url_key), started[c.crawl_key], Frontier.source_id == c.source_id
        looked, waited = state.get(address, (None, None))
        new = [link for link in c.page.links if found[c.source_id, link.url_key] >= since]
        interval = leading_interval(None if waited is None else timedelta(seconds=waited), brought=bool(new))
        state[address] = (c.captured_at, int(interval.total_seconds()))
        appeared = [link.url_key for link in new if link.kind not in LEADING]
        if appeared and looked is not None and looked < since:
            unsaid = here & Frontier.url_key.in_(appeared) & Frontier.appeared_at.is_(None)
            connection.execute(update(Frontier).where(unsaid).values(appeared_at=c.captured_at))
        if new and (further := [link.url_key for link in c.page.links if link.follows]):
            unseen = here & Frontier.url_key.in_(further) & (Frontier.last_captured_at < since)
            connection.execute(update(Frontier).where(unseen, Frontier.due_at.is_(None)).values(due_at=now))
    intervals = [
        {"source": c.source_id, "key": c.url_key, "interval_seconds": state[c.source_id, c.url_key][1]}
        for c in captures
    ]
    mine = (table.c.source_id == bindparam("source")) & (table.c.url_key == bindparam("key"))
    connection.execute(update(table).where(mine).values(interval_seconds=bindparam("interval_seconds")), intervals)


def come_back(connection: Connection, captures: Sequence[Capture]) -> None:
    """Set the time at which each captured address is to be visited again. After the fold of the same captures."""
    rows = _rows(connection, {(c.source_id, c.url_key) for c in captures if c.page.kind in FETCHED})
    if not rows:
        return
    told = _told(connection, {row.article_key for row in rows.values() if row.article_key})
    table: Any = Frontier.__table__
    values = [
        {"source": row.source_id, "key": row.url_key, "revisit_at": row.last_captured_at + _interval(row, told)}
        for row in rows.values()
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


def _interval(row: Row[Any], told: Mapping[str, tuple[str | None, datetime | None]]) -> timedelta:
    if row.last_outcome not in GOOD:
        absent = row.last_outcome in ABSENT or row.last_outcome == "redirected"
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
