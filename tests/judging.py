"""What must hold for a page whatever it holds: read without a crash, in time, the same each time, no line lost."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

from archive.records import Page, Reading
from archive.warc import Exchange, decode_body
from pipelines.canonical import canonical_line, squeezed
from pipelines.cleaner import Cleaner
from pipelines.decode import decode
from pipelines.exchange import read_exchange
from pipelines.layouts import GENERIC, PLAIN_TEXT, Layout
from pipelines.lines import Line, Mark, walk
from pipelines.locate import locate, parse
from pipelines.tcvn3 import restore_lines, restore_tree
from tests.builders import account
from tests.mutations import Sample, mutation

SECONDS = 5.0
ATTRIBUTES = ("datetime", "content")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one broken page: the digest of all that was read, the processor's seconds, and what is wrong, if anything."""

    number: int
    done: str
    digest: str
    seconds: float
    has_reading: bool
    wrong: str | None


def judge(samples: Sequence[Sample], seed: int, number: int, cleaner: Cleaner) -> Verdict:
    """Read the broken page of that number, and look at what came."""
    done, exchange = mutation(samples, seed, number)
    began = time.process_time()
    page = read_exchange(exchange, cleaner)
    seconds = time.process_time() - began
    wrong = _wrong(page, exchange, seconds, cleaner)
    return Verdict(number, done, digest_of(page), seconds, page.reading is not None, wrong)


def digest_of(page: Page) -> str:
    """The digest of all that a page holds."""
    text = json.dumps(asdict(page), default=str, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _wrong(page: Page, exchange: Exchange, seconds: float, cleaner: Cleaner) -> str | None:
    if page.reason and page.reason.startswith("cleaning failed"):
        return page.reason
    if seconds > SECONDS:
        return f"it took {seconds:.1f} s"
    if page.reading is None or page.reading.content is None:
        return None
    try:
        json.dumps(asdict(page), default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return f"not to be stored: {error}"
    lost, added = unaccounted(page.reading, exchange, cleaner)
    return f"unaccounted: lost {sorted(lost)[:3]}, added {sorted(added)[:3]}" if lost or added else None


def unaccounted(reading: Reading, exchange: Exchange, cleaner: Cleaner) -> tuple[Counter[str], Counter[str]]:
    """The lines of the article element that a reading does not hold, and those that it holds beyond them."""
    layout = cleaner.layouts[reading.layout]
    shown, attributes = _shown(exchange, layout)
    held = account(reading)
    if layout.id == PLAIN_TEXT:
        held = _with_section(reading, held)
    if reading.published_evidence in attributes and held != shown:
        held[reading.published_evidence] -= 1
    said = Counter([(reading.content and reading.content.title) or ""])
    # A rule may take a part out of a line: then letters say it. A title may be no element of the page, but its head's.
    for told in (held, held - said) if layout.id == GENERIC else (held,):
        lost, added = shown - told, told - shown
        if _letters(lost) == _letters(added):
            return Counter(), Counter()
    return shown - held, held - shown


def _letters(lines: Counter[str]) -> Counter[str]:
    return Counter(squeezed("".join(lines.elements())))


def _shown(exchange: Exchange, layout: Layout) -> tuple[Counter[str], set[str]]:
    """The lines that the page shows, and what its date element says in attributes."""
    payload = decode_body(exchange.body, exchange.header("content-encoding"))
    content_type = exchange.header("content-type")
    decoded = decode(payload, content_type)
    text = decoded.text
    if layout.id == PLAIN_TEXT:
        text = restore_lines(text)[0] if decoded.suspect else text
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return Counter(filter(None, map(canonical_line, lines))), set()
    tree = parse(text)
    assert tree is not None
    if decoded.suspect:
        restore_tree(tree)
    found = locate(tree, layout)
    body = tree.find("body")
    element = found.article if layout.id != GENERIC else tree if body is None else body
    whole = {e: Mark("", whole=True) for e in (found.title, found.date) if e is not None}
    shown: list[Line] = [] if element is None else walk(element, whole)
    said = set() if found.date is None else {found.date.get(name) for name in ATTRIBUTES}
    return Counter(line.text for line in shown), {one for one in said if one}


def _with_section(reading: Reading, held: Counter[str]) -> Counter[str]:
    """A section of a plain text is one of its lines; one that stood twice in its line is put together again."""
    again = [removed.text for removed in reading.removed if removed.rule == "doubled-section"]
    held.subtract(again)
    if reading.section:
        held[" ".join([reading.section, *again])] += 1
    return +held
