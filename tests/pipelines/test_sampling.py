"""Which texts are looked at: the newest of each article, the same ones each time, and what cannot be read is said."""

from collections.abc import Callable, Sequence
from pathlib import Path

from archive.database import reading
from archive.records import Capture
from archive.segments import find_segment
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from pipelines.repetition import Survey, hash_of
from pipelines.sampling import Sampled, sample, survey
from tests.recleans import SOFT
from tests.rig import THERE, Database, Rig, address, day
from tests.surveys import own_words

Make = Callable[..., Database]


def sampled(database: Database, folder: Path, most: int = 100) -> list[Sampled]:
    with reading(database.engine) as connection:
        return sample(connection, folder / "archive", "songnhue", most)


def surveyed(wanted: Sequence[Sampled], cleaner: Cleaner, layout: str | None = None) -> tuple[Survey, list[str]]:
    counted: list[int] = []
    found = survey(wanted, cleaner, layout, counted.append)
    assert sum(counted) == len(wanted)
    return found


def words(found: Survey, key: str) -> list[int]:
    (lines,) = (list(one.lines) for one in found.articles if one.key == key)
    return lines


def pages(rig: Rig, count: int) -> list[Capture]:
    return [rig.page(100 + n, "</p><p>".join(own_words(n)), day(n)) for n in range(count)]


def test_the_newest_capture_of_each_article_is_looked_at(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    old, new = own_words(1), own_words(2)
    rig.page(101, old[0], day(0))
    captures = [rig.page(101, old[0], day(0)), rig.page(101, new[0], day(3), THERE), rig.page(101, old[1], day(1))]
    database.take([*captures, rig.gone(101, day(9)), rig.attempt(address(102), SOFT, day(9), "crawl-9")])
    found, problems = surveyed(sampled(database, tmp_path), rig.cleaner)
    assert problems == []
    assert [one.key for one in found.articles] == ["songnhue:101"]
    assert words(found, "songnhue:101") == [hash_of(new[0])]


def test_a_revisit_is_read_from_the_record_that_has_its_bytes(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    first = rig.page(101, own_words(1)[0], day(0))
    database.take([first, rig.page(101, own_words(2)[0], day(1)), rig.again(first, day(2))])
    found, problems = surveyed(sampled(database, tmp_path), rig.cleaner)
    assert problems == []
    assert words(found, "songnhue:101") == [hash_of(own_words(1)[0])]


def test_a_sample_is_the_same_each_time_and_part_of_a_larger_one(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    database.take(pages(rig, 12))
    few, more = sampled(database, tmp_path, 5), sampled(database, tmp_path, 9)
    assert (len(few), len(more)) == (5, 9)
    assert sampled(database, tmp_path, 5) == few
    assert {one.article_key for one in few} != {f"songnhue:{100 + n}" for n in range(5)}  # not simply the oldest
    assert {one.article_key for one in few} < {one.article_key for one in more}
    assert [one.record.offset for one in more] == [
        one.record.offset for one in sorted(more, key=lambda one: (one.record.segment, one.record.offset))
    ]


def test_a_record_that_cannot_be_read_is_named_and_the_rest_is_counted(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    captures = pages(rig, 3)
    database.take(captures)
    rig.seal()
    place = captures[1].location
    path = find_segment(tmp_path / "archive", place.file)
    data = bytearray(path.read_bytes())
    data[place.offset + 30 : place.offset + 60] = bytes(30)
    path.write_bytes(data)
    found, (problem,) = surveyed(sampled(database, tmp_path), rig.cleaner)
    assert str(place.offset) in problem
    assert len(found.articles) == 2


def test_a_layout_can_be_asked_for(make: Make, rig: Rig, layouts: Layouts, tmp_path: Path) -> None:
    database = make()
    database.take(pages(rig, 2))
    wanted = sampled(database, tmp_path)
    assert len(surveyed(wanted, rig.cleaner, "hanoi-liferay")[0].articles) == 2
    assert surveyed(wanted, rig.cleaner, "img-editor")[0].articles == []
