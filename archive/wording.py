"""Wording: which words two versions of a text share, and which were added or removed. Pure; used by `bantin diff`."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "added", "removed"]

_PARAGRAPHS = re.compile(r"[^\n]*\n|[^\n]+")
# Punctuation stands by itself, save inside a word: 120,5 and 01-CTr/TU are words.
_WORDS = re.compile(r"\n|[^\S\n]+|\w+(?:[.,/-]\w+)*|[^\w\s]")


class Segment(NamedTuple):
    """A piece of text that is in both versions (``same``), only in the later or only in the earlier one."""

    kind: Kind
    text: str


def wording(before: str, after: str) -> list[Segment]:
    """What became of ``before``: neighbouring segments differ in kind, a removed piece stands before what replaced it.

    The texts of ``same`` and ``removed`` joined are ``before``, those of ``same`` and ``added`` are ``after``. Texts
    are lines joined by ``\\n``; whole paragraphs are matched first, words only within the paragraphs that differ.
    """
    return _merged(_paragraphs(_PARAGRAPHS.findall(before), _PARAGRAPHS.findall(after)))


def words_changed(segments: Sequence[Segment]) -> tuple[int, int]:
    """How many words were added, and how many removed."""
    added, removed = (
        sum(len(segment.text.split()) for segment in segments if segment.kind == kind) for kind in ("added", "removed")
    )
    return added, removed


def _paragraphs(before: Sequence[str], after: Sequence[str]) -> Iterator[Segment]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[i1:i2]), "".join(after[j1:j2])
        if tag == "equal":
            yield Segment("same", old)
        else:
            yield from _words(_WORDS.findall(old), _WORDS.findall(new))


def _words(before: Sequence[str], after: Sequence[str]) -> Iterator[Segment]:
    # Spaces are junk: they join matches of words but never make one, else every replaced phrase falls to pieces.
    matcher = SequenceMatcher(str.isspace, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield Segment("same", "".join(before[i1:i2]))
        else:
            yield Segment("removed", "".join(before[i1:i2]))
            yield Segment("added", "".join(after[j1:j2]))


def _merged(segments: Iterator[Segment]) -> list[Segment]:
    """Without empty pieces; neighbours of one kind are one, and between two same pieces removed comes before added."""
    merged: list[Segment] = []
    removed = added = ""
    for segment in [*segments, Segment("same", "")]:
        if segment.kind == "removed":
            removed += segment.text
        elif segment.kind == "added":
            added += segment.text
        elif segment.text or removed or added:
            merged += [piece for piece in (Segment("removed", removed), Segment("added", added)) if piece.text]
            removed = added = ""
            if merged and merged[-1].kind == "same":
                merged[-1] = Segment("same", merged[-1].text + segment.text)
            elif segment.text:
                merged.append(segment)
    return merged
