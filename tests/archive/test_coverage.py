"""The coverage ledger, month by month; the same on both databases, in any order of arrival and after a rebuild."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.catalogue import SourceFacts
from archive.coverage import last_month, this_month
from archive.home import Home
from pipelines.layouts import Layouts
from pipelines.rebuild import rebuild
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.builders import PORTAL, installed
from tests.databases import Databases
from tests.rig import HERE, Database, Rig, address, day

LIST = f"{PORTAL}/{HERE}"
FIGURES = (
    *("seen", "missing", "attempts", "fetched", "cleaned", "unrecognised"),
    *("failed_status", "failed_timeout", "failed_connection", "failed_content", "failed_cleaning", "blocked", "gone"),
)


def listing(*numbers: int) -> str:
    links = (f'<h3 class="asset-title"><a href="{address(n)}">Tin số {n}</a></h3>' for n in numbers)
    return f"<html><body>{''.join(f'<div class=asset-abstract>{link}</div>' for link in links)}</body></html>"


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path / "home", installed(layouts))


@pytest.fixture
def database(databases: Databases, rig: Rig) -> Iterator[Database]:
    made = Database(databases.migrated(), rig.folder / "archive", rig.cleaner)
    yield made
    made.close()


def ledger(database: Database) -> dict[str, dict[str, Any]]:
    """By month the figures that are not nought."""
    rows = database.rows(f"SELECT month, failed, {', '.join(FIGURES)} FROM v_coverage ORDER BY month")
    for _, failed, *rest in rows:
        assert failed == sum(rest[FIGURES.index("failed_status") : FIGURES.index("blocked")])
    return {month: {n: v for n, v in zip(FIGURES, rest, strict=True) if v} for month, _, *rest in rows}


def two_months(rig: Rig) -> list[Any]:
    """January: a list of four; two are read, one is refused, one answers with an error. February: the error is mended,
    one text is gone, one page is no page of ours any more, and things go wrong in every way there is."""
    words = "Toàn quận kết nạp {} đảng viên mới, đạt kế hoạch của cả năm."
    no_answer = {"status": None, "outcome": "failed"}
    captures = [
        rig.attempt(LIST, listing(1, 2, 3, 4), day(0), "one"),
        rig.page(1, words.format(1), day(0.1), crawl="one"),
        rig.page(2, words.format(2), day(0.2), crawl="one"),
        rig.attempt(address(3), "", day(0.3), "one", status=None, outcome="blocked", reason="robots.txt"),
        rig.attempt(address(4), "", day(0.4), "one", status=503),
        rig.attempt(LIST, listing(5, 6, 1), day(30), "two"),
        rig.page(4, words.format(4), day(30.1), crawl="two"),
        rig.attempt(address(2), None, day(30.2), "two"),
        rig.attempt(address(5), "<html><body><h1>Tin</h1></body></html>", day(30.3), "two"),
        rig.attempt(address(6), "", day(30.4), "two", reason="DownloadTimeoutError: 60 s", **no_answer),
        rig.attempt(address(6), "", day(30.5), "two", reason="CannotResolveHostError: x", **no_answer),
        rig.attempt(address(6), "", day(30.6), "two"),
        rig.attempt(f"{PORTAL}/robots.txt", "User-agent: *", day(30.7), "two"),
    ]
    rig.seal()
    return captures


JANUARY = {"seen": 4, "missing": 1, "attempts": 5, "fetched": 2, "cleaned": 2, "failed_status": 1, "blocked": 1}
FEBRUARY = {"seen": 2, "missing": 2, "attempts": 7, "fetched": 2, "cleaned": 1, "unrecognised": 1}
FEBRUARY |= {"failed_timeout": 1, "failed_connection": 1, "failed_content": 1, "gone": 1}


def test_each_month_says_what_was_seen_fetched_failed_and_lost(rig: Rig, database: Database) -> None:
    database.take(two_months(rig))
    found = ledger(database)
    assert set(found) == {"2025-01", "2025-02"}
    assert found["2025-01"] == JANUARY
    assert {name: found["2025-02"].get(name) for name in FEBRUARY} == FEBRUARY


def test_the_order_of_arrival_changes_no_figure(rig: Rig, databases: Databases) -> None:
    captures, found = two_months(rig), []
    for order in (captures, captures[::-1]):
        database = Database(databases.migrated(), rig.folder / "archive", rig.cleaner)
        database.take(order, batch=3)
        found.append(ledger(database))
        database.close()
    assert found[0] == found[1]


def test_a_rebuilt_ledger_is_the_same(rig: Rig, databases: Databases, database: Database) -> None:
    database.take(two_months(rig))
    anew = Database(databases.migrated(), rig.folder / "archive", rig.cleaner)
    with anew.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM source")
    facts = [SourceFacts("songnhue", "Quận ủy Sông Nhuệ", "district", "hanoi-liferay")]
    rebuild(Home(rig.folder), anew.store, rig.cleaner, PooledReader(1, rig.cleaner, Limits()), facts)
    assert ledger(anew) == ledger(database)
    anew.close()


def test_a_month_is_vietnams(rig: Rig, database: Database) -> None:
    at = datetime(2025, 1, 31, 17, 30, tzinfo=UTC)  # half past midnight on 1 February in Vietnam
    database.take(
        [rig.page(1, "Lời trong tháng hai.", at), rig.page(2, "Lời trong tháng một.", at - timedelta(hours=1))]
    )
    assert {month: row["fetched"] for month, row in ledger(database).items()} == {"2025-01": 1, "2025-02": 1}
    assert (this_month(at), last_month(at)) == ("2025-02", "2025-01")
    assert last_month(datetime(2025, 1, 5, tzinfo=UTC)) == "2024-12"
