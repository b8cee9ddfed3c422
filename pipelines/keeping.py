"""trafilatura on a tree: which lines it takes for text.

Its cheap settings do for a body element that the layout vouches for: whatever they drop is restored, so that the
thorough settings would change no text, only cost four times as much. ``deduplicate`` is never on: it remembers across
pages.
"""

import copy
import logging
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from html import unescape
from typing import Any

from lxml import etree, html
from lxml.etree import _Element

from pipelines.canonical import canonical_line, squeezed

#: Lines of a page from which on trafilatura is asked without justext, whose time grows with the square of them; the
#: recorded pages have some hundred.
MANY_LINES = 5_000
#: Tables within one another; pages that are laid out with tables have half as many.
NESTED_TABLES = 16
_TABLE_TAGS = ("table", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "td", "th")
_BEGINNING = 4  # characters by which joined lines are looked up
_ALIKE = 20  # characters by which lines are looked up that are not quite the same
_CHOICES = 10  # of those, at most: a page may repeat itself without end
_BETWEEN = 2  # lines that may stand among those that it has joined, dropped by it
_LONGEST_RUN = 500  # lines: what is joined of more, as of a page of one-letter lines, is not worth its time
# trafilatura logs an error for every page without text; our readings carry that as a warning.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def texts_of_body(body: _Element, without: Collection[_Element], lines: list[str]) -> set[str]:
    """Those of ``lines`` that trafilatura keeps of the layout's body element, less the elements ``without``."""
    output = squeezed(canonical_line(_text(_page_of(body, without), cheap=True)))
    return {line for line in lines if squeezed(line) in output}


def lines_of_page(tree: _Element, lines: Sequence[str]) -> set[int]:
    """Which of ``lines``, all of a page of no known layout, trafilatura as it comes takes for the page's text."""
    output = list(_parts(_text(copy.deepcopy(tree), cheap=len(lines) > MANY_LINES)))
    # It reads a second time what a page has escaped twice ("&amp;Yacute;").
    said, texts = Counter(output), [squeezed(canonical_line(unescape(line))) for line in lines]
    places: dict[str, list[int]] = defaultdict(list)
    for n, text in enumerate(texts):
        places[text].append(n)
    kept = {n for text, found in places.items() if len(found) <= said[text] for n in found}
    kept.update(n for _, run in _runs(said.keys() - places.keys(), texts) for n in run)
    kept.update(n for text, _ in _runs(places.keys() - said.keys(), output) for n in places[text])
    kept.update(n for text in _alike(places.keys() - said.keys(), said.keys() - places.keys()) for n in places[text])
    # What stands on the page more often than in its output, in a menu for example, is text where it is nearest to text.
    sure = sorted(kept)
    for text, found in places.items():
        if 0 < said[text] < len(found):
            kept.update(sorted(found, key=lambda n: _distance(n, sure))[: said[text]])
    return kept


def _alike(texts: Collection[str], output: Collection[str]) -> Iterator[str]:
    """Those long lines of which it has dropped a few letters, as of a link or a note in the middle."""
    by_beginning: dict[str, list[str]] = defaultdict(list)
    for line in sorted(output):
        by_beginning[line[:_ALIKE]].append(line)
    for text in texts:
        for line in by_beginning.get(text[:_ALIKE], ())[:_CHOICES] if len(text) > 2 * _ALIKE else ():
            if _shared(text, line) + _shared(text[::-1], line[::-1]) >= 0.9 * max(len(text), len(line)):
                yield text


def _shared(one: str, other: str) -> int:
    """How many characters two lines begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (here, there) in pairs if here != there), min(len(one), len(other)))


def _parts(output: str) -> Iterator[str]:
    """Lines and cells, squeezed: it puts a hyphen before list items and bars between cells."""
    for line in output.splitlines():
        said, cells = (line, line.lstrip().removeprefix("- ")), line.split("|") if "|" in line else []
        yield from dict.fromkeys(squeezed(canonical_line(part)) for part in said)
        yield from (squeezed(canonical_line(cell)) for cell in cells)


def _distance(n: int, sure: Sequence[int]) -> int:
    at = bisect(sure, n)
    return min((abs(n - other) for other in sure[max(0, at - 1) : at + 1]), default=0)


def _runs(wholes: Collection[str], pieces: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    """Each of ``wholes`` that is some of ``pieces``, one after another, and which of them: trafilatura makes one line
    of the paragraphs of a cell, and several of one that is broken in the page's source."""
    by_beginning: dict[str, list[str]] = defaultdict(list)
    for whole in sorted(wholes):
        for size in range(1, _BEGINNING + 1):
            by_beginning[whole[:size]].append(whole)
    done = 0
    for first, piece in enumerate(pieces):
        for whole in by_beginning.get(piece[:_BEGINNING], ()) if first >= done else ():
            if run := _run(whole, pieces, first):
                done = max(done, run[-1] + 1)
                yield whole, run


def _run(whole: str, pieces: Sequence[str], first: int) -> list[int]:
    """The ``pieces`` from ``first`` on that make up ``whole``, but for a caption or so between; none if they do not."""
    at, run = 0, []
    for n in range(first, min(len(pieces), first + _LONGEST_RUN)):
        if pieces[n] and whole.startswith(pieces[n], at):
            at += len(pieces[n])
            run.append(n)
        elif n - first + 1 - len(run) > _BETWEEN:
            return []
        if at == len(whole):
            return run
    return []


def _page_of(body: _Element, without: Collection[_Element]) -> _Element:
    twin = copy.deepcopy(body)
    twin.tail = None
    if without:
        doubles = [double for original, double in zip(body.iter(), twin.iter(), strict=True) if original in without]
        for double in doubles:
            # Dropped, the words before and behind it would be joined, which lxml refuses where they hold controls.
            double.clear(keep_tail=True)
            double.tag = "span"
    page, root, article = html.Element("html"), html.Element("body"), html.Element("article")
    article.append(twin)
    root.append(article)
    page.append(root)
    return page


def _text(tree: _Element, *, cheap: bool) -> str:
    from trafilatura import bare_extraction  # loads slowly, and most commands clean nothing

    etree.strip_tags(tree, etree.Comment, etree.ProcessingInstruction)  # behind them it loses words
    _flatten_tables(tree)
    document = bare_extraction(tree, options=_options(cheap))
    return str(getattr(document, "text", None) or "")


def _flatten_tables(tree: _Element) -> None:
    """Make plain blocks of tables in tables in tables: trafilatura goes through all that are inside for each that is
    outside, once for every level, and needs minutes for the 400 that a few kilobytes of open tags make."""
    depth, deep = 0, []
    for event, table in etree.iterwalk(tree, events=("start", "end"), tag="table"):
        depth += 1 if event == "start" else -1
        if event == "start" and depth == NESTED_TABLES + 1:
            deep.append(table)
    for table in deep:
        for element in table.iter(*_TABLE_TAGS):
            element.tag = "div"


@cache
def _options(cheap: bool) -> Any:
    from trafilatura.settings import Extractor

    return Extractor(output_format="python", fast=cheap, recall=cheap, comments=not cheap, tables=True)
