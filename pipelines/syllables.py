"""Whether a word can be Vietnamese: the yardstick by which `decode` and `tcvn3` choose between readings of bytes.

Vietnamese is written in syllables of a strict form: an initial, a vowel group with at most one tone mark, a final.
Bytes read in a wrong encoding hardly ever give one, and neither do the marked words of French or German.
"""

import re
import unicodedata
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_FORM = re.compile(
    r"(?:ngh?|nh?|ch?|gh?|gi|kh?|ph?|qu?|th?|tr|[bdđhlmrsvx])?"
    r"(?:uy[êa]?|u[âêơôa]|oo|o[aăe]|i[êa]|y[êa]|ư[ơa]|[aăâeêioôơuưy])"
    r"(?P<final>ch|nh|ng|[cmnptiyou])?"
)
_STOPS = frozenset({"ch", "c", "p", "t"})  # a syllable that ends so has one of two tones
_TONES_OF_STOPS = frozenset("\u0301\u0323")
# Letters, and the signs of Latin-1's upper half between them: in a text read wrongly they stand inside words. At the
# ends they do not count: «chào» and Máy® are what they seem.
_WORD = re.compile(
    "[^\\W\\d_](?:[\u00a1-\u00bf\u00d7\u00f7\u0300-\u0323]*[^\\W\\d_\u00aa\u00b5\u00ba]|[\u0300-\u0323])*"
)


@lru_cache(maxsize=1 << 14)
def is_syllable(word: str) -> bool:
    """Whether ``word`` has the form of one Vietnamese syllable, whatever its case and Unicode form."""
    if len(word) > 14:
        return False
    apart = unicodedata.normalize("NFD", word.lower())
    tones = [letter for letter in apart if letter in _TONES]
    bare = unicodedata.normalize("NFC", "".join(letter for letter in apart if letter not in _TONES))
    form = _FORM.fullmatch(bare)
    if form is None or len(tones) > 1:
        return False
    return form["final"] not in _STOPS or word.isascii() or (bool(tones) and tones[0] in _TONES_OF_STOPS)


def vietnamese(text: str) -> tuple[int, int]:
    """How many different words of ``text`` with letters beyond ASCII are syllables, and how many are not."""
    marked = {word for word in _WORD.findall(text) if not word.isascii()}
    good = sum(map(is_syllable, marked))
    return good, len(marked) - good
