"""Attachments from the archive into the database and out again, on both databases and in any order of arrival."""

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from archive.attachments import never_asked_for, read_file
from archive.database import reading
from archive.queries import article_at
from archive.records import Capture
from pipelines.layouts import Layouts
from tests.attachments import DOC, OTHER_PDF, PDF
from tests.builders import PORTAL
from tests.databases import SqliteDatabases
from tests.recleans import cleaner_of, reclean, with_layout
from tests.rig import Database, Rig, address, day

MakeDatabase = Callable[..., Database]
KEY = "songnhue:1"
PLAN, LETTER = f"{PORTAL}/documents/1/2/ke-hoach.pdf", f"{PORTAL}/documents/1/2/thu.doc"
LINKS = f'Kế hoạch: <a href="{PLAN}">xem</a>, thư: <a href="{LETTER}">tải</a>'
FOUND = "SELECT position, kind, label, url, outcome, file_type, bytes, versions FROM v_attachment ORDER BY 1"


def article(rig: Rig, at: float, links: str = LINKS) -> Capture:
    return rig.page(1, f"Một hai ba bốn năm sáu bảy tám chín mười. {links}", day(at))


def file(rig: Rig, at: float, body: bytes | None = PDF, url: str = PLAN, **said: Any) -> Capture:
    return rig.attempt(url, body, day(at), f"crawl-{day(at):%Y%m%d}", **said)


def shown(database: Database) -> list[dict[str, Any]]:
    row = json.loads(database.export())
    found: list[dict[str, Any]] = row["attachments"]
    return found


