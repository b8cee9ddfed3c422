"""`bantin schedule`: what it writes for a catalogue, what it leaves out and says so."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = """[[source]]
id = "{id}"
name = "{id}"
level = "ward"
layout = "generic"
start = ["https://{id}.example.vn/tin"]
every = "{every}"
{more}
"""
GONE = 'hosts = [{ name = "quan-cu.example.vn", until = 2025-06-30 }]'

Run = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Global options: a home, and a catalogue of four sources: one of them is past, one is paused."""
    said = (
        ("bao", "1h", ""),
        ("truong", "1d", ""),
        ("quan-cu", "1d", GONE),
        ("sau", "1d", 'paused = "no address yet"'),
    )
    text = "\n".join(SOURCE.format(id=name, every=every, more=more) for name, every, more in said)
    (tmp_path / "sources.toml").write_text(text, "utf-8")
    return ["--home", str(tmp_path / "home"), "--sources", str(tmp_path / "sources.toml")]


def units(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_source_gets_a_timer_but_what_is_past_or_paused(bantin: Run, files: list[str], tmp_path: Path) -> None:
    ended = bantin(*files, "schedule", "--write", str(tmp_path / "units"))
    assert ended.status == 0
    assert units(tmp_path / "units") == [
        "bantin-collect-missed.service",
        "bantin-collect-missed.timer",
        "bantin-collect@.service",
        "bantin-collect@bao.timer",
        "bantin-collect@truong.timer",
    ]
    assert "quan-cu: no timer; quan-cu.example.vn (until 2025-06-30); that is past" in ended.said
    assert "sau: no timer; paused: no address yet" in ended.said


def test_before_its_end_a_source_still_gets_one(bantin: Run, files: list[str]) -> None:
    ended = bantin(*files, "--now", "2025-06-01T00:00:00Z", "schedule", "--json")
    assert {visit["source_id"] for visit in json.loads(ended.out)["visits"]} == {"bao", "quan-cu", "truong"}


def test_one_source_stands_where_it_stands_among_all(bantin: Run, files: list[str]) -> None:
    every = json.loads(bantin(*files, "schedule", "--json").out)["visits"]
    one = json.loads(bantin(*files, "schedule", "truong", "--json").out)["visits"]
    assert one == [visit for visit in every if visit["source_id"] == "truong"]
    assert every[0]["minutes"] == 60


def test_written_again_the_files_are_the_same_and_what_is_left_over_is_named(
    bantin: Run, files: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "units"
    bantin(*files, "schedule", "--write", str(folder))
    first = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    (folder / "bantin-collect@quan-cu.timer").write_text("[Timer]\n", "utf-8")
    ended = bantin(*files, "schedule", "--write", str(folder))
    assert ended.status == 1
    assert "bantin-collect@quan-cu.timer is of no source that is collected" in ended.said
    assert {name: (folder / name).read_text("utf-8") for name in first} == first


def test_units_name_home_catalogue_and_contact_but_never_a_password(
    bantin: Run, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANTIN_CONTACT", "ops@example.org")
    text = bantin(*files, "schedule").out
    for name, value in (
        ("HOME", tmp_path / "home"),
        ("SOURCES", tmp_path / "sources.toml"),
        ("CONTACT", "ops@example.org"),
    ):
        assert f'Environment="BANTIN_{name}={value}"' in text
    url = "postgresql+psycopg://bantin:secret@db.example.org/bantin"
    ended = bantin(*files, "--database", url, "schedule")
    assert (ended.status, ended.out) == (2, "")
    assert ".pgpass" in ended.said
    assert "secret" not in ended.said


def test_a_relative_sqlite_file_elsewhere_is_named_whole_and_may_be_written(bantin: Run, files: list[str]) -> None:
    text = bantin(*files, "--database", "sqlite:///other.db", "schedule").out
    assert f'Environment="BANTIN_DATABASE_URL=sqlite:///{os.getcwd()}/other.db"' in text
    assert f'ReadWritePaths="{os.getcwd()}"' in text


def test_cron_lines_are_printed_as_they_go_into_a_crontab(bantin: Run, files: list[str]) -> None:
    ended = bantin(*files, "schedule", "--format", "cron")
    lines = [line for line in ended.out.splitlines() if " collect --due " in line]
    assert len(lines) == 2
    assert ended.out.endswith("\n")


@pytest.mark.parametrize("wrong", [("--format", "anacron"), ("nobody",)])
def test_wrong_use_is_said(bantin: Run, files: list[str], wrong: tuple[str, ...]) -> None:
    assert bantin(*files, "schedule", *wrong).status == 2


def test_of_many_without_a_timer_the_number_is_said(bantin: Run, files: list[str], tmp_path: Path) -> None:
    more = [SOURCE.format(id=f"phuong-{n}", every="1d", more='paused = "no address yet"') for n in range(11)]
    with (tmp_path / "sources.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write("\n".join(more))
    ended = bantin(*files, "schedule")
    assert "12 sources get no timer; paused" in ended.said
    assert "1 sources get no timer; their hosts are past" in ended.said
    assert "phuong-3" not in ended.said
