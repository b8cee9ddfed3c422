import inspect as python
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect
from sqlalchemy.engine import make_url

from archive.database import SCHEMA, alembic_config, connect, require_current, upgrade
from archive.errors import SchemaError
from archive.models import Base
from archive.views import VIEWS
from tests import upgrades
from tests.databases import Databases
from tests.postgresql import Server

#: All revisions, the first one first; and from where an upgrade can begin.
REVISIONS = [script.revision for script in ScriptDirectory.from_config(alembic_config("sqlite://")).walk_revisions()][
    ::-1
]
STARTS = [None, *REVISIONS[:-1]]


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    engine = connect(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def current(database_url: str) -> Iterator[Engine]:
    engine = connect(database_url)
    yield engine
    engine.dispose()


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def _tables(engine: Engine) -> set[str]:
    with engine.begin() as connection:
        return {*inspect(connection).get_table_names(), *inspect(connection).get_view_names()}


def _schema(engine: Engine) -> dict[str, Any]:
    """Every table and view with its columns, indexes and keys, and the revision; without anything, nothing."""
    with engine.begin() as connection:
        look = inspect(connection)
        found: dict[str, Any] = {
            name: [str(look.get_columns(name)), str(look.get_indexes(name)), str(look.get_foreign_keys(name))]
            for name in look.get_table_names()
        }
        found |= {name: look.get_view_definition(name) for name in look.get_view_names()}
        if "alembic_version" in found:
            found["revision"] = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def _start(url: str, revision: str | None) -> None:
    if revision is not None:
        command.upgrade(alembic_config(url), revision)


def test_an_upgrade_from_nothing_makes_every_table_and_view(empty_url: str, engine: Engine) -> None:
    upgrade(empty_url)
    require_current(engine)
    assert _tables(engine) == {*Base.metadata.tables, *VIEWS, "alembic_version"}


def test_an_upgrade_of_what_is_current_changes_nothing(current: Engine) -> None:
    before = _schema(current)
    upgrade(_url(current))
    require_current(current)
    assert _schema(current) == before


@pytest.mark.parametrize("start", STARTS)
def test_models_and_migrations_agree_wherever_an_upgrade_began(empty_url: str, start: str | None) -> None:
    _start(empty_url, start)
    upgrade(empty_url)
    command.check(alembic_config(empty_url))


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


def test_no_migration_depends_on_todays_code() -> None:
    for script in ScriptDirectory.from_config(alembic_config("sqlite://")).walk_revisions():
        source = python.getsource(import_module(f"migrations.versions.{Path(script.path).stem}"))
        assert "from archive" not in source
        assert "import archive" not in source


def test_a_downgrade_leaves_nothing_of_ours(current: Engine) -> None:
    command.downgrade(alembic_config(_url(current)), "base")
    assert _tables(current) == {"alembic_version"}


def test_a_database_that_is_not_there_says_bantin_init(engine: Engine) -> None:
    with pytest.raises(SchemaError, match="bantin init"):
        require_current(engine)


def test_looking_for_a_database_creates_no_file(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'bantin.db'}")
    with pytest.raises(SchemaError):
        require_current(engine)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_ahead_is_refused_and_not_touched(current: Engine) -> None:
    with current.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = _schema(current)
    with pytest.raises(SchemaError, match="newer"):
        require_current(current)
    with pytest.raises(SchemaError, match="newer"):
        upgrade(_url(current))
    assert _schema(current) == before


def test_a_password_is_in_no_message(postgresql: Server) -> None:
    name = postgresql.create()
    url = make_url(postgresql.url_of(name)).set(password="geheim").render_as_string(hide_password=False)
    upgrade(url)
    with postgresql.connection(name) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine = connect(url)
    for ask in (partial(upgrade, url), partial(require_current, engine)):
        with pytest.raises(SchemaError) as said:
            ask()
        assert "geheim" not in str(said.value)
    engine.dispose()
    postgresql.drop(name)


def test_the_schema_that_the_code_knows_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head() == SCHEMA


def test_a_database_that_is_behind_says_bantin_init(current: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.database.SCHEMA", "9999")
    with pytest.raises(SchemaError, match=r"older than this program \(9999\)\. Run: bantin init"):
        require_current(current)


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


@pytest.mark.parametrize("start", STARTS)
def test_a_migration_whose_process_is_killed_leaves_nothing_and_runs_again(
    databases: Databases, start: str | None
) -> None:
    measured, url = databases.empty(), databases.empty()
    _start(measured, start)
    _start(url, start)
    engine = connect(url)
    try:
        before = _schema(engine) if start is not None else {}
        end = upgrades.moments_of(measured)
        for moment in sorted({end * quarter // 4 for quarter in (1, 2, 3)} | {end - 1, end}):
            upgrades.killed(url, moment)
            assert _schema(engine) == before, f"killed at {moment} of {end}"
        upgrade(url)
        require_current(engine)
        command.check(alembic_config(url))
    finally:
        engine.dispose()


@pytest.mark.parametrize("start", STARTS)
def test_of_two_upgrades_at_once_both_end_well(empty_url: str, engine: Engine, start: str | None) -> None:
    _start(empty_url, start)
    assert upgrades.together(empty_url) == [0, 0]
    require_current(engine)
    command.check(alembic_config(empty_url))
