"""How long work is watched: a progress bar on a terminal, a line now and then elsewhere. Both go to stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_SECONDS = 15.0


class Advance(Protocol):
    """Told how many more are done and, where it is only known by now, of how many; ``doing`` says what else is being
    done, where that counts nothing."""

    def __call__(self, count: int, total: int | None = None, /, *, doing: str | None = None) -> None: ...


@contextmanager
def progress(what: str, unit: str, total: int | None = None, *, grows: bool = False) -> Iterator[Advance]:
    """What is told how many ``unit`` more are done; it shows pace and, with a ``total``, the time left.

    ``grows``: more is found on the way, so the time left cannot be told.
    """
    if sys.stderr.isatty():
        with _bar(what, unit, total, left=total is not None and not grows) as advance:
            yield advance
        return
    begun = said = time.monotonic()
    done, known = 0, total

    def count_up(count: int, total: int | None = None, /, *, doing: str | None = None) -> None:
        nonlocal done, said, known
        done, known = done + count, total or known
        if (now := time.monotonic()) - said >= LINE_SECONDS:
            said = now
            line = doing or _line(what, unit, done, known, now - begun, left=not grows)
            print(line, file=sys.stderr, flush=True)

    yield count_up


def _line(what: str, unit: str, done: int, total: int | None, seconds: float, *, left: bool) -> str:
    pace = done / seconds
    counted = f"{done} {unit}" if total is None else f"{done} of {total} {unit}"
    said = f"{what}: {counted}, {pace:.0f} {unit}/s"
    if total is None or not left:
        return said
    remaining = (total - done) / pace if pace else 0.0
    return f"{said}, {remaining / 60:.1f} minutes left"


@contextmanager
def _bar(what: str, unit: str, total: int | None, *, left: bool) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        *((TimeRemainingColumn(),) if left else ()),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, pace="")

        def advance(count: int, total: int | None = None, /, *, doing: str | None = None) -> None:
            if doing is not None:  # a pace would say nothing of that
                bar.update(task, description=doing, pace="", refresh=True)
                return
            speed = bar.tasks[task].speed
            bar.update(task, total=total, advance=count, pace=f"{speed:.0f} {unit}/s" if speed else "")

        yield advance
