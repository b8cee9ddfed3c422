"""Folding: from all captures of one article to its editions, its metadata changes and whether it is there.

Pure, and blind to the order in which captures arrived: they are sorted by capture time, URL key and payload digest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from archive.comparison import TEXT_FIELDS
from archive.corrections import correct, in_force
from archive.records import ABSENT, GOOD
from archive.seen import Correction, Seen

#: What was read in a capture.
_READ = ("reading_id", "content_hash", "published_at", "byline", "section", "captions", "words")


@dataclass(frozen=True, slots=True)
class Run:
    """An edition: consecutive captures with the same content. Absences in between do not end it.

    ``corrected`` has the corrections of its words, each once.
    """

    content_hash: str
    first: Seen
    last: Seen
    corrected: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Moved:
    """Something besides the words changed between two captures, or two addresses disagreed (field ``variant``)."""

    capture_id: int
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Fold:
    """All that follows from an article's captures, and from what persons decided of them.

    ``speakers`` are the captures that speak for it, as corrected; ``states`` says of each correction in force whether
    it ``holds`` somewhere, ``agrees`` with what the cleaner reads there, is ``covered`` by a later one, or holds
    ``nowhere``.
    """

    runs: tuple[Run, ...]
    moves: tuple[Moved, ...]
    speakers: tuple[Seen, ...]
    states: tuple[tuple[Correction, str], ...]
    gone_at: datetime | None
    first_captured_at: datetime
    last_captured_at: datetime

    @property
    def speaking(self) -> Seen | None:
        """The capture that speaks for the article now."""
        return self.speakers[-1] if self.speakers else None


def fold(captures: Iterable[Seen], decisions: Iterable[Correction] = ()) -> Fold:
    """The editions of the article that has these captures (at least one), corrected as was decided, in this order."""
    ordered = _confirmed(sorted(captures, key=lambda seen: seen.place))
    good = [seen for seen in ordered if seen.outcome in GOOD]
    read = [seen for seen in good if seen.content_hash is not None]
    speakers, variants = _speakers(read)
    speakers, states = correct(speakers, read, in_force(decisions))
    span = good or ordered
    return Fold(
        runs=_runs(speakers),
        moves=(*_moves(speakers), *variants),
        speakers=tuple(speakers),
        states=tuple(states.items()),
        gone_at=_gone_at(ordered),
        first_captured_at=span[0].captured_at,
        last_captured_at=span[-1].captured_at,
    )


def _confirmed(ordered: Sequence[Seen]) -> list[Seen]:
    """The captures in their order, where "not modified" has what was read in the good capture of that address before
    it: that is what the server confirms."""
    last: dict[str, Seen] = {}
    found = []
    for seen in ordered:
        if seen.outcome == "revisit-not-modified" and (before := last.get(seen.url_key)):
            read = {name: getattr(before, name) for name in _READ}
            seen = replace(seen, **read)
        if seen.outcome in GOOD:
            last[seen.url_key] = seen
        found.append(seen)
    return found


def _speakers(read: Sequence[Seen]) -> tuple[list[Seen], list[Moved]]:
    """In each visit one address speaks for the article (the preferred one, else the smallest key). The others
    corroborate; where one disagrees with what the speaker says in that visit, that is a variant."""
    speaker: dict[str, str] = {}
    for seen in sorted(read, key=lambda seen: (seen.preference, seen.url_key)):
        speaker.setdefault(seen.visit, seen.url_key)
    speaking = [seen for seen in read if speaker[seen.visit] == seen.url_key]
    said: dict[str, dict[str, None]] = {}
    for seen in speaking:
        said.setdefault(seen.visit, {})[seen.content_hash or ""] = None
    variants = [
        Moved(seen.capture_id, "variant", next(reversed(said[seen.visit])), seen.content_hash)
        for seen in read
        if speaker[seen.visit] != seen.url_key and seen.content_hash not in said[seen.visit]
    ]
    return speaking, variants


def _runs(speakers: Sequence[Seen]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for seen in speakers:
        corrected = tuple(one.correction for one in seen.held if one.correction.field in TEXT_FIELDS)
        if runs and runs[-1].content_hash == seen.content_hash:
            last = runs[-1]
            corrected = tuple(dict.fromkeys((*last.corrected, *corrected)))
            runs[-1] = Run(last.content_hash, last.first, seen, corrected)
        else:
            runs.append(Run(seen.content_hash or "", seen, seen, corrected))
    return tuple(runs)


def _moves(speakers: Sequence[Seen]) -> list[Moved]:
    moves = []
    for before, after in pairwise(speakers):
        fields = ["published_at", "byline"]
        if before.url_key == after.url_key:  # another address has another breadcrumb: no change of the article's
            fields.append("section")
        for name in fields:
            old, new = getattr(before, name), getattr(after, name)
            if old != new:
                moves.append(Moved(after.capture_id, name, old, new))
        if before.captions != after.captions:
            moves.append(Moved(after.capture_id, "captions", "\n".join(before.captions), "\n".join(after.captions)))
        # Relative addresses, and those below a language, depend on the page's own: compared at one address only.
        if before.url_key == after.url_key and before.attachments != after.attachments:
            told = ("\n".join(before.attachments), "\n".join(after.attachments))
            moves.append(Moved(after.capture_id, "attachments", *told))
    return moves


def _gone_at(ordered: Sequence[Seen]) -> datetime | None:
    """The first absence after the last good capture, once every address that ever was good is absent.

    A dead link to an article that stands elsewhere says nothing; failures and blocks never do.
    """
    state: dict[str, bool] = {}
    for seen in ordered:
        if seen.outcome in GOOD:
            state[seen.url_key] = True
        elif seen.outcome in (*ABSENT, "redirected") and seen.url_key in state:
            state[seen.url_key] = False
    if not state or any(state.values()):
        return None
    last_good = max(n for n, seen in enumerate(ordered) if seen.outcome in GOOD)
    absent = (s.captured_at for s in ordered[last_good:] if s.outcome in ABSENT and s.url_key in state)
    return next(absent, None)  # only redirects: nobody said that it is gone
