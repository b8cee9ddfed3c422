"""What repeats over the texts of an archive: lines, elements by their words, elements by their names. Pure.

Numbers are folded: counters and dates differ by their digits alone. A repetition counts once for each surrounding in
which it stands, so that a text that stands twice repeats nothing: its neighbours repeat with it.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.canonical import squeezed
from pipelines.specimens import SHORT, Specimen, Spot

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LETTER = re.compile(r"[^\W\d_]")
#: So many different wordings of one candidate are kept: what varies more than that is no constant.
_WORDINGS = 40
_SAMPLES = 3


def folded(text: str) -> str:
    """``text`` with every number as 0."""
    return NUMBER.sub("0", text)


@dataclass(frozen=True, slots=True)
class Article:
    """A text in the survey: its lines by the hashes of their folded words, and how long each is."""

    source_id: str
    layout: str
    key: str
    month: str
    section: str | None
    lines: "array[int]"
    sizes: "array[int]"
    body: "array[int]"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a candidate stands: lines ``start`` to before ``stop`` of an article (its number in the survey)."""

    article: int
    start: int
    stop: int
    linked: bool
    pictured: bool
    cell: bool


@dataclass(slots=True)
class Candidate:
    """What may repeat: ``kind`` is ``words`` (``name``: squeezed and folded) or ``css`` (``name``: a selector)."""

    kind: str
    name: str
    occurrences: list[Occurrence] = field(default_factory=list)
    wordings: Counter[str] = field(default_factory=Counter)
    samples: dict[int, str] = field(default_factory=dict)

    def add(self, occurrence: Occurrence, wording: str) -> None:
        """Count a place where it stands."""
        self.occurrences.append(occurrence)
        if len(self.samples) < _SAMPLES:
            self.samples.setdefault(occurrence.article, wording)
        if wording in self.wordings or len(self.wordings) < _WORDINGS:
            self.wordings[wording] += 1

    @property
    def articles(self) -> list[int]:
        """The articles in which it stands, in the order of the survey."""
        return list(dict.fromkeys(occurrence.article for occurrence in self.occurrences))


class Survey:
    """Counts specimens as they come. Of texts it keeps short lines, and of the others a hash a line."""

    def __init__(self) -> None:
        self.articles: list[Article] = []
        self.by_source: Counter[str] = Counter()
        self.bylines: set[str] = set()
        self._found: dict[tuple[str, str, str], Candidate] = {}
        self._fields: set[tuple[str, str]] = set()
        self._repeated: set[int] | None = None

    def add(self, specimen: Specimen) -> None:
        """Count one article."""
        self._repeated = None
        number = len(self.articles)
        spots = specimen.spots
        self.articles.append(
            Article(
                specimen.source_id,
                specimen.layout,
                specimen.article_key,
                specimen.month,
                specimen.section,
                array("q", (hash_of(spot.text) for spot in spots)),
                array("q", (len(spot.text) for spot in spots)),
                array("b", (spot.body for spot in spots)),
            )
        )
        self.by_source[specimen.source_id] += 1
        self.bylines |= set((specimen.byline or "").split("\n")) - {""}
        self._fields |= {(specimen.layout, selector) for selector in specimen.fields}
        for start, stop, name, wording in _by_words(specimen):
            occurrence = _occurrence(number, start, stop, spots)
            self._candidate("words", "", name).add(occurrence, wording)
        for box in specimen.boxes:
            for selector in box.selectors:
                occurrence = _occurrence(number, box.start, box.stop, spots)
                wording = " ".join(spot.text for spot in spots[box.start : box.stop])[: 2 * SHORT]
                self._candidate("css", specimen.layout, selector).add(occurrence, wording)

    def candidates(self) -> Iterator[tuple[str, Candidate]]:
        """What stands in at least two articles, with the layout that its selector is of (none: words)."""
        for (_, layout, name), candidate in sorted(self._found.items()):
            if len(candidate.articles) > 1 and (layout, name) not in self._fields:
                yield layout, candidate

    def repeated(self, line: int) -> bool:
        """Whether a line (by its hash) stands in more than one article."""
        if self._repeated is None:
            counted = Counter(line for article in self.articles for line in set(article.lines))
            self._repeated = {line for line, count in counted.items() if count > 1}
        return line in self._repeated

    def around(self, occurrence: Occurrence) -> tuple[int | None, int | None]:
        """The nearest lines before and after that stand in this article alone; None where there is none."""
        lines = self.articles[occurrence.article].lines
        before = next((line for line in reversed(lines[: occurrence.start]) if not self.repeated(line)), None)
        after = next((line for line in lines[occurrence.stop :] if not self.repeated(line)), None)
        return before, after

    def _candidate(self, kind: str, layout: str, name: str) -> Candidate:
        return self._found.setdefault((kind, layout, name), Candidate(kind, name))


def hash_of(text: str) -> int:
    """A line's words as a number, whatever its spaces and numbers. Of this process only."""
    return hash(folded(squeezed(text)))


def _by_words(specimen: Specimen) -> Iterator[tuple[int, int, str, str]]:
    """Short lines, and short elements of several lines, the outermost of those with the same lines."""
    spots = specimen.spots
    runs = {(box.start, box.stop) for box in specimen.boxes if box.stop - box.start > 1}
    runs |= {(number, number + 1) for number in range(len(spots))}
    for start, stop in sorted(runs):
        wording = " ".join(spot.text for spot in spots[start:stop])
        if len(wording) <= SHORT and _LETTER.search(wording):
            yield start, stop, folded(squeezed(wording)), wording


def _occurrence(article: int, start: int, stop: int, spots: tuple[Spot, ...]) -> Occurrence:
    inside = spots[start:stop]
    size = sum(len(spot.text) for spot in inside)
    linked = sum(len(spot.text) for spot in inside if spot.linked)
    pictured, cell = any(spot.pictured for spot in inside), len(inside) == 1 and inside[0].cell
    return Occurrence(article, start, stop, linked * 10 >= size * 7, pictured, cell)
