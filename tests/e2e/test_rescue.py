"""`bantin rescue` as its users run it: 200 captures, kills, interrupts, an archive with troubles, a later collect."""

import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.front import INTERRUPTED
from tests.bantin import ROOT, Bantin
from tests.builders import liferay
from tests.rescues import WANTED, address, district, held, moment
from tests.site.server import SampleSite
from tests.webarchive import Held, WebArchive, replay_path

pytestmark = pytest.mark.timeout(300)
CAPTURES = "SELECT url, captured_at, status, outcome, article_key, payload_digest, content_hash FROM v_capture"
SAMPLE = next((ROOT / "tests/site/quan-uy/day1/hoat-ong-ang/-/view_content").glob("5100101-*")).name
#: A burst of 429s, server errors, a broken transfer and a reset connection on the way.
TROUBLES = {3: ["429", "429"], 40: ["503"], 71: ["cut"], 90: ["reset"], 130: ["429"]}


@pytest.fixture
def web() -> Iterator[WebArchive]:
    with WebArchive(held()) as made:
        yield made


def rescue(web: WebArchive, *more: str) -> list[str]:
    return ["rescue", "songnhue", "--archive", web.wayback, "--allow-private", "--delay", "0", "--json", *more]


def state(bantin: Bantin) -> tuple[Any, ...]:
    """What a collection holds, row numbers aside."""
    editions = "SELECT article_key, edition, content_hash, observed_from, observed_to FROM v_edition ORDER BY 1, 2"
    return bantin.sql(f"{CAPTURES} ORDER BY 1, 2"), bantin.sql(editions), bantin.export()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """A rescue in one go, from an archive without troubles."""
    bantin = district(tmp_path_factory.mktemp("undisturbed"))
    with WebArchive(held()) as web:
        report = json.loads(bantin.run(*rescue(web)).stdout)
    assert (report["stored"], report["outcome"]) == (WANTED, "finished")
    return state(bantin)


def test_who_took_over_a_district_that_was_only_rescued_can_be_asked(tmp_path: Path) -> None:
    shipped = Bantin(tmp_path / "home", ROOT / "crawler" / "sources")
    shipped.init()
    caugiay = "http://caugiay.hanoi.gov.vn/tin-tuc/-/view_content/1-tin.html"
    body = liferay("<p>Quận ủy Cầu Giấy sơ kết công tác năm.</p>", title="Tin số 1").encode()
    with WebArchive([Held(caugiay, moment(0), body)]) as web:
        options = ("--archive", web.wayback, "--allow-private", "--delay", "0")
        shipped.run("rescue", "quan-cau-giay", *options)
    taken_over = (
        "SELECT n.source_id FROM v_article AS a JOIN v_source AS o ON o.source_id = a.source_id"
        " JOIN unit_successor AS s ON s.unit_id = o.unit_id JOIN v_source AS n ON n.unit_id = s.successor_id ORDER BY 1"
    )
    assert "phuong-cau-giay" in shipped.column(taken_over)
    told = shipped.run("status", status=None).stdout
    assert "more sources hold nothing yet" in told
    assert [line.split()[0] for line in told.splitlines() if line.startswith(("quan-", "phuong-"))] == ["quan-cau-giay"]


def test_an_archive_that_cannot_be_asked_is_an_error_and_no_report(web: WebArchive, tmp_path: Path) -> None:
    done = district(tmp_path).run("rescue", "songnhue", "--archive", web.wayback, status=3)
    assert done.stdout == ""
    assert "--allow-private" in done.stderr


def stored(bantin: Bantin) -> int:
    return int(bantin.column("SELECT count(*) FROM capture")[0])


