"""What is stale: the captures that the cleaner installed for their source has not looked into, as inputs to read.

Captures of the same input are read once. A task is a run of records of one WARC segment.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from archive.database import reading
from archive.home import Home
from archive.models import Capture, Source
from archive.promotions import looked_into
from archive.readings import TO_READ
from archive.segments import find_segment
from archive.store import Store
from pipelines.cleaner import Cleaner

#: Records a task: few enough that the processes end together, enough that handing a task over costs nothing.
TASK_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands."""

    path: Path
    offset: int


@dataclass(frozen=True, slots=True)
class Input:
    """One input to be read: the record that has it (``body`` where that is a revisit), and all captures that saw it."""

    source_id: str
    article_key: str
    url: str
    record: Place
    body: Place | None
    captures: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The inputs to read, in tasks, and the sources concerned with the digest of the cleaner installed for each."""

    digests: dict[str, str]
    tasks: list[tuple[Input, ...]]

    @property
    def inputs(self) -> int:
        return sum(len(task) for task in self.tasks)


def plan(home: Home, store: Store, cleaner: Cleaner, sources: Iterable[str], *, force: bool = False) -> Plan:
    """What is stale in these sources (none: all); with ``force`` everything."""
    with reading(store.engine) as connection:
        wanted = set(sources) or set(connection.execute(select(Source.id)).scalars())
        digests = {source_id: cleaner.digest_for(source_id) for source_id in sorted(wanted)}
        inputs: list[Input] = []
        for source_id, digest in digests.items():
            inputs += _inputs(connection, home, cleaner, source_id, None if force else digest)
    inputs.sort(key=lambda one: (one.record.path, one.record.offset))
    return Plan(digests, list(_tasks(inputs)))


def _inputs(
    connection: Connection, home: Home, cleaner: Cleaner, source_id: str, digest: str | None
) -> Iterator[Input]:
    """The inputs of a source that the cleaner ``digest`` has not looked into (None: all)."""
    columns = (Capture.id, Capture.article_key, Capture.url, Capture.content_type, Capture.captured_at)
    more = (Capture.payload_digest, Capture.stored_digest, Capture.outcome, Capture.warc_file, Capture.warc_offset)
    query = select(*columns, *more).where(Capture.source_id == source_id, TO_READ).order_by(Capture.id)
    if digest is not None:
        query = query.where(~looked_into(digest))
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        dated = cleaner.dated_rules(source_id, row.captured_at)
        groups[row.url, row.content_type, row.payload_digest, row.stored_digest, dated].append(row)
    first_of = {key: min(rows, key=_rank) for key, rows in groups.items()}
    bodies = _bodies(connection, home, [row.stored_digest for row in first_of.values() if row.outcome != "ok"])
    for key, rows in groups.items():
        first = first_of[key]
        yield Input(
            source_id,
            first.article_key or "",
            first.url,
            Place(find_segment(home.archive, first.warc_file), first.warc_offset),
            bodies.get(first.stored_digest),
            tuple((row.id, row.outcome) for row in rows),
        )


def _rank(row: Any) -> tuple[bool, datetime, int]:
    """The record of an input that most surely has a body comes first."""
    return row.outcome != "ok", row.captured_at, row.id


def _bodies(connection: Connection, home: Home, digests: Sequence[str]) -> dict[str, Place]:
    """The record that holds the body with each of these stored digests: a revisit record, which has none of its own,
    always comes later."""
    places: dict[str, Place] = {}
    columns = (Capture.stored_digest, Capture.warc_file, Capture.warc_offset)
    for start in range(0, len(digests), 500):
        some = Capture.stored_digest.in_(digests[start : start + 500]) & (Capture.outcome != "revisit-identical")
        query = select(*columns).where(some).order_by(Capture.captured_at, Capture.id)
        for digest, name, offset in connection.execute(query):
            places.setdefault(digest, Place(find_segment(home.archive, name), offset))
    return places


def _tasks(inputs: Sequence[Input]) -> Iterator[tuple[Input, ...]]:
    task: list[Input] = []
    for one in inputs:
        if task and (len(task) == TASK_RECORDS or one.record.path != task[0].record.path):
            yield tuple(task)
            task = []
        task.append(one)
    if task:
        yield tuple(task)
