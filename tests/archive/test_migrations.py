import inspect as python
from collections.abc import Iterator
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, event, inspect

from archive.database import alembic_config, connect, require_current, upgrade
from archive.errors import SchemaError
from archive.models import Base
from archive.views import VIEWS


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    engine = connect(empty_url)
    yield engine
    engine.dispose()


def _tables(engine: Engine) -> set[str]:
    with engine.begin() as connection:
        return {*inspect(connection).get_table_names(), *inspect(connection).get_view_names()}


def _set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_an_upgrade_from_nothing_makes_every_table_and_view(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url)
    require_current(engine)
    assert _tables(engine) == {*Base.metadata.tables, *VIEWS, "alembic_version"}


def test_an_upgrade_of_what_is_current_changes_nothing(database_url: str, engine: Engine) -> None:
    upgrade(database_url)
    require_current(engine)


def test_models_and_migrations_agree(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_the_views_in_the_database_are_those_in_the_code(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bantin.db'}"
    upgrade(url)
    engine = connect(url)
    with engine.begin() as connection:
        stored = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'view'")
        assert dict(tuple(row) for row in stored) == {
            name: f"CREATE VIEW {name} AS {statement.strip()}" for name, statement in VIEWS.items()
        }
    engine.dispose()


def test_the_first_migration_does_not_depend_on_todays_code() -> None:
    source = python.getsource(import_module("migrations.versions.0001_backbone"))
    assert "from archive" not in source
    assert "import archive" not in source


def test_a_downgrade_leaves_nothing_of_ours(database_url: str, engine: Engine) -> None:
    command.downgrade(alembic_config(database_url), "base")
    assert _tables(engine) == {"alembic_version"}


def test_a_database_that_is_not_there_says_bantin_init(empty_url: str, engine: Engine) -> None:
    with pytest.raises(SchemaError, match="bantin init"):
        require_current(engine)


def test_looking_for_a_database_creates_no_file(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'bantin.db'}")
    with pytest.raises(SchemaError):
        require_current(engine)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_ahead_is_refused_and_not_touched(database_url: str, engine: Engine) -> None:
    _set_revision(engine, "9999")
    before = _tables(engine)
    with pytest.raises(SchemaError, match="newer"):
        require_current(engine)
    with pytest.raises(SchemaError, match="newer"):
        upgrade(database_url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"
    assert _tables(engine) == before


def test_a_database_that_is_behind_says_bantin_init(
    database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alembic.script.ScriptDirectory.get_current_head", lambda _: "0002")
    with pytest.raises(SchemaError, match=r"older than this program \(0002\)\. Run: bantin init"):
        require_current(engine)


def test_an_interrupted_migration_leaves_nothing_and_runs_again(empty_url: str, engine: Engine) -> None:
    def interrupt(*arguments: Any) -> None:
        if "CREATE VIEW v_duplicate" in arguments[2]:
            raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            upgrade(empty_url)
    finally:
        event.remove(Engine, "before_cursor_execute", interrupt)
    assert _tables(engine) == set()
    upgrade(empty_url)
    require_current(engine)


def test_of_two_upgrades_at_once_both_end_well(empty_url: str, engine: Engine) -> None:
    context = get_context("spawn")
    both = [context.Process(target=upgrade, args=(empty_url,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    require_current(engine)
