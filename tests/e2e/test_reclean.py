"""Reclean as the curator runs it: real processes, real layouts, the sample site; killed, and beside a collect."""

import hashlib
import json
import os
import pty
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.layouts import Layouts
from tests.bantin import Bantin, environment, workers_of
from tests.portal import ARTICLES, Portal
from tests.recleans import READINGS, SLOGAN, cleaner_of, element_rule, layouts_folder, rule
from tests.rig import Rig, day
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
DAYS = tuple(f"2026-09-0{n}T06:00:00Z" for n in range(1, 8))
SHORT = "(?s).{0,60}[.]"  # a sentence that fills no line
PAGES = 160
ARTICLES_NOW = "SELECT * FROM v_article ORDER BY article_key"
TIES = "SELECT capture_id, cleaner_digest, outcome, reason FROM capture_reading ORDER BY 1, 2"


@pytest.fixture(scope="module")
def running() -> Iterator[SampleSite]:
    with SampleSite() as site:
        yield site


@pytest.fixture
def site(running: SampleSite) -> Iterator[SampleSite]:
    yield running
    running.day = 1


@pytest.fixture(scope="module")
def collected(running: SampleSite, tmp_path_factory: pytest.TempPathFactory) -> Bantin:
    """The sample site, collected on its first day; not to be changed."""
    folder = tmp_path_factory.mktemp("sample")
    site, sources = running, folder / "sources.toml"
    text = (SITE / "sources.toml").read_text("utf-8")
    for port, name in ((8765, "quan-uy"), (8766, "bao")):
        text = text.replace(f"http://127.0.0.1:{port}", site.urls[name])
    sources.write_text(text, "utf-8")
    bantin = Bantin(folder / "home", sources)
    bantin.init()
    bantin.run("--now", DAYS[0], "collect")
    return bantin


@pytest.fixture
def bantin(collected: Bantin, tmp_path: Path) -> Bantin:
    """A copy of it."""
    return copied(collected, tmp_path)


def copied(bantin: Bantin, folder: Path) -> Bantin:
    shutil.copytree(bantin.home, folder / "home")
    return Bantin(folder / "home", bantin.sources, list(bantin.options))


def change(bantin: Bantin, **added: str) -> None:
    """Install other layouts: without any, some with a rule more for the committee's pages."""
    folder = bantin.home.with_name("layouts")
    shutil.rmtree(folder, ignore_errors=True)
    layouts_folder(folder, **(added or {"hanoi_liferay": rule(SHORT)}))
    bantin.options = ["--layouts", str(folder)]


def hashes(home: Path) -> dict[str, str]:
    """Every file by its bytes, but for SQLite's index of its log, which readers write too."""
    files = (path for path in home.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    found = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: value for name, value in found.items() if not name.endswith("-wal") or Path(name).stat().st_size}


def promoted(bantin: Bantin) -> dict[str, str]:
    return dict(bantin.sql("SELECT source_id, cleaner_digest FROM v_promoted"))


def test_a_rule_for_one_layout_makes_new_readings_of_its_source_alone_and_can_be_taken_back(bantin: Bantin) -> None:
    export, first = bantin.export(), promoted(bantin)
    readings = set(bantin.sql("SELECT id, cleaner_digest, content_hash FROM reading"))
    change(bantin)
    rehearsed = json.loads(bantin.run("reclean", "--dry-run", "--json").stdout)
    said = bantin.run("reclean").stdout
    assert "mau-quan-uy: cleaner promoted" in said
    assert "mau-bao" not in said
    fresh = set(bantin.sql("SELECT id, cleaner_digest, content_hash FROM reading")) - readings
    assert {cleaner for _, cleaner, _ in fresh} == {promoted(bantin)["mau-quan-uy"]}
    assert len(fresh) == rehearsed["compared"] == 12
    assert promoted(bantin)["mau-bao"] == first["mau-bao"]
    assert bantin.export() != export
    assert bantin.column("SELECT max(edition) FROM v_edition") == [1]
    digests = first["mau-quan-uy"], promoted(bantin)["mau-quan-uy"]
    compared = json.loads(bantin.run("cleaners", "diff", *digests, "--json").stdout)
    assert {name: rehearsed[name] for name in compared} == compared
    bantin.run("cleaners", "promote", first["mau-quan-uy"][:10])
    assert bantin.export() == export


