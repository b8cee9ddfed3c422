"""What persons decided: corrections in their table, one row a decision, the last of a field at a capture in force.

The journal has each before the table does. Folding asks for those of a batch of articles in one statement.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from archive.clock import parse_rfc3339, rfc3339
from archive.database import batched, insert_new
from archive.models import Capture, CaptureReading, Content, Reading
from archive.models import Correction as CorrectionRow
from archive.seen import Correction, Words

#: The journal's kind of entry for a decision.
ENTRY = "correction"


def decisions(connection: Connection, keys: Sequence[str]) -> dict[str, list[Correction]]:
    """All decisions on these articles, by article, in the order made; at most a batch of keys."""
    found: defaultdict[str, list[Correction]] = defaultdict(list)
    wanted = select(CorrectionRow.__table__).where(CorrectionRow.article_key.in_(keys)).order_by(CorrectionRow.id)
    for row in connection.execute(wanted):
        found[row.article_key].append(_decision(row))
    return found


def decided(connection: Connection) -> dict[str, list[Correction]]:
    """The same of all articles that a person ever corrected."""
    keys = sorted(connection.execute(select(CorrectionRow.article_key).distinct()).scalars())
    return {key: made for some in batched(keys) for key, made in decisions(connection, some).items()}


def words_of(connection: Connection, keys: Iterable[str]) -> dict[str, Words]:
    """Every text that any cleaner read in the captures of these articles, by its hash."""
    columns = (Content.content_hash, Content.title, Content.lead, Content.body)
    query = select(*columns).distinct().join(Reading, Reading.content_hash == Content.content_hash)
    query = query.join(CaptureReading, CaptureReading.reading_id == Reading.id)
    query = query.join(Capture, Capture.id == CaptureReading.capture_id)
    found = {}
    for some in batched(sorted(keys)):
        for row in connection.execute(query.where(Capture.article_key.in_(some))):
            found[row.content_hash] = Words(row.title, row.lead, row.body)
    return found


def facts(key: str, decision: Correction) -> dict[str, Any]:
    """A decision as the journal has it; its ``at`` is when it was made."""
    said: dict[str, Any] = {"article": key, "capture": rfc3339(decision.captured_at), "field": decision.field}
    said |= {"withdrawn": True} if decision.withdrawn else {"value": decision.value}
    return said | {"reason": decision.reason}


def recalled(entry: Mapping[str, Any]) -> tuple[str, Correction]:
    """The article's key and the decision, of a journal's entry."""
    captured_at, made_at = parse_rfc3339(entry["capture"]), parse_rfc3339(entry["at"])
    value, withdrawn = entry.get("value"), entry.get("withdrawn", False)
    return entry["article"], Correction(captured_at, entry["field"], value, entry["reason"], made_at, withdrawn)


def keep(connection: Connection, made: Iterable[tuple[str, Correction]]) -> None:
    """Store decisions, each with its article's key, in this order. The journal must have them already."""
    rows = [
        {
            "article_key": key,
            "captured_at": one.captured_at,
            "field": one.field,
            "value": one.value,
            "reason": one.reason,
            "made_at": one.made_at,
            "withdrawn": one.withdrawn,
        }
        for key, one in made
    ]
    insert_new(connection, CorrectionRow, rows)


def told(correction: Correction) -> dict[str, Any]:
    """A correction as readings, editions and commands tell it."""
    times = {"corrected_at": rfc3339(correction.made_at), "captured_at": rfc3339(correction.captured_at)}
    return {"field": correction.field, "reason": correction.reason, **times}


def _decision(row: Row[Any]) -> Correction:
    made_at: datetime = row.made_at
    return Correction(row.captured_at, row.field, row.value, row.reason, made_at, row.withdrawn)
