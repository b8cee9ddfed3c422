"""Bytes become text by what they declare where that is true, else by what they can be shown to be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decode import decode
from tests.pipelines.test_tcvn3 import FRENCH, SECOND, SENTENCE, typed

HTML = "text/html"
UTF8 = "text/html; charset=utf-8"
TEXT = f"<html><body><p>{SENTENCE}</p><p>{SECOND}</p></body></html>"
META = '<meta http-equiv="Content-Type" content="text/html; charset={}">'
TONES = "\u0300\u0301\u0303\u0309\u0323"


def cp1258(text: str) -> bytes:
    """As that encoding writes Vietnamese: a tone mark behind its letter, ă â ê ô ơ ư as one."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        tone = "".join(mark for mark in unicodedata.normalize("NFD", letter) if mark in TONES)
        bare = "".join(mark for mark in unicodedata.normalize("NFD", letter) if mark not in TONES)
        letters.append(unicodedata.normalize("NFC", bare) + tone)
    return "".join(letters).encode("cp1258")


def read(payload: bytes, content_type: str | None = HTML) -> tuple[str, tuple[str, ...]]:
    decoded = decode(payload, content_type)
    return unicodedata.normalize("NFC", decoded.text), decoded.warnings


def with_meta(charset: str, text: str = TEXT) -> str:
    return text.replace("<body>", f"<head>{META.format(charset)}</head><body>")


@pytest.mark.parametrize("content_type", [UTF8, HTML, None, "text/html; charset=khong-co", "text/html; charset=hex"])
@pytest.mark.parametrize("text", [TEXT, FRENCH, "plain words", with_meta("utf-8"), "\ufeff" + TEXT])
def test_utf_8_is_read_without_a_warning(text: str, content_type: str | None) -> None:
    assert read(text.encode(), content_type) == (text.removeprefix("\ufeff"), ())


@given(st.text(st.sampled_from(SENTENCE + SECOND + FRENCH + "«»©®µ"), max_size=300))
def test_right_text_is_never_changed(text: str) -> None:
    decoded = decode(text.encode(), UTF8)
    assert (decoded.text, decoded.warnings) == (text, ())


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "windows-1258", "us-ascii", "utf-16", "iso-8859-15"])
def test_utf_8_is_found_behind_another_declaration(charset: str) -> None:
    (warning,) = read(TEXT.encode(), f"text/html; charset={charset}")[1]
    assert read(TEXT.encode(), f"text/html; charset={charset}")[0] == TEXT
    assert warning.startswith("encoding:utf-8-not-")
    assert read(b"<p>only plain words</p>", f"text/html; charset={charset}")[1] == ()


def test_what_either_header_or_page_declares_is_declared() -> None:
    """A server that says latin-1 of everything, and a page that knows better; and the other way round."""
    right = with_meta("utf-8")
    assert read(right.encode(), "text/html; charset=iso-8859-1") == (right, ())
    old = with_meta("windows-1258")
    assert read(cp1258(old), UTF8) == (old, ())


