"""`bantin sources list`, `show` and `check`: the shipped catalogue as people and tools see it."""

import json
from itertools import groupby
from typing import Any

from typer.testing import CliRunner

from crawler.cli.app import app


def _lines(*arguments: str, status: int = 0) -> list[str]:
    done = CliRunner().invoke(app, ["--now", "2026-01-01T00:00:00Z", "sources", *arguments])
    assert done.exit_code == status, done.output
    return done.stdout.splitlines()


def _rows(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _lines("list", *arguments, "--json")]


def test_the_list_is_grouped_by_level_and_can_be_narrowed() -> None:
    lines = _lines("list")
    assert [line.split()[0] for line in lines if line.startswith("level")] == ["level"]
    assert len(lines) == len(_rows()) + 1
    levels = [level for level, _ in groupby(line.split()[0] for line in lines[1:])]
    assert levels == ["city", "district", "ward", "commune", "school", "press"]
    assert {row["level"] for row in _rows("--level", "commune")} == {"commune"}
    assert [row["id"] for row in _rows("--level", "city", "--unverified")] == ["thanh-uy-ha-noi", "cong-ha-noi"]
    assert {row["id"] for row in _rows("--unit", "quan-ba-dinh")} == {
        "quan-ba-dinh",
        "phuong-ba-dinh",
        "phuong-ngoc-ha",
        "phuong-giang-vo",
        "phuong-hoan-kiem",
    }
    assert all(row["paused"] for row in _rows("--paused"))


def test_the_list_says_what_is_past_paused_and_verified() -> None:
    states = {words[1]: words[2] for words in map(str.split, _lines("list")) if len(words) > 3}
    assert states["quan-ba-dinh"] == "past"
    assert states["phuong-ba-dinh"] == "paused"
    assert states["sotttt"] == "verified"
    assert states["qdnd"] == "unverified"


def test_show_has_the_unit_with_what_became_of_it_and_what_it_came_from() -> None:
    (district,) = (json.loads(line) for line in _lines("show", "quan-ba-dinh", "--json"))
    assert district["hosts"] == ["badinh.hanoi.gov.vn (until 2025-06-30)"]
    assert district["unit"]["until"] == "2025-06-30"
    assert district["unit"]["successors"] == ["phuong-ba-dinh", "phuong-ngoc-ha", "phuong-giang-vo"]
    (ward,) = (json.loads(line) for line in _lines("show", "phuong-ba-dinh", "--json"))
    assert ward["unit"]["predecessors"] == ["quan-ba-dinh", "quan-hoan-kiem", "quan-tay-ho"]
    shown = {line.split()[0]: line for line in _lines("show", "cong-ha-noi") if line and line[0] != " "}
    assert shown["layout"].endswith("hanoi-liferay (until 2024-12-31), vccorp (since 2025-01-01)")
    assert shown["unit.name"].endswith("Hà Nội")


def test_check_counts_and_names_what_rests_on_inference() -> None:
    counts = json.loads(_lines("check", "--json")[0])
    assert counts["levels"] == {"city": 3, "district": 30, "ward": 51, "commune": 75, "school": 1, "press": 7}
    assert (counts["units"], counts["without_evidence"]) == (157, [])
    assert f"{counts['unverified']} rest on inference: bantin sources list --unverified" in _lines("check")


def test_an_unknown_level_or_unit_is_wrong_use() -> None:
    for wrong in (["--level", "province"], ["--unit", "quan-khac"]):
        done = CliRunner().invoke(app, ["sources", "list", *wrong])
        assert "no " in str(done.exception)
