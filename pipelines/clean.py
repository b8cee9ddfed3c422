"""Cleaning: from one frozen input to one reading, by the layout's word and with every line accounted for.

A pure function: no clock, network, settings or memory of other pages. It runs in worker processes, in reclean and in
rebuild alike.
"""

import re
from collections.abc import Mapping

from lxml.etree import _Element

from archive.records import Content, Reading, Removed
from pipelines.byline import CANDIDATE, decide_bylines
from pipelines.canonical import body_hash, canonical_line, content_hash, squeezed
from pipelines.dates import Published, read_date
from pipelines.extract import text_of_page, texts_of_body
from pipelines.layouts import GENERIC, Layout, Noise, find
from pipelines.lines import Line, Mark, text_of, walk
from pipelines.locate import Found, locate
from pipelines.noise import line_rule, mark_noise

BODY = Mark("body")
OUTSIDE = "outside-fields"
DROPPED = "trafilatura"
LONGEST_DATE = 200  # characters of an attribute, which may hold anything


def clean(tree: _Element, layout: Layout, rules: tuple[Noise, ...], input_digest: str, cleaner_digest: str) -> Reading:
    """The reading of a page (as `parse` gives it, left as it was) under ``layout`` and the ``rules`` that hold."""
    found = locate(tree, layout)
    if layout.id == GENERIC:
        element = tree.find("body")
        element = tree if element is None else element
    else:
        element = found.article
    if element is None:
        return Reading(input_digest, cleaner_digest, layout.id, None, warnings=("no-article-element",))
    marks = _marks(element, found, layout, rules)
    lines = decide_bylines([_by_line_rules(line, rules) for line in walk(element, marks)], layout.byline)
    lines, restored = _judge(tree, lines, marks, found, layout)
    published = _published(found, lines, layout)
    return _reading(lines, restored, published, layout, tree, input_digest, cleaner_digest)


def _marks(element: _Element, found: Found, layout: Layout, rules: tuple[Noise, ...]) -> dict[_Element, Mark]:
    marks = mark_noise(element, rules)
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


def _by_line_rules(line: Line, rules: tuple[Noise, ...]) -> Line:
    if line.mark is not None and line.mark.role in ("title", "date", "removed"):
        return line
    rule = line_rule(line.text, rules)
    return Line(line.text, Mark("removed", rule)) if rule else line


def _judge(
    tree: _Element, lines: list[Line], marks: Mapping[_Element, Mark], found: Found, layout: Layout
) -> tuple[list[Line], list[str]]:
    """Ask trafilatura which lines are text. The layout vouches for its body element: what is dropped there returns."""
    if layout.id == GENERIC:
        kept = text_of_page(tree)
        return [Line(li.text, BODY) if li.mark is None and squeezed(li.text) in kept else li for li in lines], []
    body = [line.text for line in lines if line.mark is not None and line.mark.role == "body"]
    if found.body is None or not body:
        return lines, []
    without = {element for element, mark in marks.items() if mark not in (BODY, CANDIDATE)}
    kept = texts_of_body(found.body, without, body)
    return lines, [text for text in body if text not in kept]


def _published(found: Found, lines: list[Line], layout: Layout) -> Published | None:
    stated = [] if found.date is None else [found.date.get(name) for name in ("datetime", "content")]
    said = [value for value in stated if value and len(value) <= LONGEST_DATE]
    said += [line.text for line in lines if line.mark is not None and line.mark.role == "date"]
    dates = (read_date(text, layout.date_patterns) for text in said)
    return next((date for date in dates if date), None)


def _language(declared: str | None) -> str | None:
    """``vi`` of ``vi-VN``; None for what is no language code."""
    code = (declared or "").partition("-")[0].strip().lower()
    return code if re.fullmatch("[a-z]{2,3}", code) else None


def _reading(
    lines: list[Line],
    restored: list[str],
    published: Published | None,
    layout: Layout,
    tree: _Element,
    input_digest: str,
    cleaner_digest: str,
) -> Reading:
    by_role: dict[str, list[str]] = {}
    removed = []
    for line in lines:
        role = line.mark.role if line.mark is not None else "removed"
        if role == "date" and published is not None and line.text != published.evidence:
            removed.append(Removed(OUTSIDE, line.text))
        if role == "removed":
            rule = line.mark.rule if line.mark is not None else (DROPPED if layout.id == GENERIC else OUTSIDE)
            removed.append(Removed(rule or OUTSIDE, line.text))
        by_role.setdefault(role, []).append(line.text)
    title = " ".join(by_role.get("title", ())) or None
    lead = "\n".join(by_role.get("lead", ())) or None
    body = tuple(by_role.get("body", ()))
    section = next((canonical_line(text_of(e)) for e in find(tree, layout.fields.section)), None)
    warnings = [
        name
        for name, missing in (("no-title", not title), ("no-words", not body), ("no-date", not published))
        if missing
    ]
    if restored:
        warnings.append(f"restored-lines:{len(restored)}")
    return Reading(
        input_digest,
        cleaner_digest,
        layout.id,
        Content(content_hash(title, lead, body), body_hash(body), title, lead, body) if title or body else None,
        published_at=published.at if published else None,
        published_evidence=published.evidence if published else next(iter(by_role.get("date", ())), None),
        published_rule=published.rule if published else None,
        byline="\n".join(by_role.get("byline", ())) or None,
        section=section or None,
        language=layout.language or _language(tree.get("lang")),
        captions=tuple(by_role.get("caption", ())),
        removed=tuple(removed),
        restored=tuple(restored),
        warnings=tuple(warnings),
    )
