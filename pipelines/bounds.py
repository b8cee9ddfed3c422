"""What a page may hold to be read, decided by the page alone: the same page is refused in any process, or in none.

Each bound lies far above what was seen on real pages (docs/decisions.md), and below what takes seconds or hundreds of
megabytes. What nobody thought of ends at the limits of `pipelines.worker`.
"""

import re

from archive.errors import BantinError
from pipelines.canonical import visible

#: Bytes of a page or text in UTF-8; the largest of the recorded pages has 124,074.
MAX_BYTES = 16 * 2**20
#: Tags and comments of a page; 1,134.
MAX_TAGS = 50_000
#: Characters of one line; 2,606.
MAX_LINE = 1_000_000
#: Lines of a plain text.
MAX_LINES = 50_000
#: Combining marks on one letter; two. Unicode's normal forms sort them, and the time for that grows with their square.
MAX_MARKS = 250

_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
    f"{{{MAX_MARKS}}}"
)
# How the marks begin in UTF-8, and the numbers that may stand for them: a page with few of these has no such run. The
# first are bytes that begin nothing of Vietnamese.
_SIGNS = b"\xcc\xcd\xd2\xd6\xd7\xd8\xd9\xdb"
_MORE_SIGNS = (b"\xe1\xaa", b"\xe1\xab", b"\xe1\xb7", b"\xe2\x83", b"&#")


class TooMuchError(BantinError):
    """A page that holds more than is read; the words are the reason of its capture."""


def check_bytes(data: bytes) -> None:
    """Raise TooMuchError for a page, decoded or not, of more bytes than are read."""
    if len(data) > MAX_BYTES:
        raise TooMuchError(f"more than is read: {len(data):,} bytes of text")


def check_page(data: bytes) -> None:
    """Raise TooMuchError for a page, in UTF-8, with more bytes or tags than are read."""
    check_bytes(data)
    if (tags := data.count(b"<")) > MAX_TAGS:
        raise TooMuchError(f"more than is read: {tags:,} tags")


def check_text(text: str) -> None:
    """Raise TooMuchError for a plain text of which more came than is read."""
    data = text.encode("utf-8", "surrogatepass")
    check_bytes(data)
    if (lines := text.count("\n") + text.count("\r")) > MAX_LINES:
        raise TooMuchError(f"more than is read: {lines:,} lines")
    if may_pile_marks(data):
        check_marks(text)


def check_line(text: str) -> None:
    """Raise TooMuchError for a line that is longer than any that is read."""
    if len(text) > MAX_LINE:
        raise TooMuchError(f"more than is read: a line of {len(text):,} characters")


def may_pile_marks(data: bytes) -> bool:
    """Whether so many marks stand in a page that it is worth looking for piles of them."""
    return len(data) - len(data.translate(None, _SIGNS)) + sum(map(data.count, _MORE_SIGNS)) >= MAX_MARKS


def check_marks(text: str) -> None:
    """Raise TooMuchError for a letter with more marks than any has."""
    if _MARKS.search(visible(text)):
        raise TooMuchError(f"more than is read: {MAX_MARKS} marks on one letter, or more")
