"""Which answers of an archive are the capture that was asked for. The answers are written by hand."""

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from archive.warc.record import Exchange
from pipelines.cdx import Line
from pipelines.replay import Answer, NotTheCaptureError, hop_of, of_record, of_replay, provenance, revisit_of
from tests.warcs import http, record
from tests.webarchive import sha1

AT = datetime(2016, 3, 5, 2, 30, tzinfo=UTC)
URL = "http://songnhue.hanoi.gov.vn/tin-tuc/-/view_content/7-tin.html"
BASE = "https://web.archive.org/web/20160305023000id_/"
BODY = "<p>Đảng ủy phường Sông Nhuệ sơ kết công tác quý một</p>".encode()
MEMENTO = ("Memento-Datetime", format_datetime(AT, usegmt=True))
TYPE = ("Content-Type", "text/html; charset=utf-8")


def line(status: int | None = 200, body: bytes = BODY, digest: str | None = None) -> Line:
    return Line(URL, AT, status, "text/html", f"sha1:{sha1(body)}" if digest is None else digest)


def answer(*headers: tuple[str, str], status: int = 200, body: bytes = BODY) -> Answer:
    return Answer(BASE + URL, status, headers, body)


def test_the_original_is_made_again_from_the_headers_that_the_archive_kept() -> None:
    kept = (("X-Archive-Orig-Server", "Liferay"), ("x-archive-orig-last-modified", "Fri, 04 Mar 2016 01:00:00 GMT"))
    rescued = of_replay(answer(MEMENTO, TYPE, *kept, ("Server", "nginx"), ("Link", "<x>; rel=memento")), line())
    assert rescued.verdict == "holds"
    assert rescued.exchange == Exchange(
        "",
        URL,
        AT,
        200,
        (("Server", "Liferay"), ("last-modified", "Fri, 04 Mar 2016 01:00:00 GMT"), TYPE),
        BODY,
    )


def test_of_pywb_the_headers_are_the_originals_but_for_those_of_the_transfer() -> None:
    more = (("Server", "Liferay"), ("Link", "<x>"), ("Content-Location", BASE), ("Transfer-Encoding", "chunked"))
    assert of_replay(answer(MEMENTO, TYPE, *more), line()).exchange.headers == (TYPE, ("Server", "Liferay"))


def test_an_archived_error_is_a_capture() -> None:
    for status in (404, 410):
        assert of_replay(answer(MEMENTO, status=status), line(status)).exchange.status == status


def test_an_archived_redirect_leads_where_the_publisher_led() -> None:
    target = "http://songnhue.hanoi.gov.vn/moi"
    there = ("Location", f"https://web.archive.org/web/20160305023000id_/{target}")
    rescued = of_replay(answer(MEMENTO, there, ("X-Archive-Orig-Date", "x"), status=302, body=b""), line(301, b""))
    assert rescued.exchange.status == 301  # Wayback sends every redirect as 302
    assert rescued.exchange.header("location") == target


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ((), 404, "it does not have it"),
        ((("X-Archive-Wayback-Runtime-Error", "Blocked Site Error"),), 403, "bars this address .403, Blocked Site"),
        ((TYPE,), 200, "a page of its own"),
        (
            (("Memento-Datetime", "Wed, 01 Jan 2025 00:00:00 GMT"),),
            200,
            "another capture instead, of Wed, 01 Jan 2025",
        ),
        ((("Memento-Datetime", "yesterday"),), 200, "another capture instead"),
        ((MEMENTO,), 404, "answers 404 where its index says 200"),
        ((MEMENTO,), 301, "answers 301 where its index says 200"),
    ],
)
def test_what_is_not_the_capture_is_refused_and_said(
    headers: tuple[tuple[str, str], ...], status: int, said: str
) -> None:
    with pytest.raises(NotTheCaptureError, match=said):
        of_replay(answer(*headers, status=status), line())


def test_of_a_revisit_any_status_is_taken_as_the_archive_gives_it() -> None:
    assert of_replay(answer(MEMENTO, status=404), line(None)).exchange.status == 404


