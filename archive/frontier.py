"""The frontier: every address known of a source, and when it is due. It is what makes a killed crawl go on.

``due_at``: it is to be fetched, by the round that is going on or, where that was cut off, by the next crawl; NULL:
nothing to do. ``revisit_at`` is the time of its own at which a later round makes it due again: `archive.revisits` says
which, `archive.returning` sets it. Further addresses of an article wait, neither due nor with a time, for their need.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, null, or_, select, update

from archive.database import insert_new
from archive.models import Frontier
from archive.records import GOOD, LEADING, Link
from archive.revisits import DAY, WALK_EVERY, Bounds

LEASE = timedelta(minutes=30)
MAX_HOPS = 5
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """An address of the frontier, as a crawl needs it. ``stored_*`` describe the capture that holds its last body,
    ``etag`` and ``last_modified`` what the server said of it; ``entry``: the catalogue names it."""

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
    etag: str | None = None
    last_modified: str | None = None
    entry: bool = False


def load(connection: Connection, source_id: str, entries: Collection[str] = ()) -> Iterator[Known]:
    """All known addresses of a source: what is due first; of that what was captured well before, the newest article
    first, then in the order of discovery.

    What is neither due nor a list comes without what is stored of it: a source may have a hundred thousand of those.
    """
    due, good = Frontier.due_at.is_not(None), Frontier.last_outcome.in_(list(GOOD))
    needed = or_(due, Frontier.kind.in_(list(LEADING)))
    stored = (Frontier.stored_digest, Frontier.stored_at, Frontier.etag, Frontier.last_modified)
    columns = (Frontier.url, Frontier.url_key, Frontier.kind, Frontier.article_key, Frontier.last_outcome)
    query = select(*columns, due.label("due"), Frontier.last_captured_at.is_not(None).label("captured"))
    query = query.add_columns(*(case((needed, column), else_=null()).label(column.key) for column in stored))
    appeared = (Frontier.appeared_at.is_(None), Frontier.appeared_at.desc())
    order = (case((due, 0), else_=1), case((good, 0), else_=1), *appeared, Frontier.discovered_at, Frontier.url_key)
    # The option is the statement's alone: on the connection it would hold for whatever is executed next.
    told = query.where(Frontier.source_id == source_id).order_by(*order).execution_options(yield_per=_AT_ONCE)
    rows = connection.execute(told)
    for r in rows:
        yield Known(
            r.url,
            r.url_key,
            r.kind,
            r.article_key,
            bool(r.due),
            bool(r.captured),
            r.last_outcome,
            r.url,
            r.stored_digest,
            r.stored_at,
            etag=r.etag,
            last_modified=r.last_modified,
            entry=r.url_key in entries,
        )


def add_starts(connection: Connection, source_id: str, links: Iterable[Link], now: datetime) -> None:
    """Make the start pages of a source known; due if they are new."""
    insert_new(connection, Frontier, [frontier_row(source_id, link, now, due_at=now) for link in links])


def make_due(
    connection: Connection,
    source_id: str,
    bounds: Bounds,
    entries: Collection[str],
    *,
    visit: bool = False,
    everything: bool = False,
) -> None:
    """Begin a round: due is each address whose own time has come, and with it all pages of lists that are to be walked.

    ``entries`` are the keys of the pages that the catalogue names. They wait no longer than a day, or the rhythm where
    that is longer; with ``visit`` they are due now. ``everything``: all that was ever fetched is due.
    """
    wanted = or_(*_time_come(connection, source_id, bounds, list(entries)))
    if visit:
        wanted = or_(wanted, Frontier.url_key.in_(list(entries)))
    if everything:
        wanted = or_(wanted, Frontier.last_captured_at.is_not(None))
    rows = (Frontier.source_id == source_id) & Frontier.due_at.is_(None) & wanted
    connection.execute(update(Frontier).where(rows).values(due_at=bounds.now))


def _time_come(connection: Connection, source_id: str, bounds: Bounds, entries: list[str]) -> list[ColumnElement[bool]]:
    """The addresses whose time has come, as alternatives; whatever a source is asked for, the rhythm lies between two
    visits that both went well."""
    # What was never asked for has no outcome, and must not be unknown by it.
    good = and_(Frontier.last_outcome.is_not(None), Frontier.last_outcome.in_(list(GOOD)))
    entry = Frontier.url_key.in_(entries)
    rested = Frontier.last_captured_at <= bounds.seen_by(timedelta(0))
    further = and_(Frontier.kind == "list", ~entry, good)
    come = and_(Frontier.revisit_at <= bounds.due_by, or_(rested, ~good), ~further)
    late = and_(entry, good, Frontier.last_captured_at <= bounds.seen_by(DAY))
    # All pages of the lists or none: an article moves from page to page and would slip through between two of them.
    old = and_(Frontier.source_id == source_id, further, Frontier.last_captured_at <= bounds.seen_by(WALK_EVERY))
    walk = connection.execute(select(exists().where(old))).scalar_one()
    return [come, late, and_(further, rested)] if walk else [come, late]


def count_due(connection: Connection, source_id: str, bounds: Bounds, entries: Collection[str]) -> int:
    """How many of a source's known addresses a round would take, if it takes only what is due by its own time."""
    due = or_(Frontier.due_at.is_not(None), *_time_come(connection, source_id, bounds, list(entries)))
    counted = select(func.count()).select_from(Frontier).where(Frontier.source_id == source_id, due)
    return int(connection.execute(counted).scalar_one())


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


def frontier_row(source_id: str, link: Link, discovered_at: datetime, **said: Any) -> dict[str, Any]:
    """A row for an address that has just become known, with what is ``said`` of it besides."""
    blank: dict[str, Any] = dict.fromkeys(column.name for column in Frontier.__table__.columns)
    address = {"source_id": source_id, "url_key": link.url_key, "url": link.url, "kind": link.kind}
    rest = {"article_key": link.article_key, "attempts": 0, "discovered_at": discovered_at}
    return blank | address | rest | said
