"""What is looked at of one page: its text line by line, and what stands around each line."""

import time

import pytest

from archive.records import Content, Reading
from pipelines.layouts import Layouts
from pipelines.locate import article_lines
from pipelines.specimens import Origin, Spot, of_page
from tests.builders import body_of, installed, liferay, reading_of, tree_of
from tests.surveys import article, own_words, specimen


def spots(layouts: Layouts, body: str, lead: str = "") -> tuple[Spot, ...]:
    return specimen(installed(layouts), 0, body, lead=lead).spots


def spot(layouts: Layouts, markup: str, text: str) -> Spot:
    (found,) = (one for one in spots(layouts, article(0, middle=markup)) if one.text == text)
    return found


def selectors(layouts: Layouts, body: str) -> dict[str, list[str]]:
    """Selector → the lines in what it finds."""
    found = specimen(installed(layouts), 0, body)
    return {name: [s.text for s in found.spots[b.start : b.stop]] for b in found.boxes for name in b.selectors}


def test_lines_are_those_that_a_reader_sees_in_their_order(layouts: Layouts) -> None:
    body = article(0, '<p class="view-content-author">admin admin</p><p>leftcenterrightdel</p>')
    found = spots(layouts, body, lead="Bà con cùng làm.")
    assert [one.text for one in found] == ["Bà con cùng làm.", *own_words(0)]
    assert [one.body for one in found] == [False, True, True, True]


@pytest.mark.parametrize(
    ("markup", "linked"),
    [
        ('<p><a href="/x">Chia sẻ</a></p>', True),
        ('<a href="/x"><p>Chia sẻ</p></a>', True),
        ("<button>Chia sẻ</button>", True),
        ('<p><a href="/x">Chia</a> <a href="/y">sẻ</a></p>', True),
        ('<p>Chia <a href="/x">sẻ</a></p>', False),
        ("<p>Chia sẻ</p>", False),
        ('<p><a href="/documents/10/20/quyet-dinh.pdf">Chia sẻ</a></p>', False),
    ],
)
def test_a_line_is_linked_where_all_of_it_is_a_link_but_not_to_a_file(
    markup: str, linked: bool, layouts: Layouts
) -> None:
    assert spot(layouts, markup, "Chia sẻ").linked is linked


def test_what_has_more_than_a_hundred_elements_in_it_is_no_button(layouts: Layouts) -> None:
    markup = '<p><a href="/x">Chia sẻ</a>{}</p>'
    assert spot(layouts, markup.format("<i></i>" * 90), "Chia sẻ").linked
    assert not spot(layouts, markup.format("<i></i>" * 110), "Chia sẻ").linked


def test_a_picture_is_beside_what_stands_alone_next_to_it(layouts: Layouts) -> None:
    table = "<table><tr><td>Xóa ảnh</td></tr><tr><td><img src='/a.jpg'></td></tr></table>"
    assert spot(layouts, table, "Xóa ảnh").pictured
    assert not spot(layouts, "<p>Xóa ảnh</p>", "Xóa ảnh").pictured


def test_a_cell_is_one_whose_row_says_more(layouts: Layouts) -> None:
    assert spot(layouts, "<table><tr><td>Tổ 1</td><td>đạt</td></tr></table>", "đạt").cell
    assert not spot(layouts, "<table><tr><td>đạt</td></tr><tr><td>Tổ 1</td></tr></table>", "đạt").cell


def test_elements_are_named_by_each_class_and_by_their_id(layouts: Layouts) -> None:
    box = '<div class="chia-se clearfix" id="hop"><span class="nut">Gửi thư</span></div>'
    found = selectors(layouts, article(0, after=box))
    assert {name: lines for name, lines in found.items() if lines == ["Gửi thư"]}.keys() == {
        "div.chia-se",
        "div.clearfix",
        "div#hop",
        "span.nut",
    }


def test_a_name_that_css_cannot_say_as_it_stands_is_none(layouts: Layouts) -> None:
    found = selectors(layouts, article(0, after='<div class="a:b 9c tốt ok"><p>Gửi thư</p></div>'))
    assert [name for name, lines in found.items() if lines == ["Gửi thư"]] == ["div.ok"]


def test_part_of_a_sentence_is_no_element_of_its_own(layouts: Layouts) -> None:
    assert "span.noi" not in selectors(layouts, article(0, after='<p><span class="noi">(HNP)</span> - Sáng nay.</p>'))


def test_elements_that_hold_a_field_or_a_file_are_known_as_such(layouts: Layouts) -> None:
    body = article(0, after='<div class="tep"><a href="/documents/1/2/a.pdf">Kế hoạch</a></div>')
    fields = specimen(installed(layouts), 0, body).fields
    assert {"div.asset-full-content-title", "div.journal-content-article", "div.asset-content", "div.tep"} <= fields


def test_on_a_page_of_no_known_layout_the_text_is_what_the_reading_has_of_it(layouts: Layouts) -> None:
    said = "".join(f"<p>{words}</p>" for words in (*own_words(1), *own_words(2)))
    text = f'<html><body><div class="menu">Trang chủ</div><article><h1>Tin trường</h1>{said}</article></body></html>'
    reading, layout = reading_of(installed(layouts), text, "generic"), layouts["generic"]
    found = of_page(tree_of(text), layout, (), reading, Origin("langha", "langha:1", "2025-05-20"))
    assert tuple(one.text for one in found.spots) == body_of(reading) != ()
    assert not [one for one in found.spots if one.text == "Trang chủ"]


@pytest.mark.parametrize(
    "body",
    [
        "<p>" + "<b class='x'>" * 200 + "Chi bộ họp" + "</b>" * 200 + "</p>" + "<p>Chi bộ họp</p>" * 10_000,
        "<p>" + "Chi bộ họp<br>" * 20_000 + "</p>",
        "<div>" * 1_500 + "<p>Chi bộ họp</p>" * 20_000,
        "<p>" + '<a href="/x">họp</a> ' * 20_000 + "</p>",
        "<table>" + "<tr><td>họp</td><td>đạt</td></tr>" * 5_000 + "</table>",
    ],
    ids=["nested", "broken", "deep", "links", "cells"],
)
def test_a_hostile_page_takes_no_longer_than_its_size(body: str, layouts: Layouts) -> None:
    layout, tree = layouts["hanoi-liferay"], tree_of(liferay(body))
    lines = tuple(dict.fromkeys(article_lines(tree, layout)))
    reading = Reading("", "", layout.id, Content("", None, None, None, lines))
    begun = time.process_time()
    found = of_page(tree, layout, (), reading, Origin("songnhue", "songnhue:1", "2025-05-20"))
    assert time.process_time() - begun < 10
    assert found.spots
