"""Noise rules: they take what they name, and nothing that merely looks like it."""

from datetime import UTC, date, datetime

import pytest

from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts, Noise
from tests.builders import NOON, SOURCES, account, body_of, installed, liferay, page_of, press, reading_of

LONG = "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường mới trước ngày 30/6 theo đúng kế hoạch."
WORDS = ("left", "center", "right", "del")
TOOLBARS = {
    "spans": "".join(f"<span>{word}</span>" for word in WORDS),
    "links": "".join(f'<a href="javascript:void(0)">{word}</a> ' for word in WORDS),
    "list": "<ul>" + "".join(f"<li>{word}</li>" for word in WORDS) + "</ul>",
    "buttons": "\n".join(f"<button>{word}</button>" for word in WORDS),
    "bare words": " left center  right del ",
    "broken by br": "<br>".join(WORDS),
    "no-break spaces": "left&nbsp;center&nbsp;right&nbsp;del",
    "joined": "leftcenterrightdel",
    "divs": "<div>" + "".join(f"<div><i></i>{word}</div>" for word in WORDS) + "</div>",
    "with a script": "left<script>var x;</script>center<!-- ẩn -->right<b>del</b>",
    "zero-width": "left&#8203;<br>center&#8203;<br>right<br>del",
}


@pytest.mark.parametrize("toolbar", TOOLBARS.values(), ids=TOOLBARS.keys())
@pytest.mark.parametrize("place", ["<table><tr><td>{}</td></tr></table>", "<p>{}</p>", "<div>{}</div>"])
def test_an_image_toolbar_goes_in_whatever_markup(toolbar: str, place: str, layouts: Layouts) -> None:
    for text, layout in ((liferay, "hanoi-liferay"), (press, "img-editor")):
        reading = reading_of(installed(layouts), text(f"<p>{LONG}</p>{place.format(toolbar)}<p>{LONG}</p>"), layout)
        assert body_of(reading) == (LONG, LONG)
        taken = [removed for removed in reading.removed if removed.rule == "image-toolbar"]
        assert "".join("".join(removed.text.split()) for removed in taken) == "leftcenterrightdel"


def test_a_toolbar_row_that_holds_more_cells_goes_whole(layouts: Layouts) -> None:
    row = "<table><tr>" + "".join(f"<td>{word}</td>" for word in WORDS) + "</tr></table>"
    assert body_of(reading_of(installed(layouts), liferay(f"<p>{LONG}</p>{row}"))) == (LONG,)


@pytest.mark.parametrize(
    "sentence",
    [
        "Dòng chữ leftcenterrightdel còn sót trong nhiều bài cũ.",
        "leftcenterrightdel là gì?",
        "Nút left center right",
        "left center right del left center right del",
        "LEFT, CENTER, RIGHT, DEL",
        "right del left center",
    ],
)
def test_words_that_merely_contain_the_toolbar_stay(sentence: str, layouts: Layouts) -> None:
    reading = reading_of(installed(layouts), liferay(f"<p>{LONG}</p><p>{sentence}</p><p>{LONG}</p>"))
    assert body_of(reading) == (LONG, sentence, LONG)


@pytest.mark.parametrize(
    "counter",
    ["Lượt xem: 1.245", "Số lượt xem: 12", "Lượt xem : 7", "số lần đọc: 1,024", "Lượt truy cập 99", "VIEW COUNT 5"],
)
def test_a_view_counter_is_no_line_of_the_text(counter: str, layouts: Layouts) -> None:
    reading = reading_of(installed(layouts), liferay(f"<p>{LONG}</p><p>{counter}</p>"))
    assert body_of(reading) == (LONG,)
    assert [(removed.rule, removed.text) for removed in reading.removed] == [("view-counter", counter)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Video đạt 2.000 lượt xem sau một ngày.",
        "Lượt xem: tăng gấp đôi",
        "Trang có 120 lượt truy cập mỗi giờ",
        "Số lượt xem: 120 lượt",
    ],
)
def test_a_sentence_about_views_stays(sentence: str, layouts: Layouts) -> None:
    assert sentence in body_of(reading_of(installed(layouts), liferay(f"<p>{LONG}</p><p>{sentence}</p>")))