def test_a_body_that_differs_from_the_indexs_digest_is_told_from_one_whose_coding_was_undone() -> None:
    other = answer(MEMENTO, TYPE, body=b"another")
    assert of_replay(other, line()).verdict == "differs"
    coded = (("X-Archive-Orig-Content-Encoding", "gzip"), ("X-Archive-Orig-Content-Length", "40"))
    undone = of_replay(answer(MEMENTO, TYPE, *coded), line(body=gzip.compress(BODY)))
    assert undone.verdict == "undone"
    assert undone.exchange.headers == (TYPE,)  # neither coding nor length is true of what is here
    assert of_replay(answer(MEMENTO), line(digest="")).verdict == "none"
    assert of_replay(answer(MEMENTO), line(digest="xxh3:12")).verdict == "none"


def test_a_body_in_the_originals_coding_is_kept_in_it() -> None:
    packed = gzip.compress(BODY, mtime=0)
    coding = ("Content-Encoding", "gzip")
    rescued = of_replay(answer(MEMENTO, TYPE, coding, body=packed), line(body=packed))
    assert (rescued.exchange.body, rescued.verdict) == (packed, "holds")
    assert coding in rescued.exchange.headers


def test_a_coding_of_the_transfer_alone_is_undone() -> None:
    # Wayback's own compression, and a header that it is known to spoil.
    headers = (MEMENTO, TYPE, ("content-encoding", ""), ("Content-Encoding", "gzip"))
    rescued = of_replay(answer(*headers, body=gzip.compress(BODY)), line())
    assert (rescued.exchange.body, rescued.verdict, rescued.exchange.headers) == (BODY, "holds", (TYPE,))


def test_an_archive_may_send_on_to_another_spelling_but_not_to_another_time() -> None:
    assert hop_of(answer(MEMENTO, ("Location", "/x"), status=302), line()) is None  # the publisher's own
    assert hop_of(answer(), line()) is None
    spelt = "/web/20160305023000id_/http://songnhue.hanoi.gov.vn:80/tin-tuc/-/view_content/7-tin.html"
    assert hop_of(answer(("Location", spelt), status=302), line()) == f"https://web.archive.org{spelt}"
    for other in (f"/web/20250101000000id_/{URL}", "/web/20160305023000id_/http://a.vn/", "/sorry", "file:///etc"):
        with pytest.raises(NotTheCaptureError):
            hop_of(answer(("Location", other), status=302), line())


def warc(at: str = "2016-03-05T02:30:00Z", url: str = URL, body: bytes = BODY) -> bytes:
    return gzip.compress(record("response", http(body), url, WARC_Date=at), mtime=0)


def test_a_record_of_a_warc_file_is_taken_as_it_stands() -> None:
    rescued = of_record(warc(), line(), "a.warc.gz:12")
    assert (rescued.verdict, rescued.exchange.body, rescued.exchange.captured_at) == ("holds", BODY, AT)
    assert rescued.raw is not None
    assert rescued.raw.block == http(BODY)
    assert of_record(warc(body=b"x"), line(), "a").verdict == "differs"


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (warc(at="2016-03-06T02:30:00Z"), "of another capture"),
        (warc(url="http://a.vn/"), "of another capture"),
        (warc()[:200], "cannot be read"),
        (gzip.compress(b"WARC/1.0\r\nContent-Length: 90\r\n\r\nshort", mtime=0), "cut short"),
        (gzip.compress(b"<html>", mtime=0), "no WARC record"),
        (gzip.compress(record("warcinfo", b"x: y", None), mtime=0), "of another capture"),
    ],
)
def test_bytes_that_are_not_the_capture_are_refused(member: bytes, said: str) -> None:
    with pytest.raises(NotTheCaptureError, match=said):
        of_record(member, line(), "a.warc.gz:12")


def test_a_record_says_where_it_comes_from_and_how_its_body_was_checked() -> None:
    fields = provenance(BASE + URL, AT, line(), "holds")
    assert fields["WARC-Source-URI"] == BASE + URL
    assert fields["WARC-Creation-Date"].startswith("2016-03-05T02:30:00")
    assert fields["Bantin-Index-Digest"] == f"sha1:{sha1(BODY)} (holds)"
    assert "not fetched" in provenance(BASE, AT, line(), None)["Bantin-Index-Digest"]
    assert "Bantin-Index-Digest" not in provenance(BASE, AT, line(digest=""), "none")


def test_a_capture_known_by_its_digest_has_its_own_time_and_no_headers() -> None:
    holder = Exchange("songnhue", URL, AT, 200, (TYPE,), BODY)
    later = Line(URL, AT.replace(year=2019), None, "warc/revisit", line().digest)
    made = revisit_of(later, holder)
    assert (made.captured_at.year, made.status, made.headers, made.refers_to) == (2019, 200, (), (URL, AT))
