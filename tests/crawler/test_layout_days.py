"""A site that changed its system: each page is read with the layout that held on the day of its capture."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ConfigError
from crawler.sources import Catalogue
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from pipelines.page import Response, failure, read_page
from tests.builders import HTML, liferay, press

ONE = """[[source]]
id = "hai-doi"
name = "Báo Hai Đời"
level = "press"
layout = [{ id = "hanoi-liferay", until = 2023-05-31 }, { id = "img-editor", since = 2023-06-01 }]
start = ["https://haidoi.example.vn/tin-tuc"]
"""
OLD_URL = "https://haidoi.example.vn/tin-tuc/-/view_content/77001-so-ket.html"
NEW_URL = "https://haidoi.example.vn/tin-tuc/con-ngo-khong-rac-824400"
LAST = datetime(2023, 5, 31, 16, 59, 59, tzinfo=UTC)  # the last second of 31 May in Vietnam
FIRST = datetime(2023, 5, 31, 17, 0, tzinfo=UTC)


def load(tmp_path: Path, layouts: Layouts, text: str = ONE) -> Catalogue:
    (tmp_path / "hai.toml").write_text(text, encoding="utf-8")
    return Catalogue.load(tmp_path / "hai.toml", layouts)


@pytest.fixture
def changed(tmp_path: Path, layouts: Layouts) -> Cleaner:
    return Cleaner(layouts, load(tmp_path, layouts).contexts)


def _response(url: str, text: str, at: datetime) -> Response:
    return Response("hai-doi", url, at, 200, text.encode(), HTML)


@pytest.mark.parametrize(
    ("url", "text", "at", "layout", "key"),
    [
        (OLD_URL, liferay("<p>Sáng nay họp.</p>"), LAST, "hanoi-liferay", "hai-doi:77001"),
        (NEW_URL, press("<p>Sáng nay họp.</p>"), FIRST, "img-editor", "hai-doi:824400"),
    ],
)
def test_a_page_is_read_with_the_layout_of_its_day(
    changed: Cleaner, url: str, text: str, at: datetime, layout: str, key: str
) -> None:
    page = read_page(_response(url, text, at), changed)
    assert page.reading is not None
    assert page.reading.content is not None
    assert (page.article_key, page.reading.layout) == (key, layout)
    assert page.reading.content.paragraphs == ("Sáng nay họp.",)
    assert failure("hai-doi", url, at, "failed", "timed out", changed).article_key == key


def test_the_day_turns_at_midnight_in_vietnam(changed: Cleaner) -> None:
    late = read_page(_response(OLD_URL, liferay("<p>Sáng nay họp.</p>"), FIRST), changed)
    assert late.reading is None or late.reading.content is None
    early = read_page(_response(NEW_URL, press("<p>Sáng nay họp.</p>"), LAST), changed)
    assert early.reading is None or early.reading.content is None


def test_the_same_bytes_on_either_side_are_two_inputs(changed: Cleaner) -> None:
    both = liferay("<p>Một.</p>")
    url = "https://haidoi.example.vn/tin-tuc/-/view_content/77001-so-ket-77001"
    pages = [read_page(_response(url, both, at), changed) for at in (LAST, FIRST)]
    readings = [page.reading for page in pages if page.reading is not None]
    assert len({reading.input_digest for reading in readings}) == len(readings) == 2
    assert changed.dated_context("hai-doi", LAST) != changed.dated_context("hai-doi", FIRST)


def test_the_cleaner_covers_every_layout_and_its_days(tmp_path: Path, layouts: Layouts) -> None:
    def digest_of(text: str, layouts: Layouts = layouts) -> str:
        return Cleaner(layouts, load(tmp_path, layouts, text).contexts).digest_for("hai-doi")

    plain = digest_of(ONE)
    for layout_id in ("hanoi-liferay", "img-editor"):
        other = layouts[layout_id].model_copy(update={"language": "en"})
        rest = [layout for layout in layouts.by_id.values() if layout.id != layout_id]
        assert digest_of(ONE, Layouts([other, *rest], layouts.common)) != plain
    later = ONE.replace("2023-05-31", "2023-06-30").replace("2023-06-01", "2023-07-01")
    assert digest_of(later) != plain
    other = layouts["vccorp"].model_copy(update={"language": "en"})
    rest = [layout for layout in layouts.by_id.values() if layout.id != "vccorp"]
    assert digest_of(ONE, Layouts([other, *rest], layouts.common)) == plain


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ('[{ id = "hanoi-liferay", until = 2023-05-30 }, { id = "img-editor", since = 2023-06-01 }]', "the day after"),
        ('[{ id = "hanoi-liferay", until = 2023-06-01 }, { id = "img-editor", since = 2023-06-01 }]', "the day after"),
        ('[{ id = "hanoi-liferay" }, { id = "img-editor", since = 2023-06-01 }]', "the day after"),
        ('[{ id = "hanoi-liferay", until = 2023-05-31 }]', "every day has one"),
        ('[{ id = "hanoi-liferay", since = 2023-05-31 }]', "every day has one"),
        ("[]", "at least 1 item"),
        ('[{ id = "hanoi-liferay", from = 2023-05-31 }]', "unknown key 'source.0.layout.0.from'"),
        ('[{ id = "hanoi-lifray" }]', "no layout 'hanoi-lifray'"),
        ("7", "source.0.layout"),
    ],
)
def test_a_gap_or_an_overlap_is_an_error_with_its_line(tmp_path: Path, layouts: Layouts, terms: str, said: str) -> None:
    line = ONE.splitlines()[4]
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, layouts, ONE.replace(line, f"layout = {terms}"))
    assert str(caught.value).startswith(f"{tmp_path / 'hai.toml'}:5: ")
    assert said in str(caught.value)


def test_a_layout_that_ends_before_it_begins_is_an_error(tmp_path: Path, layouts: Layouts) -> None:
    middle = '{ id = "generic", since = 2023-06-01, until = 2023-05-01 }, { id = "img-editor", since = 2023-05-02 }'
    with pytest.raises(ConfigError, match="generic ends before it begins"):
        load(tmp_path, layouts, ONE.replace('{ id = "img-editor", since = 2023-06-01 }', middle))
