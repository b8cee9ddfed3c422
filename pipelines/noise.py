"""Noise rules at work: on elements before the walk, on lines after it."""

import re
from functools import cache

from lxml import etree
from lxml.etree import _Element

from pipelines.canonical import canonical_line, squeezed, visible
from pipelines.layouts import Noise, css
from pipelines.lines import SILENT, Mark, text_of
from pipelines.paths import xpath


def mark_noise(article: _Element, rules: tuple[Noise, ...]) -> dict[_Element, Mark]:
    """The elements below ``article`` that the rules remove, the first rule that names an element counting."""
    marks: dict[_Element, Mark] = {}
    for rule in rules:
        for element in _found_by(rule, article):
            marks.setdefault(element, Mark("removed", rule.id))
    marks.pop(article, None)
    return marks


def _found_by(rule: Noise, article: _Element) -> list[_Element]:
    if rule.css:
        return list(css(rule.css)(article))
    if rule.xpath:
        return list(xpath(rule.xpath)(article))
    return _with_text(article, rule.squeezed) if rule.squeezed else []


def line_rule(text: str, rules: tuple[Noise, ...]) -> str | None:
    """The id of the first rule that takes this line, or None."""
    for rule in rules:
        if rule.line and _compiled(rule.line).fullmatch(text):
            return rule.id
        if rule.squeezed and len(text) < 2 * len(rule.squeezed) and squeezed(text) == rule.squeezed:
            return rule.id
    return None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _with_text(article: _Element, wanted: str) -> list[_Element]:
    """The outermost elements whose whole text, white space removed, is ``wanted``.

    One pass from the leaves up, each element's text cut off once it is too long to match; skipped altogether where
    the words are nowhere on the page.
    """
    if wanted not in squeezed(visible(text_of(article))):
        return []
    found: dict[_Element, None] = {}
    texts: list[str] = [""]
    for event, node in etree.iterwalk(article, events=("start", "end", "comment", "pi")):
        if event == "start":
            texts.append(_plain(node.text) if node.tag not in SILENT else "")
            continue
        if event == "end":
            text = texts.pop()
            if text == wanted:
                for inner in node.iterdescendants():
                    found.pop(inner, None)
                found[node] = None
            if node.tag not in SILENT:
                texts[-1] = (texts[-1] + text)[: len(wanted) + 1]
        texts[-1] = (texts[-1] + _plain(node.tail))[: len(wanted) + 1]
    return list(found)


def _plain(text: str | None) -> str:
    return squeezed(canonical_line(text)) if text else ""
