import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from archive.database import connect, upgrade
from archive.models import Source
from crawler.cli.printing import shown
from tests.sample import CORRECTED, HOST, TITLE, fill_database

COMMAND = [sys.executable, "-m", "crawler.cli.app"]
ADDRESS = f"{HOST}/tin-tuc/-/view_content/101-so-ket.html"
FIRST = "songnhue:101@2025-01-10T01:00:00.250000Z"

DISTRICT = f"""[[source]]
id = "songnhue"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = ["{HOST}/tin-tuc"]
"""
Run = Callable[..., Any]


def test_show_prints_the_article_to_read_and_what_is_known_of_it(bantin: Run) -> None:
    ended = bantin("show", "songnhue:101")
    assert (ended.status, ended.said) == (0, "")
    lines = [line.rstrip() for line in ended.out.splitlines()]
    assert lines[0] == TITLE
    assert set(CORRECTED) <= set(lines)
    for piece in ("Minh Hà", "2025-01-08", "2 of 2", ADDRESS, "2025/01/bantin.warc.gz at byte"):
        assert piece in ended.out


def test_show_takes_an_address_in_any_spelling(bantin: Run) -> None:
    by_key = json.loads(bantin("show", "--json", "songnhue:101").out)
    for address in (ADDRESS, ADDRESS.replace("https:", "http:") + "#top"):
        assert json.loads(bantin("show", "--json", address).out) == by_key


def test_show_with_a_time_prints_what_stood_there_then(bantin: Run) -> None:
    then = json.loads(bantin("show", "--json", FIRST).out)
    assert (then["edition"], then["published_at"]) == (1, "2025-01-09T16:30:00+07:00")
    assert then["cite"] == FIRST
    assert then["archived"]["captured_at"] == "2025-01-10T01:00:00.250000Z"


def test_a_time_before_the_first_capture_points_to_the_history(bantin: Run) -> None:
    ended = bantin("show", "songnhue:101@2020-01-01")
    assert (ended.status, ended.out) == (2, "")
    assert "bantin history songnhue:101" in ended.said


@pytest.mark.parametrize("command", ["show", "history", "diff"])
def test_an_unknown_key_names_the_commands_that_list_keys(bantin: Run, command: str) -> None:
    ended = bantin(command, "songnhue:404")
    assert (ended.status, ended.out) == (2, "")
    assert "bantin export -" in ended.said


def test_history_prints_one_line_an_event(bantin: Run) -> None:
    lines = bantin("history", "songnhue:101").out.splitlines()
    assert [line.split()[1] for line in lines[2:]] == ["edition", "variant", "metadata", "edition", "gone", "back"]
    assert "published_at: 2025-01-09T16:30:00+07:00 → 2025-01-08" in lines[4]


def test_history_as_json_is_one_object_a_line(bantin: Run) -> None:
    events = [json.loads(line) for line in bantin("history", "songnhue:102", "--json").out.splitlines()]
    assert [event["kind"] for event in events] == ["edition", "gone"]
    assert all(list(event)[:3] == ["at", "kind", "article_key"] for event in events)


def test_diff_marks_words_in_a_pipe(bantin: Run) -> None:
    ended = bantin("diff", "songnhue:101")
    assert "đã kết nạp [-214-]{+241+} đảng viên" in ended.out


@pytest.mark.parametrize("ends", [("1", "2"), ("2025-02-01", "2025-03-20"), ("1",), ()])
def test_diff_takes_numbers_and_times_and_the_last_two_by_default(bantin: Run, ends: tuple[str, ...]) -> None:
    found = json.loads(bantin("diff", "--json", "songnhue:101", *ends).out)
    assert (found["from"]["edition"], found["to"]["edition"]) == (1, 2)
    assert found["changed"] == ["body"]
    assert "".join(part["text"] for part in found["body"] if part["kind"] != "removed") == "\n".join(CORRECTED)


@pytest.mark.parametrize("ends", [("1", "7"), ("1", "soon"), ("2019-01-01",)])
def test_diff_refuses_an_edition_that_is_not_there(bantin: Run, ends: tuple[str, ...]) -> None:
    ended = bantin("diff", "songnhue:101", *ends)
    assert (ended.status, ended.out) == (2, "")


def test_diff_of_an_article_with_one_edition_says_so(bantin: Run) -> None:
    ended = bantin("diff", "bao:825")
    assert ended.status == 2
    assert "no two editions" in ended.said


def test_duplicates_name_the_first_and_what_is_equal(bantin: Run) -> None:
    lines = [line.split() for line in bantin("duplicates").out.splitlines()]
    assert lines[1:] == [["bao:825", "songnhue:101", "content"], ["bao:826", "songnhue:101", "body"]]
    found = [json.loads(line) for line in bantin("duplicates", "--json").out.splitlines()]
    assert [row["basis"] for row in found] == ["content", "body"]


def test_changes_go_on_from_a_cursor(bantin: Run) -> None:
    everything = [json.loads(line) for line in bantin("changes", "--json").out.splitlines()]
    rest = [json.loads(line) for line in bantin("changes", "--json", "--since", "2").out.splitlines()]
    assert rest == everything[2:]
    assert re.search(r"  edition +songnhue:101  edition=2", bantin("changes").out)


def test_export_writes_a_file_and_says_how_many(bantin: Run, tmp_path: Path) -> None:
    target = tmp_path / "articles.jsonl"
    ended = bantin("export", str(target), "--format", "jsonl", "--source", "bao")
    assert (ended.status, ended.out) == (0, "")
    assert "3 articles" in ended.said
    assert len(target.read_text(encoding="utf-8").splitlines()) == 3
    assert list(tmp_path.iterdir()) == [target]


