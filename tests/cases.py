"""The page cases: a folder each, with the page as it came, what is to be read in it and what the case is about."""

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.records import Page, Reading
from tests.builders import body_of

FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class Case:
    """One page and what must be read in it: ``expected`` is as `summary` gives it, of a list page `links_summary`."""

    layout: str
    name: str
    payload: bytes
    url: str
    content_type: str
    expected: dict[str, Any]


def cases() -> list[Case]:
    """The cases of article pages, by layout and name."""
    return [case for case in _all() if "links" not in case.expected]


def list_cases() -> list[Case]:
    """The cases of list pages, by layout and name."""
    return [case for case in _all() if "links" in case.expected]


def _all() -> list[Case]:
    return [_case(path.parent) for path in sorted(FOLDER.glob("*/*/about.toml"))]


def _case(folder: Path) -> Case:
    about = tomllib.loads((folder / "about.toml").read_text(encoding="utf-8"))
    assert about.keys() == {"why", "url", "content_type"}, folder
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    payload = (folder / "page.html").read_bytes()
    return Case(folder.parent.name, folder.name, payload, about["url"], about["content_type"], expected)


def summary(reading: Reading) -> dict[str, Any]:
    """A reading in the form of ``expected.json``."""
    content = reading.content
    return {
        "title": content.title if content else None,
        "lead": content.lead if content else None,
        "body": list(body_of(reading)),
        "published_at": reading.published_at,
        "byline": reading.byline,
        "section": reading.section,
        "captions": list(reading.captions),
        "removed": [[removed.rule, removed.text] for removed in reading.removed],
        "warnings": list(reading.warnings),
        **(
            {"attachments": [[one.kind, one.url, one.label] for one in reading.attachments]}
            if reading.attachments
            else {}
        ),
    }


def links_summary(page: Page) -> dict[str, Any]:
    """The links of a list page in the form of ``expected.json``: kind, address, the article's key."""
    return {"links": [[link.kind, link.url, link.article_key] for link in page.links]}
