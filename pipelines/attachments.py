"""Files and pictures behind an article: which addresses name one, and which of them an article's page names.

Part of reading a page, after its words are known: a body without words is one of pictures. What of it is fetched is the
source's to say (`SourceContext.wants`); what is listed is not, so that a reading depends on the page alone.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from lxml.etree import _Element

from archive.records import Attachment
from pipelines.addresses import absolute, sound, url_key
from pipelines.canonical import canonical_line
from pipelines.layouts import GENERIC, Layout, Noise, find
from pipelines.lines import text_of
from pipelines.noise import mark_noise

FILE, IMAGE = "file", "image"
#: What the name of a file or picture may end in. A source may want fewer of the first.
FILE_TYPES = frozenset("pdf doc docx xls xlsx ppt pptx pps ppsx odt ods odp rtf zip rar 7z".split())  # noqa: SIM905
IMAGE_TYPES = frozenset("jpg jpeg png gif webp bmp tif tiff".split())  # noqa: SIM905
#: A body of fewer words says nothing but "see the picture": its pictures are the text.
FEW_WORDS = 10
#: So many words a body may have before line rules, to have fewer than that after them.
FEW_WORDS_YET = 10 * FEW_WORDS
#: Pictures that are declared no wider or higher than this (pixels) are signs and spacers.
SIGN = 32
# Editors and themes that load pictures late keep the address here; `src` is a placeholder then.
_LATE = ("data-original", "data-src", "data-lazy-src")
# Where the generic layout looks: nobody says where the body is, but these hold menus, not the article.
_MAIN = ("[itemprop=articleBody]", "article", "main")
_AROUND = ("nav", "header", "footer", "aside", "form")


def type_of(url: str) -> str | None:
    """``pdf`` of ``/a.PDF``, and of Liferay's ``…/a.pdf/{uuid}``; None of other addresses."""
    for segment in reversed(unquote(urlsplit(url).path).lower().rstrip("/").split("/")[-2:]):
        stem, dot, ending = segment.rpartition(".")
        if dot:
            return ending if stem and ending in FILE_TYPES | IMAGE_TYPES else None
    return None


def names_file(url: str, layout: Layout) -> bool:
    """Whether a file or picture stands at ``url``, by its name or by what the layout knows of the site's addresses."""
    return type_of(url) is not None or any(re.search(pattern, url) for pattern in layout.addresses.attachment)


def attachments(
    tree: _Element, base: str, layout: Layout, rules: tuple[Noise, ...], body: Iterable[str]
) -> tuple[Attachment, ...]:
    """The files that the article on this page names, in the page's order, each once; of one of few words its pictures.

    ``base`` is what relative addresses start from, ``body`` the lines from which rules may yet take some: pictures are
    listed where few words could be left. Elements that a noise rule takes are no part of the article.
    """
    pictures = sum(len(line.split()) for line in body) < FEW_WORDS_YET
    named = [
        (element, one)
        for area in _areas(tree, layout)
        for element, one in _named(area, base, layout, pictures=pictures and area.tag != "body")
    ]
    # Looking for noise costs more than all the rest, and few pages name a file.
    outside = _noise(tree, layout, rules) if named else set()
    found: dict[str, Attachment] = {}
    for element, one in named:
        if element not in outside:
            known = found.setdefault(one.url_key, one)
            if known.label is None and one.label:
                found[one.url_key] = one
    return tuple(found.values())


def _areas(tree: _Element, layout: Layout) -> list[_Element]:
    """Where an article's files stand: in lead and body, and in what the layout names besides."""
    if layout.id == GENERIC:
        return next(([found[0]] for css in _MAIN if (found := find(tree, (css,)))), tree.findall("body"))
    fields = layout.fields  # not `locate`, which looks for more than is needed here
    return list(
        dict.fromkeys((*find(tree, fields.lead), *find(tree, fields.body)[:1], *find(tree, fields.attachments)))
    )


def _noise(tree: _Element, layout: Layout, rules: tuple[Noise, ...]) -> set[_Element]:
    """The elements that are no part of the article, and all within them."""
    around = tree.iter(*_AROUND) if layout.id == GENERIC else ()
    found: set[_Element] = set()
    for element in (*mark_noise(tree, rules), *around):
        if element not in found:
            found.update(element.iter())
    return found


def _named(area: _Element, base: str, layout: Layout, *, pictures: bool) -> Iterator[tuple[_Element, Attachment]]:
    shown: set[_Element] = set()
    for element in area.iter("a", "iframe", "embed", "object", "img"):
        said = _linked(element)
        url = absolute(base, said) if said else None
        if url is None or element in shown:
            continue
        kind = IMAGE if element.tag == "img" or type_of(url) in IMAGE_TYPES else FILE
        if kind == IMAGE and element.tag != "img":
            shown.update(element.iter("img"))  # a small picture that links to the whole one: that speaks
        if kind == IMAGE and (not pictures or _is_sign(element)):
            continue
        if kind == IMAGE or names_file(url, layout):
            yield element, Attachment(kind, sound(url), url_key(url), _label(element))


def _linked(element: _Element) -> str | None:
    """What the element links to or shows."""
    said: str | None = element.get({"a": "href", "object": "data"}.get(str(element.tag), "src"))
    if element.tag != "img":
        return said
    late = (element.get(name) for name in _LATE)
    return next(filter(None, (*late, _largest(element), said)), None)


def _largest(image: _Element) -> str | None:
    """The largest of the forms in which a picture is offered (``srcset``)."""
    offered = image.get("data-srcset") or image.get("srcset") or ""
    forms = [part.split() for part in re.split(r",\s+", offered) if part.strip()]
    sized = [
        (float(size[1][:-1]), size[0]) for size in forms if len(size) == 2 and re.fullmatch(r"\d+(\.\d+)?[wx]", size[1])
    ]
    return max(sized)[1] if sized else None


def _is_sign(image: _Element) -> bool:
    sizes = (image.get(name, "").removesuffix("px") for name in ("width", "height"))
    return any(size.isdecimal() and len(size) < 9 and int(size) <= SIGN for size in sizes)


def _label(element: _Element) -> str | None:
    said = (text_of(element) if element.tag == "a" else "", element.get("title") or "", element.get("alt") or "")
    return next(filter(None, map(canonical_line, said)), None)