def test_an_article_lists_its_files_with_what_came_of_each(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    captures = [article(rig, 0), file(rig, 0.01), file(rig, 0.02, None, LETTER)]
    database.take(captures)
    assert database.rows(FOUND) == [
        (1, "file", "xem", PLAN, "ok", "pdf", len(PDF), 1),
        (2, "file", "tải", LETTER, "gone", None, None, 0),
    ]
    plan, letter = shown(database)
    assert list(plan) == ["url", "label", "kind", "outcome", "captured_at", "digest", "bytes", "content_type"]
    assert (plan["digest"], plan["captured_at"]) == (captures[1].page.payload_digest, "2025-01-10T01:14:24.000000Z")
    assert (letter["digest"], letter["captured_at"], letter["bytes"]) == (None, None, None)
    assert (
        database.rows("SELECT kind, article_key FROM v_capture WHERE url LIKE '%documents%'")
        == [("attachment", None)] * 2
    )


def test_a_file_that_nobody_asked_for_is_listed_without_an_outcome(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    database.take([article(rig, 0, '<a href="https://bo.example.vn/tt.rar">Thông tư</a>')])
    assert database.rows(FOUND) == [(1, "file", "Thông tư", "https://bo.example.vn/tt.rar", None, None, None, 0)]


def test_the_order_in_which_article_and_files_arrive_does_not_matter(
    tmp_path: Path, sqlite_databases: SqliteDatabases, rig: Rig
) -> None:
    captures = [article(rig, 0), file(rig, 0.01), file(rig, 2, OTHER_PDF), article(rig, 3, "")]
    exports = set()
    for number, order in enumerate(permutations(captures)):
        database = Database(sqlite_databases.migrated(), tmp_path / str(number), rig.cleaner)
        for capture in order:
            database.take([capture])
        exports.add(database.export() + repr(database.rows("SELECT field, before, after FROM v_metadata_change")))
        database.close()
    assert len(exports) == 1


def test_a_file_that_was_silently_exchanged_is_seen_as_a_version(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    first, second = file(rig, 0.01), file(rig, 2, OTHER_PDF)
    database.take([article(rig, 0), first, article(rig, 2), second, rig.again(second, day(3))])
    assert database.rows("SELECT versions, payload_digest, captured_at FROM v_attachment WHERE position = 1") == [
        (2, second.page.payload_digest, "2025-01-13T01:00:00.000000Z")
    ]
    assert database.rows("SELECT editions FROM v_article") == [(1,)], "its words are the same"
    with reading(database.engine) as connection:
        row = (article_at(connection, KEY, day(3)) or {})["attachments"][0]
    assert read_file(rig.folder / "archive", row) == OTHER_PDF


def test_a_citation_shows_the_files_of_its_edition(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    first, second = file(rig, 0.01), file(rig, 2.01, OTHER_PDF)
    database.take([article(rig, 0), first, article(rig, 2, f"Sửa đổi. {LINKS}"), second])
    with reading(database.engine) as connection:
        then, now = (article_at(connection, KEY, day(at)) or {} for at in (0, 2))
    assert [then["attachments"][0]["payload_digest"], now["attachments"][0]["payload_digest"]] == [
        first.page.payload_digest,
        second.page.payload_digest,
    ]
    assert [then["attachments"][0]["versions"], now["attachments"][0]["versions"]] == [1, 2]


def test_other_files_make_no_edition_and_are_a_metadata_change(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    swapped = LINKS.replace("ke-hoach.pdf", "ke-hoach-moi.pdf")
    database.take([article(rig, 0), article(rig, 2), article(rig, 3, swapped)])
    assert database.rows("SELECT editions FROM v_article") == [(1,)]
    keys = [
        f"{url.removeprefix('https://')}\n{LETTER.removeprefix('https://')}" for url in (PLAN, PLAN[:-4] + "-moi.pdf")
    ]
    assert database.rows("SELECT field, before, after FROM v_metadata_change") == [("attachments", *keys)]


def test_the_same_files_at_another_address_of_the_article_are_no_change(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    database.take([article(rig, 0), rig.attempt(address(1, "tin-tuc"), None, day(1), "crawl-20250111")])
    body = "Một hai ba bốn năm sáu bảy tám chín mười."
    database.take([rig.page(1, f"{body} {LINKS.replace('/documents', '/en/documents')}", day(2), "tin-tuc")])
    assert database.rows("SELECT field FROM v_metadata_change WHERE field = 'attachments'") == []


def test_a_file_behind_a_redirect_is_the_articles(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    asked, stands = f"{PORTAL}/c/document_library/get_file?uuid=7", f"{PORTAL}/documents/1/2/thu.doc/7"
    database.take([article(rig, 0, f'<a href="{asked}">thư</a>')])
    database.take(
        [file(rig, 0.01, b"", asked, status=302, headers=(("Location", stands),)), file(rig, 0.02, DOC, stands)]
    )
    assert database.rows(FOUND) == [(1, "file", "thư", asked, "ok", "ole", len(DOC), 1)]


def test_two_articles_that_link_one_file_share_its_captures(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    database.take([article(rig, 0), rig.page(2, LINKS, day(0.1)), file(rig, 0.2)])
    assert database.rows("SELECT article_key, capture_id FROM v_attachment WHERE url LIKE '%pdf' ORDER BY 1") == [
        ("songnhue:1", 3),
        ("songnhue:2", 3),
    ]
    assert database.rows("SELECT count(*) FROM frontier WHERE kind = 'attachment'") == [(2,)]


def test_a_cleaner_that_finds_files_tells_so_and_collect_asks_for_them(
    make: MakeDatabase, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    """Before, the layout did not know the box in which they stand."""
    fields = layouts["hanoi-liferay"].fields.model_copy(update={"attachments": ("div.box",)})
    finder = cleaner_of(with_layout(layouts, "hanoi-liferay", fields=fields))
    database = make(finder)
    text = f'<div class="box">{LINKS}</div>'
    database.take([rig.page(1, "Một hai ba bốn năm sáu bảy tám chín mười.", day(0), after=text)])
    assert shown(database) == []
    reclean(database, tmp_path, finder)
    assert [one["url"] for one in shown(database)] == [PLAN, LETTER]
    told = [
        json.loads(row[0]) if isinstance(row[0], str) else row[0]
        for row in database.rows("SELECT detail FROM v_change WHERE kind = 'reading'")
    ]
    assert ["attachments"] in [detail["fields"] for detail in told]
    with reading(database.engine) as connection:
        assert [one.url for one in never_asked_for(connection, "songnhue")] == [PLAN, LETTER]
        assert never_asked_for(connection, "bao") == []


def test_a_reading_that_is_stored_otherwise_than_it_is_read_is_said(make: MakeDatabase, rig: Rig) -> None:
    database = make()
    database.take([article(rig, 0)])
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reading_attachment SET label = 'khác' WHERE position = 1")
    outcome = reclean(database, rig.folder, rig.cleaner, force=True)
    assert [problem for problem in outcome.problems if "(attachments)" in problem]


@pytest.mark.parametrize("reason", ["larger than is taken: 8 bytes"])
def test_what_is_too_large_is_not_asked_for_again_in_the_next_round(make: MakeDatabase, rig: Rig, reason: str) -> None:
    database = make()
    large = file(rig, 0.01, b"", status=None, outcome="failed", reason=reason)
    slow = file(rig, 0.02, b"", LETTER, status=None, outcome="failed", reason="TimeoutError")
    database.take([article(rig, 0), large, slow])
    waits = "SELECT revisit_at > last_captured_at FROM frontier WHERE kind = 'attachment' ORDER BY url_key"
    assert [bool(row[0]) for row in database.rows(waits)] == [True, False]
