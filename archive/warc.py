"""One attempt to fetch as one WARC/1.1 record: writing it, and reading it back by its place.

A record is one gzip member. Digests are sha256 in base 16. Besides the standard fields a record carries
``Bantin-Source``, the id of the source it was fetched for. A failed attempt is a ``metadata`` record with the fields
``outcome`` and ``reason``; an identical payload is a ``revisit`` record.
"""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.clock import parse_rfc3339, rfc3339
from archive.errors import ArchiveError

SOURCE_FIELD = "Bantin-Source"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
MAX_PAYLOAD = 64 * 2**20
# The body is archived without chunk framing, so the header that announces it must not be.
_UNTRUE = frozenset({"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt, as it came: ``body`` below content decoding, ``headers`` as (name, value) in the server's order.

    ``status`` is None for an attempt without a response; ``outcome`` and ``reason`` then say what happened.
    ``refers_to`` is (address, time) of the capture that already holds the same body.
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

    @property
    def stored_digest(self) -> str:
        """sha256 of the body as it came; of nothing where nothing came."""
        return sha256(self.body).hexdigest() if self.status is not None else ""

    def header(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def pack_info(filename: str, captured_at: datetime, facts: Mapping[str, str]) -> bytes:
    """A warcinfo record."""
    text = "".join(f"{name}: {value}\r\n" for name, value in facts.items()).encode()
    fields = {"WARC-Filename": filename, "WARC-Date": rfc3339(captured_at)}
    return _pack(None, "warcinfo", text, fields, None, "application/warc-fields")


def pack(exchange: Exchange) -> bytes:
    """The record of one attempt, as one gzip member."""
    fields = {"WARC-Date": rfc3339(exchange.captured_at), SOURCE_FIELD: exchange.source_id}
    if exchange.status is None:
        text = f"outcome: {exchange.outcome}\r\nreason: {exchange.reason}\r\n".encode()
        return _pack(exchange.url, "metadata", text, fields, None, "application/warc-fields")
    if exchange.ip:
        fields["WARC-IP-Address"] = exchange.ip
    fields["WARC-Payload-Digest"] = f"sha256:{exchange.stored_digest}"
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
    # warcio would compress at level 9: a few bytes less for twice the time.
    return gzip.compress(out.getvalue(), compresslevel=6, mtime=0)


@dataclass(frozen=True, slots=True)
class Record:
    """A record read back: its place, its WARC fields (names in lower case) and, of a response, what came."""

    offset: int
    length: int
    kind: str
    fields: Mapping[str, str]
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def exchange(self) -> Exchange | None:
        """The attempt that this record holds, or None for records that hold none (warcinfo, request, …)."""
        if self.kind not in ("response", "revisit", "metadata") or "warc-target-uri" not in self.fields:
            return None
        url, at = self.fields["warc-target-uri"].strip("<>"), parse_rfc3339(self.fields["warc-date"])
        source = self.fields.get(SOURCE_FIELD.lower(), "")
        if self.kind == "metadata":
            said = dict(
                line.split(": ", 1) for line in self.body.decode("utf-8", "replace").splitlines() if ": " in line
            )
            return Exchange(source, url, at, None, outcome=said.get("outcome", "failed"), reason=said.get("reason"))
        refers_to = None
        if self.kind == "revisit":
            target = self.fields.get("warc-refers-to-target-uri", url).strip("<>")
            refers_to = (target, parse_rfc3339(self.fields.get("warc-refers-to-date", self.fields["warc-date"])))
        ip = self.fields.get("warc-ip-address")
        return Exchange(source, url, at, self.status, self.headers, self.body, ip, refers_to=refers_to)

    @property
    def payload_digest(self) -> str | None:
        """The digest that the record itself states, as hex sha256, or None."""
        algorithm, _, value = self.fields.get("warc-payload-digest", "").partition(":")
        return value if algorithm == "sha256" else None


def read_records(path: Path, start: int = 0) -> Iterator[Record]:
    """All whole records of a WARC file from byte ``start`` (a record's beginning) on."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(start)
        held: Record | None = None
        try:
            for record in ArchiveIterator(stream, parse_http=False):
                offset = record.stream_pos
                if held is not None:
                    yield _placed(held, offset)
                held = _read(record, offset)
        except OSError as error:
            raise ArchiveError(f"{path}: damaged ({error}). Run: bantin verify") from error
        if held is not None:
            yield _placed(held, size)


def read_record(path: Path, offset: int) -> Record:
    """The record at ``offset``. Raises ArchiveError where none begins there."""
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            for record in ArchiveIterator(stream, parse_http=False):
                return _read(record, offset)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read ({error}). Restore the file from a copy") from error
    raise ArchiveError(f"{path}: no WARC record at byte {offset}. Run: bantin verify")


def _placed(record: Record, end: int) -> Record:
    return Record(
        record.offset, end - record.offset, record.kind, record.fields, record.status, record.headers, record.body
    )


def _read(record: WarcRecord, offset: int) -> Record:
    fields = {name.lower(): value for name, value in record.headers.items()}
    kind = fields.get("warc-type", "")
    data = record.reader.read()
    if kind not in ("response", "revisit"):
        return Record(offset, 0, kind, fields, None, (), data)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    status = first.split(" ", 2)[1] if first.startswith("HTTP/") and " " in first else ""
    pairs = (line.partition(":") for line in rest if line)
    headers = tuple((name.strip(), value.strip()) for name, _, value in pairs)
    return Record(offset, 0, kind, fields, int(status) if status.isdigit() else None, headers, body)


def decode_body(body: bytes, content_encoding: str | None) -> bytes:
    """The body with its content encoding (gzip, deflate) undone: the payload.

    Raises ArchiveError for an encoding we never ask for, damaged data, or more than `MAX_PAYLOAD` bytes.
    """
    for coding in reversed([c.strip().lower() for c in (content_encoding or "").split(",") if c.strip()]):
        if coding in ("gzip", "x-gzip"):
            body = _inflate(body, 31)
        elif coding == "deflate":
            body = _inflate(body, 15 if body[:1] == b"\x78" else -15)
        elif coding != "identity":
            raise ArchiveError(f"content encoding {coding!r} is not decoded here")
    return body


def _inflate(data: bytes, window: int) -> bytes:
    inflater = zlib.decompressobj(window)
    try:
        out = inflater.decompress(data, MAX_PAYLOAD)
    except zlib.error as error:
        raise ArchiveError(f"damaged compressed body ({error})") from error
    if inflater.unconsumed_tail:
        raise ArchiveError(f"body larger than {MAX_PAYLOAD} bytes")
    if not inflater.eof:
        raise ArchiveError("compressed body cut short")
    return out
