import json
import os
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import pytest
from sqlalchemy import Connection

from archive import export
from archive.errors import BantinError, UsageError
from archive.export import export_jsonl, export_to

CONTRACT = (
    "article_key source_id url urls title lead body published_at published_evidence byline section sections captions "
    "language content_hash body_hash duplicate_of edition editions first_captured_at last_captured_at captured_at "
    "gone_at cleaner warnings attachments corrected"
)


def _rows(archive: Connection, source_id: str | None = None) -> list[dict[str, Any]]:
    out = StringIO()
    count = export_jsonl(archive, out, source_id=source_id)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(found) == count
    return found


def test_a_row_has_the_contracts_keys_in_the_contracts_order(archive: Connection) -> None:
    assert all(" ".join(row) == CONTRACT for row in _rows(archive))


def test_rows_are_ordered_by_article_key(archive: Connection) -> None:
    assert [row["article_key"] for row in _rows(archive)] == [
        *("bao:825", "bao:826", "bao:900", "songnhue:101", "songnhue:102"),
    ]


def test_small_batches_write_the_same_rows(archive: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = _rows(archive)
    monkeypatch.setattr(export, "BATCH", 2)
    assert _rows(archive) == at_once


def test_a_row_holds_what_the_contract_says(archive: Connection) -> None:
    row = _rows(archive)[3]
    assert row["urls"] == sorted(row["urls"])
    assert row["sections"] == ["Hoạt động Đảng", "Tin tức"]
    assert row["published_at"] == "2025-01-08"
    assert row["first_captured_at"] == "2025-01-10T01:00:00.250000Z"
    assert (row["captured_at"], row["last_captured_at"]) == (
        "2025-03-11T01:00:00.250000Z",
        "2025-03-31T01:00:00.250000Z",
    )
    assert (row["gone_at"], row["duplicate_of"], row["captions"]) == (None, None, [])
    assert row["body"].count("\n") == 1


def test_a_duplicate_is_exported_and_labelled(archive: Connection) -> None:
    assert _rows(archive)[0]["duplicate_of"] == "songnhue:101"


def test_vietnamese_letters_are_written_as_they_are(archive: Connection) -> None:
    out = StringIO()
    export_jsonl(archive, out)
    assert "Quận ủy Sông Nhuệ" in out.getvalue()


def test_one_source_can_be_exported(archive: Connection) -> None:
    assert {row["source_id"] for row in _rows(archive, "songnhue")} == {"songnhue"}


def test_a_source_that_the_database_does_not_know_is_refused(archive: Connection) -> None:
    with pytest.raises(UsageError, match="bantin status"):
        _rows(archive, "song-nhue")


def _fail_halfway(out: TextIO) -> int:
    out.write('{"article_key": ')
    raise ConnectionError("the database went away")


def test_a_reader_never_sees_half_an_export(tmp_path: Path) -> None:
    target = tmp_path / "articles.jsonl"
    target.write_text("the last export\n")
    with pytest.raises(BantinError):
        export_to(target, _fail_halfway)
    assert target.read_text() == "the last export\n"
    assert list(tmp_path.iterdir()) == [target]


def test_an_export_replaces_the_one_before_and_keeps_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "2025.jsonl", tmp_path / "newest.jsonl"
    target.write_text("old\n")
    link.symlink_to(target)
    assert export_to(link, lambda out: out.write("new\n")) == 4
    assert link.is_symlink()
    assert target.read_text() == "new\n"


def test_a_device_is_written_to_and_stays_a_device(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    export_to(pipe, lambda out: out.write("row\n"))
    assert os.read(reader, 10) == b"row\n"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        export_to(tmp_path / "nowhere" / "articles.jsonl", lambda out: 0)
    with pytest.raises(UsageError, match="is a folder"):
        export_to(tmp_path, lambda out: 0)
