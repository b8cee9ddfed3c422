"""The recorded portal as a bad day has it: every article is there in the end, and the server saw good manners."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.bantin import Bantin
from tests.portal import ARTICLES, Portal

pytestmark = pytest.mark.portal
FAULTS = "503:0.04,reset:0.03,slow:0.01,truncate:0.03,soft404:0.03,garbage:0.03"
DELAY = 0.02
ROBOTS = f"User-agent: *\\nCrawl-delay: {DELAY}\\nDisallow: /search"
#: What a timer may be early, in seconds.
SLACK = 0.002


def _home(folder: Path, portal: Portal) -> Bantin:
    folder.mkdir()
    bantin = Bantin(folder / "home", portal.catalogue(folder))
    bantin.run("init")
    return bantin


def _texts(bantin: Bantin) -> dict[str, Any]:
    """What was read of each article, without what depends on when it was fetched and how often."""
    keys = ("title", "lead", "body", "published_at", "byline", "section", "captions", "content_hash")
    return {row["article_key"]: {key: row[key] for key in keys} for row in bantin.rows()}


def test_a_faulty_portal_is_collected_whole_and_treated_well(tmp_path: Path) -> None:
    with Portal() as portal:
        healthy = _home(tmp_path / "healthy", portal)
        healthy.run("collect")
        expected = {key.partition(":")[2]: text for key, text in _texts(healthy).items()}
    assert len(expected) == ARTICLES

    with Portal("--faults", FAULTS, "--robots", ROBOTS) as portal:
        bantin = _home(tmp_path / "faulty", portal)
        for day in range(1, 7):  # what was not there, so it seemed, is asked for again a day later
            bantin.run("--now", f"2025-03-{day:02}T08:00:00Z", "collect", status=None)
            if len(bantin.column("SELECT 1 FROM v_article")) == ARTICLES:
                break
        log = portal.log
    found = {key.partition(":")[2]: text for key, text in _texts(bantin).items()}
    assert found == expected, "no half page, no soft 404 and no garbage was taken for an article"
    assert bantin.column("SELECT max(editions) FROM v_article") == [1]
    _each_failure_is_a_capture_with_its_reason(bantin, log)
    _the_server_saw_good_manners(log)
    bantin.run("verify")


def _each_failure_is_a_capture_with_its_reason(bantin: Bantin, log: list[dict[str, Any]]) -> None:
    # Collapsing repeats would hide a lost one: every request of the log is one capture.
    assert len(log) == bantin.column("SELECT count(*) FROM v_capture")[0]
    faults = {name: sum(entry["fault"] == name for entry in log) for name in ("503", "reset", "truncate")}
    assert all(faults.values()), faults
    said = bantin.sql("SELECT reason, count(*) FROM v_capture WHERE outcome = 'failed' GROUP BY reason")
    assert all(reason for reason, _ in said)
    assert sum(count for reason, count in said if "503" in reason) == faults["503"]
    assert sum(count for reason, count in said if "DataLoss" in reason) == faults["truncate"]
    assert sum(count for reason, count in said if "DownloadFailed" in reason) == faults["reset"]
    held = (
        "SELECT count(*) FROM v_capture WHERE content_hash IS NOT NULL AND outcome NOT IN ('ok', 'revisit-identical')"
    )
    assert bantin.column(held) == [0]


def _the_server_saw_good_manners(log: list[dict[str, Any]]) -> None:
    first = [index for index, entry in enumerate(log) if entry["path"] == "/robots.txt"]
    assert first[0] == 0, "robots.txt is asked first"
    for before, after in pairwise(log):
        gap = after["t"] - before["t"]
        assert gap >= DELAY - SLACK, (before, after)
        if before["fault"] == "503":
            assert gap >= 1 - SLACK, (before, after)
