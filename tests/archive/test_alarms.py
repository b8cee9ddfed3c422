"""What is wrong now: a simulated history, looked at day by day, on both databases."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, update

from archive import alarms
from archive.alarms import Alarm, Expected
from archive.database import connect
from archive.models import (
    Article,
    Capture,
    CaptureReading,
    Cleaner,
    Content,
    Crawl,
    Edition,
    Frontier,
    Host,
    Promotion,
    Reading,
    Source,
)

FIRST = datetime(2025, 1, 6, 2, tzinfo=UTC)  # a Monday morning in Vietnam
DAY = timedelta(days=1)
CLEANER = "c" * 64


class History:
    """A source's past, written straight into the tables: captures of lists and articles, day by day."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self._count = connection, 0
        self._add(Source, id="quan", name="Quận", level="district", layout="hanoi-liferay", listed=True)
        self._add(Cleaner, digest=CLEANER, manifest={}, first_used_at=FIRST)
        self._add(Promotion, source_id="quan", cleaner_digest=CLEANER, promoted_at=FIRST, reason="first")
        self.crawled(FIRST)

    def _add(self, model: type, **values: object) -> int:
        result = self.connection.execute(insert(model).values(**values))
        return int(result.inserted_primary_key[0]) if isinstance(result.inserted_primary_key[0], int) else 0

    def crawled(self, at: datetime, sources: tuple[str, ...] = ("quan",)) -> None:
        values = {"outcome": "finished", "software": "", "config": {"sources": list(sources)}, "counts": {}}
        self._crawl = self._add(Crawl, key=f"crawl-{at:%Y%m%d%H%M}", started_at=at, **values)

    def captured(self, kind: str, at: datetime, key: str | None = None, outcome: str = "ok") -> int:
        self._count += 1
        place = {"warc_file": "f", "warc_offset": self._count, "warc_length": 1, "preference": 0}
        address = {"url": f"https://quan/{key or 'list'}", "url_key": f"quan/{key or 'list'}"}
        digests = {"payload_digest": f"{self._count:064}", "stored_digest": f"{self._count:064}"}
        said = {"source_id": "quan", "crawl_id": self._crawl, "captured_at": at, "kind": kind, "article_key": key}
        return self._add(Capture, outcome=outcome, status=200, **said, **address, **digests, **place)

    def looked(self, at: datetime, outcome: str = "ok") -> None:
        """The list was read."""
        self.captured("list", at, outcome=outcome)

    def article(self, at: datetime, *, dated: bool = True, title: str | None = "Tin", body: str = "Lời") -> None:
        """An article, published and captured then."""
        number = self._count
        content = f"{number:064}"
        capture = self.captured("article", at, f"quan:{number}")
        self._add(Content, content_hash=content, body_hash=content, title=title, body=body)
        blank = {"captions": [], "removed": [], "restored": [], "evidence": [], "warnings": []}
        published = f"{at + timedelta(hours=7):%Y-%m-%dT%H:%M:%S}+07:00" if dated else None
        values = {
            "input_digest": content,
            "cleaner_digest": CLEANER,
            "layout": "hanoi-liferay",
            "content_hash": content,
        }
        reading = self._add(Reading, published_at=published, **values, **blank)
        tie = {"capture_id": capture, "cleaner_digest": CLEANER, "reading_id": reading}
        self.connection.execute(insert(CaptureReading).values(outcome="ok", **tie))
        times = {"first_captured_at": at, "last_captured_at": at}
        stem = {"article_key": f"quan:{number}", "source_id": "quan", "url": "https://quan/x"}
        article = self._add(Article, current_reading_id=reading, **stem, **times)
        seen = {"observed_from": at, "observed_to": at, "first_capture_id": capture, "last_capture_id": capture}
        edition = {"article_id": article, "cleaner_digest": CLEANER, "ordinal": 1, "content_hash": content}
        current = self._add(Edition, **edition, **seen)
        self.connection.execute(update(Article).where(Article.id == article).values(current_edition_id=current))

    def weekdays(self, weeks: int) -> datetime:
        """A source that publishes from Monday to Friday and is looked at every day; the last Friday."""
        for number in range(weeks * 7):
            at = FIRST + number * DAY
            self.looked(at)
            if at.weekday() < 5:
                self.article(at)
        return FIRST + (weeks * 7 - 3) * DAY

    def silent(self) -> list[Alarm]:
        return alarms.silent(self.connection, ["quan"])


@pytest.fixture
def history(database_url: str) -> Iterator[History]:
    engine = connect(database_url)
    with engine.begin() as connection:
        yield History(connection)
    engine.dispose()


def test_a_source_that_falls_silent_is_named_on_the_right_day_and_not_before(history: History) -> None:
    friday = history.weekdays(8)
    said = {}
    for number in range(3, 13):  # from Monday on nothing comes any more
        history.looked(friday + number * DAY)
        said[number] = [alarm.figures["days"] for alarm in history.silent()]
    # Nineteen of twenty gaps are three days (Friday to Monday) or less; three times that is nine.
    assert said == {number: [number] if number > 9 else [] for number in range(3, 13)}
    (alarm,) = history.silent()
    assert (alarm.id, alarm.figures["newest"], alarm.figures["allowed_days"]) == ("silent", f"{friday:%Y-%m-%d}", 9)


