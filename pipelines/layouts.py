"""Layouts: what is known of each site family's pages, read from ``layouts/*.toml``. Adding a site needs no code.

``common.toml`` beside them holds noise rules for every layout. A layout is data; `pipelines.extraction`, `.scrub` and
`.text` apply it.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated

from lxml.cssselect import CSSSelector
from lxml.etree import _Element
from pydantic import Field

from archive.errors import ConfigError
from pipelines.paths import Css, ElementPath
from pipelines.shipped import shipped
from pipelines.textrules import TextRules
from pipelines.tomlfile import Names, Patterns, Regex, Table, line_of, load

GENERIC = "generic"
PLAIN_TEXT = "plain-text"
COMMON = "common"
ALWAYS = (GENERIC, PLAIN_TEXT, COMMON)

Id = Annotated[str, Field(max_length=40)]
Selectors = Annotated[tuple[Css, ...], Field(strict=False)]
#: What a noise rule finds its lines by; it has one of them.
WAYS = ("css", "xpath", "squeezed", "line")


class Noise(Table):
    """A rule that removes lines: exactly one of ``css``, ``xpath``, ``squeezed`` and ``line`` says which.

    ``css``, ``xpath``: all lines of the elements, a path starting at the article element; ``squeezed``: an element (or
    line) whose text without white space is this; ``line``: a line that the expression matches whole.
    ``since``/``until`` bound the capture days it holds for.
    """

    id: str
    reason: str
    css: Css | None = None
    xpath: ElementPath | None = None
    squeezed: str | None = None
    line: Regex | None = None
    sources: Names = ()
    since: date | None = None
    until: date | None = None

    @property
    def dated(self) -> bool:
        """Whether it holds on some days only."""
        return self.since is not None or self.until is not None

    @property
    def on_elements(self) -> bool:
        """Whether it works on the page's elements: then a change of it needs the page again."""
        return self.line is None

    @property
    def on_lines(self) -> bool:
        """Whether it works on lines."""
        return self.css is None and self.xpath is None

    def holds(self, source_id: str, captured_at: datetime) -> bool:
        """Whether the rule is meant for this source and capture day."""
        day = captured_at.date()
        return (
            (not self.sources or source_id in self.sources)
            and (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
        )


class Addresses(Table):
    """Which addresses are articles (group ``key`` is the site's own id), which to leave alone, which to prefer."""

    article: Patterns = ()
    attachment: Patterns = ()
    ignore: Patterns = ()
    prefer: Patterns = ()


class ListPages(Table):
    """List pages: the addresses of their further pages, the links to articles and the links to further pages.

    ``date``: the entries' own dates, each beside the link that it is of.
    """

    address: Patterns = ()
    links: Selectors = ()
    date: Selectors = ()
    next: Selectors = ()


class Fields(Table):
    """Where each field stands: CSS selectors, the first that finds an element with words counts.

    ``byline`` is for sites that mark the writer outside the text; `Byline` for those who sign at its end.
    """

    title: Selectors = ()
    lead: Selectors = ()
    body: Selectors = ()
    date: Selectors = ()
    section: Selectors = ()
    byline: Selectors = ()
    caption: Selectors = ()
    attachments: Selectors = ()
    related: Selectors = ()


class Byline(Table):
    """The writer: elements at the very end of the body, no longer than ``max_length`` characters."""

    css: Selectors = ()
    max_length: int = 80


class DatePattern(Table):
    """A named form of date string; see `pipelines.dates.read_date`."""

    id: Id
    pattern: Regex


class Layout(Table):
    """A site family. ``marks``: a page is of it where all selectors of one of the alternatives find something.

    ``inferred`` names the keys that rest, in whole or in part, on inference: ``marks``, ``lists.next``,
    ``dates.<id>``, ``noise.<id>``. What was never seen is known by it; cleaning does not depend on it, but marks that
    are inferred tell no page of a host that nobody listed.
    """

    id: Id
    inferred: Names = ()
    marks: Annotated[tuple[Selectors, ...], Field(strict=False)] = ()
    language: str | None = None
    addresses: Addresses = Addresses()
    lists: ListPages = ListPages()
    fields: Fields = Fields()
    dates: Annotated[tuple[DatePattern, ...], Field(strict=False)] = ()
    byline: Byline = Byline()
    noise: Annotated[tuple[Noise, ...], Field(strict=False)] = ()
    text: TextRules | None = None

    @property
    def tells_pages(self) -> bool:
        """Whether a page may be taken for one of this layout by its marks alone."""
        return bool(self.marks) and "marks" not in self.inferred

    def marked(self, tree: _Element) -> bool:
        """Whether the page shows this layout's marks."""
        return any(all(css(mark)(tree) for mark in marks) for marks in self.marks)

    @cached_property
    def date_patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((form.id, re.compile(form.pattern, re.I)) for form in self.dates)

    def article_id(self, url: str) -> str | None:
        """The site's own id of the article at ``url``; empty where the address has none; None for other pages."""
        if self.ignores(url):
            return None
        for pattern in self.addresses.article:
            if found := re.search(pattern, url):
                return found.groupdict().get("key") or ""
        return None

    def page_number(self, url: str) -> int | None:
        """Which page of a list stands at ``url``, by the group ``page`` of the addresses of further pages; None where
        it says none: a list's first page, or one that is not numbered."""
        for pattern in self.lists.address:
            if (found := re.search(pattern, url)) and (number := found.groupdict().get("page")):
                return int(number)
        return None

    def ignores(self, url: str) -> bool:
        """Print copies, growing addresses and whatever else is never fetched."""
        return any(re.search(pattern, url) for pattern in self.addresses.ignore)

    def preference(self, url: str) -> int:
        """Rank of an address among those of one article; the smallest speaks for it."""
        for rank, pattern in enumerate(self.addresses.prefer):
            if re.search(pattern, url):
                return rank
        return len(self.addresses.prefer)


class Common(Table):
    """What holds for every layout (``common.toml``): noise rules, and what pages say that show no article."""

    noise: Annotated[tuple[Noise, ...], Field(strict=False)] = ()
    soft_gone: Patterns = ()
    blocked: Patterns = ()
    unavailable: Patterns = ()


@cache
def css(selector: str) -> CSSSelector:
    """The compiled selector; compiling costs more than applying."""
    return CSSSelector(selector)


def find(tree: _Element, selectors: Iterable[str]) -> list[_Element]:
    """What the selectors find, in their order, each element once."""
    return list(dict.fromkeys(element for selector in selectors for element in css(selector)(tree)))


class Layouts:
    """The installed layouts by id, with the common rules."""

    def __init__(self, layouts: Iterable[Layout], common: Common) -> None:
        self.by_id = {layout.id: layout for layout in layouts}
        self.common = common

    def words(self, layout: Layout) -> TextRules:
        """What lines of this layout's pages are by their words alone: the rules of plain texts. On pages of no known
        layout the last line is too often something else; there only those count that say what they are."""
        rules = self.by_id[PLAIN_TEXT].text
        assert rules is not None  # `load` refuses a plain-text layout without
        return rules.saying if layout.id == GENERIC else rules

    def __getitem__(self, layout_id: str) -> Layout:
        return self.by_id[layout_id]

    def noise(self, layout: Layout) -> tuple[Noise, ...]:
        """The common rules, then the layout's own."""
        return (*self.common.noise, *layout.noise)

    @classmethod
    def load(cls, path: Path | None = None) -> "Layouts":
        """The layouts of a folder or of one file; what is shipped where ``path`` is None.

        Those of ``ALWAYS`` are the shipped ones unless ``path`` has its own. Raises ConfigError.
        """
        files = dict.fromkeys(_toml_files(path))
        shipped = _toml_files(None)
        stems = {file.stem for file in files}
        files.update(dict.fromkeys(file for file in shipped if file.stem in ALWAYS and file.stem not in stems))
        common, layouts = Common(), {}
        for file in files:
            if file.stem == COMMON:
                common, lines = load(file, Common)
                _check_noise(file, common.noise, lines)
                continue
            layout, lines = load(file, Layout)
            if layout.id != file.stem:
                raise ConfigError(
                    file, line_of(lines, ("id",)), f"id {layout.id!r} is not the file's name", "Rename one"
                )
            if layout.id == PLAIN_TEXT and layout.text is None:
                raise ConfigError(file, None, "no [text] table", "Copy it from the layout that is shipped")
            _check_noise(file, layout.noise, lines)
            _check_inferred(file, layout, lines)
            layouts[layout.id] = layout
        taken = {rule.id for rule in common.noise}
        for layout in layouts.values():
            if double := next((rule.id for rule in layout.noise if rule.id in taken), None):
                raise ConfigError(f"{layout.id}.toml", None, f"rule {double!r} stands in common.toml too", "Rename one")
        return cls(layouts.values(), common)


def _check_noise(file: Path, rules: tuple[Noise, ...], lines: dict[tuple[str | int, ...], int]) -> None:
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        line = line_of(lines, ("noise", index))
        if sum(getattr(rule, way) is not None for way in WAYS) != 1:
            raise ConfigError(file, line, f"rule {rule.id!r} needs one of {', '.join(WAYS)}", "Keep one of them")
        if rule.id in seen:
            raise ConfigError(file, line, f"two rules have the id {rule.id!r}", "Rename one")
        seen.add(rule.id)


def _check_inferred(file: Path, layout: Layout, lines: dict[tuple[str | int, ...], int]) -> None:
    known = {"marks"} if layout.marks else set()
    for table in ("addresses", "lists", "fields", "byline"):
        known |= {f"{table}.{key}" for key in getattr(layout, table).model_fields_set}
    known |= {f"{table}.{rule.id}" for table in ("dates", "noise") for rule in getattr(layout, table)}
    if unknown := [name for name in layout.inferred if name not in known]:
        what = f"'inferred' names {unknown[0]!r}, which this layout does not have"
        raise ConfigError(file, line_of(lines, ("inferred",)), what, "Name a key that stands in this file")


def _toml_files(path: Path | None) -> list[Path]:
    if path is None:
        path = shipped("pipelines", "layouts")
    if path.is_file():
        return [path]
    files = sorted(path.glob("*.toml"))
    if not files:
        raise ConfigError(path, None, "no layout files (*.toml) here", "Name a layout file or a folder of them")
    return files
