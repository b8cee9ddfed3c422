"""The recording of a real portal, imported whole: every record, the same articles as from a crawl, and only once."""

import gzip
import json
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastwarc.warc import ArchiveIterator

from archive.clock import parse_rfc3339, rfc3339
from archive.warc.foreign import RawRecord, read_foreign
from tests.bantin import ROOT, Bantin
from tests.portal import ARTICLES, STARTS, WARC, Portal, require_recording

pytestmark = [pytest.mark.portal, pytest.mark.timeout(300)]
SHIPPED = ROOT / "crawler" / "sources"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Bantin:
    """The portal, imported; for tests that only read, or add nothing."""
    require_recording()
    bantin = Bantin(tmp_path_factory.mktemp("portal") / "home", SHIPPED)
    bantin.init()
    (report,) = map(json.loads, bantin.run("import", str(WARC), "--json").stdout.splitlines())
    assert (report["new"], report["damage"], report["sources"]) == (len(recorded()), [], {"sotttt": len(recorded())})
    return bantin


def recorded() -> list[tuple[str, str, int, str, str]]:
    """Each response of the file, as another reader reads it: address, time, status, sha256 of the payload, type."""
    found = []
    with WARC.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=True):
            if record.headers["WARC-Type"] == "response":
                url, at = record.headers["WARC-Target-URI"].strip("<>"), parse_rfc3339(record.headers["WARC-Date"])
                digest = sha256(record.reader.read()).hexdigest()
                kind = record.http_headers["Content-Type"]
                found.append((url, rfc3339(at), record.http_headers.status_code, digest, kind))
    return sorted(found)


def on_disk(bantin: Bantin) -> dict[Path, str]:
    """Every file of the archive, by its sha256."""
    files = (path for path in bantin.home.joinpath("archive").rglob("*") if path.is_file())
    return {path: sha256(path.read_bytes()).hexdigest() for path in files}


def rows_of(bantin: Bantin) -> dict[str, list[Any]]:
    """Every row of every table."""
    tables = bantin.column("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return {table: bantin.sql(f'SELECT * FROM "{table}"') for table in tables}


def test_every_record_of_the_file_is_a_capture_as_it_stands(imported: Bantin) -> None:
    query = "SELECT url, captured_at, status, payload_digest, content_type FROM v_capture ORDER BY 1, 2"
    assert imported.sql(query) == recorded()


def test_all_articles_are_there_and_nothing_else_is_one(imported: Bantin) -> None:
    assert imported.column("SELECT count(*) FROM v_article") == [ARTICLES]
    assert imported.column("SELECT count(*) FROM v_edition") == [ARTICLES]
    kinds = dict(imported.sql("SELECT kind, count(*) FROM v_capture GROUP BY kind"))
    assert kinds["list"] > 0
    others = imported.column("SELECT url FROM v_capture WHERE kind = 'other'")
    english = {f"https://sotttt.hanoi.gov.vn/en{path.removeprefix('/vi')}" for path in STARTS}
    # Besides print copies only the lists of the other locale, which a crawl does not ask for either.
    assert {url for url in others if "/pop_up/" not in url} == english
    assert imported.column("SELECT DISTINCT outcome FROM v_capture") == ["ok"]


def test_articles_and_editions_are_as_from_a_crawl(imported: Bantin, tmp_path: Path) -> None:
    with Portal("--no-views") as portal:
        collected = Bantin(tmp_path / "home", portal.catalogue(tmp_path))
        collected.init()
        collected.run("collect")
    assert _articles(collected) == _articles(imported)


def _articles(bantin: Bantin) -> dict[str, dict[str, Any]]:
    """What each article says. Left aside are addresses and times, which are another host's and another day's, what came
    of attachments, which only a crawl asks for, and which of two duplicates with one date is the first: that was
    captured first."""
    aside = {"url", "urls", "first_captured_at", "last_captured_at", "captured_at", "duplicate_of", "attachments"}
    articles = {row["article_key"]: {k: v for k, v in row.items() if k not in aside} for row in bantin.rows()}
    for row in bantin.rows():
        named = [(one["kind"], one["label"], urlsplit(one["url"]).path) for one in row["attachments"]]
        articles[row["article_key"]]["attachments"] = named
    return articles


def test_the_archive_alone_gives_the_same_export(imported: Bantin, tmp_path: Path) -> None:
    again = Bantin(tmp_path / "home", SHIPPED)
    shutil.copytree(imported.home / "archive", again.home / "archive")
    again.run("rebuild")
    assert again.export() == imported.export()
    query = "SELECT source_id, url, captured_at, kind, article_key, outcome, content_hash, warc_offset FROM v_capture"
    assert sorted(again.sql(query), key=repr) == sorted(imported.sql(query), key=repr)


def containers(folder: Path) -> list[Path]:
    """The recording in other containers: uncompressed, one gzip stream, three files, a WACZ."""
    records = [r.head + r.block + b"\r\n\r\n" for r in read_foreign(WARC) if isinstance(r, RawRecord)]
    folder.mkdir()
    (folder / "whole.warc").write_bytes(b"".join(records))
    (folder / "stream.warc.gz").write_bytes(gzip.compress(b"".join(records), 1))
    for number in range(3):
        (folder / f"part-{number}.warc").write_bytes(b"".join(records[number::3]))
    with zipfile.ZipFile(folder / "whole.wacz", "w") as wacz:
        wacz.write(folder / "whole.warc", "archive/data.warc")
    return sorted(folder.iterdir())


def test_imported_again_under_any_name_and_in_any_container_it_writes_nothing(imported: Bantin, tmp_path: Path) -> None:
    disk, rows = on_disk(imported), rows_of(imported)
    shutil.copy(WARC, tmp_path / "ten-khac.warc.gz")
    said = imported.run("import", str(WARC), str(tmp_path / "ten-khac.warc.gz"), "--json").stdout
    assert [json.loads(line)["note"].partition(",")[0] for line in said.splitlines()] == ["imported before"] * 2
    files = containers(tmp_path / "khac")
    reports = [json.loads(line) for line in imported.run("import", *map(str, files), "--json").stdout.splitlines()]
    assert [(report["new"], report["others"], report["damage"]) for report in reports] == [(0, 0, [])] * len(files)
    assert sum(report["known"] for report in reports) == 4 * len(recorded())
    assert on_disk(imported) == disk
    assert rows_of(imported) == rows


def test_the_archive_is_whole_afterwards(imported: Bantin) -> None:
    assert imported.run("verify").stdout == "archive, journal and database agree\n"
