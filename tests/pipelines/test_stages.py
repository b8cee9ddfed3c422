"""Two stages: a change of line rules, bylines or date forms scrubs what extraction left, and needs no page."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from archive.errors import ArchiveError
from archive.warc import DISCONNECTED
from pipelines.cleaner import Cleaner
from pipelines.inputs import Given, scrubbed
from pipelines.layouts import Byline, DatePattern, Layouts
from tests.builders import HTML, PORTAL, SOURCE_OF, installed, liferay, page_of
from tests.cases import Case, cases
from tests.pipelines.conftest import MakeDatabase as Make
from tests.recleans import LOUD, OLD, READINGS, cleaner_of, planned, reclean, story, with_layout, with_rule
from tests.rig import Rig, address, day

LIFERAY = "hanoi-liferay"
#: Changes of a layout that only lines tell.
LINES: list[dict[str, Any]] = [
    {"byline": Layouts.load()[LIFERAY].byline.model_copy(update={"max_length": 20})},
    {"language": "en"},
    {"dates": (DatePattern(id="day", pattern=r"(?P<day>\d+)/(?P<month>\d+)/(?P<year>\d{4})"),)},
]
#: Changes for which the page is needed.
ELEMENTS: list[dict[str, Any]] = [{"marks": (("div.asset-content",),)}, {"byline": Byline()}]


def _digests(layouts: Layouts) -> tuple[str, str]:
    cleaner = cleaner_of(layouts)
    return cleaner.extraction_digest_for("songnhue"), cleaner.digest_for("songnhue")


@pytest.mark.parametrize("changed", LINES, ids=lambda changed: next(iter(changed)))
def test_what_only_lines_tell_leaves_extraction_as_it_is(changed: dict[str, Any], layouts: Layouts) -> None:
    extraction, whole = _digests(layouts)
    extraction_now, whole_now = _digests(with_layout(layouts, LIFERAY, **changed))
    assert (extraction_now == extraction, whole_now == whole) == (True, False)


@pytest.mark.parametrize("changed", ELEMENTS, ids=lambda changed: next(iter(changed)))
def test_what_the_page_tells_makes_extraction_stale(changed: dict[str, Any], layouts: Layouts) -> None:
    assert _digests(with_layout(layouts, LIFERAY, **changed))[0] != _digests(layouts)[0]


def test_a_line_rule_is_of_the_second_stage_and_a_rule_on_elements_of_the_first(layouts: Layouts) -> None:
    extraction, whole = _digests(layouts)
    assert _digests(with_rule(layouts))[0] == extraction
    assert _digests(with_rule(layouts))[1] != whole
    for said in ({"css": "p.x", "line": None}, {"xpath": "p", "line": None}, {"squeezed": "xy", "line": None}):
        assert _digests(with_rule(layouts, **said))[0] != extraction


def test_what_a_rule_is_for_in_words_changes_nothing(layouts: Layouts) -> None:
    told = (with_rule(layouts, reason=reason) for reason in ("said so", "said otherwise"))
    assert len({_digests(one) for one in told}) == 1


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.layout}/{case.name}")
def test_scrubbing_what_is_kept_gives_what_reading_the_page_gives(case: Case, layouts: Layouts) -> None:
    cleaner = installed(layouts)
    source = SOURCE_OF[case.layout]
    page = page_of(cleaner, case.payload, source=source, url=case.url, content_type=case.content_type)
    assert page.extracted is not None
    given = Given(source, case.url, day(0), case.content_type, page.payload_digest)
    again = scrubbed(given, page.extracted.blocks, cleaner)
    assert again.reading == page.reading
    assert (again.outcome, again.kind, again.article_key) == (page.outcome, page.kind, page.article_key)


def test_a_change_of_line_rules_needs_no_record_of_the_archive(
    make: Make, rig: Rig, newer: Cleaner, layouts: Layouts, tmp_path: Path
) -> None:
    database = make()
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, OLD, day(30))])
    rig.seal()
    shutil.rmtree(tmp_path / "archive" / "2025")
    outcome = reclean(database, tmp_path, newer)
    assert (outcome.inputs, list(outcome.promoted), outcome.problems) == (2, ["songnhue"], [])
    elements = cleaner_of(with_rule(layouts, css="p.x", line=None))
    assert len(reclean(database, tmp_path, elements).problems) == 2


def test_readings_are_the_same_whether_the_pages_were_read_or_what_is_kept_of_them(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    kept = planned(database, tmp_path, newer)
    assert sorted({one.extraction is not None for task in kept.tasks for one in task}) == [False, True]
    reclean(database, tmp_path, newer)
    scrubbed_readings = database.rows(READINGS)
    assert reclean(database, tmp_path, newer, force=True).problems == []
    assert database.rows(READINGS) == scrubbed_readings


def test_a_page_that_was_cut_short_is_not_taken_for_the_whole_one_that_has_its_bytes(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database, page = make(), liferay(f"<p>{LOUD}</p>")
    whole = rig.attempt(address(101), page, day(0), "crawl-0")
    cut = rig.attempt(address(101), page, day(1), "crawl-0", truncated=DISCONNECTED)
    database.take([whole, cut])
    outcome = reclean(database, tmp_path, newer)
    assert (outcome.inputs, outcome.problems) == (2, [])
    told = database.rows("SELECT outcome, content_hash IS NULL FROM v_capture ORDER BY captured_at")
    assert [(ended, bool(empty)) for ended, empty in told] == [("ok", False), ("failed", True)]


def test_what_a_changed_extraction_leaves_takes_the_place_of_what_was_kept(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    elements = cleaner_of(with_rule(layouts, css="p.x", line=None))
    both = cleaner_of(with_rule(with_rule(layouts, css="p.x", line=None), id="other"))
    database = make(elements, both)
    database.take([rig.page(101, LOUD, day(0))])
    reclean(database, tmp_path, elements)
    digests = "SELECT extraction_digest FROM extraction"
    assert database.rows(digests) == [(elements.extraction_digest_for("songnhue"),)]
    rig.seal()
    shutil.rmtree(tmp_path / "archive" / "2025")
    assert reclean(database, tmp_path, both).problems == []


def test_what_is_kept_and_damaged_is_said_with_the_remedy(layouts: Layouts) -> None:
    given = Given("songnhue", f"{PORTAL}/a", day(0), HTML, "0" * 64)
    for blocks in (b"", b"no zlib", b"x\x9c\x03\x00\x00\x00\x00\x01"):
        with pytest.raises(ArchiveError, match="reclean --force"):
            scrubbed(given, blocks, cleaner_of(layouts))


def test_rows_items_and_headings_of_a_body_are_told(layouts: Layouts) -> None:
    body = (
        "<p>Kế hoạch tuần của Đảng ủy phường được gửi tới các chi bộ.</p><h3>I. Lịch họp</h3>"
        "<table><tr><th>Ngày</th><th>Nội dung</th><th></th></tr>"
        "<tr><td>Thứ hai</td><td><p>Giao ban</p><p>Tiếp công dân</p></td><td>8 giờ</td></tr></table>"
        "<table><tr><td>Bảng một cột là đoạn văn.</td></tr></table>"
        "<ul><li>Mang theo sổ tay đảng viên.</li><li>Đến đúng giờ.</li></ul>"
    )
    reading = page_of(installed(layouts), liferay(body).encode()).reading
    assert reading is not None
    assert reading.content is not None
    told = [(part.kind, reading.content.paragraphs[part.first], part.lines) for part in reading.structure]
    assert told == [
        ("heading", "I. Lịch họp", (1,)),
        ("row", "Ngày", (1, 1, 0)),
        ("row", "Thứ hai", (1, 2, 1)),
        ("item", "Mang theo sổ tay đảng viên.", (1,)),
        ("item", "Đến đúng giờ.", (1,)),
    ]
