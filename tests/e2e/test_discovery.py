"""What lists do not show: feeds and sitemaps of the sample paper, and collecting back to a day."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.bantin import Bantin
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
LISTED = {"mau-bao:824417", "mau-bao:825390", "mau-bao:826055", "mau-bao:826102"}
IN_FEED, IN_SITEMAP = "mau-bao:826201", "mau-bao:826202"


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


def catalogue(site: SampleSite, folder: Path, more: str = "") -> Bantin:
    """A collection of the sample sites; ``more`` are further lines of the paper's source."""
    text = (SITE / "sources.toml").read_text("utf-8") + more
    for port, name in (("8765", "quan-uy"), ("8766", "bao")):
        text = text.replace(f"http://127.0.0.1:{port}", site.urls[name])
    sources = folder / "sources.toml"
    sources.write_text(text, "utf-8")
    bantin = Bantin(folder / "home", sources)
    if not bantin.home.exists():
        bantin.init()
    return bantin


def keys(bantin: Bantin) -> set[str]:
    return set(bantin.column("SELECT article_key FROM v_article WHERE source_id = 'mau-bao'"))


def paths(site: SampleSite) -> list[str]:
    return [entry["path"] for entry in site.log if not entry["path"].endswith("robots.txt")]


FEED = 'feeds = ["http://127.0.0.1:8766/rss/home.rss"]\n'
SITEMAP = 'sitemaps = ["http://127.0.0.1:8766/sitemap.xml"]\n'


def test_feeds_and_sitemaps_lead_to_articles_that_no_list_shows(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path, FEED + SITEMAP)
    bantin.run("collect", "mau-bao")
    assert keys(bantin) == LISTED | {IN_FEED, IN_SITEMAP}
    asked = [path for path in paths(site) if "rss" in path or "sitemap" in path]
    assert sorted(asked) == ["/rss/home.rss", "/sitemap-2019.xml", "/sitemap-2025.xml.gz", "/sitemap.xml"]
    found = dict(bantin.sql("SELECT kind, count(*) FROM v_capture WHERE kind IN ('feed', 'sitemap') GROUP BY kind"))
    assert found == {"feed": 1, "sitemap": 3}
    assert not [path for path in paths(site) if "bai-cu" in path], "an entity was expanded"
    exported = {row["article_key"]: row for row in bantin.rows()}
    assert exported[IN_FEED]["published_at"] == "2025-06-13T09:20:00+07:00"
    bantin.run("verify")


def test_without_them_in_the_sources_file_nothing_but_the_lists_is_asked_for(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path)
    bantin.run("collect", "mau-bao")
    assert keys(bantin) == LISTED
    assert not [path for path in paths(site) if "rss" in path or "sitemap" in path]


def test_a_page_in_place_of_a_feed_is_a_failed_capture_with_its_reason(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path, 'feeds = ["http://127.0.0.1:8766/"]\n')
    said = bantin.run("collect", "mau-bao", status=1)
    assert "1 addresses could not be fetched" in said.stderr + said.stdout
    assert bantin.sql("SELECT outcome, reason FROM v_capture WHERE kind = 'feed'") == [
        ("failed", "no feed: an HTML page")
    ]
    assert keys(bantin) == LISTED


def test_a_rebuild_finds_feeds_and_sitemaps_again(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path, FEED + SITEMAP)
    bantin.run("collect", "mau-bao")
    query = "SELECT kind, url, outcome FROM v_capture ORDER BY captured_at, url"
    before = bantin.sql(query)
    (bantin.home / "bantin.db").unlink()
    bantin.run("rebuild")
    assert bantin.sql(query) == before
    assert keys(bantin) == LISTED | {IN_FEED, IN_SITEMAP}


def test_a_collect_back_to_a_day_leaves_what_lists_date_before_it(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path)
    bantin.run("collect", "mau-quan-uy", "--since", "2025-05-13", status=None)
    asked = {path.rpartition("/")[2][:7] for path in paths(site) if "view_content" in path and "?" not in path}
    # 5100107 shows no date, so it is asked for; related boxes lead to older articles, and are left.
    assert {"5100108", "5100109", "5100111", "5100110", "5100112", "5100107"} <= asked
    assert not asked & {"5100101", "5100102", "5100103", "5100104", "5100105", "5100106"}


def test_lists_are_walked_no_further_than_a_page_that_is_older(site: SampleSite, tmp_path: Path) -> None:
    for since, further in (("2025-05-13", 1), ("2025-07-01", 0)):
        folder = tmp_path / since
        folder.mkdir()
        site.log.clear()
        catalogue(site, folder).run("collect", "mau-quan-uy", "--since", since, status=None)
        assert len([path for path in paths(site) if "_101_cur=2" in path]) == further


def test_a_known_list_is_walked_again_as_far_back_as_asked(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path)
    bantin.run("collect", "mau-quan-uy", "--since", "2025-07-01", status=None)
    first = len(keys_of(bantin))
    bantin.run("collect", "mau-quan-uy", "--since", "2025-05-13", status=None)
    bantin.run("collect", "mau-quan-uy", "--since", "2024-01-01", status=None)
    assert first < len(keys_of(bantin)) == 12


def keys_of(bantin: Bantin) -> set[str]:
    return set(bantin.column("SELECT article_key FROM v_article WHERE source_id = 'mau-quan-uy'"))


def test_old_sitemaps_and_entries_are_left_by_a_collect_back_to_a_day(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path, FEED + SITEMAP)
    bantin.run("collect", "mau-bao", "--since", "2025-06-13", status=None)
    assert "/sitemap-2025.xml.gz" in paths(site)
    assert "/sitemap-2019.xml" not in paths(site)
    assert IN_FEED in keys(bantin)
    assert IN_SITEMAP not in keys(bantin)


def test_a_day_that_is_none_is_wrong_use(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path)
    bantin.run("collect", "mau-bao", "--since", "13/06/2025", status=2)


def test_an_interrupted_collect_back_to_a_day_goes_on_with_that_day(site: SampleSite, tmp_path: Path) -> None:
    bantin = catalogue(site, tmp_path)
    bantin.run("collect", "mau-quan-uy", "--since", "2025-05-13", "--max-pages", "1", status=None)
    with closing(sqlite3.connect(bantin.home / "bantin.db")) as connection, connection:
        connection.execute("UPDATE crawl SET outcome = 'interrupted'")  # what opening makes of a killed one
    bantin.run("collect", "mau-quan-uy", status=None)
    ids = {key.partition(":")[2] for key in keys_of(bantin)}
    assert {"5100108", "5100109", "5100110", "5100111", "5100112"} <= ids
    assert not ids & {"5100101", "5100102", "5100103", "5100104", "5100105", "5100106"}
