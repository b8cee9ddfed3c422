"""A WARC record read back, by whomever it was written, and the attempt to fetch that it holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from archive.clock import parse_rfc3339
from archive.errors import ArchiveError
from archive.warc.heads import bare, parse_head
from archive.warc.http import Headers, dechunk, split_http

SOURCE_FIELD = "Bantin-Source"
# What was found of the server's certificate.
TLS_FIELD = "Bantin-TLS"
# Where a record that others wrote was copied from; without it a record is our own.
ORIGIN_FIELD = "Bantin-Imported-From"
_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[Tt ]?(\d\d):?(\d\d):?(\d\d)([.,]\d+)?\s*([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_BREAK = re.compile(r"\r\n|\r|\n")
#: ``Exchange.truncated`` of a body without a stated length whose connection ended too early.
DISCONNECTED = "cut short by its recorder (disconnect)"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt, as it came: ``body`` below content decoding, ``headers`` as (name, value) in the server's order.

    ``status`` is None for an attempt without a response; ``outcome`` and ``reason`` then say what happened: ``ok`` is a
    body without HTTP, a file that somebody kept. ``refers_to`` is (address, time) of the capture that already holds the
    same body. ``truncated`` says how much of the body is missing, where some is. ``tls`` is ``verified``, or
    ``unverified: …`` where a broken certificate was let pass; None without TLS, or where nobody noted it.
    """

    source_id: str
    url: str
    captured_at: datetime
    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    ip: str | None = None
    outcome: str | None = None
    reason: str | None = None
    refers_to: tuple[str, datetime] | None = None
    truncated: str | None = None
    tls: str | None = None

    @property
    def stored_digest(self) -> str:
        """sha256 of the body as it came; empty where nothing came."""
        came = self.status is not None or self.outcome == "ok"
        return sha256(self.body).hexdigest() if came else ""

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Record:
    """A record read back: its place, its WARC fields (names in lower case) and what came, without chunk framing."""

    offset: int
    length: int
    kind: str
    fields: Mapping[str, str]
    status: int | None
    headers: Headers
    body: bytes = field(repr=False)
    truncated: str | None = None

    @classmethod
    def of(cls, fields: Mapping[str, str], block: bytes, offset: int = 0, length: int = 0) -> "Record":
        """The record with these fields and this block."""
        kind = fields.get("warc-type", "").lower()
        if kind == "resource":
            stated = fields.get("content-type")
            return cls(offset, length, kind, fields, None, (("content-type", stated),) if stated else (), block)
        if kind not in ("response", "revisit"):
            return cls(offset, length, kind, fields, None, (), block)
        status, headers, body = split_http(block)
        wrong = None
        if any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
            body, wrong = dechunk(body)
        return cls(offset, length, kind, fields, status, headers, body, wrong)

    def exchange(self) -> Exchange | None:
        """The attempt that this record holds, or None for records that hold none (warcinfo, request, dns:, …).

        A revisit that does not say what it refers to is a failed attempt. Raises ArchiveError for a record without
        an address or a time.
        """
        if self.kind == "metadata":
            return self._failure()
        if self.kind not in ("response", "revisit", "resource"):
            return None
        url = bare(self._field("warc-target-uri"))
        if url.partition(":")[0].lower() not in ("http", "https", "file"):
            return None
        at, source = self._time(), self.fields.get(SOURCE_FIELD.lower(), "")
        status, outcome, reason = self.status, None, None
        refers_to = self._refers_to(url) if self.kind == "revisit" else None
        if self.kind == "resource":
            outcome = "ok"
        elif self.kind == "revisit" and (status == 304 or "server-not-modified" in self.fields.get("warc-profile", "")):
            status = 304  # that nothing came says it all, whatever it refers to
        elif self.kind == "revisit" and refers_to is None:
            status, outcome, reason = None, "failed", "revisit of a record that is not known"
        elif status is None and refers_to is None:
            outcome, reason = "failed", "the record holds no HTTP response"
        elif status is None:
            outcome = "ok"  # Heritrix wrote revisits without an HTTP head: that the body was the same is all there is
        body = self.body if outcome != "failed" else b""
        truncated = self._truncated() if self.kind != "revisit" and outcome != "failed" else None
        ip = self.fields.get("warc-ip-address")
        tls = self.fields.get(TLS_FIELD.lower())
        return Exchange(source, url, at, status, self.headers, body, ip, outcome, reason, refers_to, truncated, tls)

    @property
    def imported(self) -> bool:
        """Whether others wrote this record; its digests are then what they took for the payload."""
        return ORIGIN_FIELD.lower() in self.fields

    @property
    def payload_digest(self) -> str | None:
        """The digest that the record itself states, as hex sha256, or None."""
        algorithm, _, value = self.fields.get("warc-payload-digest", "").partition(":")
        return value if algorithm == "sha256" else None

    def _failure(self) -> Exchange | None:
        said = _read_lines(self.body)
        ours = SOURCE_FIELD.lower() in self.fields and self.fields.get("content-type") == "application/warc-fields"
        if not ours or "outcome" not in said:
            return None
        url, at = bare(self._field("warc-target-uri")), self._time()
        source = self.fields[SOURCE_FIELD.lower()]
        return Exchange(source, url, at, None, outcome=said["outcome"], reason=said.get("reason"))

    def _refers_to(self, url: str) -> tuple[str, datetime] | None:
        at = parse_time(self.fields.get("warc-refers-to-date", ""))
        return None if at is None else (bare(self.fields.get("warc-refers-to-target-uri", url)), at)

    def _truncated(self) -> str | None:
        if self.truncated:
            return self.truncated
        if said := self.fields.get("warc-truncated"):
            return f"cut short by its recorder ({said})"
        headers = {name.lower(): value for name, value in reversed(self.headers)}
        stated, coding = headers.get("content-length", ""), headers.get("content-encoding", "identity")
        if coding.lower() != "identity" or "transfer-encoding" in headers or self.status in (None, 204, 304):
            return None
        if re.fullmatch("[0-9]{1,18}", stated) and int(stated) > len(self.body):
            return f"cut short: {len(self.body)} of {int(stated)} bytes"
        return None

    def _field(self, name: str) -> str:
        try:
            return self.fields[name]
        except KeyError:
            raise ArchiveError(f"the record has no {name}") from None

    def _time(self) -> datetime:
        stated = self._field("warc-date")
        if (at := parse_time(stated)) is None:
            raise ArchiveError(f"the record's warc-date is no time: {stated[:40]!r}")
        return at


