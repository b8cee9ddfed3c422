"""`bantin import` as a person or a program meets it: what is printed, what is said, how it ends."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.database import upgrade
from archive.home import Home
from crawler.cli.app import main
from crawler.cli.front import INTERRUPTED
from pipelines.importing import Importer, Report
from tests.crawler.cli.conftest import Ended, Run
from tests.imports import moment, page, write

SOURCE = """[[source]]
id = "{id}"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = ["https://songnhue.hanoi.gov.vn/{id}"]
hosts = [{{ name = "songnhue.hanoi.gov.vn", {term} }}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    upgrade(Home(tmp_path / "home").default_database)
    (tmp_path / "nguon.toml").write_text(SOURCE.format(id="quan", term="until = 2025-06-30"), "utf-8")
    return tmp_path / "home"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    for name in [name for name in os.environ if name.startswith("BANTIN_")]:
        monkeypatch.delenv(name)

    def command(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["bantin", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, *capfd.readouterr())

    return command


def imported(run: Run, home: Path, *arguments: object) -> Ended:
    options = ["--home", str(home), "--sources", str(home.parent / "nguon.toml"), "--now", "2026-11-01T03:00:00Z"]
    return run(*options, "import", "--workers", "1", *map(str, arguments))


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    folder = tmp_path / "kho"
    folder.mkdir()
    write(folder / "a.warc.gz", [page(1, "Một.", moment(0)), page(2, "Hai.", moment(900))])
    (folder / "b.warc").write_bytes(b"no record")
    (folder / "1.txt").write_text("Một dòng.", "utf-8")
    for name in ("x.json", "y.json", "README"):
        (folder / name).write_text("{}")
    return folder


def test_what_was_imported_is_a_table_and_what_needs_a_look_is_said_beside_it(
    run: Run, home: Path, mixed: Path
) -> None:
    ended = imported(run, home, mixed)
    assert ended.status == 1
    assert [line.split() for line in ended.out.splitlines()] == [
        ["imported", "new", "known", "other", "records", "damaged"],
        [str(mixed / "a.warc.gz"), "2", "0", "0", "0"],
        [str(mixed / "b.warc"), "0", "0", "0", "1"],
        [str(mixed), "1", "0", "0", "0"],
        ["source", "new", "captures"],
        ["kho", "1", "not", "in", "the", "catalogue"],
        ["quan", "1"],
        ["songnhue.hanoi.gov.vn", "1", "not", "in", "the", "catalogue"],
    ]
    assert ended.said.splitlines() == [
        "needs a look: b.warc: no WARC record stands in it (9 bytes that belong to no record)."
        " Give .warc, .warc.gz or .wacz files",
        f"{mixed}: files left alone: 1 without suffix, 2 .json",
    ]
    again = imported(run, home, mixed / "a.warc.gz")
    assert (again.status, again.said) == (0, "")
    assert again.out.splitlines()[1].endswith("imported before, 2026-11-01")


def test_a_program_gets_an_object_a_file(run: Run, home: Path, mixed: Path) -> None:
    ended = imported(run, home, mixed, "--json")
    assert ended.status == 1
    first, second, third = (json.loads(line) for line in ended.out.splitlines())
    assert first == {
        "name": str(mixed / "a.warc.gz"),
        "new": 2,
        "known": 0,
        "others": 0,
        "note": None,
        "sources": {"quan": 1, "songnhue.hanoi.gov.vn": 1},
        "unrecognised": {},
        "left": {},
        "replaced": [],
        "damage": [],
    }
    assert [list(one) for one in second["damage"]] == [["place", "problem"]]
    assert third["left"] == {".json": 2, "": 1}


def test_one_decision_for_all_is_kept(run: Run, home: Path, mixed: Path) -> None:
    ended = imported(run, home, "--source", "quan", mixed / "a.warc.gz", mixed / "1.txt", "--json")
    assert (ended.status, [json.loads(line)["sources"] for line in ended.out.splitlines()]) == (
        0,
        [{"quan": 2}, {"quan": 1}],
    )
    ended = imported(run, home, mixed / "a.warc.gz")
    assert ended.out.splitlines()[1].endswith("imported before, 2026-11-01; as decided then, --source quan")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "quna", "."], "bantin: no source 'quna' in the catalogue. See: bantin sources list"),
        (["kho-nao"], "bantin: kho-nao: no such file or folder, or not allowed to look. Check the path"),
    ],
)
def test_wrong_use_is_said_in_one_line_and_nothing_is_done(
    arguments: list[str], said: str, run: Run, home: Path
) -> None:
    ended = imported(run, home, *arguments)
    assert (ended.status, ended.out, ended.said) == (2, "", said + "\n")
    assert not (home / "archive").exists()


