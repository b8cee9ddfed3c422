"""Cleaning: a pure function that accounts for every line."""

import json
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from lxml import etree

from archive.records import Reading
from pipelines import extraction as extraction_module
from pipelines.bounds import TooMuchError
from pipelines.decode import decode
from pipelines.layouts import Layouts
from pipelines.locate import article_lines
from pipelines.noise import Rules
from pipelines.tcvn3 import restore_tree
from tests.builders import account, body_of, cleaned, installed, liferay, page_of, press, reading_of, tree_of
from tests.cases import Case, cases

ALL = cases()
IDS = [f"{case.layout}/{case.name}" for case in ALL]
ASIDES = {"dateline"}  # rules that take a part of a line: on the page it is one line with what is left of it
LONG = "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường mới trước ngày 30/6 theo đúng kế hoạch."


def _tree(case: Case) -> etree._Element:
    decoded = decode(case.payload, case.content_type)
    tree = tree_of(decoded.text)
    if decoded.suspect:
        restore_tree(tree)
    return tree


def _clean(case: Case, layouts: Layouts, tree: etree._Element | None = None) -> Reading:
    page = _tree(case) if tree is None else tree
    return cleaned(page, layouts, case.layout, case.url)


@pytest.mark.parametrize("case", [c for c in ALL if c.layout != "generic"], ids=[i for i in IDS if "generic" not in i])
def test_every_line_of_the_article_element_is_accounted_for(case: Case, layouts: Layouts) -> None:
    reading, lines = _clean(case, layouts), Counter(article_lines(_tree(case), layouts[case.layout]))
    evidence = reading.published_evidence
    in_attribute = Counter([evidence] if evidence and evidence not in lines else [])  # which is no line
    if any(removed.rule in ASIDES for removed in reading.removed):
        assert _letters(" ".join(account(reading).elements())) == _letters(" ".join((lines + in_attribute).elements()))
    else:
        assert account(reading) == lines + in_attribute


@pytest.mark.parametrize("case", [c for c in ALL if c.layout == "generic"], ids=[i for i in IDS if "generic" in i])
def test_every_letter_of_a_page_of_no_known_layout_is_accounted_for(case: Case, layouts: Layouts) -> None:
    (body,) = _tree(case).xpath("//body")
    shown = unicodedata.normalize("NFC", " ".join(body.itertext()))
    reading = _clean(case, layouts)
    said = " ".join(account(reading).elements())
    title = reading.content.title if reading.content is not None else None
    for field in (reading.published_evidence or "", title or ""):  # the head may say them
        if field not in shown:
            said = said.replace(field, "", 1)
    assert _letters(said) == _letters(shown)


def _letters(text: str) -> Counter[str]:
    return Counter("".join(unicodedata.normalize("NFC", text).split()))


@pytest.mark.parametrize("layout", ["hanoi-liferay", "img-editor"])
def test_a_byline_inside_a_paragraph_loses_no_word(layout: str, layouts: Layouts) -> None:
    writer = '<b id="tacgia" class="tacgia">Minh Anh</b>'
    body = f"<p>{LONG}</p><p>Buổi lễ khép lại trong tiếng vỗ tay. {writer}</p>"
    reading = reading_of(installed(layouts), (liferay if layout == "hanoi-liferay" else press)(body), layout)
    whole = " ".join((*body_of(reading), reading.byline or ""))
    assert whole.split() == f"{LONG} Buổi lễ khép lại trong tiếng vỗ tay. Minh Anh".split()


def test_noise_inside_a_sentence_does_not_cut_it_in_two(layouts: Layouts) -> None:
    text = press('<p>Mọi người <span class="post-tools">In bài</span> đều đồng tình.</p><p>Hội nghị bế mạc.</p>')
    reading = reading_of(installed(layouts), text, "img-editor")
    assert body_of(reading) == ("Mọi người đều đồng tình.", "Hội nghị bế mạc.")


def test_what_trafilatura_drops_is_restored_and_recorded(layouts: Layouts) -> None:
    """To trafilatura the box looks like readers' comments; the layout vouches for what stands in its body element."""
    said = "“Làm việc nào gọn việc ấy”"
    body = f'<p>{LONG}</p><div class="comment"><p>{said}</p></div><p>Mọi góp ý gửi về Văn phòng Quận ủy.</p>'
    reading = reading_of(installed(layouts), liferay(body))
    assert body_of(reading) == (LONG, said, "Mọi góp ý gửi về Văn phòng Quận ủy.")
    assert (reading.restored, reading.warnings) == ((said,), ("restored-lines:1",))


