"""The title of a page of no known layout: never the site's name, and never cut without evidence."""

import pytest

from pipelines.layouts import Layouts
from pipelines.lines import text_of
from pipelines.titles import heading, title_of_head
from tests.builders import body_of, installed, reading_of, tree_of

TITLE = "Lễ khai giảng năm học mới"
SITE = "Trường Tiểu học Hạ Kiều"
OG = '<meta property="og:{}" content="{}">'
LONG = "Sáng nay, 612 học sinh cùng đông đảo phụ huynh dự lễ khai giảng dưới gốc cây đa trong sân trường, trời mát."


def page(head: str = "", body: str = "", title: str = "") -> str:
    return (
        f"<html lang='vi'><head><title>{title}</title>{head}</head><body>{body}<p>{LONG}</p><p>{LONG}</p></body></html>"
    )


@pytest.mark.parametrize(
    ("title", "head", "body"),
    [
        (f"{TITLE} - {SITE}", OG.format("site_name", SITE), ""),
        (f"{TITLE} | {SITE}", OG.format("site_name", SITE.upper()), ""),
        (f"{SITE} :: {TITLE}", OG.format("site_name", SITE), ""),
        (f"{TITLE} – {SITE}", f'<meta name="application-name" content="{SITE}">', ""),
        (f"{TITLE} | {SITE}", "", f'<a href="/"><img src="/logo.png" alt="{SITE}"></a>'),
        (f"{TITLE} | {SITE}", "", f'<div><a href="https://th.example.vn/index.html"> {SITE} </a></div>'),
        (f"{TITLE} - Tin tức - {SITE}", OG.format("title", TITLE), ""),
        (f"{TITLE}", "", ""),
        (f"{SITE}", OG.format("title", f"{TITLE} - {SITE}") + OG.format("site_name", SITE), ""),
    ],
)
def test_the_sites_name_is_taken_off_where_the_page_shows_that_it_is_one(title: str, head: str, body: str) -> None:
    assert title_of_head(tree_of(page(head, body, title))) == (TITLE, False)


@pytest.mark.parametrize(
    "title", [f"{TITLE} - {SITE}", "Tuần lễ áo dài - nét đẹp công sở", "Covid-19 | Ba điều cần nhớ", "A :: B"]
)
def test_without_evidence_nothing_is_cut_and_the_reading_says_so(title: str, layouts: Layouts) -> None:
    assert title_of_head(tree_of(page("", "", title))) == (title, True)
    assert title_of_head(tree_of(page(OG.format("title", title), "", title))) == (title, True)
    reading = reading_of(installed(layouts), page("", "", title), "generic")
    assert reading.content is not None
    assert (reading.content.title, reading.warnings) == (title, ("unsure-title", "no-date"))


def test_a_hyphen_inside_a_word_separates_nothing() -> None:
    assert title_of_head(tree_of(page("", "", "Phòng dịch Covid-19 ở trường"))) == (
        "Phòng dịch Covid-19 ở trường",
        False,
    )


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("", f"<h1>{TITLE}</h1>", ""),
        ("", f"<h1><a href='/'>{SITE}</a></h1><h1>{TITLE}</h1>", f"{SITE} - {TITLE}"),
        (OG.format("site_name", SITE), f"<h1>{SITE}</h1><h2>{TITLE}</h2>", f"{TITLE} | {SITE}"),
        (OG.format("title", TITLE), f"<h1>Tin tức</h1><h2>{TITLE}</h2>", f"{TITLE} - {SITE}"),
        ("", f"<h1>Tin tức</h1><h3>{TITLE}</h3>", f"{TITLE} - Tin tức - {SITE}"),
        ("", f"<h2>Tin khác</h2><h1>{TITLE}</h1>", "Trang của trường"),
        ("", f"<h2>Lễ</h2><h2>{TITLE}</h2>", f"{TITLE} | {SITE}"),
        ("", f"<h1>Tin</h1><h1>Văn bản</h1><div class='t'>{TITLE}</div>", f"{TITLE} - Tin tức - {SITE}"),
    ],
)
def test_the_heading_that_the_head_confirms_is_the_title(head: str, body: str, title: str, layouts: Layouts) -> None:
    tree = tree_of(page(head, body, title))
    found = heading(tree)
    assert found is not None
    assert (text_of(found), found.getparent().tag) == (TITLE, "body")
    reading = reading_of(installed(layouts), page(head, body, title), "generic")
    assert reading.content is not None
    assert reading.content.title == TITLE
    assert TITLE not in body_of(reading)


def test_a_link_with_the_same_words_is_not_the_title() -> None:
    body = f"<a href='/moi'>{TITLE}</a><nav><b>{TITLE}</b></nav><p>{TITLE}</p>"
    found = heading(tree_of(page("", body, f"{TITLE} - {SITE}")))
    assert found is not None
    assert found.tag == "p"


def test_where_both_parts_stand_on_the_page_neither_is_taken_for_the_title() -> None:
    body = f"<div>{SITE}</div><div>{TITLE}</div>"
    assert heading(tree_of(page("", body, f"{SITE} - {TITLE}"))) is None


def test_of_several_headings_that_the_head_does_not_know_none_is_the_title() -> None:
    assert heading(tree_of(page("", "<h1>Tin tức</h1><h1>Văn bản</h1>", "Trang chủ của trường"))) is None


def test_a_page_without_any_title_has_none(layouts: Layouts) -> None:
    reading = reading_of(
        installed(layouts), page(OG.format("title", " "), f"<h1><a href='/'>{SITE}</a></h1>"), "generic"
    )
    assert reading.content is not None
    assert (reading.content.title, reading.warnings) == (None, ("no-title", "no-date"))
