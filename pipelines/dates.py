"""Publication times: what the page says, never a guess.

A layout names the element and the patterns; here the words become RFC 3339 in Vietnam's time (UTC+7, no summer time).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

OFFSET = "+07:00"
VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Published:
    """A publication time, the string it was read from, and the rule that read it."""

    at: str
    evidence: str
    rule: str


def read_date(line: str, patterns: Sequence[tuple[str, re.Pattern[str]]]) -> Published | None:
    """The time that ``line`` gives under the first of ``patterns`` (name, expression) that fits, else None.

    An expression has the groups day, month, year and may have hour, minute, second, half (AM/PM; SA/CH) and zone (Z or
    an offset; Vietnam's where there is none). Without an hour the result is a bare date. A day or an hour that does
    not exist (31/02, 25:10) is no date.
    """
    for rule, pattern in patterns:
        if found := pattern.search(line):
            at = _moment(found.groupdict())
            if at:
                return Published(at, line, rule)
    return None


def _moment(parts: dict[str, str | None]) -> str | None:
    try:
        day = date(int(parts["year"] or 0), int(parts["month"] or 0), int(parts["day"] or 0))
        if not parts.get("hour"):
            return day.isoformat()
        clock = time(
            _hour(int(parts["hour"] or 0), parts.get("half")),
            int(parts.get("minute") or 0),
            int(parts.get("second") or 0),
        )
        if zone := parts.get("zone"):
            given = datetime.fromisoformat(f"{day.isoformat()}T{clock.isoformat()}{zone}")
            return given.astimezone(VIETNAM).isoformat()
    except (ValueError, OverflowError):
        return None
    return f"{day.isoformat()}T{clock.isoformat()}{OFFSET}"


def _hour(hour: int, half: str | None) -> int:
    """12-hour to 24-hour. The portal writes both ``4:53 PM`` and ``15:59``; ``15:59 PM`` stays what it says."""
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half.upper() in ("PM", "CH") else 0)
