"""What cleaners made of captures: stored once, never overwritten, each capture tied to one reading a cleaner."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.database import reading
from archive.models import Capture
from archive.readings import TO_READ, Verdict, sift
from archive.records import Capture as CaptureRecord
from pipelines.layouts import Layouts
from tests.builders import liferay
from tests.recleans import READINGS, cleaner_of, with_rule
from tests.rig import Database, Rig, address, day

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>"


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, cleaner_of(layouts))


@pytest.fixture
def newer(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path / "newer", cleaner_of(with_rule(layouts)))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, newer: Rig, database_url: str) -> Iterator[Database]:
    made = Database(database_url, tmp_path, rig.cleaner, newer.cleaner)
    yield made
    made.close()


def verdict(capture: CaptureRecord, number: int = 1) -> Verdict:
    page = capture.page
    assert page.cleaner_digest is not None
    assert page.article_key is not None
    return Verdict(number, "songnhue", page.article_key, page.cleaner_digest, page.outcome, page.reason, page.reading)


def test_captures_to_read_are_pages_of_articles_that_came(database: Database, rig: Rig) -> None:
    url, refers = address(101), (address(101), day(0))
    first = rig.page(101, OLD, day(0))
    captures = {
        "page": first,
        "again": rig.again(first, day(1)),
        "soft-gone": rig.attempt(url, SOFT, day(2), "k"),
        "pictures": rig.attempt(url, b"\xff\xd8", day(3), "k", headers=(("content-type", "image/jpeg"),)),
        "empty": rig.attempt(url, b"", day(4), "k"),
        "404": rig.gone(101, day(5)),
        "500": rig.attempt(url, "x", day(6), "k", status=500),
        "304": rig.attempt(url, "", day(7), "k", status=304, refers_to=refers),
        "time-out": rig.attempt(url, None, day(8), "k", status=None, outcome="failed", reason="time-out"),
        "list": rig.attempt("https://songnhue.hanoi.gov.vn/hoat-ong-ang", liferay(""), day(9), "k"),
        "file": rig.attempt("file:///songnhue/a.html", liferay(OLD), day(10), "k", status=None, outcome="ok"),
    }
    database.take(list(captures.values()))
    with reading(database.engine) as connection:
        times = set(connection.execute(select(Capture.captured_at).where(TO_READ)).scalars())
    wanted = {name for name, capture in captures.items() if capture.captured_at in times}
    assert wanted == {"page", "again", "soft-gone", "pictures", "empty", "file"}
    assert wanted == {name for name, capture in captures.items() if capture.page.cleaner_digest}


def test_every_cleaner_has_one_verdict_on_a_capture_and_none_is_overwritten(
    database: Database, rig: Rig, newer: Rig
) -> None:
    capture = rig.page(101, OLD, day(0))
    database.take([capture])
    before, ties = database.rows(READINGS), database.rows("SELECT * FROM capture_reading")
    assert database.store.add_verdicts([verdict(newer.page(101, OLD, day(0)))]) == []
    assert all(row in database.rows(READINGS) for row in before)
    assert database.rows("SELECT count(*) FROM reading") == [(2,)]
    assert set(ties) < set(database.rows("SELECT * FROM capture_reading"))
    state = database.dump()
    assert database.store.add_verdicts([verdict(newer.page(101, OLD, day(0))), verdict(capture)]) == []
    assert database.dump() == state


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("UPDATE reading SET published_at = '2020-01-01'", ["published_at"]),
        ("UPDATE reading SET warnings = '[\"x\"]', section = NULL", ["section", "warnings"]),
        ("UPDATE content SET body = 'Khác.'", ["body"]),
        ("UPDATE capture_reading SET outcome = 'failed', reason = 'x'", ["outcome", "reason"]),
        ("UPDATE reading SET input_digest = 'x'", ["input_digest"]),
    ],
)
def test_what_is_stored_otherwise_is_said_by_column(
    statement: str, columns: list[str], database: Database, rig: Rig
) -> None:
    capture = rig.page(101, OLD, day(0))
    database.take([capture])
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    with reading(database.engine) as connection:
        fresh, other = sift(connection, [verdict(capture), verdict(capture, 2)])
    assert fresh == [verdict(capture, 2)]
    assert [(one.capture_id, sorted(names)) for one, names in other] == [(1, columns)]


def test_a_page_on_which_nothing_is_read_is_looked_into_all_the_same(database: Database, rig: Rig, newer: Rig) -> None:
    soft = rig.attempt(address(101), SOFT, day(0), "k")
    database.take([soft])
    rows = "SELECT outcome, reading_id FROM capture_reading"
    assert database.rows(rows) == [("soft-gone", None)]
    with reading(database.engine) as connection:
        assert sift(connection, [verdict(soft)]) == ([], [])
        changed = replace(verdict(soft), outcome="ok", reason=None)
        assert sift(connection, [changed]) == ([], [(changed, ["outcome", "reason"])])


def test_verdicts_of_the_promoted_cleaner_move_editions_and_those_of_another_do_not(
    database: Database, rig: Rig, newer: Rig
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    export = database.export()
    late = verdict(newer.page(101, OLD, day(0)))
    database.store.add_verdicts([late])
    assert database.export() == export
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM capture_reading WHERE cleaner_digest = '{late.cleaner_digest}'")
    database.store.promote("songnhue", late.cleaner_digest, "before it has read anything")
    assert database.export() == ""
    database.store.add_verdicts([late])
    assert len(database.export().splitlines()) == 1
    assert database.rows("SELECT kind FROM v_change ORDER BY cursor DESC LIMIT 1") == [("article",)]
