"""What captures mean for the frontier: what is done, what became known, and what is due with it.

Runs for every batch that is stored; when to come back is set after the batch is folded (`archive.returning`). Both
follow from the captures alone, so that a rebuild sets the same times. Statements are for whole batches, none for a row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from archive.database import batched, upsert
from archive.frontier import LEASE, MAX_HOPS, frontier_row
from archive.models import Crawl, Frontier
from archive.records import FETCHED, GOOD, LASTING, LEADING, Capture, Link, Page
from archive.revisits import (
    PATIENT_ATTEMPTS,
    after_import,
    leading_interval,
)

Address = tuple[str, str]
VISIT = "crawl"  # the kind of a crawl that asked the publisher; others brought what somebody archived


def note_captures(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    """What the captures mean for the frontier: their addresses are done, the links they show are known.

    What an import brings makes nothing due and nothing done: it does not say what stands there today.
    """
    crawls = _crawls(connection, captures)
    ended = sorted((c for c in captures if c.page.kind in FETCHED), key=lambda c: (c.captured_at, c.url_key))
    leading = [c for c in ended if c.page.kind in LEADING and c.page.settled]
    before = rows_of(connection, {(c.source_id, c.url_key) for c in leading})
    visits = [c for c in ended if crawls[c.crawl_key].kind == VISIT]
    _note(connection, visits, {"due_at": None})
    _note(connection, [c for c in ended if crawls[c.crawl_key].kind != VISIT], {})
    _settle_visited(connection, visits, now)
    _respell(connection, visits, now)
    found = _know_links(connection, sorted(captures, key=lambda c: (c.captured_at, c.url_key)), crawls, now)
    _settle_articles(connection, {link.article_key for c in captures for link in c.page.links if link.article_key})
    if leading:
        _note_leading(connection, leading, before, found, crawls, now)


def _crawls(connection: Connection, captures: Iterable[Capture]) -> dict[str, Row[Any]]:
    """The crawls and imports that brought the captures, by key."""
    query = select(Crawl.key, Crawl.kind, Crawl.started_at).where(Crawl.key.in_({c.crawl_key for c in captures}))
    rows: Any = connection.execute(query)
    return {row.key: row for row in rows}


def rows_of(connection: Connection, addresses: Iterable[Address]) -> dict[Address, Row[Any]]:
    """The rows of these addresses, as far as there are any."""
    wanted = sorted(set(addresses))
    found: dict[Address, Row[Any]] = {}
    for some in batched(wanted):
        keys = Frontier.url_key.in_({key for _, key in some}) & Frontier.source_id.in_({source for source, _ in some})
        found |= {(r.source_id, r.url_key): r for r in connection.execute(select(Frontier.__table__).where(keys))}
    return found


def _note(connection: Connection, captures: Sequence[Capture], more: Mapping[str, None]) -> None:
    if not captures:
        return
    statement = upsert(connection, Frontier)
    new, old = statement.excluded, Frontier.__table__.c
    values = {
        **more,
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


def _settle_visited(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    """Of an article that was there no further address is due; of one that was not, those never tried are."""
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


def _know_links(
    connection: Connection, captures: Sequence[Capture], crawls: Mapping[str, Row[Any]], now: datetime
) -> dict[Address, datetime]:
    """Make the addresses known that the captures show; since when each is known, by the first page that showed it.

    What only an import shows has a time of its own, later; once a page of today shows it, it is due.
    """
    first: dict[Address, tuple[Capture, Link]] = {}
    for capture in captures:
        for link in capture.page.links:
            first.setdefault((capture.source_id, link.url_key), (capture, link))
    rows_before = rows_of(connection, first)
    known = {address: row.discovered_at for address, row in rows_before.items()}
    fresh = {a: found for a, found in first.items() if a not in known or found[0].captured_at < known[a]}
    rows = [
        frontier_row(capture.source_id, link, capture.captured_at, discovered_from=capture.url)
        | _when(link, crawls[capture.crawl_key], now)
        for capture, link in fresh.values()
    ]
    if rows:
        statement = upsert(connection, Frontier)
        earlier = {name: statement.excluded[name] for name in ("discovered_at", "discovered_from")}
        keys = ["source_id", "url_key"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=earlier), rows)
    shown = {
        (c.source_id, link.url_key) for c in captures if crawls[c.crawl_key].kind == VISIT for link in c.page.links
    }
    waiting = {a for a, row in rows_before.items() if row.last_captured_at is None and row.revisit_at is not None}
    for some in batched(sorted(shown & waiting)):
        here = Frontier.url_key.in_({key for _, key in some}) & Frontier.source_id.in_({source for source, _ in some})
        untried = here & Frontier.last_captured_at.is_(None) & Frontier.revisit_at.is_not(None)
        connection.execute(update(Frontier).where(untried).values(due_at=now, revisit_at=None))
    return known | {address: capture.captured_at for address, (capture, _) in fresh.items()}


def _when(link: Link, crawl: Row[Any], now: datetime) -> dict[str, Any]:
    """When an address that a page has just shown is to be asked for."""
    if crawl.kind != VISIT:
        return {"revisit_at": crawl.started_at + after_import(link.url_key)}
    return {"due_at": now, "leased_by": crawl.key, "leased_until": now + LEASE}


def _settle_articles(connection: Connection, article_keys: set[str]) -> None:
    """Addresses just found of articles that were captured under another address need not be fetched."""
    other = aliased(Frontier)
    captured = exists().where(
        other.article_key == Frontier.article_key, other.last_outcome.in_(list(GOOD)), other.due_at.is_(None)
    )
    wanted = or_(Frontier.due_at.is_not(None), Frontier.revisit_at.is_not(None))
    for keys in batched(sorted(article_keys)):
        fresh = Frontier.article_key.in_(keys) & Frontier.last_captured_at.is_(None) & wanted
        connection.execute(update(Frontier).where(fresh & captured).values(due_at=None, revisit_at=None))


def _note_leading(
    connection: Connection,
    captures: Sequence[Capture],
    before: Mapping[Address, Row[Any]],
    found: Mapping[Address, datetime],
    crawls: Mapping[str, Row[Any]],
    now: datetime,
) -> None:
    """What lists, feeds and sitemaps brought: how soon to look again, which articles appeared since the last look, and
    the next page, where it may hold more that is new."""
    state = {a: (row.good_at, row.interval_seconds) for a, row in before.items()}
    table: Any = Frontier.__table__
    for c in captures:
        address, here = (c.source_id, c.url_key), Frontier.source_id == c.source_id
        visit, since = crawls[c.crawl_key].kind == VISIT, crawls[c.crawl_key].started_at
        looked, waited = state.get(address, (None, None))
        new = [link for link in c.page.links if found[c.source_id, link.url_key] >= since]
        interval = leading_interval(None if waited is None else timedelta(seconds=waited), brought=bool(new))
        state[address] = (c.captured_at, int(interval.total_seconds()))
        appeared = [link.url_key for link in new if link.kind not in LEADING]
        if appeared and looked is not None and looked < since:
            unsaid = here & Frontier.url_key.in_(appeared) & Frontier.appeared_at.is_(None)
            connection.execute(update(Frontier).where(unsaid).values(appeared_at=c.captured_at))
        if visit and new and (further := [link.url_key for link in c.page.links if link.follows]):
            unseen = here & Frontier.url_key.in_(further) & (Frontier.last_captured_at < since)
            connection.execute(update(Frontier).where(unseen, Frontier.due_at.is_(None)).values(due_at=now))
    intervals = [
        {"source": c.source_id, "key": c.url_key, "interval_seconds": state[c.source_id, c.url_key][1]}
        for c in captures
    ]
    mine = (table.c.source_id == bindparam("source")) & (table.c.url_key == bindparam("key"))
    connection.execute(update(table).where(mine).values(interval_seconds=bindparam("interval_seconds")), intervals)
