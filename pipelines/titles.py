"""The title of a page of no known layout: the heading that the page's head confirms, else the head's words without the
site's name, where the page shows what that is."""

import re
from collections.abc import Iterator

from lxml.etree import _Element

from pipelines.canonical import canonical_line
from pipelines.layouts import css
from pipelines.lines import text_of

_SEPARATOR = re.compile(r"\s+(?:[-|–—·»«]|::|\|\|)\s+")
_HEADINGS = ("h1", "h2", "h3")
_SITE_NAMES = "meta[property='og:site_name'], meta[name='application-name']"
_FRONT_PAGE = re.compile(r"(?:https?://[^/?#]+)?/?(?:(?:index|default|trang-chu|home)(?:\.\w+)?/?)?", re.IGNORECASE)


def heading(tree: _Element) -> _Element | None:
    """The heading that is the title: one that ``og:title`` or ``<title>`` repeats, or goes on from; else the first
    ``<h1>``. Never the site's name."""
    names = _names(tree)
    found = [(element, text) for element in tree.iter(*_HEADINGS) if (text := canonical_line(text_of(element)))]
    found = [(element, text) for element, text in found if text.casefold() not in names]
    for said in (_meta(tree, "og:title"), _title(tree)):
        for begun in _beginnings(said):
            confirmed = next((element for element, text in found if text == begun), None)
            if confirmed is not None:
                return confirmed
    return next((element for element, _ in found if element.tag == "h1"), None)


def title_of_head(tree: _Element) -> tuple[str | None, bool]:
    """What the page's head calls it, without the site's name, and whether that may hold more than the title.

    The name is taken off where the page shows it to be the site's, or where ``<title>`` goes on from ``og:title``.
    """
    names, whole, short = _names(tree), _title(tree), _meta(tree, "og:title")
    for said in (short, whole):
        if bare := _without(said, names):
            return bare, False
    if short and short != whole and short in _beginnings(whole):
        return short, False
    said = short or whole
    return said, bool(said and _SEPARATOR.search(said))


def _without(said: str | None, names: set[str]) -> str | None:
    """``said`` without the site's name at its end or beginning; None where it is at neither."""
    for cut in _SEPARATOR.finditer(said or ""):
        before, after = cut.string[: cut.start()], cut.string[cut.end() :]
        if after.casefold() in names:
            return before
        if before.casefold() in names:
            return after
    return None


def _beginnings(said: str | None) -> Iterator[str]:
    """``said``, and what stands before each of its separators, the longest first."""
    if said:
        yield said
        for cut in reversed(list(_SEPARATOR.finditer(said))):
            yield said[: cut.start()]


def _names(tree: _Element) -> set[str]:
    """What the site calls itself: in its metadata, and in what leads to its front page. Folded."""
    names = [meta.get("content") or "" for meta in css(_SITE_NAMES)(tree)]
    for link in tree.iter("a"):
        if (href := link.get("href")) and _FRONT_PAGE.fullmatch(href.strip()):
            names += [text_of(link), link.get("title") or "", *(image.get("alt") or "" for image in link.iter("img"))]
    return {name for name in (canonical_line(name).casefold() for name in names) if name}


def _title(tree: _Element) -> str | None:
    element = tree.find("head/title")
    return canonical_line(text_of(element)) or None if element is not None else None


def _meta(tree: _Element, name: str) -> str | None:
    contents = (canonical_line(meta.get("content") or "") for meta in css(f"meta[property='{name}']")(tree))
    return next(filter(None, contents), None)
