"""The canonical form: what it folds, and above all what it leaves alone."""

import time
import unicodedata
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.canonical import body_hash, canonical_line, content_hash, digest, squeezed

SENTENCE = "Quận ủy Sông Nhuệ tổ chức hội nghị"


@given(st.text())
def test_the_canonical_form_of_a_canonical_form_is_itself(text: str) -> None:
    assert canonical_line(canonical_line(text)) == canonical_line(text)


@given(st.text())
def test_composed_and_decomposed_text_are_one(text: str) -> None:
    composed, apart = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert canonical_line(composed) == canonical_line(apart)


@given(st.text())
def test_a_canonical_line_is_one_line_in_nfc(text: str) -> None:
    line = canonical_line(text)
    assert line.splitlines() in ([], [line])
    assert line == line.strip()
    assert unicodedata.is_normalized("NFC", line)


@given(st.text(st.sampled_from("aạ\u0301\u0323\u031b\u0344\u3099\U0001d165\u1161. ")))
def test_a_long_run_of_marks_is_ordered_as_python_orders_it(text: str) -> None:
    for run in (text * 300, f"ệ{text * 300}", f"{'ạ' * 600}{text}"):
        assert canonical_line(run) == " ".join(unicodedata.normalize("NFC", run).split())


def test_two_hundred_thousand_marks_on_one_letter_take_no_minute() -> None:
    began = time.process_time()
    line = canonical_line("a" + "\u0301\u0323\u031b" * 70_000)
    assert time.process_time() - began < 5
    assert (len(line), line[0]) == (210_000, "\u1ea1")


@given(st.text(st.sampled_from("aốđ \u00a0\u00ad\u200b\n\tẠ\u0301")))
def test_nothing_but_spaces_and_invisible_characters_is_folded(text: str) -> None:
    kept = unicodedata.normalize("NFC", text.replace("\u00ad", "").replace("\u200b", ""))
    assert squeezed(canonical_line(text)) == squeezed(kept)


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\t", "\n", "\r\n", "  ", " \u00a0 ", "\u2028"])
def test_every_kind_of_space_is_a_space(space: str) -> None:
    assert canonical_line(f"{space}Quận{space}ủy{space}") == "Quận ủy"


@pytest.mark.parametrize("invisible", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u200e", "\u2060", "\ufeff"])
def test_invisible_characters_go(invisible: str) -> None:
    assert canonical_line(f"hội{invisible} ng{invisible}hị") == "hội nghị"
    assert canonical_line(invisible) == ""


def test_an_invisible_character_between_letter_and_mark_does_not_keep_them_apart() -> None:
    assert canonical_line("tha\u200b\u0306\u0301ng") == "thắng"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hòa bình", "hoà bình"),
        ("ủy ban", "uỷ ban"),
        ("Đảng", "Ðảng"),
        ("Đảng", "đảng"),
        ("10 %", "10%"),
        ("“văn”", '"văn"'),
        ("2020–2025", "2020-2025"),
        ("kết thúc.", "kết thúc"),
    ],
)
def test_the_publishers_spelling_is_left_alone(one: str, other: str) -> None:
    assert canonical_line(one) != canonical_line(other)
    assert canonical_line(one) == one


def test_the_content_hash_is_what_the_documentation_says() -> None:
    canonical = '["Hội nghị","Sáng 9/1",["Đoạn một.","Đoạn hai."]]'
    assert content_hash("Hội nghị", "Sáng 9/1", ["Đoạn một.", "Đoạn hai."]) == sha256(canonical.encode()).hexdigest()
    assert content_hash("Hội nghị", "Sáng 9/1", ("Đoạn một.", "Đoạn hai.")) == (
        "5250bcc59e8b12caac5bc037bf19d036b47c211a75edc7d36b574395b60bef8b"
    )
    assert content_hash(None, None, ["Đoạn một."]) == sha256('[null,null,["Đoạn một."]]'.encode()).hexdigest()


def test_the_body_hash_knows_the_paragraphs_alone() -> None:
    assert body_hash(["Đoạn một.", "Đoạn hai."]) == sha256('["Đoạn một.","Đoạn hai."]'.encode()).hexdigest()
    assert body_hash(["Đoạn một.", "Đoạn hai."]) != body_hash(["Đoạn một. Đoạn hai."])
    assert body_hash([]) is None


def test_where_a_text_is_cut_changes_its_hash() -> None:
    hashes = {
        content_hash(SENTENCE, None, ()),
        content_hash(None, SENTENCE, ()),
        content_hash(None, None, (SENTENCE,)),
        content_hash(SENTENCE, "", ()),
    }
    assert len(hashes) == 4


def test_a_digest_does_not_depend_on_the_order_of_keys_and_takes_any_text() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest("a", "b") != digest("ab")
    assert len(digest("\ud800")) == 64
