"""One attempt to fetch as one WARC/1.1 record: writing it, and reading it back by its place.

A record is one gzip member. Digests are sha256 in base 16. Besides the standard fields a record carries
``Bantin-Source``, the id of the source it was fetched for, and ``Bantin-TLS``, what was found of the certificate. A
failed attempt is a ``metadata`` record with the fields ``outcome`` and ``reason``; an identical payload is a
``revisit`` record; a file that somebody kept is a ``resource`` record. Records that others wrote stand beside them as
they were written.
"""

import gzip
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.clock import rfc3339
from archive.errors import ArchiveError
from archive.warc.heads import HEAD_END, parse_head, parse_length, well_formed, with_fields
from archive.warc.http import MAX_PAYLOAD, decode_body
from archive.warc.members import CUT_SHORT, MAGIC, Member, next_start
from archive.warc.record import (
    DISCONNECTED,
    ORIGIN_FIELD,
    SOURCE_FIELD,
    TLS_FIELD,
    Exchange,
    Record,
    is_unresolved,
    pack_lines,
    record_of,
)

__all__ = [
    "DISCONNECTED",
    "MAX_PAYLOAD",
    "ORIGIN_FIELD",
    "SOURCE_FIELD",
    "Exchange",
    "Record",
    "decode_body",
    "is_unresolved",
    "pack",
    "pack_info",
    "pack_raw",
    "read_record",
    "read_records",
    "record_of",
    "with_fields",
]

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
# The body is archived without chunk framing, so the header that announces it must not be.
_UNTRUE = frozenset({"transfer-encoding"})


def pack_info(filename: str, captured_at: datetime, facts: Mapping[str, str]) -> bytes:
    """A warcinfo record."""
    text = "".join(f"{name}: {value}\r\n" for name, value in facts.items()).encode()
    fields = {"WARC-Filename": filename, "WARC-Date": rfc3339(captured_at)}
    return _pack(None, "warcinfo", text, fields, None, "application/warc-fields")


def pack(exchange: Exchange, added: Mapping[str, str] | None = None) -> bytes:
    """The record of one attempt, as one gzip member; with the WARC fields ``added``."""
    fields = {"WARC-Date": rfc3339(exchange.captured_at), **(added or {})}
    if exchange.source_id:
        fields[SOURCE_FIELD] = exchange.source_id
    if exchange.status is None and exchange.outcome != "ok":
        text = pack_lines(outcome=exchange.outcome, reason=exchange.reason)
        return _pack(exchange.url, "metadata", text, fields, None, "application/warc-fields")
    if exchange.ip:
        fields["WARC-IP-Address"] = exchange.ip
    if exchange.tls:
        fields[TLS_FIELD] = exchange.tls
    if exchange.truncated == DISCONNECTED:
        fields["WARC-Truncated"] = "disconnect"
    fields["WARC-Payload-Digest"] = f"sha256:{exchange.stored_digest}"
    if exchange.status is None:
        content_type = exchange.header("content-type") or "application/octet-stream"
        return _pack(exchange.url, "resource", exchange.body, fields, None, content_type)
    kept = [(name, value) for name, value in exchange.headers if name.lower() not in _UNTRUE]
    http = StatusAndHeaders(f"{exchange.status} ", kept, protocol="HTTP/1.1")
    if exchange.refers_to is None:
        return _pack(exchange.url, "response", exchange.body, fields, http)
    url, at = exchange.refers_to
    fields |= {
        "WARC-Profile": NOT_MODIFIED if exchange.status == 304 else IDENTICAL,
        "WARC-Refers-To-Target-URI": url,
        "WARC-Refers-To-Date": rfc3339(at),
    }
    return _pack(exchange.url, "revisit", b"", fields, http)


class _Writer(WARCWriter):  # type: ignore[misc]
    """warcio's writer without its sha1 digests: ours are in the fields already, and warcio checks any algorithm."""

    def ensure_digest(self, record: object, block: bool = True, payload: bool = True) -> None:
        """Add nothing."""


def _pack(
    url: str | None,
    kind: str,
    body: bytes,
    fields: dict[str, str],
    http: StatusAndHeaders | None,
    content_type: str = "",
) -> bytes:
    out = io.BytesIO()
    writer = _Writer(out, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        url,
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_headers_dict=fields,
        http_headers=http,
        warc_content_type=content_type,
    )
    writer.write_record(record)
    return _compressed(out.getvalue())


def pack_raw(head: bytes, block: bytes) -> bytes:
    """A record as another tool wrote it, as one gzip member: the block untouched, the head too if it is well formed."""
    return _compressed(well_formed(head, len(block)) + block + b"\r\n\r\n")


def _compressed(data: bytes) -> bytes:
    # warcio would compress at level 9: a few bytes less for twice the time.
    return gzip.compress(data, compresslevel=6, mtime=0)


def read_records(path: Path, start: int = 0, damaged: Callable[[int, str], None] | None = None) -> Iterator[Record]:
    """All whole records of a WARC file of ours from byte ``start`` (a record's beginning) on.

    ``damaged`` is told of each place that is damaged, and reading goes on at the next record; without it ArchiveError
    is raised there. The torn tail of a segment that is still ``.open`` is nothing to speak of: repair cuts it off.
    """
    with path.open("rb", buffering=1 << 17) as stream:
        size, offset = stream.seek(0, io.SEEK_END), start
        while offset < size:
            found = _read(stream, offset)
            if isinstance(found, Record):
                yield found
                offset += found.length
                continue
            behind = next_start(stream, offset + 1, None)
            if behind is None and found == CUT_SHORT and path.suffix == ".open":
                return
            if damaged is None:
                raise ArchiveError(f"{path}: damaged at byte {offset} ({found}). Run: bantin verify")
            damaged(offset, found)
            offset = size if behind is None else behind


def read_record(path: Path, offset: int) -> Record:
    """The record at ``offset``. Raises ArchiveError where none begins there."""
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            if stream.read(len(MAGIC)) != MAGIC:
                raise ArchiveError(f"{path}: no WARC record at byte {offset}. Run: bantin verify")
            found = _read(stream, offset)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read ({error}). Restore the file from a copy") from error
    if isinstance(found, Record):
        return found
    raise ArchiveError(f"{path}: the record at byte {offset} cannot be read ({found}). Run: bantin verify")


def _read(stream: BinaryIO, offset: int) -> Record | str:
    """The record that is the gzip member at ``offset``, or what is wrong with it."""
    member = Member(stream, offset)
    data = member.whole()
    if member.problem:
        return member.problem
    end = HEAD_END.search(data)
    if end is None or not data.startswith(b"WARC/"):
        return "no WARC record"
    begin = end.end()
    fields, _ = parse_head(data[:begin])
    length = parse_length(fields)
    if length is None or len(data) < begin + length:
        return "the record is shorter than its Content-Length"
    return Record.of(fields, data[begin : begin + length], offset, member.end - offset)
