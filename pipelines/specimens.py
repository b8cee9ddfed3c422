"""One article's text as lines, with what stands around each: what `pipelines.repetition` counts. Pure.

Which lines are text is the reading's word; what a noise rule takes already, and what is a title, a date or a byline, is
left out. Plain texts have lines only.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

from lxml.etree import _Element

from archive.records import Content, Reading
from pipelines.attachments import names_file
from pipelines.canonical import canonical_line, squeezed
from pipelines.layouts import GENERIC, Layout, Noise, find
from pipelines.lines import BLOCKS, Mark, text_of, walk
from pipelines.locate import Found, locate
from pipelines.noise import mark_noise

#: Longer lines are not looked at one by one: a sentence that long is a notice at most, and stands in an element.
SHORT = 200
_PRESSED = ("a", "button")
_NEAR = 4  # so many elements up a picture beside a line, or a link around it, is looked for
_DEEP = 64  # and so many elements up are named
_MOST_INSIDE = 100  # elements; a line's own element with more is no button
_NAME = re.compile(r"-?[A-Za-z_][\w-]*", re.ASCII)
_AREA = Mark("area")


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a text. ``linked``: all of it is a link, not to a file, or a button; ``pictured``: a picture stands
    beside it; ``cell``: its row has other words; ``body``: it is of the body, not of the lead or a caption."""

    text: str
    body: bool = True
    linked: bool = False
    pictured: bool = False
    cell: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """An element that holds whole lines: those from ``start`` to before ``stop``, and the selectors that find it."""

    start: int
    stop: int
    selectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """One article: its lines and elements. ``fields`` are selectors that find what a layout names, or files."""

    source_id: str
    layout: str
    article_key: str
    month: str
    section: str | None
    byline: str | None
    spots: tuple[Spot, ...]
    boxes: tuple[Box, ...] = ()
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose text it is, and when it was captured."""

    source_id: str
    article_key: str
    captured: str


def of_text(reading: Reading, origin: Origin) -> Specimen:
    """The specimen of a plain text, or of any other text without a page."""
    return _specimen(reading, origin, tuple(Spot(text, body) for text, body in _words(reading.content)))


def of_page(tree: _Element, layout: Layout, rules: tuple[Noise, ...], reading: Reading, origin: Origin) -> Specimen:
    """The specimen of a page, as ``reading`` has it under ``layout`` and the ``rules`` that hold."""
    found = locate(tree, layout)
    area = tree.find("body") if layout.id == GENERIC else found.article
    if area is None:
        return _specimen(reading, origin, ())
    lines = list(_text_lines(area, found, layout, rules, reading))
    known: dict[_Element, _Inside] = {}
    for _, _, element in lines:
        if element not in known:
            known[element] = _Inside.of(element, layout)
    within = [known[element] for _, _, element in lines]
    spots = tuple(
        _spot(text, body, element, inside) if len(text) <= SHORT else Spot(text, body)
        for (text, body, element), inside in zip(lines, within, strict=True)
    )
    boxes = tuple(_boxes(area, [element for _, _, element in lines], within, spots))
    return _specimen(reading, origin, spots, boxes, frozenset(_fields(tree, found, layout)))


def _specimen(
    reading: Reading,
    origin: Origin,
    spots: tuple[Spot, ...],
    boxes: tuple[Box, ...] = (),
    fields: frozenset[str] = frozenset(),
) -> Specimen:
    month = (reading.published_at or origin.captured)[:7]
    said = (origin.source_id, reading.layout, origin.article_key, month, reading.section, reading.byline)
    return Specimen(*said, spots, boxes, fields)


def _words(content: Content | None) -> Iterator[tuple[str, bool]]:
    """The lines of a text that a reader sees, and whether they are of the body."""
    if content is not None:
        yield from ((line, False) for line in (content.lead or "").split("\n") if line)
        yield from ((line, True) for line in content.paragraphs)


def _text_lines(
    area: _Element, found: Found, layout: Layout, rules: tuple[Noise, ...], reading: Reading
) -> Iterator[tuple[str, bool, _Element]]:
    """The lines of the page that are text, whether of the body, and the element in which each stands."""
    kept = {text: False for text in reading.captions} | dict(_words(reading.content))
    elements = [element for element in area.iter() if element.tag in BLOCKS]
    fields, byline = layout.fields, layout.byline
    named = (*fields.lead, *fields.body, *fields.caption, *fields.byline, *byline.css)
    elements = list(dict.fromkeys((*elements, *find(area, named))))
    marks = {element: Mark("here", str(number)) for number, element in enumerate(elements)}
    marks |= mark_noise(area, rules)
    for field in (found.title, found.date):
        if field is not None:
            marks[field] = Mark("field", whole=True)
    for line in walk(area, marks):
        mark = line.mark or _AREA
        if mark.role in ("here", "area") and line.text in kept:
            yield line.text, kept[line.text], elements[int(mark.rule)] if mark.rule else area


@dataclass(frozen=True, slots=True)
class _Inside:
    """What stands in and around a line's element: words of links and buttons, and named elements by their words."""

    whole: frozenset[str]
    joined: str
    named: Mapping[str, list[_Element]]

    @classmethod
    def of(cls, element: _Element, layout: Layout) -> "_Inside":
        """What stands in and around the element; links to files are words of the article."""
        inside = list(islice(element.iter(), _MOST_INSIDE + 1))
        if len(inside) > _MOST_INSIDE:
            return cls(frozenset(), "", {})
        words = {one: canonical_line(text_of(one)) for one in inside if isinstance(one.tag, str)}
        pressed = [text for one, text in words.items() if _is_pressed(one, layout)]
        around = [one for one in islice(element.iterancestors(), _NEAR) if _is_pressed(one, layout)]
        named: dict[str, list[_Element]] = {}
        for one, text in words.items():
            if one is not element and one.tag not in BLOCKS and (one.get("class") or one.get("id")):
                named.setdefault(text, []).append(one)
        whole = frozenset((*pressed, *(canonical_line(text_of(one)) for one in around)))
        return cls(whole, squeezed("".join(pressed)), named)

    def pressed(self, text: str) -> bool:
        """Whether the line is a link or a button, or several and nothing else."""
        return text in self.whole or squeezed(text) == self.joined


