"""What a page may hold: hostile pages, each made here, read or refused by what they are, within seconds and memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest

from archive.records import Page
from archive.warc import Exchange
from pipelines.bounds import MAX_BYTES, MAX_LINE, MAX_LINES, MAX_MARKS, MAX_TAGS
from pipelines.cleaner import Cleaner
from pipelines.exchange import read_exchange
from pipelines.layouts import Layouts
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.builders import HTML, NOON, SOURCE_OF, URL_OF, body_of, installed, liferay, press

LINE = "Đảng ủy phường Sông Nhuệ sơ kết công tác quý một. "
GOOD = f"<p>{LINE * 5}</p>"
LAYOUTS = ("hanoi-liferay", "generic")


def page(body: str, layout: str) -> str:
    """An article of a known layout, or of none."""
    if layout != "generic":
        return liferay(body)
    return f"<!DOCTYPE html><html lang='vi'><body><article><h1>Khai giảng</h1>{GOOD}{body}</article></body></html>"


def exchange(payload: bytes, layout: str = "hanoi-liferay", coding: str = "identity") -> Exchange:
    headers = (("Content-Type", HTML), ("Content-Encoding", coding))
    return Exchange(SOURCE_OF[layout], URL_OF[layout], NOON, 200, headers, payload)


def squeezed(piece: bytes, mebibytes: int, compressor: "zlib._Compress") -> bytes:
    """So many MiB, packed piece by piece: the whole stands nowhere."""
    return b"".join(compressor.compress(piece * (2**20 // len(piece))) for _ in range(mebibytes)) + compressor.flush()


def gzipped(mebibytes: int) -> bytes:
    return squeezed(b"<p>a b</p>\n", mebibytes, zlib.compressobj(9, zlib.DEFLATED, 31))


def brotlied(mebibytes: int) -> bytes:
    compressor = brotli.Compressor(quality=1)
    return b"".join(compressor.process(b"<p>a b</p>\n" * 95_000) for _ in range(mebibytes)) + compressor.finish()


#: Bodies of articles, and the beginning of the reason why such a page is refused; None: it is read.
HOSTILE: dict[str, tuple[Callable[[], str], str | None]] = {
    "nested": (lambda: "<div>" * 200_000 + LINE + "</div>" * 200_000, "400,0"),
    "nested-below-the-bound": (lambda: "<div>" * 20_000 + LINE, "elements in more levels"),
    "paragraph": (lambda: f"<p>{'tiếng ' * 1_700_000}</p>", "a line of"),
    "paragraph-without-spaces": (lambda: f"<p>{'a' * 10_000_000}</p>", "a line of"),
    "marks": (lambda: "<p>a" + "\u0301\u0323" * 500_000, "250 marks"),
    "marks-as-numbers": (lambda: f"<p>a{'&#769;&#803;' * 500_000}</p>", "250 marks"),
    "marks-between-invisible": (lambda: "<p>a" + "\u0301\u200b\u0323\u00ad" * 100_000, "250 marks"),
    "empty-elements": (lambda: "<i></i>" * 1_000_000, "2,000,0"),
    "cells": (lambda: f"<table>{('<tr>' + '<td>a</td>' * 10 + '</tr>') * 10_000}</table>", "220,0"),
    "attribute": (lambda: f"<p title='{'a' * 50_000_000}'>x</p>", "50,000,"),
    "line-breaks": (lambda: "<br>" * 1_000_000, "1,000,0"),
    "entities": (lambda: f"<p>{'&aacute;&#x1ea1;' * 400_000}</p>", None),
    "long-lines": (lambda: f"<p>{'tiếng ' * 160_000}</p>" * 5, None),
    "many-lines": (lambda: "<p>a" * (MAX_TAGS // 4), None),
    "many-links": (lambda: "".join(f'<a href="/{n}.pdf">a</a> ' for n in range(MAX_TAGS // 10)), None),
}


@pytest.fixture(scope="module")
def cleaner(layouts: Layouts) -> Cleaner:
    return installed(layouts)


@pytest.fixture(scope="module")
def read(cleaner: Cleaner) -> Iterator[PooledReader]:
    """A worker that a page may occupy for some seconds, and give some hundred MiB."""
    with PooledReader(1, cleaner, Limits(seconds=15, mebibytes=400)) as reader:
        yield reader


def said(found: Page) -> str:
    return found.reason or ""


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_read_or_refused_within_bounds(name: str, layout: str, read: PooledReader) -> None:
    make, refused = HOSTILE[name]
    found, after = read(
        [exchange(page(make(), layout).encode(), layout), exchange(page(GOOD, layout).encode(), layout)]
    )
    if refused is None:
        assert (found.outcome, found.reason) == ("ok", None)
    else:
        assert found.outcome == "failed"
        assert said(found).startswith(f"more than is read: {refused}"), found.reason
        assert found.cleaner_digest is not None
        assert found.payload_digest
    assert after.outcome == "ok"


@pytest.mark.parametrize(
    ("payload", "coding"),
    [
        (lambda: gzipped(300), "gzip"),
        (lambda: gzip.compress(gzipped(300)), "gzip, gzip"),
        (lambda: squeezed(b"<p>a b</p>\n", 300, zlib.compressobj()), "deflate"),
        (lambda: squeezed(b"<p>a b</p>\n", 300, zlib.compressobj(wbits=-15)), "deflate"),
        (lambda: brotlied(300), "br"),
    ],
    ids=["gzip", "gzip-of-gzip", "zlib", "deflate", "brotli"],
)
def test_a_bomb_is_never_unpacked_whole(payload: Callable[[], bytes], coding: str, cleaner: Cleaner) -> None:
    with PooledReader(1, cleaner, Limits(seconds=15, mebibytes=160)) as read:
        (found,) = read([exchange(payload(), coding=coding)])
    assert (found.outcome, found.reason) == ("failed", "body larger than 67108864 bytes")


def test_a_date_in_an_attribute_is_short(read: PooledReader) -> None:
    spaces = " " * 1_000_000
    body = press(GOOD).replace('"post-subinfo"', f'"post-subinfo" datetime="28/05/2025{spaces}x"')
    (found,) = read([exchange(body.encode(), "img-editor")])
    assert found.reading is not None
    assert found.reading.published_at == "2025-05-28T07:40:00+07:00"


def text_of(lines: str) -> Exchange:
    at = "file:///ghi-chep/bai.txt"
    return Exchange("songnhue", at, NOON, None, (("Content-Type", "text/plain"),), lines.encode(), outcome="ok")


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        (f"{LINE}\n" * 200, None),
        ("a" * (MAX_LINE + 1), "a line of 1,000,001 characters"),
        ("a\n" * (MAX_LINES + 1), "50,001 lines"),
        ("a" + "\u0301" * MAX_MARKS, "250 marks"),
        ("a\n" * 10 + "b" * MAX_BYTES, "16,777,236 bytes"),
    ],
    ids=["good", "line", "lines", "marks", "bytes"],
)
def test_plain_texts_have_the_same_bounds(lines: str, refused: str | None, cleaner: Cleaner) -> None:
    found = read_exchange(text_of(lines), cleaner)
    if refused is None:
        assert found.reading is not None
        assert len(body_of(found.reading)) == 200
    else:
        assert (found.outcome, said(found).partition(": ")[2].startswith(refused)) == ("failed", True), found.reason


def test_a_challenge_that_holds_too_much_is_a_challenge_all_the_same(cleaner: Cleaner) -> None:
    bomb = exchange(page("<i></i>" * MAX_TAGS, "generic").encode())
    found = read_exchange(Exchange(bomb.source_id, bomb.url, NOON, 403, bomb.headers, bomb.body), cleaner)
    assert (found.outcome, found.reason) == ("blocked", "status 403")
