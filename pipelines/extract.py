"""trafilatura on a tree: which lines it takes for text.

Its cheap settings do for a body element that the layout vouches for: whatever they drop is restored, so that the
thorough settings would change no text, only cost four times as much. ``deduplicate`` is never on: it remembers across
pages.
"""

import copy
import logging
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any

from lxml import html
from lxml.etree import _Element

from pipelines.canonical import canonical_line, squeezed

_BEGINNING = 8  # characters by which a line of its output is looked up
_TRIES = 3  # to find the lines that it is made of
_MOST = 100  # lines that are looked at in one place, so that a page of the same line over and over takes no minutes

# trafilatura logs an error for every page without text; our readings carry that as a warning.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def texts_of_body(body: _Element, without: Collection[_Element], lines: list[str]) -> set[str]:
    """Those of ``lines`` that trafilatura keeps of the layout's body element, less the elements ``without``."""
    output = squeezed(canonical_line(_text(_page_of(body, without), cheap=True)))
    return {line for line in lines if squeezed(line) in output}


def text_of_page(tree: _Element, lines: Sequence[str]) -> list[bool]:
    """Of each of a whole page's ``lines``, where no layout is known: whether trafilatura, as it comes, takes it for
    text; of equal lines as many as it has, those that follow what it had before.

    It writes list items with a hyphen and cells between bars, and makes one line of the paragraphs in either, or of a
    whole page: lines that together, in their order, are one of its lines are kept as well.
    """
    given = [squeezed(line) for line in lines]
    whole: dict[str, list[int]] = {}
    begun: dict[str, list[int]] = {}
    for n, line in enumerate(given):
        if line:
            whole.setdefault(line, []).append(n)
            begun.setdefault(line[:_BEGINNING], []).append(n)
    kept, last = [False] * len(given), -1
    for forms in _lines(_text(copy.deepcopy(tree), cheap=False)):
        taken = next(([n] for form in forms for n in _free(whole.get(form, ()), kept, last)), [])
        for form in () if taken else forms:
            openings = (begun.get(form[:length], ()) for length in range(1, _BEGINNING + 1))
            starts = chain.from_iterable(islice(_free(opening, kept, last), _TRIES) for opening in openings)
            taken = next(filter(None, (_together(given, start, form) for start in starts)), taken)
        for n in taken:
            kept[n], last = True, n
    return kept


def _free(places: Sequence[int], kept: Sequence[bool], last: int) -> Iterator[int]:
    """Those of the places that are not kept yet, from the ``last`` kept on and then from the first; not all of many."""
    start = bisect_right(places, last)
    around = (places[(start + n) % len(places)] for n in range(min(len(places), _MOST)))
    return (n for n in around if not kept[n])


def _together(given: Sequence[str], first: int, whole: str) -> list[int]:
    """Which lines from the ``first`` on are ``whole`` together, others between left out; empty where none are."""
    taken, length = [first], len(given[first])
    for n in range(first + 1, len(given)):
        if length == len(whole) or n > taken[-1] + _MOST:
            break
        if given[n] and whole.startswith(given[n], length):
            taken.append(n)
            length += len(given[n])
    return taken if length == len(whole) and whole.startswith(given[first]) else []


def _lines(output: str) -> Iterator[tuple[str, ...]]:
    """The output's lines, those of tables by the cell, each squeezed: as it is, and without a list's hyphen."""
    for line in output.splitlines():
        for cell in line.split("|") if line.startswith("|") else (line,):
            text = canonical_line(cell)
            if text:
                yield squeezed(text), squeezed(text.removeprefix("- "))


def _page_of(body: _Element, without: Collection[_Element]) -> _Element:
    twin = copy.deepcopy(body)
    twin.tail = None
    if without:
        doubles = [double for original, double in zip(body.iter(), twin.iter(), strict=True) if original in without]
        for double in doubles:
            double.drop_tree()
    page, root, article = html.Element("html"), html.Element("body"), html.Element("article")
    article.append(twin)
    root.append(article)
    page.append(root)
    return page


def _text(tree: _Element, *, cheap: bool) -> str:
    from trafilatura import bare_extraction  # loads slowly, and most commands clean nothing

    document = bare_extraction(tree, options=_options(cheap))
    return str(getattr(document, "text", None) or "")


@cache
def _options(cheap: bool) -> Any:
    from trafilatura.settings import Extractor

    return Extractor(output_format="python", fast=cheap, recall=cheap, comments=False, tables=True)
