"""Stage one of cleaning: from a page's tree to blocks, by the layout's word and with every line accounted for.

What needs the tree happens here: elements that a layout or a noise rule names, trafilatura's judgement, dates in
attributes, files and pictures. What needs only lines is left to `pipelines.scrub`.
"""

from collections.abc import Mapping

from lxml.etree import _Element

from pipelines.attachments import attachments
from pipelines.blocks import Block, Extraction
from pipelines.canonical import canonical_line
from pipelines.keeping import lines_of_page, texts_of_body
from pipelines.layouts import GENERIC, Layout, find
from pipelines.lines import BODY, CANDIDATE, Line, Mark, text_of, walk
from pipelines.locate import Found, locate
from pipelines.noise import Rules, mark_noise

LONGEST_DATE = 200  # characters of an attribute, which may hold anything


def extract(tree: _Element, layout: Layout, rules: Rules, base: str) -> Extraction:
    """The blocks of a page (as `parse` gives it, left as it was) under ``layout`` and the ``rules`` that hold.

    ``base`` is what relative addresses on the page start from.
    """
    found = locate(tree, layout)
    element = _article(tree, found, layout)
    if element is None:
        return Extraction(layout.id, warnings=("no-article-element",))
    marks = _marks(element, found, layout, rules)
    lines = walk(element, marks)
    blocks = _judged(tree, lines, marks, found, layout)
    section = next((canonical_line(text_of(e)) for e in find(tree, layout.fields.section)), None)
    return Extraction(
        layout.id,
        tuple(blocks),
        _said(found.date),
        section or None,
        layout.language or tree.get("lang"),
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
    if found.body is not None:
        for candidate in find(found.body, layout.byline.css):
            marks.setdefault(candidate, CANDIDATE)
    return marks


def _judged(
    tree: _Element, lines: list[Line], marks: Mapping[_Element, Mark], found: Found, layout: Layout
) -> list[Block]:
    """The lines as blocks, with trafilatura's word on which of them are text. Outside known layouts that word decides
    what is body."""
    if layout.id == GENERIC:
        page = lines_of_page(tree, [line.text for line in lines])
        return [_block(line, "body" if n in page else "") for n, line in enumerate(lines)]
    vouched = [line.text for line in lines if line.mark in (BODY, CANDIDATE)]
    if found.body is None or not vouched:
        return [_block(line) for line in lines]
    without = {element for element, mark in marks.items() if mark not in (BODY, CANDIDATE)}
    texts = texts_of_body(found.body, without, vouched)
    return [_block(line, kept=line.text in texts) for line in lines]


def _block(line: Line, otherwise: str = "", kept: bool = True) -> Block:
    if line.mark is None:
        return Block(line.text, otherwise, None, kept, line.shape)
    return Block(line.text, line.mark.role, line.mark.rule, kept, line.shape)


def _said(date: _Element | None) -> tuple[str, ...]:
    if date is None:
        return ()
    said = (date.get(name) for name in ("datetime", "content"))
    return tuple(value for value in said if value and len(value) <= LONGEST_DATE)
