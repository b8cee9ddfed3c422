"""Indexes of web archives: which captures they list, and the questions that make them list them.

The first step of a rescue. Three kinds of index are read, by what their keepers document and clients of theirs report:

- ``wayback``: https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server. A JSON array of arrays, the
  first of them the names of the fields; behind an empty one the key by which the next query goes on. Only
  with ``urlkey`` among the fields is that key right (issue 121 there). Without ``output=json`` a line a capture.
- ``pywb``: https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html. An object a line, or key, time, object.
- ``commoncrawl``: https://index.commoncrawl.org/, a pywb index for each of its crawls, in numbered pages; its lines say
  which bytes of which WARC file hold the record.

Times are 14 digits (UTC), 17 where the index knows milliseconds. A field that an index does not know is ``-``.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from archive.errors import ArchiveError

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
#: What an index calls the type of a capture whose body is that of another capture.
REVISIT = "warc/revisit"
_SAID = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A capture that an index lists. ``status`` is None where the index does not say it (revisits); ``digest`` is
    ``algorithm:value`` or empty; ``place`` is (WARC file, offset, length) where the index says it."""

    url: str
    captured_at: datetime
    status: int | None
    mime: str
    digest: str
    place: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One answer of an index: its lines, how many more cannot be read, and the key by which it goes on, if it does."""

    lines: tuple[Line, ...]
    malformed: int = 0
    resume: str | None = None


def stamp(at: datetime) -> str:
    """A capture's time as archives write it in addresses: 14 digits, 17 with milliseconds."""
    at = at.astimezone(UTC)
    return f"{at:%Y%m%d%H%M%S}" + (f"{at.microsecond // 1000:03}" if at.microsecond else "")


def moment(text: str) -> datetime | None:
    """The time that 14 or 17 digits say; None for others (some indexes hold days 00)."""
    if not re.fullmatch(r"\d{14}(\d{3})?", text, re.ASCII):
        return None
    try:
        whole = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole + timedelta(milliseconds=int(text[14:] or 0))


def wayback_query(host: str, since: datetime, until: datetime, resume: str | None, limit: int) -> str:
    """The query for the captures of a host between two moments, both included."""
    asked = {"url": host, "matchType": "host", "output": "json", "fl": ",".join(FIELDS), "showResumeKey": "true"}
    asked |= {"from": stamp(since)[:14], "to": stamp(until)[:14], "limit": str(limit), "gzip": "false"}
    return urlencode(asked | ({"resumeKey": resume} if resume else {}))


def pywb_query(host: str, since: datetime, until: datetime, **more: str) -> str:
    """The same, for an index by pywb."""
    asked = {"url": host, "matchType": "host", "output": "json", "from": stamp(since)[:14], "to": stamp(until)[:14]}
    return urlencode(asked | more)


def read_wayback(body: bytes) -> Listed:
    """What a Wayback index answered, as JSON or as text. Raises ArchiveError for what is neither."""
    text = _text(body)
    rows = _json_rows(text) if text.startswith("[") else _text_rows(text)
    names, *rest = rows if rows and "timestamp" in rows[0] else [list(FIELDS), *rows]
    resume = None
    if len(rest) >= 2 and rest[-2] == [] and len(rest[-1]) == 1:
        resume, rest = rest[-1][0], rest[:-2]
    return _listed([dict(zip(names, row, strict=False)) for row in rest if row], text, resume)


def read_pywb(body: bytes) -> Listed:
    """What an index by pywb answered. Raises ArchiveError for what is none."""
    text = _text(body)
    return _listed(list(_objects(text)), text, None)


def read_page_count(body: bytes) -> int:
    """How many pages an index has of what was asked. Raises ArchiveError for an answer that does not say."""
    text = _text(body)
    try:
        said = json.loads(text)
        return int(said["pages"] if isinstance(said, dict) else said)
    except (ValueError, KeyError, TypeError) as error:
        raise _no_index(text) from error


def read_crawls(body: bytes, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """Of Common Crawl's list of crawls (``collinfo.json``) those that may hold captures of that time, the oldest first,
    as (id, address of the index). Raises ArchiveError for what is no such list."""
    text = _text(body)
    try:
        said = [(str(one["id"]), str(one["cdx-api"])) for one in json.loads(text)]
    except (ValueError, KeyError, TypeError) as error:
        raise _no_index(text) from error
    found = []
    for crawl, address in sorted(said):
        years = [int(year) for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", crawl)]
        # Crawls of a turn of the year are named by one of the two; one without a year may be of any.
        if not years or (min(years) - 1 <= until.year and max(years) + 1 >= since.year):
            found.append((crawl, address))
    return found


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()


def _json_rows(text: str) -> list[list[str]]:
    try:
        return [[str(value) for value in row] for row in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise _no_index(text) from error


def _text_rows(text: str) -> list[list[str]]:
    rows = [line.split() for line in text.splitlines()]
    return rows if len(rows) > 1 or (rows and len(rows[0]) > 1) else []


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        key, moment_, rest = ("", "", line) if line.startswith("{") else (*line.split(" ", 2), "", "")[:3]
        try:
            said = json.loads(rest)
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        yield {"urlkey": key, **({"timestamp": moment_} if moment_ else {}), **said}


def _listed(rows: Sequence[Mapping[str, Any]], text: str, resume: str | None) -> Listed:
    lines = [line for row in rows if (line := _line(row)) is not None]
    if rows and not lines and len(rows) < 100:
        raise _no_index(text)  # an error page, or a message in place of lines
    return Listed(tuple(lines), len(rows) - len(lines), resume)


def _line(row: Mapping[str, Any]) -> Line | None:
    url, at = str(row.get("original") or row.get("url") or ""), moment(str(row.get("timestamp", "")))
    if at is None or not re.match(r"https?://[^/\s]", url, re.I):
        return None
    said = str(row.get("statuscode") or row.get("status") or "-")
    if not re.fullmatch(r"-|\d{3}", said, re.ASCII):
        return None
    mime = str(row.get("mimetype") or row.get("mime") or "-")
    return Line(url, at, None if said == "-" else int(said), mime, _digest(str(row.get("digest") or "")), _place(row))


def _digest(said: str) -> str:
    """Indexes leave out the algorithm that their format had from the beginning: SHA-1 in base 32."""
    if ":" in said:
        return said
    if re.fullmatch(r"[A-Z2-7]{32}", said) or re.fullmatch(r"[0-9a-f]{40}", said):
        return f"sha1:{said}"
    return f"sha256:{said}" if re.fullmatch(r"[0-9a-f]{64}", said) else ""


def _place(row: Mapping[str, Any]) -> tuple[str, int, int] | None:
    name, offset, length = str(row.get("filename") or ""), str(row.get("offset", "")), str(row.get("length", ""))
    return (name, int(offset), int(length)) if name and offset.isdecimal() and length.isdecimal() else None


def _no_index(text: str) -> ArchiveError:
    said = " ".join(text[:_SAID].split()) or "nothing"
    return ArchiveError(f"the answer is no list of captures: {said!r}. Check --archive, or try again later")
