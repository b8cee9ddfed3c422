"""Databases to test with, on SQLite and on PostgreSQL; migrated once, then copied."""

import shutil
from pathlib import Path
from typing import Protocol

from archive.database import upgrade
from tests.postgresql import Server

KINDS = ("sqlite", "postgresql")


class Databases(Protocol):
    """Makes databases of one kind, as many as are asked for."""

    def empty(self) -> str:
        """The URL of a database that is not there yet (SQLite), or empty (PostgreSQL)."""

    def migrated(self) -> str:
        """The URL of a database with the newest schema and no rows."""

    def close(self) -> None:
        """Drop them all."""


class SqliteDatabases:
    """Files in ``folder``; ``template`` is migrated when it is first needed."""

    def __init__(self, folder: Path, template: Path) -> None:
        self._folder, self._template, self._count = folder, template, 0

    def empty(self) -> str:
        """A path, named as in a home for the first one."""
        self._count += 1
        name = "bantin.db" if self._count == 1 else f"bantin-{self._count}.db"
        return f"sqlite:///{self._folder / name}"

    def migrated(self) -> str:
        """A copy of the template."""
        if not self._template.exists():
            upgrade(f"sqlite:///{self._template}")
        url = self.empty()
        shutil.copy(self._template, url.removeprefix("sqlite:///"))
        return url

    def close(self) -> None:
        """pytest cares for its folders."""


class PostgresqlDatabases:
    """Databases on ``server``; ``template`` is the name of a migrated one."""

    def __init__(self, server: Server, template: str) -> None:
        self._server, self._template = server, template
        self._made: list[str] = []

    def empty(self) -> str:
        """A database without tables."""
        return self._new("template0")

    def migrated(self) -> str:
        """A copy of the template."""
        return self._new(self._template)

    def _new(self, template: str) -> str:
        self._made.append(self._server.create(template))
        return self._server.url_of(self._made[-1])

    def close(self) -> None:
        """Drop them, whoever still uses them."""
        for name in self._made:
            self._server.drop(name)
