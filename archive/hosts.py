"""The memory of hosts: which gave no answer or no robots.txt, since when, and when to try them again. A rebuild begins
without it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive.database import batched, upsert
from archive.models import Host

#: A host without an answer is tried again after an hour, then after two, four, … and at last every thirty days.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class HostMemory:
    """``failures``: crawls in a row in which the host gave no answer; ``not_before``: when to ask it again."""

    host: str
    failures: int
    first_failed_at: datetime | None
    last_failed_at: datetime | None
    last_ok_at: datetime | None
    not_before: datetime | None
    reason: str | None


def dead_hosts(connection: Connection) -> list[HostMemory]:
    """The hosts of which nothing could be asked the last time, the longest first."""
    return _read(connection, select(*_COLUMNS).where(Host.failures > 0).order_by(Host.first_failed_at, Host.host))


def recall(connection: Connection, names: Iterable[str]) -> list[HostMemory]:
    """What is remembered of these hosts."""
    return [
        memory
        for some in batched(sorted(names))
        for memory in _read(connection, select(*_COLUMNS).where(Host.host.in_(some)).order_by(Host.host))
    ]


def lost(connection: Connection, host: str, now: datetime, reason: str, before: HostMemory | None) -> None:
    """It gave no answer, or no robots.txt. Asked again before its time, it is not given a longer pause for that."""
    failures, not_before = (before.failures, before.not_before) if before else (0, None)
    if not_before is None or now >= not_before:
        not_before = now + min(FIRST_PAUSE * 2 ** min(failures, 10), LONGEST_PAUSE)
        failures += 1
    first = before.first_failed_at if before and before.failures else now
    _write(
        connection,
        host,
        failures=failures,
        first_failed_at=first,
        last_failed_at=now,
        not_before=not_before,
        reason=reason,
    )


def resting(connection: Connection, host: str, now: datetime, seconds: float, reason: str) -> None:
    """It answered that it is to be left alone for a while: at most thirty days."""
    until = now + min(timedelta(seconds=seconds), LONGEST_PAUSE)
    _write(connection, host, failures=0, first_failed_at=None, last_ok_at=now, not_before=until, reason=reason)


def answered(connection: Connection, host: str, now: datetime) -> None:
    """It answered."""
    _write(connection, host, failures=0, first_failed_at=None, last_ok_at=now, not_before=None, reason=None)


_COLUMNS = (
    Host.host,
    Host.failures,
    Host.first_failed_at,
    Host.last_failed_at,
    Host.last_ok_at,
    Host.not_before,
    Host.reason,
)


def _read(connection: Connection, statement: Any) -> list[HostMemory]:
    return [HostMemory(*row) for row in connection.execute(statement)]


def _write(connection: Connection, host: str, **values: Any) -> None:
    insert = upsert(connection, Host).values(host=host, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=[Host.host], set_=values))
