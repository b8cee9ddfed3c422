"""The catalogue in the database: what the files say now, as rows that other tools join."""

from datetime import date

import pytest
from sqlalchemy import Engine, event, text

from archive.catalogue import SourceFacts, Term, UnitFacts, note
from archive.database import connect

CITY = UnitFacts("ha-noi", "Hà Nội", "thành phố", "city")
WARD = UnitFacts("phuong-song-nhue", "Sông Nhuệ", "phường", "ward", "ha-noi", since=date(2025, 7, 1))
DISTRICT = UnitFacts(
    "quan-song-nhue",
    "Sông Nhuệ",
    "quận",
    "district",
    "ha-noi",
    until=date(2025, 6, 30),
    successors=(("phuong-song-nhue", "most", True),),
)
SOURCE = SourceFacts(
    "songnhue",
    "Quận ủy Sông Nhuệ",
    "district",
    "vccorp",
    unit_id="quan-song-nhue",
    verified=True,
    evidence="made up",
    hosts=(Term("songnhue.example.vn", until=date(2025, 6, 30)), Term("cu.songnhue.example.vn")),
    layouts=(Term("hanoi-liferay", until=date(2023, 5, 31)), Term("vccorp", since=date(2023, 6, 1))),
)


@pytest.fixture
def engine(database_url: str) -> Engine:
    return connect(database_url)


def _note(engine: Engine, *sources: SourceFacts, units: tuple[UnitFacts, ...] = (WARD, DISTRICT, CITY)) -> None:
    with engine.begin() as connection:
        note(connection, sources, units)


def _rows(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_a_source_is_joined_with_its_unit_and_the_units_above(engine: Engine) -> None:
    _note(engine, SOURCE)
    columns = "source_id, level, unit_name, unit_until, parent_unit_name, layout, verified, evidence"
    expected = ("songnhue", "district", "Sông Nhuệ", "2025-06-30", "Hà Nội", "vccorp", True, "made up")
    assert _rows(engine, f"SELECT {columns} FROM v_source") == [expected]
    assert _rows(engine, "SELECT * FROM unit_successor") == [("quan-song-nhue", "phuong-song-nhue", "most", True)]
    engine.dispose()


def test_hosts_and_layouts_stand_with_their_days(engine: Engine) -> None:
    _note(engine, SOURCE)
    assert _rows(engine, "SELECT host, since, until FROM source_host ORDER BY host") == [
        ("cu.songnhue.example.vn", None, None),
        ("songnhue.example.vn", None, "2025-06-30"),
    ]
    assert _rows(engine, "SELECT layout, since, until FROM source_layout ORDER BY layout") == [
        ("hanoi-liferay", None, "2023-05-31"),
        ("vccorp", "2023-06-01", None),
    ]
    engine.dispose()


def test_what_the_catalogue_says_now_is_what_holds(engine: Engine) -> None:
    _note(engine, SOURCE)
    moved = SourceFacts("songnhue", "Sông Nhuệ", "district", "vccorp", hosts=(Term("moi.example.vn"),))
    alone = UnitFacts("quan-song-nhue", "Sông Nhuệ", "quận", "district", "ha-noi")
    _note(engine, moved, units=(CITY, alone))
    assert _rows(engine, "SELECT name, verified FROM source") == [("Sông Nhuệ", False)]
    assert _rows(engine, "SELECT host FROM source_host") == [("moi.example.vn",)]
    assert _rows(engine, "SELECT * FROM source_layout") == []
    assert _rows(engine, "SELECT * FROM unit_successor") == []
    assert _rows(engine, "SELECT until FROM unit WHERE id = 'quan-song-nhue'") == [(None,)]
    engine.dispose()


def test_what_is_said_again_is_not_written_again(engine: Engine) -> None:
    _note(engine, SOURCE)
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: said.append(arguments[2]))
    _note(engine, SOURCE)
    assert [statement for statement in said if statement.startswith(("INSERT", "UPDATE", "DELETE"))] == []
    assert said
    engine.dispose()


def test_another_source_keeps_its_hosts(engine: Engine) -> None:
    _note(engine, SOURCE)
    _note(engine, SourceFacts("bao", "Báo", "press", "img-editor", hosts=(Term("bao.example.vn"),)), units=())
    assert len(_rows(engine, "SELECT * FROM source_host")) == 3
    engine.dispose()
