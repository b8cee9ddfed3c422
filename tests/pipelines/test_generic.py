"""Pages of no known layout: never worse than stock trafilatura, and a date only where the page has one."""

import json

import pytest
from lxml import html

from pipelines.layouts import Layouts
from tests.bench.quality import f1, stock
from tests.bench.unknown import compare, portal, undated, untitled
from tests.builders import installed, reading_of, words_of
from tests.cases import FOLDER, Case, cases

# Stock trafilatura gets pages that are what they say: how others are decoded is another test's.
ALL = [case for case in cases() if case.content_type.lower().endswith("utf-8") and "-as-" not in case.name]


@pytest.mark.parametrize("case", ALL, ids=[f"{case.layout}/{case.name}" for case in ALL])
def test_with_the_layouts_switched_off_no_page_loses_words_that_trafilatura_finds(case: Case, layouts: Layouts) -> None:
    expected = json.loads((FOLDER / case.layout / case.name / "expected.json").read_text("utf-8"))
    gold = [*expected["body"], *filter(None, (expected["lead"], expected["byline"])), *expected["captions"]]
    reading = reading_of(installed(layouts), case.payload, "generic")
    ours, theirs = (
        untitled(lines, expected["title"]) for lines in (words_of(reading), stock(case.url, case.payload).body)
    )
    assert f1(gold, ours) >= f1(gold, theirs) - 1e-9


def test_without_a_date_on_the_page_there_is_none_in_the_reading(layouts: Layouts) -> None:
    for case in cases():
        tree = html.fromstring(case.payload.decode("utf-8", "replace"))
        for element in tree.xpath("//time | //meta | //*[@itemprop]"):
            element.drop_tree()
        reading = reading_of(installed(layouts), html.tostring(tree, encoding="utf-8"), "generic")
        assert reading.published_at is None, case.name


@pytest.mark.portal
def test_the_real_portals_pages_are_never_worse_read_than_by_trafilatura() -> None:
    compared = [compare(page) for page in portal(every=16)]
    assert len(compared) > 40
    assert [one for one in compared if one.generic < one.stock - 1e-9] == []
    assert sum(one.generic for one in compared) > sum(one.stock for one in compared)


@pytest.mark.portal
def test_where_htmldate_guesses_a_day_for_a_real_page_without_one_we_give_none() -> None:
    compared = [compare(page) for page in undated(portal(every=40))]
    assert [one.given for one in compared] == [None] * len(compared)
    assert any(one.guessed for one in compared)
