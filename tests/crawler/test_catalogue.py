"""The catalogue that is shipped: which units, whose hosts on which days, and what rests on inference."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from crawler.sources import Catalogue
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts

PRESS = {"qdnd", "baovephapluat", "dangcongsan", "hanoimoi", "nhandan", "kinhtedothi", "tuyengiao"}
LAST, FIRST = date(2025, 6, 30), date(2025, 7, 1)


@pytest.fixture(scope="module")
def catalogue(layouts: Layouts) -> Catalogue:
    return Catalogue.load(None, layouts)


def _of(catalogue: Catalogue, level: str) -> dict[str, str]:
    return {unit.id: unit.name for unit in catalogue.units.values() if unit.level == level}


def test_there_were_30_districts_of_three_kinds_until_the_last_day_of_june_2025(catalogue: Catalogue) -> None:
    districts = [unit for unit in catalogue.units.values() if unit.level == "district"]
    assert Counter(unit.kind for unit in districts) == {"quận": 12, "huyện": 17, "thị xã": 1}
    assert {unit.until for unit in districts} == {LAST}


def test_there_are_51_wards_and_75_communes_since(catalogue: Catalogue) -> None:
    assert (len(_of(catalogue, "ward")), len(_of(catalogue, "commune"))) == (51, 75)
    fresh = [unit for unit in catalogue.units.values() if unit.level in ("ward", "commune")]
    assert {(unit.since, unit.until, unit.parent) for unit in fresh} == {(FIRST, None, "ha-noi")}


def test_each_ward_and_commune_came_for_the_most_part_from_one_district(catalogue: Catalogue) -> None:
    districts = [catalogue.units[unit_id] for unit_id in _of(catalogue, "district")]
    successors = Counter(successor for district in districts for successor in district.successors)
    assert set(successors) == {*_of(catalogue, "ward"), *_of(catalogue, "commune")}
    assert set(successors.values()) == {1}
    assert all(district.inferred and not set(district.parts) & set(district.successors) for district in districts)


def test_every_unit_has_a_portal_of_its_own_level(catalogue: Catalogue) -> None:
    portals = {source.unit: source for source in catalogue.sources.values() if source.id == source.unit}
    for level in ("district", "ward", "commune"):
        assert {unit_id for unit_id in _of(catalogue, level) if portals[unit_id].level == level} == set(
            _of(catalogue, level)
        )


def test_district_portals_end_with_the_districts_and_ward_portals_begin_after(catalogue: Catalogue) -> None:
    terms = {(s.level, t.since, t.until) for s in catalogue.sources.values() for t in s.context.terms if s.id == s.unit}
    assert terms == {("district", None, LAST), ("ward", FIRST, None), ("commune", FIRST, None)}


@pytest.mark.parametrize(
    ("host", "before", "after"),
    [
        ("caugiay", "quan-cau-giay", "phuong-cau-giay"),
        ("dongda", "quan-dong-da", "phuong-dong-da"),
        ("badinh", "quan-ba-dinh", "phuong-ba-dinh"),
        ("hoaiduc", "huyen-hoai-duc", "xa-hoai-duc"),
        ("sontay", "thi-xa-son-tay", "phuong-son-tay"),
        ("hatmon", "hatmon.hanoi.gov.vn", "xa-hat-mon"),
        ("vanmieuquoctugiam", "vanmieuquoctugiam.hanoi.gov.vn", "phuong-van-mieu-quoc-tu-giam"),
    ],
)
def test_a_host_is_the_districts_until_midnight_in_vietnam_and_the_wards_after(
    catalogue: Catalogue, layouts: Layouts, host: str, before: str, after: str
) -> None:
    cleaner, url = Cleaner(layouts, catalogue.contexts), f"https://{host}.hanoi.gov.vn/tin-tuc"
    assert cleaner.source_at(url, datetime(2025, 6, 30, 16, 59, 59, tzinfo=UTC)) == before
    assert cleaner.source_at(url, datetime(2025, 6, 30, 17, 0, tzinfo=UTC)) == after


def test_the_city_its_committee_the_press_and_a_school_are_there(catalogue: Catalogue) -> None:
    assert {"thanh-uy-ha-noi", "cong-ha-noi", "sotttt"} <= set(catalogue.sources)
    assert {source.id for source in catalogue.sources.values() if source.level == "press"} == PRESS
    assert [source.id for source in catalogue.sources.values() if source.level == "school"]


def test_what_is_not_verified_says_what_it_infers(catalogue: Catalogue) -> None:
    assert [source.id for source in catalogue.sources.values() if source.verified] == ["sotttt"]
    rest = [source for source in catalogue.sources.values() if not source.verified]
    assert [s.id for s in rest if "inferred" not in (s.evidence or "") and "guess" not in (s.evidence or "")] == []
    assert [source.id for source in rest if source.expect_articles_min] == []


def test_a_collect_of_all_sources_asks_no_ward(catalogue: Catalogue) -> None:
    asked = [source for source in catalogue.pick([]) if source.context.exists_on(date(2026, 1, 1))]
    assert {source.id for source in asked} == {"sotttt", "qdnd", "baovephapluat", "hanoimoi", "nhandan"}
    assert [source.id for source in catalogue.pick(["phuong-cau-giay"])] == ["phuong-cau-giay"]
