"""Attachments in the database: what readings name, what came for it, and the bytes out of the archive again.

A reading says which addresses its page names, captures say what came there; `v_attachment` brings them together by
address key. So a file that was imported before the article that names it is found all the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exists, select

from archive.database import batched, insert_new
from archive.errors import ArchiveError
from archive.models import Article, File, Frontier, ReadingAttachment
from archive.records import Attachment, Capture, Reading
from archive.segments import find_segment
from archive.warc import decode_body, read_record


def insert_attachments(
    connection: Connection, readings: Mapping[tuple[str, str], Reading], ids: Mapping[tuple[str, str], int]
) -> None:
    """Store what readings (by input and cleaner) name; what is there already stays as it is."""
    rows = [
        {"reading_id": ids[key], "position": position, **values_of(one)}
        for key, reading in sorted(readings.items(), key=lambda item: item[0])
        for position, one in enumerate(reading.attachments, 1)
    ]
    insert_new(connection, ReadingAttachment, rows)


def values_of(one: Attachment) -> dict[str, Any]:
    """What `reading_attachment` has of it, beside the reading and its place there."""
    return {"kind": one.kind, "url": one.url, "url_key": one.url_key, "label": one.label}


def attachments_of(connection: Connection, reading_ids: Iterable[int | None]) -> dict[int, tuple[Attachment, ...]]:
    """What these readings name, in the page's order; those that name nothing are left out."""
    found: dict[int, tuple[Attachment, ...]] = {}
    for some in batched(sorted({number for number in reading_ids if number is not None})):
        query = select(ReadingAttachment.__table__).where(ReadingAttachment.reading_id.in_(some))
        for row in connection.execute(query.order_by(ReadingAttachment.reading_id, ReadingAttachment.position)):
            one = Attachment(row.kind, row.url, row.url_key, row.label)
            found[row.reading_id] = (*found.get(row.reading_id, ()), one)
    return found


def never_asked_for(connection: Connection, source_id: str) -> list[Attachment]:
    """What a source's articles name and the frontier does not know: a reclean found it, or the source wants it now."""
    known = exists().where(Frontier.source_id == source_id, Frontier.url_key == ReadingAttachment.url_key)
    columns = (ReadingAttachment.kind, ReadingAttachment.url, ReadingAttachment.url_key)
    query = select(*columns).join(Article, Article.current_reading_id == ReadingAttachment.reading_id)
    query = query.where(Article.source_id == source_id, ~known).order_by(
        Article.article_key, ReadingAttachment.position
    )
    return [Attachment(*row) for row in connection.execute(query)]


def note_files(connection: Connection, captures: Sequence[Capture]) -> None:
    """Store what the files are that captures brought, each by its bytes."""
    files = {c.page.payload_digest: c.page.file for c in captures if c.page.file is not None}
    rows = [{"payload_digest": key, "type": one.type, "bytes": one.bytes} for key, one in sorted(files.items())]
    insert_new(connection, File, rows)


def read_file(folder: Path, row: Mapping[str, Any]) -> bytes:
    """The bytes of a row of v_attachment that has a digest. Raises ArchiveError where the archive has them no more."""
    if row["warc_file"] is None:
        raise ArchiveError(f"{row['url']}: no record with its bytes is in the archive. Run: bantin verify")
    record = read_record(find_segment(folder, row["warc_file"]), row["warc_offset"])
    exchange = record.exchange()
    if exchange is None:
        raise ArchiveError(f"{row['warc_file']}: no capture's record at byte {row['warc_offset']}. Run: bantin verify")
    return decode_body(exchange.body, exchange.header("content-encoding"))
