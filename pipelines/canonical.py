"""The canonical form of text. The hashes that identify it (`archive.hashes`) are handed on from here.

Version 1: NFC; every kind of space becomes a space, runs of them one; soft hyphens and zero-width characters go.
Nothing else: case, punctuation and tone placement (hòa/hoà) are the publisher's words.
"""

import re
import unicodedata
from itertools import chain, groupby

from archive.hashes import body_hash, content_hash, digest

__all__ = ["CANONICAL_VERSION", "body_hash", "canonical_line", "content_hash", "digest", "squeezed", "visible"]

CANONICAL_VERSION = 1

#: A run of marks this long is no letter of any language, and puts its composition out of any time: see `_ordered`.
LONG_RUN = 500
_MARKS = re.compile(rf"[^\w\s]{{{LONG_RUN + 1},}}")  # no combining mark is a word's character to `re`, nor a space
# Soft hyphen, Mongolian vowel separator, zero-width space/joiners/marks, word joiner, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060\ufeff]")


def visible(text: str) -> str:
    """``text`` without its invisible characters."""
    return _INVISIBLE.sub("", text)


def canonical_line(text: str) -> str:
    """``text`` as one line in canonical form; empty where nothing visible is left.

    Invisible characters go first: one between a letter and its combining mark would keep NFC from joining them.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ordered(visible(text)))
    return " ".join(text.split())


def _ordered(text: str) -> str:
    """``text``, long runs of combining marks in the order that NFC gives them: Python's own way of ordering takes a
    minute for 200,000 marks, since it moves each past all others."""
    return _MARKS.sub(_sorted, text) if len(text) > LONG_RUN else text


def _sorted(run: re.Match[str]) -> str:
    apart = (part for character in run[0] for part in unicodedata.normalize("NFD", character))
    groups = groupby(apart, key=lambda part: unicodedata.combining(part) > 0)
    ordered = (sorted(group, key=unicodedata.combining) if marks else group for marks, group in groups)
    return "".join(chain.from_iterable(ordered))


def squeezed(text: str) -> str:
    """``text`` without any white space: for comparing what two extractions kept, whatever their spacing."""
    return "".join(text.split())
