"""Where feeds, sitemaps and dated lists lead: from a response to links."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.records import Page
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from pipelines.page import Response, read_page
from pipelines.recognise import identify
from tests.builders import NOON, PORTAL, PRESS, installed, page_of

SOURCE = SourceContext.of(
    "bao", "img-editor", [f"{PRESS}/tin"], (), [f"{PRESS}/rss/home.rss"], [f"{PRESS}/sitemap.xml"]
)
ENTRY = "<url><loc>{}</loc><lastmod>{}</lastmod></url>"


@pytest.fixture
def cleaner(layouts: Layouts) -> Cleaner:
    return Cleaner(layouts, [SOURCE])


def read(cleaner: Cleaner, path: str, text: str, **said: object) -> Page:
    values: dict[str, object] = {"status": 200, "content_type": "text/xml", **said}
    return read_page(Response("bao", PRESS + path, NOON, payload=text.encode(), **values), cleaner)  # type: ignore[arg-type]


def keys(page: Page) -> list[tuple[str, str]]:
    return [(link.kind, link.article_key or link.url_key) for link in page.links]


def test_addresses_in_the_sources_file_are_feeds_and_sitemaps(layouts: Layouts) -> None:
    kinds = {
        path: identify(PRESS + path, SOURCE, layouts["img-editor"])[0] for path in ("/rss/home.rss", "/sitemap.xml")
    }
    assert kinds == {"/rss/home.rss": "feed", "/sitemap.xml": "sitemap"}
    plain = SourceContext.of("bao", "img-editor", [f"{PRESS}/tin"])
    assert identify(f"{PRESS}/sitemap-2.xml.gz", SOURCE, layouts["img-editor"])[0] == "sitemap"
    assert identify(f"{PRESS}/sitemap-2.xml.gz", plain, layouts["img-editor"])[0] == "other"
    assert identify(f"{PRESS}/ve-sitemap-824401", SOURCE, layouts["img-editor"])[0] == "article"


def test_only_articles_of_the_source_are_followed(cleaner: Cleaner) -> None:
    addresses = (f"{PRESS}/mot-824401", f"{PRESS}/tin", "https://noi-khac.example/hai-824402", f"{PRESS}/lien-he")
    page = read(
        cleaner, "/sitemap.xml", f"<urlset>{''.join(ENTRY.format(url, '2025-05-10') for url in addresses)}</urlset>"
    )
    assert (page.kind, page.outcome, keys(page)) == ("sitemap", "ok", [("article", "bao:824401")])
    assert page.reading is page.article_key is None
    items = "".join(f"<item><link>{url}</link></item>" for url in addresses)
    page = read(cleaner, "/rss/home.rss", f"<rss><channel>{items}</channel></rss>", content_type="text/html")
    assert (page.kind, page.outcome, keys(page)) == ("feed", "ok", [("article", "bao:824401")])


def test_a_time_in_the_future_says_nothing(cleaner: Cleaner) -> None:
    for at, said in ((NOON, NOON), (NOON + timedelta(seconds=1), None)):
        text = f"<urlset>{ENTRY.format(f'{PRESS}/mot-824401', at.isoformat())}</urlset>"
        assert [link.said_at for link in read(cleaner, "/sitemap.xml", text).links] == [said]


def test_an_index_is_followed_where_the_sources_file_names_it_and_nowhere_else(cleaner: Cleaner) -> None:
    text = f"<sitemapindex><sitemap><loc>{PRESS}/sitemap-2.xml</loc></sitemap></sitemapindex>"
    assert keys(read(cleaner, "/sitemap.xml", text)) == [("sitemap", "bao.example.vn/sitemap-2.xml")]
    page = read(cleaner, "/sitemap-2.xml", text)
    assert (page.kind, page.outcome, page.links) == ("sitemap", "failed", ())
    assert page.reason == "an index that the source's file does not name: not followed"


def test_an_index_where_redirects_lead_to_is_followed_and_from_there_no_further_one(cleaner: Cleaner) -> None:
    names = ("bai-viet.xml", "sitemap_index.xml", "sitemap-2.xml")
    text = f"<sitemapindex>{''.join(f'<sitemap><loc>{PRESS}/{n}</loc></sitemap>' for n in names)}</sitemapindex>"
    for path in ("/sitemap_index.xml", "/wp-sitemap.xml", "/sitemap/index.xml", "/sitemaps-index.xml.gz"):
        page = read(cleaner, path, text)
        assert keys(page) == [("sitemap", f"bao.example.vn/{name}") for name in ("bai-viet.xml", "sitemap-2.xml")]


@pytest.mark.parametrize("path", ["/rss/home.rss", "/sitemap.xml"])
@pytest.mark.parametrize("text", ["", "<html><body>x", "chào", "<rss><channel>", "<urlset>"])
def test_what_cannot_be_read_is_a_failed_capture_with_the_reason(cleaner: Cleaner, path: str, text: str) -> None:
    page = read(cleaner, path, text)
    assert (page.outcome, page.links, page.settled) == ("failed", (), False)
    assert (page.reason or "").startswith(f"no {page.kind}: ")


def test_a_redirected_sitemap_is_followed_where_its_new_address_is_one_of_a_sitemap(cleaner: Cleaner) -> None:
    for target, found in (("/sitemap_index.xml", 1), ("/trang-chu", 0)):
        page = read(cleaner, "/sitemap.xml", "", status=301, location=target)
        assert (page.outcome, len(page.links)) == ("redirected", found)


def test_a_redirected_feed_is_followed_where_its_new_address_is_one_of_a_feed(cleaner: Cleaner) -> None:
    for target, found in (("/feed/", 1), ("/rss/moi.rss", 1), ("/atom.xml", 1), ("/trang-chu", 0), ("/feedback", 0)):
        page = read(cleaner, "/rss/home.rss", "", status=301, location=target)
        assert (page.outcome, [link.kind for link in page.links]) == ("redirected", ["feed"] * found)


def test_entries_of_a_list_have_the_dates_beside_them(layouts: Layouts) -> None:
    entry = (
        '<div class="asset-abstract"><a href="/tin/-/view_content/{0}-x.html"><img></a><h3 class="asset-title">'
        '<a href="/tin/-/view_content/{0}-x.html">Tin</a></h3>{1}</div>'
    )
    date = '<div class="assetPublishDate">{}</div>'
    shown = [(1, "20/05/2025 | 9:30 AM"), (2, ""), (3, "19/05/2025"), (4, "31/02/2025"), (5, "21/05/2025")]
    blocks = [entry.format(number, date.format(said) if said else "") for number, said in shown]
    page = page_of(installed(layouts), f"<div>{''.join(blocks)}</div>", url=f"{PORTAL}/hoat-ong-ang")
    first, third = datetime(2025, 5, 20, 2, 30, tzinfo=UTC), datetime(2025, 5, 18, 17, tzinfo=UTC)
    assert [link.said_at for link in page.links] == [first, None, third, None, None]  # the fifth is of tomorrow


def test_a_date_beside_two_articles_is_of_neither(layouts: Layouts) -> None:
    anchors = "".join(f'<h3 class="asset-title"><a href="/tin/-/view_content/{n}-x.html">Tin</a></h3>' for n in (1, 2))
    text = f'<div class="asset-abstract">{anchors}<p class="assetPublishDate">19/05/2025</p></div>'
    page = page_of(installed(layouts), text, url=f"{PORTAL}/hoat-ong-ang")
    assert [link.said_at for link in page.links] == [None, None]
