"""From one response to all that is known of it."""

from datetime import timedelta

import pytest

from archive.records import Page
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from pipelines.page import failure
from tests.builders import ARTICLE, NOON, PORTAL, SCHOOL, body_of, installed, liferay, page_of
from tests.pipelines.test_decode import cp1258
from tests.pipelines.test_tcvn3 import SENTENCE, typed

LONG = "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường mới trước ngày 30/6 theo đúng kế hoạch."
LIST = f"{PORTAL}/hoat-ong-ang"
ENTRY = '<div class="asset-abstract"><h3 class="asset-title"><a href="{}">Tin</a></h3></div>'


@pytest.fixture
def cleaner(layouts: Layouts) -> Cleaner:
    return installed(layouts)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "ok"), (304, "revisit-not-modified"), (301, "redirected"), (302, "redirected"), (308, "redirected"),
        (404, "gone"), (410, "gone"), (401, "blocked"), (403, "blocked"), (429, "blocked"), (451, "blocked"),
        (400, "failed"), (418, "failed"), (500, "failed"), (503, "failed"), (206, "failed"), (204, "failed"),
    ],
)  # fmt: skip
def test_the_status_says_how_an_attempt_ended(status: int, outcome: str, cleaner: Cleaner) -> None:
    page = page_of(cleaner, liferay(f"<p>{LONG}</p>"), status=status)
    assert (page.outcome, page.kind, page.article_key) == (outcome, "article", "songnhue:5100200")
    assert (page.reading is not None) is (outcome == "ok")
    assert (page.reason is None) is (outcome in ("ok", "revisit-not-modified"))


def test_a_page_that_does_not_show_its_layout_gives_no_content(cleaner: Cleaner) -> None:
    page = page_of(cleaner, f"<html><body><h1>Giao diện mới</h1><p>{LONG}</p></body></html>")
    assert page.outcome == "ok"
    assert page.reading is not None
    assert (page.reading.content, page.reading.warnings) == (None, ("layout-not-recognised",))


@pytest.mark.parametrize("payload", [b"", b"  \n", b"\x00\x00", b"<!-- -->"])
def test_an_empty_page_is_a_failure_that_says_so(payload: bytes, cleaner: Cleaner) -> None:
    page = page_of(cleaner, payload)
    assert (page.outcome, page.reason, page.reading) == ("failed", "empty or unreadable page", None)


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html; charset=utf-8"), ("utf-8", "text/html"), ("utf-8-sig", None),
        ("utf-8", "text/html; charset=iso-8859-1-khong-co"), ("utf-16", "text/html"),
    ],
)  # fmt: skip
def test_text_is_read_in_its_encoding(encoding: str, content_type: str | None, cleaner: Cleaner) -> None:
    text = liferay(f"<p>{LONG}</p>").replace('<meta charset="utf-8">', "")
    page = page_of(cleaner, text.encode(encoding), content_type=content_type)
    assert page.reading is not None
    assert body_of(page.reading) == (LONG,)


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=windows-1258", None])
def test_an_older_page_in_windows_1258_is_read(content_type: str | None, cleaner: Cleaner) -> None:
    """That encoding writes a letter and its tone mark apart: "Đa" + dot below + "i", "hô" + dot below + "i"."""
    text = liferay("<p>Đa\u0323i hô\u0323i chi bô\u0323</p>", title="Tin").replace('<meta charset="utf-8">', "")
    payload = text.replace("Nhuệ", "Nhuê\u0323").replace("Hoạt động Đảng", "").encode("cp1258")
    page = page_of(cleaner, payload, content_type=content_type)
    assert page.reading is not None
    assert body_of(page.reading) == ("Đại hội chi bộ",)


@pytest.mark.parametrize(
    ("payload", "warning"),
    [
        (typed(SENTENCE).encode(), "encoding:tcvn3:1"),
        (typed(SENTENCE).encode("latin-1"), "encoding:tcvn3:1"),
        (cp1258(SENTENCE), "encoding:cp1258"),
        (SENTENCE.encode() + b"\xe1", "encoding:damaged-utf-8:1"),
    ],
)
def test_a_plain_text_is_decoded_as_pages_are(payload: bytes, warning: str, cleaner: Cleaner) -> None:
    said = {"url": "file:///cu/1.txt", "status": None, "content_type": "text/plain"}
    reading = page_of(cleaner, payload, **said).reading
    assert reading is not None
    assert body_of(reading)[0].removesuffix("\ufffd") == SENTENCE
    assert reading.warnings[0] == warning


def test_a_page_without_its_layouts_marks_says_how_it_was_decoded(cleaner: Cleaner) -> None:
    reading = page_of(cleaner, cp1258(f"<html><body><p>{SENTENCE}</p></body></html>")).reading
    assert reading is not None
    assert reading.warnings == ("encoding:cp1258-not-utf-8", "layout-not-recognised")


def test_a_redirect_is_a_link_to_where_it_leads(cleaner: Cleaner) -> None:
    there = "/tuyen-giao/-/view_content/5100200-so-ket.html;jsessionid=0F"
    page = page_of(cleaner, b"", status=301, location=there)
    assert [(link.url, link.kind, link.article_key) for link in page.links] == [
        (f"{PORTAL}/tuyen-giao/-/view_content/5100200-so-ket.html", "article", "songnhue:5100200")
    ]


