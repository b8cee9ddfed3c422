"""Correcting by hand on the sample portal: the commands, what they print, and what they refuse."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bantin import Bantin, environment
from tests.recleans import layouts_folder, rule
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
DAYS = ("2026-09-01T06:00:00Z", "2026-09-02T06:00:00Z")
EDITED, MOVED, SIGNED = "mau-quan-uy:5100108", "mau-quan-uy:5100103", "mau-quan-uy:5100111"
PICTURED = "mau-quan-uy:5100104"
WHY = "theo bản in của Quận ủy"
SHORT = "(?s).{0,60}[.]"  # a sentence that fills no line


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bantin, SampleSite]]:
    """The sample site, collected on its first day; not to be changed."""
    folder = tmp_path_factory.mktemp("sample")
    with SampleSite() as site:
        text = (SITE / "sources.toml").read_text("utf-8")
        for port, name in ((8765, "quan-uy"), (8766, "bao")):
            text = text.replace(f"http://127.0.0.1:{port}", site.urls[name])
        (folder / "sources.toml").write_text(text, "utf-8")
        bantin = Bantin(folder / "home", folder / "sources.toml")
        bantin.init()
        bantin.run("--now", DAYS[0], "collect")
        yield bantin, site


@pytest.fixture
def bantin(collected: tuple[Bantin, SampleSite], tmp_path: Path) -> Bantin:
    """A copy of it."""
    first, _ = collected
    shutil.copytree(first.home, tmp_path / "home")
    return Bantin(tmp_path / "home", first.sources)


@pytest.fixture
def site(collected: tuple[Bantin, SampleSite]) -> Iterator[SampleSite]:
    yield collected[1]
    collected[1].day = 1


def row(bantin: Bantin, key: str) -> dict[str, object]:
    return next(one for one in bantin.rows() if one["article_key"] == key)


def correct(bantin: Bantin, key: str, field: str, *said: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
    return bantin.run("correct", key, "--field", field, *said, "--reason", WHY, status=status)


def test_a_correction_is_shown_with_its_reason_and_listed_and_taken_back(bantin: Bantin) -> None:
    export = bantin.export()
    said = correct(bantin, SIGNED, "byline", "--value", " Minh\u00a0 Hà ").stdout
    assert re.fullmatch(rf"{SIGNED}@2026-09-01T06:\S+Z: byline corrected; readers see change: byline\n", said)
    shown = bantin.run("show", SIGNED).stdout
    assert re.search(r"^byline +Minh Hà$", shown, re.M)
    assert re.search(rf'^corrected +byline: was "Thu Trang", because {WHY} \(\S+Z\)$', shown, re.M)
    told = json.loads(bantin.run("show", SIGNED, "--json").stdout)
    assert (told["byline"], told["corrected"]) == ("Minh Hà", ["byline"])
    assert {name: told["corrections"][0][name] for name in ("field", "was", "reason")} == {
        "field": "byline",
        "was": "Thu Trang",
        "reason": WHY,
    }
    assert re.search(rf"correction +byline by hand, \S+Z: {WHY}$", bantin.run("history", SIGNED).stdout, re.M)
    assert "  correction  mau-quan-uy:5100111  field=byline" in bantin.run("changes").stdout
    assert re.search(rf"^{SIGNED} +\S+Z +byline +holds +Minh Hà +{WHY}", bantin.run("corrections").stdout, re.M)
    assert "correction withdrawn" in correct(bantin, SIGNED, "byline", "--withdraw").stdout
    assert bantin.export() == export
    (listed,) = json.loads(bantin.run("corrections", "--json").stdout)
    assert (listed["state"], listed["withdrawn_because"]) == ("withdrawn", WHY)
    journal = (bantin.home / "archive" / "journal.jsonl").read_text("utf-8")
    assert journal.count('"kind":"correction"') == 2


def test_a_body_comes_from_a_file_or_standard_input_a_paragraph_a_line(bantin: Bantin, tmp_path: Path) -> None:
    before, after = str(row(bantin, EDITED)["body"]), "Đoạn một.\nĐoạn hai."
    text = tmp_path / "body.txt"
    text.write_bytes("\ufeffĐoạn  một.\r\n\r\nĐoạn hai.\r\n".encode())
    correct(bantin, EDITED, "body", "--file", str(text))
    assert row(bantin, EDITED)["body"] == after
    shown = json.loads(bantin.run("show", EDITED, "--json").stdout)
    assert shown["corrections"][0]["was"] == before
    assert before[:60].replace("\n", " / ") in bantin.run("show", EDITED).stdout
    command = bantin.command("correct", EDITED, "--field", "captions", "--file", "-", "--reason", WHY)
    lines = "Quang cảnh hội nghị\nĐồng chí chủ tọa\n".encode()
    subprocess.run(command, input=lines, env=environment(), check=True, capture_output=True)
    assert row(bantin, EDITED)["captions"] == ["Quang cảnh hội nghị", "Đồng chí chủ tọa"]
    assert row(bantin, PICTURED)["captions"] != []
    correct(bantin, PICTURED, "captions", "--clear")
    assert row(bantin, PICTURED)["captions"] == []


def test_it_outlives_a_reclean_and_a_rebuild_and_the_next_day_of_the_publisher_ends_it(
    bantin: Bantin, site: SampleSite, tmp_path: Path
) -> None:
    correct(bantin, EDITED, "body", "--value", "Bản đúng.")
    correct(bantin, EDITED, "byline", "--value", "Ban Tuyên giáo và Dân vận")
    correct(bantin, MOVED, "published_at", "--value", "2025-01-02")
    bantin.options = ["--layouts", str(layouts_folder(tmp_path / "layouts", hanoi_liferay=rule(SHORT)))]
    assert "mau-quan-uy: cleaner promoted" in bantin.run("reclean").stdout
    assert (row(bantin, EDITED)["body"], row(bantin, EDITED)["corrected"]) == ("Bản đúng.", ["body", "byline"])
    site.day = 2
    bantin.run("--now", DAYS[1], "collect", "--refetch")
    first = bantin.column("SELECT captured_at FROM correction LIMIT 1")[0]
    assert (row(bantin, EDITED)["edition"], row(bantin, EDITED)["corrected"]) == (2, ["byline"])
    assert "Bản đúng." in bantin.run("show", f"{EDITED}@{first}").stdout
    difference = bantin.run("diff", EDITED)
    assert (
        f"     body corrected by hand, {bantin.column('SELECT made_at FROM correction')[0]}: {WHY}" in difference.stdout
    )
    assert "[-Bản đúng" in difference.stdout
    history = bantin.run("history", EDITED).stdout
    assert re.search(r"edition +1, first seen \(body corrected\)", history)
    moved = bantin.sql("SELECT before FROM v_metadata_change WHERE article_key = ? AND field = 'published_at'", MOVED)
    assert moved == [("2025-01-02",)]
    copy = Bantin(tmp_path / "copy", bantin.sources, bantin.options)
    shutil.copytree(bantin.home / "archive", copy.home / "archive")
    copy.run("rebuild")
    assert copy.export() == bantin.export()
    assert copy.run("corrections").stdout == bantin.run("corrections").stdout
    bantin.run("verify")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("mau-quan-uy:1", "byline", "--value", "Minh Hà"), "no article has this key or address"),
        ((SIGNED, "author", "--value", "Minh Hà"), "cannot be corrected. Give one of: title, lead, body, published_at"),
        ((SIGNED, "byline", "--value", "Thu Trang"), "its byline is read so already"),
        ((SIGNED, "byline"), "one of --value TEXT, --file PATH, --clear; or --withdraw"),
        ((SIGNED, "byline", "--value", "Minh Hà", "--clear"), "one of --value TEXT"),
        ((SIGNED, "byline", "--value", " \u200b "), "To say that there is none: --clear"),
        ((SIGNED, "byline", "--withdraw"), "is not corrected there. `bantin corrections` lists"),
        ((SIGNED, "title", "--value", "Một\nHai"), "title: is one line, 2 were given"),
        ((SIGNED, "body", "--file", "/nicht/da.txt"), "cannot be read (No such file or directory)"),
        ((SIGNED, "published_at", "--value", "12/5/2025"), "Write it like 2025-05-13T16:53:00+07:00"),
        ((SIGNED, "published_at", "--value", "2025-02-30"), "Write it like 2025-05-13T16:53:00+07:00"),
        ((SIGNED, "published_at", "--value", "2025-05-13T16:53:00Z"), "Write it like 2025-05-13T16:53:00+07:00"),
        ((f"{SIGNED}@2020-01-01", "byline", "--value", "Minh Hà"), "before it was first captured. `bantin history"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(
    collected: tuple[Bantin, SampleSite], said: tuple[str, ...], why: str
) -> None:
    bantin, _ = collected
    journal = (bantin.home / "archive" / "journal.jsonl").read_bytes()
    refused = correct(bantin, *said, status=2)
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (bantin.home / "archive" / "journal.jsonl").read_bytes() == journal


def test_a_reason_must_be_given(collected: tuple[Bantin, SampleSite]) -> None:
    bantin, _ = collected
    assert "--reason" in bantin.run("correct", SIGNED, "--field", "byline", "--clear", status=2).stderr
    blank = bantin.run("correct", SIGNED, "--field", "byline", "--clear", "--reason", " ", status=2)
    assert "needs a reason" in blank.stderr


def test_a_correction_of_what_is_here_no_more_is_named_and_can_be_taken_back(bantin: Bantin, tmp_path: Path) -> None:
    """The journal of a collection whose WARC files were lost, in part: here, all of them."""
    correct(bantin, SIGNED, "byline", "--clear")
    empty = Bantin(tmp_path / "empty", bantin.sources)
    (empty.home / "archive").mkdir(parents=True)
    entries = (bantin.home / "archive" / "journal.jsonl").read_text("utf-8").splitlines()
    kept = [line for line in entries if '"kind":"correction"' in line]
    (empty.home / "archive" / "journal.jsonl").write_text("\n".join(kept) + "\n", "utf-8")
    empty.run("rebuild")
    told = empty.run("corrections", status=1)
    assert re.search(rf"^{SIGNED} +\S+ +byline +nowhere +\(none\)", told.stdout, re.M)
    remedy = re.search(r"bantin (correct \S+ --field byline --withdraw --reason) …", told.stderr)
    assert remedy is not None, told.stderr
    empty.run(*remedy[1].split(), "ghi nhầm")
    empty.run("corrections")