def test_export_to_standard_output_prints_rows_only(bantin: Run) -> None:
    ended = bantin("export", "-")
    assert [json.loads(line)["article_key"][:3] for line in ended.out.splitlines()] == ["bao"] * 3 + ["son"] * 2
    assert ended.said == ""


def test_export_refuses_a_format_that_it_cannot_write(bantin: Run) -> None:
    ended = bantin("export", "-", "--format", "parquet")
    assert (ended.status, ended.out) == (2, "")
    assert "--format jsonl" in ended.said


def test_status_prints_the_figures_of_each_source(bantin: Run, tmp_path: Path) -> None:
    (tmp_path / "nguon.toml").write_text(DISTRICT, "utf-8")
    told = ("--now", "2025-06-01T00:00:00Z", "--sources", str(tmp_path / "nguon.toml"), "status")
    ended = bantin(*told)
    line = next(line for line in ended.out.splitlines() if line.startswith("songnhue"))
    assert line.split()[:7] == ["songnhue", "2", "1", "0", "3", "3", "2"]
    assert "1 failed, 2 gone, 6 ok, 1 soft-gone" in line
    found = json.loads(bantin(*told, "--json").out)
    assert [source["due"] for source in found["sources"]] == [0, 2]


def test_of_sources_without_captures_the_number_is_printed(bantin: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    upgrade(url)
    engine = connect(url)
    with Session(engine) as session:
        session.add(Source(id="trong", name="Trống", level="ward", layout="generic", listed=True))
        session.commit()
    engine.dispose()
    ended = bantin("--database", url, "status")
    assert "1 more source holds nothing yet" in ended.out
    assert "trong" not in ended.out


def test_digests_in_the_feed_are_cut_for_people_and_whole_for_programs(bantin: Run) -> None:
    assert not re.search("[0-9a-f]{64}", bantin("changes").out)
    assert re.search("[0-9a-f]{64}", bantin("changes", "--json").out)


@pytest.mark.parametrize("command", ["status", "history songnhue:101", "duplicates", "show bao:900"])
def test_on_a_narrow_terminal_nothing_of_a_table_is_lost(sample_home: Path, command: str) -> None:
    environment = _environment(sample_home, FORCE_COLOR="1", NO_COLOR="1", COLUMNS="60")
    narrow, wide = (
        subprocess.run([*COMMAND, *command.split()], env=environment | more, capture_output=True, check=False).stdout
        for more in ({}, {"COLUMNS": "400"})
    )
    letters = [Counter(re.sub(r"\x1b\[[0-9;]*m|[\s─]", "", said.decode())) for said in (narrow, wide)]
    assert letters[0] == letters[1]


def test_a_password_is_never_printed(bantin: Run) -> None:
    ended = bantin("--database", "postgresql+psycopg://reader:secret@127.0.0.1:9/bantin", "status")
    assert ended.status == 3
    assert "secret" not in ended.said + ended.out


@pytest.mark.parametrize(
    "arguments", [["--now", "soon", "status"], ["--database", "mysql://x/y", "status"], ["nothing"]]
)
def test_wrong_use_exits_2_in_one_paragraph(bantin: Run, arguments: list[str]) -> None:
    ended = bantin(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert "Traceback" not in ended.said


def test_a_home_without_a_database_says_bantin_init_and_stays_untouched(bantin: Run, tmp_path: Path) -> None:
    ended = bantin("--home", str(tmp_path / "new"), "status")
    assert (ended.status, ended.out) == (3, "")
    assert "Run: bantin init" in ended.said
    assert not (tmp_path / "new").exists()


def test_control_characters_never_reach_the_terminal() -> None:
    assert shown("Đại\x1b[2J hội\x07\x9b\n").plain == "Đại\ufffd[2J hội\ufffd\ufffd\n"


def _environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "BANTIN_HOME": str(home), **more}


def test_vietnamese_comes_out_whole_whatever_the_locale(sample_home: Path) -> None:
    environment = _environment(sample_home, LC_ALL="POSIX", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", COLUMNS="20")
    done = subprocess.run([*COMMAND, "show", "songnhue:101"], env=environment, capture_output=True, check=True)
    assert TITLE in done.stdout.decode("utf-8")


def test_a_reader_that_goes_away_is_no_error_message(sample_home: Path) -> None:
    for arguments in ("export -", "status"):
        done = subprocess.run(
            ["bash", "-c", f"{' '.join(COMMAND)} {arguments} | true"],
            env=_environment(sample_home),
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""


def test_a_terminal_gets_colours_and_a_pipe_does_not(sample_home: Path) -> None:
    plain, coloured = (
        subprocess.run([*COMMAND, "diff", "songnhue:101"], env=environment, capture_output=True, check=True).stdout
        for environment in (_environment(sample_home), _environment(sample_home, FORCE_COLOR="1"))
    )
    assert b"\x1b[" in coloured
    assert b"\x1b[" not in plain


def test_following_the_feed_prints_what_is_added_meanwhile(tmp_path: Path, database_url: str) -> None:
    follower = subprocess.Popen(
        [*COMMAND, "changes", "--follow", "--json"],
        env=_environment(tmp_path, BANTIN_DATABASE_URL=database_url),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        fill_database(database_url)
        assert follower.stdout is not None
        assert json.loads(follower.stdout.readline())["kind"] == "promotion"
    finally:
        follower.terminate()
        follower.communicate()
