"""How often rules fired: lines, readings and articles of what readers see, and of nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from archive.database import connect, reading
from archive.firing import Fired, fired
from archive.models import CaptureReading, Promotion, Reading
from tests.sample import BODY, CLEANER, LEAD, OLDER_CLEANER, START, TITLE, Sample, day, fill

HERE, THERE = "https://songnhue.hanoi.gov.vn/a/101", "https://songnhue.hanoi.gov.vn/b/101"


def taken(*lines: tuple[str, str]) -> list[dict[str, str]]:
    return [{"rule": rule, "text": text} for rule, text in lines]


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    engine = connect(database_url)
    with engine.begin() as connection:
        fill(connection)
    with Session(engine) as session:
        yield session
    engine.dispose()


def add(session: Session, key: str, url: str, at: int, removed: list[dict[str, str]], layout: str | None = None) -> Any:
    """A capture of an article whose reading has these removed lines."""
    sample = Sample(session)
    capture = sample.capture(key, url, day(at), sample.content(TITLE, LEAD, BODY))
    read = sample._reading(capture)
    read.removed, read.layout = removed, layout or read.layout
    session.flush()
    return read


def found(session: Session, *arguments: str | None, samples: int = 1) -> dict[tuple[str, str], Fired]:
    session.commit()
    with reading(session.get_bind()) as connection:  # type: ignore[arg-type]
        return fired(connection, *arguments, samples=samples)[0]


def test_lines_readings_and_articles_are_counted_each_once(session: Session) -> None:
    first = add(session, "songnhue:101", HERE, 90, taken(("desk", "Ban biên tập"), ("desk", "Tin"), ("tools", "In")))
    add(session, "songnhue:101", THERE, 95, taken(("desk", "Ban biên tập")))
    add(session, "songnhue:102", HERE, 93, taken(("desk", "Tòa soạn")))
    again = Sample(session).capture("songnhue:101", HERE, day(99))
    tie = {"capture_id": again.id, "cleaner_digest": CLEANER, "reading_id": first.id}
    session.add(CaptureReading(outcome="revisit-identical", **tie))
    desk = found(session)["hanoi-liferay", "desk"]
    assert (desk.lines, desk.readings, desk.articles) == (4, 3, 2)
    assert (desk.first_captured_at, desk.last_captured_at) == (day(90), day(99))
    assert desk.samples == [("songnhue:101", "Ban biên tập")]
    assert found(session, samples=5)["hanoi-liferay", "desk"].samples[1] == ("songnhue:102", "Tòa soạn")
    assert found(session)["hanoi-liferay", "tools"].articles == 1


def test_only_what_the_promoted_cleaner_read_counts(session: Session) -> None:
    read = add(session, "songnhue:101", HERE, 90, taken(("desk", "Ban biên tập")))
    older = Reading(
        **{c.name: getattr(read, c.name) for c in Reading.__table__.columns if c.name not in ("id", "cleaner_digest")},
        cleaner_digest=OLDER_CLEANER,
    )
    older.removed = taken(("old", "Cũ"))
    session.add(older)
    session.flush()
    capture_id = session.query(CaptureReading).filter_by(reading_id=read.id).one().capture_id
    tie = {"capture_id": capture_id, "cleaner_digest": OLDER_CLEANER, "reading_id": older.id}
    session.add(CaptureReading(outcome="ok", **tie))
    assert found(session).keys() == {("hanoi-liferay", "desk")}
    session.add(Promotion(source_id="songnhue", cleaner_digest=OLDER_CLEANER, promoted_at=START, reason="back"))
    assert found(session).keys() == {("hanoi-liferay", "old")}


def test_a_source_or_a_layout_can_be_asked_for(session: Session) -> None:
    add(session, "songnhue:101", HERE, 90, taken(("desk", "Ban biên tập")))
    add(session, "bao:825", "https://bao.example.vn/825.html", 90, taken(("desk", "Tòa soạn")), layout="img-editor")
    assert found(session).keys() == {("hanoi-liferay", "desk"), ("img-editor", "desk")}
    assert found(session, "bao").keys() == {("img-editor", "desk")}
    assert found(session, None, "hanoi-liferay").keys() == {("hanoi-liferay", "desk")}
    assert found(session, "bao", "hanoi-liferay") == {}


def test_the_readings_of_each_layout_are_counted_whether_a_rule_fired_or_not(session: Session) -> None:
    session.commit()
    with reading(session.get_bind()) as connection:  # type: ignore[arg-type]
        rules, readings = fired(connection)
    assert rules == {}
    assert readings == {"hanoi-liferay": 9}
