"""The bodies of revisit records: a revisit says that the same bytes came as another capture holds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from archive.clock import rfc3339
from archive.database import reading
from archive.foreign import RawRecord
from archive.models import Capture
from archive.segments import find_segment
from archive.store import Store
from archive.warc import Exchange, read_record
from pipelines.addresses import url_key


class Bodies:
    """Finds bodies in the exchanges of the batch at hand, or in the archive by what the database knows of it."""

    def __init__(self, folder: Path, store: Store, batch: Iterable[Exchange]) -> None:
        self._folder, self._store = folder, store
        whole = (e for e in batch if e.status is not None and e.refers_to is None)
        self._here = {(url_key(e.url), e.captured_at): e.body for e in whole}

    def filled(self, exchange: Exchange) -> Exchange | None:
        """The exchange with its body; None where it is a revisit of a record that is not known (yet)."""
        if exchange.status == 304 or exchange.refers_to is None:
            return exchange
        body = self._find(*exchange.refers_to)
        return None if body is None else replace(exchange, body=body)

    def _find(self, url: str, at: datetime) -> bytes | None:
        key = url_key(url)
        if (key, at) in self._here:
            return self._here[key, at]
        # What it refers to may be a revisit itself: the record that has the body is the first one with its digest.
        same = select(Capture.stored_digest).where(Capture.url_key == key, Capture.captured_at == at)
        whole = (Capture.stored_digest.in_(same), Capture.stored_digest != "", Capture.outcome != "revisit-identical")
        place = select(Capture.warc_file, Capture.warc_offset).where(*whole)
        with reading(self._store.engine) as connection:
            row = connection.execute(place.order_by(Capture.captured_at, Capture.id)).first()
        return None if row is None else read_record(find_segment(self._folder, row.warc_file), row.warc_offset).body


class Referents:
    """What the revisit records of one file refer to. Older writers name a record's id, or only say which payload."""

    def __init__(self) -> None:
        self._by_id: dict[str, dict[str, str]] = {}
        self._by_payload: dict[str, dict[str, str]] = {}

    def add(self, raw: RawRecord) -> None:
        """Remember a record that revisits may refer to."""
        url, at = raw.uri("warc-target-uri"), raw.fields.get("warc-date")
        if raw.kind not in ("response", "resource") or not url or not at:
            return
        fields = {"WARC-Refers-To-Target-URI": url, "WARC-Refers-To-Date": at}
        if record_id := raw.uri("warc-record-id"):
            self._by_id[record_id] = fields
        if payload := raw.fields.get("warc-payload-digest"):
            self._by_payload.setdefault(payload.lower(), fields)

    def knows(self, raw: RawRecord) -> bool:
        """Whether it is clear what a revisit refers to."""
        return bool(self._stated(raw) or self._found(raw))

    def fields(self, raw: RawRecord) -> dict[str, str]:
        """The fields that a revisit lacks and that the file's other records supply; none where it lacks none."""
        return {} if raw.kind != "revisit" or self._stated(raw) else self._found(raw)

    def _stated(self, raw: RawRecord) -> bool:
        return "warc-refers-to-target-uri" in raw.fields and "warc-refers-to-date" in raw.fields

    def _found(self, raw: RawRecord) -> dict[str, str]:
        by_id = self._by_id.get(raw.uri("warc-refers-to") or "")
        return by_id or self._by_payload.get(raw.fields.get("warc-payload-digest", "").lower(), {})


def lost(exchange: Exchange) -> Exchange:
    """A revisit of a record that the archive does not hold: an attempt of which nothing can be read."""
    url, at = exchange.refers_to or ("", exchange.captured_at)
    reason = f"revisit of {url} captured at {rfc3339(at)}, which is not in the archive"
    return replace(exchange, status=None, outcome="failed", reason=reason, refers_to=None)
