"""Databases for the reading side: SQLite always, PostgreSQL where BANTIN_TEST_POSTGRESQL names a server to use.

Example: ``BANTIN_TEST_POSTGRESQL=postgresql+psycopg://postgres@127.0.0.1:5432/postgres``; each test makes and drops a
database of its own there.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url

from archive.database import connect, reading, upgrade
from tests.sample import fill

POSTGRESQL = os.environ.get("BANTIN_TEST_POSTGRESQL")


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that is not there yet (SQLite), or empty (PostgreSQL)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bantin.db'}"
        return
    assert POSTGRESQL is not None
    name = f"bantin_test_{uuid4().hex}"
    server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def database_url(empty_url: str) -> str:
    """A database with the newest schema and no rows."""
    upgrade(empty_url)
    return empty_url


@pytest.fixture
def archive(database_url: str) -> Iterator[Connection]:
    """A connection that reads the sample."""
    engine = connect(database_url)
    with engine.begin() as connection:
        fill(connection)
    with reading(engine) as connection:
        yield connection
    engine.dispose()
