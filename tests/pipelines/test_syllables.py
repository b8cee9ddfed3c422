"""Whether a word can be Vietnamese."""

import unicodedata

import pytest

from pipelines.syllables import is_syllable, vietnamese

RIGHT = (
    "ủy uỷ ban nhân dân phường nghiêng khuỷu khuya khuyên thuở quốc quý gì giữ giếng yếu yêu ý ưu rượu người oẳn đoàn "
    "xoong ghềnh ngoằn hoà hòa thúy thuý buýt ếch ướt tiếp chục tuần Đảng ĐẢNG Ẩm nghĩa kỷ loè mía lửa của"
)


@pytest.mark.parametrize("word", RIGHT.split())
def test_a_vietnamese_syllable_is_one_in_any_form(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(unicodedata.normalize("NFD", word))
    assert is_syllable(word.upper())


@pytest.mark.parametrize(
    "word",
    [
        "père", "été", "même", "côté", "forêt", "für", "müßte", "schön", "Größe", "ñandú", "nh©n", "ph­êng", "cña",
        "ủyban", "nhâan", "thết̉", "hêt", "đăc", "tịnhh", "wà", "jó", "á»§y", "Ä‘áº£ng", "đ" * 20,
    ],
)  # fmt: skip
def test_marked_words_of_others_and_wrongly_read_ones_are_none(word: str) -> None:
    assert not is_syllable(word)


def test_different_marked_words_are_counted_once_and_plain_ones_not_at_all() -> None:
    assert vietnamese("Đảng bộ, Đảng bộ và «nhân dân» Máy® 10 Größe của ban") == (7, 1)
