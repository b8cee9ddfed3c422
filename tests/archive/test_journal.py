"""The journal: append-only, and whole again after a crash in the middle of a line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.journal import Journal

AT = datetime(2025, 5, 20, 5, 0, 0, 5, tzinfo=UTC)
FIRST = {"at": "2025-05-20T05:00:00.000005Z", "kind": "promotion", "source": "songnhue", "reason": "tốt hơn"}
SECOND = {"at": "2025-05-20T05:00:00.000005Z", "kind": "crawl", "crawl": "k1", "sources": ["songnhue", "bao"]}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "archive" / "journal.jsonl")
    journal.append(AT, "promotion", source="songnhue", reason="tốt hơn")
    journal.append(AT, "crawl", crawl="k1", sources=["songnhue", "bao"])
    return journal


def test_entries_are_read_in_the_order_they_were_written(journal: Journal) -> None:
    assert list(journal.entries()) == [FIRST, SECOND]
    assert "tốt hơn" in journal.path.read_text(encoding="utf-8")


def test_another_journal_on_the_same_file_appends(journal: Journal) -> None:
    Journal(journal.path).append(AT, "crawl", crawl="k2")
    assert [entry["kind"] for entry in journal.entries()] == ["promotion", "crawl", "crawl"]


def test_a_journal_that_is_not_there_has_no_entries_and_needs_no_repair(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    assert list(journal.entries()) == []
    assert journal.repair() is None
    assert not journal.path.exists()


def test_a_line_torn_at_any_byte_is_cut_off_and_kept_beside(journal: Journal) -> None:
    data = journal.path.read_bytes()
    whole = data.index(b"\n") + 1
    aside = journal.path.with_suffix(".torn")
    for end in range(whole + 1, len(data)):
        journal.path.write_bytes(data[:end])
        said = journal.repair()
        assert said is not None
        assert f"({end - whole} bytes)" in said
        assert journal.path.read_bytes() == data[:whole]
        assert aside.read_bytes() == data[whole:end] + b"\n"
        aside.unlink()
        assert list(journal.entries()) == [FIRST]


def test_a_whole_journal_is_left_as_it_is(journal: Journal) -> None:
    data = journal.path.read_bytes()
    assert journal.repair() is None
    assert journal.path.read_bytes() == data


def test_writing_goes_on_after_a_repair(journal: Journal) -> None:
    with journal.path.open("ab") as stream:
        stream.write(b'{"at":"2025')
    journal.repair()
    journal.append(AT, "crawl", crawl="k2")
    assert list(journal.entries()) == [FIRST, SECOND, {"at": FIRST["at"], "kind": "crawl", "crawl": "k2"}]


def test_a_damaged_line_is_named(journal: Journal) -> None:
    journal.path.write_text(journal.path.read_text(encoding="utf-8") + "{oops\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match=rf"{journal.path}:3: not JSON .*backup"):
        list(journal.entries())


def test_bytes_that_are_no_text_are_named_too(journal: Journal) -> None:
    with journal.path.open("ab") as stream:
        stream.write(b'{"at":"\xff"}\n')
    with pytest.raises(ArchiveError, match=str(journal.path)):
        list(journal.entries())
