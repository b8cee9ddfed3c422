"""Questions about cleaners: which there are, what each lacks, and how the readings of two differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.catalogue import SourceFacts
from archive.cleaners import cleaners, differences, find_cleaner, told_by
from archive.comparison import Difference
from archive.database import insert_new, reading
from archive.errors import UsageError
from archive.models import Cleaner as CleanerRow
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from tests.builders import PRESS, press
from tests.recleans import SLOGAN, cleaner_of, reclean, with_common, with_layout, with_rule
from tests.rig import Database, Rig, address, day

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
LOUD = f"{OLD}</p><p>{SLOGAN}"
SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>"


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, cleaner_of(layouts))


@pytest.fixture
def newer(layouts: Layouts) -> Cleaner:
    """Takes the slogan, reads no section, and does not know how pages say that nothing is there."""
    fields = layouts["hanoi-liferay"].fields.model_copy(update={"section": ()})
    changed = with_layout(with_common(layouts, soft_gone=()), "hanoi-liferay", fields=fields)
    return cleaner_of(with_rule(changed))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, newer: Cleaner, database_url: str) -> Iterator[Database]:
    made = Database(database_url, tmp_path, rig.cleaner, newer)
    made.store.add_sources([SourceFacts("bao", "Báo", "press", "img-editor")])
    yield made
    made.close()


def digest(cleaner: Cleaner, source_id: str = "songnhue") -> str:
    return cleaner.digest_for(source_id)


def compared(database: Database, a: str, b: str, source_id: str | None = None) -> list[Difference | None]:
    with reading(database.engine) as connection:
        return [difference for _, difference in differences(connection, a, b, source_id)]


def test_a_cleaner_is_found_by_the_beginning_of_its_digest_if_no_other_begins_so(database: Database) -> None:
    rows = [{"digest": d * 64, "manifest": {}, "first_used_at": day(0)} for d in "ab"]
    rows.append({"digest": "a" * 63 + "b", "manifest": {}, "first_used_at": day(0)})
    with database.engine.begin() as connection:
        insert_new(connection, CleanerRow, rows)
    with reading(database.engine) as connection:
        assert find_cleaner(connection, "b") == "b" * 64
        assert find_cleaner(connection, "a" * 64) == "a" * 64
        with pytest.raises(UsageError, match="2 cleaners' digests begin so"):
            find_cleaner(connection, "aaa")
        for prefix in ("c", "%", "_", "a" * 65):
            with pytest.raises(UsageError, match="no cleaner's digest begins so"):
                find_cleaner(connection, prefix)


def test_each_source_has_the_cleaners_that_looked_into_it_oldest_first(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    first = rig.page(101, OLD, day(0))
    database.take(
        [first, rig.again(first, day(1)), rig.attempt(address(102), SOFT, day(0), "k"), rig.gone(103, day(1))]
    )
    paper = rig.attempt(f"{PRESS}/xay-dung-dang/con-ngo-824400", press(f"<p>{OLD}</p>"), day(0), "bao", source="bao")
    database.take([paper, Rig(tmp_path, newer).page(104, OLD, day(2))])
    reclean(database, tmp_path, newer, "bao", promote=False)
    names = ("source_id", "digest", "captures", "lacking", "readings", "promoted")
    with reading(database.engine) as connection:
        found = [tuple(row[name] for name in names) for row in cleaners(connection)]
    assert found == [
        ("bao", digest(rig.cleaner, "bao"), 1, 0, 1, True),
        ("bao", digest(newer, "bao"), 1, 0, 1, False),
        ("songnhue", digest(rig.cleaner), 3, 1, 1, True),
        ("songnhue", digest(newer), 1, 3, 1, False),
    ]


def test_every_input_is_compared_once_however_often_it_was_seen(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    first = rig.page(101, LOUD, day(0))
    soft = rig.attempt(address(103), SOFT, day(0), "crawl-0")
    seen = [first, *(rig.again(first, day(n)) for n in (1, 2)), rig.page(102, OLD, day(0), section="tin-tuc")]
    database.take([*seen, soft, rig.again(soft, day(1)), rig.attempt(address(103, "x"), SOFT, day(1), "crawl-1")])
    reclean(database, tmp_path, newer, promote=False)
    found = [one for one in compared(database, digest(rig.cleaner), digest(newer)) if one is not None]
    assert [(one.article_key, one.fields, one.rules) for one in found] == [
        ("songnhue:101", ("body", "section"), ("slogan",)),
        ("songnhue:102", ("section",), ("extraction",)),
        ("songnhue:103", ("outcome",), ("extraction",)),
        ("songnhue:103", ("outcome",), ("extraction",)),
    ]
    assert found[0].lost == (SLOGAN,)
    back = [one for one in compared(database, digest(newer), digest(rig.cleaner)) if one is not None]
    assert (back[0].gained, back[0].lost) == ((SLOGAN,), ())


def test_pages_that_only_one_of_the_two_has_looked_into_are_not_compared(
    database: Database, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0))])
    database.take([Rig(tmp_path, newer).page(102, LOUD, day(1))])
    assert compared(database, digest(rig.cleaner), digest(newer)) == []
    reclean(database, tmp_path, newer, promote=False)
    assert len(compared(database, digest(rig.cleaner), digest(newer))) == 1
    assert compared(database, digest(rig.cleaner), digest(newer), "bao") == []


def test_a_cleaner_agrees_with_itself(database: Database, rig: Rig) -> None:
    database.take([rig.page(101, LOUD, day(0)), rig.attempt(address(103), SOFT, day(0), "k")])
    assert compared(database, digest(rig.cleaner), digest(rig.cleaner)) == [None, None]


def test_what_a_cleaner_told_is_asked_by_source(database: Database, rig: Rig, newer: Cleaner) -> None:
    database.take([rig.page(101, LOUD, day(0)), rig.gone(102, day(0))])
    with reading(database.engine) as connection:
        found = told_by(connection, {"songnhue": digest(rig.cleaner)}, [1, 2])
        assert told_by(connection, {"songnhue": digest(newer), "bao": digest(rig.cleaner)}, [1, 2]) == {}
        assert told_by(connection, {}, [1]) == {}
    ((capture_id, (reading_id, told)),) = found.items()
    assert (capture_id, reading_id, told.outcome, told.title) == (1, 1, "ok", "Tin số 101")
    assert told.paragraphs == (OLD, SLOGAN)
