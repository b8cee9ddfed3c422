"""Crawls that come back: little is asked for where little changed, and what changed is found in time."""

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from archive.segments import segments
from archive.warc import NOT_MODIFIED, read_records
from tests.bantin import Bantin
from tests.months import simulate
from tests.portal import ARTICLES, Portal

FIRST, LATER = ["--now", "2026-03-01T06:00:00Z"], ["--now", "2026-04-30T06:00:00Z"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def begin(home: Path, portal: Portal) -> Bantin:
    bantin = Bantin(home, portal.catalogue(home.parent))
    bantin.init()
    return bantin


@pytest.mark.portal
@pytest.mark.timeout(300)
def test_a_second_run_right_after_a_first_one_asks_for_a_twentieth_at_most(home: Path) -> None:
    with Portal() as portal:
        bantin = begin(home, portal)
        bantin.run("collect")
        first = len(portal.log)
        bantin.run("collect")
        second = [entry["path"] for entry in portal.log[first:]]
        bantin.run("collect", "--due")
        third = len(portal.log) - first - len(second)
    assert first > ARTICLES
    assert 3 <= len(second) <= first / 20, second
    assert third == 0, "nothing was due by its own time"


@pytest.mark.portal
@pytest.mark.timeout(300)
def test_new_articles_are_asked_for_newest_first_and_a_long_list_starves_none(home: Path) -> None:
    with Portal() as portal:
        bantin = begin(home, portal)
        text = bantin.sources.read_text("utf-8").replace("download_delay = 0\n", "download_delay = 0.01\n")
        start = f'start = ["{portal.url}/hoat-ong-ang-oan-the"]\n'
        lines = [start if line.startswith("start = ") else line for line in text.splitlines(keepends=True)]
        bantin.sources.write_text("".join(lines), "utf-8")
        bantin.run("collect", "--max-pages", "25", status=None)
        asked = [entry["path"] for entry in portal.log if "robots" not in entry["path"]]
        page = portal.ask("/hoat-ong-ang-oan-the")
    articles = [path for path in asked if "/view_content/" in path]
    places = [page.find(path) for path in articles[:10]]
    assert places == sorted(places)
    assert min(places) > 0
    assert asked.index(articles[9]) < 15, "the articles of the first page come before the pages behind it"


@pytest.mark.portal
@pytest.mark.timeout(300)
def test_what_servers_confirm_is_not_sent_again(home: Path) -> None:
    with Portal("--validators", "--no-views") as portal:
        bantin = begin(home, portal)
        bantin.options = FIRST
        bantin.run("collect")
        first = len(portal.log)
        bantin.options = LATER
        bantin.run("collect")
        later = [entry for entry in portal.log[first:] if "/view_content/" in entry["path"]]
        assert len([e for e in later if e["status"] == 304]) > 0.9 * ARTICLES
        assert all(e["if_none_match"] for e in later if e["status"] == 304)
        bantin.run("collect", "--refetch", "--max-pages", "30", status=None)
        again = portal.log[first + len(portal.log[first:]) - 25 :]
        assert {entry["if_none_match"] for entry in again} == {None}, "a refetch distrusts validators"
    bantin.options = []
    _all_is_confirmed(bantin)
    bantin.run("verify")


def _all_is_confirmed(bantin: Bantin) -> None:
    outcomes = dict(bantin.sql("SELECT outcome, count(*) FROM v_capture WHERE kind = 'article' GROUP BY 1"))
    assert outcomes["revisit-not-modified"] > 0.9 * ARTICLES
    assert bantin.column("SELECT count(*) FROM v_edition") == [ARTICLES]
    seen = bantin.column("SELECT count(*) FROM v_edition WHERE observed_to > '2026-04'")[0]
    assert seen >= outcomes["revisit-not-modified"], "what is confirmed was seen again"
    records = [record for path in segments(bantin.home / "archive") for record in read_records(path)]
    confirming = [record for record in records if record.fields.get("warc-profile") == NOT_MODIFIED]
    assert len(confirming) >= outcomes["revisit-not-modified"]
    assert all(record.body == b"" and record.fields["warc-refers-to-date"] for record in confirming)


class _Unchanged(BaseHTTPRequestHandler):
    """Answers everything with 304, whether it was asked for conditionally or not."""

    # The default, 1.0, hangs up after each answer; a request on the connection it just left would fail otherwise.
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/robots.txt" else 304)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def stubborn() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Unchanged) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.timeout(120)
def test_not_modified_is_a_failure_where_nothing_is_held_that_could_be_meant(home: Path, stubborn: str) -> None:
    sources = home.parent / "sources.toml"
    sources.write_text(
        f'[[source]]\nid = "mau"\nname = "Mẫu"\nlevel = "district"\nlayout = "hanoi-liferay"\n'
        f'start = ["{stubborn}/hoat-ong-ang"]\ndownload_delay = 0\nallow_private = true\n',
        "utf-8",
    )
    bantin = Bantin(home, sources)
    bantin.init()
    bantin.run("collect", status=1)
    said = bantin.sql("SELECT outcome, reason FROM v_capture WHERE kind = 'list'")
    assert {outcome for outcome, _ in said} == {"failed"}
    assert all("304" in reason for _, reason in said)
    copy = Bantin(home.with_name("copy"), sources)
    shutil.copytree(home / "archive", copy.home / "archive")
    copy.run("rebuild")
    assert copy.sql("SELECT outcome, reason FROM v_capture WHERE kind = 'list'") == said


@pytest.mark.portal
@pytest.mark.timeout(600)
def test_ten_days_bring_every_new_article_on_its_day_and_nine_tenths_of_the_edits_in_time(tmp_path: Path) -> None:
    month = simulate(tmp_path, 10, baseline=False)
    assert len(month.truth.edits) > 20
    assert month.captured >= 0.9
    assert month.missed_births == {}
    assert month.missed_late == {}
    articles_alone = sum(month.truth.live(day) for day in range(1, 11))
    assert month.asked <= 0.4 * articles_alone, "the baseline asks for each live article and for lists besides"