@pytest.mark.parametrize("location", [None, "", "http://127.0.0.1/-/view_content/1-a.html", "javascript:;", "/login"])
def test_a_redirect_to_elsewhere_is_no_link(location: str | None, cleaner: Cleaner) -> None:
    page = page_of(cleaner, b"", status=302, location=location)
    assert (page.outcome, page.links) == ("redirected", ())


def links(cleaner: Cleaner, *hrefs: str) -> list[tuple[str, str | None]]:
    page = page_of(cleaner, f"<html><body>{''.join(ENTRY.format(href) for href in hrefs)}</body></html>", url=LIST)
    assert (page.kind, page.outcome) == ("list", "ok")
    return [(link.url, link.article_key) for link in page.links]


def test_a_list_page_leads_to_its_articles_and_to_its_next_pages(cleaner: Cleaner) -> None:
    pages = '<div class="taglib-page-iterator"><a href="?_101_cur=2">2</a></div>'
    markup = ENTRY.format("/hoat-ong-ang/-/view_content/7-a.html") + pages
    page = page_of(cleaner, f"<html><body>{markup}</body></html>", url=LIST)
    assert [(link.kind, link.url_key, link.article_key) for link in page.links] == [
        ("article", "songnhue.hanoi.gov.vn/hoat-ong-ang/-/view_content/7-a.html", "songnhue:7"),
        ("list", "songnhue.hanoi.gov.vn/hoat-ong-ang?_101_cur=2", None),
    ]
    assert (page.article_key, page.reading) == (None, None)


@pytest.mark.parametrize(
    "href",
    [
        "/hoat-ong-ang/-/view_content/pop_up/7-a.html?_101_viewMode=print",
        "/hoat-ong-ang/-/view_content/7-a.html?_101_viewMode=print",
        "/en/en/hoat-ong-ang/-/view_content/7-a.html",
        "/vi/en/vi/hoat-ong-ang/-/view_content/7-a.html",
        "/hoat-ong-ang/-/view_content/vi/hoat-ong-ang/-/view_content/7-a.html",
        "https://khac.hanoi.gov.vn/hoat-ong-ang/-/view_content/7-a.html",
        "/gioi-thieu",
        "mailto:a@b.vn",
    ],
)
def test_print_copies_growing_addresses_and_other_sites_are_never_links(href: str, cleaner: Cleaner) -> None:
    assert links(cleaner, href) == []


def test_an_address_is_one_link_however_often_it_is_named(cleaner: Cleaner) -> None:
    article = "/hoat-ong-ang/-/view_content/7-a.html"
    found = links(
        cleaner, article, f"{article};jsessionid=0A", f"{article}#dau", f"http://songnhue.hanoi.gov.vn{article}"
    )
    assert found == [(f"{PORTAL}{article}", "songnhue:7")]


def test_one_article_has_one_key_at_all_its_addresses(cleaner: Cleaner) -> None:
    slugs = ("/a/-/view_content/7-a.html", "/vi/b/-/view_content/7-a-1.html", "/en/a/-/view_content/7-a.html")
    pages = [page_of(cleaner, liferay(f"<p>{LONG}</p>"), url=PORTAL + slug) for slug in slugs]
    assert {page.article_key for page in pages} == {"songnhue:7"}
    assert [page.preference for page in pages] == [0, 1, 2]


def test_related_articles_are_links(cleaner: Cleaner) -> None:
    box = '<div class="related_asset"><a href="/hoat-ong-ang/-/view_content/9-b.html">B</a></div>'
    page = page_of(cleaner, liferay(f"<p>{LONG}</p>", after=box))
    assert [link.article_key for link in page.links] == ["songnhue:9"]


def test_a_page_of_a_site_of_no_known_layout_is_an_article(cleaner: Cleaner) -> None:
    markup = '<html><body><h2><a href="/tin-tuc/khai-giang">Khai giảng</a></h2></body></html>'
    listed = page_of(cleaner, markup, url=f"{SCHOOL}/tin-tuc", source="langha")
    (link,) = listed.links
    assert (link.kind, link.article_key) == ("article", "langha:thlangha.example.edu.vn/tin-tuc/khai-giang")
    text = f"<html><body><h1>Khai giảng</h1><p>{LONG}</p><p>{LONG}</p></body></html>"
    page = page_of(cleaner, text, url=link.url, source="langha")
    assert (page.kind, page.article_key) == (link.kind, link.article_key)
    assert page.reading is not None
    assert LONG in body_of(page.reading)


def test_an_attempt_without_a_response_still_belongs_to_its_article(cleaner: Cleaner) -> None:
    page = failure("songnhue", ARTICLE, NOON, "failed", "timed out", cleaner)
    assert page == Page("failed", "timed out", "article", "songnhue:5100200", 0, "", None, None)


def test_a_view_count_and_the_hour_of_capture_change_no_content(cleaner: Cleaner) -> None:
    texts = [liferay(f"<p>{LONG}</p>", date=f"20/05/2025 | 9:30 AM | View count: {count}") for count in (1, 2)]
    pages = [page_of(cleaner, text, at=NOON + timedelta(days=n)) for n, text in enumerate(texts)]
    assert len({page.payload_digest for page in pages}) == 2
    assert len({page.reading.input_digest for page in pages if page.reading}) == 2
    assert len({page.reading.content for page in pages if page.reading}) == 1
    again = page_of(cleaner, texts[0], at=NOON + timedelta(days=9))
    assert again.reading == pages[0].reading
