"""A page element as lines: the walk that loses no word, and the yardstick of the accounting (promise 5).

A line is what a reader sees as one: text between block boundaries and ``<br>``, in canonical form. Every line belongs
to the innermost marked element around it. Scripts, styles and comments hold no lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

from pipelines.blocks import Shape
from pipelines.bounds import check_line
from pipelines.canonical import canonical_line
from pipelines.shapes import SHAPED, Shapes

BLOCKS = frozenset(
    """
    address article aside blockquote body button caption center dd details div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section select summary table tbody td
    textarea tfoot th thead tr ul
    """.split()  # noqa: SIM905
)
SILENT = frozenset({"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "math"})


@dataclass(frozen=True, slots=True)
class Mark:
    """What an element is: its role (title, lead, body, date, byline, caption, removed) and, if removed, by which rule.

    The lines of a ``whole`` element are one line: a title broken by ``<br>`` is one title.
    """

    role: str
    rule: str | None = None
    whole: bool = False


BODY = Mark("body")
CANDIDATE = Mark("candidate")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, the mark of the innermost marked element around it (None outside all of them), and where it stands in
    a table, a list or a heading."""

    text: str
    mark: Mark | None
    shape: Shape | None = None


def walk(element: _Element, marks: Mapping[_Element, Mark]) -> list[Line]:
    """The lines of ``element`` in the page's order. Not recursive: pages nest as deep as they like. Raises
    TooMuchError."""
    lines: list[Line] = []
    buffer: list[str] = []
    stack: list[Mark | None] = [None]
    shapes = Shapes()
    silent = 0
    kept: list[list[str]] = []

    def flush() -> None:
        nonlocal buffer
        if buffer:
            check_line(said := "".join(buffer))
            if text := canonical_line(said):
                lines.append(Line(text, stack[-1], shapes.now))
            buffer = []

    def break_line() -> None:
        mark = stack[-1]
        if mark is not None and mark.whole:
            buffer.append(" ")
        else:
            flush()

    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event == "start":
            mark = marks.get(node)
            silent += node.tag in SILENT
            if silent:
                pass
            elif _aside(node, mark):
                kept.append(buffer)
                buffer = []
            elif mark is not None:
                flush()
            elif node.tag in BLOCKS or node.tag == "br":
                break_line()
            if node.tag in SHAPED and not silent:
                shapes.enter(node)
            stack.append(mark if mark is not None else stack[-1])
            if node.text and not silent:
                buffer.append(node.text)
            continue
        if event == "end":
            if silent:
                pass
            elif node in marks:
                flush()
                if _aside(node, marks[node]):
                    buffer = [*kept.pop(), " "]
            elif node.tag in BLOCKS:
                break_line()
            if node.tag in SHAPED and not silent:
                shapes.leave(node)
            stack.pop()
            silent -= node.tag in SILENT
        if node.tail and not silent and node is not element:
            buffer.append(node.tail)
    flush()
    return lines


def _aside(node: _Element, mark: Mark | None) -> bool:
    """Whether the element is taken out of the middle of a line, which goes on behind it."""
    return mark is not None and mark.role == "removed" and node.tag not in BLOCKS


def has_words(element: _Element) -> bool:
    """Whether a reader sees any text in ``element``."""
    return bool(canonical_line(text_of(element)))


def text_of(element: _Element) -> str:
    """All text in ``element``, comments left out."""
    return str(element.xpath("string()"))
