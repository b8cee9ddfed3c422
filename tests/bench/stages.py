"""Recleaning beside stock trafilatura: everything read again, a line rule changed, nothing to do.

    python -m tests.bench.stages [--days N] [--rounds N] [--captures N] [--home FOLDER]

The recorded portal is collected on several days, on each of which every page has other bytes. Copies of that home are
recleaned with one worker: once with another rule on elements, so that each page is read from the archive again, once
with another line rule that takes lines of every article, so that only the second stage runs. Both store all readings,
fold and promote. Processor seconds of the whole command and its processes are compared with those of stock trafilatura
giving text, title and date of a sample of the same pages, in turn; and once more less what a command costs that finds
nothing to do. At last such a command on a collection of many captures.
"""

import argparse
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import trafilatura

from archive.records import Capture
from archive.segments import SegmentWriter
from archive.warc import Exchange, decode_body, read_records
from pipelines.intake import capture_of
from pipelines.layouts import Layouts
from tests.bantin import Bantin
from tests.bench.recleaning import collect
from tests.builders import HTML
from tests.recleans import cleaner_of, element_rule, layouts_folder, rule
from tests.rig import Database, Rig, day

#: A word that hardly any article is without.
LINE = r".*\b(của|các|và|cho|được|trong|ngày)\b.*"
SAMPLE = 200


def main() -> None:
    """Print each round and the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--captures", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = options.home or Path(folder) / "collected"
        if not (kept / "home").exists():
            kept.mkdir(parents=True, exist_ok=True)
            collect(kept, options.days)
        pages = iter(article_pages(kept / "home" / "archive"))
        rounds = [compared(kept, Path(folder), pages) for _ in range(options.rounds)]
        for name, column in zip(("all pages read", "line rule"), zip(*rounds, strict=True), strict=True):
            whole, work = (statistics.median(one) for one in zip(*column, strict=True))
            print(f"{name}: {whole:.1f} times stock trafilatura as a command, {work:.1f} less its start")
        idle(Path(folder), options.captures)


def article_pages(archive: Path) -> list[str]:
    """The archive's article pages, in the order of chance."""
    found = []
    for path in sorted(archive.rglob("*.warc.gz")):
        for record in read_records(path):
            exchange = record.exchange()
            if exchange is not None and exchange.status == 200 and "/view_content/" in exchange.url and exchange.body:
                found.append(decode_body(exchange.body, exchange.header("content-encoding")).decode())
    random.Random(2022).shuffle(found)
    return found


def compared(kept: Path, folder: Path, pages: Iterator[str]) -> list[tuple[float, float]]:
    """How many times stock trafilatura's documents a second: with all pages read, and with a line rule; each as a
    command and less its start."""
    home, layouts = folder / "home", folder / "layouts"
    shutil.copytree(kept / "home", home)
    elements = element_rule("div.nowhere")
    speeds = []
    # What is collected under the shipped layouts is read again under these: first all, then what lines tell.
    for name, added in (("elements", elements), ("lines", elements + rule(LINE, id="of-the-bench"))):
        installed = layouts_folder(layouts / name, hanoi_liferay=added)
        bantin = Bantin(home, kept / "portal.toml", ["--layouts", str(installed)])
        # It remembers what it has seen: each time it gets other pages.
        stock = stock_seconds(list(islice(pages, SAMPLE)))
        took, said = cpu(bantin)
        start, _ = cpu(bantin)
        inputs = int(said.split()[0])
        speeds.append((stock * inputs / took, stock * inputs / (took - start)))
        print(f"{name}: {took:.1f} s, of it {start:.1f} s start, for {inputs}; {stock * 1000:.1f} ms stock", flush=True)
        print("  " + said.replace("\n", "; "), flush=True)
    shutil.rmtree(home)
    shutil.rmtree(layouts)
    return speeds


def stock_seconds(pages: Sequence[str]) -> float:
    """Processor seconds a page."""
    began = time.process_time()
    for page in pages:
        trafilatura.bare_extraction(page, with_metadata=True)
    return (time.process_time() - began) / len(pages)


def cpu(bantin: Bantin) -> tuple[float, str]:
    """Processor seconds of `bantin reclean` and its processes, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = bantin.run("reclean", "--workers", "1")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.strip()


def idle(folder: Path, captures: int) -> None:
    """Time a reclean that finds nothing to do, on a collection of that many captures of a thousand articles."""
    home = folder / "many"
    bantin = Bantin(home, folder / "songnhue.toml")
    bantin.init()
    bantin.sources.write_text(
        '[[source]]\nid = "songnhue"\nname = "Quận ủy Sông Nhuệ"\nlevel = "district"\nlayout = "hanoi-liferay"\n'
        'start = ["https://songnhue.hanoi.gov.vn/hoat-ong-ang"]\n',
        "utf-8",
    )
    rig = Rig(home, cleaner_of(Layouts.load()))
    database = Database(f"sqlite:///{home / 'bantin.db'}", home / "archive", rig.cleaner)
    first = [rig.page(number, f"Tin số {number} của Quận ủy.", day(0)) for number in range(1000)]
    stored, writer = 0, SegmentWriter(home / "archive", "crawl-again", {"isPartOf": "crawl-again"}, 1 << 30)
    for visit in range(captures // 1000):
        stored += database.take(revisited(writer, first, day(visit)) if visit else first)
    writer.seal()
    rig.seal()
    database.close()
    took = []
    for _ in range(3):
        began = time.monotonic()
        done = bantin.run("reclean")
        took.append(time.monotonic() - began)
    print(f"nothing to do, {stored} captures: {statistics.median(took):.2f} s ({done.stdout.strip()})")


def revisited(writer: SegmentWriter, first: Sequence[Capture], at: datetime) -> list[Capture]:
    """The same pages seen again: revisit records, all in one write."""
    header = (("Content-Type", HTML),)
    exchanges = [
        Exchange("songnhue", one.url, at, 200, header, b"", refers_to=(one.url, one.captured_at)) for one in first
    ]
    pages = [replace(one.page, outcome="revisit-identical", links=(), extracted=None) for one in first]
    places = writer.write(exchanges)
    found = zip(exchanges, places, pages, first, strict=True)
    return [
        replace(capture_of(exchange, place, "crawl-again", page), stored_digest=one.stored_digest)
        for exchange, place, page, one in found
    ]


if __name__ == "__main__":
    main()
