import re
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from archive.export import KEYS
from archive.models import Base
from archive.views import VIEWS

DOC = (Path(__file__).parents[2] / "docs" / "database.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sql\n(.*?)```", DOC, re.S)


def _documented() -> dict[str, list[str]]:
    """Table or view → the columns that its section lists, in order."""
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOC, re.S | re.M)
    return {name: re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", section, re.M) for name, section in sections}


def test_the_doc_lists_every_table_and_view_and_no_other() -> None:
    assert set(_documented()) == {*Base.metadata.tables, *VIEWS}


@pytest.mark.parametrize("name", sorted(Base.metadata.tables))
def test_the_doc_lists_every_column_of_a_table_in_order(name: str) -> None:
    assert _documented()[name] == [column.name for column in Base.metadata.tables[name].columns]


def test_the_doc_lists_every_column_of_a_view_in_order(archive: Connection) -> None:
    columns = {name: [column["name"] for column in inspect(archive).get_columns(name)] for name in VIEWS}
    assert {name: _documented()[name] for name in VIEWS} == columns


def test_the_doc_gives_the_keys_of_an_export_row_in_order() -> None:
    assert f"\n`{' '.join(KEYS)}`\n" in DOC


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_in_the_doc_runs_and_finds_something(archive: Connection, number: int) -> None:
    assert archive.execute(text(EXAMPLES[number])).all()


def test_an_example_for_one_database_runs_there(archive: Connection) -> None:
    examples = re.findall(rf"```{archive.dialect.name}\n(.*?)```", DOC, re.S)
    assert examples
    for example in examples:  # the sample has no removed lines
        archive.execute(text(example)).all()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4
