"""The curator's commands, as they are typed: what they print, what they write, how they end."""

import json
import re

import pytest

from crawler import bars
from pipelines.layouts import Layouts
from tests.desk import LOUD, OLD, SOURCE, Desk, change
from tests.recleans import SLOGAN, cleaner_of, layouts_folder, with_rule
from tests.rig import Rig, day


def test_with_an_unchanged_cleaner_nothing_is_written_and_that_is_said(desk: Desk) -> None:
    desk.rig.seal()
    before = desk.files()
    ended = desk("reclean")
    assert (ended.status, ended.out, ended.said) == (
        0,
        "nothing is stale: the installed cleaner has read every capture\n",
        "",
    )
    assert desk.files() == before
    assert desk("reclean", "--force").out == "3 pages read, for 3 captures\n"
    assert desk.files() == before


def test_a_dry_run_writes_nothing_and_says_what_would_change_by_source_layout_and_rule(desk: Desk) -> None:
    desk.rig.seal()
    before, digest = desk.files(), change(desk)
    ended = desk("reclean", "--dry-run", "--workers", "1")
    lines = [line.split() for line in ended.out.splitlines()]
    assert (ended.status, ended.said) == (0, "")
    assert ended.out.startswith("3 pages read, for 3 captures\n1 of 3 texts differ, 0 more in metadata only\n")
    assert ["songnhue", "hanoi-liferay", "of-the-test", "1", "1", "1", "0"] in lines
    assert f"  - {SLOGAN}" in ended.out.splitlines()
    assert desk.files() == before
    facts = desk.json("reclean", "--dry-run")
    desk("reclean")
    compared = desk.json("cleaners", "diff", _first(desk), digest)
    assert {name: facts[name] for name in compared} == compared
    assert facts["problems"] == []


def _first(desk: Desk) -> str:
    return str(desk.rig.cleaner.digest_for("songnhue"))


def test_a_reclean_promotes_and_says_what_readers_see_change(desk: Desk) -> None:
    digest = change(desk)
    ended = desk("reclean", "--workers", "1")
    assert (ended.status, ended.said) == (0, "")
    assert ended.out.splitlines() == [
        "3 pages read, for 3 captures",
        "songnhue: cleaner promoted; 2 articles read differently",  # one is a duplicate of the other now
    ]
    assert desk.promoted == digest


def test_without_promotion_the_cleaner_can_be_looked_at_and_promoted_later(desk: Desk) -> None:
    export, first, digest = desk("export", "-").out, desk.promoted, change(desk)
    ended = desk("reclean", "--no-promote", "--json")
    assert ended.status == 0
    assert json.loads(ended.out)["held_back"] == {"songnhue": "as asked (--no-promote)"}
    assert desk("export", "-").out == export
    assert desk.json("reclean", "--dry-run")["texts"] == 1
    ended = desk("cleaners", "promote", digest[:8], "--reason", "đã xem")
    assert (ended.status, ended.out) == (0, f"songnhue: {digest[:12]} promoted; 2 articles read differently\n")
    assert desk("export", "-").out != export
    assert [entry["reason"] for entry in desk.database.journal.entries()][-1] == "đã xem"
    assert "is promoted already" in desk("cleaners", "promote", digest).out
    assert desk("cleaners", "promote", first).status == 0
    assert desk("export", "-").out == export


def test_the_list_says_which_cleaner_is_promoted_and_which_is_installed(desk: Desk) -> None:
    first, digest = desk.promoted, change(desk)
    ended = desk("cleaners", "list")
    assert ended.out.splitlines()[1].split()[-1] == "promoted"
    assert f"songnhue: the installed cleaner {digest[:12]} has read nothing yet. Run: bantin reclean" in ended.said
    desk("reclean", "--no-promote")
    ended = desk("cleaners", "list")
    lines = [line.split() for line in ended.out.splitlines()[1:]]
    assert {line[1]: line[-4:] for line in lines} == {
        first[:12]: ["3", "0", "2", "promoted"],
        digest[:12]: ["3", "0", "2", "installed"],
    }
    assert ended.said == ""
    rows = desk.json("cleaners", "list")
    assert {row["digest"]: (row["installed"], row["promoted"]) for row in rows} == {
        first: (False, True),
        digest: (True, False),
    }


def test_a_cleaner_that_lacks_captures_is_promoted_only_when_that_is_accepted(desk: Desk) -> None:
    first, _ = desk.promoted, change(desk)
    desk("reclean")
    desk.options = []
    newer = Rig(desk.home.path, cleaner_of(with_rule(Layouts.load(), id="of-the-test", reason="a rule of the test")))
    desk.database._cleaners = (newer.cleaner,)
    desk.database.take([newer.page(104, OLD, day(5))])
    ended = desk("cleaners", "promote", first)
    assert (ended.status, ended.out) == (2, "")
    assert f"{first[:12]} has not read 1 captures of songnhue" in ended.said
    assert "--accept-missing" in ended.said
    ended = desk("cleaners", "promote", first, "--accept-missing")
    assert ended.status == 0
    assert "1 no longer found" in ended.out
    assert desk.promoted == first


