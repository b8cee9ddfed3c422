"""Import: what others archived, copied into our archive record by record and then read like any capture.

Records are copied as they stand: head and block byte for byte, one gzip member each, with fields added that say where
they come from and, where that is decided, whose they are. Requests and whatever else stands in a file are copied too,
so that the file is not needed any more. What the archive has already is left out; what is damaged is reported.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import file_digest
from pathlib import Path

from archive.database import reading
from archive.errors import ArchiveError, UsageError
from archive.status import unrecognised
from archive.warc import pack, pack_raw
from archive.warc.foreign import Damage, NotWarcError, RawRecord, read_foreign
from archive.warc.heads import with_fields
from archive.warc.record import ORIGIN_FIELD, SOURCE_FIELD, Exchange, Record
from pipelines.addresses import url_key
from pipelines.bodies import Bodies, Referents, lost
from pipelines.cleaner import Cleaner
from pipelines.deposit import Archive, Deposit
from pipelines.files import Kept, kind_of, left_kind, read_file, spelt, walk
from pipelines.intake import Filed, Reader, store_read
from pipelines.novelty import Found, Novelty, fingerprint
from pipelines.settle import settle

_BATCH_RECORDS, _BATCH_BYTES = 200, 32 * 2**20


@dataclass(slots=True)
class Report:
    """What came of one WARC file, or of a folder's pages and texts together.

    ``new`` and ``known`` captures; ``others``: records without a capture (requests, …) that were copied; ``left``:
    files of other kinds, by suffix; ``sources``: new captures by source, ``unrecognised``: those of them whose pages do
    not show the marks of the source's layout; ``replaced``: addresses of files under whose name another text was
    imported before.
    """

    name: str
    new: int = 0
    known: int = 0
    others: int = 0
    note: str | None = None
    sources: Counter[str] = field(default_factory=Counter)
    unrecognised: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    replaced: list[str] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)


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
        """Import files and folders one after the other. Raises UsageError for a path that is neither."""
        for path in paths:
            if not path.is_file() and not path.is_dir():
                raise UsageError(f"{path}: neither a file nor a folder. Save what it gives to a file first")
            pages, rest, empty = list[Kept](), Report(str(path)), True
            for kept in walk(path, partial(_tell, rest)):
                kind = kind_of(kept.path)
                if kind == "warc" or (kind is None and path.is_file()):
                    yield self._warc(kept.path)
                    empty = False
                elif kind is not None:
                    pages.append(kept)
                else:
                    rest.left[left_kind(kept.path)] += 1
            if empty or pages or rest.left or rest.damage:
                self._files(path, pages, rest)
                yield rest
        settle(self._archive.home.archive, self._archive.store, self._read)

    def _warc(self, path: Path) -> Report:
        report = Report(str(path))
        try:
            with path.open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            _tell(report, error)
            return report
        deposit = Deposit(self._archive, f"import-{digest[:16]}", spelt(path.name), digest, self._source)
        report.note = deposit.done_before()
        if report.note is None:
            copied = deposit.origins()
            report.note = f"taken up again: {len(copied)} records were copied before" if copied else None
            self._copy(self._records(path, copied, report), deposit, report)
        return report

    def _files(self, path: Path, pages: Sequence[Kept], report: Report) -> None:
        key = f"import-{self._archive.clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        deposit = Deposit(self._archive, key, spelt(path.resolve().name), None, self._source)
        self._copy(self._kept(pages, report), deposit, report)

    def _records(self, path: Path, copied: set[str], report: Report) -> Iterator[Found]:
        """What is to be copied of a WARC file. A revisit may stand before what it refers to: those come last."""
        referents, waiting = Referents(self._archive.home.archive, self._archive.store), list[RawRecord]()
        try:
            for found in read_foreign(path):
                if isinstance(found, Damage):
                    report.damage.append(found)
                    continue
                self._progress(1)
                referents.add(found)
                if found.kind == "revisit" and not referents.knows(found):
                    waiting.append(found)
                elif spelt(found.place) not in copied:
                    yield from self._of_record(found, referents, report)
        except NotWarcError as error:
            report.damage.append(Damage(path.name, str(error).removeprefix(f"{path}: ")))
        except OSError as error:
            _tell(report, error)
        for found in waiting:
            if spelt(found.place) not in copied:
                yield from self._of_record(found, referents, report)

    def _of_record(self, raw: RawRecord, referents: Referents, report: Report) -> Iterator[Found]:
        try:
            added = referents.fields(raw)
            record = Record.of({**raw.fields, **{name.lower(): value for name, value in added.items()}}, raw.block)
            exchange = record.exchange()
            if exchange is not None:
                exchange = self._attributed(exchange)
                url_key(exchange.url)
        except (ArchiveError, ValueError) as error:
            report.damage.append(Damage(raw.place, f"{error}; left out"))
            return
        fields = {ORIGIN_FIELD: spelt(raw.place), **added}
        if exchange is not None and self._is_listed(exchange.source_id):
            fields[SOURCE_FIELD] = exchange.source_id
        elif SOURCE_FIELD.lower() in raw.fields:  # of another catalogue than ours: here it is undecided
            fields[SOURCE_FIELD] = ""
        packed = partial(_pack_copy, raw, fields)
        yield Found(exchange, len(raw.block), packed, "" if exchange else fingerprint(record))

    def _kept(self, pages: Sequence[Kept], report: Report) -> Iterator[Found]:
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
            written = found if self._is_listed(found.source_id) else exchange
            yield Found(found, len(exchange.body), partial(pack, written, fields), kept=True)

    def _attributed(self, exchange: Exchange) -> Exchange:
        """The attempt with its source: as decided for this import, as the record says, else by host and time."""
        if self._source is not None:
            return replace(exchange, source_id=self._source)
        if exchange.source_id and self._is_listed(exchange.source_id):
            return exchange
        return replace(exchange, source_id=self._cleaner.source_at(exchange.url, exchange.captured_at))

    def _is_listed(self, source_id: str) -> bool:
        return self._cleaner.source(source_id).listed

    def _copy(self, found: Iterable[Found], deposit: Deposit, report: Report) -> None:
        """Copy what is new, a batch at a time: on disk first, then read and stored."""
        novelty = Novelty(self._archive.home, self._archive.store)
        try:
            early: list[Found] = []
            for batch in _batches(found):
                early += self._flush(batch, novelty, deposit, report, last=False)
            for batch in _batches(early):
                self._flush(batch, novelty, deposit, report, last=True)
        except BaseException:
            deposit.close(None)
            raise
        counts = {"new": report.new, "known": report.known, "others": report.others, "damaged": len(report.damage)}
        deposit.close(counts)
        with reading(self._archive.store.engine) as connection:
            report.unrecognised.update(unrecognised(connection, deposit.key))

    def _flush(
        self, batch: Sequence[Found], novelty: Novelty, deposit: Deposit, report: Report, *, last: bool
    ) -> list[Found]:
        """Copy a batch; what refers to a body that is not here yet comes back (at ``last`` it is taken for lost)."""
        bodies = Bodies(self._archive.home.archive, self._archive.store, (f.exchange for f in batch if f.exchange))
        early, ready = list[Found](), list[tuple[Found, Exchange | None]]()
        for one in batch:
            whole = None if one.exchange is None else bodies.filled(one.exchange)
            if one.exchange is None or whole is not None:
                ready.append((one, whole))
            elif last:
                ready.append((one, lost(one.exchange)))
            else:
                early.append(one)
        sifted = novelty.sift(ready)
        report.known += sifted.known
        report.replaced += sifted.replaced
        if sifted.new:
            locations = deposit.file([one.pack() for one, _ in sifted.new])
            placed = zip(sifted.new, locations, strict=True)
            filed = [Filed(exchange, place, deposit.key) for (_, exchange), place in placed if exchange is not None]
            store_read(self._archive.store, self._read, filed)
            report.new += len(filed)
            report.others += len(sifted.new) - len(filed)
            report.sources.update(one.exchange.source_id for one in filed)
        return early


def _pack_copy(raw: RawRecord, fields: dict[str, str]) -> bytes:
    return pack_raw(with_fields(raw.head, fields), raw.block)


def _tell(report: Report, error: OSError) -> None:
    place = os.fsdecode(error.filename) if error.filename else report.name
    report.damage.append(Damage(place, f"cannot be read ({error.strerror})"))


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    batch, size = list[Found](), 0
    for one in found:
        batch.append(one)
        size += one.size
        if len(batch) == _BATCH_RECORDS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
