"""`bantin` as its users run it: a process of its own, with a home and a catalogue."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from archive.database import upgrade
from archive.home import Home
from crawler.cli.app import app

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Bantin:
    """One collection. ``options`` are global options given to every command."""

    home: Path
    sources: Path
    options: list[str] = field(default_factory=list)

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        module = [sys.executable, "-m", "crawler.cli.app", "--home", str(self.home), "--sources", str(self.sources)]
        return [*module, *self.options, *arguments]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command and leave it running."""
        return subprocess.Popen(
            self.command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str, status: int | None = 0) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; it must exit with ``status`` (None: any)."""
        done = subprocess.run(self.command(*arguments), env=environment(), capture_output=True, text=True, check=False)
        if status is not None and done.returncode != status:
            raise AssertionError(f"{arguments} exited {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}")
        return done

    def init(self) -> None:
        """Make what `bantin init` makes, in this process: starting one takes two seconds, in each test."""
        home = Home(self.home)
        home.create()
        upgrade(
            self.options[self.options.index("--database") + 1]
            if "--database" in self.options
            else home.default_database
        )

    def export(self) -> str:
        """The whole export, in this process too."""
        ended = CliRunner().invoke(app, self.command("export", "-")[3:], catch_exceptions=False)
        assert ended.exit_code == 0, ended.stderr
        return ended.stdout

    def rows(self) -> list[dict[str, Any]]:
        """The export's rows."""
        return [json.loads(line) for line in self.export().splitlines()]

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database with plain SQL, as other tools do."""
        connection = sqlite3.connect(self.home / "bantin.db", timeout=30)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def column(self, query: str, *values: Any) -> Sequence[Any]:
        """The first column of a query's rows."""
        return [row[0] for row in self.sql(query, *values)]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BANTIN_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def workers_of(pid: int) -> list[int]:
    """The worker processes of a command."""
    children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")).split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return sorted(child for child, command in commands.items() if b"pipelines.worker" in command)
