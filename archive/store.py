"""The one writer of the database: a batch of captures in, one transaction out.

What it is given is already in the archive. It stores captures, contents and readings, moves the frontier, folds the
articles concerned and tells the change feed; all of it or nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update

from archive.clock import Clock
from archive.database import insert_new, insert_one, reading
from archive.folding import refold
from archive.frontier import note_captures
from archive.journal import Journal
from archive.models import Capture as CaptureRow
from archive.models import Change, Cleaner, Content, Crawl, Promotion, Source
from archive.models import Reading as ReadingRow
from archive.records import Capture, Reading
from archive.records import Content as ContentRecord

FIRST_CLEANER = "first cleaner of this source"


class Store:
    """Writes to the database at ``engine``. ``manifest`` gives the manifest behind a cleaner's digest."""

    def __init__(
        self, engine: Engine, journal: Journal, clock: Clock, manifest: Callable[[str], Mapping[str, object]]
    ) -> None:
        self.engine, self._journal, self._clock, self._manifest = engine, journal, clock, manifest
        self._crawls: dict[str, int] = {}

    def add_sources(self, sources: Iterable[tuple[str, str, str | None, str, bool]]) -> None:
        """Make sources known, as (id, name, level, layout, listed); what the catalogue says now is what holds."""
        with self.engine.begin() as connection:
            for source_id, name, level, layout, listed in sources:
                values = {"name": name, "level": level, "layout": layout, "listed": listed}
                insert_new(connection, Source, [{"id": source_id, **values}])
                connection.execute(update(Source).where(Source.id == source_id).values(values))

    def start_crawl(self, key: str, started_at: datetime, software: str, config: Mapping[str, Any]) -> None:
        """Open the record of a crawl; one that is known already stays as it is."""
        row = {"key": key, "started_at": started_at, "outcome": "running", "software": software}
        with self.engine.begin() as connection:
            insert_new(connection, Crawl, [{**row, "ended_at": None, "config": dict(config), "counts": {}}])

    def end_crawl(self, key: str, ended_at: datetime, outcome: str, counts: Mapping[str, Any]) -> None:
        """Close the record of a crawl with its counts by source."""
        values = {"ended_at": ended_at, "outcome": outcome, "counts": dict(counts)}
        with self.engine.begin() as connection:
            connection.execute(update(Crawl).where(Crawl.key == key).values(values))

    def end_unfinished(self) -> None:
        """After a rebuild: a crawl of which the journal knows no end was interrupted, with its last capture."""
        last = select(func.max(CaptureRow.captured_at)).where(CaptureRow.crawl_id == Crawl.id).scalar_subquery()
        with self.engine.begin() as connection:
            running = update(Crawl).where(Crawl.outcome == "running")
            connection.execute(running.values(outcome="interrupted", ended_at=last))

    def promoted(self) -> dict[str, str]:
        """Source id → digest of the cleaner that is promoted for it."""
        with reading(self.engine) as connection:
            return _promoted(connection)

    def promote(self, source_id: str, digest: str, reason: str) -> None:
        """Make a cleaner the one whose readings this source's editions come from; the journal has it first."""
        with self.engine.begin() as connection:
            self._promote(connection, source_id, digest, reason)

    def restore_promotion(self, source_id: str, digest: str, promoted_at: datetime, reason: str) -> None:
        """Put back a promotion that the journal holds already."""
        with self.engine.begin() as connection:
            self._know_cleaners(connection, {digest}, promoted_at)
            values = {"source_id": source_id, "cleaner_digest": digest, "promoted_at": promoted_at, "reason": reason}
            insert_one(connection, Promotion, **values)

    def store(self, captures: Sequence[Capture]) -> int:
        """Store a batch; how many captures were new. Those that the database has already change nothing."""
        now = self._clock.now()
        with self.engine.begin() as connection:
            known = set(connection.execute(select(Source.id)).scalars())
            strangers = {c.source_id for c in captures} - known
            insert_new(connection, Source, [_unlisted(source_id) for source_id in sorted(strangers)])
            fresh = self._insert_captures(connection, captures)
            self._insert_readings(connection, [c.page.reading for c in fresh if c.page.reading], now)
            for source_id, digest in _first_readings(fresh).items():
                if source_id not in _promoted(connection):
                    self._promote(connection, source_id, digest, FIRST_CLEANER)
            note_captures(connection, fresh, now)
            refold(connection, {c.page.article_key for c in fresh if c.page.article_key}, now)
        return len(fresh)

    def _insert_captures(self, connection: Connection, captures: Sequence[Capture]) -> list[Capture]:
        wanted = {(c.captured_at, c.url_key, c.page.payload_digest): c for c in captures}
        identity = select(CaptureRow.captured_at, CaptureRow.url_key, CaptureRow.payload_digest)
        known = {tuple(row) for row in connection.execute(identity.where(_among(wanted)))}
        fresh = [capture for key, capture in wanted.items() if key not in known]
        insert_new(connection, CaptureRow, [self._capture_row(connection, capture) for capture in fresh])
        return fresh

    def _capture_row(self, connection: Connection, capture: Capture) -> dict[str, Any]:
        page, place = capture.page, capture.location
        return {
            "source_id": capture.source_id,
            "crawl_id": self._crawl_id(connection, capture.crawl_key),
            "url": capture.url,
            "url_key": capture.url_key,
            "captured_at": capture.captured_at,
            "kind": page.kind,
            "article_key": page.article_key,
            "preference": page.preference,
            "outcome": page.outcome,
            "reason": page.reason,
            "status": capture.status,
            "content_type": capture.content_type,
            "redirect_url": capture.redirect_url,
            "etag": capture.etag,
            "last_modified": capture.last_modified,
            "payload_digest": page.payload_digest,
            "stored_digest": capture.stored_digest,
            "input_digest": page.input_digest,
            "warc_file": place.file,
            "warc_offset": place.offset,
            "warc_length": place.length,
        }

    def _crawl_id(self, connection: Connection, key: str) -> int:
        if key not in self._crawls:
            self._crawls[key] = connection.execute(select(Crawl.id).where(Crawl.key == key)).scalar_one()
        return self._crawls[key]

    def _insert_readings(self, connection: Connection, readings: Sequence[Reading], now: datetime) -> None:
        contents = {r.content.content_hash: r.content for r in readings if r.content}
        insert_new(connection, Content, [_content_row(content) for content in contents.values()])
        self._know_cleaners(connection, {r.cleaner_digest for r in readings}, now)
        insert_new(connection, ReadingRow, [_reading_row(reading) for reading in readings])

    def _know_cleaners(self, connection: Connection, digests: set[str], now: datetime) -> None:
        known = set(connection.execute(select(Cleaner.digest).where(Cleaner.digest.in_(digests))).scalars())
        manifests = {digest: self._manifest(digest) for digest in digests - known}
        insert_new(
            connection,
            Cleaner,
            [{"digest": d, "manifest": dict(m), "first_used_at": now} for d, m in manifests.items()],
        )

    def _promote(self, connection: Connection, source_id: str, digest: str, reason: str) -> None:
        now = self._clock.now()
        self._know_cleaners(connection, {digest}, now)
        self._journal.append(now, "promotion", source=source_id, cleaner=digest, reason=reason)
        values = {"source_id": source_id, "cleaner_digest": digest, "promoted_at": now, "reason": reason}
        insert_one(connection, Promotion, **values)
        detail = {"cleaner": digest, "reason": reason}
        insert_one(connection, Change, at=now, kind="promotion", article_key=None, source_id=source_id, detail=detail)


def _among(identities: Iterable[tuple[datetime, str, str]]) -> ColumnElement[bool]:
    """Captures that may have one of these identities: one of the times and one of the addresses."""
    keys = list(identities)
    return CaptureRow.captured_at.in_([k[0] for k in keys]) & CaptureRow.url_key.in_([k[1] for k in keys])


def _promoted(connection: Connection) -> dict[str, str]:
    newest = select(func.max(Promotion.id)).group_by(Promotion.source_id)
    rows = connection.execute(select(Promotion.source_id, Promotion.cleaner_digest).where(Promotion.id.in_(newest)))
    return {source_id: digest for source_id, digest in rows}


def _first_readings(captures: Sequence[Capture]) -> dict[str, str]:
    return {c.source_id: c.page.reading.cleaner_digest for c in captures if c.page.reading is not None}


def _unlisted(source_id: str) -> dict[str, Any]:
    return {"id": source_id, "name": source_id, "level": None, "layout": "generic", "listed": False}


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
        "removed": [{"rule": removed.rule, "text": removed.text} for removed in reading.removed],
        "restored": list(reading.restored),
        "warnings": list(reading.warnings),
    }