def test_a_rescue_that_is_killed_and_interrupted_ends_like_one_that_was_not(
    web: WebArchive, undisturbed: tuple[Any, ...], tmp_path: Path
) -> None:
    bantin, chance = district(tmp_path), random.Random(2016)
    wanted = [one for one in held() if one.url.startswith("http") and one.at.year < 2025]
    for number, faults in TROUBLES.items():
        web.faults[replay_path(wanted[number])] = list(faults)
    # The last capture waits until all kills are done: however fast the machine, none comes too late.
    last = replay_path(max(wanted, key=lambda one: one.at))
    web.withheld[last] = threading.Event()
    kills = 0
    for until, how in ((25, signal.SIGKILL), (70, signal.SIGKILL), (110, signal.SIGKILL), (150, signal.SIGINT)):
        process = bantin.start(*rescue(web))
        while stored(bantin) < until and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        kills += process.poll() is None
        process.send_signal(how)
        out, said = process.communicate(timeout=60)
        if how is signal.SIGINT:
            assert process.returncode == 1
            assert said.endswith(f"bantin: {INTERRUPTED}\n")
            assert json.loads(out)["outcome"] == "interrupted"
    assert kills == 4
    assert stored(bantin) < WANTED
    web.withheld[last].set()
    report = json.loads(bantin.run(*rescue(web)).stdout)
    assert (report["outcome"], report["waiting"], report["failed"]) == ("finished", 0, 0)

    assert stored(bantin) == WANTED
    assert state(bantin) == undisturbed
    bantin.run("verify")
    # Nothing twice but what was on its way at a kill; listings went on where they were.
    answered = Counter(web.replays())
    assert sum(answered.values()) - len(answered) <= kills + TROUBLES[71].count("cut")
    again = Bantin(tmp_path / "again", bantin.sources)
    (tmp_path / "again").mkdir()
    (bantin.home / "archive").rename(tmp_path / "again" / "archive")
    again.init()
    again.run("rebuild")
    assert state(again) == undisturbed


def test_the_servers_log_shows_the_pace_and_the_patience(web: WebArchive, tmp_path: Path) -> None:
    bantin = district(tmp_path)
    first = [one for one in held() if one.url == address(1)]
    web.faults[replay_path(first[0])] = ["429"]
    web.faults[replay_path(first[1])] = ["503"]
    command = [*rescue(web), "--from", "2016-01-01", "--to", "2017-12-31", "--limit", "25"]
    command[command.index("--delay") + 1] = "0.1"
    bantin.run(*command)
    times = [(asked.at, asked.status) for asked in web.log]
    assert len(times) > 25
    for (before, status), (after, _) in pairwise(times):
        assert after - before >= (1.0 if status in (429, 503) else 0.1) - 0.01
    assert {status for _, status in times} >= {200, 429, 503}


def test_a_later_collect_goes_on_with_the_same_articles(tmp_path: Path) -> None:
    with SampleSite() as site:
        url = f"{site.urls['quan-uy']}/hoat-ong-ang/-/view_content/{SAMPLE}"
        words = [f"<p>Bài cũ, bản {n}. Quận ủy Sông Nhuệ họp thường kỳ.</p>" for n in (1, 2)]
        old = [Held(url, moment(n), liferay(text).encode()) for n, text in enumerate(words)]
        catalogue = (ROOT / "tests" / "site" / "sources.toml").read_text("utf-8")
        for port, name in ((8765, "quan-uy"), (8766, "bao")):
            catalogue = catalogue.replace(f"http://127.0.0.1:{port}", site.urls[name])
        (tmp_path / "nguon.toml").write_text(catalogue, "utf-8")
        bantin = Bantin(tmp_path / "home", tmp_path / "nguon.toml")
        bantin.init()
        with WebArchive(old) as web:
            command = rescue(web)
            command[1] = "mau-quan-uy"
            bantin.run(*command)
        editions = "SELECT edition, observed_from, content_hash FROM v_edition WHERE article_key = ? ORDER BY edition"
        key = f"mau-quan-uy:{SAMPLE.partition('-')[0]}"
        before = bantin.sql(editions, key)
        bantin.run("collect", "mau-quan-uy", "--refetch")
        after = bantin.sql(editions, key)
        assert [since[:4] for _, since, _ in before] == ["2016", "2016"]
        assert after[:2] == before
        assert len(after) == 3
        assert bantin.column("SELECT count(*) FROM v_article WHERE article_key = ?", key) == [1]
