"""The change feed: what tools that follow the database read.

A follower asks for what came after its cursor, so cursors must become visible in their order. On PostgreSQL a number
is taken when a row is inserted but seen when its transaction ends: two writers at once would let a follower pass over
the slower one. So whoever writes to the feed holds a lock from its first row to its end; it is the last thing a
transaction does.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from archive.database import insert_new
from archive.models import Change

# Any fixed number serves, as long as every version of this program takes the same one.
_POSTGRESQL_LOCK = 7_020_250_702


def tell(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    """Append ``changes`` in their order. SQLite has one writer at a time and needs no lock."""
    if changes and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})")
    insert_new(connection, Change, changes)
