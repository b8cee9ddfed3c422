"""The page cases: each page below tests/pages is read as its expected.json says; no layout or rule is without one."""

import re
from pathlib import Path

import pytest

from archive.records import Page, Reading
from pipelines.layouts import PLAIN_TEXT, Layouts
from tests.builders import SOURCE_OF, installed, page_of
from tests.cases import FOLDER, Case, cases, links_summary, list_cases, summary

ALL = cases()
IDS = [f"{case.layout}/{case.name}" for case in ALL]
LISTS = list_cases()


def _page(layouts: Layouts, case: Case) -> Page:
    said = {"url": case.url, "source": SOURCE_OF[case.layout], "content_type": case.content_type}
    return page_of(installed(layouts), case.payload, **said)


def _reading(layouts: Layouts, case: Case) -> Reading:
    page = _page(layouts, case)
    assert page.reading is not None, (page.outcome, page.reason, page.kind)
    return page.reading


@pytest.mark.parametrize("case", ALL, ids=IDS)
def test_a_page_is_read_as_its_case_says(case: Case, layouts: Layouts) -> None:
    assert summary(_reading(layouts, case)) == case.expected


@pytest.mark.parametrize("case", LISTS, ids=[f"{case.layout}/{case.name}" for case in LISTS])
def test_a_list_page_leads_where_its_case_says(case: Case, layouts: Layouts) -> None:
    page = _page(layouts, case)
    assert (page.outcome, page.kind, page.reading) == ("ok", "list", None)
    assert links_summary(page) == case.expected


def test_every_layout_has_a_page_case(layouts: Layouts) -> None:
    assert {case.layout for case in ALL} == layouts.by_id.keys() - {PLAIN_TEXT}


def test_every_layout_with_selectors_for_lists_has_a_list_case_with_a_further_page(layouts: Layouts) -> None:
    lists = {layout.id for layout in layouts.by_id.values() if layout.lists.links or layout.lists.next}
    kinds = {(case.layout, kind) for case in LISTS for kind, *_ in case.expected["links"]}
    assert kinds == {(layout, kind) for layout in lists for kind in ("article", "list")}


def test_every_further_page_of_a_list_case_has_its_number_in_its_address(layouts: Layouts) -> None:
    for case in LISTS:
        further = [url for kind, url, _ in case.expected["links"] if kind == "list" and url != case.url]
        patterns = layouts[case.layout].lists.address
        numbers = [next(m["page"] for p in patterns if (m := re.search(p, url))) for url in further]
        assert all(number.isdigit() for number in numbers), case.name


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
    assert {case.name: len(case.payload) for case in (*ALL, *LISTS) if len(case.payload) > 6000} == {}


def test_every_folder_of_pages_is_whole() -> None:
    for folder in (path for path in FOLDER.glob("*/*") if path.is_dir()):
        assert {Path(file).name for file in folder.iterdir()} == {"page.html", "about.toml", "expected.json"}
