"""Questions about cleaners: which there are, what each has read, and how the readings of two differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select
from sqlalchemy.orm import aliased

from archive.attachments import attachments_of
from archive.comparison import Difference, Told, compare
from archive.database import batched
from archive.errors import UsageError
from archive.models import Capture, CaptureReading, Cleaner, Content, Reading
from archive.promotions import promoted_cleaners
from archive.readings import TO_READ
from archive.records import Attachment, plain_outcome

_READ = (
    Reading.layout,
    Reading.published_at,
    Reading.byline,
    Reading.section,
    Reading.captions,
    Reading.removed,
    Content.title,
    Content.lead,
    Content.body,
)


def find_cleaner(connection: Connection, prefix: str) -> str:
    """The digest that begins with ``prefix``. Raises UsageError where there is none, or more than one."""
    query = select(Cleaner.digest).where(Cleaner.digest.startswith(prefix, autoescape=True))
    digests = list(connection.execute(query).scalars())
    if len(digests) != 1:
        said = f"{len(digests)} cleaners' digests begin so" if digests else "no cleaner's digest begins so"
        raise UsageError(f"{prefix!r}: {said}. See: bantin cleaners list")
    return digests[0]


def cleaners(connection: Connection) -> list[dict[str, Any]]:
    """One row for each source and cleaner that has looked into its captures, by source, oldest cleaner first:
    `source_id digest first_used_at promoted`, the `captures` it has looked into, how many it is `lacking`, and the
    `readings` it made."""
    promoted = promoted_cleaners(connection)
    all_captures = select(Capture.source_id, func.count().label("n")).where(TO_READ).group_by(Capture.source_id)
    wanted = {row.source_id: row.n for row in connection.execute(all_captures)}
    counts = (func.count().label("captures"), func.count(CaptureReading.reading_id.distinct()).label("readings"))
    rows = connection.execute(
        select(Capture.source_id, Cleaner.digest, Cleaner.first_used_at, *counts)
        .select_from(CaptureReading)
        .join(Cleaner, Cleaner.digest == CaptureReading.cleaner_digest)
        .join(Capture, Capture.id == CaptureReading.capture_id)
        .where(TO_READ)
        .group_by(Capture.source_id, Cleaner.digest, Cleaner.first_used_at)
        .order_by(Capture.source_id, Cleaner.first_used_at, Cleaner.digest)
    )
    return [
        {
            **row._asdict(),
            "lacking": wanted[row.source_id] - row.captures,
            "promoted": promoted.get(row.source_id) == row.digest,
        }
        for row in rows
    ]


def differences(
    connection: Connection, a: str, b: str, source_id: str | None = None
) -> Iterator[tuple[str, Difference | None]]:
    """For every input that both cleaners have looked into, its source, and how B reads it differently; None where
    nobody sees it."""
    one, other = aliased(CaptureReading), aliased(CaptureReading)
    compared = (
        one.reading_id.label("one_id"),
        other.reading_id.label("other_id"),
        _plain(one.outcome).label("one_outcome"),
        _plain(other.outcome).label("other_outcome"),
    )
    # Captures with the same readings are of the same input; where nothing was read, those of the same bytes are.
    query = (
        select(func.min(Capture.id).label("capture_id"), *compared)
        .join(one, and_(one.capture_id == Capture.id, one.cleaner_digest == a))
        .join(other, and_(other.capture_id == Capture.id, other.cleaner_digest == b))
        .where(TO_READ)
        .group_by(Capture.url, Capture.content_type, Capture.payload_digest, *compared)
        .order_by("capture_id")
    )
    if source_id is not None:
        query = query.where(Capture.source_id == source_id)
    pairs = connection.execute(query).all()
    for some in batched(pairs):
        yield from _compared(connection, some)


def told_by(
    connection: Connection, cleaners: Mapping[str, str], capture_ids: Sequence[int]
) -> dict[int, tuple[int | None, Told]]:
    """What these cleaners (by source) read in these captures, and the reading's id; those they have not looked into are
    left out."""
    holds = or_(false(), *(_read_for(source_id, digest) for source_id, digest in cleaners.items()))
    query = (
        select(CaptureReading.capture_id, CaptureReading.reading_id, CaptureReading.outcome, *_READ)
        .join(Capture, Capture.id == CaptureReading.capture_id)
        .outerjoin(Reading, Reading.id == CaptureReading.reading_id)
        .outerjoin(Content, Content.content_hash == Reading.content_hash)
    )
    found = {}
    for some in batched(capture_ids):
        rows = connection.execute(query.where(CaptureReading.capture_id.in_(some), holds)).all()
        named = attachments_of(connection, (row.reading_id for row in rows))
        for row in rows:
            found[row.capture_id] = row.reading_id, _told(row.outcome, row, named.get(row.reading_id, ()))
    return found


def _read_for(source_id: str, digest: str) -> ColumnElement[bool]:
    return and_(Capture.source_id == source_id, CaptureReading.cleaner_digest == digest)


def _compared(connection: Connection, pairs: Sequence[Any]) -> Iterator[tuple[str, Difference | None]]:
    wanted = {reading_id for pair in pairs for reading_id in (pair.one_id, pair.other_id) if reading_id is not None}
    rows = connection.execute(
        select(Reading.id, *_READ)
        .outerjoin(Content, Content.content_hash == Reading.content_hash)
        .where(Reading.id.in_(wanted))
    )
    read = {row.id: row for row in rows}
    named = attachments_of(connection, wanted)
    columns = (Capture.id, Capture.source_id, Capture.article_key, Capture.url)
    ids = [pair.capture_id for pair in pairs]
    captures = {row.id: row for row in connection.execute(select(*columns).where(Capture.id.in_(ids)))}
    for pair in pairs:
        capture = captures[pair.capture_id]
        before, after = (
            _told(outcome, read.get(reading_id), named.get(reading_id, ()))
            for outcome, reading_id in ((pair.one_outcome, pair.one_id), (pair.other_outcome, pair.other_id))
        )
        found = compare(capture.source_id, capture.article_key or "", capture.url, before, after)
        yield capture.source_id, found


def _plain(outcome: Any) -> Any:
    return case((outcome == "revisit-identical", "ok"), else_=outcome)


def _told(outcome: str, row: Any, named: Sequence[Attachment]) -> Told:
    if row is None or row.layout is None:
        return Told(plain_outcome(outcome))
    return Told(
        plain_outcome(outcome),
        row.layout,
        row.title,
        row.lead,
        tuple(row.body.split("\n")) if row.body else (),
        row.published_at,
        row.byline,
        row.section,
        tuple(row.captions),
        tuple((removed["rule"], removed["text"]) for removed in row.removed),
        tuple(one.url for one in named),
    )
