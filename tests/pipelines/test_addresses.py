"""Addresses: what does not name a page is not in its key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.addresses import absolute, host_of, url_key

BASE = "https://songnhue.hanoi.gov.vn/hoat-ong-ang/-/view_content/101-so-ket.html"


@pytest.mark.parametrize(
    "url",
    [
        "http://caugiay.hanoi.gov.vn/tin-tuc?p=2&q=1",
        "https://caugiay.hanoi.gov.vn/tin-tuc?q=1&p=2",
        "HTTPS://CauGiay.Hanoi.gov.vn/tin-tuc?p=2&q=1",
        "http://caugiay.hanoi.gov.vn:80/tin-tuc?p=2&q=1",
        "https://caugiay.hanoi.gov.vn:443/tin-tuc?p=2&q=1",
        "https://caugiay.hanoi.gov.vn/tin-tuc?p=2&q=1#dau-trang",
        "https://caugiay.hanoi.gov.vn/tin-tuc;jsessionid=0A1B2C.node1?p=2&q=1",
        "https://caugiay.hanoi.gov.vn/tin-tuc?PHPSESSID=abc&p=2&q=1",
        "https://caugiay.hanoi.gov.vn/tin-tuc?p=2&PHPSESSID=abc&q=1",
    ],
)
def test_what_does_not_name_a_page_is_not_in_its_key(url: str) -> None:
    assert url_key(url) == "caugiay.hanoi.gov.vn/tin-tuc?p=2&q=1"


@pytest.mark.parametrize(
    "other",
    [
        "https://caugiay.hanoi.gov.vn/tin-tuc?p=3",
        "https://caugiay.hanoi.gov.vn/Tin-Tuc?p=2",
        "https://caugiay.hanoi.gov.vn/tin-tuc/?p=2",
        "https://caugiay.hanoi.gov.vn:8443/tin-tuc?p=2",
        "http://caugiay.hanoi.gov.vn:443/tin-tuc?p=2",
        "https://dongda.hanoi.gov.vn/tin-tuc?p=2",
        "https://caugiay.hanoi.gov.vn/tin-tuc?p=2&resid=5",
    ],
)
def test_what_names_another_page_has_another_key(other: str) -> None:
    assert url_key(other) != url_key("https://caugiay.hanoi.gov.vn/tin-tuc?p=2")


def test_the_front_page_has_one_key() -> None:
    spellings = ("http://bao.example.vn", "https://bao.example.vn/", "https://bao.example.vn/;jsessionid=1")
    assert {url_key(url) for url in spellings} == {"bao.example.vn/"}


def test_letters_and_their_escapes_are_one_page() -> None:
    escaped = "https://bao.example.vn/tin-t%E1%BB%A9c?q=%C4%91%E1%BA%A3ng"
    assert url_key("https://bao.example.vn/tin-tức?q=đảng") == url_key(escaped)


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/tin-tuc", "https://songnhue.hanoi.gov.vn/tin-tuc"),
        ("102-tin.html", "https://songnhue.hanoi.gov.vn/hoat-ong-ang/-/view_content/102-tin.html"),
        ("?p=2", "https://songnhue.hanoi.gov.vn/hoat-ong-ang/-/view_content/101-so-ket.html?p=2"),
        (" //bao.example.vn/a ", "https://bao.example.vn/a"),
        ("/a;jsessionid=0F?p=2#x", "https://songnhue.hanoi.gov.vn/a?p=2"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765/"),
        ("javascript:_101_printPage_0();", None),
        ("mailto:bbt@songnhue.vn", None),
        ("http://[::1", None),
        ("http://a.vn:99999/", None),
        ("http:///khong-co-may-chu", None),
        ("ftp://songnhue.hanoi.gov.vn/a", None),
    ],
)
def test_a_link_names_an_address_or_nothing(href: str, expected: str | None) -> None:
    assert absolute(BASE, href) == expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Bao.Example.vn/a", "bao.example.vn"),
        ("http://127.0.0.1:8765/a", "127.0.0.1:8765"),
        ("http://bao.example.vn:80/", "bao.example.vn"),
        ("https://bao.example.vn:80/", "bao.example.vn:80"),
        ("http://user:secret@bao.example.vn/", "bao.example.vn"),
    ],
)
def test_a_host_carries_its_port_where_it_is_not_the_schemes_own(url: str, host: str) -> None:
    assert host_of(url) == host


odd = st.one_of(
    st.text(max_size=40),
    st.text(st.sampled_from("htps:/?#&=%;.@[]-\\ \t\n1aZđ\u0130\u200b"), max_size=40),
    st.builds("http://{}".format, st.text(max_size=30)),
    st.builds("https://a.vn/{}".format, st.text(max_size=30)),
)


@given(odd)
def test_no_odd_link_crashes_and_its_key_is_stable(href: str) -> None:
    found = absolute(BASE, href)
    if found is not None:
        key = url_key(found)
        assert host_of(found) == key.partition("/")[0]
        assert url_key(f"https://{key}") == url_key(f"https://{key}#x")


@given(odd)
def test_a_link_found_again_is_the_same_address(href: str) -> None:
    found = absolute(BASE, href)
    if found is not None:
        assert absolute(BASE, found) == found
        assert url_key(found) == url_key(absolute(BASE, found) or "")


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30), st.text(max_size=30))
def test_a_key_of_a_key_is_itself(path: str, query: str) -> None:
    found = absolute(BASE, f"/{path}?{query}")
    if found is not None:
        assert url_key(f"https://{url_key(found)}") == url_key(found)
