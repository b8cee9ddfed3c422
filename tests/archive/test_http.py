"""HTTP in records: heads of any kind, chunk framing, content codings."""

import gzip
import time
import zlib
from contextlib import suppress

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveError
from archive.warc.http import MAX_PAYLOAD, dechunk, decode_body, split_http

BODY = "<p>Hội nghị sơ kết công tác quý một</p>".encode()
CONTENT = ("Content-Type", "text/html")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", (200, (CONTENT,))),
        (b"HTTP/1.0 404\nContent-Type : text/html\n\n", (404, (CONTENT,))),
        (b"HTTP/2 200\r\nContent-Type: text/html\r\n\r\n", (200, (CONTENT,))),
        (b"\r\nHTTP/1.1 301 \r\nX: a\r\n b\r\n\tc\r\nno header\r\n\r\n", (301, (("X", "a b c"),))),
        (b"HTTP/1.1 200 OK\r\n\r\n", (200, ())),
        (b"HTTP/1.1 2000 OK\r\n\r\n", (None, ())),
    ],
)
def test_heads_of_any_kind_are_read(head: bytes, expected: object) -> None:
    status, headers, body = split_http(head + BODY)
    assert ((status, headers), body) == (expected, BODY)


def test_a_block_without_http_is_all_body_and_a_head_without_end_all_head() -> None:
    assert split_http(BODY) == (None, (), BODY)
    assert split_http(b"HTTP/1.1 200 OK\r\nContent-Type: text/html") == (200, (CONTENT,), b"")


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[n : n + size] for n in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX-Trailer: 1\r\n\r\n"


@given(body=st.binary(max_size=200), size=st.integers(1, 50))
def test_chunk_framing_is_undone(body: bytes, size: int) -> None:
    assert dechunk(chunked(body, size)) == (body, None)


@pytest.mark.parametrize("body", [BODY, b"", b"2021\nTin", b"7\r\n<p>Tin 7</p>"])
def test_a_body_without_chunks_is_taken_as_it_is(body: bytes) -> None:
    assert dechunk(body) == (body, None)


def test_a_chunked_body_that_ends_early_is_noticed_wherever_it_ends() -> None:
    whole = chunked(BODY)
    last = whole.index(b"0\r\nX-Trailer")
    for end in range(whole.index(b"\n") + 1, last + 1):
        body, wrong = dechunk(whole[:end])
        assert wrong is not None
        assert BODY.startswith(body)


def test_damaged_chunk_framing_loses_no_byte_and_is_noticed() -> None:
    whole = chunked(BODY).replace(b"7;a=b\r\n", b"q;a=b\r\n", 3).replace(b"q;", b"7;", 2)
    body, wrong = dechunk(whole)
    assert wrong is not None
    assert "damaged" in wrong
    assert body.startswith(BODY[:14])
    assert whole.endswith(body[14:])


def test_content_encodings_are_undone() -> None:
    raw = zlib.compressobj(wbits=-15)
    assert decode_body(gzip.compress(BODY), "gzip") == BODY
    assert decode_body(gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), "x-gzip") == BODY
    assert decode_body(zlib.compress(BODY), "Deflate") == BODY
    assert decode_body(raw.compress(BODY) + raw.flush(), "deflate") == BODY
    assert decode_body(gzip.compress(zlib.compress(BODY)), "deflate, gzip") == BODY
    assert decode_body(brotli.compress(BODY), "br") == BODY
    assert decode_body(gzip.compress(brotli.compress(BODY)), "br,gzip") == BODY
    assert decode_body(brotli.compress(bytes(1 << 20)), "br") == bytes(1 << 20)
    assert decode_body(BODY, None) == decode_body(BODY, "identity") == BODY


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br", "gzip, gzip", "utf-8"])
def test_an_encoding_that_was_announced_but_not_applied_leaves_the_body_as_it_is(coding: str) -> None:
    for body in (BODY, b"", b"x", b"x^2 + y", "Hội nghị".encode()):
        assert decode_body(body, coding) == body


@pytest.mark.parametrize(
    ("body", "coding", "said"),
    [
        (b"\x28\xb5\x2f\xfd" + BODY, "zstd", "'zstd' is not decoded"),
        (b"\x00\x01" + BODY, "compress", "'compress' is not decoded"),
        (gzip.compress(BODY, mtime=0)[:-9], "gzip", "cut short"),
        (b"\x1f\x8b\x08\x00" + BODY, "gzip", "damaged"),
        (zlib.compress(BODY)[:-9], "deflate", "cut short"),
        (b"\x01\x02" + BODY, "deflate", "damaged"),
        (brotli.compress(BODY)[:-5], "br", "cut short"),
        (b"\x00\xff\x01" + BODY, "br", "damaged"),
        (gzip.compress(bytes(MAX_PAYLOAD + 1)), "gzip", "larger than"),
        (gzip.compress(bytes(MAX_PAYLOAD)) + gzip.compress(b"a"), "gzip", "larger than"),
        (zlib.compress(bytes(MAX_PAYLOAD + 1)), "deflate", "larger than"),
        (brotli.compress(bytes(MAX_PAYLOAD + 1), quality=1), "br", "larger than"),
    ],
)
def test_a_body_that_cannot_be_decoded_says_why(body: bytes, coding: str, said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        decode_body(body, coding)


@given(body=st.binary(max_size=200), coding=st.sampled_from(["gzip", "deflate", "br", "zstd", "x"]))
def test_any_body_is_decoded_or_refused(body: bytes, coding: str) -> None:
    split_http(body)
    dechunk(body)
    with suppress(ArchiveError):
        decode_body(body, coding)


def test_a_body_of_a_hundred_thousand_gzip_members_is_read_in_seconds() -> None:
    body = gzip.compress(b"a", mtime=0) * 100_000
    begun = time.process_time()
    assert decode_body(body, "gzip") == b"a" * 100_000
    assert time.process_time() - begun < 6, "each member copied the rest: 10 s and more"
