"""Collections to import into."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipelines.cleaner import SourceContext
from pipelines.layouts import Layouts
from tests.builders import SOURCES
from tests.databases import Databases, SqliteDatabases
from tests.imports import Collection

Make = Callable[..., Collection]


@pytest.fixture
def sqlite_databases(tmp_path: Path, migrated_sqlite: Path) -> SqliteDatabases:
    """Databases on SQLite alone: for what does not depend on the kind."""
    return SqliteDatabases(tmp_path, migrated_sqlite)


@pytest.fixture
def collection(tmp_path: Path, sqlite_databases: Databases, layouts: Layouts) -> Iterator[Make]:
    """Makes collections, each with a home of its own, for the made-up sources unless others are given."""
    made: list[Collection] = []

    def make(name: str = "home", sources: Sequence[SourceContext] = SOURCES) -> Collection:
        made.append(Collection(tmp_path / name, sqlite_databases, layouts, sources))
        return made[-1]

    yield make
    for one in made:
        one.close()
