"""The sample portal that the project ships, collected for real: what a first user sees."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.segments import segments
from archive.warc import read_records
from tests.bantin import Bantin
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
ARTICLES = {"mau-quan-uy": 12, "mau-bao": 4}


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def bantin(site: SampleSite, tmp_path: Path) -> Bantin:
    text = (SITE / "sources.toml").read_text("utf-8")
    sources = tmp_path / "sources.toml"
    text = text.replace("http://127.0.0.1:8765", site.urls["quan-uy"]).replace(
        "http://127.0.0.1:8766", site.urls["bao"]
    )
    sources.write_text(text, "utf-8")
    bantin = Bantin(tmp_path / "home", sources)
    bantin.run("init")
    return bantin


def _archived(bantin: Bantin) -> set[str]:
    exchanges = (record.exchange() for path in segments(bantin.home / "archive") for record in read_records(path))
    return {exchange.url for exchange in exchanges if exchange and not exchange.url.endswith("/robots.txt")}


def count(bantin: Bantin, query: str) -> int:
    return int(bantin.column(query)[0])


def test_two_sites_are_collected_in_one_run_and_traps_are_left_alone(bantin: Bantin, site: SampleSite) -> None:
    said = bantin.run("collect")
    assert dict(bantin.sql("SELECT source_id, count(*) FROM v_article GROUP BY source_id")) == ARTICLES, said.stdout
    asked = [entry["path"] for entry in site.log]
    assert not [path for path in asked if "pop_up" in path or path.startswith("/en")]
    assert len([path for path in asked if "5100106" in path]) == 1, "one address an article"
    assert {entry["user_agent"].split("/")[0] for entry in site.log} == {"bantin"}
    assert asked.count("/robots.txt") == 2


def test_readings_say_what_the_page_says(bantin: Bantin) -> None:
    bantin.run("collect")
    rows = {row["article_key"].partition(":")[2]: row for row in bantin.rows()}
    assert rows["5100101"]["published_at"] == "2024-12-17T11:12:00+07:00"
    assert rows["5100108"]["published_at"] == "2025-05-13T16:53:00+07:00"
    assert rows["5100108"]["byline"] is None
    assert rows["5100108"]["body"].endswith("TM. BAN THƯỜNG VỤ\nPHÓ BÍ THƯ\nTrần Thị Minh Hòa")
    assert rows["5100102"]["byline"] == "BAN TUYÊN GIÁO QUẬN ỦY"
    assert rows["5100107"]["published_at"] is None
    assert rows["5100111"]["byline"] == "Thu Trang"
    assert rows["5100110"]["duplicate_of"] == "mau-quan-uy:5100109"
    assert rows["826055"]["duplicate_of"] == "mau-quan-uy:5100111"
    assert rows["826102"]["byline"] == "Bài và ảnh: MINH QUANG"
    assert len(rows["5100104"]["captions"]) == 1
    assert len(rows["824417"]["captions"]) == 2
    for row in rows.values():
        assert "leftcenterrightdel" not in "".join(str(row).split())


def test_the_next_day_brings_two_editions_a_move_and_an_absence(bantin: Bantin, site: SampleSite) -> None:
    bantin.run("collect")
    site.day = 2
    bantin.run("collect", "--refetch")
    edited = bantin.column("SELECT article_key FROM v_edition WHERE edition = 2 ORDER BY 1")
    assert edited == ["mau-quan-uy:5100108", "mau-quan-uy:5100112"]
    assert bantin.column("SELECT article_key FROM v_article WHERE gone_at IS NOT NULL") == ["mau-quan-uy:5100102"]
    dates = "SELECT article_key, before, after FROM v_metadata_change WHERE field = 'published_at'"
    assert [row[0] for row in bantin.sql(dates)] == ["mau-quan-uy:5100103"]
    moved = "SELECT outcome FROM v_capture WHERE article_key = 'mau-quan-uy:5100104' ORDER BY captured_at"
    assert bantin.column(moved) == ["ok", "redirected", "ok"]
    assert "25/5/2025" in bantin.run("diff", "mau-quan-uy:5100108").stdout
    bantin.run("verify")


def test_a_database_that_refuses_ends_the_collect_and_nothing_is_lost(bantin: Bantin, site: SampleSite) -> None:
    refuse = "CREATE TRIGGER refuse BEFORE INSERT ON reading BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    bantin.sql(refuse)
    said = bantin.run("collect", status=3)
    assert "the disk is full" in said.stdout + said.stderr
    bantin.sql("DROP TRIGGER refuse")
    archived = _archived(bantin)
    assert archived
    bantin.run("collect")
    assert dict(bantin.sql("SELECT source_id, count(*) FROM v_article GROUP BY source_id")) == ARTICLES
    asked = [site.urls[entry["site"]] + entry["path"] for entry in site.log]
    assert [url for url in archived if asked.count(url) > 1] == [], "what was archived was fetched again"
    bantin.run("verify")


def test_a_limit_on_pages_is_kept_and_the_next_collect_fetches_the_rest(bantin: Bantin, site: SampleSite) -> None:
    bantin.run("collect", "--max-pages", "5", status=None)
    pages = [entry for entry in site.log if entry["path"] != "/robots.txt"]
    assert len(pages) == 5
    bantin.run("collect")
    assert dict(bantin.sql("SELECT source_id, count(*) FROM v_article GROUP BY source_id")) == ARTICLES


def test_a_source_that_falls_short_is_said_and_exits_1(bantin: Bantin, site: SampleSite) -> None:
    text = bantin.sources.read_text("utf-8").replace("expect_articles_min = 4", "expect_articles_min = 40")
    bantin.sources.write_text(text, "utf-8")
    said = bantin.run("collect", status=1)
    assert "mau-bao: 4 articles, at least 40 were expected" in said.stderr


def test_a_private_address_is_refused_unless_the_source_allows_it(bantin: Bantin, site: SampleSite) -> None:
    text = bantin.sources.read_text("utf-8").replace("allow_private = true", "")
    bantin.sources.write_text(text, "utf-8")
    bantin.run("collect", status=1)
    assert site.log == []
    reasons = bantin.column("SELECT DISTINCT reason FROM v_capture")
    assert len(reasons) == 1
    assert "allow_private" in reasons[0]


def test_a_collect_without_a_database_says_init_and_touches_nothing(bantin: Bantin, site: SampleSite) -> None:
    empty = Bantin(bantin.home.with_name("empty"), bantin.sources)
    said = empty.run("collect", status=3)
    assert "bantin init" in said.stderr
    assert not empty.home.exists()
    assert site.log == []


def test_a_wrong_source_file_is_refused_with_its_line_before_anything_happens(bantin: Bantin, site: SampleSite) -> None:
    text = bantin.sources.read_text("utf-8").replace('level = "press"', 'level = "press"\nlayuot = "img-editor"')
    bantin.sources.write_text(text, "utf-8")
    line = text.splitlines().index('layuot = "img-editor"') + 1
    said = bantin.run("collect", status=2)
    assert f"{bantin.sources}:{line}" in said.stderr
    assert "layuot" in said.stderr
    assert site.log == []


def test_scrapy_itself_runs_the_spider(bantin: Bantin, site: SampleSite) -> None:
    settings = [f"BANTIN_HOME={bantin.home}", f"BANTIN_SOURCES={bantin.sources}"]
    options = [part for setting in settings for part in ("-s", setting)]
    command = [sys.executable, "-m", "scrapy", "crawl", "portal", "-a", "sources=mau-bao", *options]
    subprocess.run(command, cwd=SITE.parents[1], check=True, capture_output=True, timeout=120)
    assert count(bantin, "SELECT count(*) FROM v_article") == 4


def test_a_robots_file_that_moved_is_followed_and_obeyed(bantin: Bantin, site: SampleSite) -> None:
    site.robots_at = "/he-thong/robots.txt"
    site.robots = "User-agent: *\nDisallow: /\n"
    bantin.run("collect", status=None)
    paths = {entry["path"] for entry in site.log}
    assert paths == {"/robots.txt", "/he-thong/robots.txt"}
    assert set(bantin.column("SELECT DISTINCT outcome FROM v_capture WHERE kind = 'list'")) == {"blocked"}


def test_a_source_whose_host_is_anothers_by_now_is_not_collected(bantin: Bantin, site: SampleSite) -> None:
    text = bantin.sources.read_text("utf-8")
    host = site.urls["quan-uy"].removeprefix("http://")
    past = f'hosts = [{{ name = "{host}", until = 2025-06-30 }}]\n'
    bantin.sources.write_text(text.replace('layout = "hanoi-liferay"\n', f'layout = "hanoi-liferay"\n{past}'), "utf-8")
    said = bantin.run("collect")
    assert f"mau-quan-uy: {host} (until 2025-06-30); that is past, nothing is collected" in said.stderr
    assert {entry["site"] for entry in site.log} == {"bao"}
    assert "mau-quan-uy: " in bantin.run("collect", "mau-quan-uy", status=2).stderr
    assert bantin.run("--now", "2025-06-30T12:00:00Z", "collect", "mau-quan-uy").returncode == 0
