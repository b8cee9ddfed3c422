"""Time, as everything outside cleaning sees it: UTC, and movable for tests and simulations (``--now``)."""

import time
from datetime import UTC, datetime


class Clock:
    """A clock that starts at ``start`` (default: the present) and runs on at the machine's pace."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start or datetime.now(UTC)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        """The present as an aware UTC time."""
        return datetime.fromtimestamp(self._start.timestamp() + time.monotonic() - self._origin, UTC)


def rfc3339(moment: datetime) -> str:
    """``2022-08-27T03:54:09.000000Z``: fixed width, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_rfc3339(text: str) -> datetime:
    """The aware UTC time that ``text`` says; a time without a zone is UTC.

    Raises ValueError for text that is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
