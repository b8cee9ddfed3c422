"""Cleaning on the recorded portal: 766 real article pages, against readings of them that owe nothing to our code."""

import html
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime

import pytest
from lxml import html as lxml_html

from archive.records import Reading
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from pipelines.locate import article_lines
from pipelines.page import Response, read_page
from tests.builders import HTML, account, body_of, tree_of

pytestmark = pytest.mark.portal
Read = list[tuple[str, Reading]]

START = "https://sotttt.hanoi.gov.vn/hoat-ong-ang-oan-the"
TITLE = re.compile(r'<div class="asset-full-content-title">(.*?)</div>', re.S)
DATE = re.compile(r'<div class="assetPublishDate block_timer">(.*?)</div>', re.S)
MOMENT = re.compile(r"(\d{2})/(\d{2})/(\d{4})\s*\|\s*(\d{1,2}):(\d{2})(?:\s*([AP]M))?")
BODY = re.compile(r'<div class="journal-content-article">\s*')
SHOWN = ".//text()[not(ancestor::script or ancestor::style or ancestor::iframe)]"
AUTHOR = "p.view-content-author"
CELLS = ("<span>{}</span>", '<a href="javascript:void(0)">{}</a>', "<button>{}</button>\n")
TOOLBARS = [
    f'<table class="imgEditor"><tbody><tr><td>{"".join(cell.format(w) for w in ("left", "center", "right", "del"))}'
    '</td></tr><tr><td><img class="imgtelerik" src="/a.jpg"></td></tr></tbody></table>'
    for cell in CELLS
]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", html.unescape(re.sub(r"<[^>]*>", "", text))).split())


def _read(cleaner: Cleaner, url: str, payload: bytes) -> Reading:
    reading = read_page(Response("sotttt", url, datetime(2022, 8, 27, tzinfo=UTC), 200, payload, HTML), cleaner).reading
    assert reading is not None, url
    return reading


@pytest.fixture(scope="module")
def cleaner(layouts: Layouts) -> Cleaner:
    return Cleaner(layouts, [SourceContext.of("sotttt", "hanoi-liferay", [START])])


@pytest.fixture(scope="module")
def read(portal_pages: list[tuple[str, bytes]], cleaner: Cleaner) -> Read:
    return [(payload.decode(), _read(cleaner, url, payload)) for url, payload in portal_pages]


def test_every_line_of_every_article_page_is_accounted_for(read: Read, layouts: Layouts) -> None:
    assert len(read) > 700
    for text, reading in read:
        assert account(reading) == Counter(article_lines(tree_of(text), layouts["hanoi-liferay"]))


def test_no_letter_of_the_article_element_is_lost_or_added(read: Read) -> None:
    """The same account by another road: letters counted in lxml's own text, which knows nothing of lines."""
    for text, reading in read:
        title = tree_of(text).cssselect("div.asset-full-content-title")[0]
        assert _letters(" ".join(account(reading).elements())) == _letters("".join(title.getparent().xpath(SHOWN)))


def _letters(text: str) -> dict[str, int]:
    counts = Counter(unicodedata.normalize("NFD", text))
    return {letter: count for letter, count in counts.items() if unicodedata.category(letter)[0] in "LMNP"}


def test_titles_are_exact(read: Read) -> None:
    for text, reading in read:
        assert reading.content is not None
        assert reading.content.title == _plain(TITLE.findall(text)[0])


def test_dates_and_times_are_exact_where_the_page_has_them(read: Read) -> None:
    dated = 0
    for text, reading in read:
        found = MOMENT.search(_plain(DATE.findall(text)[0]))
        if found is None:
            assert reading.published_at is None
            continue
        day, month, year, hour, minute, half = found.groups()
        clock = datetime.strptime(f"{hour}:{minute} {half} +0700", "%I:%M %p %z") if half else None
        time = f"{clock:%H:%M}" if clock else f"{int(hour):02}:{minute}"
        assert reading.published_at == f"{year}-{month}-{day}T{time}:00+07:00"
        dated += 1
    assert dated > 700


def test_bodies_hold_the_words_that_the_pages_show(read: Read) -> None:
    scores = [_f1(_words(" ".join((*body_of(reading), reading.byline or ""))), _shown(text)) for text, reading in read]
    assert sum(scores) / len(scores) >= 0.998
    assert min(scores) > 0.9


def _shown(text: str) -> Counter[str]:
    body = lxml_html.fromstring(text).cssselect("div.asset-content > div.journal-content-article")[0]
    for element in body.cssselect(AUTHOR):
        element.drop_tree()
    return _words(" ".join(body.xpath(SHOWN)))


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", unicodedata.normalize("NFC", text)))


def _f1(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / ((one.total() + other.total()) or 1) if one or other else 1.0


def test_the_account_that_pressed_the_button_is_never_the_byline(read: Read) -> None:
    accounts = 0
    for text, reading in read:
        last = lxml_html.fromstring(text).cssselect(AUTHOR)
        name = _plain(last[-1].text_content()) if last else ""
        assert name in [removed.text for removed in reading.removed if removed.rule == "cms-account"]
        assert reading.byline not in ("admin admin", "Pho Ban bien tap")
        accounts += bool(name)
    assert accounts > 700


@pytest.mark.parametrize("toolbar", TOOLBARS, ids=["spans", "links", "buttons"])
def test_an_image_toolbar_changes_no_word_of_any_page(
    toolbar: str, portal_pages: list[tuple[str, bytes]], read: Read, cleaner: Cleaner
) -> None:
    for (url, payload), (_, plain) in list(zip(portal_pages, read, strict=True))[::8]:
        reading = _read(cleaner, url, BODY.sub(lambda m: m[0] + toolbar, payload.decode(), count=1).encode())
        assert reading.content == plain.content
        assert "leftcenterrightdel" not in re.sub(r"\s", "", str((reading.content, reading.captions, reading.byline)))
        taken = [removed.text for removed in reading.removed if removed.rule == "image-toolbar"]
        assert "".join(taken) == "leftcenterrightdel"