def test_a_body_that_trafilatura_drops_whole_is_restored_whole(
    layouts: Layouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = liferay(f"<p>{LONG}</p><p>Mọi góp ý gửi về Văn phòng Quận ủy.</p>")
    kept = reading_of(installed(layouts), text)
    monkeypatch.setattr(extraction_module, "texts_of_body", lambda body, without, lines: set())
    restored = reading_of(installed(layouts), text)
    assert restored.content == kept.content
    assert restored.restored == body_of(kept)


def test_in_a_page_of_no_known_layout_what_trafilatura_drops_is_recorded_as_its_loss(layouts: Layouts) -> None:
    case = next(case for case in ALL if case.name == "school-news")
    reading = _clean(case, layouts)
    lost = [removed.text for removed in reading.removed if removed.rule == "trafilatura"]
    assert "Địa chỉ: ngõ 12, phường Hạ Kiều" in lost
    assert not set(lost) & set(body_of(reading))


def test_every_line_of_a_date_element_is_accounted_for_where_none_is_a_date(layouts: Layouts) -> None:
    """A tag that is left open puts half a page into the date element, and marked elements cut it into lines."""
    date = 'Thứ tư<div class="post-tools">In bài</div>Sông Nhuệ<hr>Sông Nhuệ'
    reading = reading_of(installed(layouts), press(f"<p>{LONG}</p>", date=date), "img-editor")
    assert (reading.published_at, reading.published_evidence) == (None, "Thứ tư")
    removed = [(one.rule, one.text) for one in reading.removed]
    assert removed == [("share-tools", "In bài"), ("outside-fields", "Sông Nhuệ Sông Nhuệ")]


def test_a_date_that_stands_twice_is_evidence_once_and_accounted_for_twice(layouts: Layouts) -> None:
    twice = '28/05/2025 - 07:40<div class="post-tools">In bài</div>28/05/2025 - 07:40'
    reading = reading_of(installed(layouts), press(f"<p>{LONG}</p>", date=twice), "img-editor")
    assert account(reading)["28/05/2025 - 07:40"] == 2


@pytest.mark.parametrize("layout", ["generic", "hanoi-liferay"])
def test_hundreds_of_tables_in_tables_take_no_minute_and_lose_no_line(layout: str, layouts: Layouts) -> None:
    began = time.process_time()
    reading = reading_of(installed(layouts), liferay(f"<p>{LONG}</p>{'<table><tr><td>ô<td>bảng' * 400}"), layout)
    assert time.process_time() - began < 5
    assert LONG in body_of(reading)
    assert account(reading)["bảng"] == 400


SAID = [f"Chi bộ số {number} đã bàn giao đủ hồ sơ cho phường mới trước ngày 30/6." for number in range(3)]


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("<table><tr><td><p>", "</p><p>", "</p></td></tr></table>"),
        ("<ul><li><div>", "</div><div>", "</div></li><li><div>Hết.</div></li></ul>"),
        ("<table><tr><td>Việc</td><td>", "<br>", "</td></tr></table>"),
    ],
    ids=["cell", "list-item", "broken-cell"],
)
def test_lines_that_trafilatura_makes_one_of_are_kept_as_the_page_has_them(
    before: str, between: str, after: str, layouts: Layouts
) -> None:
    text = f"<html><body><div><p>{LONG}</p>{before}{between.join(SAID)}{after}</div></body></html>"
    reading = reading_of(installed(layouts), text, "generic")
    assert [line for line in body_of(reading) if line.startswith("C")] == [LONG, *SAID]


def test_a_control_character_behind_noise_stops_no_reading(layouts: Layouts) -> None:
    body = f'<p>{LONG}<span class="post-tools">In bài</span>\x0b Hết.</p>'
    assert body_of(reading_of(installed(layouts), press(body), "img-editor"))[0].startswith(LONG)


def test_a_line_that_is_broken_in_the_source_is_kept(layouts: Layouts) -> None:
    """trafilatura makes several lines of it where it stands in no paragraph."""
    broken = LONG.replace(", ", ",\n")
    text = f"<html><body><div><p>{SAID[0]}</p><div>{broken}<br></div></div></body></html>"
    assert body_of(reading_of(installed(layouts), text, "generic")) == (SAID[0], LONG)


def test_words_behind_a_comment_are_kept_on_a_page_of_no_known_layout(layouts: Layouts) -> None:
    cell = f"<table><tr><td><!-- in đậm -->{LONG}!</td></tr></table>"
    text = f"<html><body><div><p>{LONG}</p>{cell}<p>{LONG}?</p></div></body></html>"
    assert body_of(reading_of(installed(layouts), text, "generic")) == (LONG, f"{LONG}!", f"{LONG}?")


