"""Cleaning: from one frozen input to one reading, by the layout's word and with every line accounted for.

A pure function: no clock, network, settings or memory of other pages. It runs in worker processes, in reclean and in
rebuild alike.
"""

from collections.abc import Mapping
from dataclasses import replace

from lxml.etree import _Element

from archive.records import Content, Reading, Removed
from pipelines.byline import CANDIDATE, decide_bylines
from pipelines.canonical import body_hash, canonical_line, content_hash
from pipelines.dates import Published, read_date
from pipelines.extract import text_of_page, texts_of_body
from pipelines.language import language_of
from pipelines.layouts import GENERIC, Layout, Noise, find
from pipelines.lines import Line, Mark, text_of, walk
from pipelines.locate import Found, locate
from pipelines.noise import line_rule, mark_noise
from pipelines.textrules import TextRules
from pipelines.titles import title_of_head

BODY = Mark("body")
OUTSIDE = "outside-fields"
DROPPED = "trafilatura"


def clean(
    tree: _Element,
    layout: Layout,
    rules: tuple[Noise, ...],
    words: TextRules,
    input_digest: str,
    cleaner_digest: str,
) -> Reading:
    """The reading of a page (as `parse` gives it, left as it was) under ``layout``, the noise ``rules`` that hold and
    what ``words`` say of lines."""
    found = locate(tree, layout)
    if layout.id == GENERIC:
        element = tree.find("body")
        element = tree if element is None else element
    else:
        element = found.article
    if element is None:
        return Reading(input_digest, cleaner_digest, layout.id, None, warnings=("no-article-element",))
    marks = _marks(element, found, layout, rules)
    lines, restored = [_by_line_rules(line, rules) for line in walk(element, marks)], []
    if layout.id == GENERIC:
        lines = _kept(tree, lines)
    lines, unsure = decide_bylines(lines, layout.byline, words)
    if layout.id != GENERIC:
        restored = _dropped(lines, marks, found)
    published = _published(found, lines, layout)
    reading = _reading(lines, restored, published, layout, tree, input_digest, cleaner_digest)
    return replace(reading, warnings=(*reading.warnings, "unsure-byline")) if unsure else reading


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
    within = element if layout.id == GENERIC else found.body
    for candidate in find(within, layout.byline.css) if within is not None else ():
        marks.setdefault(candidate, CANDIDATE)
    return marks


def _by_line_rules(line: Line, rules: tuple[Noise, ...]) -> Line:
    if line.mark is not None and line.mark.role in ("title", "date", "removed"):
        return line
    rule = line_rule(line.text, rules)
    return Line(line.text, Mark("removed", rule)) if rule else line


def _kept(tree: _Element, lines: list[Line]) -> list[Line]:
    """The lines of a page of no known layout with those as body that trafilatura takes for text."""
    kept = text_of_page(tree, [line.text for line in lines])
    return [
        Line(line.text, (line.mark or BODY) if taken else None) if line.mark in (None, CANDIDATE) else line
        for line, taken in zip(lines, kept, strict=True)
    ]


def _dropped(lines: list[Line], marks: Mapping[_Element, Mark], found: Found) -> list[str]:
    """Ask trafilatura which lines are text. The layout vouches for its body element: what is dropped there returns."""
    body = [line.text for line in lines if line.mark is not None and line.mark.role == "body"]
    if found.body is None or not body:
        return []
    without = {element for element, mark in marks.items() if mark not in (BODY, CANDIDATE)}
    kept = texts_of_body(found.body, without, body)
    return [text for text in body if text not in kept]


def _published(found: Found, lines: list[Line], layout: Layout) -> Published | None:
    said = [] if found.date is None else [value for name in ("datetime", "content") if (value := found.date.get(name))]
    said += [line.text for line in lines if line.mark is not None and line.mark.role == "date"]
    dates = (read_date(text, layout.date_patterns) for text in said)
    return next((date for date in dates if date), None)


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
    title, unsure = " ".join(by_role.get("title", ())) or None, False
    if title is None and layout.id == GENERIC:
        title, unsure = title_of_head(tree)
    lead = "\n".join(by_role.get("lead", ())) or None
    body = tuple(by_role.get("body", ()))
    section = next((canonical_line(e.get("content") or text_of(e)) for e in find(tree, layout.fields.section)), None)
    language = language_of("\n".join((title or "", lead or "", *body)), tree.get("lang"), layout.language)
    doubts = {
        "no-title": not title,
        "unsure-title": unsure,
        "no-words": not body,
        "no-date": not published,
        "no-language": not language,
    }
    warnings = [name for name, holds in doubts.items() if holds]
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
        language=language,
        captions=tuple(by_role.get("caption", ())),
        removed=tuple(removed),
        restored=tuple(restored),
        warnings=tuple(warnings),
    )