def test_a_byte_order_mark_counts_before_all_declarations() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert read(TEXT.encode(encoding), "text/html; charset=windows-1258") == (TEXT, ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(encoding: str) -> None:
    assert read(TEXT.encode(encoding)) == (TEXT, (f"encoding:{encoding}",))
    assert read(TEXT.encode(encoding), UTF8) == (TEXT, (f"encoding:{encoding}-not-utf-8",))
    assert read(TEXT.encode(encoding), "text/html; charset=utf-16") == (TEXT, ())


def test_a_stray_zero_makes_no_utf_16() -> None:
    assert read((TEXT + "\0").encode()) == (TEXT + "\0", ())


@pytest.mark.parametrize(
    ("content_type", "warnings"),
    [
        ("text/html; charset=windows-1258", ()),
        (HTML, ("encoding:cp1258",)),
        (UTF8, ("encoding:cp1258-not-utf-8",)),
        ("text/html; charset=iso-8859-1", ("encoding:cp1258-not-cp1252",)),
        ("text/html; charset=windows-1252", ("encoding:cp1258-not-cp1252",)),
        ("text/html; charset=iso-8859-15", ("encoding:cp1258-not-iso8859-15",)),
    ],
)
def test_windows_1258_is_found_whatever_is_declared(content_type: str, warnings: tuple[str, ...]) -> None:
    assert read(cp1258(TEXT), content_type) == (TEXT, warnings)


@pytest.mark.parametrize(
    "text", [FRENCH, "Fünf Mädchen hören schöne Töne über Köln, für große Übung, Gemüse, Käse, Tür"]
)
@pytest.mark.parametrize("charset", ["windows-1252", "iso-8859-1"])
def test_a_declaration_that_may_be_true_counts(text: str, charset: str) -> None:
    assert read(text.encode("cp1252"), f"text/html; charset={charset}") == (text, ())


@pytest.mark.parametrize("charset", ["gbk", "gb18030", "big5", "euc-kr"])
def test_encodings_of_several_bytes_a_letter_are_believed(charset: str) -> None:
    payload = b"\xc3\xa1\xc3\xa1 ok"  # valid UTF-8 too, by chance
    assert read(payload, f"text/html; charset={charset}") == (payload.decode(charset), ())


@pytest.mark.parametrize("content_type", [UTF8, HTML, "text/html; charset=iso-8859-1"])
def test_a_stray_byte_does_not_turn_a_utf_8_page_into_another(content_type: str) -> None:
    payload = TEXT.encode().replace(b"</p>", b" \xa0\xe1</p>")
    assert read(payload, content_type) == (TEXT.replace("</p>", " \ufffd\ufffd</p>"), ("encoding:damaged-utf-8:4",))


def test_a_replacement_that_the_page_itself_has_is_no_damage() -> None:
    payload = (TEXT + "\ufffd").encode()
    assert read(payload, UTF8) == (TEXT + "\ufffd", ())
    assert read(payload + b"\xff", UTF8) == (TEXT + "\ufffd\ufffd", ("encoding:damaged-utf-8:1",))


def test_a_cut_off_page_is_still_utf_8() -> None:
    payload = (TEXT + "ủ").encode()[:-1]
    assert read(payload) == (TEXT + "\ufffd", ("encoding:damaged-utf-8:1",))


@pytest.mark.parametrize(
    "content_type", [HTML, UTF8, "text/html; charset=iso-8859-1", "text/html; charset=windows-1258"]
)
def test_bytes_in_tcvn3_are_kept_as_its_signs_to_be_restored(content_type: str) -> None:
    decoded = decode(typed(TEXT).encode("latin-1", "ignore"), content_type)
    assert decoded.text == typed(TEXT).encode("latin-1", "ignore").decode("latin-1")
    assert decoded.suspect


@pytest.mark.parametrize("text", [SENTENCE, "10 µm, Máy® và ©", "Máy&reg; và &copy;", "&micro;", FRENCH])
def test_most_texts_are_not_suspected(text: str) -> None:
    assert not decode(text.encode(), UTF8).suspect
    assert decode(typed(SENTENCE).encode(), UTF8).suspect
    assert decode(typed(SENTENCE).encode("ascii", "xmlcharrefreplace"), UTF8).suspect


def test_utf_8_that_was_encoded_twice_is_read_once() -> None:
    twice = TEXT.encode().decode("cp1252", "surrogateescape")
    twice = "".join(chr(ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c for c in twice)
    assert read(twice.encode(), UTF8) == (TEXT, ("encoding:utf-8-twice",))
    mixed = twice + " Đảng"
    assert read(mixed.encode(), UTF8) == (mixed, ())
    quoted = "Chị hỏi: «thế à, là ai đấy á»"
    assert read(quoted.encode(), UTF8) == (quoted, ())


@given(
    st.binary(max_size=200),
    st.sampled_from(["hex", "idna", "undefined", "utf-7", "unicode_escape", "gbk", "utf-16", "cp037"]),
)
def test_any_bytes_become_some_text(payload: bytes, charset: str) -> None:
    assert decode(payload, f"text/html; charset={charset}") == decode(payload, f"text/html; charset={charset}")
    assert isinstance(decode(payload, None).text, str)
