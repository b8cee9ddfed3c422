"""The sample, on both databases; and a database in which corrections are made."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from archive.correcting import Wish
from archive.database import connect, reading
from pipelines.layouts import Layouts
from tests.corrections import KEY, WHY, Correct
from tests.databases import Databases
from tests.recleans import cleaner_of, with_rule
from tests.rig import Database, Rig


@pytest.fixture
def archive(sample_url: str) -> Iterator[Connection]:
    """A connection that reads the sample."""
    engine = connect(sample_url)
    try:
        with reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, cleaner_of(layouts))


@pytest.fixture
def newer(tmp_path: Path, layouts: Layouts) -> Rig:
    """Takes the slogan."""
    return Rig(tmp_path, cleaner_of(with_rule(layouts)))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, newer: Rig, databases: Databases) -> Iterator[Database]:
    made = Database(databases.migrated(), tmp_path / "archive", rig.cleaner, newer.cleaner)
    yield made
    made.close()


@pytest.fixture
def correct(database: Database) -> Correct:
    def make(field: str, value: str | None = None, at: datetime | None = None, **said: Any) -> dict[str, Any]:
        return database.store.correct(Wish(KEY, field, value, said.pop("reason", WHY), at, **said))

    return make
