"""Corrections: what a person decided of a field, applied to what a cleaner reads. Pure; a step of folding.

A correction is made at one capture. It holds for the captures around it, those that speak for the article, as long as
the cleaner reads the same in the field there as in that capture, whatever it is that it reads: so another cleaner does
not end it, and the next change by the publisher does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archive.comparison import TEXT_FIELDS
from archive.hashes import content_hash
from archive.seen import Correction, Held, Seen, Words

#: What can be corrected.
FIELDS = (*TEXT_FIELDS, "published_at", "byline", "section", "captions")


def in_force(decisions: Iterable[Correction]) -> list[Correction]:
    """The last decision on each field at each capture, unless it takes the correction back; in the order made."""
    last: dict[tuple[object, str], Correction] = {}
    for one in decisions:
        key = (one.captured_at, one.field)
        last.pop(key, None)
        last[key] = one
    return [one for one in last.values() if not one.withdrawn]


def said(seen: Seen, field: str) -> str | None:
    """What is read in a field of this capture, as text: paragraphs and captions joined by line feeds."""
    if field in TEXT_FIELDS:
        return (getattr(seen.words, field) or None) if seen.words is not None else None
    if field == "captions":
        return "\n".join(seen.captions) or None
    value: str | None = getattr(seen, field)
    return value


def correct(
    speakers: Sequence[Seen], read: Sequence[Seen], corrections: Sequence[Correction]
) -> tuple[list[Seen], dict[Correction, str]]:
    """The captures that speak, as corrected, and what became of each correction (see `archive.editions.Fold`).

    ``read`` are all in which something was read, in order. Where two corrections of a field meet, the later one holds.
    """
    if not corrections:
        return list(speakers), {}
    places = {one: _reach(one, speakers, read) for one in corrections}
    holding: dict[tuple[int, str], Correction] = {}
    for one, reach in places.items():
        holding |= {(n, one.field): one for n in reach}
    found = []
    for n, seen in enumerate(speakers):
        here = [(holding[n, field], said(seen, field)) for field in FIELDS if (n, field) in holding]
        found.append(_corrected(seen, tuple(Held(one, was) for one, was in here if one.value != was)))
    telling = {held.correction for seen in found for held in seen.held}
    winning = set(holding.values())
    return found, {one: _state(places[one], one in winning, one in telling) for one in corrections}


def _reach(correction: Correction, speakers: Sequence[Seen], read: Sequence[Seen]) -> range:
    """Which of the speaking captures a correction holds for; those around the capture at which it was made."""
    there = [seen for seen in read if seen.captured_at == correction.captured_at]
    speaking = {seen.place for seen in speakers}
    anchor = next((seen for seen in there if seen.place in speaking), there[-1] if there else None)
    if anchor is None:
        return range(0)
    raw = said(anchor, correction.field)
    start = end = sum(seen.place < anchor.place for seen in speakers)
    while start > 0 and said(speakers[start - 1], correction.field) == raw:
        start -= 1
    while end < len(speakers) and said(speakers[end], correction.field) == raw:
        end += 1
    return range(start, end)


def _state(reach: range, wins: bool, tells: bool) -> str:
    if not reach:
        return "nowhere"
    if not wins:
        return "covered"
    return "holds" if tells else "agrees"


def _corrected(seen: Seen, held: tuple[Held, ...]) -> Seen:
    if not held:
        return seen
    said_now = {field: said(seen, field) for field in FIELDS}
    said_now |= {one.correction.field: one.correction.value for one in held}
    words = Words(said_now["title"], said_now["lead"], said_now["body"] or "")
    hashed = content_hash(words.title, words.lead, _lines(words.body)) if words != seen.words else seen.content_hash
    return replace(
        seen,
        content_hash=hashed,
        words=words,
        published_at=said_now["published_at"],
        byline=said_now["byline"],
        section=said_now["section"],
        captions=_lines(said_now["captions"]),
        held=held,
    )


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
