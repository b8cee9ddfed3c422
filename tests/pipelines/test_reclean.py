"""Reclean: read again what is stale, store it, fold it, promote it; and say what could not be read, with its place."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.cleaners import differences
from archive.comparison import Tally
from archive.database import reading
from archive.records import Capture
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from pipelines.reclean import read_all
from pipelines.reclean import reclean as reclean_all
from pipelines.workers import start_workers, work_task
from tests.builders import PRESS, SOURCES, press
from tests.recleans import (
    READINGS,
    SLOGAN,
    cleaner_of,
    contract,
    planned,
    reclean,
    rehearse,
    with_common,
    with_layout,
    with_rule,
)
from tests.rig import HERE, THERE, Database, Rig, address, day

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
NEW = "Toàn quận kết nạp 241 đảng viên mới, đạt 120,5 % kế hoạch của cả năm."
LOUD = f"{OLD}</p><p>{SLOGAN}"
SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>"
BODY = "SELECT body FROM v_article WHERE article_key = 'songnhue:101'"
OUTCOMES = "SELECT outcome FROM v_capture WHERE article_key = 'songnhue:101' ORDER BY captured_at, url"
Make = Callable[..., Database]


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, cleaner_of(layouts))


@pytest.fixture
def newer(layouts: Layouts) -> Cleaner:
    """Takes the slogan."""
    return cleaner_of(with_rule(layouts))


@pytest.fixture
def blunt(layouts: Layouts) -> Cleaner:
    """Does not know how pages say that nothing is there."""
    return cleaner_of(with_common(layouts, soft_gone=()))


@pytest.fixture
def make(tmp_path: Path, database_url: str, rig: Rig, newer: Cleaner, blunt: Cleaner) -> Iterator[Make]:
    """Makes the test's database; with further cleaners, if any."""
    made: list[Database] = []

    def new(*cleaners: Cleaner) -> Database:
        made.append(Database(database_url, tmp_path, rig.cleaner, newer, blunt, *cleaners))
        made[-1].store.add_sources([("bao", "Báo", "press", "img-editor", True)])
        return made[-1]

    yield new
    for database in made:
        database.close()


def story(rig: Rig) -> list[Capture]:
    """101 with the slogan, seen again there and at another address; 102 without; 103 says that it is not there."""
    first = rig.page(101, LOUD, day(0))
    second = rig.again(first, day(1))
    third = rig.again(first, day(2), refers_to=(second.url, second.captured_at))
    other = rig.again(first, day(2), url=address(101, THERE))
    soft = rig.attempt(address(103), SOFT, day(0), "crawl-0")
    return [first, second, third, other, rig.page(102, OLD, day(0)), soft, rig.again(soft, day(1))]


