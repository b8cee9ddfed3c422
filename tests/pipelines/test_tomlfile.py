"""TOML files that people write: every complaint names file, line and remedy."""

from datetime import date
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from archive.errors import ConfigError
from pipelines.tomlfile import Table, line_numbers, line_of, load


class Shelf(Table):
    name: str
    books: Annotated[tuple[str, ...], Field(strict=False)] = ()


class Library(Table):
    city: str
    opened: date | None = None
    seats: int = 0
    shelf: Annotated[tuple[Shelf, ...], Field(strict=False)] = ()


def complaint(tmp_path: Path, text: str) -> str:
    path = tmp_path / "thu-vien.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, Library)
    assert caught.value.exit_code == 2
    said = str(caught.value)
    assert said.startswith(str(path))
    return said.removeprefix(str(path))


def test_a_good_file_becomes_a_table_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "thu-vien.toml"
    shelf = '[[shelf]]\nname = "Văn"\nbooks = ["Truyện Kiều"]\n'
    path.write_text(f'city = "Hà Nội"\nopened = 1919-02-01\n\n{shelf}', encoding="utf-8")
    library, lines = load(path, Library)
    shelves = (Shelf(name="Văn", books=("Truyện Kiều",)),)
    assert library == Library(city="Hà Nội", opened=date(1919, 2, 1), shelf=shelves)
    assert [lines["city",], lines["opened",], lines["shelf", 0], lines["shelf", 0, "books"]] == [1, 2, 4, 6]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('city = "Hà Nội"\nseat = 5\n', ":2: unknown key 'seat'. Correct its spelling or remove it"),
        ('city = "A"\n[[shelf]]\nname = "B"\n[[shelf]]\nname = "C"\nnam = 1\n', ":6: unknown key 'shelf.1.nam'"),
        ('city = "A"\n\n[[shelf]]\nbooks = []\n', ":3: 'shelf.0.name' is missing. Add it"),
        ('seats = 5\n', ": 'city' is missing. Add it"),
        ('city = "A"\nseats = "5"\n', ":2: 'seats': Input should be a valid integer (it is '5'). Correct the value"),
        ('city = "A"\nseats = true\n', ":2: 'seats': "),
        ('city = "A"\nopened = "1919-02-01"\n', ":2: 'opened': "),
        ('city = "A"\n[[shelf]]\nname = "B"\nbooks = [\n  "x",\n  7,\n]\n', ":4: 'shelf.0.books.1': "),
        ('city = "A"\n[[shelves]]\nname = "B"\n', ":2: unknown key 'shelves'. Correct"),
        ('city = "A"\n[[shelf]]\nnmae = "B"\n', ":3: unknown key 'shelf.0.nmae'. Correct"),
        ('city = "A"\nseats = = 5\n', ":2: not TOML ("),
        ('city = "A"\ncity = "B"\n', "not TOML ("),
    ],
)  # fmt: skip
def test_a_complaint_names_the_line_and_the_remedy(text: str, said: str, tmp_path: Path) -> None:
    found = complaint(tmp_path, text)
    assert said in found
    assert found.rpartition(". ")[2].startswith(("Correct", "Add"))


def test_a_file_that_is_not_there_or_not_utf_8_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"khong-co\.toml: cannot be read .*Check the path"):
        load(tmp_path / "khong-co.toml", Library)
    path = tmp_path / "cu.toml"
    path.write_bytes('city = "Hà Tây"'.encode("cp1258"))
    with pytest.raises(ConfigError, match=r"cu\.toml: cannot be read .*UTF-8"):
        load(path, Library)


def test_a_loaded_table_does_not_change(tmp_path: Path) -> None:
    library = Library(city="Hà Nội")
    with pytest.raises(ValueError, match="frozen"):
        library.city = "Huế"  # type: ignore[misc]


def test_lines_are_found_for_headers_however_they_are_written() -> None:
    text = '# lời chú\n[a.b]\nx = 1\n["c"]\n  y = 2 # y\n[[d]]\n[[ d ]]\nz = 3\n'
    lines = line_numbers(text)
    expected = {("a", "b"): 2, ("a", "b", "x"): 3, ("c",): 4, ("c", "y"): 5, ("d", 0): 6, ("d", 1): 7, ("d", 1, "z"): 8}
    assert expected.items() <= lines.items()
    assert line_of(lines, ("d", 1, "z", "w")) == 8
    assert line_of(lines, ("d", 0, "z")) == 6
    assert line_of(lines, ("e",)) is None