def test_a_wrong_digest_or_source_is_said_and_exits_2(desk: Desk) -> None:
    for arguments in (
        ("cleaners", "promote", "zz"),
        ("cleaners", "diff", "zz", desk.promoted),
        ("cleaners", "promote", desk.promoted, "--source", "nowhere"),
        ("reclean", "--source", "nowhere"),
    ):
        ended = desk(*arguments)
        assert (ended.status, ended.out) == (2, ""), arguments
        assert ended.said.count("\n") == 1
        assert "See: bantin" in ended.said


def test_a_record_that_cannot_be_read_exits_1_and_names_its_place(desk: Desk) -> None:
    desk.rig.seal()
    change(desk)
    path = max(desk.home.archive.rglob("*.warc.gz"), key=lambda found: found.stat().st_size)
    data = bytearray(path.read_bytes())
    data[-200:-190] = bytes(10)
    path.write_bytes(data)
    desk.database.forget_extractions()
    export = desk("export", "-").out
    ended = desk("reclean")
    assert ended.status == 1
    assert "songnhue: cleaner not promoted: captures that it has not read: 1." in ended.said
    assert re.search(rf"needs a look: .*{path.name}: the record at byte \d+ cannot be read", ended.said)
    assert "Traceback" not in ended.said
    assert desk("export", "-").out == export


def test_a_missing_file_exits_1_and_is_named(desk: Desk) -> None:
    desk.rig.seal()
    change(desk)
    path = max(desk.home.archive.rglob("*.warc.gz"), key=lambda found: found.stat().st_size)
    path.unlink()
    desk.database.forget_extractions()
    ended = desk("reclean")
    assert ended.status == 1
    assert f"{path.name}: this WARC file is missing" in ended.said
    assert "Traceback" not in ended.said


def test_a_reading_that_was_altered_exits_1(desk: Desk) -> None:
    with desk.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reading SET section = 'Khác' WHERE id = 1")
    assert desk("reclean").status == 0
    ended = desk("reclean", "--force")
    assert (ended.status, ended.out) == (1, "3 pages read, for 3 captures\n")
    assert "is stored otherwise than this cleaner reads it (section)" in ended.said


def test_an_article_that_would_get_another_key_exits_1(desk: Desk) -> None:
    path = layouts_folder(desk.home.path.parent / "layouts") / "hanoi-liferay.toml"
    text = path.read_text("utf-8")
    assert r"(?P<key>\d+)" in text
    path.write_text(text.replace(r"(?P<key>\d+)", r"(?P<key>\d+-tin)"), "utf-8")
    desk.options = ["--layouts", str(path.parent)]
    ended = desk("reclean")
    assert ended.status == 1
    assert "article songnhue:101 would be songnhue:101-tin" in ended.said


def test_a_catalogue_without_the_source_leaves_it_as_it_is(desk: Desk) -> None:
    path = desk.home.path.parent / "other.toml"
    path.write_text(SOURCE.replace('"songnhue"', '"khac"').replace("songnhue", "khac"), "utf-8")
    before = desk.promoted
    desk.options = ["--sources", str(path)]
    ended = desk("reclean")
    assert ended.status == 1
    assert "songnhue: cleaner not promoted: the catalogue does not name this source" in ended.said
    assert desk.promoted == before


def test_what_a_crash_left_in_archive_and_journal_is_mended_first(desk: Desk) -> None:
    desk.rig.page(104, LOUD, day(1))
    desk.rig.seal()
    with desk.home.journal.open("ab") as journal:
        journal.write(b'{"at": "2025')
    digest = change(desk)
    ended = desk("reclean")
    assert ended.status == 0
    assert "1 captures that were in the archive but not in the database were taken in" in ended.said
    assert desk.database.rows("SELECT count(*) FROM v_article") == [(3,)]
    assert [entry["cleaner"] for entry in desk.database.journal.entries()][-1] == digest
    with desk.home.journal.open("ab") as journal:
        journal.write(b'{"at": "2025')
    assert desk("cleaners", "promote", _first(desk), "--accept-missing").status == 0
    assert [entry["cleaner"] for entry in desk.database.journal.entries()][-1] == _first(desk)


def test_progress_says_pages_a_second_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    times = iter((0.0, 10.0, 20.0))
    monkeypatch.setattr(bars.time, "monotonic", lambda: next(times))
    with bars.progress("recleaning", "pages", 3000) as advance:
        advance(500)
        advance(500)
    assert capfd.readouterr().err == "recleaning: 1000 of 3000 pages, 50 pages/s, 0.7 minutes left\n"
