"""The recorded portal, collected over several days as a scheduled crawl would."""

from pathlib import Path

import pytest

from tests.bantin import Bantin
from tests.portal import ARTICLES, Portal

pytestmark = [pytest.mark.portal, pytest.mark.timeout(600)]
DAYS = tuple(f"2026-09-0{n}T06:00:00Z" for n in range(1, 8))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def begin(home: Path, portal: Portal, expect: int = 0) -> Bantin:
    bantin = Bantin(home, portal.catalogue(home.parent, expect))
    bantin.init()
    return bantin


def collect(bantin: Bantin, day: int, *arguments: str, status: int = 0) -> str:
    bantin.options = ["--now", DAYS[day]]
    said = bantin.run("collect", *arguments, status=status)
    bantin.options = []
    return said.stdout + said.stderr


def keys(articles: object) -> set[str]:
    return {f"sotttt:{article}" for article in articles}  # type: ignore[attr-defined]


def test_all_articles_are_there_none_twice_and_dead_links_make_no_article(home: Path) -> None:
    with Portal() as portal:
        bantin = begin(home, portal, expect=ARTICLES)
        collect(bantin, 0)
        served = [entry["path"] for entry in portal.log]
    assert bantin.column("SELECT count(*) FROM v_article") == [ARTICLES]
    assert bantin.column("SELECT count(*) FROM v_edition") == [ARTICLES]
    assert len(served) == len(set(served)), "an address was asked for twice"
    assert served[0] == "/robots.txt"
    assert not [path for path in served if "pop_up" in path or "/en/en/" in path]
    dead = bantin.column("SELECT article_key FROM v_capture WHERE kind = 'article' AND outcome = 'gone'")
    assert dead
    alive = set(bantin.column("SELECT article_key FROM v_article"))
    fetched_well = set(bantin.column("SELECT article_key FROM v_capture WHERE kind = 'article' AND outcome = 'ok'"))
    assert alive == fetched_well


def test_what_changes_at_every_fetch_is_no_edition_and_what_the_publisher_changes_is(home: Path) -> None:
    options = ("--churn", "--edits", "0.1", "--retitles", "0.03", "--redates", "0.03", "--gone", "0.05")
    with Portal(*options) as portal:
        bantin = begin(home, portal)
        collect(bantin, 0)
        collect(bantin, 0, "--refetch")
        digests = "SELECT count(DISTINCT payload_digest) FROM v_capture WHERE kind = 'article' AND outcome = 'ok'"
        assert bantin.column(digests) == [2 * ARTICLES], "every page's bytes were to change"
        assert bantin.column("SELECT count(*) FROM v_edition") == [ARTICLES]
        truth = portal.day(2)
        texts = dict(bantin.sql("SELECT article_key, body FROM v_article"))
        collect(bantin, 2, "--refetch")
    gone, edited = keys(truth["gone"]), keys(truth["edited"]) | keys(truth["retitled"])
    changed = set(bantin.column("SELECT article_key FROM v_edition GROUP BY article_key HAVING count(*) > 1"))
    assert changed == edited - gone
    assert bantin.column("SELECT max(edition) FROM v_edition") == [2]
    moved = bantin.column("SELECT article_key FROM v_metadata_change WHERE field = 'published_at'")
    assert set(moved) == keys(truth["redated"]) - gone
    assert gone
    away = dict(bantin.sql("SELECT article_key, body FROM v_article WHERE gone_at IS NOT NULL"))
    assert away == {key: texts[key] for key in gone}


def test_what_was_taken_down_and_came_back_has_both_in_its_history(home: Path) -> None:
    with Portal("--gone", "0.05") as portal:
        bantin = begin(home, portal)
        collect(bantin, 0)
        gone = keys(portal.day(2)["gone"])
        collect(bantin, 2, "--refetch")
    assert set(bantin.column("SELECT article_key FROM v_article WHERE gone_at IS NOT NULL")) == gone
    with Portal("--gone", "0", "--day", "3", port=portal.port):
        collect(bantin, 3, "--refetch")
    assert bantin.column("SELECT count(*) FROM v_article WHERE gone_at IS NOT NULL") == [0]
    assert set(bantin.column("SELECT article_key FROM v_change WHERE kind = 'gone'")) == gone
    assert set(bantin.column("SELECT article_key FROM v_change WHERE kind = 'back'")) == gone
    history = bantin.run("history", sorted(gone)[0], "--json").stdout
    assert '"gone"' in history
    assert '"back"' in history
    assert bantin.column("SELECT count(*) FROM v_edition") == [ARTICLES]


def test_an_unchanged_page_is_a_revisit_record_without_a_body(home: Path) -> None:
    with Portal("--no-views") as portal:
        bantin = begin(home, portal)
        collect(bantin, 0)
        before = sum(path.stat().st_size for path in home.rglob("*.warc.gz"))
        readings = bantin.column("SELECT count(*) FROM reading")
        collect(bantin, 1, "--refetch")
    outcomes = dict(bantin.sql("SELECT outcome, count(*) FROM v_capture WHERE kind <> 'robots' GROUP BY outcome"))
    assert outcomes["revisit-identical"] == outcomes["ok"]
    assert sum(path.stat().st_size for path in home.rglob("*.warc.gz")) < 1.2 * before
    assert bantin.column("SELECT count(*) FROM reading") == readings
    assert bantin.column("SELECT count(*) FROM v_edition") == [ARTICLES]
    bantin.run("verify")
