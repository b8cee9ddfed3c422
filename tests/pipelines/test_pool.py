"""The pool of workers: pages that hang in C code, that take memory without end, and workers that somebody kills."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archive.errors import BantinError
from archive.records import Page
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from pipelines.worker import Limits
from pipelines.workers import PooledReader, start_workers, work
from tests.bantin import ROOT, environment, workers_of
from tests.builders import installed, liferay
from tests.pipelines.test_bounds import exchange
from tests.recleans import with_rule

LINE = "Đảng ủy phường Sông Nhuệ sơ kết công tác quý một."
#: A line at which the rule below tries 2 to the power of 60 ways, all within one call of a function in C.
TRAP = "a" * 60
ENDLESS = "(?:a|aa)+(?<!a)"
OK = ("ok", None)


def pages(*words: str) -> list[bytes]:
    return [liferay(f"<p>{word}</p>").encode() for word in words]


def read(cleaner: Cleaner, limits: Limits, *words: str, count: int = 1) -> list[tuple[str, str | None]]:
    with PooledReader(count, cleaner, limits) as reader:
        return [(page.outcome, page.reason) for page in reader([exchange(body) for body in pages(*words)])]


@pytest.fixture
def trapped(layouts: Layouts) -> Cleaner:
    """A cleaner with a rule that never comes to an end at some lines."""
    return installed(with_rule(layouts, line=ENDLESS))


def test_a_page_that_hangs_in_c_code_is_named_and_the_others_are_read(trapped: Cleaner) -> None:
    took = ("failed", "cleaning took longer than 1 s")
    found = read(trapped, Limits(seconds=1), LINE, TRAP, LINE, TRAP, LINE, count=2)
    assert found == [OK, took, OK, took, OK]


def test_a_page_that_takes_too_much_memory_is_named_and_the_others_are_read(layouts: Layouts) -> None:
    large = "</p><p>".join([f"{LINE} " * 18_000] * 8)
    found = read(installed(layouts), Limits(mebibytes=150), LINE, large, LINE)
    assert found == [OK, ("failed", "cleaning needed more than 150 MiB of memory"), OK]
    assert read(installed(layouts), Limits(), large) == [OK]


def test_a_page_that_is_given_up_is_a_capture_that_the_cleaner_has_looked_into(trapped: Cleaner) -> None:
    with PooledReader(1, trapped, Limits(seconds=0.5)) as reader:
        good, bad = reader([exchange(body) for body in pages(LINE, TRAP)])
    assert (bad.kind, bad.article_key, bad.cleaner_digest) == (good.kind, good.article_key, good.cleaner_digest)
    assert bad.payload_digest
    assert bad.reading is None


def test_a_worker_that_is_killed_twice_over_one_page_gives_that_page_up(trapped: Cleaner) -> None:
    found: list[Page] = []
    with PooledReader(1, trapped, Limits()) as reader:
        thread = threading.Thread(target=lambda: found.extend(reader([exchange(body) for body in pages(LINE, TRAP)])))
        thread.start()
        os.kill(first := _at_work(), signal.SIGKILL)
        os.kill(_at_work(besides=first), signal.SIGKILL)
        thread.join()
    assert [(page.outcome, page.reason) for page in found] == [
        OK,
        ("failed", "cleaning ended its process (signal 9)"),
    ]


def _at_work(besides: int = 0) -> int:
    """A worker of this process that has worked for a while."""
    while True:
        for pid in set(workers_of(os.getpid())) - {besides}:
            said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if said[0] == "R" and int(said[11]) > 1 * os.sysconf("SC_CLK_TCK"):
                return pid
        time.sleep(0.05)


def test_a_pool_that_is_closed_breaks_off_what_hangs(trapped: Cleaner) -> None:
    pool = start_workers(1, trapped, Limits())
    future = pool.submit(work, [exchange(*pages(TRAP))])
    _at_work()
    begun = time.monotonic()
    pool.shutdown(cancel_futures=True)
    assert time.monotonic() - begun < 5
    assert future.exception() is not None
    assert workers_of(os.getpid()) == []


def test_what_is_work_for_a_worker_is_not_done_elsewhere() -> None:
    with pytest.raises(BantinError, match="no cleaning worker"):
        work([exchange(*pages(LINE))])


def test_a_worker_imports_neither_database_nor_command_line() -> None:
    code = (
        "import sys, pipelines.workers;"
        " print([name for name in ('sqlalchemy', 'scrapy', 'twisted', 'typer', 'rich', 'archive.store')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
