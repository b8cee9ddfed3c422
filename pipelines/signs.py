"""What tells noise from words that news repeats: the signs of one candidate, each with its weight. Pure.

A repetition alone says little: signatures, slogans and names of writers repeat too. docs/decisions.md says what was
measured, and why each sign is one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from pipelines.repetition import NUMBER, Candidate, Occurrence, Survey, folded

#: A candidate of less weight is not proposed.
ENOUGH = 3
#: Share of all texts of its sources (its lower bound, 95 %) from which on a repetition weighs so much.
_SHARES = ((0.7, 4), (0.45, 3), (0.25, 2), (0.1, 1))
_MOST_PROSE = 0.1
_FEW = 5  # surroundings; what stands in fewer is judged by its words
_Z = 1.96
_LONG_WORD = 14  # letters; syllables have seven at most, names of services a few more
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"[.!?…:;]$|(?:\S+\s+){12}")
_LISTED = re.compile(r"\(?(?:0[.)/]|[IVX]+[.)]|[a-zđ][.)])")
_DATE = re.compile(r"0 ?[/-] ?0 ?[/-] ?0|ngày 0 tháng 0", re.I)


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: what is seen, and what it weighs; against noise where that is below zero."""

    weight: int
    said: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Where a candidate stands: in ``articles`` of the ``texts`` of its sources, in ``apart`` surroundings."""

    articles: int
    apart: int
    texts: int
    sources: tuple[str, ...]
    position: str
    months: int

    @property
    def share(self) -> float:
        return self.articles / self.texts


def facts(candidate: Candidate, survey: Survey) -> Facts | None:
    """Where it stands; None where it stands in fewer than two surroundings: then a text stands twice, not a line."""
    surroundings = [(occurrence, survey.around(occurrence)) for occurrence in candidate.occurrences]
    own = {around for _, around in surroundings if around != (None, None)}
    articles = {occurrence.article for occurrence, around in surroundings if around != (None, None)}
    if len(own) < 2 or len(articles) < 2:
        return None
    sources = sorted({survey.articles[number].source_id for number in articles})
    ends = Counter(_position(around) for _, around in surroundings)
    position, count = ends.most_common(1)[0]
    return Facts(
        len(candidate.articles),
        min(len(articles), len(own)),
        sum(survey.by_source[source] for source in sources),
        tuple(sources),
        position if count >= 0.8 * len(surroundings) else "anywhere",
        len({survey.articles[number].month for number in articles}),
    )


def _position(around: tuple[int | None, int | None]) -> str:
    before, after = around
    return "anywhere" if before is not None and after is not None else "first" if before is None else "last"


def signs(candidate: Candidate, seen: Facts, survey: Survey) -> list[Sign]:
    """The signs of one candidate; none where it is the words of a text, or a writer's name, for certain."""
    wording, _ = candidate.wordings.most_common(1)[0]
    if wording in survey.bylines:
        return []
    found = [*_of_spread(candidate, seen, survey), *_of_place(candidate, seen)]
    if _like_a_name(wording):
        found.append(Sign(-4, "like a name or an office"))
    if candidate.kind == "words":
        return [*found, *_of_words(candidate, wording, survey)]
    if _prose(candidate, survey) > _MOST_PROSE:
        return []
    return [*found, *_of_element(candidate, seen)]


def _of_spread(candidate: Candidate, seen: Facts, survey: Survey) -> Iterator[Sign]:
    bound = lower_bound(seen.apart, seen.texts)
    for share, weight in _SHARES:
        if bound >= share:
            yield Sign(weight, f"in {seen.share:.0%} of the texts")
            break
    if len(seen.sources) > 1:
        yield Sign(1, f"in {len(seen.sources)} sources")
    articles = [survey.articles[number] for number in candidate.articles]
    sources = set(seen.sources)
    others = [one for one in survey.articles if one.source_id in sources]
    if seen.articles > 2 and seen.months == 1 and len({one.month for one in others}) > 6:
        yield Sign(-1, "within one month")
    if seen.articles > 2 and len({a.section for a in articles}) == 1 and len({a.section for a in others}) > 3:
        yield Sign(-1, "within one section")


