"""Correcting: a person's decision on an article is checked, stored, and followed by what readers see.

The publisher did nothing, so the change feed tells of no edition: one entry, ``correction``, says what moved.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from archive.clock import rfc3339
from archive.corrections import FIELDS, in_force, said
from archive.database import batched
from archive.decisions import ENTRY, decided, decisions, keep
from archive.errors import UsageError
from archive.export import KEYS, contract
from archive.folding import refold
from archive.queries import Row, article
from archive.seen import Correction, Seen
from archive.stories import Story, stories


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants corrected, or taken back (``withdrawn``): of the article as it was at ``moment``, by default
    as it is now. ``value`` is in canonical form, lines joined by line feeds."""

    key: str
    field: str
    value: str | None
    reason: str
    moment: datetime | None = None
    withdrawn: bool = False


def decide(connection: Connection, wish: Wish, now: datetime) -> Correction:
    """The decision that does what a person wants. Raises UsageError, with the remedy, where nothing would come of it.

    Where a correction holds already, the decision is made at its capture, so that it replaces it, or takes it back.
    """
    if wish.field not in FIELDS:
        raise UsageError(f"{wish.field}: cannot be corrected. Give one of: {', '.join(FIELDS)}")
    if not wish.reason.strip():
        raise UsageError("a correction needs a reason: say with --reason how you know what is right")
    made = decisions(connection, [wish.key]).get(wish.key, [])
    there = {one.captured_at for one in in_force(made) if one.field == wish.field}
    if wish.withdrawn and wish.moment in there:  # though it may hold nowhere, and nothing be read of the article
        return Correction(wish.moment, wish.field, None, wish.reason.strip(), now, True)
    seen = _capture(connection, wish)
    held = next((one for one in seen.held if one.correction.field == wish.field), None)
    at = held.correction.captured_at if held else seen.captured_at
    if wish.withdrawn:
        if at not in there:
            where = "`bantin corrections` lists what is, and where"
            raise UsageError(f"{wish.key}: its {wish.field} is not corrected there. {where}")
    elif wish.value == said(seen, wish.field):
        raise UsageError(f"{wish.key}: its {wish.field} is read so already. Give what it should be instead")
    elif held is not None and wish.value == held.was:
        remedy = f"--field {wish.field} --withdraw --reason …"
        raise UsageError(f"{wish.key}: its page is read so without a correction. Take that back: {remedy}")
    return Correction(at, wish.field, wish.value, wish.reason.strip(), now, wish.withdrawn)


def _capture(connection: Connection, wish: Wish) -> Seen:
    """The capture that speaks for the article at the moment meant."""
    told = stories(connection, [wish.key])
    speakers = told[0].folded.speakers if told and told[0].told else ()
    if not speakers:
        raise UsageError(f"{wish.key}: has no edition under the cleaner promoted for its source. Run `bantin status`")
    found = [seen for seen in speakers if wish.moment is None or seen.captured_at <= wish.moment]
    if not found:
        raise UsageError(
            f"{wish.key}: has no edition at that time, before it was first captured."
            f" `bantin history {wish.key}` lists its editions and their times"
        )
    return found[-1]


def carry_out(connection: Connection, key: str, decision: Correction, now: datetime) -> dict[str, Any]:
    """Store a decision and let readers see what follows from it; the row for the change feed. The journal must have the
    decision already."""
    before = article(connection, key)
    keep(connection, [(key, decision)])
    refold(connection, [key], now)  # what it would tell, of editions and the like, is not the publisher's doing
    after = article(connection, key)
    detail: dict[str, Any] = {"field": decision.field, "fields": _differing(before, after)}
    detail |= {"content_hash": after["content_hash"]} if after else {}
    detail |= {"captured_at": rfc3339(decision.captured_at), "reason": decision.reason}
    detail |= {"withdrawn": True} if decision.withdrawn else {}
    source_id = after["source_id"] if after else None
    return {"at": now, "kind": ENTRY, "article_key": key, "source_id": source_id, "detail": detail}


def _differing(before: Row | None, after: Row | None) -> list[str]:
    """The export's keys that differ; none where the article has no row."""
    if before is None or after is None:
        return []
    old, new = contract(before), contract(after)
    return [name for name in KEYS if old[name] != new[name]]


def corrections(connection: Connection) -> list[dict[str, Any]]:
    """Every correction ever made, by article, capture and field, the oldest first: `article_key captured_at field value
    reason corrected_at state`, and of one that was withdrawn when and why (`withdrawn_at withdrawn_because`).

    ``state``: as in `archive.editions.Fold`, or ``replaced`` by a later one at the same capture, or ``withdrawn``.
    """
    made = decided(connection)
    folded = {story.key: story for some in batched(sorted(made)) for story in stories(connection, some)}
    rows = [row for key, some in sorted(made.items()) for row in _rows(key, some, folded.get(key))]
    return sorted(rows, key=lambda row: (row["article_key"], row["captured_at"], FIELDS.index(row["field"])))


def _rows(key: str, made: list[Correction], story: Story | None) -> list[dict[str, Any]]:
    states = dict(story.folded.states) if story is not None and story.told else {}
    force = in_force(made)
    rows = []
    for n, one in enumerate(made):
        if one.withdrawn:
            continue
        row = {"article_key": key, "captured_at": one.captured_at, "field": one.field, "value": one.value}
        row |= {"reason": one.reason, "corrected_at": one.made_at}
        later = [other for other in made[n + 1 :] if (other.captured_at, other.field) == (one.captured_at, one.field)]
        if one in force:
            row |= {"state": states.get(one, "nowhere")}
        elif later[0].withdrawn:
            row |= {"state": "withdrawn", "withdrawn_at": later[0].made_at, "withdrawn_because": later[0].reason}
        else:
            row |= {"state": "replaced"}
        rows.append(row)
    return rows
