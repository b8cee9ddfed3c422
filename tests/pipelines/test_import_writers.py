"""What other programs write is imported without damage: wget's --warc-file, whatever its options, warcio, fastwarc."""

import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.builders import HTML
from tests.imports import Collection, address, body
from tests.pipelines.conftest import Make
from tests.portal import Portal
from tests.site.server import SampleSite
from tests.warcs import http

WGET = {
    "packed": [],
    "plain": ["--no-warc-compression"],
    "cdx": ["--warc-cdx"],
    "requisites": ["--page-requisites", "--span-hosts"],
    "no digests": ["--no-warc-digests"],
    "small": ["--warc-max-size=20k"],
}


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


def wget(folder: Path, url: str, *options: str) -> list[Path]:
    """The files that wget makes of a site, one link deep."""
    if shutil.which("wget") is None:
        assert "CI" not in os.environ, "this check needs wget"
        pytest.skip("wget is not installed")
    folder.mkdir()
    command = ["wget", "-q", "--no-proxy", "-r", "-l1", "-nd", "--warc-file=a", *options, url]
    done = subprocess.run(command, cwd=folder, timeout=120, check=False, capture_output=True)
    assert done.returncode in (0, 8), done.stderr  # 8: a dead link
    return sorted(folder.glob("a*.warc*"))


def is_imported(here: Collection, files: list[Path], asked: int) -> None:
    """Every answer is a capture, but for those of one address, one second and one content, which are one."""
    reports = here.take(*files)
    assert [report.damage for report in reports] == [[]] * len(files)
    assert sum(report.new + report.known for report in reports) == asked
    assert sum(report.new for report in here.take(*files)) == 0
    assert here.column("SELECT DISTINCT outcome FROM v_capture ORDER BY 1") in (["gone", "ok"], ["ok"])
    assert here.faults() == []


@pytest.mark.parametrize("case", WGET)
def test_what_wget_archived_is_imported(case: str, site: SampleSite, collection: Make, tmp_path: Path) -> None:
    before = len(site.log)
    files = wget(tmp_path / "wget", f"{site.urls['quan-uy']}/hoat-ong-ang", *WGET[case])
    asked = len(site.log) - before
    assert asked > 10
    here, host = collection(), site.urls["quan-uy"].removeprefix("http://")
    is_imported(here, files, asked)
    kinds = dict(here.rows("SELECT kind, count(*) FROM v_capture GROUP BY kind"))
    assert kinds["robots"] == 1
    assert kinds["list"] >= 1
    editions = dict(here.rows("SELECT article_key, editions FROM v_article WHERE title IS NOT NULL"))
    assert {editions[f"{host}:{number}"] for number in (5100106, 5100108, 5100111)} == {1}


def test_what_wget_saw_before_is_a_revisit_of_it(site: SampleSite, collection: Make, tmp_path: Path) -> None:
    url = f"{site.urls['quan-uy']}/hoat-ong-ang"
    first = wget(tmp_path / "first", url, "--warc-cdx")
    time.sleep(1.1)  # wget's times are in seconds
    again = wget(tmp_path / "again", url, f"--warc-dedup={tmp_path / 'first' / 'a.cdx'}")
    here = collection()
    assert [report.damage for report in here.take(*first, *again)] == [[], []]
    outcomes = dict(here.rows("SELECT outcome, count(*) FROM v_capture GROUP BY 1"))
    assert outcomes["revisit-identical"] > 0
    assert outcomes.keys() <= {"ok", "gone", "revisit-identical"}
    assert here.faults() == []


@pytest.mark.portal
def test_what_wget_archived_of_the_real_portal_is_imported(collection: Make, tmp_path: Path) -> None:
    with Portal() as portal:
        files = wget(tmp_path / "wget", f"{portal.url}/hoat-ong-ang-oan-the", "--page-requisites")
        asked = len(portal.log)
    here = collection()
    is_imported(here, files, asked)
    assert here.column("SELECT DISTINCT source_id FROM v_capture") == [portal.url.removeprefix("http://")]
    layouts = "SELECT r.layout, count(*) FROM v_capture AS c JOIN reading AS r ON r.id = c.reading_id GROUP BY 1"
    assert dict(here.rows(layouts))["hanoi-liferay"] > 5


def test_what_warcio_wrote_is_imported(collection: Make, tmp_path: Path) -> None:
    for packed in (True, False):
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=packed, warc_version="1.1")
        for number in (1, 2):
            head = StatusAndHeaders("200 OK", [("Content-Type", HTML)], protocol="HTTP/1.1")
            asked = StatusAndHeaders("GET /x HTTP/1.1", [("Host", "a")], is_http_request=True)
            page = io.BytesIO(body(number, "Một."))
            for record in (
                writer.create_warc_record(address(number), "response", payload=page, http_headers=head),
                writer.create_warc_record(address(number), "request", http_headers=asked),
            ):
                writer.write_record(record)
                record.raw_stream.close()
        (tmp_path / f"{packed}.warc").write_bytes(out.getvalue())
        here = collection(f"home-{packed}")
        report = here.one(tmp_path / f"{packed}.warc")
        assert (report.new, report.others, report.damage) == (2, 2, [])
        assert here.column("SELECT article_key FROM v_article ORDER BY 1") == ["songnhue:1", "songnhue:2"]


@pytest.mark.parametrize("finish", [True, False], ids=["a member a record", "one stream"])
def test_what_fastwarc_wrote_is_imported(finish: bool, collection: Make, tmp_path: Path) -> None:
    out = io.BytesIO()
    packed = GzipWriter(out)
    for number in (1, 2):
        record = WarcRecord()
        record.init_headers(WarcRecordType.response)
        record.headers["WARC-Target-URI"] = address(number)
        record.is_http = True
        record.set_bytes_content(http(body(number, "Một.")))
        record.write(packed, checksum_data=True)
        if finish:
            packed.finish()
    packed.close()
    (tmp_path / "a.warc.gz").write_bytes(out.getvalue())
    here = collection()
    report = here.one(tmp_path / "a.warc.gz")
    assert (report.new, report.damage) == (2, [])
    assert here.column("SELECT article_key FROM v_article ORDER BY 1") == ["songnhue:1", "songnhue:2"]
