"""From a payload's bytes to its text: what it declares where that is true, else what it can be shown to be.

Pages declare encodings that they are not in, and contradict themselves. A byte order mark decides; then what is valid
UTF-8 is UTF-8, since no other text is by chance; then a declaration counts, unless under another reading the words are
Vietnamese syllables and under the declared one they are not. What is read otherwise than declared has a warning:
``encoding:<read as>-not-<declared>``, or ``encoding:<read as>`` where nothing was declared.
"""

import re
from dataclasses import dataclass

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, to_unicode

from pipelines import tcvn3
from pipelines.syllables import vietnamese

# What Python knows besides are no encodings of text (hex, idna, …), or a page's way to smuggle some.
_KNOWN = re.compile(
    r"utf-(?:8|16|32)(?:-[bl]e)?|cp\d+|iso8859-\d+|koi8-\w|mac-\w+|tis-620|gb\w+|big5\w*|euc_\w+|iso2022_\w+"
)
_SINGLE_BYTE = re.compile(r"cp(?:125\d|437|850|866|874)|iso8859-\d+|koi8-\w|mac-\w+|tis-620")
VIETNAMESE = "cp1258"  # in which older Vietnamese pages are written
WESTERN = "cp1252"
SURE = 0.75  # share of marked words that must be syllables before a declaration is set aside
BETTER = 0.3  # by how much it must exceed the share under the declaration
FEWEST = 5  # different words that a share needs to say anything
SAMPLE = 200_000  # characters that are judged
# cp1252 as browsers have it: what it leaves open are the control characters of those codes.
_BYTES = {ord(bytes([code]).decode(WESTERN, "ignore") or chr(code)): code for code in range(0x80, 0xA0)}


# What is worth a second look: signs that TCVN3 has in nearly every sentence (đ à á ạ ê ơ) and others seldom; and the
# second half of what became of Vietnamese letters that were encoded twice. In the bytes, where looking costs least.
_SIGNS = re.compile(rb"\xc2([\xaa\xac\xae\xb5\xb8-\xbb])")
_SECOND_HALVES = frozenset({b"\xba", b"\xbb"})
# The same as editors wrote them: đ, which a trade mark may be as well, and one of the others.
_ENTITIES = re.compile(rb"&(?:reg|#174);"), re.compile(rb"&(?:micro|cedil|not|ordf|sup1|#18[145]|#17[02]);")
_TWICE = re.compile("á[»º]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A payload's text, what was unsure of it as warnings for a reading, and whether it may hold TCVN3 (`tcvn3`)."""

    text: str
    warnings: tuple[str, ...] = ()
    suspect: bool = False


def decode(payload: bytes, content_type: str | None) -> Decoded:
    """The text of a page or plain text; what cannot be decoded is U+FFFD."""
    named, mark = read_bom(payload)
    if named is not None and mark is not None:
        payload, content_type = payload[len(mark) :], f"charset={named}"
        if named != "utf-8":
            return Decoded(to_unicode(payload, named))
    header = http_content_type_encoding(content_type)
    declared = (header,) if header == "utf-8" else _declared(header, payload)
    if b"\0" in payload and (wide := _wide(payload)):
        same = any(name.startswith("utf-16") for name in declared)
        return Decoded(payload.decode(wide, "replace"), () if same else _otherwise(wide, declared))
    if declared and not _may_be_wrong(declared[0]):
        return Decoded(to_unicode(payload, declared[0]))
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return _no_utf8(payload, _declared(header, payload))
    signs = set(_SIGNS.findall(payload))
    if signs & _SECOND_HALVES and (once := _once(text)):
        return Decoded(once, ("encoding:utf-8-twice",))
    suspect = len(signs - _SECOND_HALVES) >= 3 or all(entity.search(payload) for entity in _ENTITIES)
    trusted = not declared or "utf-8" in declared or text.isascii()
    return Decoded(text, () if trusted else _otherwise("utf-8", declared), suspect)


def _declared(header: str | None, payload: bytes) -> tuple[str, ...]:
    """The encodings that header and page declare, the header's first, each once, where they are known ones."""
    said = (header, html_body_declared_encoding(payload))
    return tuple(dict.fromkeys(name for name in said if name and _KNOWN.fullmatch(name)))


def _may_be_wrong(name: str) -> bool:
    """Whether this is an encoding of which a wrong declaration can be found out."""
    return name.startswith("utf-") or bool(_SINGLE_BYTE.fullmatch(name))


def _wide(payload: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of its ASCII is zero, and none of the others."""
    start = payload[:2000]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 < len(start) or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _no_utf8(payload: bytes, declared: tuple[str, ...]) -> Decoded:
    damaged = payload.decode("utf-8", "replace")
    lost = damaged.count("\ufffd") - payload.count("\ufffd".encode())
    if len(damaged) - len(damaged.encode("ascii", "ignore")) > 2 * lost:  # more was decoded than lost
        return Decoded(damaged, (f"encoding:damaged-utf-8:{lost}",))
    said = next((name for name in declared if not name.startswith("utf-")), None)
    text = to_unicode(payload, said or VIETNAMESE)
    enough = max(SURE, _share(text) + BETTER)
    western = to_unicode(payload, WESTERN)
    if _share(tcvn3.to_unicode(western)) >= enough:
        return Decoded(western, suspect=True)  # to be read as TCVN3 once it is parsed, with a warning
    if said and said != VIETNAMESE and _share(other := to_unicode(payload, VIETNAMESE)) >= enough:
        return Decoded(other, _otherwise(VIETNAMESE, declared))
    return Decoded(text, () if said else _otherwise(VIETNAMESE, declared))


def _share(text: str) -> float:
    """Which share of the marked words are Vietnamese syllables; 0 where there are too few to say."""
    good, bad = vietnamese(text[:SAMPLE])
    return good / (good + bad) if good >= FEWEST else 0.0


def _once(text: str) -> str | None:
    """What UTF-8 that was read as cp1252 and encoded again was before; None where any character says otherwise."""
    if not _TWICE.search(text):
        return None
    try:
        return text.translate(_BYTES).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


def _otherwise(name: str, declared: tuple[str, ...]) -> tuple[str, ...]:
    return (f"encoding:{name}-not-{declared[0]}" if declared else f"encoding:{name}",)
