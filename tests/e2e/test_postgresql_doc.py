"""docs/postgresql.md, followed to the letter, but for host and port; and what it promises of the role that reads."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from archive.models import Base
from archive.views import VIEWS
from tests.bantin import ROOT, Bantin
from tests.postgresql import Server
from tests.site.server import SampleSite

DOC = (ROOT / "docs" / "postgresql.md").read_text("utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(sql|sh|ini)\n(.*?)^```$", DOC, re.S | re.M)
HOST = "db.example.org"
READER = "postgresql+psycopg://bantin_reader@127.0.0.1/bantin"


@dataclass
class Team:
    """A machine on which somebody follows the page: what was exported made before, the environment as it stands now."""

    home: Path
    environment: dict[str, str]
    before: str = ""
    said: list[str] = field(default_factory=list)

    def follow(self, kind: str, block: str) -> None:
        """Do what a block says."""
        block = block.replace(HOST, "127.0.0.1")
        if kind == "ini":
            path, text = block.split("\n", 1)
            (self.home / path.removeprefix("# ~/")).write_text(text, "utf-8")
        elif kind == "sql":
            command, statements = block.split("\n", 1)
            self.psql(command.removeprefix("-- "), statements)
        else:
            self.sh(block)

    def psql(self, command: str, statements: str) -> None:
        """Give statements to psql, called as the page says; ``sudo -u postgres`` is a user name here."""
        command = command.replace("sudo -u postgres psql", "psql --host=127.0.0.1 --username=postgres postgres")
        self._run([*shlex.split(command), "--set=ON_ERROR_STOP=1", "--quiet"], statements)

    def sh(self, script: str) -> str:
        """Run shell commands; what they export holds for the next ones."""
        kept = self.home / "environment"
        said = self._run(["bash", "-euo", "pipefail", "-c", f"{script}\nenv -0 > {shlex.quote(str(kept))}"])
        self.environment = dict(line.split("=", 1) for line in kept.read_text("utf-8").split("\0") if line)
        self.said.append(said)
        return said

    def bantin(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run `bantin`."""
        command, settings = ["bantin", *arguments], {**self.environment, **environment}
        return subprocess.run(
            command, cwd=self.home, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def connect(self, user: str) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect with the password of the password file."""
        passwords = str(self.home / ".pgpass")
        port = self.environment["PGPORT"]
        return psycopg.connect(
            host="127.0.0.1", port=port, dbname="bantin", user=user, passfile=passwords, autocommit=True
        )

    def _run(self, command: list[str], given: str = "") -> str:
        done = subprocess.run(
            command, cwd=self.home, env=self.environment, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def team(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A collection on SQLite, and somebody who has followed the page."""
    if not postgresql.own or postgresql.binaries is None:
        pytest.skip("makes roles: only on a server of the tests' own")
    home = tmp_path_factory.mktemp("team")
    with SampleSite() as site:
        catalogue = (ROOT / "tests" / "site" / "sources.toml").read_text("utf-8")
        catalogue = catalogue.replace("http://127.0.0.1:8765", site.urls["quan-uy"])
        catalogue = catalogue.replace("http://127.0.0.1:8766", site.urls["bao"])
        (home / "sources.toml").write_text(catalogue, "utf-8")
        collection = Bantin(home / "data", home / "sources.toml")
        collection.run("init")
        collection.run("collect")
    team = Team(home, _environment(home, postgresql), collection.export())
    try:
        for kind, block in BLOCKS:
            team.follow(kind, block)
        yield team
    finally:
        postgresql.drop("bantin")
        for role in ("bantin", "bantin_reader"):
            postgresql.execute(f"DROP ROLE IF EXISTS {role}")


def _environment(home: Path, server: Server) -> dict[str, str]:
    tools = home / "bin"
    tools.mkdir()
    command = tools / "bantin"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m crawler.cli.app "$@"\n', "utf-8")
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BANTIN_", "PG"))}
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{tools}:{server.binaries}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PGPORT": str(server.url.port),
        "BANTIN_SOURCES": str(home / "sources.toml"),
    }


def test_the_page_has_blocks_of_every_kind() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sql", "sh", "ini"}
    assert "pg_dump" in "".join(block for _, block in BLOCKS)


def test_the_collection_that_was_moved_is_the_same_to_the_byte(team: Team) -> None:
    assert team.bantin("export", "-").stdout == team.before
    assert len(team.before.splitlines()) == 16
    assert (team.home / "bantin.dump").stat().st_size > 1000
    assert "agree" in "".join(team.said)


def test_without_the_password_file_nobody_comes_in(team: Team) -> None:
    refused = team.bantin("status", PGPASSFILE=str(team.home / "nothing"))
    assert refused.returncode == 3
    assert "password" in refused.stderr


def test_a_password_file_may_stand_elsewhere_and_a_service_may_be_named(team: Team) -> None:
    elsewhere = team.home / "elsewhere"
    elsewhere.write_text((team.home / ".pgpass").read_text("utf-8"), "utf-8")
    elsewhere.chmod(0o600)
    places = {"PGPASSFILE": str(elsewhere), "HOME": str(team.home / "bin")}
    services = {"PGSERVICEFILE": str(team.home / ".pg_service.conf")}
    url = "postgresql+psycopg://?service=bantin"
    found = team.bantin("--database", url, "status", "--json", **places, **services)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["database"] == url


@pytest.mark.parametrize("name", [*VIEWS, *sorted(Base.metadata.tables)])
def test_the_reader_reads_every_view_and_table(team: Team, name: str) -> None:
    with team.connect("bantin_reader") as connection:
        connection.execute(f'SELECT * FROM "{name}"')


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO source (id, name, layout, listed) VALUES ('x', 'x', 'x', true)",
        "UPDATE content SET body = ''",
        "DELETE FROM change",
        "TRUNCATE change",
        "DROP VIEW v_article",
        "ALTER TABLE content ADD COLUMN more text",
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE SCHEMA mine",
        "SELECT nextval('change_id_seq')",
    ],
)
def test_the_reader_can_change_nothing(team: Team, statement: str) -> None:
    with team.connect("bantin_reader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_the_reader_reads_what_the_owner_makes_later(team: Team) -> None:
    with team.connect("bantin") as owner, team.connect("bantin_reader") as reader:
        owner.execute("CREATE TABLE later (id integer)")
        owner.execute("CREATE VIEW v_later AS SELECT id FROM later")
        try:
            assert reader.execute("SELECT * FROM later UNION ALL SELECT * FROM v_later").fetchall() == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute("INSERT INTO later VALUES (1)")
        finally:
            owner.execute("DROP TABLE later CASCADE")


def test_commands_that_read_work_for_the_reader_and_those_that_write_are_refused(team: Team) -> None:
    assert team.bantin("--database", READER, "export", "-").stdout == team.before
    refused = team.bantin("--database", READER, "collect")
    assert refused.returncode == 3
    assert "permission denied" in refused.stderr + refused.stdout
