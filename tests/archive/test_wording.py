from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archive.wording import Segment, wording, words_changed

TEXT = st.text(alphabet="aăâ bđ\n", max_size=60)


def test_equal_texts_are_one_same_segment() -> None:
    assert wording("Đại hội thành công.", "Đại hội thành công.") == [Segment("same", "Đại hội thành công.")]


def test_two_empty_texts_have_no_segments() -> None:
    assert wording("", "") == []


def test_a_replaced_word_stands_removed_before_added() -> None:
    assert wording("kết nạp 214 đảng viên", "kết nạp 241 đảng viên") == [
        Segment("same", "kết nạp "),
        Segment("removed", "214"),
        Segment("added", "241"),
        Segment("same", " đảng viên"),
    ]


def test_a_replaced_phrase_stays_in_one_piece() -> None:
    segments = wording("do đồng chí Bưởi chủ trì", "do lãnh đạo quận chủ trì")
    assert [part.text for part in segments if part.kind == "removed"] == ["đồng chí Bưởi"]


def test_punctuation_after_a_word_is_not_part_of_the_change() -> None:
    segments = wording("đạt 107 % kế hoạch.", "đạt 120,5 % kế hoạch năm.")
    assert [part.text for part in segments if part.kind != "same"] == ["107", "120,5", " năm"]


def test_a_new_paragraph_is_added_whole() -> None:
    assert wording("Một.\nBa.", "Một.\nHai.\nBa.") == [
        Segment("same", "Một.\n"),
        Segment("added", "Hai.\n"),
        Segment("same", "Ba."),
    ]


def test_tone_placement_is_the_publishers_wording() -> None:
    assert words_changed(wording("hòa bình", "hoà bình")) == (1, 1)


def test_changed_words_are_counted() -> None:
    assert words_changed(wording("một hai ba", "một ba bốn năm")) == (2, 1)


@given(TEXT, TEXT)
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    segments = wording(before, after)
    assert "".join(part.text for part in segments if part.kind != "added") == before
    assert "".join(part.text for part in segments if part.kind != "removed") == after
    assert all(part.text for part in segments)


@given(TEXT, TEXT)
def test_neighbouring_segments_differ_in_kind_and_removed_comes_first(before: str, after: str) -> None:
    kinds = [part.kind for part in wording(before, after)]
    assert all(pair not in {("same", "same"), ("added", "removed")} and pair[0] != pair[1] for pair in pairwise(kinds))
