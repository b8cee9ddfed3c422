"""Feeds of every kind, broken and hostile ones too."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.feeds import feeds_in_page, read_feed
from pipelines.hints import Entry
from pipelines.xmlfile import ListingError
from tests.builders import tree_of

FEED = "https://bao.example.vn/rss/home.rss"
AT = datetime(2025, 5, 10, 1, 15, tzinfo=UTC)
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Báo Sông Nhuệ</title>
<link>https://bao.example.vn/</link><atom:link href="https://bao.example.vn/rss/home.rss" rel="self"/>
<item><title>Một</title><link>https://bao.example.vn/mot-824401</link>
<pubDate>Sat, 10 May 2025 08:15:00 +0700</pubDate></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://bao.example.vn/tin/"><id>x</id>
<entry><link rel="enclosure" href="tieng.mp3"/><link rel="related" href="khac"/><link href="mot-824401"/>
<published>2025-05-09T08:15:00+07:00</published><updated>2025-05-10T08:15:00+07:00</updated>
<source><link href="https://noi-khac.example/"/><updated>2026-01-01T00:00:00Z</updated></source></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><link>https://bao.example.vn</link></channel>
<item><link>https://bao.example.vn/mot-824401</link><dc:date>2025-05-10T01:15:00Z</dc:date></item></rdf:RDF>"""
FORMS = {
    "RSS 2.0": RSS,
    "RSS 0.91, with its document type": RSS.replace("2.0", "0.91").replace(
        "<rss", '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss-0.91.dtd"><rss'
    ),
    "RSS 1.0": RDF,
    "Atom": ATOM.replace("/tin/", "/"),
}


def read(text: str | bytes, content_type: str | None = None) -> list[Entry]:
    return read_feed(text if isinstance(text, bytes) else text.encode(), content_type, FEED)


def item(words: str) -> str:
    return f"<rss><channel><item>{words}</item></channel></rss>"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_of_feed_gives_its_entries_and_their_times(form: str) -> None:
    assert read(form) == [Entry("https://bao.example.vn/mot-824401", AT)]


def test_addresses_start_from_what_the_feed_says_or_from_its_own_address() -> None:
    assert read(ATOM)[0].url == "https://bao.example.vn/tin/mot-824401"
    assert read(item("<link>/mot</link>"))[0].url == "https://bao.example.vn/mot"


def test_an_id_stands_in_for_a_link_only_where_it_is_an_address() -> None:
    assert [entry.url for entry in read(item("<guid>https://bao.example.vn/1</guid>"))] == ["https://bao.example.vn/1"]
    assert read(item("<guid>824401</guid>")) == []
    assert read(item('<guid isPermaLink="false">https://bao.example.vn/1</guid>')) == []


@pytest.mark.parametrize(
    "said",
    [
        *("5/10/2025 8:15:00 AM", "10/05/2025", "0001-01-01T00:00:00", "Thu, 01 Jan 1970 00:00:00 GMT", "hôm qua"),
        *("Sat, 99 May 2025 08:15:00 +0700", "2025-13-01", "9999-12-31T23:59:59-14:00", "9" * 99),
    ],
)
def test_what_is_no_certain_time_is_none(said: str) -> None:
    assert read(item(f"<link>/1</link><pubDate>{said}</pubDate>")) == [Entry("https://bao.example.vn/1", None)]


def test_a_time_without_a_zone_is_vietnams() -> None:
    assert read(item("<link>/1</link><pubDate>2025-05-10 08:15:00</pubDate>"))[0].at == AT
    assert read(item("<link>/1</link><pubDate>2025-05-10</pubDate>"))[0].at == AT - timedelta(hours=8, minutes=15)


@pytest.mark.parametrize(
    "words",
    [
        "<link>https://bao.example.vn/?a=1&b=2</link>",
        "<link>https://bao.example.vn/?a=1&amp;b=2</link>",
        "<link><![CDATA[ https://bao.example.vn/?a=1&b=2 ]]></link>",
        "<title>A & B&nbsp;</title><link>/?a=1&b=2</link>",
        "<title>&nbsp;</title><x:y/><link>/?a=1&amp;b=2</link>",
    ],
)
def test_ampersands_are_read_as_they_are_meant(words: str) -> None:
    assert [entry.url for entry in read(item(words))] == ["https://bao.example.vn/?a=1&b=2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1258"])
def test_feeds_in_other_encodings(encoding: str) -> None:
    text = RSS.replace('encoding="utf-8"', f'encoding="{encoding.removesuffix("-sig")}"').replace("Một", "Sông")
    assert read(text.replace("Báo Sông Nhuệ", "Đà").encode(encoding)) == [
        Entry("https://bao.example.vn/mot-824401", AT)
    ]


def test_a_wrong_or_unknown_encoding_costs_no_link() -> None:
    for said in ("no-such", "us-ascii", "utf-16"):
        text = RSS.replace('encoding="utf-8"', f'encoding="{said}"').encode()
        assert read(text, "application/rss+xml; charset=utf-8") == [Entry("https://bao.example.vn/mot-824401", AT)]
    assert len(read(RSS.encode().replace(b"M\xe1\xbb\x99t", b"\xff\xfe\x00\x01"))) == 1


@pytest.mark.parametrize("name", ["rss:item", "x:item", "item"])
def test_namespaces_may_be_wrong_or_missing(name: str) -> None:
    assert len(read(f"<rss><{name}><x:link>/1</x:link></{name}></rss>")) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"), (" \n\ufeff", "empty"), ("chào", "not XML"), ("<html><body><p>x</body></html>", "an HTML page"),
        ("<!DOCTYPE html><HTML><p>x", "an HTML page"), (RSS[:300], "cut short"), (RSS[:-4], "cut short"),
        ("<rss", "cut short"), ("<urlset></urlset>", "no feed but a <urlset>"), ("<x/>", "no format known here: <x>"),
        ("<rss>" + "<a>" * 300 + "</a>" * 300 + "</rss>", "nested too deep"), ("<" * 200_000, "not XML"),
        ("<rss>" + "&" * 500_001 + "</rss>", "more than 500000 ampersands"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ListingError, match=f"^{reason}"):
        read(text)


def test_a_page_names_its_feeds() -> None:
    page = tree_of(
        '<head><link rel="alternate" type="application/rss+xml" href="/rss/home.rss"><link rel="ALTERNATE" '
        'href="/a.xml" type="application/atom+xml; charset=utf-8"><link rel="alternate" hreflang="en" href="/en">'
        '<link rel="stylesheet" type="application/rss+xml" href="/no">'
        '<link rel="alternate" type="application/rss+xml" href="/rss/home.rss">'
    )
    assert feeds_in_page(page, "https://bao.example.vn/tin") == (FEED, "https://bao.example.vn/a.xml")


@given(st.data())
def test_no_mutation_of_a_feed_does_more_than_fail(data: st.DataObject) -> None:
    payload = bytearray(data.draw(st.sampled_from(list(FORMS.values()))).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(payload) - 1))
        end = start + data.draw(st.integers(0, 40))
        payload[start:end] = data.draw(
            st.binary(max_size=12) | st.sampled_from([b"", b"<", b"]]>", b"&a;", b"<!DOCTYPE"])
        )
        payload = payload or bytearray(b"<")
    with suppress(ListingError):
        assert all(entry.url.startswith("http") for entry in read(bytes(payload)))
