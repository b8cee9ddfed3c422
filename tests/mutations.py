"""Pages broken in every way that servers, editors and hostile hands break them: made up from a seed, never at random.

The same seed and number give the same exchange, in any process and order; `tests.judging` says what must hold for it.
"""

import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from archive.warc import Exchange
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from tests import breakages
from tests.builders import FAMILIES, NOON, PORTAL, PRESS, SCHOOL, SOURCE_OF, SOURCES
from tests.cases import FOLDER, cases, list_cases
from tests.portal import STARTS, recorded

SITE = Path(__file__).parent / "site"
TEXTS = Path(__file__).parent / "texts"
LARGEST = 2_000_000  # bytes: what some of them make of a page must not feed the next without end
CONTENT_TYPES = (
    None,
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=windows-1258",
    "text/html; charset=utf-16",
    "text/html; charset=utf-7",
    "text/html; charset=no-such-charset",
    "text/html; charset=ascii",
    "text/html; charset=gb18030",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=utf-8; charset=cp1258",
    "application/xhtml+xml",
    "text/xml; charset='utf-8",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A page as it came, unbroken. Without a status it is a text that somebody kept."""

    source_id: str
    url: str
    payload: bytes
    content_type: str | None
    status: int | None = 200


def own_samples() -> list[Sample]:
    """The pages and texts that the project holds."""
    pages = [Sample(SOURCE_OF[c.layout], c.url, c.payload, c.content_type) for c in (*cases(), *list_cases())]
    hosts = {"quan-uy": ("songnhue", PORTAL), "bao": ("bao", PRESS)}
    for site, (source, host) in hosts.items():
        for path in sorted((SITE / site).rglob("*.html")):
            address = path.relative_to(SITE / site).as_posix().partition("/")[2]
            address = address.removesuffix("/index.html") if "view_content" in address else address[: -len(".html")]
            pages.append(Sample(source, f"{host}/{address}", path.read_bytes(), "text/html; charset=utf-8"))
    for path in sorted(TEXTS.glob("*/text.txt")):
        url = f"file:///ban-tin/{path.parent.name}.txt"
        pages.append(Sample("ban-tin", url, path.read_bytes(), "text/plain; charset=utf-8", None))
    if not pages:
        raise AssertionError(f"{FOLDER} and {SITE} hold no page")
    return pages


def portal_samples() -> list[Sample]:
    """All recorded pages of the real portal: articles, lists, print copies."""
    html = "text/html; charset=utf-8"
    return [Sample("sotttt", url, payload, html) for url, payload in recorded()]


def cleaner_of_all() -> Cleaner:
    """The installed cleaner for the sources of all samples."""
    starts = [f"https://sotttt.hanoi.gov.vn{path}" for path in STARTS]
    portal = SourceContext.of("sotttt", "hanoi-liferay", starts)
    return Cleaner(Layouts.load(), (*SOURCES, *FAMILIES, portal))


def mutation(samples: Sequence[Sample], seed: int, number: int) -> tuple[str, Exchange]:
    """What was done, and the broken page: one to three breakages of one of the samples."""
    rng = random.Random(f"{seed}:{number}")
    sample = rng.choice(samples)
    done, data = [sample.url], sample.payload
    for name in rng.choices(list(breakages.ALL), k=rng.choice((1, 1, 2, 3))):
        data = breakages.ALL[name](rng, data)[:LARGEST]
        done.append(name)
    content_type = rng.choice(CONTENT_TYPES) if rng.random() < 0.1 else sample.content_type
    headers = [] if content_type is None else [("Content-Type", content_type)]
    if rng.random() < 0.03:
        data = breakages.ALL["random bytes"](rng, gzip.compress(data, 1, mtime=0)) if rng.random() < 0.7 else data
        headers.append(("Content-Encoding", rng.choice(("gzip", "deflate", "br"))))
    sample = _elsewhere(rng, sample)
    outcome = "ok" if sample.status is None else None
    exchange = Exchange(sample.source_id, sample.url, NOON, sample.status, tuple(headers), data, outcome=outcome)
    return ", ".join(done), exchange


def _elsewhere(rng: random.Random, sample: Sample) -> Sample:
    """One in five: the page as if it stood on a site of no known layout, or on one that nobody listed."""
    host = rng.choice((SCHOOL, "https://khong-ai-biet.example.vn", *[""] * 8))
    if not host or sample.status is None:
        return sample
    source = "langha" if host == SCHOOL else host.removeprefix("https://")
    return replace(sample, source_id=source, url=host + urlsplit(sample.url).path)
