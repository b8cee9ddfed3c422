"""What a web archive answered when one of its captures was asked for: that capture, or something else.

The second step of a rescue. An archive answers with errors, pages and captures of its own choice too, and with status
200; none of these may be taken for what the publisher sent. Pure: the answer comes in, the attempt goes out.

Replay of the original bytes (``id_``) marks an archived response with ``Memento-Datetime`` (RFC 7089). Wayback gives
the original's headers as ``X-Archive-Orig-…``, pywb as they are. A WARC file gives the record itself.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

from archive.clock import rfc3339
from archive.errors import ArchiveError
from archive.warc import Exchange, Record, decode_body
from archive.warc.foreign import RawRecord
from archive.warc.heads import HEAD_END, digest_holds, parse_head, parse_length
from pipelines.addresses import absolute, url_key
from pipelines.cdx import Line

#: The field that says which digest the archive's index states, and whether the body has it.
DIGEST_FIELD = "Bantin-Index-Digest"
Verdict = Literal["holds", "undone", "differs", "none"]
_ORIGINAL = "x-archive-orig-"
# Of an answer without the original's headers under names of their own: those that the archive or the transfer added.
_ADDED = re.compile(
    r"memento-datetime|link|content-location|x-archive-.*|connection|keep-alive|transfer-encoding|date|vary"
    r"|preference-applied|server-timing|x-(ts|tr|rl|nid|page-cache|app-server|location).*|content-encoding|.*-security.*"
)
_UNTRUE = frozenset({"transfer-encoding"})
_INNER = re.compile(r"/(\d{4,17})[a-z]{0,3}_?/(https?:.*)", re.I)
_SECOND = timedelta(seconds=1)


class NotTheCaptureError(ArchiveError):
    """The archive answered, but not with the capture that its index lists."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an archive, its body below content coding."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of this name (given in lower case) that is not empty."""
        return next((value for key, value in self.headers if key.lower() == name and value.strip()), None)

    @property
    def is_archived(self) -> bool:
        """Whether it is something archived, whatever its status, and not an answer of the archive's own."""
        return self.header("memento-datetime") is not None


@dataclass(frozen=True, slots=True)
class Rescued:
    """A capture as an archive gave it: the attempt (its source left open), and how its body stands to the digest in the
    index: ``holds``; ``undone``: the archive undid a coding that the digest is of; ``differs``; ``none`` is stated."""

    exchange: Exchange
    verdict: Verdict
    raw: RawRecord | None = None


def hop_of(answer: Answer, line: Line) -> str | None:
    """Where an archive sends on for another spelling of the same capture's address; None where it does not.

    Raises NotTheCaptureError where it leads to a capture of another time: the one that the index lists is not there.
    """
    target = answer.header("location")
    if answer.is_archived or target is None or not 300 <= answer.status < 400:
        return None
    leads = absolute(answer.url, target)
    inner = _INNER.search(leads or "")
    if leads is None or inner is None:
        raise NotTheCaptureError(f"it leads elsewhere: {target[:200]}")
    if inner[1][:14] != f"{line.captured_at:%Y%m%d%H%M%S}" or url_key(inner[2]) != url_key(line.url):
        raise NotTheCaptureError(f"it gives another capture instead, of {inner[1]}")
    return leads


def of_replay(answer: Answer, line: Line) -> Rescued:
    """The capture in an answer. Raises NotTheCaptureError, saying what came instead."""
    said = answer.header("memento-datetime")
    if said is None:
        raise NotTheCaptureError(_refusal(answer))
    at = _http_date(said)
    if at is None or abs(at - line.captured_at) >= _SECOND:
        raise NotTheCaptureError(f"it gives another capture instead, of {said}")
    status = answer.status
    if line.status is not None and status != line.status:
        if not (300 <= status < 400 and 300 <= line.status < 400):  # Wayback sends every redirect as 302
            raise NotTheCaptureError(f"it answers {status} where its index says {line.status}")
        status = line.status
    body, verdict, coding = _body(answer, line.digest)
    headers = _headers(answer, coding)
    if verdict != "holds":
        verdict = _excused(verdict, answer)
        # Lengths and codings of a body that was changed on the way say nothing true of what is here.
        headers = tuple((n, v) for n, v in headers if verdict != "undone" or n.lower() not in _BODY)
    return Rescued(Exchange("", line.url, line.captured_at, status, headers, body), verdict)


