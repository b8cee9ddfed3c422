"""Collections to rescue into, on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.layouts import Layouts
from tests.databases import Databases
from tests.imports import Collection
from tests.rescues import Rescuing

Make = Callable[..., Rescuing]


@pytest.fixture
def rescuing(tmp_path: Path, databases: Databases, layouts: Layouts) -> Iterator[Make]:
    """Makes collections that are rescued into, each with a home of its own."""
    made: list[Collection] = []

    def make(name: str = "home") -> Rescuing:
        made.append(Collection(tmp_path / name, databases, layouts))
        return Rescuing(made[-1])

    yield make
    for one in made:
        one.close()
