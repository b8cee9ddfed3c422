"""A pool of worker processes that outlives its workers: a page that ends one is named, and the rest goes on.

An executor like those of `concurrent.futures`. A thread for each worker hands it one call after the other, and watches
how much memory it takes; how long it takes the kernel watches (`pipelines.worker`).
"""

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from archive.errors import BantinError
from pipelines.cleaner import Cleaner
from pipelines.worker import MEBIBYTE, NO_MEMORY, Limits, Told, Work

P = ParamSpec("P")
T = TypeVar("T")
_LOOK_SECONDS = 0.05  # a process touches some hundred MiB in that time
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_START = "import sys; sys.path[:] = {path!r}; from pipelines.worker import main; main({descriptor})"


class WorkerEnded(BrokenProcessPool):
    """A worker ended in the middle of a call. ``surely``: the same call would end the next one too."""

    def __init__(self, reason: str, *, surely: bool = False) -> None:
        super().__init__(reason)
        self.surely = surely


class Pool(Executor):
    """Up to ``count`` worker processes with this cleaner, each started for its first call.

    A `Work` that ends its worker is tried again item by item, and given up for the item that does it alone. Any other
    call that does raises `WorkerEnded`.
    """

    def __init__(self, count: int, cleaner: Cleaner, limits: Limits) -> None:
        self._cleaner = cleaner
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._closed = False
        told = pickle.dumps(Told(cleaner, limits, os.getpid()))
        self._workers = [_Worker(told, limits) for _ in range(count)]
        self._threads = [threading.Thread(target=self._serve, args=(one,), daemon=True) for one in self._workers]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call ``fn``; function and arguments must be picklable, keyword arguments are not taken."""
        if self._closed or kwargs:
            raise RuntimeError("the pool is closed, or the call has keyword arguments")
        future: Future[T] = Future()
        self._calls.put(_Call(fn, args, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls and end. With ``cancel_futures`` at once: what is under way is broken off."""
        self._closed = True
        if cancel_futures:
            with suppress(queue.Empty):
                while call := self._calls.get_nowait():
                    call.future.cancel()
            for worker in self._workers:
                worker.kill()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _serve(self, worker: "_Worker") -> None:
        while (call := self._calls.get()) is not None:
            if call.future.set_running_or_notify_cancel():
                try:
                    call.future.set_result(self._result(worker, call))
                except BaseException as error:
                    call.future.set_exception(error)
            del call  # what it holds must not wait for the next one
        worker.stop()

    def _result(self, worker: "_Worker", call: "_Call") -> Any:
        try:
            return worker.call(call.function, call.arguments)
        except WorkerEnded as ended:
            if self._closed or not isinstance(call.function, Work):
                raise
            items = call.arguments[0]
            if len(items) == 1 and ended.surely:
                return [call.function.give_up(items[0], str(ended), self._cleaner)]
            # Whose page it was nobody knows; others may have left the process large, or somebody may have ended it.
            return [found for item in items for found in self._alone(worker, call.function, item)]

    def _alone(self, worker: "_Worker", work: Work[Any, Any], item: Any) -> list[Any]:
        try:
            found: list[Any] = worker.call(work, ([item],))
        except WorkerEnded as ended:
            if self._closed:
                raise
            return [work.give_up(item, str(ended), self._cleaner)]
        return found


class _Call:
    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], future: "Future[Any]") -> None:
        self.function, self.arguments, self.future = function, arguments, future


class _Worker:
    """One worker process and its successors; belongs to one thread, but for `kill`."""

    def __init__(self, told: bytes, limits: Limits) -> None:
        self._told, self._limits = told, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = self._too_large = self._killed = False
        self._idle = 0

    def start(self) -> None:
        """Start the process, unless there is one. It is a new interpreter, not a fork: the parent has threads and open
        files; and it does not run the parent's main module again, which imports all that a command needs."""
        if self._process is not None:
            return
        if self._killed:
            raise WorkerEnded("the pool was closed")
        self._pipe, theirs = Pipe()
        with theirs, _uninterrupted():
            code = _START.format(path=sys.path, descriptor=theirs.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        self._ready = self._too_large = False

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """What the process makes of a call. Raises WorkerEnded, and then the next call has a new process."""
        self.start()
        self._greet()
        try:
            self._pipe.send((function, arguments))
            self._watch()
            found, problem = self._pipe.recv()
        except (EOFError, ConnectionError):
            raise self._ended() from None
        if problem is not None:
            raise RuntimeError(f"a cleaning worker failed. This is a mistake in the program:\n{problem}")
        return found

    def kill(self) -> None:
        """End the process, whatever it does, and start none again."""
        self._killed = True
        if (process := self._process) is not None:
            process.kill()

    def stop(self) -> None:
        """Let the process end, and wait for it."""
        if self._process is not None:
            self._pipe.close()
            self._process.wait()

    def _greet(self) -> None:
        """Tell a new process what it needs, and wait until it is ready."""
        if self._ready:
            return
        try:
            self._pipe.send_bytes(self._told)
            self._pipe.recv()
        except (EOFError, ConnectionError):
            reason = str(self._ended())
            raise BantinError(f"no cleaning worker could be started: {reason}. Is there memory left?") from None
        self._ready, self._idle = True, self._resident()

    def _watch(self) -> None:
        """Wait for the answer; end a process that takes too much memory. Its own limit would stop an allocation, not
        the process, and what comes of that is in nobody's hand."""
        while not self._pipe.poll(_LOOK_SECONDS):
            if self._resident() - self._idle > self._limits.mebibytes * MEBIBYTE and self._process is not None:
                self._too_large = True
                self._process.kill()
                return

    def _resident(self) -> int:
        """Bytes of memory that the process occupies; 0 of one that has ended."""
        if self._process is None:
            return 0
        try:
            return int(Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()[1]) * _PAGE_BYTES
        except (OSError, IndexError):
            return 0

    def _ended(self) -> WorkerEnded:
        """Why the process ended. There is none after that."""
        if self._process is None:
            raise RuntimeError("no process was started")
        self._pipe.close()
        status, self._process = self._process.wait(), None
        if self._too_large or status == NO_MEMORY:
            return WorkerEnded(f"cleaning needed more than {self._limits.mebibytes} MiB of memory")
        if status == -signal.SIGPROF:
            return WorkerEnded(f"cleaning took longer than {self._limits.seconds:g} s", surely=True)
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return WorkerEnded(f"cleaning ended its process ({how})")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold an interrupt back for a moment; for the process started meanwhile, which inherits that, for good: what an
    interrupt means the parent decides."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
