"""Which captures of a web archive are rescued, and what they mean for later collects."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from crawler.rescue.listing import Days
from tests.builders import liferay
from tests.crawler.conftest import Make
from tests.crawler.test_rescue import FEW, FIRST, ORDER, STATES
from tests.imports import body, named, write
from tests.rescues import ARTICLES, PORTAL, address, held, moment, page
from tests.warcs import response
from tests.webarchive import Held, WebArchive


def test_only_the_days_that_are_asked_for_are_rescued(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        rescue.run(web, days=Days(date(2018, 1, 1), date(2019, 12, 31)))
    years = {at[:4] for at, *_ in rescue.here.rows(ORDER)}
    assert years == {"2018", "2019"}


def test_the_last_day_ends_when_it_ends_in_vietnam(rescuing: Make) -> None:
    late = datetime(2018, 1, 1, 16, 59, 59, tzinfo=UTC)
    days = [Held(address(1), late, page(1, 3)), Held(address(1), late.replace(hour=17, second=0), page(1, 4))]
    with WebArchive(days) as web:
        web.timeless = True
        rescue = rescuing()
        rescue.run(web, days=Days(until=date(2018, 1, 1)))
    assert [at[:19] for at, *_ in rescue.here.rows(ORDER)] == ["2018-01-01T16:59:59"]


def test_what_is_neither_article_nor_list_nor_the_sources_is_left_aside_and_counted(rescuing: Make) -> None:
    beside = [one for one in held() if one.status == 503 or "anh.jpg" in one.url or "lien-he" in one.url]
    beside.append(Held(address(1), moment(1), b"GIF89a", mime="image/gif"))
    with WebArchive(beside) as web:
        report = rescuing().run(web)
    assert report.left == {
        "a picture, or a file of another type": 1,
        "image/gif": 1,
        "neither article nor list": 1,
        "status 503": 1,
    }
    assert report.stored == 0


def test_the_files_behind_articles_are_rescued_too(rescuing: Make, tmp_path: Path) -> None:
    url = f"{PORTAL}/documents/10197/20300/KH-47.pdf"
    words = f'<p>Kế hoạch số 47. <a href="{url}">Tải về</a></p>'
    files = [Held(url, moment(visit), b"%%PDF-1.4 ban %d %%%%EOF" % visit, mime="application/pdf") for visit in (1, 2)]
    with WebArchive([Held(address(1), moment(1, 1), liferay(words).encode()), *files]) as web:
        rescue = rescuing()
        assert (rescue.run(web).stored, rescue.here.faults()) == (3, [])
    told = "SELECT url, file_type, versions FROM v_attachment"
    assert rescue.here.rows(told) == [(url, "pdf", 2)]
    assert rescue.here.rebuilt(tmp_path / "again").rows(told) == [(url, "pdf", 2)]


def test_a_rescued_page_makes_nothing_due(rescuing: Make, tmp_path: Path) -> None:
    """What it shows has a time of its own within 60 days, and a rebuild sets the same."""
    frontier = "SELECT url_key, revisit_at FROM frontier ORDER BY url_key"
    lists = [replace(one, url=f"{PORTAL}/hoat-ong-ang") for one in held() if one.url.endswith("/tin-tuc")]
    with WebArchive(lists) as web:
        rescue = rescuing()
        rescue.run(web)
    assert rescue.here.column("SELECT count(*) FROM frontier WHERE due_at IS NOT NULL") == [0]
    times = rescue.here.rows(frontier)
    assert len(times) == ARTICLES + 1
    assert all("2026-11-01" <= str(at)[:10] <= "2026-12-31" for _, at in times)
    assert rescue.here.rebuilt(tmp_path / "again").rows(frontier) == times


def test_a_preview_counts_and_notes_nothing(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        counts = rescue.preview(web)
        assert sum(counts.values()) == len(FEW)
        assert counts[2022, "404"] == 1
        assert counts[2019, "301"] == 1
        assert web.replays(None) == []
        assert rescue.here.rows(STATES) == []
        fetched = sum(count for (_, status), count in counts.items() if status != "unfetched")
        rescue.run(web)
        assert len(web.replays(None)) == fetched


def test_an_index_that_answers_nonsense_is_said(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        web.faults["cdx?"] = ["page"]
        report = rescuing().run(web)
    assert "no list of captures" in report.problems[0]


def test_a_listing_that_was_cut_off_goes_on_with_the_page_it_was_at(rescuing: Make) -> None:
    with WebArchive(FEW, most=4) as web:
        web.faults["resumeKey=8"] = ["page"]
        rescue = rescuing()
        assert rescue.run(web).problems
        web.log.clear()
        assert rescue.run(web).problems == []
        assert "resumeKey=8" in web.queries()[0]
    assert rescue.here.rows(STATES) == [("stored", len(FEW))]


def test_a_capture_of_our_own_with_another_body_stands_beside_it(rescuing: Make, tmp_path: Path) -> None:
    rescue = rescuing()
    at = datetime(2016, 3, 5, 9, 0, tzinfo=UTC)
    rescue.here.one(
        write(tmp_path / "a.warc.gz", [response(body(2, "Bài khác."), url=FIRST.url, **named(at, FIRST.url))])
    )
    with WebArchive([FIRST]) as web:
        assert rescue.run(web).stored == 1
    assert rescue.here.column("SELECT count(*) FROM v_capture") == [2]
