"""Collecting with everything on beside a bare Scrapy spider that only follows the same links.

    python -m tests.bench.collecting [--pairs N]

Both run as whole processes against the recorded portal on loopback, in turn; pages a second are counted by the server,
from the first to the last request that it saw. The bare spider is Scrapy as it comes, telnet and remote control off.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bantin import Bantin
from tests.portal import STARTS, Portal

BARE = Path(__file__).with_name("bare.py")


def main() -> None:
    """Print each pair and the median ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    ratios = []
    for number in range(parser.parse_args().pairs):
        bare, ours = _bare(), _ours()
        ratios.append(ours / bare)
        print(
            f"pair {number + 1}: bare {bare:6.1f} pages/s, bantin {ours:6.1f} pages/s, ratio {ours / bare:.2f}",
            flush=True,
        )
    print(f"median ratio {statistics.median(ratios):.2f}")


def _bare() -> float:
    with Portal() as portal:
        starts = [portal.url + path for path in STARTS]
        subprocess.run([sys.executable, BARE, *starts], check=True, stderr=subprocess.DEVNULL)
        return _pace(portal)


def _ours() -> float:
    with Portal() as portal, tempfile.TemporaryDirectory() as folder:
        bantin = Bantin(Path(folder) / "home", portal.catalogue(Path(folder)))
        bantin.run("init")
        bantin.run("collect")
        return _pace(portal)


def _pace(portal: Portal) -> float:
    log = [entry for entry in portal.log if entry["path"] != "/robots.txt"]
    return (len(log) - 1) / (log[-1]["t"] - log[0]["t"])


if __name__ == "__main__":
    main()
