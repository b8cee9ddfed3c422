"""WARC files of other hands: records written out byte by byte, in every form a file of them can have."""

import gzip
import hashlib
import zlib
from base64 import b32encode
from collections.abc import Callable, Sequence

from archive.warc.foreign import Damage, RawRecord

AT = "2024-03-05T02:30:00Z"
URL = "https://songnhue.example.vn/tin-tuc/-/view_content/7-tin.html"
PAGE = "<p>Đảng ủy phường Sông Nhuệ sơ kết công tác quý một</p>".encode()


def sha1(block: bytes) -> str:
    """As most writers state a digest."""
    return "sha1:" + b32encode(hashlib.sha1(block).digest()).decode()


def record(
    kind: str, block: bytes, url: str | None = URL, *, digest: bool = True, end: str = "\r\n", **more: str
) -> bytes:
    """A WARC/1.0 record with the two line breaks behind it; ``more`` are fields, with _ for -."""
    fields = {"WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{kind}>", "WARC-Date": AT}
    if url is not None:
        fields["WARC-Target-URI"] = url
    if digest:
        fields["WARC-Block-Digest"] = sha1(block)
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    fields.setdefault("Content-Length", str(len(block)))
    head = "".join(f"{line}{end}" for line in ["WARC/1.0", *(f"{name}: {value}" for name, value in fields.items())])
    return (head + end).encode() + block + (end * 2).encode()


def http(body: bytes = PAGE, *headers: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """A response as it came over the wire."""
    lines = [status, "Content-Type: text/html; charset=utf-8", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def response(body: bytes = PAGE, *headers: str, url: str = URL, status: str = "HTTP/1.1 200 OK", **more: str) -> bytes:
    """A response record."""
    block = http(body, *headers, status=status)
    return record("response", block, url, **{"Content_Type": "application/http; msgtype=response"} | more)


def noise(number: int, size: int) -> bytes:
    """Bytes that do not compress and are the same each time."""
    return b"".join(hashlib.sha256(b"%d %d" % (number, n)).hexdigest().encode() for n in range(size // 64))


RECORDS = (
    record("warcinfo", b"software: another/1.0\r\nformat: WARC File Format 1.0\r\n", None),
    record("request", b"GET /tin-tuc/ HTTP/1.1\r\nHost: songnhue.example.vn\r\n\r\n"),
    response(PAGE * 9),
    response(noise(1, 900)),
    record("metadata", b"via: https://songnhue.example.vn/\r\n"),
    record("resource", b"", "metadata://example/log"),
    response(noise(2, 2000), url=URL + "?page=2"),
)


def blocks(records: Sequence[bytes]) -> list[bytes]:
    """Of each record the block."""
    return [one[:-4].partition(b"\r\n\r\n")[2] for one in records]


def _packed(parts: Sequence[bytes]) -> tuple[bytes, list[int]]:
    members = [gzip.compress(part, mtime=0) for part in parts]
    return b"".join(members), [sum(map(len, members[:number])) for number in range(len(members))]


def plain(records: Sequence[bytes]) -> tuple[bytes, list[str]]:
    """Not compressed."""
    return b"".join(records), [str(sum(map(len, records[:number]))) for number in range(len(records))]


def members(records: Sequence[bytes]) -> tuple[bytes, list[str]]:
    """A gzip member for each record."""
    data, starts = _packed(records)
    return data, [str(start) for start in starts]


def stream(records: Sequence[bytes]) -> tuple[bytes, list[str]]:
    """One gzip stream."""
    starts = plain(records)[1]
    return gzip.compress(b"".join(records), mtime=0), [f"+{start}" if start != "0" else "0" for start in starts]


def pairs(records: Sequence[bytes]) -> tuple[bytes, list[str]]:
    """Two records a gzip member."""
    data, starts = _packed([b"".join(records[n : n + 2]) for n in range(0, len(records), 2)])
    firsts = [starts[n // 2] for n in range(len(records))]
    places = [f"{start or ''}+{len(records[n - 1])}" if n % 2 else str(start) for n, start in enumerate(firsts)]
    return data, places


def pieces(records: Sequence[bytes]) -> tuple[bytes, list[str]]:
    """gzip members of 700 bytes each, wherever the records end."""
    text = b"".join(records)
    return b"".join(gzip.compress(text[n : n + 700], mtime=0) for n in range(0, len(text), 700)), []


def mixed(records: Sequence[bytes]) -> tuple[bytes, list[str]]:
    """By turns a gzip member and uncompressed."""
    parts = [one if n % 2 else gzip.compress(one, mtime=0) for n, one in enumerate(records)]
    return b"".join(parts), [str(sum(map(len, parts[:n]))) for n in range(len(parts))]


FORMS: dict[str, Callable[[Sequence[bytes]], tuple[bytes, list[str]]]] = {
    form.__name__: form for form in (plain, members, stream, pairs, pieces, mixed)
}


def parted(found: Sequence[RawRecord | Damage]) -> tuple[list[RawRecord], list[Damage]]:
    """The records and the damage in what was read."""
    return [f for f in found if isinstance(f, RawRecord)], [f for f in found if isinstance(f, Damage)]


def text_before(data: bytes) -> bytes:
    """What a gzip stream holds in its first bytes, by another way than the reader's."""
    inflater, text = zlib.decompressobj(31), b""
    for byte in data:
        text += inflater.decompress(bytes([byte]))
        if inflater.eof:
            inflater = zlib.decompressobj(31)
    return text
