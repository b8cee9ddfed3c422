"""The frontier: every address known of a source, and when it is due. It is what makes a killed crawl go on.

``due_at`` NULL: nothing to do there. An article's further addresses wait as due until one of them was good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from archive.database import batched, insert_new, upsert
from archive.models import Frontier
from archive.records import GOOD, Capture, Link

LEASE = timedelta(minutes=30)
MAX_HOPS = 5


@dataclass(frozen=True, slots=True)
class Known:
    """An address of the frontier, as a crawl needs it. ``stored_*`` describe the capture that holds its last body."""

    url: str
    url_key: str
    kind: str
    article_key: str | None
    due: bool
    captured: bool
    outcome: str | None
    stored_url: str | None
    stored_digest: str | None
    stored_at: datetime | None
    hops: int = 0


def load(connection: Connection, source_id: str) -> list[Known]:
    """All known addresses of a source: those captured well first, newest discoveries after older ones."""
    good_first = case((Frontier.last_outcome.in_(list(GOOD)), 0), else_=1)
    order = (good_first, Frontier.discovered_at, Frontier.url_key)
    rows = connection.execute(select(Frontier).where(Frontier.source_id == source_id).order_by(*order))
    return [
        Known(
            r.url,
            r.url_key,
            r.kind,
            r.article_key,
            r.due_at is not None,
            r.last_captured_at is not None,
            r.last_outcome,
            r.url,
            r.stored_digest,
            r.stored_at,
        )
        for r in rows
    ]


def add_starts(connection: Connection, source_id: str, links: Iterable[Link], now: datetime) -> None:
    """Make the start pages of a source known; due if they are new."""
    insert_new(connection, Frontier, [_row(source_id, link, now, now, None, None) for link in links])


def make_due(connection: Connection, source_id: str, now: datetime, *, everything: bool) -> None:
    """Begin a round: lists are due, what failed is due again, and with ``everything`` all that was ever fetched."""
    wanted = Frontier.kind == "list"
    wanted = or_(wanted, Frontier.last_outcome.in_(["failed", "blocked"]) & ~_good_elsewhere())
    if everything:
        wanted = or_(wanted, Frontier.last_captured_at.is_not(None))
    rows = (Frontier.source_id == source_id) & wanted & (Frontier.kind.in_(["list", "article"]))
    connection.execute(update(Frontier).where(rows).values(due_at=now))


def _good_elsewhere() -> ColumnElement[bool]:
    """The article that an address names was captured well under another one."""
    other = aliased(Frontier)
    same = other.article_key == Frontier.article_key
    return exists().where(same, other.url_key != Frontier.url_key, other.last_outcome.in_(list(GOOD)))


def lease(
    connection: Connection, source_ids: Sequence[str], crawl_key: str, now: datetime, running: Iterable[str]
) -> set[str]:
    """Lease all that is due of these sources; the sources whose addresses another live crawl holds stay out.

    Only a lease of one of the ``running`` crawls binds, and only until it runs out.
    """
    mine = Frontier.source_id.in_(source_ids)
    foreign = Frontier.leased_by.in_(list(running)) & (Frontier.leased_until > now)
    busy = set(connection.execute(select(Frontier.source_id).where(mine & foreign).distinct()).scalars())
    free = mine & Frontier.source_id.not_in(busy)
    connection.execute(update(Frontier).where(free).values(leased_by=crawl_key, leased_until=now + LEASE))
    return busy


def anything_due(connection: Connection, source_ids: Sequence[str]) -> bool:
    """Whether a round over these sources has anything left to fetch."""
    due = exists().where(Frontier.source_id.in_(source_ids), Frontier.due_at.is_not(None))
    return bool(connection.execute(select(due)).scalar_one())


def renew(connection: Connection, crawl_key: str, now: datetime) -> None:
    """Hold the crawl's leases for another while."""
    connection.execute(update(Frontier).where(Frontier.leased_by == crawl_key).values(leased_until=now + LEASE))


