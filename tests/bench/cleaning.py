"""Cleaning beside stock trafilatura, on the recorded portal's article pages, in one process and one run.

    python -m tests.bench.cleaning [--rounds N]

Speed: processor seconds for the same pages in turn, the median of the rounds' ratios. Quality against the page itself,
in canonical form: the body's words in a walk of the layout's element that loses none (the CMS account's line left out);
the same with lead, captions and byline, which trafilatura does not tell apart; title and publication time as the page
has them.
"""

import argparse
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import trafilatura
from fastwarc.warc import ArchiveIterator
from lxml import html

from archive.records import Reading
from pipelines.canonical import canonical_line
from pipelines.clean import clean
from pipelines.layouts import Layouts
from pipelines.lines import text_of, walk
from pipelines.locate import locate, parse
from pipelines.noise import Rules
from tests.portal import WARC

LAYOUTS = Layouts.load()
LIFERAY = LAYOUTS["hanoi-liferay"]
RULES = Rules(LAYOUTS.noise(LIFERAY))
DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})\s*\|\s*(\d{1,2}):(\d\d)\s*([AP]M)?")


def pages() -> list[str]:
    """The article pages in both locales, print copies left out."""
    with WARC.open("rb") as stream:
        records = [
            (r.headers["WARC-Target-URI"], r.reader.read())
            for r in ArchiveIterator(stream)
            if r.headers["WARC-Type"] == "response"
        ]
    return [body.decode() for url, body in records if "/view_content/" in url and "pop_up" not in url]


def ours(page: str) -> Reading:
    """Our reading."""
    tree = parse(page)
    assert tree is not None
    return clean(tree, "", LIFERAY, RULES, "", "")[0]


def stock(page: str) -> Any:
    """trafilatura as it comes, with title and date as our readings have them."""
    return trafilatura.bare_extraction(page, with_metadata=True)


def stock_text(page: str) -> str | None:
    """trafilatura as it comes, the text alone."""
    return trafilatura.extract(page)


def f1(gold: Iterable[str], found: Iterable[str]) -> float:
    """Harmonic mean of precision and recall over words as a multiset."""
    gold_words, words = Counter(w for p in gold for w in p.split()), Counter(w for p in found for w in p.split())
    total = gold_words.total() + words.total()
    return 2 * (gold_words & words).total() / total if total else 1.0


def truth(page: str) -> tuple[list[str], list[str], str, str | None]:
    """The page's own body lines, lead lines, title and time, by plain lxml."""
    tree = html.document_fromstring(page)
    body = locate(tree, LIFERAY).body
    for account in body.xpath('.//p[contains(@class, "view-content-author")]'):
        account.drop_tree()
    title = text_of(tree.find_class("asset-full-content-title")[0])
    found = DATE.search(text_of(tree.find_class("assetPublishDate")[0]))
    lead = locate(tree, LIFERAY).lead
    leads = [] if lead is None else [line.text for line in walk(lead, {})]
    return [line.text for line in walk(body, {})], leads, canonical_line(title), _moment(found) if found else None


def _moment(found: re.Match[str]) -> str:
    day, month, year, hour, minute, half = found.groups()
    clock = int(hour) % 12 + 12 * (half == "PM") if half else int(hour)
    return f"{year}-{month}-{day}T{clock:02}:{minute}:00+07:00"


def seconds(work: Callable[[str], Any], sample: Sequence[str]) -> float:
    """Processor seconds for the sample."""
    began = time.process_time()
    for page in sample:
        work(page)
    return time.process_time() - began


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    every = pages()
    parts = [every[n::rounds] for n in range(rounds)]
    trios = [(seconds(stock, part), seconds(ours, part), seconds(stock_text, part), len(part)) for part in parts]
    rows = {name: _quality(every, read) for name, read in (("bantin", _our_fields), ("trafilatura", _stock_fields))}
    speeds = {"trafilatura": [n / a for a, _, _, n in trios], "bantin": [n / b for _, b, _, n in trios]}
    print(f"{len(every)} article pages, one process, {rounds} rounds")
    print(f"{'':14}{'docs/s':>8}{'body F1':>10}{'whole F1':>10}{'title exact':>13}{'time exact':>12}")
    for name, (body, whole, title, moment) in rows.items():
        speed = statistics.median(speeds[name])
        print(f"{name:14}{speed:8.1f}{body:10.4f}{whole:10.4f}{title:13.1%}{moment:12.1%}")
    whole = statistics.median(a / b for a, b, _, _ in trios)
    text = statistics.median(c / b for _, b, c, _ in trios)
    print(f"speed ratio, median of {rounds} alternating rounds: {whole:.2f}")
    print(f"the same to trafilatura's text alone, without title and date: {text:.2f}")


def _quality(every: Sequence[str], read: Callable[[str], tuple[list[str], list[str], str, str]]) -> tuple[float, ...]:
    bodies, wholes, titles, moments = [], [], [], []
    for page in every:
        gold, lead, title, moment = truth(page)
        body, more, found_title, found_moment = read(page)
        bodies.append(f1(gold, body))
        wholes.append(f1([*lead, *gold], [*body, *more]))
        titles.append(found_title == title)
        if moment:
            moments.append(found_moment == moment)
    return statistics.mean(bodies), statistics.mean(wholes), statistics.mean(titles), statistics.mean(moments)


def _our_fields(page: str) -> tuple[list[str], list[str], str, str]:
    reading = ours(page)
    assert reading.content is not None
    more = [reading.content.lead or "", *reading.captions, reading.byline or ""]
    return list(reading.content.paragraphs), more, reading.content.title or "", reading.published_at or ""


def _stock_fields(page: str) -> tuple[list[str], list[str], str, str]:
    found = stock(page)
    if found is None:
        return [], [], "", ""
    lines = [canonical_line(line) for line in (found.text or "").splitlines()]
    return lines, [], canonical_line(found.title or ""), found.date or ""


if __name__ == "__main__":
    main()
