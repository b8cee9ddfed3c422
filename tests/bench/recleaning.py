"""Recleaning with two processes beside one, end to end.

    python -m tests.bench.recleaning [--days N] [--pairs N] [--home FOLDER]

The recorded portal is collected on several days, on each of which every page has other bytes: 383 inputs a day and
more. Then one noise rule is changed, and copies of that home are recleaned from beginning to promotion with
``--workers 1`` and ``--workers 2`` in turn; whole processes are timed. At last a reclean that finds nothing stale.
With ``--home`` the collected home is kept there and used again.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from tests.bantin import Bantin
from tests.portal import Portal
from tests.recleans import layouts_folder, rule

LINE = "(?s).{0,40}[.]"


def main() -> None:
    """Print each pair, the median ratio and the time of a reclean that has nothing to do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = options.home or Path(folder) / "collected"
        if not (kept / "home").exists():
            kept.mkdir(parents=True, exist_ok=True)
            collect(kept, options.days)
        layouts = layouts_folder(Path(folder) / "layouts", hanoi_liferay=rule(LINE))
        ratios = [pair(kept, layouts, Path(folder), number) for number in range(1, options.pairs + 1)]
        print(f"median ratio {statistics.median(ratios):.2f}")
        bantin = Bantin(kept / "home", kept / "portal.toml")
        idle = [seconds(bantin, "reclean")[0] for _ in range(3)]
        print(f"nothing stale: {statistics.median(idle):.2f} s")


def collect(folder: Path, days: int) -> None:
    """A home of that many days of the portal."""
    with Portal("--edits", "0.05", "--redates", "0.02", "--gone", "0.01") as portal:
        bantin = Bantin(folder / "home", portal.catalogue(folder))
        bantin.run("init")
        for number in range(days):
            portal.day(number)
            begun = time.monotonic()
            bantin.run("--now", f"2026-09-{number + 1:02}T06:00:00Z", "collect", *(["--refetch"] if number else []))
            print(f"day {number + 1} collected in {time.monotonic() - begun:.0f} s", flush=True)


def pair(kept: Path, layouts: Path, folder: Path, number: int) -> float:
    """How many times as fast two processes are as one."""
    took = {}
    for workers in (1, 2):
        home = folder / "home"
        shutil.copytree(kept / "home", home)
        bantin = Bantin(home, kept / "portal.toml", ["--layouts", str(layouts)])
        took[workers], said = seconds(bantin, "reclean", "--workers", str(workers))
        shutil.rmtree(home)
    one, two = took[1], took[2]
    print(f"pair {number}: one {one:6.1f} s, two {two:6.1f} s, ratio {one / two:.2f}; {said}", flush=True)
    return one / two


def seconds(bantin: Bantin, *arguments: str) -> tuple[float, str]:
    """How long a command takes, and the first line that it prints."""
    begun = time.monotonic()
    done = bantin.run(*arguments)
    return time.monotonic() - begun, done.stdout.partition("\n")[0]


if __name__ == "__main__":
    main()
