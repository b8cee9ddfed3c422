"""The cleaner: what is installed here, as a manifest of digests, for the sources that it cleans.

A reading is up to date while the digest that concerns its source is unchanged. That digest covers the pure modules,
the libraries they lean on, the source's layout, and the noise rules that name the source or no source at all: a change
for one site makes stale only what it touches.
"""

import sys
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import metadata, resources
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from pipelines.addresses import capped, host_of
from pipelines.canonical import CANONICAL_VERSION, digest
from pipelines.context import SourceContext
from pipelines.dates import VIETNAM
from pipelines.layouts import PLAIN_TEXT, Layout, Layouts
from pipelines.noise import Rules

MODULES = (
    *("addresses", "attachments", "blocks", "bounds", "byline", "canonical", "context", "dates", "decode"),
    *("extraction", "inputs", "keeping", "language", "layouts", "lines", "locate", "noise", "page", "paths"),
    *("recognise", "scrub", "shapes", "signatures", "syllables", "tcvn3", "text", "textrules", "titles"),
)
#: Those of them on which nothing depends that extraction leaves: a change there leaves what is kept of it valid.
AFTER_EXTRACTION = frozenset({"byline", "dates", "language", "scrub", "text", "textrules"})
MAX_ID = 80  # bytes of a source's id
UNLISTED = ""  # stands for any host that no source claims: they share one cleaner
LIBRARIES = ("trafilatura", "htmldate", "justext", "lxml", "w3lib", "cssselect")


