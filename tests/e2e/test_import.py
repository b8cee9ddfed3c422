"""`bantin import` as its users run it: the first texts, kills, interrupts, a collect at the same time."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archive.segments import segments
from archive.warc import read_records
from crawler.cli.front import INTERRUPTED
from pipelines.canonical import canonical_line
from tests.bantin import ROOT, Bantin
from tests.imports import address, moment, page, request, write
from tests.portal import SHARED
from tests.site.server import SampleSite

pytestmark = pytest.mark.timeout(300)
SEEDS = SHARED / "seeds"
SHIPPED = ROOT / "crawler" / "sources"
SOURCE = """[[source]]
id = "songnhue"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = ["https://songnhue.hanoi.gov.vn/tin-tuc"]
"""
LARGE = 400


@pytest.fixture
def bantin(tmp_path: Path) -> Bantin:
    (tmp_path / "nguon.toml").write_text(SOURCE, "utf-8")
    made = Bantin(tmp_path / "home", tmp_path / "nguon.toml")
    made.init()
    return made


def reports_of(bantin: Bantin, *paths: Path, status: int = 0) -> list[dict[str, Any]]:
    said = bantin.run("import", *map(str, paths), "--workers", "1", "--json", status=status).stdout
    return [json.loads(line) for line in said.splitlines()]


def test_the_first_texts_are_read_as_they_were_marked_by_hand(tmp_path: Path) -> None:
    if not SEEDS.exists():
        reason = f"{SEEDS} is not there; BANTIN_SHARED names the folder that holds seeds/"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    bantin = Bantin(tmp_path / "home", SHIPPED)
    bantin.init()
    (report,) = reports_of(bantin, SEEDS)
    golds = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(SEEDS.glob("*.gold.json"))}
    assert (report["new"], report["sources"], len(golds)) == (5, {"seeds": 5}, 5)
    rows = {row["article_key"]: row for row in bantin.rows()}
    for gold in golds.values():
        row = rows.pop(f"seeds:{gold['seed']}")
        found = {name: row[name] for name in ("title", "section", "published_at", "byline", "captions")}
        assert found == {name: _canonical(gold[name]) for name in found}
        assert row["body"].split("\n") == _canonical(gold["body"])
        assert "leftcenterrightdel" not in json.dumps(row)
        removed = _removed(bantin, gold["seed"])
        toolbars = [line for line in gold["removed"] if line == "leftcenterrightdel"]
        assert [rule for rule, text, _ in removed if text == "leftcenterrightdel"] == ["image-toolbar"] * len(toolbars)
        lines = (SEEDS / gold["seed"]).read_text("utf-8").split("\n")
        assert all(text in canonical_line(lines[number - 1]) for _, text, number in removed)
    assert rows == {}
    assert reports_of(bantin, SEEDS)[0]["new"] == 0


def _canonical(value: Any) -> Any:
    return [canonical_line(line) for line in value] if isinstance(value, list) else value and canonical_line(value)


def _removed(bantin: Bantin, seed: str) -> list[tuple[str, str, int]]:
    """What was taken out of a text, as (rule, line, its number in the file)."""
    query = "SELECT r.removed FROM reading AS r JOIN v_capture AS c ON c.reading_id = r.id WHERE c.article_key = ?"
    (removed,) = bantin.column(query, f"seeds:{seed}")
    return [(one["rule"], one["text"], one["line"]) for one in json.loads(removed)]


def large(folder: Path, count: int = LARGE) -> Path:
    """A file that takes seconds: pages of many articles, each with its request."""
    words = " ".join(f"Đảng ủy phường họp lần {n}, bàn việc chung của các chi bộ." for n in range(9))
    records = [
        one
        for n in range(count)
        for one in (request(moment(n / 9), address(n)), page(n, f"Bài {n}. {words}", moment(n / 9)))
    ]
    return write(folder / "large.warc.gz", records)


def copied(bantin: Bantin) -> list[str]:
    """The places from which the archive's records were copied."""
    found = (record for path in segments(bantin.home / "archive") for record in read_records(path))
    return [record.fields["bantin-imported-from"] for record in found if record.imported]


def archived_bytes(bantin: Bantin) -> int:
    total = 0
    for path in bantin.home.joinpath("archive").rglob("*.warc.gz*"):
        with suppress(FileNotFoundError):  # a segment being made or sealed gets another name just now
            total += path.stat().st_size
    return total


def _has_copied_more(bantin: Bantin, size: float, process: "subprocess.Popen[str]") -> bool:
    return archived_bytes(bantin) > size + 10_000 or process.poll() is not None


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


