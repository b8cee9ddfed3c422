import json
from datetime import UTC, datetime

import pytest

from archive.errors import ArchiveError
from pipelines.cdx import (
    FIELDS,
    Line,
    moment,
    pywb_query,
    read_crawls,
    read_page_count,
    read_pywb,
    read_wayback,
    stamp,
    wayback_query,
)

DIGEST = "Q4YULN754FHV2U6Q5JUT6Q2P57WEWNNY"
ROW = ["vn,gov,hanoi)/a", "20160305023000", "http://hanoi.gov.vn:80/a", "text/html", "200", DIGEST, "812"]
AT = datetime(2016, 3, 5, 2, 30, tzinfo=UTC)
LINE = Line("http://hanoi.gov.vn:80/a", AT, 200, "text/html", f"sha1:{DIGEST}")


def answer(*rows: list[str]) -> bytes:
    return json.dumps([list(FIELDS), *rows]).encode()


def test_a_line_of_waybacks_index_is_a_capture() -> None:
    assert read_wayback(answer(ROW)).lines == (LINE,)


def test_fields_are_known_by_their_names_not_by_their_order() -> None:
    names, row = list(reversed(FIELDS)), list(reversed(ROW))
    assert read_wayback(json.dumps([names, row]).encode()).lines == (LINE,)


def test_an_index_without_captures_answers_an_empty_list() -> None:
    for body in (b"[]", b"", b"\n", answer()):
        listed = read_wayback(body)
        assert (listed.lines, listed.malformed, listed.resume) == ((), 0, None)


def test_the_key_behind_an_empty_row_says_how_to_go_on() -> None:
    listed = read_wayback(answer(ROW, [], ["vn%2Cgov%2Chanoi%29%2Fa+20160305023001"]))
    assert listed.resume == "vn%2Cgov%2Chanoi%29%2Fa+20160305023001"
    assert len(listed.lines) == 1


def test_a_page_without_lines_may_have_a_key_all_the_same() -> None:
    assert read_wayback(answer([], ["further+on"])).resume == "further+on"


def test_text_is_read_where_an_index_knows_no_json() -> None:
    assert read_wayback((" ".join(ROW) + "\n" + " ".join(ROW) + "\n").encode()).lines == (LINE, LINE)


@pytest.mark.parametrize(
    ("timestamp", "status", "url"),
    [("20160300000000", "200", ROW[2]), ("2016", "200", ROW[2]), (ROW[1], "2x", ROW[2]), (ROW[1], "200", "ftp://a/b")],
)
def test_a_line_that_cannot_be_read_is_counted_and_the_others_are_read(timestamp: str, status: str, url: str) -> None:
    wrong = [ROW[0], timestamp, url, ROW[3], status, *ROW[5:]]
    listed = read_wayback(answer(ROW, wrong))
    assert (listed.lines, listed.malformed) == ((LINE,), 1)


def test_what_an_index_does_not_know_is_not_made_up() -> None:
    row = [*ROW[:3], "warc/revisit", "-", "-", "-"]
    (line,) = read_wayback(answer(row)).lines
    assert (line.status, line.mime, line.digest) == (None, "warc/revisit", "")


@pytest.mark.parametrize(
    "body", [b"<html><h1>Too Many Requests</h1></html>", b'{"message": "busy"}', b"[1, 2", b"Blocked Site Error today"]
)
def test_an_answer_that_is_no_list_is_refused_and_said(body: bytes) -> None:
    for read in (read_wayback, read_pywb):
        with pytest.raises(ArchiveError, match="no list of captures: '"):
            read(body)


def test_a_line_of_pywb_is_an_object_with_or_without_key_and_time_before_it() -> None:
    said = {"url": LINE.url, "mime": "text/html", "status": "200", "digest": DIGEST, "length": "12", "offset": "3400"}
    with_place = {**said, "filename": "crawl-data/a.warc.gz"}
    whole = {"urlkey": ROW[0], "timestamp": ROW[1], **said}
    body = f"{json.dumps(whole)}\n{ROW[0]} {ROW[1]} {json.dumps(with_place)}\n".encode()
    first, second = read_pywb(body).lines
    assert first == LINE
    assert second.place == ("crawl-data/a.warc.gz", 3400, 12)
    assert (second.url, second.captured_at) == (LINE.url, AT)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (DIGEST, f"sha1:{DIGEST}"),
        ("sha-256:ab", "sha-256:ab"),
        ("a" * 40, "sha1:" + "a" * 40),
        ("b" * 64, "sha256:" + "b" * 64),
        ("-", ""),
        ("short", ""),
    ],
)
def test_a_digest_names_its_algorithm(said: str, meant: str) -> None:
    (line,) = read_wayback(answer([*ROW[:5], said, "1"])).lines
    assert line.digest == meant


def test_times_have_fourteen_digits_or_seventeen() -> None:
    assert moment("20160305023000") == AT
    assert moment("20160305023000250") == AT.replace(microsecond=250_000)
    assert [moment(text) for text in ("20160231000000", "2016030502300", "2016030502300a")] == [None] * 3
    assert [stamp(AT), stamp(AT.replace(microsecond=250_000))] == ["20160305023000", "20160305023000250"]


def test_a_query_asks_for_a_host_between_two_moments_and_for_the_key_that_makes_it_go_on() -> None:
    asked = wayback_query("a.vn", AT, AT, "a b", 9)
    for part in ("url=a.vn", "matchType=host", "from=20160305023000", "to=20160305023000", "limit=9"):
        assert part in asked
    assert "resumeKey=a+b" in asked
    assert "fl=urlkey%2C" in asked  # without it the key leads elsewhere
    assert "page=2" in pywb_query("a.vn", AT, AT, page="2")


def test_pages_are_counted_by_an_object_or_a_number() -> None:
    assert [read_page_count(body) for body in (b'{"pages": 3, "pageSize": 5}', b"4\n")] == [3, 4]
    with pytest.raises(ArchiveError):
        read_page_count(b"<html>")


def test_of_common_crawls_crawls_those_of_the_time_are_asked_the_oldest_first() -> None:
    names = ["CC-MAIN-2022-21", "CC-MAIN-2016-07", "CC-MAIN-2014-10", "CC-MAIN-2009-2010", "CC-MAIN-2012"]
    body = json.dumps([{"id": name, "cdx-api": f"https://i/{name}-index"} for name in names]).encode()
    until = datetime(2021, 12, 30, tzinfo=UTC)
    assert [name for name, _ in read_crawls(body, AT, until)] == ["CC-MAIN-2016-07", "CC-MAIN-2022-21"]
    with pytest.raises(ArchiveError):
        read_crawls(b"{}x", AT, until)
