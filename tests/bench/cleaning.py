"""The speed of cleaning beside stock trafilatura, on the recorded portal's article pages, in one process and one run.

    python -m tests.bench.cleaning [--rounds N]

Processor seconds for the same pages in turn, the median of the rounds' ratios. What is made of the pages says
`tests.bench.quality`.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import trafilatura

from archive.records import Reading
from pipelines.layouts import Layouts
from pipelines.locate import parse
from tests.builders import cleaned
from tests.portal import articles

LAYOUTS = Layouts.load()


def ours(page: str) -> Reading:
    """Our reading."""
    tree = parse(page)
    assert tree is not None
    return cleaned(tree, LAYOUTS, "hanoi-liferay")


def stock(page: str) -> Any:
    """trafilatura as it comes, with title and date as our readings have them."""
    return trafilatura.bare_extraction(page, with_metadata=True)


def stock_text(page: str) -> str | None:
    """trafilatura as it comes, the text alone."""
    return trafilatura.extract(page)


def seconds(work: Callable[[str], Any], sample: Sequence[str]) -> float:
    """Processor seconds for the sample."""
    began = time.process_time()
    for page in sample:
        work(page)
    return time.process_time() - began


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    every = [payload.decode() for _, payload in articles()]
    parts = [every[n::rounds] for n in range(rounds)]
    trios = [(seconds(stock, part), seconds(ours, part), seconds(stock_text, part), len(part)) for part in parts]
    speeds = {"trafilatura": [n / a for a, _, _, n in trios], "bantin": [n / b for _, b, _, n in trios]}
    print(f"{len(every)} article pages, one process, {rounds} rounds")
    for name, found in speeds.items():
        print(f"{name:14}{statistics.median(found):8.1f} docs/s")
    whole = statistics.median(a / b for a, b, _, _ in trios)
    text = statistics.median(c / b for _, b, c, _ in trios)
    print(f"speed ratio, median of {rounds} alternating rounds: {whole:.2f}")
    print(f"the same to trafilatura's text alone, without title and date: {text:.2f}")


if __name__ == "__main__":
    main()
