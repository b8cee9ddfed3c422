"""The canonical form of text. The hashes that identify it (`archive.hashes`) are handed on from here.

Version 1: NFC; every kind of space becomes a space, runs of them one; soft hyphens and zero-width characters go.
Nothing else: case, punctuation and tone placement (hòa/hoà) are the publisher's words.
"""

import re
import unicodedata

from archive.hashes import body_hash, content_hash, digest

__all__ = ["CANONICAL_VERSION", "body_hash", "canonical_line", "content_hash", "digest", "squeezed", "visible"]

CANONICAL_VERSION = 1

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
        text = unicodedata.normalize("NFC", visible(text))
    return " ".join(text.split())


def squeezed(text: str) -> str:
    """``text`` without any white space: for comparing what two extractions kept, whatever their spacing."""
    return "".join(text.split())
