"""The sample, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from archive.database import connect, reading


@pytest.fixture
def archive(sample_url: str) -> Iterator[Connection]:
    """A connection that reads the sample."""
    engine = connect(sample_url)
    try:
        with reading(engine) as connection:
            yield connection
    finally:
        engine.dispose()
