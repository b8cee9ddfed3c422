"""Noise rules at work: on elements before the walk, on lines after it."""

import re

from lxml import etree
from lxml.etree import _Element

from pipelines.canonical import canonical_line, squeezed, visible
from pipelines.layouts import Noise, css
from pipelines.lines import SILENT, Mark, text_of


def mark_noise(article: _Element, rules: tuple[Noise, ...]) -> dict[_Element, Mark]:
    """The elements below ``article`` that the rules remove, the first rule that names an element counting."""
    marks: dict[_Element, Mark] = {}
    for rule in rules:
        if rule.css:
            for element in css(rule.css)(article):
                marks.setdefault(element, Mark("removed", rule.id))
        elif rule.squeezed:
            for element in _with_text(article, rule.squeezed):
                marks.setdefault(element, Mark("removed", rule.id))
    marks.pop(article, None)
    return marks


#: So many times its length may what is looked for take, white space included.
_WIDEST = 16


class Rules:
    """The noise rules that hold for a page, ready for use. ``squeezed`` rules work on elements and on lines."""

    def __init__(self, rules: tuple[Noise, ...]) -> None:
        self.elements = tuple(rule for rule in rules if rule.on_elements)
        self._lines = [(rule.id, *_test(rule)) for rule in rules if rule.on_lines]

    def takes(self, text: str) -> str | None:
        """The id of the first rule that takes this line, or None."""
        for rule, pattern, wanted in self._lines:
            if pattern is not None:
                if pattern.fullmatch(text):
                    return rule
            elif len(text) < 2 * len(wanted) and squeezed(text) == wanted:
                return rule
        return None


def _test(rule: Noise) -> tuple[re.Pattern[str] | None, str]:
    return (re.compile(rule.line), "") if rule.line is not None else (None, rule.squeezed or "")


def _with_text(article: _Element, wanted: str) -> list[_Element]:
    """The outermost elements whose whole text, white space removed, is ``wanted``.

    One pass from the leaves up, each element's text cut off once it is too long to match; skipped altogether where
    the words are nowhere on the page.
    """
    if wanted not in squeezed(visible(text_of(article))):
        return []
    longest = _WIDEST * len(wanted)
    found: dict[_Element, None] = {}
    texts: list[str] = [""]
    for event, node in etree.iterwalk(article, events=("start", "end", "comment", "pi")):
        if event == "start":
            texts.append(_plain(node.text, longest) if node.tag not in SILENT else "")
            continue
        if event == "end":
            text = texts.pop()
            if text == wanted:
                for inner in node.iterdescendants():
                    found.pop(inner, None)
                found[node] = None
            if node.tag not in SILENT:
                texts[-1] = (texts[-1] + text)[: len(wanted) + 1]
        texts[-1] = (texts[-1] + _plain(node.tail, longest))[: len(wanted) + 1]
    return list(found)


def _plain(text: str | None, longest: int) -> str:
    """The text without white space. One that is longer is no part of what is looked for: most of a page is."""
    if not text or text.isspace():
        return ""
    return text if len(text) > longest else squeezed(canonical_line(text))
