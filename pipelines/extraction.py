"""Stage one of cleaning: from a page's tree to blocks, by the layout's word and with every line accounted for.

What needs the tree happens here: elements that a layout or a noise rule names, trafilatura's judgement, dates in
attributes, files and pictures. What needs only lines is left to `pipelines.scrub`.
"""

from collections.abc import Mapping
from dataclasses import replace

from lxml.etree import _Element

from pipelines.attachments import attachments
from pipelines.blocks import Block, Extraction
from pipelines.canonical import canonical_line
from pipelines.keeping import lines_of_page, texts_of_body
from pipelines.layouts import GENERIC, Layout, find
from pipelines.lines import BODY, CANDIDATE, Line, Mark, text_of, walk
from pipelines.locate import Found, locate
from pipelines.noise import Rules, mark_noise
from pipelines.titles import title_of_head

LONGEST_DATE = 200  # characters of an attribute, which may hold anything


def extract(tree: _Element, layout: Layout, rules: Rules, base: str) -> Extraction:
    """The blocks of a page (as `parse` gives it, left as it was) under ``layout`` and the ``rules`` that hold.

    ``base`` is what relative addresses on the page start from. A page without the layout's marks is not read.
    """
    if layout.id != GENERIC and not layout.marked(tree):
        return Extraction(layout.id, unread="layout-not-recognised")
    found = locate(tree, layout)
    element = _article(tree, found, layout)
    if element is None:
        return Extraction(layout.id, unread="no-article-element")
    marks = _marks(element, found, layout, rules)
    lines = walk(element, marks)
    blocks = _judged(tree, lines, marks, found, layout)
    sections = find(tree, layout.fields.section)
    section = next((canonical_line(e.get("content") or text_of(e)) for e in sections), None)
    return Extraction(
        layout.id,
        tuple(blocks),
        _said(found.date),
        section or None,
        tree.get("lang"),
        title_of_head(tree) if layout.id == GENERIC and found.title is None else (None, False),
        attachments(tree, base, layout, rules.elements, [block.text for block in blocks if block.role == "body"]),
    )


def _article(tree: _Element, found: Found, layout: Layout) -> _Element | None:
    if layout.id != GENERIC:
        return found.article
    body: _Element | None = tree.find("body")
    return tree if body is None else body


def _marks(element: _Element, found: Found, layout: Layout, rules: Rules) -> dict[_Element, Mark]:
    marks = mark_noise(element, rules.elements)
    for field, mark in ((found.lead, Mark("lead")), (found.body, BODY)):
        if field is not None:
            marks.setdefault(field, mark)
    for field, mark in ((found.title, Mark("title", whole=True)), (found.date, Mark("date", whole=True))):
        if field is not None:
            marks[field] = mark
    for role, selectors in (("caption", layout.fields.caption), ("byline", layout.fields.byline)):
        for part in find(element, selectors):
            marks.setdefault(part, Mark(role))
    within = element if layout.id == GENERIC else found.body
    for candidate in find(within, layout.byline.css) if within is not None else ():
        marks.setdefault(candidate, CANDIDATE)
    return marks


def _judged(
    tree: _Element, lines: list[Line], marks: Mapping[_Element, Mark], found: Found, layout: Layout
) -> list[Block]:
    """The lines as blocks, with trafilatura's word on which of them are text. Outside known layouts that word decides
    what is body."""
    if layout.id == GENERIC:
        page = lines_of_page(tree, [line.text for line in lines])
        return [_block(_taken(line, n in page)) for n, line in enumerate(lines)]
    vouched = [line.text for line in lines if line.mark in (BODY, CANDIDATE)]
    if found.body is None or not vouched:
        return [_block(line) for line in lines]
    without = {element for element, mark in marks.items() if mark not in (BODY, CANDIDATE)}
    texts = texts_of_body(found.body, without, vouched)
    return [_block(line, kept=line.text in texts) for line in lines]


def _taken(line: Line, taken: bool) -> Line:
    """A line of a page of no known layout: what trafilatura takes is body, and may be a byline."""
    return replace(line, mark=(line.mark or BODY) if taken else None) if line.mark in (None, CANDIDATE) else line


def _block(line: Line, kept: bool = True) -> Block:
    if line.mark is None:
        return Block(line.text, "", None, kept, line.shape)
    return Block(line.text, line.mark.role, line.mark.rule, kept, line.shape)


def _said(date: _Element | None) -> tuple[str, ...]:
    if date is None:
        return ()
    said = (date.get(name) for name in ("datetime", "content"))
    return tuple(value for value in said if value and len(value) <= LONGEST_DATE)
