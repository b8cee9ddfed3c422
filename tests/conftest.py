"""What holds for every test: no network but loopback, the same examples each time, databases, the recorded portal."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from archive.database import upgrade
from pipelines.layouts import Layouts
from tests.databases import KINDS, Databases, PostgresqlDatabases, SqliteDatabases
from tests.portal import articles
from tests.postgresql import NotAvailable, Server, running
from tests.sample import fill_database

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=100, database=None)
settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server, started when the first test asks for it. In CI it must be there."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except NotAvailable as reason:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(reason))
        yield server


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: Server) -> Iterator[str]:
    """The name of a database with the newest schema and no rows, to make others from."""
    name = postgresql.create()
    upgrade(postgresql.url_of(name))
    yield name
    postgresql.drop(name)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where such a file stands, once one is needed."""
    return tmp_path_factory.mktemp("migrated") / "bantin.db"


def _databases(kind: str, folder: Path, request: pytest.FixtureRequest) -> Databases:
    # PostgreSQL is asked for only where it is needed: its server starts with the first test that does.
    if kind == "sqlite":
        return SqliteDatabases(folder, request.getfixturevalue("migrated_sqlite"))
    return PostgresqlDatabases(request.getfixturevalue("postgresql"), request.getfixturevalue("migrated_postgresql"))


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Databases for one test, which runs once on SQLite and once on PostgreSQL."""
    made = _databases(request.param, tmp_path, request)
    yield made
    made.close()


@pytest.fixture(scope="session", params=KINDS)
def sample_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that holds the sample (tests/sample.py); for tests that only read."""
    made = _databases(request.param, tmp_path_factory.mktemp("sample"), request)
    url = made.migrated()
    fill_database(url)
    yield url
    made.close()


@pytest.fixture
def empty_url(databases: Databases) -> str:
    """The URL of a database that is not there yet (SQLite), or empty (PostgreSQL)."""
    return databases.empty()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """A database with the newest schema and no rows."""
    return databases.migrated()


@pytest.fixture(scope="session")
def layouts() -> Layouts:
    """The layouts that are shipped."""
    return Layouts.load()


@pytest.fixture(scope="session")
def portal_pages() -> list[tuple[str, bytes]]:
    """(address, payload) of all article pages of the recorded portal, print copies left out."""
    return articles()
