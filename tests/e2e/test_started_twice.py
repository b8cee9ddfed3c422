"""A source is crawled once at a time: by two processes of one home, and by two homes with one database."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from archive import frontier
from archive.database import connect
from archive.models import Crawl, Source
from archive.records import Link
from tests.bantin import Bantin
from tests.databases import Databases
from tests.postgresql import Server
from tests.rig import day
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def sources(site: SampleSite, tmp_path: Path) -> Path:
    """The sample's two sources, slow enough to be met at work."""
    text = (SITE / "sources.toml").read_text("utf-8").replace("download_delay = 0", "download_delay = 0.15")
    for number, name in (("8765", "quan-uy"), ("8766", "bao")):
        text = text.replace(f"http://127.0.0.1:{number}", site.urls[name])
    (tmp_path / "sources.toml").write_text(text, "utf-8")
    return tmp_path / "sources.toml"


def started_at_once(*homes: Bantin) -> list[dict[str, object]]:
    """The summaries of a `collect --due` a home, all started in the same instant; each exits 0."""
    running = [home.start("collect", "--due", "--json") for home in homes]
    ended = [(process.communicate(timeout=200), process.returncode) for process in running]
    assert [status for _, status in ended] == [0] * len(homes), ended
    return [json.loads(out) for (out, _), _ in ended]


def once(site: SampleSite, summaries: list[dict[str, object]]) -> None:
    """Nothing was asked for twice, and who came second said so."""
    asked = [(entry["site"], entry["path"]) for entry in site.log if entry["path"] != "/robots.txt"]
    assert len(asked) > 20
    assert len(asked) == len(set(asked)), "an address was fetched twice"
    notes = [note for summary in summaries for note in summary["notes"]]  # type: ignore[attr-defined]
    assert sum("another crawl is collecting it; not touched" in note for note in notes) == 2


def test_two_processes_of_one_home_collect_a_source_once(site: SampleSite, sources: Path, tmp_path: Path) -> None:
    home = Bantin(tmp_path / "home", sources)
    home.init()
    once(site, started_at_once(home, home))
    home.run("verify")


def test_two_homes_with_one_database_collect_a_source_once(
    postgresql: Server, site: SampleSite, sources: Path, tmp_path: Path
) -> None:
    options = ["--database", postgresql.url_of(postgresql.create())]
    one, other = (Bantin(tmp_path / name, sources, options) for name in ("one", "other"))
    one.init()
    once(site, started_at_once(one, other))


def test_a_source_that_is_being_collected_is_a_note_for_a_timer_and_a_look_for_a_person(
    site: SampleSite, sources: Path, tmp_path: Path
) -> None:
    sources.write_text(sources.read_text("utf-8").replace("download_delay = 0.15", "download_delay = 10"), "utf-8")
    home = Bantin(tmp_path / "home", sources)
    home.init()
    first = home.start("collect")
    try:
        while not site.log and first.poll() is None:
            time.sleep(0.05)
        timer = json.loads(home.run("collect", "--due", "--json", status=0).stdout)
        assert timer["exit_status"] == 0
        assert sum("another crawl is collecting it; not touched" in note for note in timer["notes"]) == 2
        person = home.run("collect", status=1)
        assert "mau-bao: another crawl is collecting it; not touched" in person.stderr
    finally:
        first.kill()
        first.communicate()


@pytest.mark.parametrize("crawls", [2, 4])
def test_of_crawls_that_begin_in_one_instant_one_gets_the_lease(databases: Databases, crawls: int) -> None:
    url = databases.migrated()
    engine = connect(url)
    with engine.begin() as connection:
        facts = {"id": "quan", "name": "Quận", "level": "district", "layout": "generic", "listed": True}
        connection.execute(Source.__table__.insert().values(**facts))
        begun = {"started_at": day(0), "outcome": "running", "software": "", "config": {}, "counts": {}}
        rows = [{"key": f"crawl-{number}", **begun} for number in range(crawls)]
        connection.execute(Crawl.__table__.insert(), rows)
        frontier.add_starts(connection, "quan", [Link("https://quan/", "quan/", "list")], day(0))
    keys, barrier = [f"crawl-{number}" for number in range(crawls)], Barrier(crawls)

    def begin(number: int) -> set[str]:
        own = connect(url)
        barrier.wait(30)
        with own.begin() as connection:
            busy = frontier.lease(connection, ["quan"], f"crawl-{number}", day(0), keys)
        own.dispose()
        return busy

    with ThreadPoolExecutor(crawls) as pool:
        busy = list(pool.map(begin, range(crawls)))
    assert sorted(map(len, busy)) == [0] + [1] * (crawls - 1)
    with engine.begin() as connection:  # a lease that nobody renews runs out
        late = day(0) + frontier.LEASE
        assert frontier.lease(connection, ["quan"], "late", late - timedelta(seconds=1), keys) == {"quan"}
        assert frontier.lease(connection, ["quan"], "late", late, keys) == set()
    engine.dispose()
