"""The figures of each source: what was captured, what became of it, what is due. Plain SQL, one statement a figure."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from archive.coverage import ledger
from archive.queries import Row, first, rows, typed

_SOURCES = typed(
    "SELECT s.id AS source_id, s.name, s.level, s.layout, s.listed, p.cleaner_digest AS cleaner, p.promoted_at"
    " FROM source AS s LEFT JOIN v_promoted AS p ON p.source_id = s.id"
)
_CAPTURES = typed(
    "SELECT source_id, outcome, count(*) AS n, max(captured_at) AS last_captured_at FROM v_capture"
    " GROUP BY source_id, outcome"
)
_FIGURES = {
    "articles": typed("SELECT source_id, count(*) AS n FROM v_article GROUP BY source_id"),
    "gone": typed("SELECT source_id, count(*) AS n FROM v_article WHERE gone_at IS NOT NULL GROUP BY source_id"),
    "editions": typed("SELECT source_id, count(*) AS n FROM v_edition GROUP BY source_id"),
    "duplicates": typed(
        "SELECT a.source_id, count(*) AS n FROM v_duplicate AS d JOIN article AS a ON a.article_key = d.article_key"
        " GROUP BY a.source_id"
    ),
    "addresses": typed("SELECT source_id, count(*) AS n FROM frontier GROUP BY source_id"),
}
_UNRECOGNISED = typed(
    "SELECT c.source_id, count(DISTINCT c.id) AS n FROM capture AS c JOIN crawl AS k ON k.id = c.crawl_id"
    " JOIN source AS s ON s.id = c.source_id JOIN capture_reading AS m ON m.capture_id = c.id"
    " JOIN reading AS r ON r.id = m.reading_id"
    " WHERE k.key = :crawl AND s.listed AND r.content_hash IS NULL GROUP BY c.source_id"
)
_CURSOR = typed("SELECT max(cursor) AS cursor FROM v_change")


def by_source(connection: Connection, now: datetime, due: Mapping[str, int]) -> list[Row]:
    """One row a source, by id: `source_id name level layout listed cleaner promoted_at`, how many `articles`, of them
    `gone` and `duplicates`, `editions`, `addresses` known, how many of these are ``due`` (see `frontier.count_due`),
    `captures` by outcome, `last_captured_at`, and the ledger of `this_month` and `last_month` (v_coverage; null where
    nothing happened)."""
    figures = {name: _counts(connection, statement) for name, statement in _FIGURES.items()}
    figures["due"] = dict(due)
    months = ledger(connection, now)
    captures: defaultdict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows(connection, _CAPTURES), key=lambda row: str(row["outcome"])):
        captures[row["source_id"]].append(row)
    return [
        source
        | {"listed": bool(source["listed"])}
        | {name: counts.get(source["source_id"], 0) for name, counts in figures.items()}
        | {
            "captures": {row["outcome"]: row["n"] for row in captures[source["source_id"]]},
            "last_captured_at": max((row["last_captured_at"] for row in captures[source["source_id"]]), default=None),
        }
        | {name: months.get(source["source_id"], {}).get(name) for name in ("this_month", "last_month")}
        for source in sorted(rows(connection, _SOURCES), key=lambda row: str(row["source_id"]))
    ]


def unrecognised(connection: Connection, crawl: str) -> dict[str, int]:
    """For each listed source: how many of a crawl's article pages do not show the marks of its layout."""
    return _counts(connection, _UNRECOGNISED, crawl=crawl)


def newest_cursor(connection: Connection) -> int:
    """The cursor of the newest entry of the change feed; 0 where there is none."""
    found = first(connection, _CURSOR)
    return int(found["cursor"] or 0) if found else 0


def _counts(connection: Connection, statement: Any, **parameters: Any) -> dict[str, int]:
    return {row["source_id"]: row["n"] for row in rows(connection, statement, **parameters)}