def _is_pressed(element: _Element, layout: Layout) -> bool:
    return element.tag in _PRESSED and not names_file(element.get("href") or "", layout)


def _spot(text: str, body: bool, element: _Element, inside: _Inside) -> Spot:
    row = next((one for one in islice(element.iterancestors(), _NEAR) if one.tag == "tr"), None)
    cell = row is not None and squeezed(canonical_line(text_of(row))) != squeezed(text)
    return Spot(text, body, inside.pressed(text), _beside_picture(element), cell)


def _beside_picture(element: _Element) -> bool:
    for _ in range(_NEAR):
        for beside in (element.getprevious(), element.getnext()):
            if beside is not None and any(one.tag == "img" for one in islice(beside.iter(), _MOST_INSIDE)):
                return True
        parent = element.getparent()
        if parent is None or len(parent) > 1:
            return False
        element = parent
    return False


def _boxes(
    area: _Element, places: Sequence[_Element], within: Sequence[_Inside], spots: Sequence[Spot]
) -> Iterator[Box]:
    """The elements below ``area`` around the lines, and those within a line that hold all of it. What shows a picture
    is more than its words, and gets no selectors."""
    runs: dict[_Element, list[int]] = {}
    for number, element in enumerate(places):
        for one in (*_up_to(area, element), *within[number].named.get(spots[number].text, ())):
            runs.setdefault(one, []).append(number)
    for element, numbers in runs.items():
        named = () if _shows_picture(element) else tuple(_selectors(element))
        yield Box(numbers[0], numbers[-1] + 1, named)


def _shows_picture(element: _Element) -> bool:
    """Whether a picture stands in the element that is no button."""
    inside = islice(element.iter("img"), _MOST_INSIDE)
    return any(one.getparent().tag not in _PRESSED for one in inside if one is not element)


def _up_to(area: _Element, element: _Element) -> Iterator[_Element]:
    return takewhile(lambda one: one is not area, islice(chain([element], element.iterancestors()), _DEEP))


def _selectors(element: _Element) -> Iterator[str]:
    """How CSS names the element by one of its classes or by its id."""
    if not isinstance(element.tag, str):
        return
    for name in (element.get("class") or "").split():
        if _NAME.fullmatch(name):
            yield f"{element.tag}.{name}"
    if _NAME.fullmatch(element.get("id") or ""):
        yield f"{element.tag}#{element.get('id')}"


def _fields(tree: _Element, found: Found, layout: Layout) -> Iterator[str]:
    """What a rule must not name: elements that a layout names, what holds them, and what holds links to files."""
    named = [one for one in (found.title, found.date, found.lead, found.body) if one is not None]
    named += find(tree, (*layout.fields.caption, *layout.fields.byline))
    named += [link for link in tree.iter("a") if names_file(link.get("href") or "", layout)]
    seen: set[_Element] = set()
    for one in named:
        for element in takewhile(lambda e: e not in seen, chain([one], one.iterancestors())):
            seen.add(element)
            yield from _selectors(element)
