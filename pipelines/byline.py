"""Who wrote it: what stands alone at the very end of the text where the layout says writers stand."""

import re

from pipelines.layouts import Byline
from pipelines.lines import BODY, CANDIDATE, Line, Mark

_BYLINE = Mark("byline")
_SENTENCE_END = re.compile(r"[;:!?…]$|[^.]{60,}\.$")
_OFFICIAL_END = ("./.", ".//.")


def decide_bylines(lines: list[Line], rules: Byline) -> list[Line]:
    """``lines`` with every candidate made a byline or a line of the body.

    Bylines are the candidates at the very end of the text. An official text ends with an office and a name ("TM. BAN
    THƯỜNG VỤ", "PHÓ BÍ THƯ", "Nguyễn Văn An"): that is part of the document.
    """
    text = [n for n, line in enumerate(lines) if line.mark is not None and line.mark.role in ("body", "candidate")]
    tail = len(text)
    while tail and lines[text[tail - 1]].mark is CANDIDATE and _fits(lines[text[tail - 1]].text, rules):
        tail -= 1
    above = range(max(0, tail - rules.look_back), tail)
    # An office above the end of a sentence, in a table's last cell for example, signs nothing below it.
    begin = max((n + 1 for n in above if _ended(lines[text[n]].text)), default=above.start)
    around = text[begin:]
    signed = rules.signing is not None and any(
        len(lines[n].text) <= rules.max_length and re.search(rules.signing, lines[n].text) for n in around
    )
    bylines = set() if tail == 0 or signed else set(text[tail:])
    return [
        Line(line.text, _BYLINE if n in bylines else BODY) if line.mark is CANDIDATE else line
        for n, line in enumerate(lines)
    ]


def _ended(text: str) -> bool:
    """Whether a sentence, or an official text, ends with ``text``."""
    return text.endswith(_OFFICIAL_END) or (len(text) > 60 and text.endswith(".") and "." not in text[-61:-1])


def _fits(text: str, rules: Byline) -> bool:
    return len(text) <= rules.max_length and not text.endswith(_OFFICIAL_END) and not _SENTENCE_END.search(text)
