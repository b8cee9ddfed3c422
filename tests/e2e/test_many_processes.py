"""Many processes and one PostgreSQL database: nothing is lost, nothing is told out of order, nobody waits for ever."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from archive.database import connect, reading
from archive.segments import segments
from archive.warc import read_records
from tests.bantin import Bantin
from tests.postgresql import Server
from tests.site.server import SampleSite

LAYOUTS = Path(__file__).parents[2] / "pipelines" / "layouts"
SOURCE = """[[source]]
id = "{id}"
name = "{id}"
level = "{level}"
layout = "{layout}"
start = [{start}]
download_delay = 0
allow_private = true
"""
RULE = """
[[noise]]
id = "first-letter"
reason = "for this test"
line = 'Đ.*'
"""


def _catalogue(sites: list[SampleSite], path: Path) -> list[str]:
    blocks, ids = [], []
    for number, site in enumerate(sites):
        for name, level, layout, starts in (
            ("quan-uy", "district", "hanoi-liferay", ("hoat-ong-ang", "tuyen-giao")),
            ("bao", "press", "img-editor", ("xay-dung-ang",)),
        ):
            ids.append(f"{name}-{number}")
            start = ", ".join(f'"{site.urls[name]}/{start}"' for start in starts)
            blocks.append(SOURCE.format(id=ids[-1], level=level, layout=layout, start=start))
    path.write_text("\n".join(blocks), "utf-8")
    return ids


class Follower(threading.Thread):
    """Reads the change feed all the time, as a tool does that keeps a copy: only what came after its cursor."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.seen: list[int] = []
        self._url, self._stopped = url, threading.Event()

    def run(self) -> None:
        engine = connect(self._url)
        while True:
            last = self._stopped.is_set()
            with reading(engine) as connection:
                after = {"since": self.seen[-1] if self.seen else 0}
                rows = connection.execute(text("SELECT cursor FROM v_change WHERE cursor > :since ORDER BY 1"), after)
                self.seen += rows.scalars()
            if last:
                engine.dispose()
                return
            self._stopped.wait(0.005)

    def stop(self) -> None:
        self._stopped.set()
        self.join(30)


@contextmanager
def _following(url: str) -> Iterator[Follower]:
    follower = Follower(url)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


@pytest.mark.timeout(600)
def test_four_collects_and_a_reclean_at_once_lose_nothing(postgresql: Server, tmp_path: Path) -> None:
    changed = tmp_path / "layouts"
    shutil.copytree(LAYOUTS, changed)
    with (changed / "common.toml").open("a", encoding="utf-8") as file:
        file.write(RULE)
    url = postgresql.url_of(postgresql.create())
    with SampleSite() as one, SampleSite() as two:
        ids = _catalogue([one, two], tmp_path / "sources.toml")
        bantin = Bantin(tmp_path / "home", tmp_path / "sources.toml", ["--database", url])
        other = Bantin(bantin.home, bantin.sources, [*bantin.options, "--layouts", str(changed)])
        bantin.init()
        with _following(url) as follower:
            for day in (1, 2):
                one.day = two.day = day
                running = [bantin.start("collect", source_id, "--refetch") for source_id in ids]
                running.append((other if day % 2 else bantin).start("reclean", "--workers", "1"))
                ended = [(process.communicate(timeout=200), process.returncode) for process in running]
                assert {status for _, status in ended} <= {0, 1}, ended
            bantin.run("reclean")
    engine = connect(url)
    with reading(engine) as connection:
        cursors = list(connection.execute(text("SELECT cursor FROM v_change ORDER BY cursor")).scalars())
        captures = connection.execute(text("SELECT count(*) FROM v_capture")).scalar_one()
        broken = connection.execute(text("SELECT count(*) FROM article WHERE current_edition_id IS NULL")).scalar_one()
    engine.dispose()
    assert follower.seen == cursors, "a follower passed over a change"
    records = (record.exchange() for path in segments(bantin.home / "archive") for record in read_records(path))
    assert captures == sum(exchange is not None for exchange in records)
    assert broken == 0
    bantin.run("verify")
    rebuilt = Bantin(bantin.home, bantin.sources)
    rebuilt.init()
    rebuilt.run("rebuild")
    assert rebuilt.export() == bantin.export()
