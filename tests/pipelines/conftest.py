"""Collections to import into, and databases to reclean."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from archive.catalogue import SourceFacts
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from tests.builders import SOURCES
from tests.databases import Databases, SqliteDatabases
from tests.imports import Collection
from tests.recleans import cleaner_of, with_common, with_rule
from tests.rig import Database, Rig

Make = Callable[..., Collection]
MakeDatabase = Callable[..., Database]


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


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, cleaner_of(layouts))


@pytest.fixture
def newer(layouts: Layouts) -> Cleaner:
    """Takes the slogan."""
    return cleaner_of(with_rule(layouts))


@pytest.fixture
def blunt(layouts: Layouts) -> Cleaner:
    """Does not know how pages say that nothing is there."""
    return cleaner_of(with_common(layouts, soft_gone=()))


@pytest.fixture
def make(tmp_path: Path, database_url: str, rig: Rig, newer: Cleaner, blunt: Cleaner) -> Iterator[MakeDatabase]:
    """Makes the test's database; with further cleaners, if any."""
    made: list[Database] = []

    def new(*cleaners: Cleaner) -> Database:
        made.append(Database(database_url, tmp_path, rig.cleaner, newer, blunt, *cleaners))
        made[-1].store.add_sources([SourceFacts("bao", "Báo", "press", "img-editor")])
        return made[-1]

    yield new
    for database in made:
        database.close()
