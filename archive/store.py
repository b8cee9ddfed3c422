"""The one writer of the database: a batch of captures in, one transaction out.

What it is given is already in the archive. It stores captures, contents and readings, moves the frontier, folds the
articles concerned and tells the change feed; all of it or nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update

from archive import catalogue
from archive.attachments import note_files
from archive.catalogue import SourceFacts, UnitFacts
from archive.clock import Clock
from archive.correcting import Wish, carry_out, decide
from archive.database import batched, insert_new, insert_one, reading
from archive.decisions import ENTRY, facts, keep, recalled
from archive.extractions import keep_extractions
from archive.folding import fold_ahead, refold
from archive.journal import Journal
from archive.models import Capture as CaptureRow
from archive.models import Change, Crawl, Promotion, Source
from archive.noting import note_captures
from archive.promotions import article_keys, promoted_cleaners, record, switch
from archive.readings import Manifest, Verdict, insert_verdicts, know_cleaners, sift
from archive.records import Capture, Extracted
from archive.returning import come_back, come_back_to

FIRST_CLEANER = "first cleaner of this source"


class Store:
    """Writes to the database at ``engine``. ``manifest`` gives the manifest behind a cleaner's digest."""

    def __init__(self, engine: Engine, journal: Journal, clock: Clock, manifest: Manifest) -> None:
        self.engine, self._journal, self._clock, self._manifest = engine, journal, clock, manifest
        self._crawls: dict[str, int] = {}

    def add_sources(self, sources: Iterable[SourceFacts], units: Iterable[UnitFacts] = ()) -> None:
        """Make sources and the units they belong to known; what the catalogue says now is what holds."""
        with self.engine.begin() as connection:
            catalogue.note(connection, sources, units)

    def start_crawl(
        self, key: str, started_at: datetime, software: str, config: Mapping[str, Any], kind: str = "crawl"
    ) -> None:
        """Open the record of a crawl (or, by ``kind``, of an import); one that is known already stays as it is."""
        row = {"key": key, "kind": kind, "started_at": started_at, "outcome": "running", "software": software}
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
            return promoted_cleaners(connection)

    def promote(self, source_id: str, digest: str, reason: str) -> Counter[str]:
        """Make a cleaner the one whose readings this source's editions come from, in one transaction; the journal has
        it first. How many changes of each kind the feed tells of it: none where it is promoted already."""
        now = self._clock.now()
        with self.engine.begin() as connection:
            if promoted_cleaners(connection).get(source_id) == digest:
                return Counter()
            know_cleaners(connection, {digest}, self._manifest, now)
            self._journal.append(now, "promotion", source=source_id, cleaner=digest, reason=reason)
            changes = switch(connection, source_id, digest, reason, now)
            insert_new(connection, Change, changes)
        return Counter(change["kind"] for change in changes)

    def add_verdicts(
        self, verdicts: Sequence[Verdict], extracted: Iterable[Extracted | None] = ()
    ) -> list[tuple[Verdict, list[str]]]:
        """Store what a cleaner made of captures that are here already, and what its first stage left of their inputs.
        Editions move only where it is the promoted one.

        What is stored already stays as it is; where it says something else, that is returned with the columns.
        """
        with self.engine.begin() as connection:
            keep_extractions(connection, extracted)
            fresh, contradicted = sift(connection, verdicts)
            if fresh:
                now = self._clock.now()
                insert_verdicts(connection, fresh, self._manifest, now)
                promoted = promoted_cleaners(connection)
                keys = {v.article_key for v in fresh if promoted.get(v.source_id) == v.cleaner_digest}
                insert_new(connection, Change, refold(connection, keys, now))
        return contradicted

    def fold_ahead(self, source_id: str, digest: str) -> None:
        """Fold a source's editions under a cleaner that is not promoted, a transaction a batch of articles."""
        with reading(self.engine) as connection:
            keys = article_keys(connection, source_id)
        for batch in batched(keys):
            with self.engine.begin() as connection:
                fold_ahead(connection, batch, digest, self._clock.now())

    def correct(self, wish: Wish) -> dict[str, Any]:
        """Correct a field of an article by hand, or take that back, in one transaction; the journal has it first.

        The change feed's `detail` of it. Raises UsageError where nothing would come of it.
        """
        now = self._clock.now()
        with self.engine.begin() as connection:
            decision = decide(connection, wish, now)
            self._journal.append(now, ENTRY, **facts(wish.key, decision))
            change = carry_out(connection, wish.key, decision, now)
            come_back_to(connection, wish.key)
            insert_new(connection, Change, [change])
        detail: dict[str, Any] = change["detail"]
        return detail

    def restore_corrections(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Put back decisions that the journal holds already, in its order, before the articles that they are of."""
        with self.engine.begin() as connection:
            keep(connection, (recalled(entry) for entry in entries))

    def restore_promotion(self, source_id: str, digest: str, promoted_at: datetime, reason: str) -> None:
        """Put back a promotion that the journal holds already."""
        with self.engine.begin() as connection:
            know_cleaners(connection, {digest}, self._manifest, promoted_at)
            values = {"source_id": source_id, "cleaner_digest": digest, "promoted_at": promoted_at, "reason": reason}
            insert_one(connection, Promotion, **values)

    def store(self, captures: Sequence[Capture]) -> int:
        """Store a batch; how many captures were new. Those that the database has already change nothing."""
        now = self._clock.now()
        with self.engine.begin() as connection:
            known = set(connection.execute(select(Source.id)).scalars())
            named = {c.source_id for c in captures}
            insert_new(connection, Source, [_unlisted(source_id) for source_id in sorted(named - known)])
            fresh = self._insert_captures(connection, captures)
            note_files(connection, fresh)
            self._tie(connection, fresh, now)
            changes = self._promote_first(connection, fresh, now)
            listed = set(connection.execute(select(Source.id).where(Source.listed, Source.id.in_(named))).scalars())
            followed = [c for c in fresh if c.source_id in listed]
            note_captures(connection, followed, now)
            changes += refold(connection, {c.page.article_key for c in fresh if c.page.article_key}, now)
            come_back(connection, followed)
            insert_new(connection, Change, changes)
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
            "redirect_key": next((link.url_key for link in page.links), None) if page.outcome == "redirected" else None,
            "tls": capture.tls,
            "etag": capture.etag,
            "last_modified": capture.last_modified,
            "payload_digest": page.payload_digest,
            "stored_digest": capture.stored_digest,
            "warc_file": place.file,
            "warc_offset": place.offset,
            "warc_length": place.length,
        }

    def _crawl_id(self, connection: Connection, key: str) -> int:
        if key not in self._crawls:
            self._crawls[key] = connection.execute(select(Crawl.id).where(Crawl.key == key)).scalar_one()
        return self._crawls[key]

    def _tie(self, connection: Connection, captures: Sequence[Capture], now: datetime) -> None:
        """Store what the cleaner made of captures just stored."""
        places = {(c.location.file, c.location.offset): c.page for c in captures if c.page.cleaner_digest}
        columns = (CaptureRow.id, CaptureRow.source_id, CaptureRow.article_key)
        rows = connection.execute(
            select(*columns, CaptureRow.warc_file, CaptureRow.warc_offset).where(
                CaptureRow.warc_file.in_({file for file, _ in places}),
                CaptureRow.warc_offset.in_({offset for _, offset in places}),
            )
        )
        found = [(row, page) for row in rows if (page := places.get((row.warc_file, row.warc_offset)))]
        verdicts = [
            Verdict(row.id, row.source_id, row.article_key, p.cleaner_digest or "", p.outcome, p.reason, p.reading)
            for row, p in found
        ]
        insert_verdicts(connection, verdicts, self._manifest, now)
        keep_extractions(connection, (page.extracted for _, page in found))

    def _promote_first(
        self, connection: Connection, captures: Sequence[Capture], now: datetime
    ) -> list[dict[str, Any]]:
        """Promote the first cleaner of sources that have none."""
        promoted = promoted_cleaners(connection)
        first = {c.source_id: c.page.cleaner_digest for c in captures if c.page.reading and c.page.cleaner_digest}
        changes = []
        for source_id, digest in sorted(first.items()):
            if source_id not in promoted:
                self._journal.append(now, "promotion", source=source_id, cleaner=digest, reason=FIRST_CLEANER)
                changes.append(record(connection, source_id, digest, FIRST_CLEANER, now))
        return changes


def _among(identities: Iterable[tuple[datetime, str, str]]) -> ColumnElement[bool]:
    """Captures that may have one of these identities: one of the times and one of the addresses."""
    keys = list(identities)
    return CaptureRow.captured_at.in_([k[0] for k in keys]) & CaptureRow.url_key.in_([k[1] for k in keys])


def _unlisted(source_id: str) -> dict[str, Any]:
    return {"id": source_id, "name": source_id, "level": None, "layout": "generic", "listed": False}
