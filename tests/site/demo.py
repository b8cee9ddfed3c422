"""The demonstration behind ``make crawl``: two sample sites on loopback, collected on two days.

The collection lies in ``data/sample`` and is made anew each time. Needs the ports 8765 and 8766.
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server import SampleSite

ROOT = Path(__file__).resolve().parents[2]
HOME = Path("data") / "sample"
BANTIN = Path(sys.executable).with_name("bantin")
EDITED, RETITLED, VANISHED = "mau-quan-uy:5100108", "mau-quan-uy:5100112", "mau-quan-uy:5100102"


def main() -> int:
    """Collect, let a day pass, collect again; then show what changed and what to try."""
    shutil.rmtree(ROOT / HOME, ignore_errors=True)
    try:
        site = SampleSite((8765, 8766)).start()
    except OSError as error:
        print(
            f"the sample site cannot start: {error}. End what uses port 8765 or 8766, then try again", file=sys.stderr
        )
        return 3
    try:
        return _collect_two_days(site)
    finally:
        site.stop()


def _collect_two_days(site: SampleSite) -> int:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = _bantin("init")
    status |= _say("Day 1: a district Party committee and a newspaper", "collect")
    site.day = 2
    status |= _say("Day 2: texts were edited, moved, taken down", "--now", tomorrow, "collect", "--refetch")
    status |= _say("What the publisher changed in one text, word by word", "diff", EDITED)
    status |= _say("One text wherever it stands", "duplicates")
    status |= _say("Archive and database agree", "verify")
    base = f".venv/bin/bantin --home {HOME} --sources tests/site/sources.toml"
    print("\nTry next:")
    for command, what in (
        (f"show {EDITED}", "a text as it stands now, and where it is archived"),
        (f"history {VANISHED}", "a text that was taken down, and when"),
        (f"diff {RETITLED}", "a title that changed"),
        ("status", "the collection in figures"),
        ("export - | head -1", "everything as JSON lines, for other tools"),
    ):
        print(f"  {base} {command}\n      {what}")
    return status


def _say(heading: str, *arguments: str) -> int:
    print(f"\n== {heading}\n   bantin {' '.join(arguments)}\n", flush=True)
    return _bantin(*arguments)


def _bantin(*arguments: str) -> int:
    command = [BANTIN, "--home", HOME, "--sources", "tests/site/sources.toml", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
