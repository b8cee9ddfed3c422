"""`bantin status` on the sample site: what it says while all is well, and when the site's pages change their markup."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bantin import Bantin
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SampleSite]:
    """The sample, which on the fourth day has no element any more that the layout takes the title from."""
    root = tmp_path / "site"
    shutil.copytree(SITE, root)
    shutil.copytree(root / "quan-uy" / "day1", root / "quan-uy" / "day4")
    for page in (root / "quan-uy" / "day4").rglob("*.html"):
        page.write_text(page.read_text("utf-8").replace("asset-full-content-title", "new-headline"), "utf-8")
    with SampleSite(root=root) as running:
        yield running


@pytest.fixture
def bantin(site: SampleSite, tmp_path: Path) -> Bantin:
    text = (SITE / "sources.toml").read_text("utf-8")
    for number, name in (("8765", "quan-uy"), ("8766", "bao")):
        text = text.replace(f"http://127.0.0.1:{number}", site.urls[name])
    (tmp_path / "sources.toml").write_text(text, "utf-8")
    bantin = Bantin(tmp_path / "home", tmp_path / "sources.toml")
    bantin.init()
    return bantin


def on(bantin: Bantin, day: int) -> Bantin:
    """The same collection on that day of June 2025, at ten in the morning in Vietnam."""
    return Bantin(bantin.home, bantin.sources, [*bantin.options, "--now", f"2025-06-{day:02}T03:00:00Z"])


def ids(said: str) -> list[tuple[str, str]]:
    return [(alarm["source_id"], alarm["id"]) for alarm in json.loads(said)["wrong"]]


def test_while_all_is_well_status_shows_the_ledger_and_exits_0(bantin: Bantin) -> None:
    on(bantin, 1).run("collect")
    said = on(bantin, 2).run("status", "--json", status=0).stdout
    assert ids(said) == []
    months = {source["source_id"]: source["this_month"] for source in json.loads(said)["sources"]}
    assert {name: (row["month"], row["fetched"], row["cleaned"]) for name, row in months.items()} == {
        "mau-quan-uy": ("2025-06", 12, 12),
        "mau-bao": ("2025-06", 4, 4),
    }
    assert "2025-06" in on(bantin, 2).run("status").stdout


def test_a_changed_markup_is_named_by_the_collect_that_meets_it_and_by_status(bantin: Bantin, site: SampleSite) -> None:
    for day in (1, 2, 3):
        on(bantin, day).run("collect", "--refetch")
    site.day = 4
    collected = on(bantin, 4).run("collect", "--refetch", "--json", status=1)
    summary = json.loads(collected.stdout)
    assert summary["exit_status"] == 1
    assert ids(collected.stdout) == [("mau-quan-uy", "layout-broken")]
    assert "title" in summary["wrong"][0]["figures"]
    problems = [problem for source in summary["sources"] for problem in source["problems"]]
    assert not [said for said in problems if "do not show the marks" in said], "one thing, said once"
    status = on(bantin, 4).run("status", status=1)
    assert "needs a look: mau-quan-uy: " in status.stderr
    assert "title on " in status.stderr


def test_a_source_that_no_timer_visits_is_overdue_and_can_be_asked_for_alone(bantin: Bantin) -> None:
    on(bantin, 1).run("collect")
    on(bantin, 4).run("collect", "--due", "mau-bao")
    said = on(bantin, 4).run("status", "--json", status=1).stdout
    assert ids(said) == [("mau-quan-uy", "overdue")]
    assert ids(on(bantin, 4).run("status", "--json", "mau-bao", status=0).stdout) == []
