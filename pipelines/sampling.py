"""Which texts of an archive are looked at for what repeats, read from their records and cleaned as installed.

Of each source the newest capture of each article, of at most so many articles; which ones, their keys decide, so that
the same archive gives the same sample. Records are read in their order on disk, each dropped when it is counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from archive.clock import rfc3339
from archive.database import batched
from archive.errors import ArchiveError
from archive.models import Capture
from archive.readings import TO_READ
from archive.warc import decode_body
from pipelines.cleaner import Cleaner
from pipelines.exchange import read_exchange
from pipelines.layouts import PLAIN_TEXT
from pipelines.page import Response, tree_of
from pipelines.repetition import Survey
from pipelines.specimens import Origin, Specimen, of_page, of_text
from pipelines.stale import body_places
from pipelines.tasks import Place

#: Pages of more bytes are left aside: what repeats on a site stands on its other pages too.
MOST_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Sampled:
    """One article to look at: the record of its newest capture, and the one with its body, where that is another."""

    source_id: str
    article_key: str
    record: Place
    body: Place | None


def sample(connection: Connection, archive: Path, source_id: str, most: int) -> list[Sampled]:
    """At most ``most`` articles of a source, in the order of their records."""
    good = Capture.outcome.in_(("ok", "revisit-identical")) & TO_READ
    newest: dict[str, int] = {}
    query = select(Capture.article_key, Capture.id).where(Capture.source_id == source_id, good)
    for row in connection.execute(query.order_by(Capture.captured_at, Capture.id)):
        newest[row.article_key or ""] = row.id
    chosen = sorted(newest, key=lambda key: sha256(key.encode()).digest())[:most]
    rows = _rows(connection, [newest[key] for key in chosen])
    again = sorted({row.stored_digest for row in rows if row.outcome != "ok"})
    bodies = body_places(connection, archive, again)
    found = [
        Sampled(
            source_id,
            row.article_key or "",
            Place(archive, row.warc_file, row.warc_offset),
            bodies.get(row.stored_digest) if row.outcome != "ok" else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.record.segment, one.record.offset))


def _rows(connection: Connection, ids: Sequence[int]) -> list[Any]:
    columns = (Capture.article_key, Capture.outcome, Capture.stored_digest, Capture.warc_file, Capture.warc_offset)
    return [row for some in batched(ids) for row in connection.execute(select(*columns).where(Capture.id.in_(some)))]


def survey(
    wanted: Sequence[Sampled], cleaner: Cleaner, layout: str | None, progress: Callable[[int], None]
) -> tuple[Survey, list[str]]:
    """What stands in these texts, of one layout where one is given; and what could not be read, a sentence each."""
    counted, problems = Survey(), []
    for one in wanted:
        try:
            found = _specimen(one, cleaner)
        except ArchiveError as error:
            problems.append(str(error))
            found = None
        if found is not None and layout in (None, found.layout):
            counted.add(found)
        progress(1)
    return counted, problems


def _specimen(one: Sampled, cleaner: Cleaner) -> Specimen | None:
    """The text, or None where its page shows no article under the layouts that are installed."""
    exchange = replace(one.record.exchange(one.body), source_id=one.source_id)
    page = read_exchange(exchange, cleaner, follow=False)
    reading = page.reading
    if reading is None or reading.content is None:
        return None
    origin = Origin(one.source_id, one.article_key, rfc3339(exchange.captured_at))
    if reading.layout == PLAIN_TEXT:
        return of_text(reading, origin)
    payload = decode_body(exchange.body, exchange.header("content-encoding"))
    said = (exchange.status, payload, exchange.header("content-type"))
    if len(payload) > MOST_BYTES:
        return None
    tree = tree_of(Response(one.source_id, exchange.url, exchange.captured_at, *said))
    if tree is None:
        return None
    layout = cleaner.layouts[reading.layout]
    rules = (rule for rule in cleaner.layouts.noise(layout) if rule.holds(one.source_id, exchange.captured_at))
    return of_page(tree, layout, tuple(rules), reading, origin)
