"""The change feed: what is told comes in its order, is told once, and a follower misses nothing of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.database import insert_new, reading
from archive.models import Change
from archive.queries import changes
from pipelines.layouts import Layouts
from tests.builders import installed
from tests.rig import Database, day


@pytest.fixture
def database(tmp_path: Path, layouts: Layouts, database_url: str) -> Iterator[Database]:
    made = Database(database_url, tmp_path, installed(layouts))
    yield made
    made.close()


def change(kind: str, key: str | None = None, **detail: Any) -> dict[str, Any]:
    return {"at": day(0), "kind": kind, "article_key": key, "source_id": "songnhue", "detail": detail}


def told(database: Database, since: int = 0) -> list[dict[str, Any]]:
    with reading(database.engine) as connection:
        return changes(connection, since)


def test_changes_stand_in_the_order_in_which_they_are_told(database: Database) -> None:
    kinds = ["promotion", "article", "edition", "reading", "withdrawn"]
    with database.engine.begin() as connection:
        insert_new(connection, Change, [change(kind, f"songnhue:{n}", edition=n) for n, kind in enumerate(kinds)])
    rows = told(database)
    assert [row["kind"] for row in rows] == kinds
    assert [row["cursor"] for row in rows] == sorted(row["cursor"] for row in rows)
    assert [row["detail"] for row in rows] == [{"edition": n} for n in range(5)]


def test_a_follower_goes_on_from_its_cursor(database: Database) -> None:
    with database.engine.begin() as connection:
        insert_new(connection, Change, [change("article", "songnhue:1")])
    cursor = told(database)[-1]["cursor"]
    assert told(database, cursor) == []
    with database.engine.begin() as connection:
        insert_new(connection, Change, [change("edition", "songnhue:1"), change("gone", "songnhue:1")])
    assert [row["kind"] for row in told(database, cursor)] == ["edition", "gone"]


def test_a_cursor_is_never_used_again(database: Database) -> None:
    with database.engine.begin() as connection:
        insert_new(connection, Change, [change("article", "songnhue:1")])
    last = told(database)[-1]["cursor"]
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM change")
        insert_new(connection, Change, [change("article", "songnhue:2")])
    assert told(database)[0]["cursor"] > last


def test_nothing_to_tell_writes_nothing(database: Database) -> None:
    before = database.dump()
    with database.engine.begin() as connection:
        insert_new(connection, Change, [])
    assert database.dump() == before


def test_what_was_not_committed_was_never_told(database: Database) -> None:
    with database.engine.connect() as connection, connection.begin() as transaction:
        insert_new(connection, Change, [change("article", "songnhue:1")])
        transaction.rollback()
    assert told(database) == []
