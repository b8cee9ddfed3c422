"""The same readings to the byte: from one process, from four, in any order, and after a kill in the middle."""

import json
import random
import shutil
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from archive.records import Page
from archive.segments import SegmentWriter
from archive.warc import Exchange
from pipelines.exchange import read_exchange
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.bantin import Bantin
from tests.builders import FAMILIES, NOON, SOURCES
from tests.mutations import Sample, cleaner_of_all, own_samples, portal_samples
from tests.recleans import READINGS, layouts_folder

#: On elements, so that every page is read again from the archive, in tasks between which a kill can come.
RULE = '\n[[noise]]\nid = "of-the-test"\nreason = "a rule of the test"\ncss = "td em"\n'
ROUNDS = 2  # copies of the project's own pages, each with other bytes: enough tasks to be killed between them


def exchanges(samples: Sequence[Sample], rounds: int = 1) -> list[Exchange]:
    """The pages as they came, once a round, with other bytes in each."""
    made = []
    for number in range(rounds):
        for one in samples:
            body, outcome = one.payload + b"\n" * number, "ok" if one.status is None else None
            headers = () if one.content_type is None else (("Content-Type", one.content_type),)
            made.append(Exchange(one.source_id, one.url, NOON, one.status, headers, body, outcome=outcome))
    return made


def serialised(pages: Iterable[Page]) -> str:
    """All readings, a row each, sorted by what was read."""
    readings = (asdict(page.reading) for page in pages if page.reading is not None)
    return "\n".join(sorted(json.dumps(reading, sort_keys=True) for reading in readings))


def _compare(attempts: list[Exchange]) -> None:
    cleaner = cleaner_of_all()
    one = serialised(read_exchange(attempt, cleaner) for attempt in attempts)
    assert one.count("\n") > len(attempts) // 4
    shuffled = random.Random(1930).sample(attempts, len(attempts))
    assert serialised(read_exchange(attempt, cleaner) for attempt in shuffled) == one
    with PooledReader(4, cleaner, Limits()) as read:
        assert serialised(read(shuffled)) == one


def test_one_process_four_and_any_order_read_the_same_bytes() -> None:
    _compare(exchanges(own_samples()))


@pytest.mark.portal
def test_so_they_do_on_the_real_portal() -> None:
    _compare(exchanges(portal_samples()[::4]))


def _collection(folder: Path, attempts: list[Exchange]) -> Bantin:
    """A home with these attempts, read and promoted, and layouts with a rule more for all of them installed."""
    sources = folder / "sources.toml"
    starts: dict[str, list[str]] = {}
    for one in attempts:
        if one.status is not None:
            starts.setdefault(one.source_id, []).append("/".join([*one.url.split("/")[:3], ""]))
    layouts = {source.id: source.layout for source in (*SOURCES, *FAMILIES)}
    sources.write_text(
        "\n".join(
            f'[[source]]\nid = "{source}"\nname = "{source}"\nlevel = "district"\n'
            f'layout = "{layouts.get(source, "hanoi-liferay")}"\nstart = {sorted(set(urls))}'
            for source, urls in starts.items()
        ),
        "utf-8",
    )
    bantin = Bantin(folder / "home", sources)
    bantin.init()
    writer = SegmentWriter(bantin.home / "archive", "crawl-1", {"isPartOf": "crawl-1"}, 1 << 30)
    writer.write(attempts)
    writer.seal()
    _run(bantin, "rebuild", "--workers", "1")
    bantin.options = ["--layouts", str(layouts_folder(folder / "layouts", common=RULE))]
    return bantin


def _run(bantin: Bantin, *arguments: str) -> None:
    """To its end. Records that need a look, as of pages without an article, are none of this test's business."""
    done = bantin.run(*arguments, status=None)
    assert done.returncode in (0, 1), done.stderr


def _copied(bantin: Bantin, folder: Path) -> Bantin:
    shutil.copytree(bantin.home, folder / "home")
    return Bantin(folder / "home", bantin.sources, list(bantin.options))


def _readings(bantin: Bantin) -> str:
    """All readings of a collection, serialised; rows come sorted by input and cleaner."""
    return "\n".join(json.dumps(row) for row in bantin.sql(READINGS))


def _killed(bantin: Bantin) -> tuple[int, int]:
    """Kill a reclean when it has stored something, and nothing can be stored any more: the test holds the database.

    The readings before, and those that it had stored.
    """
    (before,) = bantin.column("SELECT count(*) FROM reading")
    process = bantin.start("reclean", "--workers", "2")
    database = sqlite3.connect(bantin.home / "bantin.db", timeout=0, isolation_level=None)
    try:
        stored = before
        while stored == before:
            assert process.poll() is None, "it ended before it was killed"
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # it is writing just now
                time.sleep(0.0005)
                continue
            (stored,) = database.execute("SELECT count(*) FROM reading").fetchone()
            if stored == before:
                database.execute("ROLLBACK")
                time.sleep(0.0005)
        process.kill()
        process.communicate()
        database.execute("ROLLBACK")
    finally:
        database.close()
    return before, stored


def _recleaned(collected: Bantin, folder: Path) -> None:
    whole, four, cut = (_copied(collected, folder / name) for name in ("one", "four", "killed"))
    _run(whole, "reclean", "--workers", "1")
    _run(four, "reclean", "--workers", "4")
    before, stored = _killed(cut)
    _run(cut, "reclean", "--workers", "2")
    expected = _readings(whole)
    assert before < stored < expected.count("\n") + 1, "it was not killed in the middle"
    assert _readings(four) == expected
    assert _readings(cut) == expected
    assert cut.sql("SELECT * FROM v_article ORDER BY 1") == whole.sql("SELECT * FROM v_article ORDER BY 1")


def test_a_reclean_in_one_process_in_four_and_killed_in_the_middle_leaves_the_same_bytes(tmp_path: Path) -> None:
    _recleaned(_collection(tmp_path, exchanges(own_samples(), ROUNDS)), tmp_path)


@pytest.mark.portal
@pytest.mark.timeout(600)
def test_so_does_a_reclean_of_the_real_portal(tmp_path: Path) -> None:
    _recleaned(_collection(tmp_path, exchanges(portal_samples()[::3])), tmp_path)
