"""Two clocks: editions are the publisher's doing, readings ours; and nothing that was stored is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.journal import Journal
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts, Noise
from tests.builders import SOURCES, installed
from tests.rig import HERE, THERE, Database, Rig, address, day

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
NEW = "Toàn quận kết nạp 241 đảng viên mới, đạt 120,5 % kế hoạch của cả năm."
EDITIONS = "SELECT edition, body FROM v_edition WHERE article_key = 'songnhue:101' ORDER BY edition"
Use = Callable[..., Database]


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, installed(layouts))


@pytest.fixture
def newer(tmp_path: Path, layouts: Layouts) -> Rig:
    """The same road under a later cleaner, which knows one noise rule more."""
    rule = Noise(id="slogan", reason="a line that the portal puts below every text", line="Sông Nhuệ đổi mới")
    changed = layouts["hanoi-liferay"].model_copy(update={"noise": (*layouts["hanoi-liferay"].noise, rule)})
    others = [layout for layout in layouts.by_id.values() if layout.id != "hanoi-liferay"]
    return Rig(tmp_path / "newer", Cleaner(Layouts([changed, *others], layouts.common), SOURCES))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, newer: Rig, database_url: str) -> Iterator[Database]:
    made = Database(database_url, tmp_path, rig.cleaner, newer.cleaner)
    yield made
    made.close()


def editions(database: Database) -> list[str]:
    return [body for _, body in database.rows(EDITIONS)]


def test_the_first_reading_promotes_its_cleaner_and_the_journal_has_it(rig: Rig, database: Database) -> None:
    database.take([rig.gone(101, day(0))])
    assert database.store.promoted() == {}
    database.take([rig.page(101, OLD, day(1))])
    digest = rig.cleaner.digest_for("songnhue")
    assert database.store.promoted() == {"songnhue": digest}
    (entry,) = Journal(database.journal.path).entries()
    assert (entry["kind"], entry["source"], entry["cleaner"]) == ("promotion", "songnhue", digest)


def test_readings_of_a_cleaner_that_is_not_promoted_move_no_edition(rig: Rig, newer: Rig, database: Database) -> None:
    database.take([rig.page(101, OLD, day(0))])
    edition, export = database.rows("SELECT * FROM edition"), database.export()
    database.take([newer.page(101, NEW, day(30)), newer.page(102, OLD, day(30))])
    assert database.store.promoted() == {"songnhue": rig.cleaner.digest_for("songnhue")}
    assert database.rows("SELECT * FROM edition") == edition
    assert editions(database) == [OLD]
    assert database.rows("SELECT count(*) FROM reading") == [(3,)]
    assert database.rows("SELECT count(*) FROM capture") == [(3,)]
    assert export.split('"last_captured_at"')[0] == database.export().split('"last_captured_at"')[0]


def test_what_our_cleaning_takes_away_is_no_edition(rig: Rig, newer: Rig, database: Database) -> None:
    words = f"{OLD}</p><p>Sông Nhuệ đổi mới"
    database.take([rig.page(101, words, day(0))])
    database.take([newer.page(101, words, day(30))])
    assert editions(database) == [f"{OLD}\nSông Nhuệ đổi mới"]
    hashes = database.rows("SELECT DISTINCT content_hash FROM reading")
    assert len(hashes) == 2


def test_after_a_promotion_editions_follow_the_new_cleaner_and_the_old_ones_stay(
    rig: Rig, newer: Rig, database: Database
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    old = database.rows("SELECT id, cleaner_digest, content_hash, withdrawn_at FROM edition")
    database.take([newer.page(101, NEW, day(30))])
    database.store.promote("songnhue", newer.cleaner.digest_for("songnhue"), "a rule more")
    database.take([newer.page(101, NEW, day(60))])
    assert editions(database) == [NEW]
    assert set(old) <= set(database.rows("SELECT id, cleaner_digest, content_hash, withdrawn_at FROM edition"))


def test_a_late_older_capture_splits_an_edition_and_loses_none(rig: Rig, database: Database) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(101, OLD, day(60))])
    before = database.rows("SELECT id FROM edition")
    database.take([rig.page(101, NEW, day(30))])
    assert editions(database) == [OLD, NEW, OLD]
    assert set(before) <= set(database.rows("SELECT id FROM edition"))
    current = database.rows("SELECT edition FROM v_article")
    assert current == [(3,)]


def test_an_edition_keeps_its_row_when_older_captures_of_the_same_words_come_in(rig: Rig, database: Database) -> None:
    database.take([rig.page(101, OLD, day(60))])
    (newest,) = database.rows("SELECT edition_id FROM v_edition")
    database.take([rig.page(101, OLD, day(0)), rig.page(101, NEW, day(30))])
    assert editions(database) == [OLD, NEW, OLD]
    assert database.rows("SELECT edition_id FROM v_edition WHERE edition = 3") == [newest]


def test_each_capture_belongs_to_the_edition_that_holds_its_time(rig: Rig, database: Database) -> None:
    """A citation is article_key@capture time: it must go on naming the same words."""
    holds = (
        "SELECT c.captured_at, e.content_hash = c.content_hash FROM v_capture AS c JOIN v_edition AS e"
        " ON e.article_key = c.article_key AND c.captured_at BETWEEN e.observed_from AND e.observed_to ORDER BY 1"
    )
    captures = [rig.page(101, words, day(n)) for n, words in enumerate((OLD, OLD, NEW, OLD, NEW, NEW))]
    for capture in (captures[n] for n in (5, 0, 3, 1, 4, 2)):
        database.take([capture])
        stored = database.rows("SELECT count(*) FROM capture")[0][0]
        assert [same for _, same in database.rows(holds)] == [1] * stored
    assert editions(database) == [OLD, NEW, OLD, NEW]


def test_an_edition_that_no_longer_follows_is_withdrawn_not_deleted(rig: Rig, database: Database) -> None:
    """The preferred address of a crawl arrives late and says that nothing had changed."""
    database.take([rig.page(101, OLD, day(0)), rig.page(101, NEW, day(30), "vi/" + THERE)])
    assert editions(database) == [OLD, NEW]
    database.take([rig.page(101, OLD, day(30.001), HERE)])
    assert editions(database) == [OLD]
    assert database.rows("SELECT count(*), count(withdrawn_at) FROM edition") == [(2, 1)]
    assert database.rows("SELECT edition, editions FROM v_article") == [(1, 1)]
    assert database.rows("SELECT field FROM v_metadata_change") == [("variant",)]


def test_a_withdrawn_edition_that_follows_again_is_there_again(rig: Rig, database: Database) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(101, NEW, day(30), "vi/" + THERE)])
    database.take([rig.page(101, OLD, day(30.001), HERE)])
    database.take([rig.page(101, NEW, day(40), HERE)])
    assert editions(database) == [OLD, NEW]


def test_a_reading_is_the_same_one_for_equal_bytes_at_one_address(rig: Rig, database: Database) -> None:
    database.take([rig.page(101, OLD, day(n)) for n in (0, 30, 60)])
    assert database.rows("SELECT count(*) FROM reading") == [(1,)]
    assert database.rows("SELECT count(DISTINCT reading_id) FROM capture_reading") == [(1,)]


def test_a_page_that_was_not_modified_keeps_its_edition_alive(rig: Rig, database: Database) -> None:
    first = rig.page(101, OLD, day(0))
    refers = (address(101), day(0))
    unchanged = rig.attempt(address(101), "", day(30), "crawl-304", status=304, refers_to=refers)
    database.take([first, unchanged, rig.gone(101, day(60)), rig.gone(101, day(90))])
    assert editions(database) == [OLD]
    ((last_captured_at, gone_at),) = database.rows("SELECT last_captured_at, gone_at FROM v_article")
    assert (last_captured_at[:10], gone_at[:10]) == ("2025-02-09", "2025-03-11")
