"""A rescue in this process: a real server, archive and database, few captures."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.segments import segments
from archive.warc import read_records
from tests.crawler.conftest import Make
from tests.imports import named, write
from tests.rescues import GONE, Rescuing, address, held, moment
from tests.warcs import response
from tests.webarchive import WebArchive, replay_path

#: An article without a counter, at ten visits; one with a counter, at three; one that is gone; and a redirect.
FEW = [
    one
    for one in held()
    if one.url == address(2)
    or (one.url == address(3) and one.at in (moment(0, 3), moment(3, 3), moment(7, 3)))
    or (one.url == address(GONE[0]) and one.at > moment(8))
    or "-x.html" in one.url
]
ORDER = "SELECT captured_at, url, status, outcome FROM v_capture ORDER BY 1, 2"
STATES = "SELECT state, count(*) FROM rescue GROUP BY state ORDER BY state"
EDITIONS = "SELECT article_key, edition, observed_from, body FROM v_edition ORDER BY 1, 2"
FIRST = FEW[0]


def test_every_capture_has_its_own_time_and_says_where_it_comes_from(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        report = rescue.run(web)
        assert (report.outcome, report.stored, report.problems) == ("finished", len(FEW), [])
        records = [r for path in segments(rescue.here.home.archive) for r in read_records(path) if r.kind != "warcinfo"]
        base = web.base
    assert sorted(record.fields["warc-date"] for record in records) == sorted(
        one.at.strftime("%Y-%m-%dT%H:%M:%S.000000Z") for one in FEW
    )
    for record in records:
        stamp = record.fields["warc-date"].translate(str.maketrans("", "", "-:TZ"))[:14]
        assert record.fields["warc-source-uri"] == f"{base}/web/{stamp}id_/{record.fields['warc-target-uri']}"
        assert record.fields["bantin-source"] == "songnhue"
        said = "not fetched" if record.kind == "revisit" else "(holds)"
        assert said in record.fields["bantin-index-digest"]
    assert rescue.here.faults() == []


def test_editions_of_2016_stand_before_those_of_2022(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        rescue.run(web)
    told = rescue.here.rows(EDITIONS)
    for number in (2, 3):
        runs = [(edition, since[:4], words) for key, edition, since, words in told if key == f"songnhue:{number}"]
        assert [(edition, year) for edition, year, _ in runs] == [(1, "2016"), (2, "2018"), (3, "2020")]
        assert [f"bản {n}." in words for n, (_, _, words) in enumerate(runs, 1)] == [True] * 3
    assert rescue.here.column("SELECT gone_at FROM v_article WHERE gone_at IS NOT NULL") == [
        moment(9, GONE[0]).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    ]


def test_the_order_in_which_captures_are_rescued_leaves_no_trace(rescuing: Make, tmp_path: Path) -> None:
    with WebArchive(FEW, most=5) as web:
        oldest, newest = rescuing("oldest"), rescuing("newest")
        oldest.run(web)
        web.newest_first = True
        newest.run(web, newest_first=True)
        asked = web.replays()
    assert newest.here.told() == oldest.here.told()
    assert newest.here.rebuilt(tmp_path / "again").told() == oldest.here.told()
    half = len(asked) // 2
    assert asked[:half] == sorted(asked[:half])
    assert sorted(asked[half:]) == asked[:half]
    assert asked[half:] != asked[:half]


@pytest.mark.parametrize("kind", ["pywb", "commoncrawl"])
def test_every_kind_of_archive_gives_the_same_collection(rescuing: Make, kind: str, tmp_path: Path) -> None:
    with WebArchive(FEW) as web:
        one, other = rescuing("one"), rescuing("other")
        one.run(web)
        assert other.run(web, kind).stored == len(FEW)
    assert other.here.export() == one.here.export()
    assert other.here.rows(ORDER) == one.here.rows(ORDER)
    assert other.here.faults() == []
    assert other.here.rebuilt(tmp_path / "again").told() == other.here.told()


def test_of_bodies_that_are_the_same_by_the_index_one_is_fetched(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        report = rescue.run(web)
        asked = [path for path in web.replays() if "/2-tin" in path]
    assert len(asked) == 3  # three texts, ten captures
    assert report.unfetched == 7
    seen = "SELECT observed_from, observed_to FROM v_edition WHERE article_key = 'songnhue:2' AND edition = 2"
    ((since, until),) = rescue.here.rows(seen)
    assert (since[:10], until[:10]) == (str(moment(3).date()), str(moment(6).date()))


def test_a_second_rescue_asks_the_index_only(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        rescue.run(web)
        before, records = len(web.log), rescue.here.bytes_on_disk()
        report = rescue.run(web)
        assert [asked.path[:5] for asked in web.log[before:]] == ["/cdx/"]
    assert (report.stored, report.outcome) == (0, "finished")
    assert rescue.here.bytes_on_disk() == records


def test_what_an_import_brought_is_not_asked_for(rescuing: Make, tmp_path: Path) -> None:
    rescue = rescuing()
    url, at = FIRST.url, FIRST.at
    rescue.here.one(write(tmp_path / "a.warc.gz", [response(FIRST.body, url=url, **named(at, url))]))
    with WebArchive([FIRST]) as web:
        report = rescue.run(web)
        assert (report.known, report.stored, web.replays(None)) == (1, 0, [])


def test_after_a_rebuild_nothing_is_fetched_again(rescuing: Make, tmp_path: Path) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        rescue.run(web)
        asked = len(web.replays(None))
        again = Rescuing(rescue.here.rebuilt(tmp_path / "again"))
        assert again.run(web).known == len(FEW)
        assert len(web.replays(None)) == asked
    assert again.here.told() == rescue.here.told()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("elsewhen", "another capture instead, of 20250101000000"),
        ("late", "another capture instead, of Wed, 01 Jan 2025"),
        ("page", "a page of its own"),
        ("barred", "it bars this address"),
        ("missing", "does not have it"),
    ],
)
def test_what_the_archive_gives_instead_is_no_capture(rescuing: Make, fault: str, said: str) -> None:
    wrong = next(one for one in FEW if one.url == address(3))
    with WebArchive(FEW) as web:
        web.faults[replay_path(wrong)] = [fault]
        rescue = rescuing()
        report = rescue.run(web)
        assert (report.stored, report.failed) == (len(FEW) - 1, 1)
        (problem,) = report.problems
        assert said in problem
        assert wrong.url in problem
        assert rescue.here.column("SELECT count(*) FROM capture WHERE outcome = 'failed'") == [0]
        asked = len(web.replays(None))
        assert rescue.run(web).problems == [problem]  # said again, not asked again
        assert len(web.replays(None)) == asked
        report = rescue.run(web, retry=True)
    assert (report.stored, report.failed, report.problems) == (1, 0, [])
    assert rescue.here.rows(STATES) == [("stored", len(FEW))]


def test_where_the_archive_does_not_give_one_of_equal_captures_the_next_is_asked_for(rescuing: Make) -> None:
    alike = [one for one in FEW if one.url == address(2)][:3]
    with WebArchive(alike) as web:
        web.faults[replay_path(alike[0])] = ["missing"]
        rescue = rescuing()
        report = rescue.run(web)
        assert (report.stored, report.unfetched, report.failed) == (2, 1, 1)
        assert rescue.run(web, retry=True).unfetched == 1
    assert rescue.here.column("SELECT count(*) FROM v_edition") == [1]
    assert rescue.here.faults() == []


def test_a_body_without_the_indexs_digest_is_taken_only_by_decision(rescuing: Make) -> None:
    odd = replace(FIRST, digest="A" * 32)
    with WebArchive([odd]) as web:
        rescue = rescuing()
        (problem,) = rescue.run(web).problems
        assert "--accept-mismatch" in problem
        assert rescue.here.column("SELECT count(*) FROM capture") == [0]
        report = rescue.run(web, retry=True, accept_mismatch=True)
    assert (report.stored, report.differing) == (1, 1)
    path = segments(rescue.here.home.archive)[-1]
    said = [r.fields["bantin-index-digest"] for r in read_records(path) if r.kind == "response"]
    assert said == [f"sha1:{'A' * 32} (differs)"]


def test_a_body_whose_coding_the_archive_undid_is_taken_and_counted(rescuing: Make) -> None:
    undone = replace(FIRST, digest="B" * 32, headers=(("Content-Encoding", "gzip"), ("Content-Length", "9")))
    with WebArchive([undone]) as web:
        report = rescuing().run(web)
    assert (report.stored, report.unverified, report.problems) == (1, 1, [])


def test_an_archive_that_asks_for_quiet_is_left_and_the_next_rescue_goes_on(rescuing: Make) -> None:
    with WebArchive(FEW, quiet=0) as web:
        web.faults[replay_path(next(one for one in FEW if one.at == moment(7, 3)))] = ["429"] * 5
        rescue = rescuing()
        report = rescue.run(web)
        assert report.outcome == "stopped by the archive"
        assert 0 < report.stored < len(FEW)
        assert report.waiting == len(FEW) - report.stored
        assert rescue.here.column("SELECT outcome FROM crawl") == ["interrupted"]
        assert rescue.run(web).outcome == "finished"
    assert rescue.here.rows(STATES) == [("stored", len(FEW))]


def test_when_three_captures_in_a_row_are_in_vain_it_is_not_the_captures(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        web.faults["id_"] = ["cut"] * 99
        report = rescuing().run(web)
        assert (report.outcome, report.stored, report.waiting) == ("stopped by the archive", 0, len(FEW))
        assert len(web.replays(None)) == 15


def test_a_limit_stops_and_the_rest_waits(rescuing: Make) -> None:
    with WebArchive(FEW) as web:
        rescue = rescuing()
        report = rescue.run(web, limit=4)
        assert (report.outcome, len(web.replays())) == ("stopped by --limit", 4)
        rescue.run(web)
        assert len(set(web.replays())) == len(web.replays())
    assert rescue.here.rows(STATES) == [("stored", len(FEW))]
