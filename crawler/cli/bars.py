"""How long work on the archive is watched: a progress bar on a terminal, a log line now and then elsewhere (stderr)."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_SECONDS = 15.0


@contextmanager
def progress(doing: str, unit: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A function that is told how many ``unit`` more are done; it shows pace and, with a ``total``, the time left."""
    if sys.stderr.isatty():
        with _bar(doing, unit, total) as advance:
            yield advance
        return
    begun = said = time.monotonic()
    done = 0

    def count_up(count: int) -> None:
        nonlocal done, said
        done += count
        if (now := time.monotonic()) - said >= LINE_SECONDS:
            said = now
            print(_line(doing, unit, done, total, now - begun), file=sys.stderr, flush=True)

    yield count_up


def _line(doing: str, unit: str, done: int, total: int | None, seconds: float) -> str:
    pace = done / seconds
    if total is None:
        return f"{doing}: {done} {unit}, {pace:.0f} {unit}/s"
    left = (total - done) / pace if pace else 0.0
    return f"{doing}: {done} of {total} {unit}, {pace:.0f} {unit}/s, {left / 60:.1f} minutes left"


@contextmanager
def _bar(doing: str, unit: str, total: int | None) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        *((TimeRemainingColumn(),) if total is not None else ()),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, pace="")

        def advance(count: int) -> None:
            speed = bar.tasks[task].speed
            bar.update(task, advance=count, pace=f"{speed:.0f} {unit}/s" if speed else "")

        yield advance