def _with(layouts: Layouts, **rule: object) -> Cleaner:
    """The cleaner with one more rule: the line "Mời đón xem số sau" goes."""
    noise = Noise(id="desk", reason="for this test", line="Mời đón xem số sau", **rule)
    layout = layouts["hanoi-liferay"].model_copy(update={"noise": (*layouts["hanoi-liferay"].noise, noise)})
    others = (layouts[name] for name in ("img-editor", "generic", "plain-text"))
    return Cleaner(Layouts([layout, *others], layouts.common), SOURCES)


TEXT = liferay(f"<p>{LONG}</p><p>Mời đón xem số sau</p>")


@pytest.mark.parametrize(
    ("since", "until", "at", "taken"),
    [
        (None, None, NOON, True),
        (date(2025, 5, 20), None, NOON, True),
        (date(2025, 5, 21), None, NOON, False),
        (None, date(2025, 5, 20), NOON, True),
        (None, date(2025, 5, 19), NOON, False),
        (date(2020, 1, 1), date(2021, 1, 1), datetime(2020, 6, 1, tzinfo=UTC), True),
        (date(2020, 1, 1), date(2021, 1, 1), datetime(2022, 6, 1, tzinfo=UTC), False),
    ],
)
def test_a_dated_rule_holds_for_the_captures_of_its_days(
    since: date | None, until: date | None, at: datetime, taken: bool, layouts: Layouts
) -> None:
    reading = reading_of(_with(layouts, since=since, until=until), TEXT, at=at)
    assert (body_of(reading) == (LONG,)) is taken
    assert account(reading)["Mời đón xem số sau"] == 1


def test_captures_under_other_rules_have_other_inputs(layouts: Layouts) -> None:
    cleaner = _with(layouts, until=date(2025, 5, 20))
    times = (NOON, NOON.replace(month=6), NOON.replace(month=7))
    before, after, later = (reading_of(cleaner, TEXT, at=at) for at in times)
    assert before.input_digest != after.input_digest == later.input_digest


def test_a_rule_for_one_source_leaves_the_others_alone(layouts: Layouts) -> None:
    mine, other = _with(layouts, sources=("songnhue",)), _with(layouts, sources=("caugiay",))
    assert body_of(reading_of(mine, TEXT)) == (LONG,)
    assert body_of(reading_of(other, TEXT)) == (LONG, "Mời đón xem số sau")


def test_the_first_rule_that_names_an_element_takes_it(layouts: Layouts) -> None:
    box = '<div class="related_asset"><p class="view-content-author">Tin khác</p></div>'
    text = liferay(f"<p>{LONG}</p>", after=box)
    reading = page_of(installed(layouts), text).reading
    assert reading is not None
    assert [(removed.rule, removed.text) for removed in reading.removed] == [("cms-account", "Tin khác")]


@pytest.mark.parametrize(
    "path",
    [
        ".//div[@class='khung' and .//text()[contains(., 'Tin liên quan')]]",
        ".//h4/parent::div",
        "(.//div[h4])[last()] | .//h4/text()/ancestor::div[@class='khung']",
    ],
)
def test_a_rule_takes_the_elements_that_its_path_finds_and_no_others(path: str, layouts: Layouts) -> None:
    boxes = f'<div class="khung"><p>{LONG}</p></div><div class="khung"><h4>Tin liên quan</h4><p>Tin khác</p></div>'
    noise = Noise(id="boxes", reason="for this test", xpath=path)
    assert (noise.on_elements, noise.on_lines) == (True, False)
    layout = layouts["hanoi-liferay"].model_copy(update={"noise": (*layouts["hanoi-liferay"].noise, noise)})
    cleaner = Cleaner(
        Layouts([layout, *(layouts[i] for i in ("img-editor", "generic", "plain-text"))], layouts.common), SOURCES
    )
    reading = reading_of(cleaner, liferay(f"<p>{LONG}</p>{boxes}"))
    assert body_of(reading) == (LONG, LONG)
    taken = [removed.text for removed in reading.removed if removed.rule == "boxes"]
    assert taken == ["Tin liên quan", "Tin khác"]
