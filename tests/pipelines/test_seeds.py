"""The five texts that the project began with: each is read as the person who marked it by hand says."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archive.records import Reading
from pipelines.canonical import canonical_line
from pipelines.layouts import Layouts
from pipelines.noise import Rules
from pipelines.text import read_text
from tests.builders import account, body_of
from tests.portal import SHARED

SEEDS = SHARED / "seeds"
NAMES = (
    "000_940eb1ba4373ba2e",
    "001_5744bd0f8804d33b",
    "002_5fc725ed322ce858",
    "003_b3c6b0ff5fb6a91b",
    "004_db9387e8d7c5dc93",
)


def _seed(name: str, layouts: Layouts) -> tuple[str, dict[str, Any], Reading]:
    path = SEEDS / f"{name}.txt"
    if not path.exists():
        reason = f"{path} is not there; BANTIN_SHARED names the folder that holds seeds/"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    text = path.read_bytes().decode()
    gold = json.loads(Path(SEEDS / f"{name}.gold.json").read_text(encoding="utf-8"))
    layout = layouts["plain-text"]
    return text, gold, read_text(text, layout, Rules(layouts.noise(layout)), "input", "cleaner")


def _canonical(value: Any) -> Any:
    return [canonical_line(line) for line in value] if isinstance(value, list) else value and canonical_line(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_read_as_it_was_marked_by_hand(name: str, layouts: Layouts) -> None:
    _, gold, reading = _seed(name, layouts)
    found = {
        "title": reading.content and reading.content.title,
        "section": reading.section,
        "published_at": reading.published_at,
        "byline": reading.byline,
        "captions": list(reading.captions),
        "body": list(body_of(reading)),
    }
    assert found == {field: _canonical(gold[field]) for field in found}


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_a_seed_is_accounted_for(name: str, layouts: Layouts) -> None:
    text, _, reading = _seed(name, layouts)
    lines = account(reading)
    again = [removed.text for removed in reading.removed if removed.rule == "doubled-section"]
    lines.subtract(again)
    if reading.section:
        lines[" ".join([reading.section, *again])] += 1
    assert +lines == Counter(line for line in map(canonical_line, text.splitlines()) if line)


@pytest.mark.parametrize("name", NAMES)
def test_the_editors_buttons_are_in_no_field_of_a_seed(name: str, layouts: Layouts) -> None:
    text, gold, reading = _seed(name, layouts)
    buttons = [removed for removed in reading.removed if removed.text == "leftcenterrightdel"]
    assert [removed.rule for removed in buttons] == ["image-toolbar"] * gold["removed"].count("leftcenterrightdel")
    assert [text.split("\n")[(removed.line or 0) - 1].strip() for removed in buttons] == [b.text for b in buttons]
    content = reading.content
    assert content is not None
    fields = (content.title, reading.section, reading.byline, reading.published_evidence, *reading.captions)
    assert not [field for field in (*fields, *content.paragraphs) if field and "leftcenterrightdel" in field]
