"""Pages of no known layout: the generic one beside stock trafilatura, and its dates beside htmldate's.

    python -m tests.bench.unknown [--take-every N]

The recorded portal's pages, read as if nobody knew their layout; the same pages with their date line taken out; and the
pages that newspaper4k's source distribution ships for its tests, with the texts and dates that it expects of them
(fetched with pip to a temporary folder; left out where that cannot be had). Words of lead, text and byline count, the
title's do not.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import htmldate
from lxml import html

from pipelines.canonical import canonical_line
from pipelines.page import Response, read_page
from tests.bench.gold import gold_of
from tests.bench.quality import f1, stock
from tests.builders import HTML, NOON, SCHOOL, words_of
from tests.mutations import cleaner_of_all
from tests.portal import articles

CLEANER = cleaner_of_all()
NEWSPAPER = "newspaper4k==0.9.6"
HEADER = (
    "| | pages | generic F1 | trafilatura F1 | better, worse, equal | days right | days wrong"
    " | no day where there is one | days where there is none | htmldate: right, wrong, none, invented |"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page with what is to be found on it; ``day`` is None where it shows none."""

    url: str
    payload: bytes
    title: str
    lines: list[str]
    day: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Of one page: how well either found its words, and the days that either gives."""

    generic: float
    stock: float
    day: str | None
    given: str | None
    guessed: str | None


def compare(page: Page) -> Compared:
    """Read the page by the generic layout, whatever site it is of, and as trafilatura and htmldate come."""
    reading = read_page(Response("langha", f"{SCHOOL}/bai-viet", NOON, 200, page.payload, HTML), CLEANER).reading
    assert reading is not None
    found, text = stock(page.url, page.payload), page.payload.decode("utf-8", "replace")
    ours = [line for line in words_of(reading) if line not in reading.captions]  # pictures are no words to these golds
    words = (f1(page.lines, untitled(lines, page.title)) for lines in (ours, found.body))
    guessed = htmldate.find_date(text, url=page.url, original_date=True)
    return Compared(*words, page.day, (reading.published_at or "")[:10] or None, guessed)


def untitled(lines: Iterable[str], title: str | None) -> list[str]:
    """The lines less those that are the title, which counts for neither: one has it apart, the other in its text."""
    return [line for line in lines if canonical_line(line) != title]


def portal(every: int = 1) -> Iterator[Page]:
    """The recorded portal's article pages."""
    for url, payload in articles()[::every]:
        gold = gold_of(payload)
        day = gold.moment and gold.moment[:10]
        yield Page(url, payload, gold.title, [*gold.lead, *gold.body, *gold.byline], day)


def undated(pages: Iterable[Page]) -> Iterator[Page]:
    """The same pages without their date line."""
    for page in pages:
        tree = html.fromstring(page.payload.decode())
        for date in tree.find_class("assetPublishDate"):
            date.drop_tree()
        yield Page(page.url, html.tostring(tree, encoding="utf-8"), page.title, page.lines, None)


def newspaper() -> Iterator[Page]:
    """The pages of newspaper4k's tests. Raises OSError where it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--dest",
            folder,
        ]
        done = subprocess.run([*pip, NEWSPAPER], capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"{NEWSPAPER}: {done.stderr.strip().splitlines()[-1]}")
        with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        (data,) = Path(folder).glob("*/tests/data")
        for path in sorted((data / "metadata").glob("*.json")):
            about, text = json.loads(path.read_text("utf-8")), data / "txt" / f"{path.stem}.txt"
            day = (about.get("publish_date") or "")[:10] or None
            page = (data / "html" / f"{path.stem}.html").read_bytes()
            lines = text.read_text("utf-8").splitlines()
            yield Page(about.get("url") or "", page, about.get("title") or "", lines, day)


def row(name: str, pages: Iterable[Page]) -> str:
    """A line of the table."""
    every = [compare(page) for page in pages]
    gaps = [round(one.generic - one.stock, 9) for one in every]
    counts = f"{sum(g > 0 for g in gaps)}, {sum(g < 0 for g in gaps)}, {sum(g == 0 for g in gaps)}"
    means = f"{statistics.mean(o.generic for o in every):.4f} | {statistics.mean(o.stock for o in every):.4f}"
    ours, theirs = _days((o.day, o.given) for o in every), _days((o.day, o.guessed) for o in every)
    return f"| {name} | {len(every)} | {means} | {counts} | {' | '.join(ours)} | {', '.join(theirs)} |"


def _days(pairs: Iterable[tuple[str | None, str | None]]) -> list[str]:
    """How many days are right, wrong, missing and invented."""
    known = list(pairs)
    right = sum(day == given for day, given in known if day and given)
    wrong = sum(day != given for day, given in known if day and given)
    missing = sum(given is None for day, given in known if day)
    invented = sum(given is not None for day, given in known if not day)
    return [str(count) for count in (right, wrong, missing, invented)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--take-every", type=int, default=1, metavar="N", help="every Nth page only")
    pages = list(portal(parser.parse_args().take_every))
    print(f"{HEADER}\n|---|{'---|' * (HEADER.count('|') - 2)}")
    print(row("the portal, its layout unknown", pages), flush=True)
    print(row("the same without date lines", undated(pages)), flush=True)
    try:
        print(row(f"{NEWSPAPER.replace('==', ' ')}, tests/data", newspaper()))
    except OSError as error:
        print(f"cannot be had here, its row is left out: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
