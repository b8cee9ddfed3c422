"""The bodies of revisit records: a revisit says that the same bytes came as another capture holds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from archive.clock import rfc3339
from archive.database import reading
from archive.lost import REVISIT_OF
from archive.models import Capture
from archive.segments import find_segment
from archive.store import Store
from archive.warc import Exchange, Record, read_record
from archive.warc.foreign import RawRecord
from archive.warc.heads import bare, digest_holds
from archive.warc.record import is_unresolved
from pipelines.addresses import url_key
from pipelines.exchange import with_body

#: So many captures of an address are looked into for the one that a revisit means.
_CANDIDATES = 50


class Bodies:
    """Finds bodies in the exchanges of the batch at hand, or in the archive by what the database knows of it."""

    def __init__(self, folder: Path, store: Store, batch: Iterable[Exchange]) -> None:
        self._folder, self._store = folder, store
        whole = (e for e in batch if e.status is not None and e.refers_to is None)
        self._here = {(url_key(e.url), e.captured_at): e for e in whole}

    def filled(self, exchange: Exchange) -> Exchange | None:
        """The exchange with its body; None where it is a revisit of a record that is not known (yet)."""
        if exchange.status == 304 or exchange.refers_to is None:
            return exchange
        found = self._find(*exchange.refers_to)
        return None if found is None else with_body(exchange, found)

    def _find(self, url: str, at: datetime) -> Exchange | Record | None:
        key = url_key(url)
        if (key, at) in self._here:
            return self._here[key, at]
        # What it refers to may be a revisit itself: the record that has the body is the first one with its digest.
        same = select(Capture.stored_digest).where(Capture.url_key == key, Capture.captured_at == at)
        whole = (Capture.stored_digest.in_(same), Capture.stored_digest != "", Capture.outcome != "revisit-identical")
        place = select(Capture.warc_file, Capture.warc_offset).where(*whole)
        with reading(self._store.engine) as connection:
            row = connection.execute(place.order_by(Capture.captured_at, Capture.id)).first()
        return None if row is None else read_record(find_segment(self._folder, row.warc_file), row.warc_offset)


class Referents:
    """What the revisit records of one file refer to, where they do not say it by address and time: older writers name a
    record's id, or only say which payload."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder, self._store = folder, store
        self._by_id: dict[str, dict[str, str]] = {}
        self._by_payload: dict[str, dict[str, str]] = {}

    def add(self, raw: RawRecord) -> None:
        """Remember a record that revisits may refer to."""
        url, at = raw.uri("warc-target-uri"), raw.fields.get("warc-date")
        if raw.kind not in ("response", "resource") or not url or not at:
            return
        fields = _fields(url, at)
        if record_id := raw.uri("warc-record-id"):
            self._by_id[record_id] = fields
        if payload := raw.fields.get("warc-payload-digest"):
            self._by_payload.setdefault(payload.lower(), fields)

    def knows(self, raw: RawRecord) -> bool:
        """Whether it is clear what a revisit refers to."""
        return not is_unresolved(raw.fields) or bool(self._of_file(raw))

    def fields(self, raw: RawRecord) -> dict[str, str]:
        """The fields that a revisit lacks and that the file's other records supply, or else the archive's; none where
        it lacks none."""
        return (self._of_file(raw) or self._of_archive(raw)) if is_unresolved(raw.fields) else {}

    def _of_file(self, raw: RawRecord) -> dict[str, str]:
        by_id = self._by_id.get(raw.uri("warc-refers-to") or "")
        return by_id or self._by_payload.get(raw.fields.get("warc-payload-digest", "").lower(), {})

    def _of_archive(self, raw: RawRecord) -> dict[str, str]:
        """Of the captures of the same address in the archive the latest that has the id or the payload."""
        if not (url := raw.uri("warc-target-uri")):
            return {}
        here = (Capture.url_key == url_key(url), Capture.stored_digest != "", Capture.outcome != "revisit-identical")
        query = select(Capture.warc_file, Capture.warc_offset).where(*here)
        with reading(self._store.engine) as connection:
            rows = connection.execute(query.order_by(Capture.captured_at.desc(), Capture.id).limit(_CANDIDATES)).all()
        for row in rows:
            record = read_record(find_segment(self._folder, row.warc_file), row.warc_offset)
            if _is_meant(raw, record):
                return _fields(bare(record.fields["warc-target-uri"]), record.fields["warc-date"])
        return {}


def _is_meant(revisit: RawRecord, record: Record) -> bool:
    meant, stated = revisit.uri("warc-refers-to"), revisit.fields.get("warc-payload-digest", "")
    if meant and bare(record.fields.get("warc-record-id", "")) == meant:
        return True
    # Some writers state the digest of a body with its chunk framing: then theirs are the same.
    return bool(stated) and (
        record.fields.get("warc-payload-digest", "").lower() == stated.lower()
        or digest_holds(stated, record.body) is True
    )


def _fields(url: str, at: str) -> dict[str, str]:
    return {"WARC-Refers-To-Target-URI": url, "WARC-Refers-To-Date": at}


def lost(exchange: Exchange) -> Exchange:
    """A revisit of a record that the archive does not hold: an attempt of which nothing can be read."""
    url, at = exchange.refers_to or ("", exchange.captured_at)
    reason = f"{REVISIT_OF}{url} captured at {rfc3339(at)}, which is not in the archive"
    return replace(exchange, status=None, outcome="failed", reason=reason, refers_to=None)
