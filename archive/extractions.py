"""What the first stage of cleaning left of each input: kept so that the second can run again without the page.

One an input, the newest: it is no part of the record, and can be made again from the archive.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from archive.database import batched, upsert
from archive.models import Extraction
from archive.records import Extracted


def keep_extractions(connection: Connection, extracted: Iterable[Extracted | None]) -> None:
    """Store extractions; one that another cleaner made of the same input makes way."""
    found = {one.input_digest: one for one in extracted if one is not None}
    rows = [
        {"input_digest": key, "extraction_digest": one.extraction_digest, "blocks": one.blocks}
        for key, one in sorted(found.items())
    ]
    if rows:
        statement = upsert(connection, Extraction)
        moved = {name: statement.excluded[name] for name in ("extraction_digest", "blocks")}
        connection.execute(statement.on_conflict_do_update(index_elements=["input_digest"], set_=moved), rows)


def kept_extractions(connection: Connection, wanted: Mapping[str, str]) -> set[str]:
    """Those of these inputs whose extraction is kept, as the extraction digest named with each would leave it."""
    columns = select(Extraction.input_digest, Extraction.extraction_digest)
    found: set[str] = set()
    for some in batched(sorted(wanted)):
        rows = connection.execute(columns.where(Extraction.input_digest.in_(some)))
        found |= {row.input_digest for row in rows if wanted[row.input_digest] == row.extraction_digest}
    return found


def load_extractions(connection: Connection, wanted: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    """The blocks of these inputs (with their extraction digests), by input; those that are not kept are left out."""
    columns = select(Extraction.input_digest, Extraction.extraction_digest, Extraction.blocks)
    pairs, found = set(wanted), dict[str, bytes]()
    for some in batched(sorted({key for key, _ in pairs})):
        rows = connection.execute(columns.where(Extraction.input_digest.in_(some)))
        found |= {row.input_digest: row.blocks for row in rows if (row.input_digest, row.extraction_digest) in pairs}
    return found
