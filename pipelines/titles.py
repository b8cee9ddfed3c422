"""The title of a page of no known layout: the element that the page's head confirms, else the head's words without the
site's name, where the page shows what that is."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import _Element

from pipelines.canonical import canonical_line
from pipelines.layouts import css
from pipelines.lines import text_of

_SEPARATOR = re.compile(r"\s+(?:[-|–—·»«]|::|\|\|)\s+")
_HEADINGS = ("h1", "h2", "h3")
_NO_TITLES = frozenset({"a", "option", "title", "script", "style", "button", "label"})
_SITE_NAMES = "meta[property='og:site_name'], meta[name='application-name']"
_FRONT_PAGE = re.compile(r"(?:https?://[^/?#]+)?/?(?:(?:index|default|trang-chu|home)(?:\.\w+)?/?)?", re.IGNORECASE)
MOST = 60  # headings, and links to the front page, that are looked at


def heading(tree: _Element) -> _Element | None:
    """The element that is the title: a heading that the page's head repeats, goes on from or comes to; else another
    element that it goes on from, if the rest stands nowhere; else the only ``<h1>``. Never the site's name."""
    names = _names(tree)
    found = [(canonical_line(text_of(element)), element) for element in islice(tree.iter(*_HEADINGS), MOST)]
    headings = {text: element for text, element in reversed(found) if text and text.casefold() not in names}
    said = [title for title in (_meta(tree, "og:title"), _title(tree)) if title]
    begun = [beginning for title in said for beginning, _ in _halves(title)]
    for text in (*begun, *(end for title in said for _, end in _halves(title))):
        if text in headings:
            return headings[text]
    parts = {part for title in said for half in _halves(title) for part in half}
    leaves = _leaves(tree, parts)
    for title in said:
        for beginning, end in _halves(title):
            if beginning in leaves and beginning.casefold() not in names and end not in leaves:
                return leaves[beginning]
    firsts = [element for text, element in headings.items() if element.tag == "h1"]
    return firsts[0] if len(firsts) == 1 else None


def _leaves(tree: _Element, texts: set[str]) -> dict[str, _Element]:
    """The first element without others inside for each of these texts, links left out."""
    found: dict[str, _Element] = {}
    for element in tree.iter():
        if len(element) == 0 and element.text and element.tag not in _NO_TITLES:
            text = canonical_line(element.text)
            if text in texts and text not in found and next(element.iterancestors("a", "nav"), None) is None:
                found[text] = element
    return found


def title_of_head(tree: _Element) -> tuple[str | None, bool]:
    """What the page's head calls it, without the site's name, and whether that may hold more than the title.

    The name is taken off where the page shows it to be the site's, or where ``<title>`` goes on from ``og:title``.
    """
    names, whole, short = _names(tree), _title(tree), _meta(tree, "og:title")
    for said in (short, whole):
        if bare := _without(said, names):
            return bare, False
    if short and short != whole and short in (beginning for beginning, _ in _halves(whole)):
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


def _halves(said: str | None) -> Iterator[tuple[str, str]]:
    """``said`` whole, and what stands before and behind each of its separators, the longest beginning first."""
    if said:
        yield said, ""
        for cut in reversed(list(_SEPARATOR.finditer(said))):
            yield said[: cut.start()], said[cut.end() :]


def _names(tree: _Element) -> set[str]:
    """What the site calls itself: in its metadata, and in what leads to its front page. Folded."""
    names = [meta.get("content") or "" for meta in css(_SITE_NAMES)(tree)]
    links = (link for link in tree.iter("a") if (href := link.get("href")) and _FRONT_PAGE.fullmatch(href.strip()))
    for link in islice(links, MOST):
        names += [text_of(link), link.get("title") or "", *(image.get("alt") or "" for image in link.iter("img"))]
    return {name for name in (canonical_line(name).casefold() for name in names) if name}


def _title(tree: _Element) -> str | None:
    element = tree.find("head/title")
    return canonical_line(text_of(element)) or None if element is not None else None


def _meta(tree: _Element, name: str) -> str | None:
    contents = (canonical_line(meta.get("content") or "") for meta in css(f"meta[property='{name}']")(tree))
    return next(filter(None, contents), None)
