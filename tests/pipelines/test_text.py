"""Older plain texts: what is recognised on evidence, what stays text without it, and that no line is lost."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.records import Reading
from pipelines.canonical import body_hash, canonical_line, content_hash
from pipelines.layouts import Layouts
from pipelines.noise import Rules
from pipelines.text import read_text
from tests.builders import account, body_of

TEXTS = Path(__file__).parents[1] / "texts"
CASES = sorted(TEXTS.glob("*/text.txt"))
LAYOUTS = Layouts.load()
FIRST = (
    "Sáng thứ Bảy, Đảng ủy phường Hạ Kiều mở cuộc gặp mặt các tổ trưởng dân phố để bàn cách giữ con ngõ ven sông luôn "
    "sạch, không còn chậu hoa vỡ và xe hỏng chắn lối đi của trẻ nhỏ."
)
SECOND = (
    "Kết thúc buổi gặp, mười hai tổ dân phố nhận đăng ký mỗi tháng một buổi dọn ngõ, ghi tên người làm vào sổ chung và "
    "mời các cháu học sinh vẽ lại bức tường dài chạy dọc bờ kè phía đông."
)
HEAD = ["CÔNG TÁC ĐẢNG", "Phường Hạ Kiều giữ ngõ ven sông"]


def read(*lines: str, end: str = "\n") -> Reading:
    layout = LAYOUTS["plain-text"]
    return read_text(end.join(lines), layout, Rules(LAYOUTS.noise(layout)), "input", "cleaner")


def summary(reading: Reading) -> dict[str, Any]:
    """A reading in the form of ``expected.json``."""
    return {
        "title": reading.content.title if reading.content else None,
        "section": reading.section,
        "published_at": reading.published_at,
        "published_evidence": reading.published_evidence,
        "byline": reading.byline,
        "captions": list(reading.captions),
        "body": list(body_of(reading)),
        "removed": [f"{removed.line} {removed.rule} {removed.text}" for removed in reading.removed],
        "evidence": [f"{evidence.line} {evidence.field} {evidence.rule}" for evidence in reading.evidence],
        "warnings": list(reading.warnings),
    }


def rules_of(reading: Reading, field: str) -> list[tuple[str, int]]:
    return [(evidence.rule, evidence.line) for evidence in reading.evidence if evidence.field == field]


def lines_of(reading: Reading) -> Counter[str]:
    """All lines that a reading holds; a section that stood twice in its line is put together again."""
    lines = account(reading)
    again = [removed.text for removed in reading.removed if removed.rule == "doubled-section"]
    lines.subtract(again)
    if reading.section:
        lines[" ".join([reading.section, *again])] += 1
    return +lines


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_a_text_is_read_as_its_case_says(path: Path) -> None:
    expected = json.loads((path.parent / "expected.json").read_text(encoding="utf-8"))
    reading = read(path.read_text(encoding="utf-8"))
    assert summary(reading) == expected
    assert reading.language == "vi"
    assert lines_of(reading) == Counter(canonical_line(line) for line in path.read_text().splitlines() if line)


def test_every_rule_of_the_layout_has_a_text_in_which_it_decides() -> None:
    layout = LAYOUTS["plain-text"]
    assert layout.text is not None
    rules = (*layout.dates, *layout.text.titles, layout.text.section, *layout.text.captions, *layout.text.bylines)
    seen = [read(path.read_text(encoding="utf-8")) for path in CASES]
    decided = {evidence.rule for reading in seen for evidence in reading.evidence}
    assert {rule.id for rule in rules} == decided
    assert {"doubled-section", "image-toolbar"} <= {removed.rule for reading in seen for removed in reading.removed}
    named = {name for rule in layout.text.captions for name in rule.after}
    assert named <= {rule.id for rule in LAYOUTS.noise(layout)}


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("Ngày đăng 05/01/2021 | 15:59  | View count: 117", "2021-01-05T15:59:00+07:00"),
        ("Publish date 17/12/2024 | 11:12  | View Count: 79", "2024-12-17T11:12:00+07:00"),
        ("Ngày đăng 13/05/2016 | 4:53 PM  | View count: 1643", "2016-05-13T16:53:00+07:00"),
        ("Ngày đăng 25/07/2019 | 2:00 PM", "2019-07-25T14:00:00+07:00"),
        ("08/06/2016 | 10:36 AM", "2016-06-08T10:36:00+07:00"),
        ("Publish date 05/12/2014", "2014-12-05"),
        ("Ngày đăng: 05/01/2021", "2021-01-05"),
        ("22/03/2021 09:15 (GMT+7)", "2021-03-22T09:15:00+07:00"),
        ("Thứ Hai, 22/3/2021, 15:05 [(GMT +7)]", "2021-03-22T15:05:00+07:00"),
        ("14h30, 22/03/2021", "2021-03-22T14:30:00+07:00"),
        ("Chủ nhật, ngày 21/03/2021", "2021-03-21"),
        ("08/06/2016 | View count: 12", "2016-06-08"),
        ("Ngày đăng 31/02/2021 | 10:00 AM | View count: 3", None),
    ],
)
def test_a_date_line_below_the_title_dates_the_text(line: str, at: str | None) -> None:
    reading = read(HEAD[0], "", HEAD[1], line, "", FIRST, "", SECOND)
    assert reading.content is not None
    assert (reading.section, reading.content.title) == tuple(HEAD)
    assert (reading.published_at, reading.published_evidence) == (at, canonical_line(line))
    assert (reading.published_rule is None) is (at is None)
    assert body_of(reading) == (FIRST, SECOND)


def test_a_date_line_that_says_what_it_is_counts_without_a_title() -> None:
    reading = read("Ngày đăng 05/01/2021 | 15:59", FIRST)
    assert (reading.published_at, body_of(reading)) == ("2021-01-05T15:59:00+07:00", (FIRST,))
    assert "no-title" in reading.warnings


def test_a_title_may_be_a_sentence_and_may_stand_alone() -> None:
    reading = read("Phường Hạ Kiều tổng kết phong trào giữ ngõ năm 2015.", "08/06/2016 | 10:36 AM", FIRST)
    assert reading.content is not None
    assert reading.content.title == "Phường Hạ Kiều tổng kết phong trào giữ ngõ năm 2015."
    assert (reading.section, body_of(reading)) == (None, (FIRST,))


def test_lines_above_the_section_stay_in_the_text_and_are_pointed_at() -> None:
    reading = read("Trang nhất", *HEAD, "05/01/2021 | 15:59", FIRST)
    assert (reading.section, body_of(reading)) == ("CÔNG TÁC ĐẢNG", ("Trang nhất", FIRST))
    assert reading.warnings == ("unsure-head:1",)


def test_a_section_printed_twice_is_said_once_and_its_repetition_is_recorded() -> None:
    reading = read("TIN HẠ KIỀU TIN HẠ KIỀU", HEAD[1], "Ngày đăng 05/01/2021", FIRST)
    assert reading.section == "TIN HẠ KIỀU"
    assert [(removed.rule, removed.text, removed.line) for removed in reading.removed] == [
        ("doubled-section", "TIN HẠ KIỀU", 1)
    ]
    assert read("Tin Tin", HEAD[1], "Ngày đăng 05/01/2021", FIRST).section == "Tin Tin"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Toàn cảnh Hội nghị", "view-of"),
        ("Quang cảnh buổi gặp mặt.", "view-of"),
        ("Toàn cảnh ngày hội đọc sách tại nhà văn hóa phường", "view-of"),
        ("Ảnh: Thu Hà", "picture-label"),
        ("(Ảnh: Thu Hà)", "picture-label"),
        ("Ảnh 2: Các cháu vẽ tường bờ kè", "picture-label"),
        ("Ảnh minh họa", "picture-label"),
        ("Ảnh minh hoạ. Nguồn: Internet", "picture-label"),
        ("Các hộ dân cùng quét ngõ. Ảnh: Minh Quang", "picture-credit"),
        ("Tập thể chi bộ khu 4 (Ảnh: Minh Quang)", "picture-credit"),
        ("Đoàn công tác trao quà - Ảnh: Lê Na", "picture-credit"),
        ("Đ/c Đỗ Thị Lành - Bí thư Đảng ủy phường", "comrade-and-office"),
        ("Đồng chí Đỗ Thị Lành, Bí thư Đảng ủy phường Hạ Kiều phát biểu tại buổi gặp", "comrade-and-office"),
        ("Ð/c Đỗ Thị Lành– Uỷ viên Ban Thường vụ Quận uỷ trao quà cho các hộ", "comrade-and-office"),
        ("Đ/c Đỗ Thị Lành (bên trái) - Chủ tịch UBND phường tặng sách", "comrade-and-office"),
    ],
)
def test_a_caption_has_evidence(line: str, rule: str) -> None:
    reading = read(FIRST, "", line, "", SECOND)
    assert (reading.captions, body_of(reading)) == ((canonical_line(line),), (FIRST, SECOND))
    assert rules_of(reading, "captions") == [(rule, 3)]


@pytest.mark.parametrize("line", ["Bà con xóm Bãi gánh thóc lên đê.", "Cụ Tạ Văn Nhân bên vườn cam", "“Về nhà”"])
def test_the_line_below_a_pictures_buttons_is_its_caption(line: str) -> None:
    reading = read(FIRST, "leftcenterrightdel", "", line, SECOND, "Thu Hà")
    assert (reading.captions, reading.byline, body_of(reading)) == ((line,), "Thu Hà", (FIRST, SECOND))
    assert [(removed.rule, removed.line) for removed in reading.removed] == [("image-toolbar", 2)]


@pytest.mark.parametrize(
    "line", [FIRST + SECOND, "1. Kết quả đạt được", "Các việc đã làm:", "Ngõ đã sạch. Người dân vui. Trẻ có chỗ chơi."]
)
def test_below_buttons_without_a_caption_the_text_goes_on(line: str) -> None:
    assert body_of(read(FIRST, "leftcenterrightdel", line, SECOND)) == (FIRST, line, SECOND)


def test_buttons_above_the_writer_do_not_make_the_writer_a_caption() -> None:
    reading = read(FIRST, SECOND, "leftcenterrightdel", "Thu Hà")
    assert (reading.byline, reading.captions) == ("Thu Hà", ())


def test_a_picture_below_the_writer_does_not_hide_the_writer() -> None:
    reading = read(FIRST, "Các việc đã làm, bằng hình ảnh:", "Ảnh 1: Quét ngõ", "Thu Hà", "Ảnh 2: Sơn tường")
    assert (reading.byline, reading.captions) == ("Thu Hà", ("Ảnh 1: Quét ngõ", "Ảnh 2: Sơn tường"))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Nam Khánh", "name"),
        ("THU HÀ", "name"),
        ("Nguyễn Thị Hải Yến", "name"),
        ("Minh Hà - Quốc Bảo", "name"),
        ("Thu Lan (Đảng ủy phường)", "name"),
        ("TS. Nguyễn Văn An", "name"),
        ("Vũ Hạnh - Ban Dân vận Quận ủy", "name"),
        ("BAN TUYÊN GIÁO QUẬN ỦY", "organ"),
        ("Uỷ ban Kiểm tra Quận uỷ Sông Nhuệ", "organ"),
        ("Phòng Văn hóa và Thông tin quận", "organ"),
        ("Bài và ảnh: Thu Hà", "writers-line"),
        ("Tin, ảnh: Quốc Bảo", "writers-line"),
        ("Thu Hà - Ảnh: Minh Quang", "writers-line"),
        ("Tác giả: Vũ Hạnh", "writers-line"),
        ("(Tổng hợp)", "compiled"),
        ("Thu Hà tổng hợp", "compiled"),
        ("Theo Báo Sông Nhuệ", "taken-from"),
        ("(Theo songnhue.example.vn)", "taken-from"),
        ("N.T.H", "initials"),
        ("Nhóm PV", "initials"),
    ],
)
def test_the_last_line_says_who_wrote(line: str, rule: str) -> None:
    reading = read(FIRST, "", SECOND, "", line)
    assert (reading.byline, body_of(reading)) == (line, (FIRST, SECOND))
    assert rules_of(reading, "byline") == [(rule, 5)]


def test_a_text_is_the_same_however_its_lines_end_and_its_letters_are_put_together() -> None:
    lines = [*HEAD, "Ngày đăng 05/01/2021 | 15:59", FIRST, "Toàn cảnh hội nghị", SECOND, "Thu Hà"]
    whole = read(*lines)
    assert whole.byline == "Thu Hà"
    assert read(*lines, end="\r\n") == read(*lines, end="\r") == whole
    assert read("\ufeff" + lines[0], *lines[1:], "") == whole
    assert read(*(unicodedata.normalize("NFD", line) for line in lines)) == whole
    assert read(*(f"\t{line.replace(' ', chr(0xA0))} \u200b" for line in lines)) == whole
    apart = read(*lines, end="\n\n")
    assert (apart.content, apart.byline, apart.captions) == (whole.content, whole.byline, whole.captions)
    assert rules_of(apart, "byline") == [("name", 13)]


@pytest.mark.parametrize("text", ["", "\n\n", " \t\n\u00a0\r\n\ufeff"])
def test_a_text_without_a_line_has_no_content(text: str) -> None:
    reading = read(text)
    assert (reading.content, reading.warnings) == (None, ("no-title", "no-words", "no-date"))


PIECES = st.sampled_from(
    [
        *HEAD, FIRST, SECOND, "Ngày đăng 05/01/2021 | 15:59", "08/06/2016", "TIN HẠ KIỀU TIN HẠ KIỀU", "Thu Hà", "",
        "leftcenterrightdel", "Toàn cảnh Hội nghị", "Đ/c Vũ An - Bí thư", "BAN TUYÊN GIÁO QUẬN ỦY", "TM. BAN THƯỜNG VỤ",
        "Ảnh: An", "1. Một", "Lượt xem: 5", "Bài: An", "\u00a0Hà\u0323 ", "Sơ kết",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, PIECES, st.text(max_size=30)), max_size=14), st.sampled_from(["\n", "\r\n", "\n\n"]))
@example(["TIN HẠ KIỀU TIN HẠ KIỀU", HEAD[1], "08/06/2016", "Thu Hà"], "\n")
def test_every_line_is_accounted_for_in_canonical_form_and_the_same_twice(lines: list[str], end: str) -> None:
    reading = read(*lines, end=end)
    numbered = dict(enumerate(map(canonical_line, re.split("\r\n?|\n", end.join(lines))), 1))
    assert lines_of(reading) == Counter(line for line in numbered.values() if line)
    assert all(line == canonical_line(line) for line in account(reading))
    assert all((removed.text in numbered[removed.line or 0]) for removed in reading.removed)
    assert len({evidence.line for evidence in reading.evidence}) == len(reading.evidence)
    assert read(*numbered.values()) == reading == read(*lines, end=end)
    if content := reading.content:
        assert content.content_hash == content_hash(content.title, None, content.paragraphs)
        assert content.body_hash == body_hash(content.paragraphs)
