"""The sample portal collected into PostgreSQL: every command does there what it does on SQLite."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crawler.cli.app import app
from tests.bantin import Bantin
from tests.postgresql import Server
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
EDITED, MOVED, GONE = "mau-quan-uy:5100108", "mau-quan-uy:5100103", "mau-quan-uy:5100102"
ARTICLES = 16


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One archive: the database it was collected into, and rebuilt on either database."""

    collected: Bantin
    postgresql: Bantin
    sqlite: Bantin


def _catalogue(site: SampleSite, folder: Path) -> Path:
    text = (SITE / "sources.toml").read_text("utf-8")
    for port, name in (("8765", "quan-uy"), ("8766", "bao")):
        text = text.replace(f"http://127.0.0.1:{port}", site.urls[name])
    path = folder / "sources.toml"
    path.write_text(text, "utf-8")
    return path


def said_by(bantin: Bantin, *arguments: str, status: int = 0) -> str:
    """What a command that only reads prints; run in this process, because starting one takes a second."""
    ended = CliRunner().invoke(app, bantin.command(*arguments)[3:], catch_exceptions=False)
    assert ended.exit_code == status
    return ended.stdout


@pytest.fixture(scope="module")
def rebuilt(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rebuilt]:
    """Two days of the sample portal, collected into PostgreSQL, then rebuilt on both."""
    folder = tmp_path_factory.mktemp("postgresql")
    first, second = postgresql.create(), postgresql.create()
    with SampleSite() as site:
        sources = _catalogue(site, folder)
        collected = Bantin(folder / "home", sources, ["--database", postgresql.url_of(first)])
        collected.init()
        collected.run("collect")
        site.day = 2
        collected.run("collect", "--refetch")
    shutil.copytree(collected.home / "archive", folder / "copy" / "archive")
    again = Bantin(folder / "copy", sources, ["--database", postgresql.url_of(second)])
    beside = Bantin(folder / "copy", sources)
    again.run("rebuild")
    beside.run("rebuild")
    yield Rebuilt(collected, again, beside)
    postgresql.drop(first)
    postgresql.drop(second)


def test_the_export_is_the_same_to_the_byte_on_either_database(rebuilt: Rebuilt) -> None:
    export = rebuilt.collected.export()
    assert len(export.splitlines()) == ARTICLES
    assert said_by(rebuilt.postgresql, "export", "-") == export
    assert said_by(rebuilt.sqlite, "export", "-") == export


@pytest.mark.parametrize(
    "arguments",
    [
        *(("show", EDITED), ("show", "--json", EDITED), ("history", EDITED), ("history", "--json", GONE)),
        *(("diff", EDITED), ("diff", "--json", EDITED), ("history", "--json", MOVED)),
        *(("duplicates",), ("duplicates", "--json"), ("export", "-", "--source", "mau-bao")),
    ],
    ids=" ".join,
)
def test_a_command_prints_the_same_on_either_database(rebuilt: Rebuilt, arguments: tuple[str, ...]) -> None:
    said = said_by(rebuilt.postgresql, *arguments)
    assert said
    assert said_by(rebuilt.sqlite, *arguments) == said


def test_the_figures_are_the_same_on_either_database(rebuilt: Rebuilt) -> None:
    now = ("--now", "2030-01-01T00:00:00Z", "status", "--json")
    ours, theirs = (json.loads(said_by(bantin, *now, status=1)) for bantin in (rebuilt.postgresql, rebuilt.sqlite))
    assert (ours["sources"], ours["wrong"]) == (theirs["sources"], theirs["wrong"])
    assert sum(source["articles"] for source in ours["sources"]) == ARTICLES


def test_the_feed_tells_the_same_in_the_same_order_and_form(rebuilt: Rebuilt) -> None:
    def told(bantin: Bantin) -> list[str]:
        rows = [json.loads(line) for line in said_by(bantin, "changes", "--json").splitlines()]
        assert [row["cursor"] for row in rows] == sorted(row["cursor"] for row in rows)
        return [json.dumps({n: v for n, v in row.items() if n not in ("cursor", "at")}) for row in rows]

    feed = told(rebuilt.postgresql)
    assert len(feed) > ARTICLES
    assert told(rebuilt.sqlite) == feed


def test_what_was_collected_into_postgresql_agrees_with_its_archive(rebuilt: Rebuilt) -> None:
    for bantin in (rebuilt.collected, rebuilt.postgresql):
        assert "agree" in bantin.run("verify").stdout


def test_a_rebuild_refuses_a_database_on_postgresql_that_holds_anything(rebuilt: Rebuilt) -> None:
    assert "holds something" in rebuilt.postgresql.run("rebuild", status=2).stderr


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def bantin(site: SampleSite, postgresql: Server, migrated_postgresql: str, tmp_path: Path) -> Iterator[Bantin]:
    name = postgresql.create(migrated_postgresql)
    yield Bantin(tmp_path / "home", _catalogue(site, tmp_path), ["--database", postgresql.url_of(name)])
    postgresql.drop(name)


def test_two_sources_are_collected_by_two_processes_at_once(bantin: Bantin) -> None:
    both = [bantin.start("collect", source) for source in ("mau-quan-uy", "mau-bao")]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(said_by(bantin, "export", "-").splitlines()) == ARTICLES
    bantin.run("verify")


def test_a_killed_collect_goes_on_and_leaves_no_lock_behind(bantin: Bantin, postgresql: Server) -> None:
    name = bantin.options[1].rsplit("/", 1)[1]

    def captures() -> int:
        with postgresql.connection(name) as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM capture").scalar_one())

    process = bantin.start("collect")
    while process.poll() is None and captures() < 3:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    bantin.run("collect")
    assert len(said_by(bantin, "export", "-").splitlines()) == ARTICLES
    bantin.run("verify")


def test_a_database_that_is_not_there_ends_a_command_with_3_and_one_sentence(bantin: Bantin) -> None:
    lost = Bantin(bantin.home, bantin.sources, ["--database", bantin.options[1] + "_lost"])
    for command in ("status", "init"):
        said = lost.run(command, status=3).stderr
        assert len(said.strip().splitlines()) == 1, said
