"""A curator's desk: a home with a few pages, `bantin` on it in this process, and other layouts to install."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive.home import Home
from crawler.cli.app import main
from pipelines.layouts import Layouts
from tests.builders import PORTAL
from tests.recleans import SLOGAN, cleaner_of, layouts_folder, rule
from tests.rig import Database, Rig

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
LOUD = f"{OLD}</p><p>{SLOGAN}"
SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>"
SOURCE = f"""[[source]]
id = "songnhue"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = ["{PORTAL}/hoat-ong-ang"]
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, what it printed, what it said."""

    status: int
    out: str
    said: str


@dataclass
class Desk:
    """A home with a few pages, and `bantin` on it."""

    home: Home
    database: Database
    rig: Rig
    run: Callable[..., Ended]
    options: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Ended:
        return self.run("--home", str(self.home.path), *self.options, *arguments)

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json").out)

    def files(self) -> dict[str, str]:
        """Everything in the home, by its bytes."""
        paths = sorted(path for path in self.home.path.rglob("*") if path.is_file())
        hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        hashes.pop("bantin.db-shm", None)  # SQLite's index of its log, which readers write too
        return hashes

    @property
    def promoted(self) -> str:
        return self.database.store.promoted()["songnhue"]


def change(desk: Desk, name: str = "layouts", **added: str) -> str:
    """Install other layouts; without any, ones with a rule that takes the slogan. The digest for the source."""
    folder = layouts_folder(desk.home.path.parent / name, **(added or {"hanoi_liferay": rule(SLOGAN)}))
    desk.options = ["--layouts", str(folder)]
    return cleaner_of(Layouts.load(folder)).digest_for("songnhue")


@contextmanager
def desk_at(
    folder: Path, layouts: Layouts, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """A desk whose home is empty yet; its database is let go of at the end."""
    for name in [name for name in os.environ if name.startswith("BANTIN_")]:
        monkeypatch.delenv(name)
    home = Home(folder / "home")
    home.create()
    (folder / "sources.toml").write_text(SOURCE, "utf-8")
    rig = Rig(home.path, cleaner_of(layouts))
    database = Database(home.default_database, home.archive, rig.cleaner, migrate=True)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["bantin", "--sources", str(folder / "sources.toml"), *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, *capfd.readouterr())

    yield Desk(home, database, rig, run)
    database.close()
