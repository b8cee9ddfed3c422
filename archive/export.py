"""Exports: the articles as they are now, one row each, in the form that the contract fixes (docs/database.md)."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection

from archive.clock import rfc3339
from archive.errors import BantinError, UsageError
from archive.queries import Row, dressed, first, typed

#: The keys of a JSONL row, in their order.
KEYS = (
    *("article_key", "source_id", "url", "urls", "title", "lead", "body", "published_at", "published_evidence"),
    *("byline", "section", "sections", "captions", "language", "content_hash", "body_hash", "duplicate_of"),
    *("edition", "editions", "first_captured_at", "last_captured_at", "captured_at", "gone_at", "cleaner", "warnings"),
    *("attachments", "corrected"),
)
#: The keys of each of its attachments; `digest` is of the file's bytes, null where none was captured.
ATTACHMENT_KEYS = ("url", "label", "kind", "outcome", "captured_at", "digest", "bytes", "content_type")

BATCH = 500

_ALL = typed("SELECT * FROM v_article ORDER BY article_key")
_OF_SOURCE = typed("SELECT * FROM v_article WHERE source_id = :source_id ORDER BY article_key")
_SOURCE = typed("SELECT id FROM source WHERE id = :source_id")


def export_jsonl(connection: Connection, out: TextIO, *, source_id: str | None = None) -> int:
    """Write one JSON object a line, by article key, all articles or one source's; how many were written.

    Holds a batch of articles in memory, never all. Raises UsageError for a source that the database does not know.
    """
    count = 0
    for row in _articles(connection, source_id):
        out.write(json_line(contract(row)))
        count += 1
    return count


def contract(row: Row) -> Row:
    """What the contract says of an article, of a row as `archive.queries.article` gives it."""
    files = [{"digest": one["payload_digest"], **one} for one in row["attachments"]]
    named: Row = {"attachments": [{name: one[name] for name in ATTACHMENT_KEYS} for one in files]}
    named |= {"corrected": [one["field"] for one in row["corrected"]]}
    return {name: (row | named)[name] for name in KEYS}


def export_to(path: Path, write: Callable[[TextIO], int]) -> int:
    """Let ``write`` fill the file at ``path``, which appears, or is replaced, only when it is whole.

    A device or pipe is written to as it is. Raises UsageError for a folder that is not there, BantinError where the
    file cannot be written.
    """
    path = path.resolve()
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}. Create it, or give another path")
    if path.is_dir():
        raise UsageError(f"{path}: is a folder. Give the path of a file, e.g. {path / 'articles.jsonl'}")
    try:
        return _write_through(path, write) if path.exists() and not path.is_file() else _write_beside(path, write)
    except OSError as error:
        raise BantinError(f"{path}: cannot be written ({error.strerror}). Check access and free space") from error


def json_line(value: Any) -> str:
    """``value`` as one line of JSON: UTF-8 letters as they are, times as RFC 3339 in UTC."""
    return json.dumps(value, ensure_ascii=False, default=_plain) + "\n"


def _articles(connection: Connection, source_id: str | None) -> Iterator[Row]:
    if source_id is not None and first(connection, _SOURCE, source_id=source_id) is None:
        raise UsageError(f"{source_id}: no such source in this database. Run `bantin status` to list them")
    statement, parameters = (_ALL, {}) if source_id is None else (_OF_SOURCE, {"source_id": source_id})
    found = connection.execute(statement, parameters, execution_options={"yield_per": BATCH})
    for part in found.mappings().partitions():
        yield from dressed(connection, [dict(row) for row in part])


def _write_beside(path: Path, write: Callable[[TextIO], int]) -> int:
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as out:
            count = write(out)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    return count


def _write_through(path: Path, write: Callable[[TextIO], int]) -> int:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        return write(out)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
