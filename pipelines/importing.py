"""Import: what others archived, copied into our archive record by record and then read like any capture.

Records are copied as they stand: head and block byte for byte, one gzip member each, with fields added that say where
they come from and, where that is decided, whose they are. Requests and whatever else stands in a file are copied too,
so that the file is not needed any more. What the database has already is left out; what is damaged is reported.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import file_digest
from pathlib import Path

from sqlalchemy import Connection, select

from archive.clock import rfc3339
from archive.database import reading
from archive.errors import ArchiveError, UsageError
from archive.foreign import Damage, NotWarcError, RawRecord, read_foreign
from archive.heads import with_fields
from archive.models import Capture
from archive.record import ORIGIN_FIELD, SOURCE_FIELD, Exchange, Record
from archive.warc import pack, pack_raw
from pipelines.addresses import url_key
from pipelines.bodies import Bodies, Referents, lost
from pipelines.cleaner import Cleaner
from pipelines.deposit import Archive, Deposit
from pipelines.files import PAGES, TEXTS, Kept, is_warc, read_file, walk
from pipelines.intake import Filed, Reader, payload_digest_of, store_read

_BATCH_RECORDS, _BATCH_BYTES = 200, 32 * 2**20
Identity = tuple[datetime, str, str]


@dataclass(slots=True)
class Report:
    """What came of one WARC file, or of a folder's pages and texts together.

    ``new`` and ``known`` captures; ``others``: records without a capture (requests, …) that were copied; ``left``:
    files of other kinds, by suffix; ``sources``: new captures by source; ``replaced``: files under whose name another
    text was imported before.
    """

    name: str
    new: int = 0
    known: int = 0
    others: int = 0
    note: str | None = None
    sources: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    replaced: list[str] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """Something to copy: packed only once it is known to be new. ``exchange`` is None for one without a capture."""

    exchange: Exchange | None
    size: int
    pack: Callable[[], bytes]


class Importer:
    """Imports files under one decision: ``source`` is whose they are, or None where host and time say so."""

    def __init__(
        self,
        archive: Archive,
        cleaner: Cleaner,
        read: Reader,
        source: str | None = None,
        progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._archive, self._cleaner, self._read = archive, cleaner, read
        self._source, self._progress = source, progress

    def run(self, paths: Iterable[Path]) -> Iterator[Report]:
        """Import files and folders one after the other. Raises UsageError for a path that is not there."""
        for path in paths:
            if not path.exists():
                raise UsageError(f"{path}: no such file or folder. Check the path")
            pages, left = [], Counter[str]()
            for kept in walk(path):
                suffix = kept.path.suffix.lower()
                if is_warc(kept.path) or (path.is_file() and suffix not in PAGES | TEXTS):
                    yield self._warc(kept.path)
                elif suffix in PAGES | TEXTS:
                    pages.append(kept)
                else:
                    left[suffix or "none"] += 1
            if pages or left:
                yield self._files(path, pages, left)

    def _warc(self, path: Path) -> Report:
        report = Report(str(path))
        with path.open("rb") as stream:
            digest = file_digest(stream, "sha256").hexdigest()
        config = {"name": path.name, "sha256": digest, "source": self._source}
        deposit = Deposit(self._archive, f"import-{digest[:16]}", config)
        if ended := deposit.finished_at():
            report.note = f"imported before, {rfc3339(ended)[:10]}"
            return report
        self._copy(self._records(path, deposit.origins(), report), deposit, report)
        return report

    def _files(self, path: Path, pages: Sequence[Kept], left: Counter[str]) -> Report:
        report = Report(str(path), left=left)
        now = self._archive.clock.now()
        config = {"name": path.resolve().name, "sha256": None, "source": self._source}
        deposit = Deposit(self._archive, f"import-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}", config)
        self._copy(self._kept(pages, report), deposit, report)
        return report

    def _records(self, path: Path, copied: set[str], report: Report) -> Iterator[_Found]:
        """What is to be copied of a WARC file. A revisit may stand before what it refers to: those come last."""
        referents, waiting = Referents(), list[RawRecord]()
        try:
            for found in read_foreign(path):
                if isinstance(found, Damage):
                    report.damage.append(found)
                    continue
                self._progress(1)
                referents.add(found)
                if found.kind == "revisit" and not referents.knows(found):
                    waiting.append(found)
                elif found.place not in copied:
                    yield from self._of_record(found, referents, report)
        except NotWarcError as error:
            report.damage.append(Damage(path.name, str(error)))
        for found in waiting:
            if found.place not in copied:
                yield from self._of_record(found, referents, report)

    def _of_record(self, raw: RawRecord, referents: Referents, report: Report) -> Iterator[_Found]:
        added = referents.fields(raw)
        fields = {ORIGIN_FIELD: raw.place, **added}
        try:
            known = {**raw.fields, **{name.lower(): value for name, value in added.items()}}
            exchange = Record.of(known, raw.block).exchange()
            if exchange is not None:
                exchange = self._attributed(exchange)
                url_key(exchange.url)
        except (ArchiveError, ValueError) as error:
            report.damage.append(Damage(raw.place, f"{error}; left out"))
            return
        if exchange is not None and (self._is_listed(exchange.source_id) or SOURCE_FIELD.lower() in raw.fields):
            fields[SOURCE_FIELD] = exchange.source_id
        yield _Found(exchange, len(raw.block), lambda: pack_raw(with_fields(raw.head, fields), raw.block))

    def _kept(self, pages: Sequence[Kept], report: Report) -> Iterator[_Found]:
        for kept in pages:
            self._progress(1)
            try:
                exchange, fields = read_file(kept)
            except ArchiveError as error:
                report.damage.append(Damage(str(kept.path), str(error)))
                continue
            found = self._attributed(exchange)
            if self._source is None and found.url.startswith("file:") and self._is_listed(found.source_id):
                raise UsageError(
                    f"{kept.path}: its folder is named like the source {found.source_id!r}. Say --source"
                    f" {found.source_id} if these are its texts, else rename the folder"
                )
            fields = {ORIGIN_FIELD: kept.name.as_posix(), **fields}
            written = found if self._is_listed(found.source_id) else exchange
            yield _Found(found, len(exchange.body), partial(pack, written, fields))

    def _attributed(self, exchange: Exchange) -> Exchange:
        """The attempt with its source: as decided for this import, as the record says, else by host and time."""
        if self._source is not None:
            return replace(exchange, source_id=self._source)
        if exchange.source_id and self._is_listed(exchange.source_id):
            return exchange
        return replace(exchange, source_id=self._cleaner.source_at(exchange.url, exchange.captured_at))

    def _is_listed(self, source_id: str) -> bool:
        return self._cleaner.source(source_id).listed

    def _copy(self, found: Iterable[_Found], deposit: Deposit, report: Report) -> None:
        """Copy what is new, a batch at a time: on disk first, then read and stored."""
        try:
            early: list[_Found] = []
            for batch in _batches(found):
                early += self._flush(batch, deposit, report, last=False)
            for batch in _batches(early):
                self._flush(batch, deposit, report, last=True)
        except BaseException:
            deposit.close(None)
            raise
        deposit.close({"new": report.new, "known": report.known, "others": report.others})

    def _flush(self, batch: Sequence[_Found], deposit: Deposit, report: Report, *, last: bool) -> list[_Found]:
        """Copy a batch; what refers to a body that is not here yet comes back (at ``last`` it is taken for lost)."""
        bodies = Bodies(self._archive.home.archive, self._archive.store, (f.exchange for f in batch if f.exchange))
        early, ready = list[_Found](), list[tuple[_Found, Exchange | None]]()
        for one in batch:
            whole = None if one.exchange is None else bodies.filled(one.exchange)
            if one.exchange is None or whole is not None:
                ready.append((one, whole))
            elif last:
                ready.append((one, lost(one.exchange)))
            else:
                early.append(one)
        new = self._unknown(ready, report)
        if new:
            locations = deposit.file([one.pack() for one, _ in new])
            placed = zip(new, locations, strict=True)
            filed = [Filed(exchange, place, deposit.key) for (_, exchange), place in placed if exchange is not None]
            store_read(self._archive.store, self._read, filed)
            report.new += len(filed)
            report.others += len(new) - len(filed)
            report.sources.update(one.exchange.source_id for one in filed)
        return early

    def _unknown(
        self, ready: Sequence[tuple[_Found, Exchange | None]], report: Report
    ) -> list[tuple[_Found, Exchange | None]]:
        """Without the captures that the database has, or that stand twice in the batch."""
        identities = [None if exchange is None else _identity(exchange) for _, exchange in ready]
        with reading(self._archive.store.engine) as connection:
            seen = _known(connection, [identity for identity in identities if identity])
            names = {url_key(e.url) for _, e in ready if e is not None and e.url.startswith("file:")}
            taken = set(connection.execute(select(Capture.url_key).where(Capture.url_key.in_(names))).scalars())
        new = []
        for one, identity in zip(ready, identities, strict=True):
            if identity in seen:
                report.known += 1
                continue
            new.append(one)
            if identity is not None:
                seen.add(identity)
                if identity[1] in taken and one[1] is not None:
                    report.replaced.append(one[1].url)
        return new


def _batches(found: Iterable[_Found]) -> Iterator[list[_Found]]:
    batch, size = list[_Found](), 0
    for one in found:
        batch.append(one)
        size += one.size
        if len(batch) == _BATCH_RECORDS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _identity(exchange: Exchange) -> Identity:
    return exchange.captured_at, url_key(exchange.url), payload_digest_of(exchange)


def _known(connection: Connection, identities: Sequence[Identity]) -> set[Identity | None]:
    wanted = Capture.captured_at.in_({i[0] for i in identities}) & Capture.url_key.in_({i[1] for i in identities})
    rows = connection.execute(select(Capture.captured_at, Capture.url_key, Capture.payload_digest).where(wanted))
    return {(row.captured_at, row.url_key, row.payload_digest) for row in rows}
