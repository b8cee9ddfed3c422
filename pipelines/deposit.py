"""The archive side of an import: a crawl record and WARC segments of its own, begun with the first record copied."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import gethostname
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from archive.clock import Clock, rfc3339
from archive.database import reading
from archive.home import Home
from archive.journal import Journal
from archive.models import Crawl
from archive.records import Location
from archive.segments import SegmentWriter, segments
from archive.store import Store
from archive.warc import read_records
from archive.warc.record import ORIGIN_FIELD
from pipelines.intake import IMPORT_FACT

DESCRIPTION = "Records copied from files that others wrote, head and block as they stood; see the fields Bantin-*"


@dataclass(frozen=True, slots=True)
class Archive:
    """Where an import writes: the home, its database and journal, and how large a segment may become."""

    home: Home
    store: Store
    journal: Journal
    clock: Clock
    software: str
    segment_bytes: int = 1 << 30


class Deposit:
    """One import run. Nothing is written before the first record: what is all known already leaves no trace."""

    def __init__(
        self,
        archive: Archive,
        key: str,
        name: str,
        sha256: str | None,
        source: str | None,
        facts: Mapping[str, Any] | None = None,
        description: str = DESCRIPTION,
    ) -> None:
        self.key = key
        self._archive, self._description = archive, description
        self._config = {"name": name, "sha256": sha256, "source": source, "host": gethostname(), **(facts or {})}
        self._writer: SegmentWriter | None = None

    def done_before(self) -> str | None:
        """When this import came to its end and what was decided then, in words; None where it did not."""
        query = select(Crawl.ended_at, Crawl.config, Crawl.counts).where(Crawl.key == self.key)
        with reading(self._archive.store.engine) as connection:
            row = connection.execute(query.where(Crawl.outcome == "finished")).first()
        if row is None:
            return None
        said = f"imported before, {row.ended_at:%Y-%m-%d}"
        if damaged := row.counts.get("damaged"):
            said += f"; damaged places reported then: {damaged}"
        source = row.config.get("source")
        if source != self._config["source"]:
            said += f"; as decided then, {f'--source {source}' if source else 'by host and time'}"
        return said

    def origins(self) -> set[str]:
        """The places of the records that this import copied before it was cut off."""
        mine = (path for path in segments(self._archive.home.archive) if f"bantin-{self.key}-" in path.name)
        records = (record for path in mine for record in read_records(path))
        return {record.fields[ORIGIN_FIELD.lower()] for record in records if ORIGIN_FIELD.lower() in record.fields}

    def file(self, records: Sequence[bytes]) -> list[Location]:
        """Append packed records and wait until they are on disk."""
        now = self._archive.clock.now()
        if self._writer is None:
            facts = {
                "software": self._archive.software,
                "isPartOf": self.key,
                "crawl-started": rfc3339(now),
                "format": "WARC File Format 1.1",
                "description": self._description,
                IMPORT_FACT: json.dumps(self._config, ensure_ascii=False),
            }
            self._writer = SegmentWriter(self._archive.home.archive, self.key, facts, self._archive.segment_bytes)
            self._writer.open(now)
            self._archive.store.start_crawl(self.key, now, self._archive.software, self._config, "import")
        return self._writer.write_packed(records, now)

    def close(self, counts: Mapping[str, int] | None) -> None:
        """Seal what was written; with ``counts`` the import has come to its end, without it was cut off."""
        if self._writer is not None:
            self._writer.seal()
        now = self._archive.clock.now()
        if counts is None:
            with suppress(SQLAlchemyError):  # it may be the database that cut it off
                self._archive.store.end_crawl(self.key, now, "interrupted", {})
        elif self._writer is not None or self._begun():
            self._archive.journal.append(now, "crawl", crawl=self.key, outcome="finished", counts=dict(counts))
            self._archive.store.end_crawl(self.key, now, "finished", counts)

    def _begun(self) -> bool:
        """Whether it was cut off before, if only behind its last record."""
        with reading(self._archive.store.engine) as connection:
            return connection.execute(select(Crawl.id).where(Crawl.key == self.key)).first() is not None
