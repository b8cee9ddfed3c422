"""The recorded portal on a bad day, and on a good one after it: then every article is there, and was treated well.

Each section stands on a host of its own, so that what one host must wait for holds up no other: a server's slowness
and its 503 take seconds by design. After a good day the end is certain, which chance would decide on bad ones alone;
a collection that saw nothing but the good day says what is to be there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.bantin import Bantin
from tests.portal import ARTICLES, STARTS, Portal

pytestmark = [pytest.mark.portal, pytest.mark.timeout(600)]
FAULTS = {"503": 0.03, "reset": 0.03, "slow": 0.02, "truncate": 0.03, "soft404": 0.03, "garbage": 0.03}
DELAY = 0.02
ROBOTS = f"User-agent: *\\nCrawl-delay: {DELAY}\\nDisallow: /search"
#: What a timer may be early, in seconds.
SLACK = 0.002
BAD_DAY, GOOD_DAY = "2025-03-01T08:00:00Z", "2025-03-11T08:00:00Z"
SOURCE = """[[source]]
id = "muc-{number}"
name = "Mục {number}"
level = "city"
layout = "hanoi-liferay"
start = ["{start}"]
download_delay = 0
allow_private = true
"""
Log = list[dict[str, Any]]


@contextmanager
def _served(*options: str, ports: Sequence[int] = (0,) * len(STARTS)) -> Iterator[list[Portal]]:
    """The portal once for each of its sections, on a host of its own."""
    with ExitStack() as running:
        yield [running.enter_context(Portal(*options, port=port)) for port in ports]


def _home(folder: Path, portals: Sequence[Portal]) -> Bantin:
    folder.mkdir()
    sources = folder / "sources.toml"
    starts = [portal.url + path for portal, path in zip(portals, STARTS, strict=True)]
    entries = (SOURCE.format(number=number, start=start) for number, start in enumerate(starts))
    sources.write_text("\n".join(entries), "utf-8")
    bantin = Bantin(folder / "home", sources)
    bantin.init()
    return bantin


def _texts(bantin: Bantin) -> dict[str, Any]:
    """What was read of each article, without what depends on when it was fetched and how often."""
    keys = ("title", "lead", "body", "published_at", "byline", "section", "captions", "content_hash")
    return {row["article_key"]: {key: row[key] for key in keys} for row in bantin.rows()}


def test_a_faulty_portal_is_collected_whole_and_treated_well(tmp_path: Path) -> None:
    faults = ",".join(f"{name}:{rate}" for name, rate in FAULTS.items())
    with _served("--faults", faults, "--robots", ROBOTS) as portals:
        bantin = _home(tmp_path / "bantin", portals)
        bantin.run("--now", BAD_DAY, "collect", status=1)
        bad = [portal.log for portal in portals]
    with _served("--robots", ROBOTS, ports=[portal.port for portal in portals]) as portals:
        bantin.run("--now", GOOD_DAY, "collect", "--due", status=None)
        good = [portal.log for portal in portals]
        another = _home(tmp_path / "another", portals)
        another.run("collect")
    expected = _texts(another)
    assert len({key.partition(":")[2] for key in expected}) == ARTICLES
    assert _texts(bantin) == expected, "no half page, no soft 404 and no garbage was taken for an article"
    assert bantin.column("SELECT max(editions) FROM v_article") == [1]
    _each_failure_is_a_capture_with_its_reason(bantin, [entry for log in (*bad, *good) for entry in log])
    for log in (*bad, *good):
        _the_server_saw_good_manners(log)
    bantin.run("verify")


def _each_failure_is_a_capture_with_its_reason(bantin: Bantin, log: Log) -> None:
    # Collapsing repeats would hide a lost one: every request of the log is one capture.
    assert len(log) == bantin.column("SELECT count(*) FROM v_capture")[0]
    faults = Counter(entry["fault"] for entry in log)
    assert all(faults[name] for name in FAULTS), faults
    said = bantin.sql("SELECT reason, count(*) FROM v_capture WHERE outcome = 'failed' GROUP BY reason")
    assert all(reason for reason, _ in said)
    assert sum(count for reason, count in said if "503" in reason) == faults["503"]
    assert sum(count for reason, count in said if "DataLoss" in reason) == faults["truncate"]
    assert sum(count for reason, count in said if "DownloadFailed" in reason) == faults["reset"]
    held = (
        "SELECT count(*) FROM v_capture WHERE content_hash IS NOT NULL AND outcome NOT IN ('ok', 'revisit-identical')"
    )
    assert bantin.column(held) == [0]


def _the_server_saw_good_manners(log: Log) -> None:
    assert log[0]["path"] == "/robots.txt", "robots.txt is asked first"
    for before, after in pairwise(log):
        gap = after["t"] - before["t"]
        assert gap >= DELAY - SLACK, (before, after)
        if before["fault"] == "503":
            assert gap >= 1 - SLACK, (before, after)
