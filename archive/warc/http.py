"""HTTP as it stands in WARC records: head, chunk framing, content codings.

Servers and the recorders behind them keep to little of it: heads with LF alone, folded lines, ``HTTP/2 200``, framing
and codings that are announced but were already undone.
"""

import re
import zlib

import brotli

from archive.errors import ArchiveError

MAX_PAYLOAD = 64 * 2**20
_PIECE, _LARGEST_PIECE = 1 << 10, 1 << 20
Headers = tuple[tuple[str, str], ...]

_BEGIN = re.compile(rb"(?:\r?\n)*(?=HTTP/)")
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"HTTP/[\d.]+[ \t]+(\d{3})(?!\d)")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def split_http(block: bytes) -> tuple[int | None, Headers, bytes]:
    """Status, headers as (name, value) in their order, and body; the status is None where there is no HTTP head."""
    begin = _BEGIN.match(block)
    if begin is None:
        return None, (), block
    end = _END.search(block, begin.end())
    head, body = (block[begin.end() : end.start()], block[end.end() :]) if end else (block[begin.end() :], b"")
    first, *rest = head.decode("latin-1").split("\n")
    headers: list[tuple[str, list[str]]] = []
    for line in rest:
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and headers:
            headers[-1][1].append(line.strip())
        elif colon:
            headers.append((name.strip(), [value.strip()]))
    status = _STATUS.match(first)
    return int(status[1]) if status else None, tuple((name, " ".join(parts)) for name, parts in headers), body


def dechunk(body: bytes) -> tuple[bytes, str | None]:
    """The body without chunk framing, and what is wrong with the framing.

    A body that does not begin with a chunk is taken as it is: its recorder has undone what the header still announces.
    """
    chunks: list[bytes] = []
    position = 0
    while size := _SIZE.match(body, position):
        start, end = size.end(), size.end() + int(size[1], 16)
        if start == end:
            return b"".join(chunks), None
        if not b"\r\n".startswith(body[end : end + 2]):
            break
        chunks.append(body[start:end])
        if end > len(body):
            return b"".join(chunks), f"cut short: {len(body) - start} of {end - start} bytes of a chunk"
        position = min(end + 2, len(body))
    if not chunks:
        return body, None
    rest = body[position:]
    if b"\n" in rest:
        return b"".join(chunks) + rest, f"the chunk framing is damaged {len(rest)} bytes before the end"
    return b"".join(chunks), "cut short: the last chunk is missing"


def decode_body(body: bytes, content_encoding: str | None) -> bytes:
    """The body with its content encodings (gzip, deflate, br) undone: the payload.

    A body to which the announced encoding was not applied, or whose recorder has undone it, is taken as it is.
    Raises ArchiveError for an encoding that is not known here, damaged data, or more than `MAX_PAYLOAD` bytes.
    """
    for coding in reversed([c.strip().lower() for c in (content_encoding or "").split(",") if c.strip()]):
        if coding in ("gzip", "x-gzip"):
            body = _gunzip(body)
        elif coding == "deflate":
            body = _undeflate(body)
        elif coding == "br":
            body = _unbrotli(body)
        elif coding == "zstd" and body.startswith(b"\x28\xb5\x2f\xfd"):
            raise ArchiveError("content encoding 'zstd' is not decoded here")
        elif coding not in ("identity", "zstd") and not _is_text(body):
            raise ArchiveError(f"content encoding {coding!r} is not decoded here")
    return body


class _TooLargeError(ArchiveError):
    def __init__(self) -> None:
        super().__init__(f"body larger than {MAX_PAYLOAD} bytes")


def _gunzip(body: bytes) -> bytes:
    out, end = bytearray(), 0
    while body.startswith(b"\x1f\x8b", end):
        end = _inflate(body, 31, out, end)
    return bytes(out) if end else body


def _undeflate(body: bytes) -> bytes:
    first: ArchiveError | None = None
    # The standard says zlib, many servers send it without zlib's head; and a text may begin with an x.
    for window in (15, -15) if body[:1] == b"\x78" else (-15, 15):
        try:
            out = bytearray()
            _inflate(body, window, out)
            return bytes(out)
        except _TooLargeError:
            raise
        except ArchiveError as error:
            first = first or error
    if first is None or _is_text(body):
        return body
    raise first


def _unbrotli(body: bytes) -> bytes:
    decompressor, out = brotli.Decompressor(), bytearray()
    try:
        piece = decompressor.process(body, output_buffer_limit=_LARGEST_PIECE)
        while piece:
            out += piece
            if len(out) > MAX_PAYLOAD:
                raise _TooLargeError
            piece = b"" if decompressor.is_finished() else decompressor.process(b"", output_buffer_limit=_LARGEST_PIECE)
    except brotli.error as error:
        if _is_text(body):
            return body
        raise ArchiveError(f"damaged compressed body ({error})") from error
    if decompressor.is_finished():
        return bytes(out)
    if _is_text(body):
        return body
    raise ArchiveError("compressed body cut short")


def _inflate(data: bytes, window: int, out: bytearray, start: int = 0) -> int:
    """Add to ``out`` what stands compressed from ``start`` on; where it ends.

    zlib copies what stands behind the end. The pieces begin small, or a body of many small members would be copied
    once for each of them.
    """
    inflater, view = zlib.decompressobj(window), memoryview(data)
    end, piece = start, _PIECE
    while end < len(data) and not inflater.eof:
        given: bytes | memoryview = view[end : end + piece]
        end, piece, more = end + len(given), min(2 * piece, _LARGEST_PIECE), True
        while more:
            try:
                part = inflater.decompress(given, _LARGEST_PIECE)
            except zlib.error as error:
                raise ArchiveError(f"damaged compressed body ({error})") from error
            out += part
            if len(out) > MAX_PAYLOAD:
                raise _TooLargeError
            given = inflater.unconsumed_tail
            more = not inflater.eof and (bool(given) or len(part) == _LARGEST_PIECE)
        end -= len(inflater.unused_data)
    if not inflater.eof:
        raise ArchiveError("compressed body cut short")
    return end


def _is_text(body: bytes) -> bool:
    """Without control characters, which compressed data is full of."""
    return _CONTROL.search(body) is None