def _of_place(candidate: Candidate, seen: Facts) -> Iterator[Sign]:
    if _mostly(candidate.occurrences, [occurrence.linked for occurrence in candidate.occurrences]):
        yield Sign(2, "a link or a button")
    if _mostly(candidate.occurrences, [occurrence.cell for occurrence in candidate.occurrences]):
        yield Sign(-3, "a cell of a row")
    if seen.apart < _FEW:
        return  # in so few texts a place may be chance
    if seen.position != "anywhere":
        yield Sign(1, f"{seen.position} in the text")
    if _mostly(candidate.occurrences, [occurrence.pictured for occurrence in candidate.occurrences]):
        yield Sign(1, "beside a picture")


def _of_words(candidate: Candidate, wording: str, survey: Survey) -> Iterator[Sign]:
    each = Counter(occurrence.article for occurrence in candidate.occurrences)
    numbered = NUMBER.search(wording) is not None
    if not numbered and max(each.values()) > 1:
        yield Sign(2, "more than once in one text")
    if any(_unreadable(word) for word in candidate.wordings):
        yield Sign(3, "no words that are read")
    if len({" ".join(text.split()) for text in map(folded, candidate.wordings)}) > 1:
        yield Sign(2, "spaced now so, now so")
    if _SENTENCE.search(wording):
        yield Sign(-2, "like a sentence")
    if numbered:
        yield from _of_numbers(candidate, wording, each)


def _of_numbers(candidate: Candidate, wording: str, each: Counter[int]) -> Iterator[Sign]:
    if _DATE.search(folded(wording)):
        yield Sign(-2, "a date")
    elif _LISTED.match(folded(wording)) or max(each.values()) > 1:
        yield Sign(-3, "counts what follows")
    elif len(each) > 2 and len(candidate.wordings) >= min(0.6 * len(each), 20):
        yield Sign(2, "another number in each text")


def _of_element(candidate: Candidate, seen: Facts) -> Iterator[Sign]:
    yield Sign(1, "an element without prose")
    wordings = Counter[str]()
    for wording, count in candidate.wordings.items():
        wordings[folded("".join(wording.split()))] += count
    if max(wordings.values()) >= 0.8 * len(candidate.occurrences):
        yield Sign(2 if seen.apart >= _FEW else 1, "always the same words")
    elif not _mostly(candidate.occurrences, [occurrence.linked for occurrence in candidate.occurrences]):
        yield Sign(-3, "its words vary, and are no links")


def _prose(candidate: Candidate, survey: Survey) -> float:
    """The share of its characters that stand in one text alone and are no links."""
    total = prose = 0
    for occurrence in candidate.occurrences:
        article = survey.articles[occurrence.article]
        for number in range(occurrence.start, occurrence.stop):
            total += article.sizes[number]
            if not occurrence.linked and not survey.repeated(article.lines[number]):
                prose += article.sizes[number]
    return prose / total if total else 1.0


def lower_bound(count: int, total: int) -> float:
    """The least share that ``count`` of ``total`` may stand for (Wilson's interval, 95 %): two of four say little."""
    share, square = count / total, _Z * _Z
    middle = share + square / (2 * total)
    return (middle - _Z * sqrt(share * (1 - share) / total + square / (4 * total * total))) / (1 + square / total)


def _mostly(occurrences: Sequence[Occurrence], held: Sequence[bool]) -> bool:
    return sum(held) >= 0.8 * len(occurrences)


def _unreadable(wording: str) -> bool:
    """Words that nobody writes: joined without spaces, as buttons stand in a row."""
    return any(len(word) > _LONG_WORD or _joined(word) for word in _WORD.findall(wording))


def _joined(word: str) -> bool:
    return any(one.islower() and other.isupper() for one, other in pairwise(word))


def _like_a_name(wording: str) -> bool:
    words = wording.split()
    return 2 <= len(words) <= 5 and all(w[0].isupper() and w.replace(".", "").isalpha() for w in words)
