"""Who wrote it: what stands alone at the very end of the text, where the layout or the words say that writers stand."""

import re
from collections.abc import Sequence

from pipelines.layouts import Byline
from pipelines.lines import BODY, CANDIDATE, Line, Mark
from pipelines.textrules import TextRules

_SENTENCE_END = re.compile(r"[;:!?…]$|[^.]{60,}\.$")
_OFFICIAL_END = ("./.", ".//.")
# What else stands at the right edge below a text: when it was written, what comes next, whose the picture above is.
_NO_WRITER = re.compile(
    r"ngày \d{1,2}(?:/| tháng )\d{1,2}(?:/| năm )\d{4}"
    r"|^\(?(?:còn (?:nữa|tiếp)|kỳ (?:sau|tới|cuối)|xem |chi tiết)|^\(ảnh",
    re.IGNORECASE,
)


def decide_bylines(lines: list[Line], rules: Byline, words: TextRules) -> tuple[list[Line], list[int]]:
    """``lines`` with every candidate made a byline or a line of the body; and which lines (by their place) read like
    bylines without standing like them, where nothing is one.

    Bylines are the lines at the very end of the text that are candidates, since the layout marks them, or that are told
    by ``words``. An official text ends with an office and a name ("TM. BAN THƯỜNG VỤ", "PHÓ BÍ THƯ", "Nguyễn Văn An"):
    that is part of the document.
    """
    text = [n for n, line in enumerate(lines) if line.mark is not None and line.mark.role in ("body", "candidate")]
    told: dict[int, str | None] = {}
    for n in reversed(text):
        kind = words.byline(lines[n].text)
        if kind is None and not (lines[n].mark is CANDIDATE and _fits(lines[n].text, rules)):
            break
        told[n] = kind
    end = sorted(told)
    if len(end) == len(text) or _signed([lines[n].text for n in text], len(end), rules, words):
        end = []
    bylines = end if _placed(lines, text, end, told, words) else _marked(lines, end)
    decided = list(lines)
    for n in text:
        if n in bylines:
            decided[n] = Line(lines[n].text, Mark("byline", told[n]))
        elif lines[n].mark is CANDIDATE:
            decided[n] = Line(lines[n].text, BODY)
    return decided, [] if bylines else end


def _fits(text: str, rules: Byline) -> bool:
    if len(text) > rules.max_length:  # the expressions are slow on long lines
        return False
    return not (text.endswith(_OFFICIAL_END) or _SENTENCE_END.search(text) or _NO_WRITER.search(text))


def _signed(text: Sequence[str], end: int, rules: Byline, words: TextRules) -> bool:
    """Whether the last ``end`` lines or those before are a signature; it stands below the mark that ends a document."""
    around: list[str] = []
    for n, line in enumerate(reversed(text)):
        if n >= end and (n >= end + words.look_back or line.endswith(_OFFICIAL_END)):
            break
        around.append(line)
    return any(len(line) <= rules.max_length and re.search(words.signing, line) for line in around)


def _placed(lines: list[Line], text: list[int], end: list[int], told: dict[int, str | None], words: TextRules) -> bool:
    """Whether these lines stand where writers do: marked by the layout, all of them; or one, or two that say different
    things (a source and a writer), below a picture or what reads like the end of a text."""
    if all(lines[n].mark is CANDIDATE for n in end):
        return True
    if len(end) > 2 or len({told[n] for n in end}) < len(end):
        return False
    above, below = lines[text[len(text) - len(end) - 1]].text, lines[end[0] - 1].mark
    return (below is not None and below.role == "caption") or bool(re.fullmatch(words.closing, above))


def _marked(lines: list[Line], end: list[int]) -> list[int]:
    """Those of the lines, from the last one up, that the layout marks."""
    first = next((at for at in range(len(end), 0, -1) if lines[end[at - 1]].mark is not CANDIDATE), 0)
    return end[first:]
