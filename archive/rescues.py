"""What a rescue has to do: the listings of a web archive's index, and the captures that they name, with their states.

A list of work like the frontier: a rescue that was killed goes on from it, and a rebuild does not need it. States are
``wanted``, ``stored`` (this program brought it), ``known`` (it was here already) and ``failed``.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, or_, select, update

from archive.database import batched, insert_new, reading
from archive.models import Capture, Rescue, RescueListing

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A capture that an index lists; ``digest`` is ``algorithm:value`` or empty, ``place`` (WARC file, offset, length)
    where the index says it. ``id`` is None before it is noted."""

    url: str
    url_key: str
    captured_at: datetime
    status: int | None
    digest: str
    place: tuple[str, int, int] | None = None
    id: int | None = None

    @property
    def identity(self) -> tuple[datetime, str, str]:
        """What tells it from all others of one source and archive."""
        return self.captured_at, self.url_key, self.digest


class Worklist:
    """The work of one source and one archive."""

    def __init__(self, engine: Engine, source_id: str, archive: str) -> None:
        self._engine, self._source_id, self._archive = engine, source_id, archive
        self._mine = and_(Rescue.source_id == source_id, Rescue.archive == archive)

    def begin_listing(self, host: str, since: datetime, until: datetime) -> tuple[int, str | None]:
        """The id of a listing and where it goes on; one that came to its end begins anew."""
        keys = {"source_id": self._source_id, "archive": self._archive, "host": host, "since": since, "until": until}
        mine = and_(*(getattr(RescueListing, name) == value for name, value in keys.items()))
        with self._engine.begin() as connection:
            insert_new(connection, RescueListing, [{**keys, "resume_at": None, "finished_at": None}])
            anew = update(RescueListing).where(mine, RescueListing.finished_at.is_not(None))
            connection.execute(anew.values(resume_at=None, finished_at=None))
            row = connection.execute(select(RescueListing.id, RescueListing.resume_at).where(mine)).one()
        return row.id, row.resume_at

    def note(self, listing: int, found: Iterable[Wanted], resume_at: str | None, now: datetime) -> int:
        """Note, in one step, what a page of a listing names and where it goes on, None at its end; how many of the
        captures that were not noted yet are here already."""
        moved = {"resume_at": resume_at, "finished_at": None if resume_at else now}
        with self._engine.begin() as connection:
            fresh = self._unnoted(connection, found)
            here = here_already(connection, fresh)
            rows = [self._row(one, "known" if one.identity in here else "wanted", now) for one in fresh]
            insert_new(connection, Rescue, rows)
            connection.execute(update(RescueListing).where(RescueListing.id == listing).values(**moved))
        return len(here)

    def unnoted(self, found: Iterable[Wanted]) -> list[Wanted]:
        """Those that a rescue would have to bring: not noted yet, or noted and wanted still; nor here already."""
        with reading(self._engine) as connection:
            fresh = self._unnoted(connection, found, Rescue.state != "wanted")
            here = here_already(connection, fresh)
        return [one for one in fresh if one.identity not in here]

    def _unnoted(self, connection: Connection, found: Iterable[Wanted], *which: ColumnElement[bool]) -> list[Wanted]:
        wanted = {one.identity: one for one in found}
        query = select(Rescue.captured_at, Rescue.url_key, Rescue.digest).where(self._mine, *which)
        for keys in batched(sorted({identity[1] for identity in wanted})):
            for row in connection.execute(query.where(Rescue.url_key.in_(keys))):
                wanted.pop((row.captured_at, row.url_key, row.digest), None)
        return list(wanted.values())

    def _row(self, one: Wanted, state: str, now: datetime) -> dict[str, Any]:
        name, offset, length = one.place or (None, None, None)
        return {
            "source_id": self._source_id,
            "archive": self._archive,
            "url": one.url,
            "url_key": one.url_key,
            "captured_at": one.captured_at,
            "status": one.status,
            "digest": one.digest,
            "warc_file": name,
            "warc_offset": offset,
            "warc_length": length,
            "state": state,
            "attempts": 0,
            "reason": None,
            "listed_at": now,
        }

    def try_failed_again(self) -> int:
        """Make wanted again what failed; how many that are."""
        with self._engine.begin() as connection:
            anew = update(Rescue).where(self._mine, Rescue.state == "failed")
            return int(connection.execute(anew.values(state="wanted")).rowcount)

    def next(self, after: Wanted | None, span: "Span", *, newest_first: bool) -> Wanted | None:
        """The next wanted capture in the order of time."""
        order = (Rescue.captured_at.desc(), Rescue.id.desc()) if newest_first else (Rescue.captured_at, Rescue.id)
        query = select(*_COLUMNS).where(self._mine, Rescue.state == "wanted", span.holds).order_by(*order).limit(1)
        if after is not None and newest_first:
            query = query.where(_before(after))
        elif after is not None:
            query = query.where(~_before(after), Rescue.id != after.id)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else _wanted(row)

    def same_body(self, one: Wanted) -> tuple[list[Wanted], list[Wanted]]:
        """The captures of the same address whose body is the same by the index: those that are here, those wanted.

        Each list begins with the oldest; ``one`` is among the second. Without a digest it is alone.
        """
        if not one.digest:
            return [], [one]
        query = select(*_COLUMNS, Rescue.state).where(
            self._mine, Rescue.url_key == one.url_key, Rescue.digest == one.digest
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(Rescue.captured_at, Rescue.id)).all()
        alike = [(row.state, found) for row in rows if _alike(found := _wanted(row), one)]
        here = [found for state, found in alike if state in ("stored", "known")]
        return here, [found for state, found in alike if state == "wanted"]

    def here_already(self, some: Sequence[Wanted]) -> set[tuple[datetime, str, str]]:
        """The identities of those that the collection holds."""
        with reading(self._engine) as connection:
            return here_already(connection, some)

    def end(self, ids: Collection[int | None], state: str, reason: str | None = None, attempts: int = 0) -> None:
        """Note what became of captures; ``attempts`` more were made."""
        values = {"state": state, "reason": reason, "attempts": Rescue.attempts + attempts}
        with self._engine.begin() as connection:
            for some in batched(sorted(one for one in ids if one is not None)):
                connection.execute(update(Rescue).where(Rescue.id.in_(some)).values(**values))

    def counts(self, span: "Span") -> dict[str, int]:
        """How many captures stand in each state."""
        query = select(Rescue.state, func.count()).where(self._mine, span.holds).group_by(Rescue.state)
        with reading(self._engine) as connection:
            return {state: count for state, count in connection.execute(query)}

    def failures(self, span: "Span") -> list[Row[Any]]:
        """Those that failed, and those that were tried in vain and are wanted still, as (url captured_at state reason),
        the oldest first."""
        columns = (Rescue.url, Rescue.captured_at, Rescue.state, Rescue.reason)
        query = select(*columns).where(self._mine, span.holds, Rescue.reason.is_not(None))
        lacking = Rescue.state.in_(["failed", "wanted"])
        with reading(self._engine) as connection:
            return list(connection.execute(query.where(lacking).order_by(Rescue.captured_at, Rescue.id)))