def test_what_was_recleaned_and_promoted_is_what_a_rebuild_makes(bantin: Bantin, tmp_path: Path) -> None:
    change(bantin)
    bantin.run("reclean")
    copy = Bantin(tmp_path / "copy", bantin.sources, bantin.options)
    shutil.copytree(bantin.home / "archive", copy.home / "archive")
    copy.run("rebuild")
    assert copy.export() == bantin.export()
    views = "SELECT url, captured_at, outcome, reason, content_hash, cleaner FROM v_capture ORDER BY 1, 2"
    assert copy.sql(views) == bantin.sql(views)


def test_a_collect_under_a_new_cleaner_waits_for_the_reclean_and_the_feed_tells_whose_doing_it_was(
    bantin: Bantin, site: SampleSite
) -> None:
    change(bantin)
    before, cursor = bantin.export(), bantin.column("SELECT max(cursor) FROM v_change")[0]
    site.day = 2
    bantin.options += ["--now", DAYS[1]]
    said = bantin.run("collect", "--refetch", status=1)
    assert "is not the promoted one" in said.stderr
    assert "Run: bantin reclean" in said.stderr
    assert bantin.column("SELECT count(*) FROM v_edition WHERE source_id = 'mau-quan-uy' AND edition > 1") == [0]
    bantin.run("reclean")
    edited = bantin.column("SELECT article_key FROM v_edition WHERE edition = 2 ORDER BY 1")
    assert edited == ["mau-quan-uy:5100108", "mau-quan-uy:5100112"]
    told = f"SELECT kind, article_key FROM v_change WHERE cursor > {cursor} AND article_key LIKE 'mau-quan-uy%'"
    changes = bantin.sql(told)
    assert {key for kind, key in changes if kind == "edition"} == set(edited)
    were = {row["article_key"]: row for row in map(json.loads, before.splitlines())}
    volatile = ("cleaner", "last_captured_at")
    moved = {
        row["article_key"]
        for row in bantin.rows()
        if row["source_id"] == "mau-quan-uy"
        and {k: v for k, v in row.items() if k not in volatile}
        != {k: v for k, v in were[row["article_key"]].items() if k not in volatile}
    }
    assert moved <= {key for _, key in changes}
    bantin.run("collect")


def test_a_reclean_beside_a_collect_ends_well_and_so_does_the_collect(bantin: Bantin, site: SampleSite) -> None:
    change(bantin)
    bantin.run("reclean", "--no-promote")
    site.day = 2
    collecting = bantin.start("--now", DAYS[1], "collect", "--refetch")
    try:
        while collecting.poll() is None:
            bantin.run("reclean", "--force", status=None)
    finally:
        _, said = collecting.communicate()
    assert collecting.returncode in (0, 1), said
    assert "Traceback" not in said
    bantin.run("reclean")
    assert bantin.column("SELECT count(*) FROM v_edition WHERE edition = 2") == [2]
    bantin.run("verify")
    lacking = json.loads(bantin.run("cleaners", "list", "--json").stdout)
    assert [row["lacking"] for row in lacking if row["promoted"]] == [0, 0]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Bantin:
    """A home with some hundred pages, rebuilt from its archive, and layouts with a rule more; not to be changed."""
    folder = tmp_path_factory.mktemp("large")
    rig = Rig(folder / "home", cleaner_of(Layouts.load()))
    for number in range(PAGES):
        lines = (f"Chi bộ số {number} họp kỳ thứ {line}, bàn việc của quận." for line in range(60))
        words = "</p><p>".join((*lines, SLOGAN))
        rig.page(1000 + number, words, day(number % 3) + timedelta(seconds=number), crawl=f"crawl-{number % 3}")
    rig.seal()
    sources = folder / "sources.toml"
    sources.write_text(
        '[[source]]\nid = "songnhue"\nname = "Sông Nhuệ"\nlevel = "district"\nlayout = "hanoi-liferay"\n'
        'start = ["https://songnhue.hanoi.gov.vn/hoat-ong-ang"]\n',
        "utf-8",
    )
    bantin = Bantin(folder / "home", sources)
    bantin.init()
    bantin.run("rebuild", "--workers", "1")
    # The pages are read again for the rule on elements, task by task.
    layouts_folder(folder / "layouts", hanoi_liferay=rule(SLOGAN) + element_rule("p.nowhere", id="nowhere"))
    bantin.options = ["--layouts", str(folder / "layouts")]
    return bantin


def state(bantin: Bantin) -> tuple[object, ...]:
    return bantin.sql(READINGS), bantin.sql(TIES), bantin.sql(ARTICLES_NOW), promoted(bantin)


