"""trafilatura on a tree: which lines it takes for text.

Its cheap settings do for a body element that the layout vouches for: whatever they drop is restored, so that the
thorough settings would change no text, only cost four times as much. ``deduplicate`` is never on: it remembers across
pages.
"""

import copy
import logging
from collections.abc import Collection

import trafilatura
from lxml import html
from lxml.etree import _Element
from trafilatura.settings import Extractor

from pipelines.canonical import canonical_line, squeezed

# trafilatura logs an error for every page without text; our readings carry that as a warning.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
_BODY = Extractor(output_format="python", fast=True, recall=True, comments=False, tables=True)
_PAGE = Extractor(output_format="python", comments=False, tables=True)


def texts_of_body(body: _Element, without: Collection[_Element], lines: list[str]) -> set[str]:
    """Those of ``lines`` that trafilatura keeps of the layout's body element, less the elements ``without``."""
    output = squeezed(canonical_line(_text(_page_of(body, without), _BODY)))
    return {line for line in lines if squeezed(line) in output}


def text_of_page(tree: _Element) -> set[str]:
    """The lines that trafilatura, as it comes, takes for the text of a whole page of no known layout (squeezed)."""
    output = _text(copy.deepcopy(tree), _PAGE)
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


def _text(tree: _Element, options: Extractor) -> str:
    document = trafilatura.bare_extraction(tree, options=options)
    return str(getattr(document, "text", None) or "")
