"""The database: engine, transactions, and whether its schema is the one this code knows."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from archive.errors import SchemaError, UsageError
from archive.models import Base

# Alembic loads slowly: only where a schema is made or is not the one expected is it asked.
if TYPE_CHECKING:
    from alembic.config import Config

#: The newest revision in ``migrations``.
SCHEMA = "0005"
# Folding a large source under another cleaner takes minutes; a crawl that waits for it loses nothing.
BUSY_SECONDS = 600
_NAMED = 400
Item = TypeVar("Item")
# Any fixed number serves, as long as every version of this program takes the same one.
WRITER_LOCK = 7_020_250_703


def connect(url: str) -> Engine:
    """An engine for ``url``, on which one process writes at a time and the others wait, at most BUSY_SECONDS.

    SQLite runs in WAL mode with full durability. Raises UsageError for an unusable URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError("the database URL cannot be read. Write it like sqlite:////data/bantin.db") from error
    kind, shown = parsed.get_backend_name(), parsed.render_as_string(hide_password=True)
    if kind not in ("sqlite", "postgresql"):
        raise UsageError(f"{shown}: only sqlite and postgresql databases are supported. Give such a --database URL")
    # A statement must see what was written while its transaction waited: hence READ COMMITTED. A server that was
    # restarted since the last transaction is asked anew: hence the ping.
    options: dict[str, Any] = {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}
    if kind == "sqlite":
        options = {"connect_args": {"timeout": BUSY_SECONDS}}
    try:
        engine = create_engine(url, json_serializer=_json, **options)
    except (ArgumentError, ModuleNotFoundError) as error:
        remedy = "PostgreSQL needs postgresql+psycopg:// and: pip install 'bantin[postgres]'"
        raise UsageError(f"{shown}: cannot be used ({error}). {remedy}") from error
    if kind == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "connect", _configure_postgresql)
        event.listen(engine, "begin", _wait_for_writers)
    return engine


def _json(value: Any) -> str:
    """Letters as they are, so that plain SQL finds them in SQLite's text; most lists of a reading are empty."""
    return "[]" if value == [] else json.dumps(value, ensure_ascii=False)


def _configure_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that turns to writing fails when another writer was faster; an immediate one waits.
    mode = "" if connection.get_execution_options().get("bantin_read_only") else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _configure_postgresql(connection: Any, _: Any) -> None:
    # Server, database and role may have other defaults; psycopg reads times in the ISO style only.
    connection.autocommit = True
    connection.cursor().execute("SELECT set_config('datestyle', 'ISO', false), set_config('timezone', 'UTC', false)")
    connection.autocommit = False


def _wait_for_writers(connection: Connection) -> None:
    # One writer at a time, as on SQLite: two that write the same rows in another order would lock each other up, two
    # could lease one source, and a cursor of the change feed could become visible after a larger one.
    if not connection.get_execution_options().get("bantin_read_only"):
        wait = f"set_config('lock_timeout', '{BUSY_SECONDS}s', true)"
        connection.exec_driver_sql(f"SELECT {wait}, pg_advisory_xact_lock({WRITER_LOCK})")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database and writes nothing."""
    options: dict[str, Any] = {"bantin_read_only": True}
    if engine.dialect.name == "postgresql":
        # SQLite's readers see one state as it is.
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def insert_new(connection: Connection, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``; those whose key is there already are left as they are."""
    if rows:
        connection.execute(upsert(connection, model).on_conflict_do_nothing(), rows)


def batched(keys: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """``keys`` in batches that one statement can name: PostgreSQL takes 65,535 values in one, SQLite may take fewer."""
    return (keys[start : start + _NAMED] for start in range(0, len(keys), _NAMED))


def upsert(connection: Connection, model: type[Base]) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT."""
    flavour: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return flavour.insert(model.__table__)


def insert_one(connection: Connection, model: type[Base], **values: Any) -> int:
    """Insert one row and return its id."""
    result = connection.execute(insert(cast(Table, model.__table__)).values(**values))
    return int((result.inserted_primary_key or [0])[0])


def alembic_config(url: str) -> "Config":
    """Alembic set up for the packaged migrations; needs no ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Create the database or bring it to the newest schema. Raises SchemaError where it is ahead of this code."""
    from alembic import command

    config = alembic_config(url)
    engine = connect(url)
    try:
        current = _revision(engine)
        if current is not None and current not in _revisions():
            shown = engine.url.render_as_string(hide_password=True)
            raise SchemaError(f"{shown}: its schema ({current}) is newer than this program. Install a newer bantin")
        command.upgrade(config, "head")
    finally:
        engine.dispose()


def require_current(engine: Engine) -> None:
    """Raise SchemaError, saying what to do, unless the schema is the one this code knows."""
    current = _revision(engine)
    if current == SCHEMA:
        return
    url = engine.url.render_as_string(hide_password=True)
    if current is None:
        raise SchemaError(f"{url}: no bantin database there. Run: bantin init")
    if current in _revisions():
        raise SchemaError(f"{url}: its schema ({current}) is older than this program ({SCHEMA}). Run: bantin init")
    raise SchemaError(f"{url}: its schema ({current}) is newer than this program ({SCHEMA}). Install a newer bantin")


def _revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(alembic_config("")).walk_revisions()}


def _revision(engine: Engine) -> str | None:
    sqlite_file = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    if sqlite_file and sqlite_file != ":memory:" and not Path(sqlite_file).exists():
        return None
    try:
        with reading(engine) as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(
            f"{engine.url.render_as_string(hide_password=True)}: cannot be opened ({reason}). Check path and access"
        ) from error
