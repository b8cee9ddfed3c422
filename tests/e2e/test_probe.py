"""`bantin sources probe` and `new` against sites on loopback: what they say, and how little they ask."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bantin import Bantin
from tests.portal import ARTICLES, Portal
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def bantin(site: SampleSite, tmp_path: Path) -> Bantin:
    return _with(site, tmp_path)


def _with(site: SampleSite, tmp_path: Path, *changes: tuple[str, str]) -> Bantin:
    text = (SITE / "sources.toml").read_text("utf-8")
    text = text.replace("http://127.0.0.1:8765", site.urls["quan-uy"])
    text = text.replace("http://127.0.0.1:8766", site.urls["bao"])
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    sources = tmp_path / "sources.toml"
    sources.write_text(text, "utf-8")
    return Bantin(tmp_path / "home", sources)


def _probe(bantin: Bantin, *arguments: str, status: int = 0) -> dict[str, Any]:
    return dict(json.loads(bantin.run("sources", "probe", *arguments, "--json", status=status).stdout))


def test_a_source_that_is_as_declared_is_said_to_be(bantin: Bantin, site: SampleSite) -> None:
    seen = _probe(bantin, "mau-quan-uy")
    assert (seen["layout"], seen["problems"], seen["robots"]["status"]) == ("hanoi-liferay", [], 200)
    assert seen["found"] == {"hanoi-liferay": len(seen["links"])}
    article = seen["article"]
    assert (article["marks"], article["layout"]) == (["hanoi-liferay"], "hanoi-liferay")
    assert article["title"]
    assert article["published_at"].endswith("+07:00")
    assert article["published_evidence"]
    assert article["paragraphs"] >= len(article["body"]) >= 1


def test_three_requests_are_made_robots_txt_first_and_nothing_is_stored(bantin: Bantin, site: SampleSite) -> None:
    said = bantin.run("sources", "probe", "mau-bao").stdout
    asked = [entry["path"] for entry in site.log]
    assert (asked[0], len(asked)) == ("/robots.txt", 3)
    assert {entry["user_agent"].split("/")[0] for entry in site.log} == {"bantin"}
    assert said.splitlines()[-1] == "looks as declared"
    assert not bantin.home.exists()


def test_another_layout_than_the_one_declared_is_named(site: SampleSite, tmp_path: Path) -> None:
    bantin = _with(site, tmp_path, ('layout = "img-editor"', 'layout = "vccorp"'))
    (problem,) = _probe(bantin, "mau-bao", status=1)["problems"]
    assert problem.startswith("layout vccorp finds no links to articles on ")
    assert "img-editor finds " in problem


def test_an_article_without_the_layouts_marks_is_said(site: SampleSite, tmp_path: Path) -> None:
    page = next((SITE / "bao" / "day1" / "xay-dung-ang").glob("*.html")).name
    start = f"{site.urls['bao']}/xay-dung-ang"
    bantin = _with(site, tmp_path, (f'start = ["{start}"]', f'start = ["{start}/{page}"]'))
    assert _probe(bantin, "mau-bao", status=1)["problems"]


def test_what_robots_txt_forbids_is_not_asked_for(bantin: Bantin, site: SampleSite) -> None:
    site.robots = "User-agent: *\nDisallow: /\nCrawl-delay: 7\nSitemap: https://bao.example.vn/sitemap.xml\n"
    seen = _probe(bantin, "mau-bao", status=1)
    assert [entry["path"] for entry in site.log] == ["/robots.txt"]
    assert (seen["robots"]["status"], seen["robots"]["crawl_delay"]) == (200, 7)
    assert "https://bao.example.vn/sitemap.xml" in seen["robots"]["sitemaps"]
    assert "forbidden by robots.txt" in seen["problems"][0]


def test_a_page_that_is_not_there_is_said(site: SampleSite, tmp_path: Path) -> None:
    bantin = _with(site, tmp_path, ("/xay-dung-ang", "/khong-co"))
    (problem,) = _probe(bantin, "mau-bao", status=1)["problems"]
    assert "gone (status 404)" in problem


def test_an_address_on_a_private_host_is_refused_unless_it_is_allowed(bantin: Bantin, site: SampleSite) -> None:
    url = f"{site.urls['bao']}/xay-dung-ang"
    seen = _probe(bantin, url, status=1)
    assert site.log == []
    assert "private address" in seen["problems"][0]
    assert _probe(bantin, url, "--allow-private")["layout"] == "img-editor"


def test_a_source_whose_host_is_anothers_by_now_is_not_probed(bantin: Bantin, site: SampleSite) -> None:
    text = bantin.sources.read_text("utf-8")
    host = site.urls["bao"].removeprefix("http://")
    bantin.sources.write_text(f'{text}hosts = [{{ name = "{host}", until = 2025-06-30 }}]\n', "utf-8")
    assert "that is past" in bantin.run("sources", "probe", "mau-bao", status=2).stderr
    assert site.log == []


def test_what_is_neither_a_source_nor_an_address_is_wrong_use(bantin: Bantin) -> None:
    assert "no source 'mau-khac'" in bantin.run("sources", "probe", "mau-khac", status=2).stderr
    assert "not an http(s) address" in bantin.run("sources", "probe", "ftp://bao.vn/", status=2).stderr


def test_a_draft_can_be_saved_checked_probed_and_collected(bantin: Bantin, site: SampleSite, tmp_path: Path) -> None:
    url = f"{site.urls['quan-uy']}/hoat-ong-ang"
    options = ("--allow-private", "--id", "thu", "--name", 'Quận ủy "thử"', "--level", "district")
    text = bantin.run("sources", "new", url, *options).stdout
    (source,) = tomllib.loads(text)["source"]
    assert (source["id"], source["name"], source["level"]) == ("thu", 'Quận ủy "thử"', "district")
    assert (source["layout"], source["start"], source["verified"]) == ("hanoi-liferay", [url], True)
    assert "read with title, date and body" in source["evidence"]
    drafted = Bantin(tmp_path / "drafted", tmp_path / "thu.toml")
    drafted.sources.write_text(text + "download_delay = 0\n", "utf-8")
    assert drafted.run("sources", "check").stdout.startswith("1 sources")
    drafted.run("sources", "probe", "thu")
    drafted.init()
    drafted.run("collect", status=None)
    assert len(drafted.rows()) > 5


def test_a_draft_of_what_is_not_recognised_is_not_verified_and_passes_the_check(
    bantin: Bantin, site: SampleSite, tmp_path: Path
) -> None:
    url = f"{site.urls['quan-uy']}/khong-co"
    text = bantin.run("sources", "new", url, "--allow-private", status=1).stdout
    assert "# Needs a look: " in text
    (source,) = tomllib.loads(text)["source"]
    assert (source["layout"], source["verified"]) == ("generic", False)
    assert source["evidence"].startswith("probed ")
    (tmp_path / "moi.toml").write_text(text, "utf-8")
    Bantin(tmp_path / "moi", tmp_path / "moi.toml").run("sources", "check")


def test_a_draft_takes_no_id_that_is_there(bantin: Bantin, site: SampleSite) -> None:
    said = bantin.run("sources", "new", site.urls["bao"], "--id", "mau-bao", status=2).stderr
    assert "Choose another with --id" in said
    assert "Correct it" in bantin.run("sources", "new", site.urls["bao"], "--level", "tinh", status=2).stderr


@pytest.mark.portal
def test_a_recorded_portal_is_recognised_and_its_draft_collects_it(bantin: Bantin, tmp_path: Path) -> None:
    with Portal() as portal:
        start = f"{portal.url}/hoat-ong-ang-oan-the"
        text = bantin.run("sources", "new", start, "--allow-private", "--level", "city").stdout
        drafted = Bantin(tmp_path / "drafted", tmp_path / "thu.toml")
        drafted.sources.write_text(text + "download_delay = 0\n", "utf-8")
        assert drafted.run("sources", "probe", tomllib.loads(text)["source"][0]["id"]).stdout
        drafted.init()
        drafted.run("collect", "--max-pages", "40", status=None)
        assert 5 < len(drafted.rows()) <= ARTICLES


def test_a_collect_of_all_sources_says_what_it_leaves_out(site: SampleSite, tmp_path: Path) -> None:
    bantin = _with(site, tmp_path, ('name = "Báo Sông Nhuệ (mẫu)"', 'name = "Báo"\npaused = "not probed yet"'))
    bantin.init()
    said = bantin.run("collect")
    assert bantin.column("SELECT DISTINCT source_id FROM capture") == ["mau-quan-uy"]
    assert "1 sources are paused: bantin sources list --paused says why" in said.stderr
    assert bantin.run("sources", "list", "--paused").stdout.splitlines()[-1].endswith("not probed yet")
    named = bantin.run("collect", "mau-bao")
    assert "mau-bao" in bantin.column("SELECT DISTINCT source_id FROM capture")
    assert "paused" not in named.stderr
