"""Pages read in worker processes, within limits: what one of them holds stops neither the others nor the command."""

import os
from collections.abc import Iterable, Sequence
from typing import Self

from archive.records import Page
from archive.warc import Exchange
from pipelines.cleaner import Cleaner
from pipelines.exchange import given_up, read_exchange
from pipelines.pool import Pool
from pipelines.tasks import Input, Read, given_up_input, read_task
from pipelines.worker import Limits, Work

#: Attempts handed to a worker at once: handing over costs as much as a small page.
_AT_ONCE = 20


def start_workers(count: int, cleaner: Cleaner, limits: Limits) -> Pool:
    """A pool of ``count`` processes, each with a copy of the cleaner, which start at once."""
    pool = Pool(count, cleaner, limits)
    for _ in range(count):
        pool.submit(os.getpid)
    return pool


class PooledReader:
    """`read_exchange` for batches, in worker processes that start when there is something for them.

    A context manager, which ends the processes.
    """

    def __init__(self, count: int, cleaner: Cleaner, limits: Limits) -> None:
        self._pool = Pool(count, cleaner, limits)

    def __call__(self, exchanges: Sequence[Exchange]) -> Iterable[Page]:
        """The pages of a batch, in its order."""
        parts = [exchanges[start : start + _AT_ONCE] for start in range(0, len(exchanges), _AT_ONCE)]
        for future in [self._pool.submit(work, part) for part in parts]:
            yield from future.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)


def default_count() -> int:
    """One process a core, less the one that the crawl itself needs."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def _read_exchanges(exchanges: Sequence[Exchange], cleaner: Cleaner) -> list[Page]:
    return [read_exchange(exchange, cleaner) for exchange in exchanges]


#: `read_exchange` for several attempts, in a worker.
work: Work[Exchange, Page] = Work(_read_exchanges, given_up)
#: `read_task` in a worker.
work_task: Work[Input, Read] = Work(read_task, given_up_input)
