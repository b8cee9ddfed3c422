"""Files behind an article of the sample portal: captured with it, listed, exported, saved again; within limits."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.bantin import Bantin
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
FILES = SITE / "quan-uy"
KEY = "mau-quan-uy:5100109"


@pytest.fixture
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def bantin(site: SampleSite, tmp_path: Path) -> Bantin:
    text = (SITE / "sources.toml").read_text("utf-8").split("[[source]]")[1]
    sources = tmp_path / "sources.toml"
    sources.write_text("[[source]]" + text.replace("http://127.0.0.1:8765", site.urls["quan-uy"]), "utf-8")
    bantin = Bantin(tmp_path / "home", sources)
    bantin.init()
    return bantin


def attached(bantin: Bantin) -> dict[str, dict[str, Any]]:
    """The article's attachments by their labels; no other article has any."""
    rows = {row["article_key"]: row["attachments"] for row in bantin.rows()}
    assert [key for key, found in rows.items() if found] == [KEY]
    return {one["label"]: one for one in rows[KEY]}


def test_files_behind_an_article_are_captured_with_it_and_exchanged_ones_are_versions(
    bantin: Bantin, site: SampleSite, tmp_path: Path
) -> None:
    bantin.run("--now", "2025-05-20T01:00:00Z", "collect")
    found = attached(bantin)
    assert list(found) == ["Kế hoạch số 47-KH/QU", "15 câu hỏi", "Danh sách đoạt giải", "thể lệ"]
    plan = (FILES / "day1/documents/10197/20300/KH-47.pdf").read_bytes()
    said = found["Kế hoạch số 47-KH/QU"]
    assert (said["digest"], said["bytes"]) == (sha256(plan).hexdigest(), len(plan))
    assert [one["outcome"] for one in found.values()] == ["ok", "gone", "failed", "failed"]
    assert {one["digest"] for one in list(found.values())[1:]} == {None}
    reasons = bantin.column("SELECT reason FROM v_attachment WHERE outcome = 'failed' ORDER BY position")
    assert reasons[0] == "larger than is taken: 4000 bytes"
    assert reasons[1] == "no file but a page"
    large = [entry for entry in site.log if entry["path"].endswith("danh-sach.pdf")]

    site.day = 2
    bantin.run("--now", "2025-05-21T01:00:00Z", "collect", "--refetch")
    changed = (FILES / "day2/documents/10197/20300/KH-47.pdf").read_bytes()
    assert attached(bantin)["Kế hoạch số 47-KH/QU"]["digest"] == sha256(changed).hexdigest()
    assert bantin.sql("SELECT versions FROM v_attachment WHERE position = 1") == [(2,)]
    assert bantin.sql("SELECT editions FROM v_article WHERE article_key = ?", KEY) == [(1,)]
    assert len(large) == 1, "one attempt a round: it would be too large again"

    shown = bantin.run("show", KEY, "--save-attachments", str(tmp_path / "out"))
    assert "2 versions" in shown.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["01-KH-47.pdf"]
    assert (tmp_path / "out" / "01-KH-47.pdf").read_bytes() == changed
    assert bantin.run("show", KEY, "--save-attachments", str(tmp_path / "out"), status=None).returncode != 0
    then = bantin.run("show", f"{KEY}@2025-05-20T12:00:00Z", "--json").stdout
    assert sha256(changed).hexdigest() in then, "one edition: its files are those last seen with it"

    before = bantin.sql("SELECT * FROM v_attachment"), bantin.export()
    (bantin.home / "bantin.db").unlink()
    bantin.init()
    bantin.run("rebuild")
    after = bantin.sql("SELECT * FROM v_attachment"), bantin.export()
    assert after[1] == before[1]
    assert len(after[0]) == len(before[0]) == 4


def test_a_second_run_right_after_asks_for_no_file_again(bantin: Bantin, site: SampleSite) -> None:
    bantin.run("--now", "2025-05-20T01:00:00Z", "collect")
    site.log.clear()
    bantin.run("--now", "2025-05-20T01:30:00Z", "collect")
    assert [entry["path"] for entry in site.log if entry["path"].endswith(("KH-47.pdf", "danh-sach.pdf", ".rar"))] == []
