"""Sitemaps: the forms of the protocol, too much of everything, and XML that means harm."""

import gzip
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import xmlfile
from pipelines.hints import Entry
from pipelines.sitemaps import MAX_CHILDREN, Sitemap, read_sitemap
from pipelines.xmlfile import ListingError

HERE = "https://bao.example.vn/sitemap.xml"
CUT = "more than 3 entries: the rest is left"
AT = datetime(2025, 5, 10, 1, 15, tzinfo=UTC)
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
PAGES = f"""<?xml version="1.0" encoding="UTF-8"?><urlset {SPACE}
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">
<url><loc> https://bao.example.vn/mot-824401 </loc><lastmod>2025-05-10T08:15:00+07:00</lastmod>
<image:image><image:loc>https://bao.example.vn/anh.jpg</image:loc></image:image>
<xhtml:link rel="alternate" hreflang="en" href="https://bao.example.vn/en/one"/></url>
<url><loc>https://bao.example.vn/hai-824402</loc></url></urlset>"""
TWO = (Entry("https://bao.example.vn/mot-824401", AT), Entry("https://bao.example.vn/hai-824402", None))
INDEX = f"""<sitemapindex {SPACE}><sitemap><loc>/sitemap-2024.xml.gz</loc><lastmod>2024-12-31</lastmod></sitemap>
<sitemap><loc>https://bao.example.vn/sitemap-2025.xml</loc><lastmod>2025-05-10</lastmod></sitemap></sitemapindex>"""
NEWS = f"""<urlset {SPACE} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url>
<loc>https://bao.example.vn/mot-824401</loc><news:news><news:publication_date>2025-05-10T01:15:00Z
</news:publication_date></news:news></url></urlset>"""


def read(text: str | bytes) -> Sitemap:
    return read_sitemap(text if isinstance(text, bytes) else text.encode(), None, HERE)


def one(words: str, before: str = "") -> str:
    return f"{before}<urlset><url><loc>https://bao.example.vn/{words}</loc></url></urlset>"


def test_a_sitemap_gives_its_pages_and_not_their_pictures_or_translations() -> None:
    assert read(PAGES) == Sitemap(pages=TWO)
    assert read(PAGES.replace(SPACE, "")) == Sitemap(pages=TWO)
    assert read(PAGES.replace(SPACE, 'xmlns="https://sitemap.example/9"')) == Sitemap(pages=TWO)


def test_an_index_gives_its_sitemaps_the_latest_first() -> None:
    found = read(INDEX)
    assert [entry.url.rpartition("/")[2] for entry in found.sitemaps] == ["sitemap-2025.xml", "sitemap-2024.xml.gz"]
    assert (found.pages, found.note) == ((), None)


def test_a_sitemap_of_news_gives_the_time_of_publication() -> None:
    assert read(NEWS).pages == TWO[:1]


def test_a_list_of_addresses_and_a_feed_will_do_for_a_sitemap() -> None:
    text = "\ufeffhttps://bao.example.vn/1\r\n\r\n  https://bao.example.vn/2  \nkhông\nhttps://bao.example.vn/1\n"
    assert [entry.url for entry in read(text).pages] == ["https://bao.example.vn/1", "https://bao.example.vn/2"]
    assert read("<rss><channel><item><link>/mot-824401</link></item></channel></rss>").pages[0].url == TWO[0].url


def test_gzip_is_known_by_its_bytes_whatever_its_name() -> None:
    assert read(gzip.compress(PAGES.encode())) == read(PAGES)
    parts = PAGES.encode()[:100], PAGES.encode()[100:]
    assert read(b"".join(map(gzip.compress, parts))) == read(PAGES)


def test_too_long_addresses_are_left() -> None:
    assert read(one("a" * 2020)).pages
    assert not read(one("a" * 2040)).pages


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"), (b"<html><body>404</body></html>", "an HTML page"), (b"khong co", "neither XML nor a list"),
        (PAGES.encode()[:-9], "cut short: </urlset> is missing"),
        (gzip.compress(PAGES.encode(), mtime=0)[:-20], "gzip cut short"),
        (b"\x1f\x8b\x08\x00xx", "gzip cut short|damaged gzip"), (gzip.compress(b"", mtime=0), "empty"),
        (b"<urlset><a/>" * 20 + b"</urlset>" + b"<b>" * 300, "nested too deep|cut short"),
    ],
)  # fmt: skip
def test_what_is_no_sitemap_is_refused_with_the_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(ListingError, match=f"^(?:{reason})"):
        read(payload)


