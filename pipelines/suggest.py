"""Noise rules that an archive suggests: candidates judged by their signs, ranked, what covers the same told once. Pure.

`pipelines.repetition` counts, `pipelines.signs` weighs, `pipelines.proposals` writes the rules as TOML.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.repetition import Candidate, Survey
from pipelines.signs import ENOUGH, Facts, Sign, facts, signs

_COVERED = 0.8  # of a candidate's lines, from which on another says the same

Lines = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule would take of the texts that were looked at; ``emptied`` are texts of which no line would be left."""

    texts: int
    lines: int
    characters: int
    emptied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule to paste, for one layout or for all (``common``), and why. ``key`` is one of css, squeezed, line."""

    layouts: tuple[str, ...]
    candidate: Candidate
    seen: Facts
    signs: tuple[Sign, ...]
    effect: Effect
    samples: tuple[tuple[str, str], ...]

    @property
    def weight(self) -> int:
        """What all signs weigh together."""
        return sum(sign.weight for sign in self.signs)


@dataclass(frozen=True, slots=True)
class _Judged:
    layout: str
    candidate: Candidate
    seen: Facts
    signs: tuple[Sign, ...]
    lines: Lines
    weight: int


def suggest(survey: Survey) -> list[Proposal]:
    """All proposals, what is most surely noise first."""
    judged = [one for layout, candidate in survey.candidates() for one in _judged(layout, candidate, survey)]
    return [_proposal(one, survey) for one in _without_doubles(judged)]


def _judged(layout: str, candidate: Candidate, survey: Survey) -> Iterator[_Judged]:
    seen = facts(candidate, survey)
    found = tuple(signs(candidate, seen, survey)) if seen else ()
    weight = sum(sign.weight for sign in found)
    if seen is not None and weight >= ENOUGH:
        lines = frozenset((p.article, number) for p in candidate.occurrences for number in range(p.start, p.stop))
        yield _Judged(layout, candidate, seen, found, lines, weight)


def _without_doubles(judged: list[_Judged]) -> list[_Judged]:
    """Of those that take the same lines one, and of one within another the larger: it is proposed where either would
    be, as high as the surer of the two."""
    kept: list[tuple[int, _Judged]] = []
    for one in sorted(judged, key=lambda j: (-len(j.lines), -j.weight, len(j.candidate.name), j.candidate.name)):
        inner = next((n for n, (_, other) in enumerate(kept) if _covers(other.lines, one.lines)), None)
        if inner is None:
            kept.append((one.weight, one))
        else:
            kept[inner] = (max(kept[inner][0], one.weight), kept[inner][1])
    ranked = sorted(kept, key=lambda k: (-k[0], -k[1].seen.share, -k[1].seen.articles, k[1].candidate.name))
    return [one for _, one in ranked]


def _covers(lines: Lines, others: Lines) -> bool:
    return len(lines & others) >= _COVERED * len(others)


def _proposal(one: _Judged, survey: Survey) -> Proposal:
    articles = [survey.articles[number] for number in one.candidate.articles]
    layouts = (one.layout,) if one.layout else tuple(sorted({article.layout for article in articles}))
    shown = tuple((survey.articles[n].key, wording) for n, wording in one.candidate.samples.items())
    return Proposal(layouts, one.candidate, one.seen, one.signs, _effect(one, survey), shown)


def _effect(one: _Judged, survey: Survey) -> Effect:
    taken = Counter(article for article, number in one.lines)
    body = Counter(article for article, number in one.lines if survey.articles[article].body[number])
    emptied = sorted(
        survey.articles[n].key for n, count in body.items() if count and count == sum(survey.articles[n].body)
    )
    characters = sum(survey.articles[article].sizes[number] for article, number in one.lines)
    return Effect(len(taken), sum(taken.values()), characters, tuple(emptied))
