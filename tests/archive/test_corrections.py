"""Corrections in the fold: for which captures one holds, and that it is never taken for an act of the publisher."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.corrections import FIELDS, in_force, said
from archive.editions import Fold, fold
from archive.hashes import content_hash
from archive.seen import Correction, Seen, Words
from tests.archive.test_editions import HERE, THERE, day, seen

MADE = day(100)


def page(number: int, title: str = "Tin", body: str = "Một.\nHai.", **said: object) -> Seen:
    """A capture on this day, with its words."""
    words = Words(title, None, body)
    hashed = content_hash(title, None, body.split("\n") if body else [])
    return seen(number, hashed, words=words, **said)


def right(number: int, field: str, value: str | None, **said: object) -> Correction:
    """A correction made at the capture of this day."""
    values: dict[str, object] = {"reason": "theo bản giấy", "made_at": MADE, **said}
    return Correction(day(number), field, value, **values)  # type: ignore[arg-type]


def read(folded: Fold, field: str) -> list[str | None]:
    """What is told of a field, capture by capture."""
    return [said(one, field) for one in folded.speakers]


def states(folded: Fold) -> list[str]:
    return [state for _, state in folded.states]


def test_a_correction_holds_as_long_as_the_page_says_the_same() -> None:
    captures = [
        page(n, byline=byline) for n, byline in enumerate(("Thu Trang", "admin", "admin", "admin", None, "admin"))
    ]
    folded = fold(captures, [right(2, "byline", "Minh Hà")])
    assert read(folded, "byline") == ["Thu Trang", "Minh Hà", "Minh Hà", "Minh Hà", None, "admin"]
    assert states(folded) == ["holds"]
    assert [bool(one.held) for one in folded.speakers] == [False, True, True, True, False, False]
    assert folded.speakers[1].held[0].was == "admin"


def test_what_the_publisher_changes_is_told_against_what_readers_read() -> None:
    captures = [page(n, byline=byline) for n, byline in enumerate(("admin", "admin", "Thu Trang"))]
    folded = fold(captures, [right(0, "byline", "Minh Hà")])
    assert [(m.capture_id, m.before, m.after) for m in folded.moves] == [(20, "Minh Hà", "Thu Trang")]


@pytest.mark.parametrize(
    ("field", "value"), [("title", "Tin vui"), ("lead", "Sáng nay."), ("body", "Một.\nBa."), ("body", None)]
)
def test_corrected_words_have_the_hash_of_words_and_make_no_edition_of_their_own(field: str, value: str | None) -> None:
    folded = fold([page(n) for n in range(3)], [right(1, field, value)])
    (run,) = folded.runs
    words = {"title": "Tin", "lead": None, "body": "Một.\nHai.", field: value}
    assert run.content_hash == content_hash(
        words["title"], words["lead"], (words["body"] or "").split("\n") if words["body"] else []
    )
    assert [one.field for one in run.corrected] == [field]
    assert folded.moves == ()


def test_the_next_words_of_the_publisher_are_an_edition_of_their_own() -> None:
    folded = fold([page(0), page(1), page(2, body="Một.\nHai.\nBa.")], [right(1, "title", "Tin vui")])
    assert [(run.first.capture_id, run.last.capture_id) for run in folded.runs] == [(0, 10), (20, 20)]
    assert read(folded, "title") == ["Tin vui"] * 3, "the body changed, not the title"


def test_one_field_is_corrected_and_the_others_go_on_following_the_page() -> None:
    captures = [page(0, byline="admin"), page(1, byline="admin", published_at="2025-05-13")]
    folded = fold(captures, [right(0, "byline", None), right(1, "published_at", "2025-05-12")])
    assert read(folded, "byline") == [None, None]
    assert read(folded, "published_at") == [None, "2025-05-12"]
    assert [(m.field, m.before, m.after) for m in folded.moves] == [("published_at", None, "2025-05-12")]


def test_captions_are_corrected_line_by_line() -> None:
    folded = fold([page(0, captions=("Ảnh: admin", "Quang cảnh"))], [right(0, "captions", "Quang cảnh hội nghị")])
    assert folded.speakers[0].captions == ("Quang cảnh hội nghị",)
    assert fold([page(0, captions=("a",))], [right(0, "captions", None)]).speakers[0].captions == ()


def test_a_cleaner_that_reads_it_rightly_by_itself_needs_no_correction() -> None:
    folded = fold([page(0, byline="Minh Hà")], [right(0, "byline", "Minh Hà")])
    assert states(folded) == ["agrees"]
    assert folded.speakers[0].held == ()


def test_the_last_decision_at_a_capture_is_in_force_unless_it_takes_the_correction_back() -> None:
    first, second = right(0, "byline", "Minh Hà"), right(0, "byline", "Thu Trang", made_at=MADE + timedelta(1))
    back = right(0, "byline", None, withdrawn=True)
    assert in_force([first, second]) == [second]
    assert in_force([first, second, back]) == []
    assert in_force([first, back, second]) == [second]
    elsewhere = right(1, "byline", "Minh Hà")
    assert in_force([first, elsewhere, second]) == [elsewhere, second], "in the order in which they were made"


def test_of_two_corrections_that_meet_the_later_one_holds() -> None:
    captures = [page(n, byline="admin") for n in range(3)]
    made = [right(0, "byline", "Minh Hà"), right(2, "byline", "Thu Trang")]
    assert read(fold(captures, made), "byline") == ["Thu Trang"] * 3
    assert states(fold(captures, made)) == ["covered", "holds"]
    assert read(fold(captures, made[::-1]), "byline") == ["Minh Hà"] * 3


def test_a_correction_at_a_capture_that_is_not_there_or_not_read_holds_nowhere() -> None:
    for captures in ([page(1, byline="admin")], [seen(0, None), page(1, byline="admin")]):
        folded = fold(captures, [right(0, "byline", "Minh Hà")])
        assert states(folded) == ["nowhere"]
        assert folded.speakers == fold(captures).speakers


def test_of_captures_at_one_second_the_one_that_speaks_is_meant() -> None:
    """WARC files of others know no fractions of a second."""
    captures = [
        page(1, byline="admin"),
        page(1, url_key=THERE, byline="Thu Trang", preference=1),
        page(2, byline="admin"),
    ]
    assert read(fold(captures, [right(1, "byline", "Minh Hà")]), "byline") == ["Minh Hà", "Minh Hà"]


def test_words_that_a_server_confirms_are_corrected_like_those_it_sent() -> None:
    folded = fold([page(0), seen(1, None, "revisit-not-modified")], [right(0, "title", "Tin vui")])
    assert read(folded, "title") == ["Tin vui", "Tin vui"]
    (run,) = folded.runs
    assert (run.first.capture_id, run.last.capture_id) == (0, 10)


def test_a_correction_may_show_that_words_never_changed() -> None:
    """The page of the second day has a misprint of its own making: by what was meant, it is one edition."""
    folded = fold([page(0, "Tin vui"), page(1, "Tin vuii")], [right(1, "title", "Tin vui")])
    (run,) = folded.runs
    assert [one.field for one in run.corrected] == ["title"]


def test_where_another_address_speaks_now_the_correction_holds_if_that_says_the_same() -> None:
    """The capture at which it was made has become one that corroborates: an import brought the preferred address."""
    anchor = page(1, url_key=THERE, byline="admin", preference=1)
    for byline, expected in (("admin", "holds"), ("Thu Trang", "nowhere")):
        preferred = page(1, url_key=HERE, byline=byline, captured_at=day(1) - timedelta(hours=2))
        folded = fold([preferred, anchor], [right(1, "byline", "Minh Hà")])
        assert [one.url_key for one in folded.speakers] == [HERE]
        assert states(folded) == [expected]


def test_a_variant_is_what_pages_show_and_no_correction_makes_one() -> None:
    captures = [page(1), page(1, url_key=THERE, body="Khác.", preference=1)]
    plain, corrected = fold(captures), fold(captures, [right(1, "body", "Ba.")])
    assert corrected.moves == plain.moves
    same = [page(1), page(1, url_key=THERE, preference=1)]
    assert fold(same, [right(1, "body", "Ba.")]).moves == ()


texts = st.sampled_from(["admin", "Thu Trang", None])
captures = st.lists(
    st.builds(
        lambda n, title, byline, key, visit: page(
            n, title, byline=byline, url_key=key, visit=str(visit), payload_digest=f"{title}{byline}"
        ),
        st.integers(0, 6),
        st.sampled_from(["Tin", "Tin vui"]),
        texts,
        st.sampled_from([HERE, THERE]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda one: one.place,
)
decisions = st.lists(
    st.builds(
        lambda n, field, value, withdrawn: right(n, field, value, withdrawn=withdrawn),
        st.integers(0, 6),
        st.sampled_from(["title", "byline"]),
        texts,
        st.booleans(),
    ),
    max_size=4,
)


@given(st.data(), captures, decisions)
def test_the_order_of_captures_does_not_matter_to_corrections(
    data: st.DataObject, given_captures: list[Seen], made: list[Correction]
) -> None:
    numbered = [replace(one, capture_id=n) for n, one in enumerate(given_captures)]
    assert fold(data.draw(st.permutations(numbered)), made) == fold(numbered, made)


@given(captures, decisions)
def test_a_correction_adds_no_change_where_the_page_did_not_change(
    given_captures: list[Seen], made: list[Correction]
) -> None:
    plain, corrected = fold(given_captures), fold(given_captures, made)
    assert {(m.capture_id, m.field) for m in corrected.moves} <= {(m.capture_id, m.field) for m in plain.moves}
    assert {run.first.place for run in corrected.runs} <= {run.first.place for run in plain.runs}


@given(captures, decisions)
def test_corrected_captures_say_what_was_decided_and_the_others_what_the_page_says(
    given_captures: list[Seen], made: list[Correction]
) -> None:
    raw = {one.place: one for one in fold(given_captures).speakers}
    for one in fold(given_captures, made).speakers:
        held = {held.correction.field: held for held in one.held}
        for field in FIELDS:
            was = said(raw[one.place], field)
            assert said(one, field) == (held[field].correction.value if field in held else was)
            assert field not in held or held[field].was == was != held[field].correction.value


@given(captures, decisions)
def test_the_captures_of_a_correction_are_neighbours_in_which_the_page_says_the_same(
    given_captures: list[Seen], made: list[Correction]
) -> None:
    folded = fold(given_captures, made)
    for correction, state in folded.states:
        places = [n for n, one in enumerate(folded.speakers) if correction in [held.correction for held in one.held]]
        assert bool(places) == (state == "holds")
        assert places == list(range(places[0], places[-1] + 1)) if places else True
        assert len({held.was for n in places for held in folded.speakers[n].held if held.correction == correction}) <= 1
