"""The walk: what a reader sees as a line is one, and no word is lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from pipelines.lines import Line, Mark, has_words, walk

BODY, BYLINE, REMOVED = Mark("body"), Mark("byline"), Mark("removed", "rule")


def element(markup: str) -> etree._Element:
    return html.fragment_fromstring(markup, create_parent="div")


def lines(markup: str) -> list[str]:
    return [line.text for line in walk(element(markup), {})]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("Một<br>hai<br/><br>ba", ["Một", "hai", "ba"]),
        ("<p>Một</p><p>hai</p>", ["Một", "hai"]),
        ("<div>Một<div>hai<div>ba</div>bốn</div>năm</div>", ["Một", "hai", "ba", "bốn", "năm"]),
        ("<p>Đảng <b>viên</b> m<i>ớ</i>i</p>", ["Đảng viên mới"]),
        ("Một<span>hai</span>", ["Mộthai"]),
        ("<ul><li>Một<ul><li>hai</li></ul></li><li>ba</li></ul>", ["Một", "hai", "ba"]),
        ("<table><tr><th>Một</th><td>hai</td></tr></table>", ["Một", "hai"]),
        ("<dl><dt>Một</dt><dd>hai</dd></dl>", ["Một", "hai"]),
        ("<p>Một <!-- ẩn --> hai</p>", ["Một hai"]),
        ("<p>Một<!--[if mso]><p>ẩn</p><![endif]-->hai</p>", ["Mộthai"]),
        ("<p>Một <?xml:namespace prefix = o /> hai</p>", ["Một hai"]),
        ("<p>Một<script>var a = 1;</script> hai</p>", ["Một hai"]),
        ("<style>p {}</style><noscript>ẩn <p>ẩn</p></noscript><p>Một</p>", ["Một"]),
        ("<iframe>ẩn</iframe>Một<object>ẩn<p>ẩn</p></object>hai", ["Mộthai"]),
        ("<p>&nbsp;</p><p> \n </p><p>&#8203;</p>", []),
        ("<p>Một&nbsp;\n hai</p>", ["Một hai"]),
        ("<o:p>Một</o:p><p>hai</p>", ["Một", "hai"]),
        ("<button>trái</button><button>phải</button>", ["trái", "phải"]),
    ],
)
def test_what_a_reader_sees_as_a_line_is_one(markup: str, expected: list[str]) -> None:
    assert lines(markup) == expected


def test_what_follows_the_element_is_none_of_its_own() -> None:
    parent = element("<p>Một</p>đuôi")
    assert [line.text for line in walk(parent[0], {})] == ["Một"]


def test_a_line_belongs_to_the_innermost_marked_element() -> None:
    tree = element("<div>Một<p>hai <b>ba</b> bốn</p>năm</div>sáu")
    marks = {tree[0]: BODY, tree[0][0]: REMOVED}
    assert walk(tree, marks) == [
        Line("Một", BODY),
        Line("hai ba bốn", REMOVED),
        Line("năm", BODY),
        Line("sáu", None),
    ]


def test_a_whole_element_is_one_line_whatever_stands_in_it() -> None:
    tree = element("<div>Thư cảm ơn<br>của <p>Đảng bộ</p><div>phường</div></div>sau")
    assert walk(tree, {tree[0]: Mark("title", whole=True)}) == [
        Line("Thư cảm ơn của Đảng bộ phường", Mark("title", whole=True)),
        Line("sau", None),
    ]


def test_an_unmarked_line_before_a_marked_element_is_not_drawn_into_it() -> None:
    tree = element("trước<b>trong</b>sau")
    assert walk(tree, {tree[0]: BYLINE}) == [Line("trước", None), Line("trong", BYLINE), Line("sau", None)]


@pytest.mark.parametrize("tag", ["iframe", "script", "noscript", "object"])
def test_a_marked_element_that_shows_no_words_takes_none_from_around_it(tag: str) -> None:
    """A share button in an iframe, named by a noise rule, stands in the middle of a sentence."""
    tree = element(f"<p>Đại biểu <{tag}></{tag}>đồng tình</p>")
    assert walk(tree, {tree[0]: BODY, tree[0][0]: REMOVED}) == [Line("Đại biểu đồng tình", BODY)]


def test_fifty_thousand_nested_elements_are_walked() -> None:
    builder = etree.TreeBuilder()
    for _ in range(50_000):
        builder.start("div", {})
    builder.data("đáy")
    for _ in range(50_000):
        builder.end("div")
    root = builder.close()
    assert walk(root, {}) == [Line("đáy", None)]


words = st.sampled_from(["Đảng ", " viên", "mới", "\u00a0", ""])
tags = st.sampled_from(["p", "div", "b", "span", "li", "td", "br", "em", "h2"])
fragments = st.recursive(
    words,
    lambda inner: st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", tags, st.lists(inner, max_size=4)),
    max_leaves=25,
)


@given(fragments)
def test_no_letter_is_lost_or_doubled(markup: str) -> None:
    tree = element(markup)
    shown = Counter("".join("".join(tree.itertext()).split()))
    assert Counter("".join("".join(lines(markup)).split())) == shown
    assert has_words(tree) == bool(shown)


@given(fragments, st.integers(0, 1_000))
def test_a_mark_takes_its_own_letters_and_no_other(markup: str, where: int) -> None:
    tree = element(markup)
    inside = list(tree.iter())[where % len(list(tree.iter()))]
    marked = walk(tree, {inside: REMOVED})
    taken = "".join(line.text for line in marked if line.mark is REMOVED)
    left = "".join(line.text for line in marked if line.mark is not REMOVED)
    assert "".join(taken.split()) == "".join("".join(inside.itertext()).split())
    assert Counter("".join((left + taken).split())) == Counter("".join("".join(lines(markup)).split()))
