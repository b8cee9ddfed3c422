"""Stage two of cleaning: from blocks to a reading, by rules on lines.

Line rules take lines, the last lines may be a byline, the date line becomes a time; every block ends in a field or in
``removed``. It needs no page: a change of these rules runs over stored extractions alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Any

from archive.records import Attachment, Content, Part, Reading, Removed
from pipelines.attachments import FEW_WORDS, IMAGE
from pipelines.blocks import Block, Extraction, Shape
from pipelines.byline import decide_bylines
from pipelines.canonical import body_hash, content_hash
from pipelines.dates import Published, read_date
from pipelines.language import language_of
from pipelines.layouts import GENERIC, Layout
from pipelines.lines import CANDIDATE, Line, Mark
from pipelines.noise import Rules
from pipelines.textrules import TextRules

OUTSIDE = "outside-fields"
DROPPED = "trafilatura"
#: Lines that no rule touches: what the layout names as a whole, and what is gone already.
_SETTLED = ("title", "date", "removed")


def scrub(
    extraction: Extraction, layout: Layout, words: TextRules, rules: Rules, input_digest: str, cleaner_digest: str
) -> Reading:
    """The reading of a page that was extracted under ``layout``, by what ``words`` say of its last lines and by the
    noise ``rules`` that hold."""
    blank = Reading(input_digest, cleaner_digest, layout.id, None, warnings=extraction.warnings)
    if extraction.unread is not None:
        return replace(blank, warnings=(*extraction.warnings, extraction.unread))
    lines, unsure = decide_bylines([_line(block, rules) for block in extraction.blocks], layout.byline, words)
    blocks = [_decided(was, line.mark) for line, was in zip(lines, extraction.blocks, strict=True)]
    reading = _filled(blank, extraction, blocks, _published(extraction, lines, layout), layout)
    return replace(reading, warnings=(*reading.warnings, "unsure-byline")) if unsure else reading


def _decided(block: Block, mark: Mark | None) -> Block:
    return block._replace(role=mark.role, rule=mark.rule) if mark is not None else block


@cache
def _mark(role: str, rule: str | None) -> Mark | None:
    if role == CANDIDATE.role:
        return CANDIDATE  # bylines are told by the mark itself
    return Mark(role, rule) if role else None


def _line(block: Block, rules: Rules) -> Line:
    rule = None if block.role in _SETTLED else rules.takes(block.text)
    return Line(block.text, _mark("removed", rule) if rule else _mark(block.role, block.rule))


def _published(extraction: Extraction, lines: Sequence[Line], layout: Layout) -> Published | None:
    said = (*extraction.dates, *(line.text for line in lines if line.mark is not None and line.mark.role == "date"))
    dates = (read_date(text, layout.date_patterns) for text in said)
    return next((date for date in dates if date), None)


def _filled(
    blank: Reading, extraction: Extraction, blocks: Sequence[Block], published: Published | None, layout: Layout
) -> Reading:
    by_role: dict[str, list[str]] = {}
    for block in blocks:
        by_role.setdefault(block.role, []).append(block.text)
    title, unsure = " ".join(by_role.get("title", ())) or None, False
    if title is None:
        title, unsure = extraction.head
    lead = "\n".join(by_role.get("lead", ())) or None
    body = tuple(by_role.get("body", ()))
    language = language_of("\n".join((title or "", lead or "", *body)), extraction.language, layout.language)
    # Outside known layouts nobody vouches for what trafilatura drops.
    restored = () if layout.id == GENERIC else tuple(b.text for b in blocks if b.role == "body" and not b.kept)
    evidence = published.evidence if published else next(iter(by_role.get("date", ())), None)
    doubts = {
        "no-title": not title,
        "unsure-title": unsure,
        "no-words": not body,
        "no-date": not published,
        "no-language": not language,
        f"restored-lines:{len(restored)}": restored,
    }
    return replace(
        blank,
        content=Content(content_hash(title, lead, body), body_hash(body), title, lead, body) if title or body else None,
        published_at=published.at if published else None,
        published_evidence=evidence,
        published_rule=published.rule if published else None,
        byline="\n".join(by_role.get("byline", ())) or None,
        section=extraction.section,
        language=language,
        captions=tuple(by_role.get("caption", ())),
        removed=tuple(_removed(blocks, evidence, layout)),
        restored=restored,
        structure=tuple(_structure(block.shape for block in blocks if block.role == "body")),
        warnings=(*blank.warnings, *(name for name, holds in doubts.items() if holds)),
        attachments=_attachments(extraction.attachments, body) if title or body else (),
    )


def _removed(blocks: Iterable[Block], evidence: str | None, layout: Layout) -> Iterator[Removed]:
    nowhere = DROPPED if layout.id == GENERIC else OUTSIDE
    told = False
    for block in blocks:
        if block.role == "date":
            if told or block.text != evidence:
                yield Removed(OUTSIDE, block.text)
            told = told or block.text == evidence
        elif block.role in ("removed", ""):
            yield Removed(block.rule or nowhere, block.text)


def _attachments(named: tuple[Attachment, ...], body: Sequence[str]) -> tuple[Attachment, ...]:
    """The files; of a body without words the pictures too, which then are the text."""
    if sum(len(line.split()) for line in body) < FEW_WORDS:
        return named
    return tuple(one for one in named if one.kind != IMAGE)


def _structure(shapes: Iterable[Shape | None]) -> Iterator[Part]:
    """What of the body is a row of a table, an item of a list or a heading."""
    first = 0
    for which, some in groupby(shapes, lambda shape: shape and shape[:2]):
        lines = list(some)
        if which is not None:
            yield Part("row" if which[0] == "cell" else str(which[0]), first, _counts(lines))
        first += len(lines)


def _counts(shapes: Sequence[Any]) -> tuple[int, ...]:
    """How many lines there are; of a row, in each of its cells."""
    if shapes[0][0] != "cell":
        return (len(shapes),)
    cells = [cell for _, _, cell, _ in shapes]
    return tuple(cells.count(cell) for cell in range(shapes[0][3]))
