"""TCVN3 found by its marks and put right; French, German and right Vietnamese left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipelines.lines import walk
from pipelines.locate import parse
from pipelines.tcvn3 import LETTERS, restore_lines, restore_tree, to_unicode

CODES = {ord(letter): chr(code) for code, letter in LETTERS.items()}
SENTENCE = "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường trước ngày họp ban thường vụ quận ủy."
SECOND = "Đồng chí bí thư đề nghị những nơi còn vướng mắc gửi văn bản về văn phòng để tổng hợp, xin ý kiến cấp trên."
FRENCH = (
    "Où êtes-vous allés ? Né à Évry, le député a été élu très tôt ; il préfère le thé, même à côté de la forêt où "
    "l'âne brûlait. Ça coûte déjà dès l'été, là-bas, naïf, mûr, sûr, île, dîner, théâtre, procès, pâte, dû, goût."
)
GERMAN = "Über die Straße müßte ein Mädchen für das Größte hören, fünf Käse können schön würde Öl, 10 µm, 5 µg, § 3."
LOWER = sorted({letter for letter in LETTERS.values() if letter.islower()} | set("abcdeghiklmnopqrstuvxy ,.;0123\n"))


def typed(text: str) -> str:
    """As the fonts want it: every letter that has a code as that sign of Latin-1."""
    return text.translate(CODES)


def lines(tree: Any) -> list[str]:
    return [line.text for line in walk(tree, {})]


def restored(markup: str) -> tuple[list[str], int]:
    tree = parse(f"<html><body>{markup}</body></html>")
    assert tree is not None
    count = restore_tree(tree)
    return lines(tree), count


def untouched(markup: str) -> None:
    tree = parse(f"<html><body>{markup}</body></html>")
    assert tree is not None
    before = html.tostring(tree)
    assert restore_tree(tree) == 0
    assert html.tostring(tree) == before


@given(st.text(alphabet=LOWER))
def test_vietnamese_in_small_letters_typed_so_comes_back(text: str) -> None:
    assert to_unicode(typed(text)) == text


def test_the_table_is_that_of_the_standard() -> None:
    assert to_unicode("Uû ban nh©n d©n, §¶ng bé, ­u ®iÓm, ¡n, £m, ¢m, ¥n, ¤ng") == (
        "Uỷ ban nhân dân, Đảng bộ, ưu điểm, Ăn, Êm, Âm, Ơn, Ông"
    )
    assert len(LETTERS) == len(set(LETTERS.values())) == 74


@pytest.mark.parametrize(("text", "shown"), [("CéNG HßA", "CỘNG HÒA"), ("Uû", "Uỷ"), ("Hµ NéI", "Hà NỘI")])
def test_what_stands_between_capitals_is_one(text: str, shown: str) -> None:
    assert to_unicode(text) == shown


def test_a_page_typed_so_is_put_right_headings_and_short_lines_too() -> None:
    markup = f"<h1>{typed('Quận ủy sơ kết')}</h1><p>{typed(SENTENCE)}</p><td>{typed('nộp')}</td><p>Ban</p>"
    assert restored(markup) == (["Quận ủy sơ kết", SENTENCE, "nộp", "Ban"], 3)


def test_letters_written_as_entities_and_split_by_markup_are_put_right() -> None:
    text = typed(SENTENCE).replace("®", "&reg;").replace("©", "&copy;").replace("µ", "<b>&#181;</b>")
    assert restored(f"<p>{text}</p>") == ([SENTENCE], 1)


def test_one_such_paragraph_in_a_right_page_is_put_right_and_nothing_else() -> None:
    quoted = "Chị nói: «Là người Hà Nội» và «thế». Bản quyền © 2015, Máy®, 10 µm."
    markup = f"<p>{SECOND}</p><p>{typed(SENTENCE)}</p><p>{quoted}</p><p>là</p><p>© Sông Nhuệ ®</p>"
    assert restored(markup) == ([SECOND, SENTENCE, quoted, "là", "© Sông Nhuệ ®"], 1)


def test_a_piece_typed_so_beside_right_words_is_put_right() -> None:
    markup = f"<div><span>Thứ tư, 10/4</span> <span>{typed('Mở lớp học')}</span> <i>10 µm</i></div>"
    assert restored(f"{markup}<p>{typed(SENTENCE)}</p>") == (["Thứ tư, 10/4 Mở lớp học 10 µm", SENTENCE], 2)


@pytest.mark.parametrize("text", [FRENCH, GERMAN, SENTENCE, SECOND, SENTENCE + typed(" đã bàn giao đủ hồ sơ ở phường")])
def test_other_words_are_never_touched(text: str) -> None:
    untouched(f"<p>{text}</p>")
    untouched(f"<p>{SECOND}</p><p>{text}</p>")
    assert restore_lines(text) == (text, 0)


def test_a_text_that_mixes_both_is_left_alone_and_proves_nothing() -> None:
    untouched(f"<p>{SECOND} {typed(SENTENCE)}</p><p>{typed('bàn giao')}</p>")


def test_trade_marks_in_it_do_not_count_against_it() -> None:
    marks = " ".join(
        f"{name}®" for name in ("Word", "Times", "Arial", "Sharp", "Canon", "Ford", "Bic", "Dell", "Wrigley")
    )
    assert restored(f"<p>{typed(SENTENCE)} {marks}</p>")[1] == 1


@pytest.mark.parametrize("text", ["nhân", "bàn giao", "đủ hồ sơ", "phường"])
def test_a_few_words_are_no_evidence(text: str) -> None:
    untouched(f"<p>{typed(text)}</p>")


@given(st.lists(st.sampled_from((SENTENCE + " " + SECOND).split()), max_size=40).map(" ".join))
def test_right_vietnamese_never_changes(text: str) -> None:
    untouched(f"<p>{text}</p>")
    assert restore_lines(text) == (text, 0)


@pytest.mark.parametrize(
    "font", ['face=".VnTimeH"', 'style="font-family: .VnArialH, serif"', "style=\"font-family:'.VnTimeH'\""]
)
def test_a_font_of_capitals_makes_capitals(font: str) -> None:
    small = f"<span style='font-family:.VnTime'>{typed('đã họp')}</span>"
    heading = f"<p><font {font}>{typed('đảng bộ quận')} ban {small}</font></p>"
    assert restored(f"{heading}<p>{typed(SENTENCE)}</p>") == (["ĐẢNG BỘ QUẬN BAN đã họp", SENTENCE], 2)
    assert restored(f"<p><font {font}>ban</font></p><p>{typed(SENTENCE)}</p>") == (["BAN", SENTENCE], 1)
    right = f"<p><font {font}>ban</font></p><p>{SENTENCE}</p>"
    untouched(right)


def test_scripts_comments_and_attributes_stay_as_they_are() -> None:
    text = typed(SENTENCE)
    tree = parse(f'<html><body><script>{text}</script><!-- {text} --><p title="{text}">{text}</p></body></html>')
    assert tree is not None
    assert restore_tree(tree) == 1
    assert html.tostring(tree, encoding="unicode").count(text) == 3


def test_a_plain_text_is_put_right_line_by_line() -> None:
    text = f"{typed(SENTENCE)}\r\n\r\n{SECOND}\n{typed(SECOND)}"
    assert restore_lines(text) == (f"{SENTENCE}\r\n\r\n{SECOND}\n{SECOND}", 2)


def test_a_piece_with_a_control_character_stays_as_it_came_and_stops_nothing() -> None:
    put_right, left = restored(f"<p>{typed(SENTENCE)}</p><p>{typed(SECOND)}\x01</p>")[0]
    assert (put_right, left[:8], left[-1]) == (SENTENCE, typed("Đồng chí"), "\x01")