@dataclass(frozen=True, slots=True)
class Span:
    """The time of which captures are wanted, both ends included."""

    since: datetime
    until: datetime

    @property
    def holds(self) -> ColumnElement[bool]:
        """The rows of that time."""
        return Rescue.captured_at.between(self.since, self.until)


_COLUMNS = (
    Rescue.id,
    Rescue.url,
    Rescue.url_key,
    Rescue.captured_at,
    Rescue.status,
    Rescue.digest,
    Rescue.warc_file,
    Rescue.warc_offset,
    Rescue.warc_length,
)


def here_already(connection: Connection, some: Sequence[Wanted]) -> set[tuple[datetime, str, str]]:
    """The identities of those that the collection holds: a capture of that address in that second, with that status.

    Other writers keep fractions of a second that indexes do not have.
    """
    found: dict[str, list[Any]] = {}
    columns = (Capture.url, Capture.url_key, Capture.captured_at, Capture.status)
    for keys in batched(sorted({one.url_key for one in some})):
        query = select(*columns).where(Capture.url_key.in_(keys), Capture.stored_digest != "")
        for row in connection.execute(query):
            found.setdefault(row.url_key, []).append(row)
    return {one.identity for one in some if any(_is(row, one) for row in found.get(one.url_key, ()))}


def _is(row: Any, one: Wanted) -> bool:
    same = row.url == one.url and (one.status is None or row.status in (one.status, None))
    return bool(same and timedelta(0) <= row.captured_at - one.captured_at < _SECOND)


def _before(one: Wanted) -> ColumnElement[bool]:
    same = and_(Rescue.captured_at == one.captured_at, Rescue.id < one.id)
    return or_(Rescue.captured_at < one.captured_at, same)


def _alike(found: Wanted, one: Wanted) -> bool:
    return found.status == one.status or None in (found.status, one.status)


def _wanted(row: Any) -> Wanted:
    place = None if row.warc_file is None else (row.warc_file, row.warc_offset, row.warc_length)
    return Wanted(row.url, row.url_key, row.captured_at, row.status, row.digest, place, row.id)
