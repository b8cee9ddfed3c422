"""Which lines of a page of no known layout trafilatura takes for text, whatever it makes of them."""

import time

import pytest

from archive.records import Reading
from pipelines.layouts import Layouts
from tests.builders import body_of, installed, reading_of

S = "Sáng nay nhà trường họp bàn việc sửa mái lớp học, nghe tổ trưởng các khối báo cáo và thống nhất ngày khởi công."


def read(layouts: Layouts, body: str, around: str = "{}") -> Reading:
    page = around.format(f"<article>{body}</article>")
    return reading_of(installed(layouts), f"<html lang='vi'><body><h1>Tin</h1>{page}</body></html>", "generic")


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (f"<p>A {S}</p><ul><li>Một<ul><li>Một a</li></ul></li><li>Hai</li></ul><p>B {S}</p>",
         [f"A {S}", "Một", "Một a", "Hai", f"B {S}"]),
        (f"<p>A {S}</p><ol><li><p>Một. {S}</p><p>đoạn hai</p></li><li>Hai</li></ol><p>B {S}</p>",
         [f"A {S}", f"Một. {S}", "đoạn hai", "Hai", f"B {S}"]),
        (f"<p>A {S}</p><blockquote>Trích:<p>{S}</p></blockquote><p>B {S}</p>", [f"A {S}", "Trích:", S, f"B {S}"]),
        (f"<p>A {S}</p><table><tr><td><p>Một</p><p>{S}</p></td><td>Bốn<br>năm</td></tr></table><p>B {S}</p>",
         [f"A {S}", "Một", S, "Bốn", "năm", f"B {S}"]),
        (f"<table><tr><td><p>A {S}</p><table><tr><td>x1</td><td>x2</td></tr></table><p>B {S}</p></td></tr></table>"
         f"<p>C {S}</p>", [f"A {S}", "x1", "x2", f"B {S}", f"C {S}"]),
        (f"<p>A {S}</p><p>- Một là, {S}</p><p>- hai</p><p>B {S}</p>", [f"A {S}", f"- Một là, {S}", "- hai", f"B {S}"]),
        (f"A {S}<br>B {S}<br><br>C {S}", [f"A {S}", f"B {S}", f"C {S}"]),
        (f"<h2>I. Việc chung</h2><p>A {S}</p><h3>1. Riêng</h3><p>B {S}</p>",
         ["I. Việc chung", f"A {S}", "1. Riêng", f"B {S}"]),
    ],
    ids=["list", "paragraphs-in-items", "quote", "cells", "nested-table", "hyphens", "br", "headings"],
)  # fmt: skip
def test_lists_cells_and_quotes_are_text_in_the_pages_order(body: str, lines: list[str], layouts: Layouts) -> None:
    assert list(body_of(read(layouts, body))) == lines


def test_a_line_that_stands_in_a_menu_too_is_kept_once(layouts: Layouts) -> None:
    reading = read(layouts, f"<p>A {S}</p><p>Tin tức</p><p>B {S}</p>", "{}<footer><div>Tin tức</div></footer>")
    assert body_of(reading) == (f"A {S}", "Tin tức", f"B {S}")
    assert [removed.text for removed in reading.removed] == ["Tin tức"]


def test_a_page_of_one_line_over_and_over_takes_no_minutes(layouts: Layouts) -> None:
    started = time.process_time()
    read(layouts, f"<p>{S}</p>" + "<p>Một dòng ngắn</p>" * 3000)
    assert time.process_time() - started < 20


def test_a_page_of_twenty_thousand_short_lines_takes_no_quarter_of_a_minute(layouts: Layouts) -> None:
    short = "".join(f"<div>dòng {n}</div>" for n in range(20_000))
    started = time.process_time()
    read(layouts, f"<p>A {S}</p><p>B {S}</p>", "{}" + short)
    assert time.process_time() - started < 10
