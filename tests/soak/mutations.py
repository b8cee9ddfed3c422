"""Broken pages by the hundred thousand: each is read twice, in two processes and two orders, and judged.

    python -m tests.soak.mutations [--count N] [--seed N] [--first N] [--own]

The pages are the recorded portal's and the project's own, with ``--own`` these alone. What is found is printed as it
comes, with the number by which ``--first NUMBER --count 1`` makes it again; exits 1 where anything was.
"""

import argparse
import faulthandler
import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pipelines.cleaner import Cleaner
from tests.judging import Verdict, judge
from tests.mutations import Sample, cleaner_of_all, own_samples, portal_samples

BLOCK = 500
HANGS = 60  # seconds after which a reading is given up: its process says where it was and ends
_here: list[Any] = []


@dataclass
class Tally:
    """What came of a run."""

    pages: int = 0
    readings: int = 0
    wrong: int = 0
    slowest: float = 0.0


def run(count: int, seed: int, first: int = 0, own: bool = False) -> Tally:
    """Judge that many broken pages from number ``first`` on; print what is found."""
    tally, began = Tally(), time.monotonic()
    with ExitStack() as stack:
        at = [multiprocessing.get_context("spawn").Value("q", -1) for _ in range(2)]
        one, other = (stack.enter_context(_process(own, number)) for number in at)
        for start in range(first, first + count, BLOCK):
            numbers = list(range(start, min(start + BLOCK, first + count)))
            try:
                for verdict, again in _twice(one, other, numbers, seed):
                    _count(tally, verdict, again)
            except BrokenProcessPool:
                print(f"{at[0].value} or {at[1].value}: a process ended, or hung for {HANGS} s", flush=True)
                tally.wrong += 1
                return tally
            if start % 2_000 == 0:
                print(f"{tally.pages:,} in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return tally


def _process(own: bool, at: Any) -> Executor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_initialise, initargs=(own, at))


def _initialise(own: bool, at: Any) -> None:
    samples = own_samples() if own else [*portal_samples(), *own_samples()]
    _here[:] = samples, cleaner_of_all(), at


def _twice(one: Executor, other: Executor, numbers: Sequence[int], seed: int) -> Iterator[tuple[Verdict, Verdict]]:
    """Each number's verdict from one process in order, and from the other in another order."""
    shuffled = random.Random(f"{seed}:{numbers[0]}").sample(numbers, len(numbers))
    first, second = one.submit(_judge_all, numbers, seed), other.submit(_judge_all, shuffled, seed)
    again = {verdict.number: verdict for verdict in second.result()}
    return ((verdict, again[verdict.number]) for verdict in first.result())


def _judge_all(numbers: Sequence[int], seed: int) -> list[Verdict]:
    samples, cleaner, at = _here
    return [_judge(samples, seed, number, cleaner, at) for number in numbers]


def _judge(samples: Sequence[Sample], seed: int, number: int, cleaner: Cleaner, at: Any) -> Verdict:
    at.value = number
    faulthandler.dump_traceback_later(HANGS, exit=True)
    try:
        return judge(samples, seed, number, cleaner)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _count(tally: Tally, verdict: Verdict, again: Verdict) -> None:
    tally.pages += 1
    tally.readings += verdict.has_reading
    tally.slowest = max(tally.slowest, verdict.seconds, again.seconds)
    wrong = (
        verdict.wrong or again.wrong or ("read otherwise in another process" if verdict.digest != again.digest else "")
    )
    if wrong:
        tally.wrong += 1
        print(f"{verdict.number}: {wrong[:600]} ({verdict.done})", flush=True)


def main() -> None:
    """Print what is found, and how many pages were read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1930)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--own", action="store_true")
    given = parser.parse_args()
    began = time.monotonic()
    tally = run(given.count, given.seed, given.first, given.own)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{tally.pages:,} broken pages (seed {given.seed}, from {given.first}), each read twice: {tally.wrong} wrong")
    print(f"{tally.readings:,} of them with a reading; the slowest took {tally.slowest:.2f} s of a processor")
    print(f"{time.monotonic() - began:.0f} s; the larger process held {memory:.0f} MiB at most")
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
