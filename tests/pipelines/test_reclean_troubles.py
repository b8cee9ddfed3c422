"""Reclean where something is in the way, rehearsed, and spread over processes."""

import shutil
from collections.abc import Callable
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
from pipelines.worker import Limits
from pipelines.workers import start_workers, work_task
from tests.builders import PRESS, SOURCES, press
from tests.recleans import (
    LOUD,
    NEW,
    OLD,
    READINGS,
    SOFT,
    cleaner_of,
    contract,
    planned,
    reclean,
    rehearse,
    story,
    with_common,
    with_layout,
    with_rule,
)
from tests.rig import HERE, Database, Rig, address, day

BODY = "SELECT body FROM v_article WHERE article_key = 'songnhue:101'"
OUTCOMES = "SELECT outcome FROM v_capture WHERE article_key = 'songnhue:101' ORDER BY captured_at, url"
Make = Callable[..., Database]


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
    database.forget_extractions()
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
    database.forget_extractions()
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
        for source_id, found in differences(connection, a.digest_for("songnhue"), b.digest_for("songnhue")):
            tally.add(source_id, found)
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
            with start_workers(workers, newer, Limits()) as pool:
                reclean_all(database.store, wanted, read_all(wanted.tasks, work_task, pool), promote=True)
        ties = "SELECT capture_id, cleaner_digest, outcome, reason FROM capture_reading ORDER BY 1, 2"
        found.append((database.rows(READINGS), database.rows(ties), contract(database), database.export()))
        database.close()
    assert found[0] == found[1] == found[2]
