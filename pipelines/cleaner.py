"""The cleaner: what is installed here, as a manifest of digests, and the contexts of the sources it cleans for.

A reading is up to date while the digest that concerns its source is unchanged. That digest covers the pure modules,
the libraries they lean on, the source's layout, and the noise rules that name the source or no source at all: a change
for one site makes stale only what it touches.
"""

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata, resources

from lxml import etree

from pipelines.addresses import host_of, url_key
from pipelines.canonical import CANONICAL_VERSION, digest
from pipelines.layouts import GENERIC, Layouts

MODULES = (
    "addresses",
    "byline",
    "canonical",
    "clean",
    "dates",
    "extract",
    "layouts",
    "lines",
    "locate",
    "noise",
    "page",
)
LIBRARIES = ("trafilatura", "htmldate", "justext", "lxml", "w3lib", "cssselect")


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What cleaning and link-finding know of a source. ``hosts`` carry a port where it is not the scheme's own."""

    id: str
    layout: str = GENERIC
    hosts: frozenset[str] = frozenset()
    start_keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, source_id: str, layout: str, start: Iterable[str], hosts: Iterable[str] = ()) -> "SourceContext":
        """The context of a source with these start pages; their hosts are its own."""
        start = list(start)
        keys = frozenset(url_key(url) for url in start)
        return cls(source_id, layout, frozenset(hosts) | {host_of(url) for url in start}, keys)


class Cleaner:
    """The installed cleaner for a set of sources. Picklable: worker processes get one of their own."""

    def __init__(self, layouts: Layouts, sources: Iterable[SourceContext]) -> None:
        self.layouts = layouts
        self._sources = {source.id: source for source in sources}
        self._digests: dict[str, str] = {}
        self._manifests: dict[str, dict[str, object]] = {}

    def source(self, source_id: str) -> SourceContext:
        """The context of a source; one that no catalogue names is its host, with the generic layout."""
        return self._sources.get(source_id) or SourceContext(source_id, GENERIC, frozenset({source_id}))

    def digest_for(self, source_id: str) -> str:
        """The digest of all that decides how this source's pages are read."""
        if source_id not in self._digests:
            manifest = self.manifest(source_id)
            self._digests[source_id] = digest(manifest)
            self._manifests[self._digests[source_id]] = manifest
        return self._digests[source_id]

    def manifest(self, source_id: str) -> dict[str, object]:
        """What `digest_for` covers, part by part: for comparing two cleaners."""
        extraction, scrubbing = self._layout_digests(source_id)
        layout = self.source(source_id).layout
        return {**_core(), "layout": layout, "extraction": extraction, "scrubbing": scrubbing}

    def manifest_of(self, cleaner_digest: str) -> dict[str, object]:
        """The manifest behind a digest of this cleaner. Raises KeyError for the digest of another one."""
        if cleaner_digest not in self._manifests:
            for source_id in self._sources:
                self.digest_for(source_id)
        return self._manifests[cleaner_digest]

    def _layout_digests(self, source_id: str) -> tuple[str, str]:
        layout = self.layouts[self.source(source_id).layout]
        rules = [
            r.model_dump(mode="json") for r in self.layouts.noise(layout) if not r.sources or source_id in r.sources
        ]
        return digest(layout.model_dump(mode="json", exclude={"noise"})), digest(rules)


@cache
def _core() -> dict[str, object]:
    folder = resources.files("pipelines")
    return {
        "canonical": CANONICAL_VERSION,
        "modules": {name: sha256((folder / f"{name}.py").read_bytes()).hexdigest() for name in MODULES},
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "unicode": unicodedata.unidata_version,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
