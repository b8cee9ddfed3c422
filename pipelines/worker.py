"""A worker process for cleaning: what runs on its side of the pipe, one page at a time within limits.

`pipelines.pool` starts it with the cleaner and sends it calls. It imports no more than cleaning needs.
"""

import os
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from archive.errors import BantinError
from pipelines.cleaner import Cleaner

Item = TypeVar("Item")
Result = TypeVar("Result")
MEBIBYTE = 2**20
PAGE_SECONDS, PAGE_MEBIBYTES = 60.0, 1024
#: The exit status of a worker that was refused memory.
NO_MEMORY = 77
#: So many times what a page may take a worker may ask for at once. The rest of the way there the pool ends it, whose
#: word is plainer: where an allocation fails, libxml2 may go on with half a tree.
_WALL = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """What one page may take: ``seconds`` of processor time, ``mebibytes`` above what the worker takes by itself.

    For what nobody thought of. What a page may hold is bounded by the page alone: `pipelines.bounds`.
    """

    seconds: float = PAGE_SECONDS
    mebibytes: int = PAGE_MEBIBYTES


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker is told once, at its start."""

    cleaner: Cleaner
    limits: Limits
    parent: int


@dataclass(frozen=True, slots=True)
class Work(Generic[Item, Result]):
    """Something to be done to each of several items by a worker, and what is said of an item that it cannot bear.

    ``give_up`` gets the item and why; it is called in the parent. Both are functions of a module.
    """

    do: Callable[[Sequence[Item], Cleaner], list[Result]]
    give_up: Callable[[Item, str, Cleaner], Result]

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """The results, in the items' order. Raises BantinError where this process is no worker."""
        if _told is None:
            raise BantinError("this process is no cleaning worker. Use start_workers")
        found: list[Result] = []
        for item in items:
            with _timed(_told.limits.seconds):
                found += self.do([item], _told.cleaner)
        return found


_told: Told | None = None


@contextmanager
def _timed(seconds: float) -> Iterator[None]:
    """End this process once it has worked so long: the kernel does it, also where C code never comes back to Python."""
    signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal, SIGPROF, ends a process that does not catch it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(descriptor: int) -> None:
    """Serve the pipe at this file descriptor until its other end is closed."""
    global _told
    with Connection(descriptor) as pipe:
        _told = pipe.recv()
        threading.Thread(target=_follow, args=(_told.parent,), daemon=True).start()
        _bound_memory(_WALL * _told.limits.mebibytes * MEBIBYTE)
        pipe.send(None)
        while True:
            try:
                function, arguments = pipe.recv()
            except EOFError:
                return
            pipe.send(_answer(function, arguments))


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, str | None]:
    """What the call gives; or, of one that fails, where and why."""
    try:
        return function(*arguments), None
    except MemoryError:
        os._exit(NO_MEMORY)
    except Exception:
        return None, traceback.format_exc()


def _bound_memory(more: int) -> None:
    """Let this process have so many bytes more than it has."""
    has = int(Path("/proc/self/status").read_text("ascii").partition("VmData:")[2].split()[0]) * 1024
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = has + more if most == resource.RLIM_INFINITY else min(has + more, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def _follow(parent: int) -> None:
    """End with the parent, however it ends: a killed crawl must leave no processes behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
