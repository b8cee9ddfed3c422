"""Folding: which captures make an edition, which a gap, and which a change beside the words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.editions import Fold, Moved, fold
from archive.seen import Seen

HERE, THERE = "songnhue.hanoi.gov.vn/hoat-ong-ang/101", "songnhue.hanoi.gov.vn/tin-tuc/101"


def day(number: int) -> datetime:
    return datetime(2025, 1, 10, 1, tzinfo=UTC) + timedelta(days=number)


def seen(number: int, content: str | None = "a", outcome: str = "ok", **said: object) -> Seen:
    """A capture on this day; in a crawl of its own unless one is given."""
    values: dict[str, object] = {
        "captured_at": day(number),
        "url_key": HERE,
        "visit": str(number),
        "payload_digest": f"{number}-{content}-{said}",
        "preference": 0,
        "reading_id": number if outcome == "ok" else None,
        "content_hash": content if outcome == "ok" else None,
        **said,
    }
    values.setdefault("url", f"https://{values['url_key']}")
    number_of = number * 10 + (values["url_key"] == THERE)
    return Seen(capture_id=number_of, outcome=outcome, **values)  # type: ignore[arg-type]


def shape(folded: Fold) -> list[tuple[str, int, int]]:
    """Each edition as content, first and last capture."""
    return [(run.content_hash, run.first.capture_id, run.last.capture_id) for run in folded.runs]


outcomes = st.sampled_from(
    ["ok", "ok", "ok", "revisit-not-modified", "gone", "soft-gone", "blocked", "failed", "redirected"]
)
captures = st.lists(
    st.builds(
        lambda n, content, outcome, key, crawl, byline: seen(
            n, content, outcome, url_key=key, visit=str(crawl), byline=byline, payload_digest=f"{content}{byline}"
        ),
        st.integers(0, 8),
        st.sampled_from([None, "a", "b", "c"]),
        outcomes,
        st.sampled_from([HERE, THERE]),
        st.integers(0, 3),
        st.sampled_from([None, "Thu Trang", "Minh Hà"]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda s: (s.captured_at, s.url_key, s.payload_digest),
)


@given(st.data(), captures)
def test_the_order_of_arrival_does_not_matter(data: st.DataObject, given_captures: list[Seen]) -> None:
    numbered = [replace(one, capture_id=n) for n, one in enumerate(given_captures)]
    assert fold(data.draw(st.permutations(numbered))) == fold(numbered)


@given(captures)
def test_neighbouring_editions_differ_and_do_not_overlap(given_captures: list[Seen]) -> None:
    runs = fold(given_captures).runs
    for before, after in pairwise(runs):
        assert before.content_hash != after.content_hash
        assert before.last.captured_at <= after.first.captured_at


def test_the_same_words_again_make_no_edition() -> None:
    assert shape(fold([seen(1), seen(2), seen(3)])) == [("a", 10, 30)]


def test_a_text_that_comes_back_is_a_third_edition() -> None:
    assert shape(fold([seen(1, "a"), seen(2, "b"), seen(3, "a")])) == [("a", 10, 10), ("b", 20, 20), ("a", 30, 30)]


@pytest.mark.parametrize("outcome", ["gone", "soft-gone", "failed", "blocked", "redirected"])
def test_an_absence_in_between_is_a_gap_not_an_end(outcome: str) -> None:
    folded = fold([seen(1), seen(2, outcome=outcome), seen(3)])
    assert shape(folded) == [("a", 10, 30)]
    assert folded.gone_at is None


def test_a_good_capture_in_which_nothing_was_read_ends_no_edition() -> None:
    folded = fold([seen(1), seen(2, None), seen(3)])
    assert shape(folded) == [("a", 10, 30)]
    assert folded.last_captured_at == day(3)


def test_two_addresses_with_other_breadcrumbs_are_one_edition_and_no_change() -> None:
    captures = [
        seen(number, url_key=key, section=section, visit=str(number))
        for number in (1, 2)
        for key, section in ((HERE, "Hoạt động Đảng"), (THERE, "Tin tức"))
    ]
    folded = fold(captures)
    assert shape(folded) == [("a", 10, 20)]
    assert folded.moves == ()


def test_another_address_that_speaks_later_brings_no_change_of_section() -> None:
    folded = fold([seen(1, section="Hoạt động Đảng"), seen(2, url_key=THERE, section="Tin tức")])
    assert folded.moves == ()
    assert shape(folded) == [("a", 10, 21)]


def test_addresses_that_disagree_in_one_crawl_are_a_variant_not_an_edition() -> None:
    folded = fold([seen(1, "a"), seen(1, "b", url_key=THERE), seen(2, "a"), seen(2, "b", url_key=THERE)])
    assert shape(folded) == [("a", 10, 20)]
    assert folded.moves == (Moved(11, "variant", "a", "b"), Moved(21, "variant", "a", "b"))


def test_the_preferred_address_speaks_and_a_worse_one_only_in_its_absence() -> None:
    folded = fold([seen(1, "a", preference=1), seen(1, "b", url_key=THERE, preference=0), seen(2, "a", preference=1)])
    assert shape(folded) == [("b", 11, 11), ("a", 20, 20)]


def test_an_edit_in_the_middle_of_a_crawl_is_an_edition_though_another_address_still_shows_the_old_words() -> None:
    folded = fold([seen(1, "a"), seen(2, "b", visit="1"), seen(1, "a", url_key=THERE)])
    assert [run.content_hash for run in folded.runs] == ["a", "b"]
    assert folded.moves == ()


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("published_at", "2025-01-09T16:30:00+07:00", "2025-01-08"),
        ("byline", "Minh Hà", None),
        ("section", "Tin tức", "Hoạt động Đảng"),
    ],
)
def test_a_change_beside_the_words_is_a_metadata_change_and_no_edition(
    field: str, before: str, after: str | None
) -> None:
    folded = fold([seen(1, **{field: before}), seen(2, **{field: after})])
    assert shape(folded) == [("a", 10, 20)]
    assert folded.moves == (Moved(20, field, before, after),)


def test_changed_captions_are_a_metadata_change() -> None:
    folded = fold([seen(1, captions=("Quang cảnh",)), seen(2, captions=("Quang cảnh", "Đồng chí chủ tọa"))])
    assert folded.moves == (Moved(20, "captions", "Quang cảnh", "Quang cảnh\nĐồng chí chủ tọa"),)
    assert len(folded.runs) == 1


def test_the_newest_capture_that_speaks_gives_the_current_reading() -> None:
    folded = fold([seen(1, "a"), seen(2, "b"), seen(3, outcome="gone")])
    assert folded.speaking is not None
    assert folded.speaking.capture_id == 20
    assert (folded.first_captured_at, folded.last_captured_at) == (day(1), day(2))
