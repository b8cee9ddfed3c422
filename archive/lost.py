"""Revisits that came before what they refer to: captures of which nothing could be read yet.

Whoever imports newer files first has them. Once what they refer to is here, their rows make way for what the same
records say then; nothing else refers to such a row.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, select

from archive.database import reading
from archive.models import Capture, Crawl

#: How the reason of such a capture begins.
REVISIT_OF = "revisit of "


def lost_revisits(engine: Engine) -> list[Row[Any]]:
    """All of them by their places, as rows of ``id source_id key (the crawl's) warc_file warc_offset warc_length``."""
    columns = (Capture.id, Capture.source_id, Crawl.key, Capture.warc_file, Capture.warc_offset, Capture.warc_length)
    lost = (Capture.outcome == "failed", Capture.stored_digest == "", Capture.reason.startswith(REVISIT_OF))
    query = select(*columns).join(Crawl, Crawl.id == Capture.crawl_id).where(*lost)
    with reading(engine) as connection:
        return list(connection.execute(query.order_by(Capture.warc_file, Capture.warc_offset)))


def forget(connection: Connection, capture_ids: Iterable[int]) -> None:
    """Take back these captures, of which nothing was ever read."""
    connection.execute(delete(Capture).where(Capture.id.in_(list(capture_ids)), Capture.stored_digest == ""))
