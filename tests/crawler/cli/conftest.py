"""The command line run in this process, on a home that holds the sample."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.database import upgrade
from archive.home import Home
from crawler.cli.app import main
from pipelines.layouts import Layouts
from tests.desk import LOUD, OLD, SOFT, Desk, Ended, desk_at
from tests.rig import address, day
from tests.sample import fill_database

Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database holds the sample; for commands that only read."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.create()
    upgrade(home.default_database)
    fill_database(home.default_database)
    return home.path


@pytest.fixture
def bantin(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], sample_url: str) -> Run:
    """Run ``bantin`` with arguments, on the sample's database unless they begin with ``--home``."""
    for name in [name for name in os.environ if name.startswith("BANTIN_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Ended:
        place = () if arguments[:1] == ("--home",) else ("--database", sample_url)
        monkeypatch.setattr(sys, "argv", ["bantin", *place, *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, said = capfd.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, out, said)

    return run


@pytest.fixture
def desk(
    tmp_path: Path, layouts: Layouts, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    with desk_at(tmp_path, layouts, monkeypatch, capfd) as made:
        rig = made.rig
        made.database.take(
            [rig.page(101, LOUD, day(0)), rig.page(102, OLD, day(0)), rig.attempt(address(103), SOFT, day(0), "k")]
        )
        yield made
