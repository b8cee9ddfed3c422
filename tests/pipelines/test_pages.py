"""The page cases: each page below tests/pages is read as its expected.json says; no layout or rule is without one."""

from pathlib import Path

import pytest

from archive.records import Reading
from pipelines.layouts import PLAIN_TEXT, Layouts
from tests.builders import SOURCE_OF, installed, page_of
from tests.cases import FOLDER, Case, cases, summary

ALL = cases()
IDS = [f"{case.layout}/{case.name}" for case in ALL]


def _reading(layouts: Layouts, case: Case) -> Reading:
    said = {"url": case.url, "source": SOURCE_OF[case.layout], "content_type": case.content_type}
    page = page_of(installed(layouts), case.payload, **said)
    assert page.reading is not None, (page.outcome, page.reason, page.kind)
    return page.reading


@pytest.mark.parametrize("case", ALL, ids=IDS)
def test_a_page_is_read_as_its_case_says(case: Case, layouts: Layouts) -> None:
    assert summary(_reading(layouts, case)) == case.expected


def test_every_layout_has_a_page_case(layouts: Layouts) -> None:
    assert {case.layout for case in ALL} == layouts.by_id.keys() - {PLAIN_TEXT}


def test_every_noise_rule_has_a_page_case_where_it_takes_something(layouts: Layouts) -> None:
    rules = {(layout.id, rule.id) for layout in layouts.by_id.values() for rule in layout.noise}
    taken = {(case.layout, rule) for case in ALL for rule, _ in case.expected["removed"]}
    assert not rules - taken
    assert not {rule.id for rule in layouts.common.noise} - {rule for _, rule in taken}


def test_every_form_of_date_has_a_page_case(layouts: Layouts) -> None:
    pages = [layout for layout in layouts.by_id.values() if layout.id != PLAIN_TEXT]
    forms = {(layout.id, form.id) for layout in pages for form in layout.dates}
    read = {(case.layout, _reading(layouts, case).published_rule) for case in ALL if case.expected["published_at"]}
    assert not forms - read


def test_no_page_case_is_longer_than_it_needs_to_be() -> None:
    assert {case.name: len(case.payload) for case in ALL if len(case.payload) > 6000} == {}


def test_every_folder_of_pages_is_whole() -> None:
    for folder in (path for path in FOLDER.glob("*/*") if path.is_dir()):
        assert {Path(file).name for file in folder.iterdir()} == {"page.html", "about.toml", "expected.json"}
