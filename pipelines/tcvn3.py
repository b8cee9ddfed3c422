"""TCVN3 (ABC, the .VnTime fonts) in what was decoded as something else: "Uû ban nh©n d©n" is "Uỷ ban nhân dân".

Older pages were typed for fonts that show Latin-1's signs as Vietnamese letters. No charset says so, and many such
texts were since stored as the Latin-1 characters in UTF-8. What gives them away are words that are Vietnamese syllables
if read so and not as they stand: text without enough of them is left alone, and so is each block that holds a word of
right Vietnamese. Read so after parsing, since editors wrote some of the letters as entities (``nh&copy;n``).

The fonts for capitals (.VnTimeH) have the same codes: where the page names one, its text becomes capitals. Where only
a style sheet does, the letters stay small, as they are in the page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.etree import _Element

from pipelines.lines import BLOCKS, SILENT
from pipelines.syllables import is_syllable

# TCVN 5712:1993, VN3: the codes that the fonts have, by where a run of them begins.
_RUNS = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ",
    0xB5: "àảãáạ",
    0xBB: "ằẳẵắ",
    0xC6: "ặầẩẫấậè",
    0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò",
    0xE1: "ỏõóọồổỗốộờởỡớợù",
    0xF1: "ủũúụừửữứựỳỷỹýỵ",
}
LETTERS = {first + n: letter for first, run in _RUNS.items() for n, letter in enumerate(run)}
_WORD = re.compile("[A-Za-z\u00a1-\u024f\u0300-\u0323\u1ea0-\u1eff]+")
_SIGNS = "".join(chr(code) for code in range(0xA1, 0xC0))
_CAPITAL_FONT = re.compile(r"^\.?Vn\w*H$", re.I)
_FONT_FAMILY = re.compile(r"""font-family\s*:\s*["']?\s*([^;,"']+)""", re.I)
STRONG = 5  # different words of a block that are Vietnamese only if read so; by chance one has two at most

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Different marked words of a block: Vietnamese only as TCVN3, only as they stand, either way, neither way."""

    tcvn3: int = 0
    right: int = 0
    either: int = 0
    neither: int = 0

    @property
    def strong(self) -> bool:
        return self.tcvn3 >= STRONG and not self.right and self.tcvn3 >= 4 * self.neither

    @property
    def some(self) -> bool:
        return self.tcvn3 > self.neither and not self.right


def to_unicode(text: str) -> str:
    """``text``, all of it TCVN3, in Unicode. What stands between capitals is one: ``CéNG`` is typed so."""
    return _WORD.sub(lambda word: _word(word[0]), text)


def restore_tree(tree: _Element) -> int:
    """Put what is TCVN3 on the page right, in place; the number of its blocks, or pieces of mixed ones, that were."""
    blocks: dict[_Element, list[_Slot]] = {}
    for slot in _slots(tree):
        blocks.setdefault(slot.block, []).append(slot)
    pieces = list(blocks.values())
    chosen = _chosen(["".join(slot.text for slot in piece) for piece in pieces])
    if not chosen:
        return 0
    right = [piece for n, piece in enumerate(pieces) if n in chosen]
    mixed = (slot for n, piece in enumerate(pieces) if n not in chosen for slot in piece)
    right += [[slot] for slot in mixed if (seen := _evidence(slot.text)).some and seen.tcvn3 > 1]
    done = {slot for piece in right for slot in piece}
    for slot in done:
        slot.put(to_unicode(slot.text))
    for slot in (slot for piece in pieces for slot in piece if slot.capitals):
        if slot in done or slot.text.isascii():  # words without marks show no code, but are shown as capitals too
            slot.put(slot.text.upper())
    return len(right)


def restore_lines(text: str) -> tuple[str, int]:
    """A plain text with what is TCVN3 in it put right, and the number of lines that were."""
    lines = text.splitlines(keepends=True)
    chosen = _chosen(lines)
    return "".join(to_unicode(line) if n in chosen else line for n, line in enumerate(lines)), len(chosen)


def _chosen(texts: Sequence[str]) -> set[int]:
    """Which of a page's blocks are TCVN3. One needs strong evidence of its own, or strong evidence beside it."""
    seen = [_evidence(text) for text in texts]
    whole = _evidence(" ".join(texts))
    mostly = whole.tcvn3 >= 2 * STRONG and whole.tcvn3 >= 4 * (whole.right + whole.neither)
    if not mostly and not any(one.strong for one in seen):
        return set()
    return {n for n, one in enumerate(seen) if one.some or (mostly and one.either and not one.right)}


def _evidence(text: str) -> _Evidence:
    counts = {"tcvn3": 0, "right": 0, "either": 0, "neither": 0}
    for word in set(_WORD.findall(text)):
        if kind := _kind(word):
            counts[kind] += 1
    return _Evidence(**counts)


@lru_cache(maxsize=1 << 14)
def _kind(word: str) -> str | None:
    plain = word.strip(_SIGNS)
    if word.isascii():
        return None
    if any(ord(letter) > 0xFF for letter in word):
        return "right"
    tcvn3 = is_syllable(_word(word))
    if not tcvn3 and plain != word and plain.isascii():
        return None  # in quotes, or a trade mark
    right = is_syllable(plain)
    return ("either" if right else "tcvn3") if tcvn3 else ("right" if right else "neither")


def _word(word: str) -> str:
    read = word.translate(LETTERS)
    ascii_letters = [letter for letter in word if letter.isascii()]
    return read.upper() if len(ascii_letters) > 1 and all(map(str.isupper, ascii_letters)) else read


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """A piece of text in the tree: what stands in an element before its children, or behind it."""

    element: _Element
    tail: bool
    block: _Element
    capitals: bool

    @property
    def text(self) -> str:
        return str((self.element.tail if self.tail else self.element.text) or "")

    def put(self, text: str) -> None:
        if _CONTROLS.search(text):  # it stays as it came: lxml reads such characters and refuses to write them
            return
        if self.tail:
            self.element.tail = text
        else:
            self.element.text = text


def _slots(tree: _Element) -> list[_Slot]:
    """Every piece of text that is shown, with the block around it and whether its font has capitals only."""
    slots = []
    around: dict[_Element | None, tuple[_Element, bool]] = {}
    for element in tree.iter():
        parent = element.getparent()
        block, capitals = around.get(parent, (tree, False))
        if element.tail and element is not tree and parent.tag not in SILENT:
            slots.append(_Slot(element, True, block, capitals))
        if not isinstance(element.tag, str):  # a comment
            continue
        own = element if element.tag in BLOCKS or element.tag == "title" else block
        around[element] = own, _capitals(element, capitals)
        if element.text and element.tag not in SILENT:
            slots.append(_Slot(element, False, *around[element]))
    return slots


def _capitals(element: _Element, outside: bool) -> bool:
    """Whether the element's font shows small letters as capitals; its own says so, or the one around it."""
    said = _FONT_FAMILY.search(element.get("style") or "")
    font = said[1] if said else element.get("face")
    return bool(_CAPITAL_FONT.match(font.split(",")[0].strip())) if font else outside
