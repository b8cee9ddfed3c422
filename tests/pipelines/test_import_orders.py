"""Three years of captures give the same collection in whatever order and files they are imported."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.imports import Collection, address, body, moment, named, page, refers, request, revisit, write
from tests.pipelines.conftest import Make
from tests.warcs import record, response, sha1

SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>".encode()
THERE = "hoat-ong-ang"
Unit = tuple[float, list[bytes]]


def absent(number: int, days: float, status: str = "HTTP/1.1 404 Not Found") -> Unit:
    return days, [response(b"<p>?</p>", url=address(number), status=status, **named(moment(days), address(number)))]


def soft(number: int, days: float) -> Unit:
    return days, [response(SOFT, url=address(number), **named(moment(days), address(number)))]


def moved(number: int, days: float) -> Unit:
    said = response(
        b"",
        f"Location: {address(number, THERE)}",
        url=address(number),
        status="HTTP/1.1 301 Moved Permanently",
        **named(moment(days), address(number)),
    )
    return days, [said]


def shown(number: int, days: float, words: str, section: str = "tin-tuc", **said: str) -> Unit:
    url = address(number, section)
    return days, [request(moment(days), url), page(number, words, moment(days), url, **said)]


def same(number: int, days: float, first: float, section: str = "tin-tuc", *, head: bool = True) -> Unit:
    """A revisit that says by address and time what it refers to."""
    url, to = address(number, section), refers(address(number), moment(first))
    if head:
        return days, [revisit(moment(days), url, **to)]
    return days, [record("revisit", b"", url, **named(moment(days), url, **to))]


def same_by_id(number: int, days: float, first: float) -> Unit:
    """An original and revisits that name its id or its payload: those stand in one file."""
    url, payload = address(number), sha1(body(number, "Không đổi."))
    original = response(body(number, "Không đổi."), url=url, WARC_Payload_Digest=payload, **named(moment(first), url))
    record_id = named(moment(first), url)["WARC_Record_ID"]
    return days, [
        original,
        revisit(moment(days), url, WARC_Refers_To=record_id),
        revisit(moment(days + 1), url, WARC_Payload_Digest=payload),
    ]


def unchanged(number: int, days: float) -> Unit:
    return days, [revisit(moment(days), address(number), status="HTTP/1.1 304 Not Modified")]


def three_years() -> list[Unit]:
    units: list[Unit] = []
    for number in range(1, 9):
        units += [shown(number, number * 10, f"Bài {number}."), same(number, number * 10 + 90, number * 10)]
        units += [shown(number, 400 + number, f"Bài {number}, đã sửa."), unchanged(number, 500 + number)]
        units += [shown(number, 700 + number, f"Bài {number}."), same(number, 1000 + number, number * 10, head=False)]
    return [
        *units,
        shown(20, 1, "Một.", date="20/05/2023"), shown(20, 300, "Một.", date="18/05/2023"), absent(20, 900),
        shown(21, 2, "Hai."), absent(21, 300), soft(21, 310), shown(21, 600, "Hai."),
        absent(21, 1001, "HTTP/1.1 503 Service Unavailable"),
        shown(22, 3, "Ba."), shown(22, 3.1, "Ba.", THERE), shown(22, 700, "Ba, sửa.", THERE), same(22, 701, 3),
        shown(23, 4, "Bốn."), moved(23, 500), shown(23, 501, "Bốn.", THERE), same(23, 502, 4, THERE),
        shown(24, 5, "Năm."), soft(24, 800),
        absent(25, 6), absent(25, 700),
        same_by_id(26, 900, 7), same_by_id(27, 1090, 8),
        same(28, 400, 401), same(28, 700, 2), shown(28, 401, "Tám."),
        shown(29, 9, "Chín.", title="Tựa cũ"), shown(29, 650, "Chín.", title="Tựa mới"),
        shown(29, 651, "Chín.", title="Tựa cũ"),
    ]  # fmt: skip


def newest_first(units: Sequence[Unit]) -> list[Unit]:
    return sorted(units, key=lambda unit: -unit[0])


def shuffled(seed: int) -> Callable[[Sequence[Unit]], list[Unit]]:
    def shuffle(units: Sequence[Unit]) -> list[Unit]:
        return random.Random(seed).sample(list(units), len(units))

    return shuffle


def records_of(units: Sequence[Unit]) -> list[bytes]:
    return [one for _, records in units for one in records]


@pytest.fixture
def straight(collection: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """All of it from one file, oldest first, in small batches."""
    monkeypatch.setattr("pipelines.importing._BATCH_RECORDS", 7)
    here = collection("straight")
    here.one(write(tmp_path / "straight.warc.gz", records_of(sorted(three_years()))))
    return here


def test_the_three_years_are_what_they_were_made_to_be(straight: Collection) -> None:
    editions = dict(straight.rows("SELECT article_key, count(*) FROM v_edition GROUP BY 1"))
    assert editions == {
        **{f"songnhue:{number}": 3 for number in range(1, 9)},
        **dict.fromkeys(["songnhue:20", "songnhue:21", "songnhue:23", "songnhue:24", "songnhue:26"], 1),
        **dict.fromkeys(["songnhue:27", "songnhue:28"], 1),
        "songnhue:22": 3,
        "songnhue:29": 3,
    }
    gone = "SELECT article_key FROM v_article WHERE gone_at IS NOT NULL ORDER BY 1"
    assert straight.column(gone) == ["songnhue:20", "songnhue:24"]
    outcomes = dict(straight.rows("SELECT outcome, count(*) FROM v_capture GROUP BY 1"))
    assert outcomes.keys() == {
        "ok",
        "revisit-identical",
        "revisit-not-modified",
        "redirected",
        "gone",
        "soft-gone",
        "failed",
    }
    assert straight.column("SELECT field FROM v_metadata_change") == ["published_at"]
    assert straight.faults() == []


@pytest.mark.parametrize("order", [newest_first, shuffled(1), shuffled(2)], ids=["newest first", "shuffled", "again"])
def test_one_file_in_any_order_gives_the_same(
    order: Callable[[Sequence[Unit]], list[Unit]], straight: Collection, collection: Make, tmp_path: Path
) -> None:
    here = collection()
    records = records_of(order(three_years()))
    here.one(write(tmp_path / "a.warc.gz", records))
    assert here.told() == straight.told()
    if order is not newest_first:
        assert here.rebuilt(tmp_path / "again").told() == straight.told()


def test_one_file_with_its_records_torn_apart_gives_the_same(
    straight: Collection, collection: Make, tmp_path: Path
) -> None:
    here, records = collection(), records_of(three_years())
    here.one(write(tmp_path / "a.warc.gz", random.Random(3).sample(records, len(records)), "stream"))
    assert here.told() == straight.told()


@pytest.mark.parametrize("order", [newest_first, shuffled(4), shuffled(5)], ids=["newest first", "shuffled", "again"])
def test_many_files_in_any_order_give_the_same(
    order: Callable[[Sequence[Unit]], list[Unit]], straight: Collection, collection: Make, tmp_path: Path
) -> None:
    units = order(three_years())
    parts = [units[start : start + 9] for start in range(0, len(units), 9)]
    files = [write(tmp_path / f"{n}.warc.gz", records_of(part)) for n, part in enumerate(parts)]
    at_once, one_by_one = collection("at once"), collection("one by one")
    at_once.take(*files)
    for file in files:
        one_by_one.take(file)
    assert at_once.told() == one_by_one.told() == straight.told()
    assert at_once.rebuilt(tmp_path / "again").told() == straight.told()
    assert one_by_one.faults() == []


def test_the_change_feed_of_any_order_leads_to_the_same_articles(
    straight: Collection, collection: Make, tmp_path: Path
) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", records_of(newest_first(three_years()))))
    told = "SELECT DISTINCT article_key FROM v_change WHERE kind = 'article' ORDER BY 1"
    assert here.column(told) == straight.column(told) == straight.column("SELECT article_key FROM v_article ORDER BY 1")