def parse_time(stated: str) -> datetime | None:
    """The time that a WARC field says, or None where it says no time to the second."""
    if not (found := _TIME.fullmatch(stated)):
        return None
    try:
        return parse_rfc3339("{}-{}-{}T{}:{}:{}{}{}".format(*(part or "" for part in found.groups())).upper())
    except (ValueError, OverflowError):
        return None


def record_of(head: bytes, block: bytes) -> Record:
    """The record that its head and its block make. Nothing of it is checked until it is asked for its exchange."""
    return Record.of(parse_head(head)[0], block)


def is_unresolved(fields: Mapping[str, str]) -> bool:
    """Whether a record of these fields is a revisit that does not say, by address and time, what it refers to."""
    revisit = fields.get("warc-type", "").lower() == "revisit"
    return revisit and parse_time(fields.get("warc-refers-to-date", "")) is None


def pack_lines(**said: str | None) -> bytes:
    """Fields, a line each; a value's own further lines begin with a space."""
    lines = (f"{name}: " + "\r\n ".join(_BREAK.split(value)) for name, value in said.items() if value is not None)
    return "".join(line + "\r\n" for line in lines).encode()


def _read_lines(text: bytes) -> dict[str, str]:
    unfolded = text.decode("utf-8", "replace").replace("\r\n ", "\n").split("\r\n")
    return dict(line.split(": ", 1) for line in unfolded if ": " in line)
