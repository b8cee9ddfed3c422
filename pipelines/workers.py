"""Worker processes for cleaning: started once, each with its own copy of the cleaner."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Self

from archive.errors import BantinError
from archive.records import Page
from archive.warc import Exchange
from pipelines.cleaner import Cleaner
from pipelines.intake import read_exchange
from pipelines.reclean import Read, read_task
from pipelines.stale import Input

#: Processes take a second to start: that many pages are read here meanwhile.
WORTH_A_POOL = 50
_cleaner: Cleaner | None = None


def start_workers(count: int, cleaner: Cleaner) -> Executor:
    """A pool of ``count`` processes. They are spawned, not forked: the parent has threads and open files."""
    context = multiprocessing.get_context("spawn")
    # A worker is told through a pipe of 64 KiB: with more, one that dies at its start would leave us writing for ever.
    told = (zlib.compress(pickle.dumps(cleaner)), os.getpid())
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_initialise, initargs=told)
    with _uninterrupted():
        for _ in range(count):
            pool.submit(os.getpid)  # the pool starts a process for each task it gets
    return pool


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold an interrupt back for a moment; for the processes started meanwhile, which inherit that, for good: what an
    interrupt means the parent decides."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class PooledReader:
    """`read_exchange` for batches: here for a handful, in worker processes from the first batch that is worth it.

    A context manager, which ends the processes.
    """

    def __init__(self, count: int, cleaner: Cleaner) -> None:
        self._count, self._cleaner = count, cleaner
        self._pool: Executor | None = None

    def __call__(self, exchanges: Sequence[Exchange]) -> Iterable[Page]:
        """The pages of a batch, in its order."""
        if self._pool is None and (self._count == 1 or len(exchanges) < WORTH_A_POOL):
            return [read_exchange(exchange, self._cleaner) for exchange in exchanges]
        if self._pool is None:
            self._pool = start_workers(self._count, self._cleaner)
        return self._pool.map(work, exchanges, chunksize=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def default_count() -> int:
    """One process a core, less the one that the crawl itself needs."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def work(exchange: Exchange) -> Page:
    """`read_exchange` in a worker."""
    if _cleaner is None:
        raise BantinError("this process is no cleaning worker. Use start_workers")
    return read_exchange(exchange, _cleaner)


def work_task(task: Sequence[Input]) -> list[Read]:
    """`read_task` in a worker."""
    if _cleaner is None:
        raise BantinError("this process is no cleaning worker. Use start_workers")
    return read_task(task, _cleaner)


def _initialise(packed: bytes, parent: int) -> None:
    global _cleaner
    _cleaner = pickle.loads(zlib.decompress(packed))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, args=(parent,), daemon=True).start()


def _follow_parent(parent: int) -> None:
    """End with the parent, however it ends: a killed crawl must leave no processes behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
