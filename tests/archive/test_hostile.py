"""What a page, a header or an address may hold that a database might not bear: it is stored, on either database.

One record that cannot be stored would end this crawl and every later one, because the archive is taken in first.
"""

import random
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.records import Capture
from pipelines.layouts import Layouts
from tests.builders import installed, liferay
from tests.rig import Database, Rig, address, day

WORDS = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."


def long_address(rig: Rig) -> Capture:
    # Letters at random: what repeats itself would be compressed in PostgreSQL's index.
    noise = "".join(random.Random(1954).choices(string.ascii_letters + string.digits, k=6000))
    return rig.page(101, WORDS, day(0), url=f"{address(101)}?q={noise}")


def nul_in_a_header(rig: Rig) -> Capture:
    return rig.attempt(address(101), f"<p>{WORDS}</p>", day(0), "crawl-1", headers=(("ETag", '"a\x00b"'),))


def nul_in_a_reason(rig: Rig) -> Capture:
    return rig.attempt(address(101), None, day(0), "crawl-1", status=None, outcome="failed", reason="broken\x00off")


def nul_in_an_address(rig: Rig) -> Capture:
    return rig.page(101, WORDS, day(0), url=f"{address(101)}?q=a\x00b")


def language_that_is_a_word(rig: Rig) -> Capture:
    text = liferay(f"<p>{WORDS}</p>").replace('lang="vi-VN"', 'lang="vietnamese"')
    return rig.attempt(address(101), text, day(0), "crawl-1")


def control_characters_in_the_words(rig: Rig) -> Capture:
    return rig.page(101, "Toàn\x00 quận&#0;\x01 kết \ufffe nạp&#xD800; \U0001f600", day(0))


HOSTILE = (
    *(long_address, nul_in_a_header, nul_in_a_reason, nul_in_an_address),
    *(language_that_is_a_word, control_characters_in_the_words),
)


@pytest.mark.parametrize("made", HOSTILE, ids=lambda made: made.__name__)
def test_what_no_database_should_have_to_bear_is_stored_once(
    made: Callable[[Rig], Capture], database_url: str, tmp_path: Path, layouts: Layouts
) -> None:
    cleaner = installed(layouts)
    capture = made(Rig(tmp_path, cleaner))
    database = Database(database_url, tmp_path, cleaner)
    try:
        assert database.take([capture]) == 1
        assert database.take([capture]) == 0
    finally:
        database.close()