def of_record(member: bytes, line: Line, place: str) -> Rescued:
    """The capture in the bytes of a WARC file that its index names: one gzip member.

    Raises NotTheCaptureError where they hold another record or none.
    """
    try:
        data = decode_body(member, "gzip")
    except ArchiveError as error:
        raise NotTheCaptureError(f"its WARC record cannot be read: {error}") from error
    end = HEAD_END.search(data)
    if end is None or not data.startswith(b"WARC/"):
        raise NotTheCaptureError("what stands there is no WARC record")
    head = data[: end.end()]
    fields, _ = parse_head(head)
    length = parse_length(fields)
    if length is None or len(data) < len(head) + length:
        raise NotTheCaptureError("its WARC record is cut short")
    raw = RawRecord(place, head, data[len(head) : len(head) + length], fields)
    try:
        exchange = Record.of(fields, raw.block).exchange()
        named = exchange is not None and url_key(exchange.url) == url_key(line.url)
    except (ArchiveError, ValueError) as error:
        raise NotTheCaptureError(f"its WARC record cannot be read: {error}") from error
    if exchange is None or not named or abs(exchange.captured_at - line.captured_at) >= _SECOND:
        raise NotTheCaptureError("the WARC record there is of another capture")
    held = digest_holds(line.digest, exchange.body) if line.digest else None
    # A record that refers to another has no body of its own to compare.
    verdict: Verdict = "none" if held is None or exchange.refers_to else "holds" if held else "differs"
    return Rescued(exchange, verdict, raw)


def provenance(source_url: str, fetched_at: datetime, line: Line, verdict: Verdict | None) -> dict[str, str]:
    """The WARC fields that say where a rescued record comes from. The first two are those that pywb writes.

    ``verdict`` is None for a record made from a line of the index alone.
    """
    fields = {"WARC-Source-URI": source_url, "WARC-Creation-Date": rfc3339(fetched_at)}
    if line.digest:
        told = {None: "not fetched: known by this digest", "undone": "not comparable: the archive undid a coding"}
        fields[DIGEST_FIELD] = f"{line.digest} ({told.get(verdict, verdict)})"
    return fields


def revisit_of(line: Line, holder: Exchange) -> Exchange:
    """The capture of which the index says that its body is the one that ``holder`` has, by the same digest.

    Nothing else is known of it: its record has a status and no headers, and is read with those of the holder.
    """
    status = holder.status if line.status is None else line.status
    refers_to = (holder.url, holder.captured_at)
    return replace(holder, url=line.url, captured_at=line.captured_at, status=status, headers=(), refers_to=refers_to)


_BODY = frozenset({"content-length", "content-encoding", "content-md5", "digest"})


def _body(answer: Answer, digest: str) -> tuple[bytes, Verdict, str | None]:
    """The body, how it stands to the digest, and the coding that it still has by the answer's own word."""
    coding = answer.header("content-encoding")
    plain, wrong = answer.body, None
    try:
        plain = decode_body(answer.body, (coding or "").strip(" ,"))
    except ArchiveError as error:
        wrong = error
    for body, left in ((answer.body, coding), (plain, None)):
        if digest and digest_holds(digest, body):
            return body, "holds", left
    if wrong is not None:
        raise NotTheCaptureError(f"its body cannot be read: {wrong}")
    return plain, "none" if not digest or digest_holds(digest, b"") is None else "differs", None


def _excused(verdict: Verdict, answer: Answer) -> Verdict:
    """Whether the original was coded: then the digest is of bytes that the archive does not give."""
    coded = any(answer.header(f"{_ORIGINAL}{name}-encoding") for name in ("content", "transfer"))
    return "undone" if verdict == "differs" and coded else verdict


def _headers(answer: Answer, coding: str | None) -> tuple[tuple[str, str], ...]:
    """The original's headers: those under names of their own, else what neither archive nor transfer added."""
    own = [(n[len(_ORIGINAL) :], v) for n, v in answer.headers if n.lower().startswith(_ORIGINAL)]
    named = {name.lower() for name, _ in own}
    # Wayback gives the type and the target of a redirect under their plain names only.
    rest = ("content-type", "location") if own else None
    for name, value in answer.headers:
        lower = name.lower()
        if lower not in named and (lower in rest if rest else not _ADDED.fullmatch(lower)):
            own.append((name, _target(value) if lower == "location" else value))
    if coding and "content-encoding" not in {name.lower() for name, _ in own}:
        own.append(("Content-Encoding", coding))
    return tuple((name, value) for name, value in own if name.lower() not in _UNTRUE)


def _target(value: str) -> str:
    """Where the original led: the archive's own ``Location`` leads into the archive."""
    inner = _INNER.search(value)
    return inner[2] if inner else value


def _refusal(answer: Answer) -> str:
    """What an answer of the archive's own says."""
    why = answer.header("x-archive-wayback-runtime-error")
    said = {403: "it bars this address", 404: "it does not have it", 451: "it may not give it"}
    about = said.get(answer.status, "it answers with a page of its own")
    return f"{about} ({answer.status}{f', {why[:200]}' if why else ''})"


def _http_date(said: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return None
    return at if at.tzinfo else None
