"""CSS and XPath in layout files: what they may find is checked when the file is read, not on the first page."""

import re
from functools import cache
from typing import Annotated

from lxml import etree, html
from lxml.cssselect import CSSSelector
from lxml.etree import XPath
from pydantic import AfterValidator

# Attributes, text, comments: a rule that named them would find lines that no element is.
_NO_ELEMENT = re.compile(
    r"@|(?:attribute|namespace)\s*::|(?:[\w-]+\s*::\s*)?(?:text|node|comment|processing-instruction)\s*\("
)


@cache
def xpath(path: str) -> XPath:
    """The compiled path, as checked."""
    return etree.XPath(path)


def _css(selector: str) -> str:
    try:
        CSSSelector(selector)
    except Exception as error:
        raise ValueError(f"not a CSS selector ({error})") from error
    return selector


def _checked(path: str) -> str:
    try:
        found = etree.XPath(path)(html.Element("p"))
    except etree.XPathError as error:
        raise ValueError(f"not an XPath expression ({error})") from error
    if not isinstance(found, list):
        raise ValueError("an XPath expression that gives a value, not elements")
    for step in (part.split("/")[-1].strip() for part in _steps(path).split("|")):
        if _NO_ELEMENT.match(step.lstrip("( ")):
            raise ValueError(f"an XPath expression that ends in {step}, which is no element")
    return path


def _steps(path: str) -> str:
    """The path without what chooses among the elements that its steps find: brackets, and what stands in quotes."""
    path = re.sub(r"'[^']*'|\"[^\"]*\"", "", path)
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", path)) != path:
        path = shorter
    return path


Css = Annotated[str, AfterValidator(_css)]
ElementPath = Annotated[str, AfterValidator(_checked)]
