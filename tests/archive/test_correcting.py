"""Correcting by hand: what readers are told, and that it is no act of the publisher; taking it back."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from archive.correcting import Wish, corrections
from archive.database import reading
from archive.errors import UsageError
from archive.history import history
from archive.queries import article_at
from tests.corrections import KEY, NEW, OLD, RIGHT, WHY, Correct, cursor, editions, feed, row, states
from tests.rig import Database, Rig, day


def test_readers_read_what_was_corrected_and_that_it_was(database: Database, rig: Rig, correct: Correct) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(101, OLD, day(1), after="<!-- 2 -->")])
    before, raw = row(database), database.rows("SELECT content_hash FROM v_capture ORDER BY captured_at")
    correct("body", RIGHT)
    correct("byline", "Minh Hà")
    after = row(database)
    assert (after["body"], after["byline"], after["corrected"]) == (RIGHT, "Minh Hà", ["body", "byline"])
    assert before["corrected"] == []
    kept = ("title", "lead", "published_at", "published_evidence", "section", "sections", "edition", "editions")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert editions(database) == [(1, RIGHT)]
    assert database.rows("SELECT content_hash FROM v_capture ORDER BY captured_at") == raw, "captures were read as ever"
    with reading(database.engine) as connection:
        told = [event for event in history(connection, KEY) if event.kind == "correction"]
        assert [(event.facts["field"], event.facts["reason"]) for event in told] == [("body", WHY), ("byline", WHY)]
        for moment in (day(0), day(1)):
            then = article_at(connection, KEY, moment)
            assert then is not None
            assert (then["body"], then["byline"]) == (RIGHT, "Minh Hà")


def test_a_correction_is_no_act_of_the_publisher(database: Database, rig: Rig, correct: Correct) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(101, NEW, day(1))])
    since = cursor(database)
    detail = correct("body", RIGHT, day(0))
    correct("byline", "Minh Hà")
    assert [(one["kind"], one["article_key"]) for one in feed(database, since)] == [("correction", KEY)] * 2
    assert detail["fields"] == [], "the article as it is now is not concerned"
    last = feed(database, since)[-1]["detail"]
    assert (last["field"], last["fields"], last["reason"]) == ("byline", ["byline", "corrected"], WHY)
    since = cursor(database)
    database.take([rig.page(101, NEW, day(2), after="<!-- 2 -->")])
    assert feed(database, since) == []
    assert database.rows("SELECT field FROM v_metadata_change") == []


def test_the_journal_has_a_correction_before_the_database(database: Database, rig: Rig, correct: Correct) -> None:
    database.take([rig.page(101, OLD, day(0))])
    before, entries = database.dump(), len(list(database.journal.entries()))
    when = "CREATE TRIGGER refuse BEFORE INSERT ON change"
    if database.engine.dialect.name == "sqlite":
        refuse = f"{when} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    else:
        body = "BEGIN RAISE EXCEPTION 'the disk is full'; END"
        refuse = f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$; "
        refuse += f"{when} FOR EACH ROW EXECUTE FUNCTION refuse()"
    with database.engine.begin() as connection:
        connection.exec_driver_sql(refuse)
    with pytest.raises(DatabaseError, match="disk is full"):
        correct("byline", "Minh Hà")
    assert database.dump() == before
    entry = list(database.journal.entries())[entries]
    assert {name: entry[name] for name in entry if name != "at"} == {
        "kind": "correction",
        "article": KEY,
        "capture": "2025-01-10T01:00:00.000000Z",
        "field": "byline",
        "value": "Minh Hà",
        "reason": WHY,
    }


def test_a_corrected_date_has_no_evidence_on_the_page(database: Database, rig: Rig, correct: Correct) -> None:
    database.take([rig.page(101, OLD, day(0), date="09/01/2025")])
    assert row(database)["published_evidence"] == "09/01/2025"
    correct("published_at", "2025-01-07")
    assert row(database)["published_evidence"] is None
    correct("published_at", withdrawn=True)
    assert (row(database)["published_at"], row(database)["published_evidence"]) == ("2025-01-09", "09/01/2025")


def test_taken_back_the_export_is_as_before_and_the_journal_has_both(
    database: Database, rig: Rig, correct: Correct
) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(101, OLD, day(1), after="<!-- 2 -->")])
    export = database.export()
    correct("body", RIGHT)
    correct("captions", "Quang cảnh hội nghị")
    assert database.export() != export
    since = cursor(database)
    detail = correct("body", withdrawn=True, reason="bản in sai")
    correct("captions", withdrawn=True)
    assert (database.export(), detail["withdrawn"]) == (export, True)
    assert [one["kind"] for one in feed(database, since)] == ["correction", "correction"]
    entries = [e for e in database.journal.entries() if e["kind"] == "correction"]
    assert [(e["field"], e.get("withdrawn", False)) for e in entries] == [
        ("body", False),
        ("captions", False),
        ("body", True),
        ("captions", True),
    ]
    assert states(database) == [("body", "withdrawn"), ("captions", "withdrawn")]
    with reading(database.engine) as connection:
        assert corrections(connection)[0]["withdrawn_because"] == "bản in sai"


def test_a_corrected_body_has_no_rows_or_items_of_the_page(database: Database, rig: Rig, correct: Correct) -> None:
    structure = "SELECT r.structure FROM article AS a JOIN reading AS r ON r.id = a.current_reading_id"
    database.take([rig.page(101, f"{OLD}</p><ul><li>Phường Sông</li><li>Phường Nhuệ</li></ul><p>{NEW}", day(0))])
    before = database.rows(structure)
    assert "item" in str(before)
    correct("byline", "Minh Hà")
    assert database.rows(structure) == before
    correct("body", RIGHT)
    assert "item" not in str(database.rows(structure))


def test_a_later_correction_replaces_the_one_that_holds_wherever_that_was_made(
    database: Database, rig: Rig, correct: Correct
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    correct("byline", "Minh Hà")
    database.take([rig.page(101, OLD, day(1), after="<!-- 2 -->")])
    correct("byline", "Thu Trang")
    assert states(database) == [("byline", "replaced"), ("byline", "holds")]
    correct("byline", withdrawn=True)
    assert row(database)["byline"] is None


def test_a_corrected_section_is_the_articles_only_one(database: Database, rig: Rig, correct: Correct) -> None:
    database.take([rig.page(101, OLD, day(n), after=f"<!-- {n} -->") for n in (0, 1)])
    assert row(database)["sections"] == ["hoat-ong-ang"]
    correct("section", "Xây dựng Đảng")
    assert (row(database)["section"], row(database)["sections"]) == ("Xây dựng Đảng", ["Xây dựng Đảng"])


def test_a_corrected_body_makes_and_unmakes_duplicates(database: Database, rig: Rig, correct: Correct) -> None:
    database.take([rig.page(102, NEW, day(0)), rig.page(101, OLD, day(1))])
    assert "duplicate_of" in correct("body", NEW)["fields"]
    assert row(database)["duplicate_of"] == "songnhue:102"


def test_files_of_an_article_stay_with_its_corrected_reading(database: Database, rig: Rig, correct: Correct) -> None:
    link = f'{OLD}</p><p><a href="/documents/ke-hoach.pdf">Kế hoạch</a>'
    database.take([rig.page(101, link, day(0))])
    before = row(database)["attachments"]
    correct("byline", "Minh Hà")
    assert row(database)["attachments"] == before != []


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (("songnhue:999", "byline", "Minh Hà", WHY), "has no edition under the cleaner promoted"),
        ((KEY, "language", "vi", WHY), "cannot be corrected. Give one of: title, lead, body"),
        ((KEY, "byline", "Minh Hà", "  "), "needs a reason"),
        ((KEY, "body", OLD, WHY), "its body is read so already"),
        ((KEY, "byline", None, WHY), "its byline is read so already"),
        ((KEY, "title", "Kết nạp đảng viên", WHY), "its title is read so already"),
        ((KEY, "title", "Tin số 101", WHY), "page is read so without a correction. Take that back: .*--withdraw"),
        ((KEY, "byline", "Minh Hà", WHY, day(-1)), "before it was first captured"),
        ((KEY, "byline", None, WHY, None, True), "its byline is not corrected there. `bantin corrections`"),
    ],
)
def test_what_would_change_nothing_is_refused_and_stands_nowhere(
    database: Database, rig: Rig, correct: Correct, wish: tuple[Any, ...], said: str
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    correct("title", "Kết nạp đảng viên")
    before, journal = database.dump(), database.journal.path.read_bytes()
    with pytest.raises(UsageError, match=said.replace("`", ".")):
        database.store.correct(Wish(*wish))
    assert (database.dump(), database.journal.path.read_bytes()) == (before, journal)


def test_an_article_nobody_corrected_costs_one_question_a_batch(database: Database, rig: Rig, correct: Correct) -> None:
    """Statements while a batch is stored, with and without corrections of other articles."""
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    counts = []
    for n in (0, 1, 2):
        statements.clear()
        database.take([rig.page(200 + k, f"{OLD} {k}", day(n)) for k in range(5)])
        counts.append(len(statements))
        asked = [one for one in statements if "FROM correction" in one]
        assert len(asked) == 1
        assert not [one for one in statements if "corrected_reading" in one]
        if n == 0:
            database.take([rig.page(101, OLD, day(0))])
            correct("byline", "Minh Hà")
    assert counts[1] == counts[2]