@dataclass(frozen=True)
class State:
    """What a collection holds, row numbers aside."""

    captures: list[Any]
    copied: list[str]
    export: str
    size: int

    @classmethod
    def of(cls, bantin: Bantin) -> "State":
        query = "SELECT url, captured_at, outcome, article_key, payload_digest, content_hash FROM v_capture"
        captures = bantin.sql(f"{query} WHERE source_id = 'songnhue' ORDER BY 1, 2")
        return cls(captures, sorted(copied(bantin)), bantin.run("export", "-").stdout, archived_bytes(bantin))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> State:
    """The large file, imported in one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "nguon.toml").write_text(SOURCE, "utf-8")
    made = Bantin(folder / "home", folder / "nguon.toml")
    made.init()
    reports_of(made, large(folder))
    state = State.of(made)
    assert len(set(state.copied)) == 2 * LARGE
    assert len(state.captures) == LARGE
    return state


def is_as_undisturbed(bantin: Bantin, undisturbed: State) -> None:
    state = State.of(bantin)
    assert state.captures == undisturbed.captures
    assert state.copied == undisturbed.copied
    assert state.export == undisturbed.export
    assert bantin.column("SELECT outcome FROM crawl WHERE kind = 'import'") == ["finished"]
    bantin.run("verify")


def test_an_import_that_is_killed_again_and_again_ends_like_one_that_was_not(
    bantin: Bantin, undisturbed: State, tmp_path: Path
) -> None:
    file, kills, chance = large(tmp_path), 0, random.Random(1986)
    for _ in range(3):
        process, before = bantin.start("import", str(file), "--workers", "1"), archived_bytes(bantin)
        until(partial(_has_copied_more, bantin, before, process))
        time.sleep(chance.uniform(0, 0.15))
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills >= 2, "it was too fast to be killed"
    (report,) = reports_of(bantin, file)
    assert report["note"].startswith("taken up again: ")
    is_as_undisturbed(bantin, undisturbed)
    assert reports_of(bantin, file)[0]["note"].startswith("imported before")


def test_an_import_that_is_interrupted_says_so_and_goes_on(bantin: Bantin, undisturbed: State, tmp_path: Path) -> None:
    file = large(tmp_path)
    process = bantin.start("import", str(file))
    until(lambda: archived_bytes(bantin) > 0.1 * undisturbed.size)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == f"bantin: {INTERRUPTED}\n"
    assert not list(bantin.home.rglob("*.open"))
    assert bantin.column("SELECT outcome FROM crawl") == ["interrupted"]
    reports_of(bantin, file)
    is_as_undisturbed(bantin, undisturbed)


def test_what_a_killed_import_left_is_taken_in_by_whoever_writes_next(
    bantin: Bantin, undisturbed: State, tmp_path: Path
) -> None:
    process = bantin.start("import", str(large(tmp_path)), "--workers", "1")
    until(lambda: archived_bytes(bantin) > 0.3 * undisturbed.size)
    process.kill()
    process.communicate()
    bantin.run("verify", "--repair")
    captures = [place for place in copied(bantin) if place]
    assert bantin.column("SELECT count(*) FROM capture") == [len(captures) // 2]


def slow_site(site: SampleSite, folder: Path, delay: float) -> Path:
    """A catalogue of the sample site, asked slowly, and the source of the large file."""
    text = (ROOT / "tests" / "site" / "sources.toml").read_text("utf-8").replace("delay = 0", f"delay = {delay}")
    for port, name in ((8765, "quan-uy"), (8766, "bao")):
        text = text.replace(f"http://127.0.0.1:{port}", site.urls[name])
    path = folder / "nguon.toml"
    path.write_text(SOURCE + text, "utf-8")
    return path


def pause(process: "subprocess.Popen[str]", bantin: Bantin) -> None:
    """Stop an import that has a segment open, at a moment at which it does not keep the database."""
    query = "SELECT count(*) FROM capture WHERE source_id = 'songnhue'"
    until(lambda: bantin.column(query)[0] or process.poll() is not None)
    while True:
        process.send_signal(signal.SIGSTOP)
        database = sqlite3.connect(bantin.home / "bantin.db", timeout=0.2)
        try:
            database.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.02)
        finally:
            database.close()


def test_an_import_and_a_collect_at_the_same_time_do_not_disturb_each_other(
    bantin: Bantin, undisturbed: State, tmp_path: Path
) -> None:
    with SampleSite() as site:
        bantin.sources = slow_site(site, tmp_path, 0.1)
        first = bantin.start("collect", "mau-quan-uy", "mau-bao")
        until(lambda: bantin.column("SELECT count(*) FROM capture")[0])
        importing = bantin.start("import", str(large(tmp_path)), "--workers", "1")
        pause(importing, bantin)
        first.communicate(timeout=100)
        # Another collect begins while the import writes: it must not take its segment for one left by a crash.
        bantin.run("collect", "mau-quan-uy", "mau-bao", "--refetch")
        assert list(bantin.home.rglob("*import*.open"))
        assert bantin.column("SELECT outcome FROM crawl WHERE kind = 'import'") == ["running"]
        importing.send_signal(signal.SIGCONT)
        _, said = importing.communicate(timeout=200)
    assert (first.returncode, importing.returncode) == (0, 0), said
    by_source = "SELECT source_id, count(*) FROM v_article GROUP BY 1 ORDER BY 1"
    assert bantin.sql(by_source) == [("mau-bao", 4), ("mau-quan-uy", 12), ("songnhue", LARGE)]
    state = State.of(bantin)
    assert (state.captures, state.copied) == (undisturbed.captures, undisturbed.copied)
    assert bantin.column("SELECT DISTINCT outcome FROM crawl") == ["finished"]
    assert not list(bantin.home.rglob("*.torn"))
    bantin.run("verify")