class Cleaner:
    """The installed cleaner for a set of sources. Picklable: worker processes get one of their own."""

    def __init__(self, layouts: Layouts, sources: Iterable[SourceContext]) -> None:
        self.layouts = layouts
        self._sources = {source.id: source for source in sources}
        self._by_host: dict[str, list[SourceContext]] = {}
        for source in self._sources.values():
            for host in source.hosts:
                self._by_host.setdefault(host, []).append(source)
        every = (rule for layout in layouts.by_id.values() for rule in layouts.noise(layout))
        self._dated = [rule for rule in every if rule.dated]
        self._digests: dict[str, str] = {}
        self._extractions: dict[str, str] = {}
        self._rules: dict[tuple[str, ...], Rules] = {}
        self._manifests: dict[str, dict[str, object]] = {}

    def source(self, source_id: str) -> SourceContext:
        """The context of a source; one that no catalogue names is its host, its pages known by their marks."""
        return self._sources.get(source_id) or SourceContext(source_id, hosts=frozenset({source_id}), listed=False)

    def source_at(self, url: str, captured_at: datetime) -> str:
        """The id of the source whose the address was at that time; its host where no source claims it.

        Of somebody's file it is the name of the folder that was imported.
        """
        if url.startswith("file:"):
            return capped(unquote(urlsplit(url).path).lstrip("/").partition("/")[0], MAX_ID)
        host, day = host_of(url), captured_at.astimezone(VIETNAM).date()
        claims = self._by_host.get(host, ())
        return next(
            (s.id for s in claims if any(t.host == host and t.holds(day) for t in s.terms)), capped(host, MAX_ID)
        )

    def layout_of(self, source: SourceContext, captured_at: datetime) -> Layout:
        """The layout of a source's pages at that time."""
        return self.layouts[source.layout_at(captured_at)]

    def rules(self, layout: Layout, source_id: str, captured_at: datetime) -> tuple[Rules, tuple[str, ...]]:
        """The noise rules that hold for a page of this layout, and the ids of those of them that are dated."""
        noise = self.layouts.noise(layout)
        dated = tuple(rule.id for rule in noise if rule.dated and rule.holds(source_id, captured_at))
        key = (layout.id, source_id, *dated)
        if key not in self._rules:
            self._rules[key] = Rules(tuple(rule for rule in noise if rule.holds(source_id, captured_at)))
        return self._rules[key], dated

    def dated_context(self, source_id: str, captured_at: datetime, *, elements: bool = False) -> tuple[str, ...]:
        """What cleaning sees of the day of a capture: the layout, and the rules bound to some days that hold for the
        source, whatever their layout. Extraction sees of these only what works on ``elements``."""
        rules = (r.id for r in self._dated if r.holds(source_id, captured_at) and (r.on_elements or not elements))
        return self.source(source_id).layout_at(captured_at), *rules

    def digest_for(self, source_id: str) -> str:
        """The digest of all that decides how this source's pages are read."""
        if source_id not in self._digests:
            manifest = self.manifest(source_id)
            self._digests[source_id] = digest(manifest)
            self._manifests[self._digests[source_id]] = manifest
        return self._digests[source_id]

    def extraction_digest_for(self, source_id: str) -> str:
        """The digest of all that decides what extraction leaves of this source's pages."""
        if source_id not in self._extractions:
            manifest, core = self.manifest(source_id), _core()
            modules = {name: sha for name, sha in _modules().items() if name not in AFTER_EXTRACTION}
            told = {name: value for name, value in core.items() if name != "modules"}
            self._extractions[source_id] = digest(told, modules, manifest["layout"], manifest["extraction"])
        return self._extractions[source_id]

    def manifest(self, source_id: str) -> dict[str, object]:
        """What `digest_for` covers, part by part: for comparing two cleaners.

        Any source may have plain texts besides its pages. The pages of a host that no source claims may be of any
        layout that tells its pages by their marks, so all of these concern it, and those that need none.
        """
        source = self.source(source_id)
        if source.listed:
            extraction, scrubbing = self._digests_of((term.layout for term in source.layouts), source_id)
            text = digest(*self._layout_digests(self.layouts[PLAIN_TEXT], source_id))
            days = ", ".join(map(str, source.layouts))
            return {**_core(), "layout": days, "extraction": extraction, "scrubbing": scrubbing, "text": text}
        layouts = [one for _, one in sorted(self.layouts.by_id.items()) if one.tells_pages or not one.marks]
        parts = [self._layout_digests(layout, source_id) for layout in layouts]
        extraction, scrubbing = (digest(*column) for column in zip(*parts, strict=True))
        return {**_core(), "layout": None, "extraction": extraction, "scrubbing": scrubbing}

    def manifest_of(self, cleaner_digest: str) -> dict[str, object]:
        """The manifest behind a digest of this cleaner. Raises KeyError for the digest of another one."""
        if cleaner_digest not in self._manifests:
            for source_id in (*self._sources, UNLISTED, *self._named_in_rules()):
                self.digest_for(source_id)
        return self._manifests[cleaner_digest]

    def _named_in_rules(self) -> list[str]:
        layouts = self.layouts.by_id.values()
        return sorted({name for layout in layouts for rule in self.layouts.noise(layout) for name in rule.sources})

    def _digests_of(self, layout_ids: Iterable[str], source_id: str) -> tuple[str, str]:
        """The digests of one layout, or those of all in a row."""
        parts = [self._layout_digests(self.layouts[one], source_id) for one in layout_ids]
        if len(parts) == 1:
            return parts[0]
        extraction, scrubbing = (digest(*column) for column in zip(*parts, strict=True))
        return extraction, scrubbing

    def _layout_digests(self, layout: Layout, source_id: str) -> tuple[str, str]:
        rules = [rule for rule in self.layouts.noise(layout) if not rule.sources or source_id in rule.sources]
        elements, lines = (
            [rule.model_dump(mode="json", exclude={"reason"}) for rule in rules if getattr(rule, stage)]
            for stage in ("on_elements", "on_lines")
        )
        common = self.layouts.common.model_dump(mode="json", exclude={"noise"})
        extraction = layout.model_dump(mode="json", exclude=_NOT_EXTRACTING)
        scrubbing = layout.model_dump(mode="json", include={"dates", "byline", "text", "language"})
        return digest(extraction, elements, common), digest(scrubbing, lines)


#: Of a layout's keys those that extraction does not see.
_NOT_EXTRACTING: Any = {
    **dict.fromkeys(("noise", "inferred", "dates", "text", "language"), True),
    "byline": {"max_length"},
}


@cache
def _modules() -> dict[str, str]:
    folder = resources.files("pipelines")
    return {name: sha256((folder / f"{name}.py").read_bytes()).hexdigest() for name in MODULES}


@cache
def _core() -> dict[str, object]:
    return {
        "canonical": CANONICAL_VERSION,
        "modules": _modules(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "unicode": unicodedata.unidata_version,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
