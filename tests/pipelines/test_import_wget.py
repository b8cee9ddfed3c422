"""What wget archives of a site (--warc-file) is imported without damage, whatever its options."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import Collection
from tests.pipelines.conftest import Make
from tests.portal import Portal
from tests.site.server import SampleSite

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
