"""Storing what a cleaner made of captures: contents, readings, and which reading belongs to which capture.

Rows go in sorted by their keys, so that the same captures give the same row numbers whatever came first in a batch.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from archive.attachments import attachments_of, insert_attachments
from archive.database import batched, insert_new
from archive.models import Capture, CaptureReading, Cleaner, Content
from archive.models import Reading as ReadingRow
from archive.records import Attachment, Reading, Removed
from archive.records import Content as ContentRecord

Manifest = Callable[[str], Mapping[str, object]]

#: Captures that a cleaner looks into: an article's pages of which something came. Any statement may use it.
TO_READ = (
    (Capture.kind == "article") & (Capture.stored_digest != "") & ((Capture.status == 200) | Capture.status.is_(None))
)
#: All columns in which what a cleaner made of a capture is stored.
_STORED: tuple[Any, ...] = (
    CaptureReading.outcome,
    CaptureReading.reason,
    *(column for column in ReadingRow.__table__.columns if column.name not in ("id", "cleaner_digest", "corrected")),
    *(column for column in Content.__table__.columns if column.name != "content_hash"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a cleaner made of one capture: how it ended, why, and what was read, if anything was."""

    capture_id: int
    source_id: str
    article_key: str
    cleaner_digest: str
    outcome: str
    reason: str | None
    reading: Reading | None


def insert_verdicts(connection: Connection, verdicts: Sequence[Verdict], manifest: Manifest, now: datetime) -> None:
    """Store verdicts; what is there already stays as it is. ``manifest`` gives the manifest behind a digest."""
    readings = {(v.reading.input_digest, v.cleaner_digest): v.reading for v in verdicts if v.reading is not None}
    contents = {r.content.content_hash: r.content for r in readings.values() if r.content}
    insert_new(connection, Content, [_content_row(content) for _, content in sorted(contents.items())])
    know_cleaners(connection, {v.cleaner_digest for v in verdicts}, manifest, now)
    insert_new(connection, ReadingRow, [_reading_row(reading) for _, reading in sorted(readings.items(), key=_key)])
    ids = _reading_ids(connection, readings)
    insert_attachments(connection, readings, ids)
    rows = [
        {
            "capture_id": v.capture_id,
            "cleaner_digest": v.cleaner_digest,
            "outcome": v.outcome,
            "reason": v.reason,
            "reading_id": ids[v.reading.input_digest, v.cleaner_digest] if v.reading is not None else None,
        }
        for v in sorted(verdicts, key=lambda verdict: verdict.capture_id)
    ]
    insert_new(connection, CaptureReading, rows)


def sift(connection: Connection, verdicts: Sequence[Verdict]) -> tuple[list[Verdict], list[tuple[Verdict, list[str]]]]:
    """The verdicts that are not stored yet; and those of which something else is stored, with the columns that differ.

    The second never happens where the same cleaner reads the same input.
    """
    stored: dict[tuple[int, str], Any] = {}
    for some in batched(verdicts):
        rows = connection.execute(
            select(CaptureReading.capture_id, CaptureReading.cleaner_digest, CaptureReading.reading_id, *_STORED)
            .outerjoin(ReadingRow, ReadingRow.id == CaptureReading.reading_id)
            .outerjoin(Content, Content.content_hash == ReadingRow.content_hash)
            .where(
                CaptureReading.capture_id.in_({v.capture_id for v in some}),
                CaptureReading.cleaner_digest.in_({v.cleaner_digest for v in some}),
            )
        )
        stored |= {(row.capture_id, row.cleaner_digest): row._mapping for row in rows}
    fresh = [v for v in verdicts if (v.capture_id, v.cleaner_digest) not in stored]
    named = attachments_of(connection, (row["reading_id"] for row in stored.values()))
    known = ((v, stored.get((v.capture_id, v.cleaner_digest))) for v in verdicts)
    other = [(v, _differing(v, row, named.get(row["reading_id"], ()))) for v, row in known if row is not None]
    return fresh, [(verdict, names) for verdict, names in other if names]


def _differing(verdict: Verdict, stored: Mapping[str, Any], named: tuple[Attachment, ...]) -> list[str]:
    said: dict[str, Any] = {"outcome": verdict.outcome, "reason": verdict.reason}
    if verdict.reading is not None:
        said |= _reading_row(verdict.reading)
        said |= _content_row(verdict.reading.content) if verdict.reading.content else {}
    names = [column.name for column in _STORED if said.get(column.name) != stored[column.name]]
    return names if (verdict.reading.attachments if verdict.reading else ()) == named else [*names, "attachments"]


def know_cleaners(connection: Connection, digests: set[str], manifest: Manifest, now: datetime) -> None:
    """Make cleaners known with what they are."""
    known = set(connection.execute(select(Cleaner.digest).where(Cleaner.digest.in_(digests))).scalars())
    new = [{"digest": d, "manifest": dict(manifest(d)), "first_used_at": now} for d in sorted(digests - known)]
    insert_new(connection, Cleaner, new)


def _key(item: tuple[tuple[str, str], Reading]) -> tuple[str, str]:
    return item[0]


def _reading_ids(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    keys = list(keys)
    wanted = ReadingRow.input_digest.in_({k[0] for k in keys}) & ReadingRow.cleaner_digest.in_({k[1] for k in keys})
    columns = (ReadingRow.input_digest, ReadingRow.cleaner_digest, ReadingRow.id)
    return {
        (row.input_digest, row.cleaner_digest): row.id for row in connection.execute(select(*columns).where(wanted))
    }


def _content_row(content: ContentRecord) -> dict[str, Any]:
    return {
        "content_hash": content.content_hash,
        "body_hash": content.body_hash,
        "title": content.title,
        "lead": content.lead,
        "body": "\n".join(content.paragraphs),
    }


def _reading_row(reading: Reading) -> dict[str, Any]:
    return {
        "input_digest": reading.input_digest,
        "cleaner_digest": reading.cleaner_digest,
        "layout": reading.layout,
        "content_hash": reading.content.content_hash if reading.content else None,
        "published_at": reading.published_at,
        "published_evidence": reading.published_evidence,
        "published_rule": reading.published_rule,
        "byline": reading.byline,
        "section": reading.section,
        "language": reading.language,
        "captions": list(reading.captions),
        "removed": [_removed(removed) for removed in reading.removed],
        "restored": list(reading.restored),
        "evidence": [{"field": e.field, "rule": e.rule, "line": e.line} for e in reading.evidence],
        "warnings": list(reading.warnings),
        "structure": [{"kind": p.kind, "first": p.first, "lines": list(p.lines)} for p in reading.structure],
    }


def _removed(removed: Removed) -> dict[str, Any]:
    row: dict[str, Any] = {"rule": removed.rule, "text": removed.text}
    return row if removed.line is None else row | {"line": removed.line}
