"""Upgrades in processes of their own: two at once, and killed with SIGKILL at a chosen moment."""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

from sqlalchemy import Engine, event

from archive.database import upgrade

#: New processes come from one that has our modules loaded: a second is saved with each.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["archive.database", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", __name__])
SECONDS = 60


def together(url: str, count: int = 2) -> list[int | None]:
    """Upgrade in so many processes at once; their exit codes."""
    processes = [_CONTEXT.Process(target=upgrade, args=(url,)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(SECONDS)
    return [process.exitcode for process in processes]


def moments_of(url: str) -> int:
    """Upgrade here; how many moments there were: a statement about to run, or a commit about to happen."""
    count = 0

    def passed() -> None:
        nonlocal count
        count += 1

    stop = _at_every_moment(passed)
    try:
        upgrade(url)
    finally:
        stop()
    return count


def killed(url: str, moment: int) -> None:
    """Upgrade in a process that kills itself at that moment (from 1)."""
    process = _CONTEXT.Process(target=_kill_at, args=(url, moment))
    process.start()
    process.join(SECONDS)
    assert process.exitcode == -signal.SIGKILL


def _kill_at(url: str, moment: int) -> None:
    left = moment

    def passed() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    _at_every_moment(passed)
    upgrade(url)


def _at_every_moment(passed: Callable[[], None]) -> Callable[[], None]:
    def listen(*_: Any) -> None:
        passed()

    names = ("before_cursor_execute", "commit")
    for name in names:
        event.listen(Engine, name, listen)

    def stop() -> None:
        for name in names:
            event.remove(Engine, name, listen)

    return stop
