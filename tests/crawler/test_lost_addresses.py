"""What the frontier and the round make of addresses that did not give what they were asked for."""

from datetime import UTC, datetime

from archive.frontier import Known
from archive.records import Link, Page, Reading
from crawler.round import Round

URL, KEY = "http://a.vn/tin-1.html", "a.vn/tin-1.html"
EMPTY = Reading("i", "c", "hanoi-liferay", None, warnings=("layout-not-recognised",))


def known(
    url: str = URL, key: str = KEY, *, due: bool = True, captured: bool = False, outcome: str | None = None
) -> Known:
    return Known(url, key, "article", "a:1", due, captured, outcome, url, None, datetime(2025, 1, 1, tzinfo=UTC))


def page(outcome: str, *links: Link, reading: Reading | None = None) -> Page:
    return Page(outcome, None, "article", "a:1", 0, "p", "i", reading, links)


def test_a_redirect_to_https_is_followed_under_the_same_key() -> None:
    round_ = Round([known()])
    (asked,) = round_.begin()
    moved = page("redirected", Link("https://a.vn/tin-1.html", KEY, "article", "a:1"))
    (again,) = round_.done(asked, moved)
    assert (again.url, again.url_key) == ("https://a.vn/tin-1.html", KEY)


def test_a_redirect_to_itself_ends_after_five_hops() -> None:
    round_ = Round([known()])
    asked = round_.begin()
    urls = ["https://a.vn/tin-1.html", URL]
    hops = 0
    while asked:
        hops += 1
        link = Link(urls[hops % 2 - 1], KEY, "article", "a:1")
        asked = [one for one in round_.done(asked[0], page("redirected", link)) if one.url_key == KEY]
        assert hops < 10
    assert hops <= 6


def test_an_address_that_was_never_needed_is_asked_for_when_the_other_is_gone() -> None:
    other = known("http://a.vn/muc/tin-1.html", "a.vn/muc/tin-1.html", due=False)
    round_ = Round([known(captured=True, outcome="ok"), other])
    (asked,) = round_.begin()
    assert [one.url for one in round_.done(asked, page("gone"))] == [other.url]


def test_a_maintenance_page_sends_to_another_address_of_the_article() -> None:
    other = known("http://a.vn/muc/tin-1.html", "a.vn/muc/tin-1.html")
    round_ = Round([known(), other])
    (asked,) = round_.begin()
    assert [one.url for one in round_.done(asked, page("ok", reading=EMPTY))] == [other.url]
