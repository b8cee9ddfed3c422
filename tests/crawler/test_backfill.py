"""Which links a collect back to a day follows."""

from datetime import UTC, date, datetime

from archive.records import Link, Page
from crawler.backfill import within

SINCE = date(2025, 5, 10)
OLD, NEW = datetime(2025, 5, 9, 16, 59, tzinfo=UTC), datetime(2025, 5, 9, 17, 0, tzinfo=UTC)  # midnight in Vietnam


def link(name: str, kind: str, said_at: datetime | None = None, *, follows: bool = False) -> Link:
    return Link(f"https://h/{name}", f"h/{name}", kind, None, follows, said_at)


def kept(kind: str, *links: Link) -> list[str]:
    page = Page("ok", None, kind, None, 0, "", None, None, links)
    return [one.url_key[2:] for one in within(page, SINCE).links]


def test_what_is_said_to_be_older_is_left_and_what_nothing_is_said_of_is_followed() -> None:
    for kind in ("list", "feed", "sitemap"):
        assert kept(kind, link("1", "article", OLD), link("2", "article", NEW), link("3", "article")) == ["2", "3"]
    assert kept("sitemap", link("1", "sitemap", OLD), link("2", "sitemap", NEW), link("3", "sitemap")) == ["2", "3"]


def test_a_list_is_followed_until_all_its_articles_are_older() -> None:
    further = link("p2", "list", follows=True)
    assert kept("list", link("1", "article", OLD), further) == []
    assert kept("list", link("1", "article", OLD), link("2", "article", NEW), further) == ["2", "p2"]
    assert kept("list", link("1", "article", OLD), link("2", "article"), further) == ["2", "p2"]
    assert kept("list", further) == ["p2"]


def test_a_list_is_walked_page_by_page() -> None:
    assert kept("list", link("1", "article"), link("p2", "list", follows=True), link("p9", "list")) == ["1", "p2"]


def test_what_an_article_relates_to_is_left_and_its_files_are_not() -> None:
    assert kept("article", link("1", "article"), link("2", "attachment")) == ["2"]
