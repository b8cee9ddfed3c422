"""Alembic's way in: called by `archive.database` through ``alembic_config``, which names the database; no ini file.

All pending migrations run in one transaction that holds the write lock from before the current revision is read. So
an interrupted upgrade leaves nothing behind, and of two upgrades at once the second waits and finds the work done.
"""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from archive.database import connect
from archive.models import Base

# Any fixed number serves, as long as every version of this program takes the same one.
POSTGRESQL_LOCK = 7_020_250_701


def include_name(name: str | None, kind: str, _: Any) -> bool:
    """Whether autogenerate and ``alembic check`` look at the database's object of this name."""
    return not (kind == "table" and name is not None and name.startswith("sqlite_"))


def run() -> None:
    """Bring the database that the config names to the revision asked for."""
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise RuntimeError("sqlalchemy.url is not set: use archive.database.alembic_config")
    engine = connect(url)
    try:
        with engine.connect() as connection:
            _loosen_foreign_keys(connection)
            with connection.begin():
                _lock(connection)
                context.configure(
                    connection=connection,
                    target_metadata=Base.metadata,
                    render_as_batch=True,
                    compare_type=True,
                    include_name=include_name,
                )
                context.run_migrations()
    finally:
        engine.dispose()


def _loosen_foreign_keys(connection: Connection) -> None:
    # A batch migration on SQLite drops and recreates the table; with foreign keys on, that would delete or refuse what
    # refers to it. The pragma does nothing inside a transaction, so it goes to the driver before one begins.
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")


def _lock(connection: Connection) -> None:
    # On SQLite, BEGIN IMMEDIATE (archive.database) has taken the write lock already.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRESQL_LOCK})")


run()