def test_a_weekend_makes_no_alarm(history: History) -> None:
    friday = history.weekdays(8)
    for number in (1, 2, 3):
        history.looked(friday + number * DAY)
        assert history.silent() == []


def test_a_source_that_nobody_looked_at_has_not_fallen_silent(history: History) -> None:
    friday = history.weekdays(8)
    history.looked(friday + 40 * DAY, outcome="failed")
    assert history.silent() == []
    found = alarms.wrong(history.connection, [Expected("quan", DAY)], friday + 60 * DAY)
    assert [alarm.id for alarm in found] == ["overdue"]


def test_undated_articles_are_signs_of_life_by_their_first_capture(history: History) -> None:
    friday = history.weekdays(8)
    history.article(friday + 12 * DAY, dated=False)
    history.looked(friday + 14 * DAY)
    assert history.silent() == []


def test_a_date_in_the_future_is_no_sign_of_life(history: History) -> None:
    friday = history.weekdays(8)
    history.article(friday + 200 * DAY)
    history.looked(friday + 12 * DAY)
    assert [alarm.id for alarm in history.silent()] == ["silent"]


@pytest.mark.parametrize(("days", "knows"), [(19, False), (20, True)])
def test_little_history_says_nothing(days: int, knows: bool) -> None:
    past = [date(2025, 1, 1) + number * DAY for number in range(days)]
    assert (alarms.longest_silence(past) is not None) == knows


def test_only_the_last_year_says_what_is_usual() -> None:
    rare = [date(2020, 1, 1) + number * 60 * DAY for number in range(30)]
    daily = [date(2025, 3, 1) + number * DAY for number in range(60)]
    assert alarms.longest_silence([*rare, *daily]) == timedelta(days=7)
    assert alarms.longest_silence([rare[0] + number * 10 * DAY for number in range(30)]) == timedelta(days=30)


@pytest.mark.parametrize(
    ("broken", "named"),
    [({"dated": False}, "published_at"), ({"title": None}, "title"), ({"body": ""}, "body")],
)
def test_a_layout_that_stopped_matching_names_the_field(history: History, broken: dict[str, bool], named: str) -> None:
    friday = history.weekdays(8)
    for number in range(15):
        assert alarms.layout_broken(history.connection, "quan") is None or number > 6, "a few are no redesign"
        history.article(friday + number * timedelta(minutes=1) + DAY, **broken)  # type: ignore[arg-type]
    alarm = alarms.layout_broken(history.connection, "quan")
    assert alarm is not None
    assert set(alarm.figures) == {named, "pages", "pages_before"}
    assert named in alarm.says


def test_a_field_that_was_never_there_is_no_fault_of_the_layout(history: History) -> None:
    for number in range(60):
        history.article(FIRST + number * DAY, dated=number % 3 == 0)
    assert alarms.layout_broken(history.connection, "quan") is None


def test_a_source_below_what_was_expected_is_named_once_it_is_collected(history: History) -> None:
    history.weekdays(1)
    expected = [Expected("quan", DAY, minimum=6)]
    now = FIRST + 7 * DAY
    assert [alarm.figures for alarm in alarms.wrong(history.connection, expected, now)] == [
        {"articles": 5, "expected": 6}
    ]
    waiting = {"source_id": "quan", "url_key": "quan/y", "url": "https://quan/y", "kind": "article", "attempts": 0}
    history.connection.execute(insert(Frontier).values(discovered_at=FIRST, due_at=FIRST, **waiting))
    assert alarms.wrong(history.connection, expected, now) == [], "the first round is still under way"
    assert alarms.wrong(history.connection, [Expected("quan", DAY, minimum=5)], now) == []


def test_a_source_is_overdue_after_two_rhythms_and_an_hour(history: History) -> None:
    history.looked(FIRST)
    daily = [Expected("quan", DAY)]
    late = FIRST + 2 * DAY + timedelta(hours=1)
    assert alarms.overdue(history.connection, daily, late) == []
    (alarm,) = alarms.overdue(history.connection, daily, late + timedelta(seconds=1))
    assert (alarm.id, alarm.figures) == ("overdue", {"hours": 49, "rhythm_hours": 24.0})
    history.crawled(FIRST + 2 * DAY)  # found nothing due, but was there
    assert alarms.overdue(history.connection, daily, late + timedelta(seconds=1)) == []


def test_a_source_never_collected_is_overdue_once_the_collection_is_that_old(history: History) -> None:
    history._add(Source, id="moi", name="Mới", level="ward", layout="vccorp", listed=True)
    expected = [Expected("moi", DAY), Expected("not-in-the-database", DAY)]
    assert alarms.overdue(history.connection, expected, FIRST + 2 * DAY) == []
    (alarm,) = alarms.overdue(history.connection, expected, FIRST + 3 * DAY)
    assert (alarm.source_id, alarm.never) == ("moi", True)


def test_a_dead_host_is_named_and_nothing_else_of_what_follows_from_it(history: History) -> None:
    history.looked(FIRST)
    memory = {"failures": 3, "first_failed_at": FIRST, "last_failed_at": FIRST, "reason": "no address by that name"}
    history.connection.execute(insert(Host).values(host="quan.example.vn", **memory))
    expected = [Expected("quan", DAY, hosts=frozenset({"quan.example.vn"}))]
    found = alarms.wrong(history.connection, expected, FIRST + 30 * DAY)
    assert [alarm.id for alarm in found] == ["dead-host"]
    assert found[0].figures["failures"] == 3