def test_an_unchanged_cleaner_writes_nothing(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    database.take(story(rig))
    before, journal = database.dump(), database.journal.path.read_bytes()
    outcome = reclean(database, tmp_path, rig.cleaner)
    assert (outcome.inputs, outcome.promoted, outcome.held_back, outcome.problems) == (0, {}, {}, [])
    outcome = reclean(database, tmp_path, rig.cleaner, force=True)
    assert (outcome.inputs, outcome.captures, outcome.problems) == (4, 7, [])
    assert database.dump() == before
    assert database.journal.path.read_bytes() == journal


def test_readings_are_added_editions_follow_and_the_old_ones_stay(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    kept = {name: rows for name, rows in database.dump().items() if name in ("capture", "reading", "edition")}
    outcome = reclean(database, tmp_path, newer)
    assert (outcome.inputs, outcome.captures, outcome.problems, outcome.held_back) == (4, 7, [], {})
    assert database.rows(BODY) == [(OLD,)]
    now = database.dump()
    assert all(row in now[name] for name, rows in kept.items() for row in rows)
    assert database.store.promoted() == {"songnhue": newer.digest_for("songnhue")}
    assert database.rows("SELECT edition, editions FROM v_article WHERE article_key = 'songnhue:101'") == [(1, 1)]


def test_a_revisit_is_read_from_the_record_it_refers_to_once_an_input(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    before = database.rows(OUTCOMES)
    reclean(database, tmp_path, newer)
    assert database.rows(OUTCOMES) == before == [("ok",), *[("revisit-identical",)] * 3]
    mine = "FROM capture_reading AS m JOIN capture AS c ON c.id = m.capture_id WHERE m.cleaner_digest = "
    mine += f"'{newer.digest_for('songnhue')}' AND c.article_key = 'songnhue:101'"
    assert database.rows(f"SELECT count(*), count(DISTINCT m.reading_id) {mine}") == [(4, 2)]


def test_recleaned_or_rebuilt_is_the_same(make: Make, rig: Rig, blunt: Cleaner, tmp_path: Path) -> None:
    """Under a cleaner that takes a soft-gone page for a page, its revisit is a revisit."""
    database = make()
    database.take(story(rig))
    reclean(database, tmp_path, blunt)
    soft = "SELECT outcome FROM v_capture WHERE article_key = 'songnhue:103' ORDER BY captured_at"
    assert database.rows(soft) == [("ok",), ("revisit-identical",)]
    again = Rig(tmp_path / "again", blunt)
    (tmp_path / "again").mkdir()
    rebuilt = Database(f"sqlite:///{tmp_path / 'again.db'}", tmp_path / "again", blunt, migrate=True)
    rebuilt.take(story(again))
    assert [row for row in contract(rebuilt)["v_capture"] if row[2] == "article"] == [
        row for row in contract(database)["v_capture"] if row[2] == "article"
    ]
    rebuilt.close()


def test_how_a_page_says_that_nothing_is_there_moves_with_the_promoted_cleaner(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    closed = "<html><body><p>Chuyên mục tạm đóng</p></body></html>"
    wider = cleaner_of(with_common(layouts, soft_gone=(*layouts.common.soft_gone, "tạm đóng")))
    database = make(wider)
    database.take([rig.page(101, OLD, day(0)), rig.attempt(address(101), closed, day(1), "crawl-1")])
    gone = "SELECT gone_at FROM v_article"
    export = database.export()
    assert (database.rows(OUTCOMES), database.rows(gone)) == ([("ok",), ("ok",)], [(None,)])
    reclean(database, tmp_path, wider)
    assert database.rows(OUTCOMES) == [("ok",), ("soft-gone",)]
    assert database.rows(gone)[0][0][:10] == "2025-01-11"
    assert database.rows("SELECT kind FROM v_change ORDER BY cursor DESC LIMIT 2") == [("gone",), ("promotion",)]
    database.store.promote("songnhue", rig.cleaner.digest_for("songnhue"), "back")
    assert (database.rows(OUTCOMES), database.export()) == ([("ok",), ("ok",)], export)


def test_a_dated_rule_that_comes_later_leaves_every_capture_tied_to_both_readings(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    dated = cleaner_of(with_rule(layouts, until=day(1).date()))
    database = make(dated)
    first = rig.page(101, LOUD, day(0))
    database.take([first, rig.again(first, day(1)), rig.again(first, day(2))])
    export, ties = database.export(), set(database.rows("SELECT * FROM capture_reading"))
    reclean(database, tmp_path, dated)
    assert ties < set(database.rows("SELECT * FROM capture_reading"))
    bodies = "SELECT edition, body FROM v_edition ORDER BY edition"
    assert database.rows(bodies) == [(1, OLD), (2, f"{OLD}\n{SLOGAN}")]
    database.store.promote("songnhue", rig.cleaner.digest_for("songnhue"), "back")
    assert database.export() == export
    assert database.rows("SELECT count(*) FROM capture_reading") == [(6,)]


def test_without_promotion_readings_and_editions_are_stored_ahead_and_readers_see_nothing(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    before, feed = contract(database), database.rows("SELECT * FROM change")
    outcome = reclean(database, tmp_path, newer, promote=False)
    assert outcome.held_back == {"songnhue": "as asked (--no-promote)"}
    assert (contract(database), database.rows("SELECT * FROM change")) == (before, feed)
    ahead = f"SELECT count(*) FROM edition WHERE cleaner_digest = '{newer.digest_for('songnhue')}'"
    assert database.rows(ahead) == [(2,)]
    database.store.promote("songnhue", newer.digest_for("songnhue"), "looked at")
    assert database.rows(BODY) == [(OLD,)]
    assert database.rows(ahead) == [(2,)]


def _damage(path: Path, capture: Capture) -> None:
    with path.open("rb+") as stream:
        stream.seek(capture.location.offset + capture.location.length // 2)
        stream.write(b"\xff" * 8)


def test_a_damaged_record_is_said_with_its_place_and_holds_back_its_source_alone(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    common = layouts.common.model_copy(
        update={"noise": (*layouts.common.noise, *with_rule(layouts)["hanoi-liferay"].noise[-1:])}
    )
    everywhere = cleaner_of(Layouts(layouts.by_id.values(), common))
    database = make(everywhere)
    damaged = rig.page(102, OLD, day(0))
    paper = rig.attempt(f"{PRESS}/xay-dung-dang/con-ngo-824400", press(f"<p>{LOUD}</p>"), day(0), "bao", source="bao")
    database.take([rig.page(101, LOUD, day(0)), damaged, rig.page(103, LOUD, day(0)), paper])
    before = database.export()
    path = next(tmp_path.rglob(f"{Path(damaged.location.file).name}*"))
    whole = path.read_bytes()
    _damage(path, damaged)
    outcome = reclean(database, tmp_path, everywhere)
    assert list(outcome.promoted) == ["bao"]
    assert "captures that it has not read: 1." in outcome.held_back["songnhue"]
    (problem,) = outcome.problems
    assert damaged.location.file.split("/")[-1] in problem
    assert f"byte {damaged.location.offset}" in problem
    mine = '{"article_key": "songnhue:'
    assert [line for line in database.export().splitlines() if line.startswith(mine)] == [
        line for line in before.splitlines() if line.startswith(mine)
    ]
    path.write_bytes(whole)
    outcome = reclean(database, tmp_path, everywhere)
    assert (outcome.inputs, list(outcome.promoted), outcome.problems) == (1, ["songnhue"], [])


def test_a_missing_file_is_said_and_holds_back_its_source(make: Make, rig: Rig, newer: Cleaner, tmp_path: Path) -> None:
    database = make()
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, OLD, day(30))])
    rig.seal()
    lost = next(tmp_path.rglob("bantin-crawl-20250209*"))
    kept = shutil.move(lost, tmp_path / "kept")
    outcome = reclean(database, tmp_path, newer)
    assert list(outcome.held_back) == ["songnhue"]
    assert outcome.problems == [f"{lost}: this WARC file is missing. Restore it from a copy of the archive"]
    shutil.move(kept, lost)
    assert list(reclean(database, tmp_path, newer).promoted) == ["songnhue"]


def test_a_cleaner_promoted_without_all_captures_is_folded_as_they_are_read(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, LOUD, day(1))])
    database.store.promote("songnhue", newer.digest_for("songnhue"), "before it had read anything")
    assert database.rows(BODY) == []
    cursor = database.rows("SELECT max(cursor) FROM v_change")[0][0]
    outcome = reclean(database, tmp_path, newer)
    assert (outcome.inputs, outcome.promoted) == (2, {})
    assert database.rows(BODY) == [(OLD,)]
    told = f"SELECT kind, article_key FROM v_change WHERE cursor > {cursor} ORDER BY cursor"
    assert database.rows(told) == [("article", "songnhue:101"), ("article", "songnhue:102")]
    assert database.rows("SELECT count(*) FROM promotion") == [(2,)]


def test_a_source_of_which_nothing_was_ever_read_gets_its_first_cleaner(
    make: Make, rig: Rig, blunt: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take([rig.attempt(address(101), SOFT, day(0), "crawl-0")])
    assert database.store.promoted() == {}
    reclean(database, tmp_path, rig.cleaner, force=True)
    assert database.store.promoted() == {}
    outcome = reclean(database, tmp_path, blunt)
    assert outcome.promoted.keys() == {"songnhue"}
    assert database.store.promoted() == {"songnhue": blunt.digest_for("songnhue")}
    (entry,) = database.journal.entries()
    assert entry["reason"] == "first cleaner of this source"


def test_a_reading_that_was_tampered_with_is_a_contradiction_and_stays(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, OLD, day(0))])
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reading SET byline = 'Ai đó' WHERE id = 1")
    before = database.dump()
    outcome = reclean(database, tmp_path, rig.cleaner, force=True)
    (problem,) = outcome.problems
    assert address(101) in problem
    assert "(byline)" in problem
    assert database.dump() == before


def test_an_article_that_would_get_another_key_is_said(make: Make, rig: Rig, layouts: Layouts, tmp_path: Path) -> None:
    addresses = layouts["hanoi-liferay"].addresses.model_copy(
        update={"article": ("/-/view_content/(?P<key>.*)[.]html",)}
    )
    other = cleaner_of(with_layout(layouts, "hanoi-liferay", addresses=addresses))
    database = make(other)
    database.take([rig.page(101, OLD, day(0))])
    (problem,) = reclean(database, tmp_path, other).problems
    assert "article songnhue:101 would be songnhue:101-tin-so-101" in problem
    assert database.rows("SELECT article_key FROM v_article") == [("songnhue:101",)]


def test_a_source_that_the_catalogue_no_longer_names_is_held_back(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    database = make()
    database.take([rig.page(101, OLD, day(0))])
    before = database.dump()
    outcome = reclean(database, tmp_path, Cleaner(layouts, [one for one in SOURCES if one.id != "songnhue"]))
    assert "catalogue does not name" in outcome.held_back["songnhue"]
    assert database.dump() == before


def tally_of(database: Database, a: Cleaner, b: Cleaner) -> Tally:
    tally = Tally()
    with reading(database.engine) as connection:
        for found in differences(connection, a.digest_for("songnhue"), b.digest_for("songnhue")):
            tally.add(found)
    return tally


def varied(rig: Rig) -> list[Capture]:
    first = rig.page(105, LOUD, day(0))
    return [*story(rig), first, *(rig.again(first, day(n)) for n in (1, 2)), rig.page(101, NEW, day(3), HERE)]


@pytest.mark.parametrize("before", ["nothing", "a part", "all"])
def test_a_rehearsal_writes_nothing_and_counts_what_the_comparison_then_counts(
    before: str, make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    """Whatever of it the new cleaner has read already; with a dated rule that comes and one that goes."""
    dated = cleaner_of(with_rule(layouts, until=day(1).date(), sources=("songnhue",)))
    wider = cleaner_of(with_rule(with_common(layouts, soft_gone=()), id="other"))
    old = Rig(tmp_path, dated)
    database = make(dated, wider)
    captures = varied(old)
    part = [Rig(tmp_path, wider).page(106, LOUD, day(4))]
    database.take(captures)
    if before == "a part":
        database.take(part)
    if before == "all":
        reclean(database, tmp_path, wider, promote=False)
    state = database.dump()
    outcome = rehearse(database, tmp_path, wider)
    assert database.dump() == state
    assert outcome.tally.texts > 1
    reclean(database, tmp_path, wider, promote=False)
    after = tally_of(database, dated, wider)
    assert (outcome.tally.compared, outcome.tally.changed, outcome.tally.texts) == (
        after.compared,
        after.changed,
        after.texts,
    )
    assert (outcome.tally.groups, outcome.tally.fields) == (after.groups, after.fields)
    assert sorted(map(repr, outcome.tally.largest)) == sorted(map(repr, after.largest))
    forced = rehearse(database, tmp_path, wider, force=True).tally
    assert (forced.compared, forced.texts) == (after.compared, after.texts)


def test_a_rehearsal_under_the_promoted_cleaner_finds_no_difference(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    database.take(varied(rig))
    tally = rehearse(database, tmp_path, rig.cleaner, force=True).tally
    assert (tally.changed, tally.compared > 4) == (0, True)


def test_one_two_or_four_processes_store_the_same_bytes(
    tmp_path: Path, layouts: Layouts, rig: Rig, newer: Cleaner
) -> None:
    captures = [*story(rig), *(rig.page(200 + n, f"{LOUD} {n}", day(n % 7)) for n in range(80))]
    found = []
    for workers in (1, 2, 4):
        folder = tmp_path / f"database-{workers}"
        folder.mkdir()
        database = Database(f"sqlite:///{folder / 'bantin.db'}", folder, rig.cleaner, newer, migrate=True)
        database.take(captures)
        if workers == 1:
            reclean(database, tmp_path, newer)
        else:
            wanted = planned(database, tmp_path, newer)
            with start_workers(workers, newer) as pool:
                reclean_all(database.store, wanted, read_all(wanted.tasks, work_task, pool), promote=True)
        ties = "SELECT capture_id, cleaner_digest, outcome, reason FROM capture_reading ORDER BY 1, 2"
        found.append((database.rows(READINGS), database.rows(ties), contract(database), database.export()))
        database.close()
    assert found[0] == found[1] == found[2]
