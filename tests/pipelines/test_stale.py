"""What is stale: what the installed cleaner has not looked into, each input once."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.catalogue import SourceFacts
from archive.errors import ArchiveError
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts, Noise
from pipelines.stale import TASK_RECORDS, Plan
from pipelines.tasks import Input, Place
from tests.builders import PRESS, SOURCES, liferay, press
from tests.recleans import OLD, SLOGAN, SOFT, cleaner_of, planned, reclean, with_common, with_rule
from tests.rig import THERE, Database, Rig, address, day


@pytest.fixture
def database(tmp_path: Path, rig: Rig, newer: Cleaner, database_url: str) -> Iterator[Database]:
    made = Database(database_url, tmp_path, rig.cleaner, newer)
    made.store.add_sources([SourceFacts("bao", "Báo", "press", "img-editor")])
    yield made
    made.close()


def inputs(wanted: Plan) -> list[Input]:
    return [one for task in wanted.tasks for one in task]


def seen(wanted: Plan) -> list[list[str]]:
    """For each input, how the captures that saw it ended."""
    return sorted([witness.outcome for witness in one.captures] for one in inputs(wanted))


def test_nothing_is_stale_under_the_cleaner_that_read_it_all(database: Database, rig: Rig, tmp_path: Path) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(102, OLD, day(1)), rig.gone(103, day(1))])
    wanted = planned(database, tmp_path, rig.cleaner)
    assert wanted.tasks == []
    assert wanted.digests == {name: rig.cleaner.digest_for(name) for name in ("bao", "songnhue")}
    assert len(inputs(planned(database, tmp_path, rig.cleaner, force=True))) == 2


def test_only_what_the_new_cleaner_has_not_looked_into_is_stale(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(102, OLD, day(0))])
    database.take([Rig(tmp_path, newer).page(103, OLD, day(1))])
    wanted = planned(database, tmp_path, newer)
    assert [one.article_key for one in inputs(wanted)] == ["songnhue:101", "songnhue:102"]


def test_a_rule_for_one_source_leaves_the_others_up_to_date(
    database: Database, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0)), _press_page(rig)])
    rule = Noise(id="slogan", reason="a rule of the test", line=SLOGAN, sources=("songnhue",))
    mine = cleaner_of(with_common(layouts, noise=(*layouts.common.noise, rule)))
    assert {one.source_id for one in inputs(planned(database, tmp_path, mine))} == {"songnhue"}
    theirs = cleaner_of(with_rule(layouts, "img-editor"))
    assert {one.source_id for one in inputs(planned(database, tmp_path, theirs))} == {"bao"}
    assert inputs(planned(database, tmp_path, theirs, "songnhue")) == []


def _press_page(rig: Rig) -> object:
    url = f"{PRESS}/xay-dung-dang/con-ngo-khong-rac-824400"
    return rig.attempt(url, press(f"<p>{OLD}</p>"), day(0), "crawl-press", source="bao")


def test_lists_absences_and_attempts_without_an_answer_are_nothing_to_read(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    refers = (address(101), day(0))
    captures = [
        rig.attempt("https://songnhue.hanoi.gov.vn/hoat-ong-ang", liferay(""), day(0), "k"),
        rig.gone(101, day(0)),
        rig.attempt(address(102), "", day(0), "k", status=500),
        rig.attempt(address(103), None, day(0), "k", status=None, outcome="failed", reason="time-out"),
        rig.attempt(address(104), "", day(1), "k", status=304, refers_to=refers),
    ]
    database.take(captures)
    assert inputs(planned(database, tmp_path, newer, force=True)) == []


def test_the_same_bytes_at_the_same_address_are_one_input_whatever_their_compression(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    page = liferay(f"<p>{OLD}</p>")
    first = rig.attempt(address(101), page, day(0), "crawl-0")
    rows = [first, rig.again(first, day(1)), rig.again(first, day(2), refers_to=(address(101), day(1)))]
    packed, headers = gzip.compress(page.encode(), mtime=0), (("Content-Encoding", "gzip"),)
    database.take([*rows, rig.attempt(address(101), packed, day(3), "crawl-0", headers=headers)])
    assert seen(planned(database, tmp_path, newer)) == [["ok", "revisit-identical", "revisit-identical", "ok"]]


def test_the_same_bytes_at_another_address_are_another_input_with_the_body_of_the_first(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    first = rig.page(101, OLD, day(0))
    other = rig.again(first, day(1), url=address(101, THERE))
    database.take([first, other])
    one, another = inputs(planned(database, tmp_path, newer))
    assert (one.url, another.url) == (address(101), address(101, THERE))
    assert another.record.read().kind == "revisit"
    assert another.body == one.record == Place(tmp_path / "archive", first.location.file, first.location.offset)


def test_a_soft_gone_page_seen_again_is_one_input_read_from_the_first_record(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    first = rig.attempt(address(101), SOFT, day(0), "crawl-0")
    database.take([first, rig.again(first, day(1))])
    (one,) = inputs(planned(database, tmp_path, newer))
    assert [witness.outcome for witness in one.captures] == ["soft-gone", "soft-gone"]
    assert one.record == one.body == Place(tmp_path / "archive", first.location.file, first.location.offset)


def test_a_page_that_was_cut_short_is_not_taken_for_a_whole_one_of_the_same_bytes(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    page = liferay(f"<p>{OLD}</p>")
    whole = rig.attempt(address(101), page, day(0), "crawl-0")
    cut = rig.attempt(address(101), page, day(1), "crawl-0", truncated="cut short: 900 of 90000 bytes")
    database.take([whole, cut])
    assert seen(planned(database, tmp_path, newer)) == [["failed"], ["ok"]]


def test_a_dated_rule_makes_two_inputs_of_the_same_bytes(
    database: Database, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    first = rig.page(101, OLD, day(0))
    database.take([first, *(rig.again(first, day(number)) for number in (1, 2, 3))])
    dated = cleaner_of(with_rule(layouts, since=day(2).date()))
    groups = [[witness.capture_id for witness in one.captures] for one in inputs(planned(database, tmp_path, dated))]
    assert [len(group) for group in groups] == [2, 2]


def test_a_task_is_a_run_of_records_of_one_segment(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    moments = [day(0) + timedelta(seconds=number) for number in range(TASK_RECORDS + 5)]
    rows = [rig.page(100 + number, OLD, at) for number, at in enumerate(moments)]
    database.take([*rows, rig.page(999, OLD, day(1))])
    database.forget_extractions()
    tasks = planned(database, tmp_path, newer).tasks
    assert [len(task) for task in tasks] == [TASK_RECORDS, 5, 1]
    for task in tasks:
        assert len({one.record.segment for one in task}) == 1
        offsets = [one.record.offset for one in task]
        assert offsets == sorted(offsets)


def test_a_source_that_the_catalogue_no_longer_names_is_left_alone(
    database: Database, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    others = [source for source in SOURCES if source.id != "songnhue"]
    wanted = planned(database, tmp_path, Cleaner(layouts, others))
    assert (wanted.unnamed, wanted.tasks) == (("songnhue",), [])
    assert "songnhue" not in wanted.digests


def test_a_record_is_found_while_its_segment_is_open_and_after_it_was_sealed(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    (one,) = inputs(planned(database, tmp_path, newer))
    assert one.record.read().kind == "response"
    rig.seal()
    assert one.record.read().kind == "response"
    (tmp_path / "archive" / one.record.segment).unlink()
    with pytest.raises(ArchiveError, match="missing"):
        one.record.read()


def test_what_was_recleaned_is_not_stale_any_more(database: Database, rig: Rig, newer: Cleaner, tmp_path: Path) -> None:
    first = rig.page(101, OLD, day(0))
    soft = rig.attempt(address(102), SOFT, day(0), "crawl-0")
    database.take([first, rig.again(first, day(1)), soft])
    reclean(database, tmp_path, newer)
    assert planned(database, tmp_path, newer).tasks == []
    assert len(inputs(planned(database, tmp_path, rig.cleaner))) == 0
