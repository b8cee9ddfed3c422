"""What holds for every test: no network but loopback, the same examples each time, and the recorded portal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import settings
from pytest_socket import socket_allow_hosts

from pipelines.layouts import Layouts
from tests.portal import WARC, require_recording

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=100, database=None)
settings.load_profile("fixed")

ARTICLE = "/-/view_content/"


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def layouts() -> Layouts:
    """The layouts that are shipped."""
    return Layouts.load()


@pytest.fixture(scope="session")
def portal_pages() -> list[tuple[str, bytes]]:
    """(address, payload) of all article pages of the recorded portal, print copies left out."""
    require_recording()
    return [(url, payload) for url, payload in _responses(WARC) if ARTICLE in url and "/pop_up/" not in url]


def _responses(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=True):
            if record.headers["WARC-Type"] == "response":
                yield record.headers["WARC-Target-URI"].strip("<>"), record.reader.read()
