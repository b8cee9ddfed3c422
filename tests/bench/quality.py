"""What cleaning makes of real pages, beside stock trafilatura and news-please, in one table.

    python -m tests.bench.quality [--take-every N]

The pages are the recorded portal's article pages; `tests.bench.gold` says what they show. news-please's pins clash with
ours, so it gets an environment of its own, ``.venv-bench``; where pip cannot install it, its row is left out.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

import trafilatura

from pipelines.page import Response, read_page
from tests.bench.gold import Gold, gold_of, plain, residual
from tests.builders import HTML, NOON, account
from tests.mutations import cleaner_of_all
from tests.portal import articles

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-bench"
NEWS_PLEASE = "news-please==1.6.16"
COLUMNS = (
    *(
        "docs/s",
        "body F1",
        "with lead, byline F1",
        "the same, in Vietnamese F1",
        "sequence",
        "title",
        "date and time",
        "day",
        "byline",
    ),
    *("accounts as byline", "noise lines", "lines unaccounted for"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What one program found on one page; ``rest`` are lead, captions and byline where it tells them from the body."""

    title: str
    body: list[str]
    moment: str
    byline: str
    rest: list[str] = field(default_factory=list)
    held: Counter[str] | None = None


def ours() -> Callable[[str, bytes], Found]:
    """Our reading, by the road that every page goes."""
    cleaner = cleaner_of_all()

    def read(url: str, payload: bytes) -> Found:
        reading = read_page(Response("sotttt", url, NOON, 200, payload, HTML), cleaner).reading
        assert reading is not None
        content, byline = reading.content, reading.byline or ""
        if content is None:
            return Found("", [], "", byline, held=account(reading))
        rest = [*(content.lead or "").split("\n"), *reading.captions, *byline.split("\n")]
        published = reading.published_at or ""
        return Found(content.title or "", list(content.paragraphs), published, byline, rest, account(reading))

    return read


def stock(url: str, payload: bytes) -> Found:
    """trafilatura as it comes."""
    found = trafilatura.bare_extraction(payload.decode(), url=url, with_metadata=True)
    if found is None:
        return Found("", [], "", "")
    return Found(plain(found.title or ""), _lines(found.text), found.date or "", plain(found.author or ""))


def _lines(text: str | None) -> list[str]:
    """The lines of a text in which others mark list items and cells."""
    return [line for said in (text or "").splitlines() if (line := plain(said.replace("|", " ").removeprefix("- ")))]


def news_please(pages: Sequence[tuple[str, bytes]]) -> tuple[list[Found], float]:
    """What news-please finds, and its processor seconds. Raises OSError where it cannot be had."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", "import newsplease"], capture_output=True).returncode:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        pip = subprocess.run([python, "-m", "pip", "install", "--quiet", NEWS_PLEASE], capture_output=True, text=True)
        if pip.returncode:
            raise OSError(pip.stderr.strip().splitlines()[-1])
    asked = "".join(json.dumps({"url": url, "html": payload.decode()}) + "\n" for url, payload in pages)
    script = [python, str(Path(__file__).with_name("outsider.py"))]
    done = subprocess.run(script, input=asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [_from_news_please(answer) for answer in answers], sum(answer["seconds"] for answer in answers)


def _from_news_please(answer: dict[str, str | None]) -> Found:
    authors = ", ".join(answer["authors"] or ())
    moment = (answer["date"] or "").replace(" ", "T")
    return Found(plain(answer["title"] or ""), _lines(answer["text"]), f"{moment}+07:00", plain(authors))


def f1(gold: Iterable[str], found: Iterable[str]) -> float:
    """Harmonic mean of precision and recall over words as a multiset."""
    one, other = (Counter(word for line in lines for word in re.findall(r"\w+", line)) for lines in (gold, found))
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def measures(gold: Gold, found: Found) -> dict[str, float | None]:
    """One page's figures, by the names of the columns; None where the page or the program has no such thing."""
    writer = "\n".join(gold.byline)
    orders = [[*a, *gold.body, *b] for a, b in product(([], gold.lead), ([], gold.byline))]
    whole = f1([*gold.lead, *gold.body, *gold.byline], [*found.body, *found.rest])
    read = [found.title, *found.rest, *found.body]
    lost = None if found.held is None else (Counter(gold.every) - found.held) + (found.held - Counter(gold.every))
    return {
        "body F1": f1(gold.body, found.body),
        "with lead, byline F1": whole,
        "the same, in Vietnamese F1": whole if gold.locale.startswith("vi") else None,
        "sequence": found.body in ([gold.body] if found.held is not None else orders),
        "title": found.title == gold.title,
        "date and time": found.moment == gold.moment if gold.moment else None,
        "day": found.moment[:10] == gold.moment[:10] if gold.moment else None,
        "byline": found.byline == writer if writer or found.byline else None,
        "accounts as byline": any(one in found.byline for one in gold.accounts),
        "noise lines": len(residual(read, gold)),
        "lines unaccounted for": None if lost is None else lost.total(),
    }


def timed(read: Callable[[str, bytes], Found], pages: Sequence[tuple[str, bytes]]) -> tuple[list[Found], float]:
    """What a program finds, and its processor seconds."""
    began = time.process_time()
    found = [read(url, payload) for url, payload in pages]
    return found, time.process_time() - began


def row(golds: Sequence[Gold], found: Sequence[Found], seconds: float) -> list[str]:
    """A line of the table."""
    every = [measures(gold, one) for gold, one in zip(golds, found, strict=True)]
    said = [f"{len(found) / seconds:.1f}"]
    for name in COLUMNS[1:]:
        values = [float(value) for one in every if (value := one[name]) is not None]
        if not values:
            said.append("-")
        elif name.endswith("F1"):
            said.append(f"{statistics.mean(values):.4f}")
        elif name in COLUMNS[-3:]:
            said.append(f"{sum(values):.0f}")
        else:
            said.append(f"{statistics.mean(values):.1%}")
    return said


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--take-every", type=int, default=1, metavar="N", help="every Nth page only")
    pages = articles()[:: parser.parse_args().take_every]
    golds = [gold_of(payload) for _, payload in pages]
    programs = {
        "bantin": partial(timed, ours(), pages),
        f"trafilatura {trafilatura.__version__}": partial(timed, stock, pages),
        NEWS_PLEASE.replace("==", " "): partial(news_please, pages),
    }
    timed(ours(), pages[:20])  # what is loaded with the first page is no page's
    print(f"{len(pages)} article pages, {sum(gold.locale.startswith('vi') for gold in golds)} in Vietnamese, ", end="")
    print(f"{sum(bool(gold.moment) for gold in golds)} with date and time, ", end="")
    print(f"{sum(bool(gold.byline) for gold in golds)} with a writer, one process each")
    print(f"\n| | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    for name, read in programs.items():
        try:
            print(f"| {name} | {' | '.join(row(golds, *read()))} |", flush=True)
        except OSError as error:
            print(f"{name} cannot be had here, its row is left out: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
