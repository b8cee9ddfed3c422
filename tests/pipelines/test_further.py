"""Which of a list's further pages follows it."""

import pytest

from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from tests.builders import PORTAL, installed, page_of

START = f"{PORTAL}/hoat-ong-ang"


@pytest.fixture
def cleaner(layouts: Layouts) -> Cleaner:
    return installed(layouts)


def following(cleaner: Cleaner, url: str, *further: str) -> list[str]:
    links = "".join(f'<a href="{one}">trang</a>' for one in further)
    page = page_of(cleaner, f'<html><body><div class="taglib-page-iterator">{links}</div></body></html>', url=url)
    assert {link.url for link in page.links} == set(further) - {url}
    return [link.url for link in page.links if link.follows]


def number(page: int) -> str:
    return f"{START}?_101_cur={page}&_101_delta=10"


def test_the_second_page_follows_the_first_which_says_no_number(cleaner: Cleaner) -> None:
    assert following(cleaner, START, number(1), number(2), number(3), number(27)) == [number(2)]


def test_the_page_with_the_next_number_follows_one_that_says_its_own(cleaner: Cleaner) -> None:
    assert following(cleaner, number(9), number(8), number(10), number(27)) == [number(10)]


def test_where_a_layout_numbers_no_pages_every_one_may_follow(layouts: Layouts) -> None:
    liferay = layouts["hanoi-liferay"]
    lists = liferay.lists.model_copy(update={"address": ("_101_cur=",)})
    unnumbered = Layouts(
        [*layouts.by_id.values(), liferay.model_copy(update={"lists": lists})],
        layouts.common,
    )
    assert following(installed(unnumbered), START, number(2), number(7)) == [number(2), number(7)]
