"""Timers as files, judged by those who read them: systemd's own checker, and a shell as cron starts it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from archive.errors import UsageError
from crawler.schedule import Visit
from crawler.timers import CRONTAB, Command, cron, systemd

VISITS = [Visit("phuong-hoan-kiem", 360, 137), Visit("bao", 60, 23), Visit("truong", 10080, 605, 3), Visit("x", 15, 7)]
AWKWARD = "tin tức 100%n, 'a' $HOME"


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A program that says how it was started, all of it at a place whose name needs every kind of care."""
    place = tmp_path / AWKWARD
    (place / "logs").mkdir(parents=True)
    program = tmp_path / AWKWARD.replace("'", "") / "bantin"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s|" "$BANTIN_HOME" "$@"\nexit "${STATUS:-0}"\n', "utf-8")
    program.chmod(0o755)
    return Command(
        program, {"BANTIN_HOME": str(place), "BANTIN_CONTACT": "ops@example.org"}, [place], "root", place / "logs"
    )


def verified(folder: Path, files: dict[str, str]) -> str:
    """What `systemd-analyze verify` says of these files: nothing where they are right."""
    checker = shutil.which("systemd-analyze")
    if checker is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no systemd-analyze on this machine: package systemd")
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    timers = sorted(str(folder / name) for name in files if not name.endswith("@.service"))
    done = subprocess.run([checker, "verify", *timers], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "bantin" in line]
    return "\n".join(ours) or ("" if done.returncode == 0 else done.stderr)


@pytest.mark.parametrize("whole", [True, False])
def test_systemd_accepts_every_unit_at_any_place(command: Command, tmp_path: Path, whole: bool) -> None:
    assert verified(tmp_path, systemd(VISITS, command, whole=whole)) == ""


def test_the_check_of_units_sees_a_fault(command: Command, tmp_path: Path) -> None:
    files = systemd(VISITS, command, whole=True)
    assert verified(tmp_path, {name: text.replace("%%", "%") for name, text in files.items()}) != ""
    assert verified(tmp_path, {name: text.replace("OnCalendar=", "OnCalendar=often ") for name, text in files.items()})


def test_a_unit_may_write_to_the_home_and_nowhere_else(command: Command) -> None:
    text = systemd(VISITS, command, whole=True)["bantin-collect@.service"]
    assert "ProtectSystem=strict" in text
    assert [line for line in text.splitlines() if line.startswith("ReadWritePaths=")] == [
        f'ReadWritePaths="{str(command.writable[0]).replace("%", "%%")}"'
    ]


def test_what_was_missed_is_collected_by_one_crawl_of_the_sources_that_have_timers(command: Command) -> None:
    some = systemd(VISITS[:2], command, whole=False)["bantin-collect-missed.service"]
    assert some.partition("ExecStart=")[2].splitlines()[0].endswith(" collect --due phuong-hoan-kiem bao")
    every = systemd(VISITS, command, whole=True)["bantin-collect-missed.service"]
    assert every.partition("ExecStart=")[2].splitlines()[0].endswith(" collect --due")


def crontab(command: Command) -> tuple[dict[str, str], list[tuple[list[str], str]]]:
    """A crontab read as crontab(5) says: the environment, and of each line its fields and what the shell gets."""
    environment, lines = {}, []
    for line in cron(VISITS, command)[CRONTAB].splitlines():
        name, equals, value = line.partition("=")
        if line.startswith("#") or not line:
            continue
        if equals and name.isidentifier():
            environment[name] = value[1:-1]
            continue
        *fields, run = line.split(" ", 5)
        assert "%" not in run.replace("\\%", ""), "cron would cut the line here"
        lines.append((fields, run.replace("\\%", "%")))
    return environment, lines


def started(command: Command, **more: str) -> tuple[str, str]:
    """What the first line mails when the program ends as told, and what it wrote into its log."""
    environment, lines = crontab(command)
    done = subprocess.run(
        ["/bin/sh", "-c", lines[0][1]], env=environment | more, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr, (command.logs / "collect-phuong-hoan-kiem.log").read_text("utf-8")


def test_cron_starts_the_program_with_its_home_whatever_the_path(command: Command) -> None:
    mailed, log = started(command)
    assert (mailed, log) == ("", f"{command.environment['BANTIN_HOME']}|collect|--due|phuong-hoan-kiem|")


def test_cron_mails_only_what_needs_a_look(command: Command) -> None:
    mailed, _ = started(command, STATUS="1")
    assert mailed == f"phuong-hoan-kiem needs a look: {command.logs}/collect-phuong-hoan-kiem.log\n"


def test_every_cron_line_has_five_fields_within_their_bounds(command: Command) -> None:
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    for fields, _ in crontab(command)[1]:
        assert len(fields) == 5
        for field, (low, high) in zip(fields, bounds, strict=True):
            span, _, step = field.partition("/")
            numbers = [] if span == "*" else [int(number) for number in span.split("-")]
            assert all(low <= number <= high for number in numbers)
            assert not step or (step.isdecimal() and (span == "*" or "-" in span)), "a step needs a range"


def test_a_program_that_systemd_would_not_start_is_refused(command: Command, tmp_path: Path) -> None:
    odd = Command(tmp_path / "lan's" / "bantin", command.environment, command.writable, "root", command.logs)
    with pytest.raises(UsageError):
        systemd(VISITS, odd, whole=True)


@pytest.mark.parametrize("name", ["two\nlines", "back\\slash"])
def test_a_path_that_a_crontab_cannot_hold_is_refused(command: Command, name: str) -> None:
    odd = Command(command.program.parent / name, command.environment, command.writable, "root", command.logs)
    with pytest.raises(UsageError):
        cron(VISITS, odd)