def release(connection: Connection, crawl_key: str) -> None:
    """Give up all leases of a crawl."""
    connection.execute(
        update(Frontier).where(Frontier.leased_by == crawl_key).values(leased_by=None, leased_until=None)
    )


def note_captures(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    """What the captures mean for the frontier: their addresses are done, the links they show are known."""
    ended = sorted(
        (c for c in captures if c.page.kind in ("article", "list")), key=lambda c: (c.captured_at, c.url_key)
    )
    _note(connection, ended, now)
    _respell(connection, ended, now)
    links = {(c.source_id, link.url_key): (c, link) for c in captures for link in c.page.links}
    rows = [_row(c.source_id, link, now, now, c.url, c.crawl_key) for c, link in links.values()]
    insert_new(connection, Frontier, rows)
    _settle_articles(connection, {link.article_key for _, link in links.values() if link.article_key})


def _note(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    if not captures:
        return
    statement = upsert(connection, Frontier)
    new, old = statement.excluded, Frontier.__table__.c
    values = {
        "due_at": None,
        "last_captured_at": new.last_captured_at,
        "last_outcome": new.last_outcome,
        "attempts": case((new.attempts == 0, 0), else_=old.attempts + 1),
        "stored_digest": func.coalesce(new.stored_digest, old.stored_digest),
        "stored_at": func.coalesce(new.stored_at, old.stored_at),
    }
    later = or_(old.last_captured_at.is_(None), old.last_captured_at <= new.last_captured_at)
    keys = ["source_id", "url_key"]
    rows = [_ended_row(capture, now) for capture in captures]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values, where=later), rows)
    done = {c.page.article_key for c in captures if c.page.settled and c.page.article_key}
    for some in batched(sorted(done)):
        connection.execute(update(Frontier).where(Frontier.article_key.in_(some)).values(due_at=None))
    lost = {c.page.article_key for c in captures if c.page.article_key and not c.page.settled} - done
    for some in batched(sorted(lost)):
        untried = Frontier.article_key.in_(some) & Frontier.last_captured_at.is_(None)
        connection.execute(update(Frontier).where(untried).values(due_at=now))


def _respell(connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
    """An address that redirects to another spelling of itself (http to https) is known by that, and due there."""
    for capture in captures:
        for link in capture.page.links:
            if capture.page.outcome == "redirected" and link.url_key == capture.url_key and link.url != capture.url:
                row = (Frontier.source_id == capture.source_id) & (Frontier.url_key == capture.url_key)
                now_last = (Frontier.last_captured_at == capture.captured_at) & (Frontier.attempts <= MAX_HOPS)
                connection.execute(update(Frontier).where(row & now_last).values(url=link.url, due_at=now))


def _ended_row(capture: Capture, now: datetime) -> dict[str, Any]:
    page = capture.page
    row = _row(
        capture.source_id, Link(capture.url, capture.url_key, page.kind, page.article_key), now, None, None, None
    )
    holds = capture.refers_to is None and capture.stored_digest and page.outcome != "failed"
    return row | {
        "last_captured_at": capture.captured_at,
        # A page that shows no article is asked for again: it may be maintenance, served as 200.
        "last_outcome": "failed" if page.outcome in GOOD and not page.settled else page.outcome,
        "attempts": 0 if page.settled else 1,
        "stored_digest": capture.stored_digest if holds else None,
        "stored_at": capture.captured_at if holds else None,
    }


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


def _row(
    source_id: str,
    link: Link,
    now: datetime,
    due_at: datetime | None,
    discovered_from: str | None,
    leased_by: str | None,
) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "url_key": link.url_key,
        "url": link.url,
        "kind": link.kind,
        "article_key": link.article_key,
        "due_at": due_at,
        "leased_by": leased_by,
        "leased_until": now + LEASE if leased_by else None,
        "attempts": 0,
        "discovered_at": now,
        "discovered_from": discovered_from,
        "last_captured_at": None,
        "last_outcome": None,
        "stored_digest": None,
        "stored_at": None,
    }
