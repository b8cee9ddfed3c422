"""What happens to a response once it is here: archived, read, stored. The event loop waits for none of it.

One thread writes the archive (a batch, then one sync), worker processes read pages, one thread writes the database (a
batch, one transaction). A capture reaches the database only after its record is on disk.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from archive.records import Capture, Location, Page
from archive.segments import SegmentWriter
from archive.store import Store
from archive.warc import Exchange
from pipelines.intake import capture_of
from pipelines.workers import work

log = logging.getLogger(__name__)
Item = TypeVar("Item")
#: How many responses may be on their way through the desk; more make the downloads wait.
BACKLOG = 96
#: How often a crawl renews its leases; they last several times as long.
SIGN_OF_LIFE_SECONDS = 300


class BatchThread(threading.Thread, Generic[Item]):
    """A thread that hands ``handle`` what has been put since the last time, up to ``most`` items at once."""

    def __init__(self, name: str, handle: Callable[[list[Item]], None], most: int, patience: float) -> None:
        super().__init__(name=name, daemon=True)
        self._handle, self._most, self._patience = handle, most, patience
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()

    def put(self, item: Item) -> None:
        """Add an item; returns at once."""
        self._queue.put(item)

    def finish(self) -> None:
        """Handle what is left and end."""
        self._queue.put(None)
        self.join()

    def run(self) -> None:
        going = True
        while going:
            batch, going = self._gather()
            if batch:
                self._handle(batch)

    def _gather(self) -> tuple[list[Item], bool]:
        batch: list[Item] = []
        deadline = None
        while len(batch) < self._most:
            try:
                wait = None if deadline is None else max(0.0, deadline - time.monotonic())
                item = self._queue.get(timeout=wait)
            except queue.Empty:
                break
            if item is None:
                return batch, False
            batch.append(item)
            deadline = deadline or time.monotonic() + self._patience
        return batch, True


@dataclass(frozen=True, slots=True)
class _Filing:
    exchange: Exchange
    located: asyncio.Future[Location]


class Desk:
    """Takes exchanges on the event loop's thread and sees them into archive and database.

    After a failure of either, ``failed`` is called and every further `take` raises it: a crawl must not go on without
    them. ``alive`` is called now and then on the database thread. ``narrow`` takes from a source's page the links that
    this crawl leaves alone.
    """

    def __init__(
        self,
        writer: SegmentWriter,
        store: Store,
        workers: Executor,
        crawl_key: str,
        alive: Callable[[], None],
        failed: Callable[[], None],
        narrow: Callable[[str, Page], Page] = lambda source_id, page: page,
    ) -> None:
        self._writer, self._store, self._workers, self._crawl_key = writer, store, workers, crawl_key
        self._alive, self._failed, self._narrow = alive, failed, narrow
        self._next_sign = time.monotonic() + SIGN_OF_LIFE_SECONDS
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(BACKLOG)
        self._tasks: set[asyncio.Task[Page]] = set()
        self.failure: Exception | None = None
        self._broken = False
        self._archive = BatchThread[_Filing]("archive", self._file, most=64, patience=0.0)
        self._database = BatchThread[Capture]("database", self._store_batch, most=200, patience=0.25)
        self._archive.start()
        self._database.start()

    async def take(self, exchange: Exchange) -> asyncio.Task[Page]:
        """Accept an exchange, once there is room for it; the task ends with what the page says."""
        await self._room.acquire()
        if self.failure is not None:
            self._room.release()
            raise self.failure
        task = self._loop.create_task(self._see_through(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """See everything through, then end the threads."""
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._archive.finish)
        await asyncio.to_thread(self._database.finish)
        self._writer.seal()

    async def _see_through(self, exchange: Exchange) -> Page:
        try:
            located: asyncio.Future[Location] = self._loop.create_future()
            self._archive.put(_Filing(exchange, located))
            location = await located
            [page] = await self._loop.run_in_executor(self._workers, work, [exchange])
            page = self._narrow(exchange.source_id, page)
            self._database.put(capture_of(exchange, location, self._crawl_key, page))
        except Exception as error:
            self._fail(error)
            self._room.release()
            raise
        return page

    def _file(self, filings: list[_Filing]) -> None:
        try:
            locations = self._writer.write([filing.exchange for filing in filings])
        except Exception as error:
            self._loop.call_soon_threadsafe(_refuse, filings, error)
            return
        self._loop.call_soon_threadsafe(_resolve, filings, locations)

    def _store_batch(self, captures: list[Capture]) -> None:
        try:
            if not self._broken:
                self._store.store(captures)
                self._give_sign()
        except Exception as error:
            self._broken = True  # known here at once: a later batch must not be stored over the gap
            self._loop.call_soon_threadsafe(self._fail, error)
        finally:
            self._loop.call_soon_threadsafe(self._release, len(captures))

    def _give_sign(self) -> None:
        if time.monotonic() >= self._next_sign:
            self._next_sign = time.monotonic() + SIGN_OF_LIFE_SECONDS
            self._alive()

    def _release(self, count: int) -> None:
        for _ in range(count):
            self._room.release()

    def _fail(self, error: Exception) -> None:
        if self.failure is None:
            log.error("cannot go on: %s", error)
            self.failure = error
            self._failed()


def _resolve(filings: list[_Filing], locations: list[Location]) -> None:
    for filing, location in zip(filings, locations, strict=True):
        filing.located.set_result(location)


def _refuse(filings: list[_Filing], error: Exception) -> None:
    for filing in filings:
        filing.located.set_exception(error)