def _kill(bantin: Bantin, stored: int) -> int:
    """Start a reclean and kill it once it has stored more than ``stored`` readings; how many it had."""
    count = "SELECT count(*) FROM reading"
    process = bantin.start("reclean", "--workers", "2")
    while process.poll() is None and bantin.column(count)[0] <= stored:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    return int(bantin.column(count)[0])


def test_killed_again_and_again_it_goes_on_and_reads_nothing_twice(large: Bantin, tmp_path: Path) -> None:
    whole, killed = copied(large, tmp_path / "whole"), copied(large, tmp_path / "killed")
    assert whole.run("reclean", "--workers", "1").stdout.startswith(f"{PAGES} pages read")
    articles, stored = killed.sql(ARTICLES_NOW), PAGES
    moments = []
    for _ in range(2):
        stored = _kill(killed, stored)
        kept = set(killed.sql("SELECT id, input_digest, cleaner_digest FROM reading"))
        moments.append(stored)
        if stored < 2 * PAGES:
            assert killed.sql(ARTICLES_NOW) == articles, "editions moved before the end"
    assert PAGES < moments[0] < 2 * PAGES, "it was not killed in the middle"
    said = killed.run("reclean", "--workers", "2").stdout
    left = 2 * PAGES - stored
    assert said.startswith(f"{left} pages read" if left else "nothing is stale")
    assert kept <= set(killed.sql("SELECT id, input_digest, cleaner_digest FROM reading"))
    assert state(killed) == state(whole)


def test_on_a_terminal_a_bar_shows_pace_and_time_left_and_what_is_done_at_the_end(
    large: Bantin, tmp_path: Path
) -> None:
    bantin = copied(large, tmp_path)
    terminal, side = pty.openpty()
    shown = environment() | {"COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(bantin.command("reclean"), env=shown, stdout=subprocess.DEVNULL, stderr=side)
    os.close(side)
    said = b""
    with suppress(OSError), open(terminal, "rb", buffering=0) as stream:  # the other end is closed: an error on Linux
        while part := stream.read(4096):
            said += part
    assert process.wait() == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())
    assert re.search(rf"recleaning .* \d+/{PAGES} .*\d+ pages/s \d:\d\d:\d\d", plain), plain
    assert "promoting for songnhue" in plain


def test_a_worker_that_is_killed_has_a_successor_and_nothing_is_missing(large: Bantin, tmp_path: Path) -> None:
    bantin, whole = copied(large, tmp_path / "killed"), copied(large, tmp_path / "whole")
    process = bantin.start("reclean", "--workers", "2")
    while process.poll() is None and bantin.column("SELECT count(*) FROM reading")[0] == PAGES:
        time.sleep(0.005)
    subprocess.run(["kill", "-9", str(workers_of(process.pid)[-1])], check=True)
    _, said = process.communicate()
    assert (process.returncode, said) == (0, "")
    whole.run("reclean", "--workers", "2")
    assert state(bantin) == state(whole)


@pytest.fixture
def portal_home(tmp_path: Path) -> Bantin:
    """The recorded portal."""
    with Portal() as portal:
        bantin = Bantin(tmp_path / "home", portal.catalogue(tmp_path))
        bantin.init()
        bantin.run("--now", DAYS[0], "collect")
    return bantin


@pytest.mark.portal
@pytest.mark.timeout(600)
def test_on_the_portal_a_rule_changes_no_history_and_is_taken_back_byte_for_byte(portal_home: Bantin) -> None:
    bantin, before = portal_home, hashes(portal_home.home)
    bantin.run("reclean")
    assert hashes(bantin.home) == before, "an unchanged cleaner wrote something"
    export, first = bantin.export(), promoted(bantin)["sotttt"]
    begun = "SELECT article_key, observed_from FROM v_edition"
    editions = set(bantin.sql(begun))
    change(bantin)
    rehearsed = json.loads(bantin.run("reclean", "--dry-run", "--max-loss", "1", "--json").stdout)
    assert hashes(bantin.home) == before, "a dry run wrote something"
    assert rehearsed["texts"] > 50
    sizes = [len("".join(found["lost"])) for found in rehearsed["largest"]]
    assert sizes == sorted(sizes, reverse=True)
    bantin.run("reclean", "--workers", "2")
    assert bantin.column("SELECT count(*) FROM v_article") == [ARTICLES]
    assert set(bantin.sql(begun)) <= editions, "an edition came from a rule"
    compared = json.loads(
        bantin.run("cleaners", "diff", first, promoted(bantin)["sotttt"], "--max-loss", "1", "--json").stdout
    )
    assert {name: rehearsed[name] for name in compared} == compared
    bantin.run("cleaners", "promote", first)
    assert bantin.export() == export