def test_an_empty_sitemap_is_one() -> None:
    assert read(f"<urlset {SPACE}/>") == read("<urlset></urlset>") == Sitemap()


def test_no_file_is_read_and_no_entity_is_expanded(tmp_path: Path) -> None:
    """With `resolve_entities=True` the words of the file, and the letters of the entity, stand in an address."""
    secret = tmp_path / "secret"
    secret.write_text("mat-khau", "utf-8")
    for entity in (f'SYSTEM "{secret.as_uri()}"', f'PUBLIC "x" "{secret}"', '"mat-khau"'):
        text = one("a&e;b", f"<!DOCTYPE urlset [<!ENTITY e {entity}>]>")
        assert read(text) == Sitemap()
    parameter = f'<!DOCTYPE urlset [<!ENTITY % e SYSTEM "{secret.as_uri()}"> %e;]>'
    assert read(one("a", parameter)).pages == read(one("a")).pages
    assert read(one("a", f'<!DOCTYPE urlset SYSTEM "{secret.as_uri()}">')).pages == read(one("a")).pages


@pytest.mark.parametrize("place", ["<loc>https://bao.example.vn/&l9;</loc>", '<loc a="&l9;">x</loc>', "&l9;"])
def test_a_billion_laughs_are_not_laughed(place: str) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE urlset [<!ENTITY l0 "ha">{levels}]><urlset><url>{place}</url></urlset>'
    assert peak(text.encode()) < 2 * 2**20


def peak(payload: bytes) -> int:
    """The most memory that Python holds while it reads this, in bytes."""
    tracemalloc.start()
    with suppress(ListingError):
        read(payload)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_a_bomb_is_unpacked_no_further_than_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlfile, "MAX_BYTES", 2**20)
    bomb = gzip.compress(b"\x20" * 64 * 2**20)
    assert peak(bomb) < 4 * 2**20
    with pytest.raises(ListingError, match="larger than 1048576 bytes unpacked"):
        read(bomb)
    with pytest.raises(ListingError, match="larger than"):
        read(gzip.compress(b" " * 2**19) * 3)


def test_too_many_entries_are_cut_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlfile, "MAX_RECORDS", 3)
    entry = "<url><loc>https://bao.example.vn/{}</loc></url>"
    for count, note in ((3, None), (4, CUT), (5, CUT)):
        found = read(f"<urlset>{''.join(map(entry.format, range(count)))}</urlset>")
        assert (len(found.pages), found.note) == (3, note)


def test_too_many_elements_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlfile, "MAX_ELEMENTS", 100)
    for text in ("<urlset>" + "<b/>" * 200 + "</urlset>", "<urlset><url>" + "<b/>" * 200 + "</url></urlset>"):
        with pytest.raises(ListingError, match="more than 100 elements"):
            read(text)


def test_too_many_sitemaps_of_an_index_are_left_the_oldest() -> None:
    entry = "<sitemap><loc>/s{0}.xml</loc><lastmod>{0}-01-01</lastmod></sitemap>"
    found = read(f"<sitemapindex>{''.join(map(entry.format, range(2000, 2000 + MAX_CHILDREN + 5)))}</sitemapindex>")
    assert len(found.sitemaps) == MAX_CHILDREN
    assert found.sitemaps[-1].url.endswith("/s2005.xml")
    assert found.note == "1005 sitemaps in an index: only the 1000 latest are followed"


@given(st.data())
def test_no_mutation_of_a_sitemap_does_more_than_fail(data: st.DataObject) -> None:
    payload = bytearray(data.draw(st.sampled_from([PAGES, INDEX, NEWS])).encode())
    if packed := data.draw(st.booleans()):
        payload = bytearray(gzip.compress(bytes(payload), mtime=0))
    for _ in range(data.draw(st.integers(1, 3 if packed else 6))):
        start = data.draw(st.integers(0, len(payload) - 1))
        payload[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
        payload = payload or bytearray(b"<")
    with suppress(ListingError):
        found = read(bytes(payload))
        assert all(entry.url.startswith("http") for entry in (*found.pages, *found.sitemaps))
