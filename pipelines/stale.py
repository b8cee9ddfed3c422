"""What is stale: the captures that the cleaner installed for their source has not looked into, as inputs to read.

Captures of the same input are read once. A task is a run of records of one WARC segment.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from archive.database import batched, reading
from archive.extractions import kept_extractions, load_extractions
from archive.home import Home
from archive.models import Capture, Source
from archive.promotions import looked_into
from archive.readings import TO_READ
from archive.records import plain_outcome
from archive.store import Store
from pipelines.cleaner import Cleaner
from pipelines.inputs import Given
from pipelines.tasks import Input, Place, Witness

#: Records a task: few enough that the processes end together, enough that handing a task over costs nothing.
TASK_RECORDS = 50
#: Inputs a task where what extraction left of them is kept: they cost a tenth.
TASK_EXTRACTIONS = 400


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs to read, in tasks, and the sources concerned with the digest of the cleaner installed for each.

    ``unnamed`` are sources that the catalogue named when they were collected and does not name now: how to read them
    nobody knows. ``forced``: what is up to date is read too.
    """

    digests: dict[str, str]
    tasks: list[tuple[Input, ...]]
    unnamed: tuple[str, ...] = ()
    forced: bool = False

    @property
    def inputs(self) -> int:
        return sum(len(task) for task in self.tasks)


def plan(home: Home, store: Store, cleaner: Cleaner, sources: Iterable[str], *, force: bool = False) -> Plan:
    """What is stale in these sources (none: all); with ``force`` everything."""
    with reading(store.engine) as connection:
        listed = {row.id: row.listed for row in connection.execute(select(Source.id, Source.listed))}
        wanted = sorted(set(sources) or set(listed))
        unnamed = tuple(i for i in wanted if listed[i] and not cleaner.source(i).listed)
        digests = {source_id: cleaner.digest_for(source_id) for source_id in wanted if source_id not in unnamed}
        inputs: list[Input] = []
        for source_id, digest in digests.items():
            inputs += _inputs(connection, home.archive, cleaner, source_id, None if force else digest)
        if not force:
            inputs = _with_extractions(connection, cleaner, inputs)
    inputs.sort(key=lambda one: (one.record.segment, one.record.offset))
    pages, kept = ([one for one in inputs if (one.extraction is None) is whole] for whole in (True, False))
    return Plan(digests, [*_tasks(pages, TASK_RECORDS), *_tasks(kept, TASK_EXTRACTIONS)], unnamed, force)


def _with_extractions(connection: Connection, cleaner: Cleaner, inputs: Sequence[Input]) -> list[Input]:
    """The inputs, with the digests of what is kept of them by the extraction that is installed."""
    named = [(one.given.extraction_input(cleaner), cleaner.extraction_digest_for(one.source_id)) for one in inputs]
    kept = kept_extractions(connection, dict(named))
    return [
        replace(one, extraction=name) if name[0] in kept and _good(one) else one
        for one, name in zip(inputs, named, strict=True)
    ]


def _good(one: Input) -> bool:
    """Whether all that saw an input was good: one that was cut short may have the bytes of one that was not, and only
    its record says so."""
    return all(plain_outcome(witness.outcome) == "ok" for witness in one.captures)


def filled(store: Store, tasks: Iterable[tuple[Input, ...]]) -> Iterator[tuple[Input, ...]]:
    """The tasks one by one, each with what is kept of its inputs."""
    for task in tasks:
        wanted = [one.extraction for one in task if one.extraction is not None]
        if not wanted:
            yield task
            continue
        with reading(store.engine) as connection:
            kept = load_extractions(connection, wanted)
        yield tuple(replace(one, blocks=kept.get(one.extraction[0])) if one.extraction else one for one in task)


def _inputs(
    connection: Connection, archive: Path, cleaner: Cleaner, source_id: str, digest: str | None
) -> Iterator[Input]:
    """The inputs of a source that the cleaner ``digest`` has not looked into (None: all)."""
    columns = (Capture.id, Capture.article_key, Capture.url, Capture.content_type, Capture.captured_at)
    more = (Capture.payload_digest, Capture.stored_digest, Capture.outcome, Capture.warc_file, Capture.warc_offset)
    query = select(*columns, *more).where(Capture.source_id == source_id, TO_READ).order_by(Capture.id)
    if digest is not None:
        query = query.where(~looked_into(digest))
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        # What cannot be decoded has no payload digest. One that was cut short may have the bytes of one that was not.
        payload = (row.payload_digest or row.stored_digest, row.outcome == "failed")
        dated = cleaner.dated_context(source_id, row.captured_at)
        groups[row.url, row.content_type, payload, dated].append(row)
    first_of = {key: min(rows, key=_rank) for key, rows in groups.items()}
    wanted = sorted({row.stored_digest for row in first_of.values() if row.outcome != "ok"})
    bodies = body_places(connection, archive, wanted)
    for key, rows in groups.items():
        first = first_of[key]
        yield Input(
            Given(source_id, first.url, first.captured_at, first.content_type, first.payload_digest),
            first.article_key or "",
            _place(archive, first),
            bodies.get(first.stored_digest),
            tuple(Witness(row.id, row.outcome, _place(archive, row)) for row in rows),
        )


def _place(archive: Path, row: Any) -> Place:
    return Place(archive, row.warc_file, row.warc_offset)


def _rank(row: Any) -> tuple[bool, datetime, int]:
    """The record of an input that most surely has a body comes first."""
    return row.outcome != "ok", row.captured_at, row.id


def body_places(connection: Connection, archive: Path, digests: Sequence[str]) -> dict[str, Place]:
    """The record that holds the body with each of these stored digests: a revisit record, which has none of its own,
    always comes later."""
    places: dict[str, Place] = {}
    columns = (Capture.stored_digest, Capture.warc_file, Capture.warc_offset)
    for some in batched(digests):
        whole = Capture.stored_digest.in_(some) & (Capture.outcome != "revisit-identical")
        for row in connection.execute(select(*columns).where(whole).order_by(Capture.captured_at, Capture.id)):
            places.setdefault(row.stored_digest, _place(archive, row))
    return places


def _tasks(inputs: Sequence[Input], records: int) -> Iterator[tuple[Input, ...]]:
    task: list[Input] = []
    for one in inputs:
        if task and (len(task) == records or one.record.segment != task[0].record.segment):
            yield tuple(task)
            task = []
        task.append(one)
    if task:
        yield tuple(task)
