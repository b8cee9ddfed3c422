"""Corrections in a database of a test: what is made, and what is told of them."""

import json
from collections.abc import Callable
from typing import Any

from archive.correcting import corrections
from archive.database import reading
from archive.queries import changes
from tests.recleans import SLOGAN
from tests.rig import Database

KEY = "songnhue:101"
OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
NEW = "Toàn quận kết nạp 241 đảng viên mới, đạt 120,5 % kế hoạch của cả năm."
LOUD = f"{OLD}</p><p>{SLOGAN}"
RIGHT = "Toàn quận kết nạp 214 đảng viên, đạt 107 % kế hoạch năm."
WHY = "theo bản in của Quận ủy"
Correct = Callable[..., dict[str, Any]]


def row(database: Database, key: str = KEY) -> dict[str, Any]:
    rows = [json.loads(line) for line in database.export().splitlines()]
    return next(one for one in rows if one["article_key"] == key)


def feed(database: Database, since: int = 0) -> list[dict[str, Any]]:
    with reading(database.engine) as connection:
        return changes(connection, since)


def cursor(database: Database) -> int:
    return max((one["cursor"] for one in feed(database)), default=0)


def states(database: Database) -> list[tuple[str, str]]:
    with reading(database.engine) as connection:
        return [(one["field"], one["state"]) for one in corrections(connection)]


def editions(database: Database) -> list[tuple[Any, ...]]:
    return database.rows(f"SELECT edition, body FROM v_edition WHERE article_key = '{KEY}' ORDER BY edition")