def test_a_word_of_the_menu_that_the_text_has_too_is_text_once(layouts: Layouts) -> None:
    menu = "<div class=menu><div>Thanh tra</div><div>Tin khác của quận</div></div>"
    text = f"<html><body>{menu}<div><p>{LONG}</p><p>Thanh tra</p><p>{LONG}!</p></div>{menu}</body></html>"
    reading = reading_of(installed(layouts), text, "generic")
    assert body_of(reading) == (LONG, "Thanh tra", f"{LONG}!")
    assert [removed.text for removed in reading.removed].count("Thanh tra") == 2


def test_lines_outside_the_fields_are_recorded(layouts: Layouts) -> None:
    beside = '<p>Chuyên mục phụ</p><div class="asset-content"'
    text = liferay(f"<p>{LONG}</p>").replace('<div class="asset-content"', beside)
    reading = reading_of(installed(layouts), text)
    assert [(removed.rule, removed.text) for removed in reading.removed] == [("outside-fields", "Chuyên mục phụ")]


def test_a_date_that_stands_in_an_attribute_is_exact_and_the_words_beside_it_are_recorded(layouts: Layouts) -> None:
    when = '<time datetime="2025-05-20T09:30:00+07:00">2 giờ trước</time>'
    text = f"<html><body><h1>Họp chi bộ</h1>{when}<p>{LONG}</p><p>{LONG}</p></body></html>"
    reading = cleaned(tree_of(text), layouts, "generic")
    assert (reading.published_at, reading.published_evidence) == ("2025-05-20T09:30:00+07:00",) * 2
    assert "2 giờ trước" in [removed.text for removed in reading.removed]


def test_a_view_count_in_the_date_line_or_the_text_changes_no_content(layouts: Layouts) -> None:
    texts = [
        liferay(f"<p>{LONG}</p><p>Lượt xem: {count}</p>", date=f"20/05/2025 | 9:30 AM | View count: {count}")
        for count in (7, 1_643)
    ]
    one, other = (reading_of(installed(layouts), text) for text in texts)
    assert one.content == other.content
    assert one.published_at == other.published_at == "2025-05-20T09:30:00+07:00"
    assert body_of(one) == (LONG,)


def test_a_line_that_a_rule_takes_is_never_in_the_body(layouts: Layouts) -> None:
    for case in ALL:
        rules = Rules(layouts.noise(layouts[case.layout]))
        assert [line for line in body_of(_clean(case, layouts)) if rules.takes(line)] == []


@pytest.mark.parametrize("depth", [50, 300, 1_500])
def test_tags_that_are_left_open_lose_no_word(depth: int, layouts: Layouts) -> None:
    """Editors of the time leave font tags open by the hundred; libxml2 by itself stops reading at a depth of 256."""
    text = liferay(f"<p>{LONG}</p>{'<font>' * depth}<p>Đoạn cuối của bài.</p>")
    assert body_of(reading_of(installed(layouts), text)) == (LONG, "Đoạn cuối của bài.")


def test_a_page_that_nests_too_deep_is_never_read_in_part_without_a_word(layouts: Layouts) -> None:
    with pytest.raises(TooMuchError, match="elements in more levels"):
        page_of(installed(layouts), liferay(f"<p>{LONG}</p>{'<font>' * 20_000}<p>Đoạn cuối của bài.</p>"))


@pytest.mark.parametrize("case", ALL, ids=IDS)
def test_cleaning_leaves_the_tree_as_it_was_and_says_the_same_twice(case: Case, layouts: Layouts) -> None:
    tree = _tree(case)
    before = etree.tostring(tree)
    first = _clean(case, layouts, tree)
    assert etree.tostring(tree) == before
    assert _clean(case, layouts, tree) == first


def test_the_order_of_pages_changes_no_reading(layouts: Layouts) -> None:
    forwards = [_clean(case, layouts) for case in ALL]
    assert [_clean(case, layouts) for case in reversed(ALL)][::-1] == forwards
    assert [_clean(case, layouts) for case in ALL + ALL] == forwards + forwards


IN_ANOTHER_PROCESS = """
import json, sys
from dataclasses import asdict
from pipelines.layouts import Layouts
from tests.pipelines.test_clean import ALL, _clean
layouts = Layouts.load()
json.dump([asdict(_clean(case, layouts)) for case in reversed(ALL)][::-1], sys.stdout, ensure_ascii=False)
"""


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_another_process_makes_the_same_bytes(seed: str, layouts: Layouts) -> None:
    here = json.dumps([asdict(_clean(case, layouts)) for case in ALL], ensure_ascii=False)
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PYTHONUTF8": "1", "TZ": "America/New_York", "LANG": "C"}
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    root = Path(__file__).parents[2]
    there = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=True, timeout=60)
    assert there.stdout.decode() == here
