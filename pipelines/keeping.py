"""trafilatura on a tree: which lines it takes for text.

Its cheap settings do for a body element that the layout vouches for: whatever they drop is restored, so that the
thorough settings would change no text, only cost four times as much. ``deduplicate`` is never on: it remembers across
pages.
"""

import copy
import logging
from collections.abc import Collection
from functools import cache
from typing import Any

from lxml import html
from lxml.etree import _Element

from pipelines.canonical import canonical_line, squeezed

# trafilatura logs an error for every page without text; our readings carry that as a warning.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def texts_of_body(body: _Element, without: Collection[_Element], lines: list[str]) -> set[str]:
    """Those of ``lines`` that trafilatura keeps of the layout's body element, less the elements ``without``."""
    output = squeezed(canonical_line(_text(_page_of(body, without), cheap=True)))
    return {line for line in lines if squeezed(line) in output}


def text_of_page(tree: _Element) -> set[str]:
    """The lines that trafilatura, as it comes, takes for the text of a whole page of no known layout (squeezed)."""
    output = _text(copy.deepcopy(tree), cheap=False)
    return {
        squeezed(canonical_line(cell))
        for line in output.splitlines()
        for cell in (line, *line.split("|"))
        if cell.strip()
    }


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
