"""Where things stand on a page: the tree, and the elements that a layout names in it."""

from dataclasses import dataclass
from functools import reduce

from lxml import etree, html
from lxml.etree import _Element

from pipelines.bounds import TooMuchError, check_marks, check_page, may_pile_marks
from pipelines.layouts import GENERIC, Layout, find
from pipelines.lines import Mark, has_words, text_of, walk
from pipelines.titles import heading


@dataclass(frozen=True, slots=True)
class Found:
    """The elements that a layout names on one page; None for what is not there."""

    title: _Element | None
    date: _Element | None
    lead: _Element | None
    body: _Element | None

    @property
    def article(self) -> _Element | None:
        """The article element: the smallest that holds all of them."""
        elements = [e for e in (self.title, self.date, self.lead, self.body) if e is not None]
        return reduce(_common_ancestor, elements) if elements else None


def parse(text: str) -> _Element | None:
    """The page as a tree, or None where there is nothing to parse. Raises TooMuchError."""
    data = text.replace("\x00", "").encode("utf-8", "surrogatepass")
    if not data.strip():
        return None
    check_page(data)
    try:
        # Pages leave tags open by the hundred; without huge_tree libxml2 drops all words deeper than 255 elements.
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        tree = html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        return None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise TooMuchError("more than is read: elements in more levels than libxml2 goes down")
    if may_pile_marks(data):
        check_marks(text_of(tree))
    return tree


def locate(tree: _Element, layout: Layout) -> Found:
    """The layout's elements on this page: for each field the first that holds words."""
    fields = layout.fields
    return Found(
        heading(tree) if layout.id == GENERIC else _first(tree, fields.title),
        _first(tree, fields.date, words=layout.id != GENERIC),
        _first(tree, fields.lead),
        _first(tree, fields.body, words=False),
    )


def article_lines(tree: _Element, layout: Layout) -> list[str]:
    """All lines of the article element, for checking an account against."""
    found = locate(tree, layout)
    whole = {e: Mark("", whole=True) for e in (found.title, found.date) if e is not None}
    return [line.text for line in walk(found.article, whole)] if found.article is not None else []


def _first(tree: _Element, selectors: tuple[str, ...], words: bool = True) -> _Element | None:
    return next((e for e in find(tree, selectors) if not words or has_words(e)), None)


def _common_ancestor(one: _Element, other: _Element) -> _Element:
    around = {one, *one.iterancestors()}
    return other if other in around else next(e for e in other.iterancestors() if e in around)