def test_without_a_database_nothing_is_made(run: Run, home: Path, mixed: Path) -> None:
    ended = imported(run, home.with_name("trong"), mixed)
    assert ended.status == 3
    assert "bantin init" in ended.said
    assert not home.with_name("trong").exists()


def test_a_host_that_two_sources_claim_on_one_day_is_refused_with_its_line(run: Run, home: Path, mixed: Path) -> None:
    file = home.parent / "nguon.toml"
    text = SOURCE.format(id="quan", term="until = 2025-07-01") + SOURCE.format(id="phuong", term="since = 2025-07-01")
    file.write_text(text, "utf-8")
    ended = imported(run, home, mixed)
    assert (ended.status, ended.out) == (2, "")
    assert ended.said.startswith(f"bantin: {file}:14: host 'songnhue.hanoi.gov.vn' is 'quan''s on the same days.")
    assert "Give both the days" in ended.said
    file.write_text(text.replace("until = 2025-07-01", "until = 2025-06-30"), "utf-8")
    assert imported(run, home, mixed / "a.warc.gz").status == 0


def test_a_refused_folder_does_not_hide_what_was_imported_before_it(run: Run, home: Path, mixed: Path) -> None:
    folder = mixed / "quan"
    folder.mkdir()
    (folder / "1.txt").write_text("Một dòng.", "utf-8")
    ended = imported(run, home, mixed / "a.warc.gz", folder)
    assert ended.status == 2
    assert ended.out.splitlines()[1].split() == [str(mixed / "a.warc.gz"), "2", "0", "0", "0"]
    assert "Say --source quan if these are its texts, else rename the folder" in ended.said


def test_an_interrupt_shows_what_was_done_and_how_to_go_on(
    run: Run, home: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_all = Importer.run

    def stopped(self: Importer, paths: list[Path]) -> Iterator[Report]:
        yield next(import_all(self, paths))
        raise KeyboardInterrupt

    monkeypatch.setattr(Importer, "run", stopped)
    ended = imported(run, home, mixed)
    assert (ended.status, ended.said) == (1, f"bantin: {INTERRUPTED}\n")
    assert ended.out.splitlines()[1].split() == [str(mixed / "a.warc.gz"), "2", "0", "0", "0"]


def test_of_much_damage_some_is_shown_and_all_is_in_the_json(run: Run, home: Path, tmp_path: Path) -> None:
    many = write(
        tmp_path / "a.warc", [one for n in range(25) for one in (page(n, "x", moment(n)), b"junk\r\n")], "plain"
    )
    ended = imported(run, home, many, "--json")
    places = [one["place"] for one in json.loads(ended.out)["damage"]]
    assert len(places) == 25
    assert places[0].startswith("a.warc:")
    copy = write(tmp_path / "b.warc", [many.read_bytes(), page(90, "y", moment(90))], "plain")
    said = imported(run, home, copy).said.splitlines()
    assert len(said) == 21
    assert said[-1] == f"{copy}: and 5 more; --json lists them all"


def test_names_with_anything_in_them_are_shown_and_harmless(run: Run, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kho\x1b[31m"
    folder.mkdir()
    (folder / "a\nb.txt").write_text("Một dòng.", "utf-8")
    (folder / "rong\x1b]0;.txt").write_text("")
    ended = imported(run, home, folder)
    assert ended.status == 1
    assert "\x1b" not in ended.out + ended.said
