"""Storing what follows from corrections: readings of their own beside the cleaner's, and which capture has which.

A corrected reading is the cleaner's with the corrected fields; its input digest follows from that reading's and the
corrections. `capture_reading` goes on tying captures to what the cleaner read, `corrected_reading` ties those in which
a correction holds to what readers are told.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from archive.attachments import attachments_of, values_of
from archive.database import batched, insert_new
from archive.decisions import told
from archive.hashes import body_hash, digest
from archive.models import Content, CorrectedReading, Reading, ReadingAttachment
from archive.seen import Seen
from archive.stories import Story


def store_corrected(connection: Connection, stories: Iterable[Story]) -> dict[int, int]:
    """Bring the corrected readings of these articles in line with what persons decided; capture → corrected reading.

    Articles of which nobody ever decided anything cost nothing.
    """
    found: dict[int, int] = {}
    for story in stories:
        if story.decided and story.cleaner is not None:
            held = [seen for seen in story.folded.speakers if seen.held]
            ids = _readings(connection, held)
            _tie(connection, story, ids)
            found |= ids
    return found


def _tie(connection: Connection, story: Story, ids: dict[int, int]) -> None:
    for some in batched([seen.capture_id for seen in story.captures]):
        old = CorrectedReading.capture_id.in_(some) & (CorrectedReading.cleaner_digest == story.cleaner)
        connection.execute(delete(CorrectedReading).where(old))
    rows = [
        {"capture_id": capture_id, "cleaner_digest": story.cleaner, "reading_id": reading_id}
        for capture_id, reading_id in sorted(ids.items())
    ]
    insert_new(connection, CorrectedReading, rows)


def _readings(connection: Connection, held: Sequence[Seen]) -> dict[int, int]:
    """Store the readings of captures in which corrections hold, and their texts; capture → reading."""
    insert_new(connection, Content, [_content(seen) for seen in held])
    raw = {row["id"]: row for row in _rows(connection, Reading.id, {seen.reading_id for seen in held})}
    new = {seen.capture_id: _reading(raw[seen.reading_id], seen) for seen in held}
    insert_new(connection, Reading, list(new.values()))
    stored = _rows(connection, Reading.input_digest, {row["input_digest"] for row in new.values()})
    ids = {(row["input_digest"], row["cleaner_digest"]): int(row["id"]) for row in stored}
    found = {capture_id: ids[row["input_digest"], row["cleaner_digest"]] for capture_id, row in new.items()}
    _name_attachments(connection, {(seen.reading_id, found[seen.capture_id]) for seen in held})
    return found


def _rows(connection: Connection, column: Any, wanted: set[Any]) -> list[dict[str, Any]]:
    query = select(Reading.__table__)
    parts = (connection.execute(query.where(column.in_(some))) for some in batched(sorted(wanted)))
    return [dict(row) for part in parts for row in part.mappings()]


def _reading(raw: dict[str, Any], seen: Seen) -> dict[str, Any]:
    corrections = [held.correction for held in seen.held]
    said = [[one.field, one.value, told(one)] for one in corrections]
    row = {name: value for name, value in raw.items() if name != "id"}
    row |= {"input_digest": digest(raw["input_digest"], said), "content_hash": seen.content_hash}
    row |= {"published_at": seen.published_at, "byline": seen.byline, "section": seen.section}
    row |= {"captions": list(seen.captions), "corrected": [told(one) for one in corrections]}
    fields = {one.field for one in corrections}
    if "published_at" in fields:  # the page does not bear it out
        row |= {"published_evidence": None, "published_rule": None}
    if "body" in fields:  # it counts other paragraphs
        row |= {"structure": []}
    return row


def _content(seen: Seen) -> dict[str, Any]:
    assert seen.words is not None, "an article of which a person decided something is loaded with its words"
    paragraphs = seen.words.body.split("\n") if seen.words.body else []
    texts = {"title": seen.words.title, "lead": seen.words.lead, "body": seen.words.body}
    return {"content_hash": seen.content_hash, "body_hash": body_hash(paragraphs), **texts}


def _name_attachments(connection: Connection, pairs: set[tuple[int | None, int]]) -> None:
    """A corrected reading names what the cleaner's reading names."""
    named = attachments_of(connection, (raw for raw, _ in pairs))
    rows = [
        {"reading_id": corrected, "position": position, **values_of(one)}
        for raw, corrected in sorted(pairs, key=lambda pair: pair[1])
        for position, one in enumerate(named.get(raw or 0, ()), 1)
    ]
    insert_new(connection, ReadingAttachment, rows)
