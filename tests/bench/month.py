"""A simulated month beside other policies: how many of the edits are captured in time, for how many requests.

    python -m tests.bench.month [--days N]

``bantin`` is measured: `collect --due` once a day against the recorded portal, every request in the server's log. So is
the baseline, every live article and every list page each day. The other policies are reckoned from the same truth:
they ask for articles alone, find each new one on its day, and see an edit where they ask in time; lists are added as
often as the baseline asks for them, or as `bantin` does.
"""

import argparse
import tempfile
from collections.abc import Callable
from math import ceil
from pathlib import Path

from tests.months import GRACE, Month, Truth, simulate

Policy = Callable[[Truth, str], list[int]]
#: Beside the share that `archive.revisits` takes.
SHARES = (0.2, 0.4, 0.7, 1.0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    with tempfile.TemporaryDirectory() as folder:
        month = simulate(Path(folder), parser.parse_args().days)
    truth = month.truth
    print(f"{truth.last} days, {len(truth.edits)} edits with {GRACE} days of grace, {month.lists} list pages")
    print(f"first walk: {month.first} requests")
    print(f"not on their day: {month.missed_births or 'none'}; late ones after a week: {month.missed_late or 'none'}")
    print("\n| | requests | of the baseline | edits within two days | each apart |\n|---|---|---|---|---|")
    _line("bantin, measured", month.asked, month, month.captured, month.own_edition)
    _line("baseline, measured", month.baseline, month, 1.0, 1.0)
    listed = month.asked - sum(len([day for day in days if day > 0]) for days in month.visits.values())
    for name, policy in _policies(month).items():
        visits = {article: policy(truth, article) for article in truth.born}
        asked = sum(len([day for day in days if day > 0]) for days in visits.values()) + listed
        _line(name, asked, month, truth.in_time(visits), truth.apart(visits))


def _policies(month: Month) -> dict[str, Policy]:
    return {
        "daily for a week, then never": lambda truth, article: _days(truth, article, 1, 7),
        "all every 3 days": lambda truth, article: _days(truth, article, 3),
        "all at equal intervals, for about as many requests": _uniform(month.truth, month.asked),
        **{f"after {share} of the time it stood": _by_age(share) for share in SHARES},
    }


def _days(truth: Truth, article: str, every: int, until: int = 10_000) -> list[int]:
    """The day of birth, and every so many days after it."""
    born = truth.born[article]
    return [day for day in range(max(0, born), min(truth.last, born + until) + 1) if (day - born) % every == 0]


def _by_age(share: float) -> Policy:
    """The rule of `archive.revisits`, with another share and without spreading: at the first daily visit whose time has
    come, counted from the birth or from the visit that saw the last edit."""

    def visits(truth: Truth, article: str) -> list[int]:
        if truth.born[article] < 0:
            return []
        days = [truth.born[article]]
        changed = days[0]
        while True:
            day = days[-1] + max(1, ceil(share * (days[-1] - changed) - 1 / 8))
            if day > truth.last:
                return days
            if any(days[-1] < edit <= day for edit in truth.edited.get(article, ())):
                changed = day
            days.append(day)

    return visits


def _uniform(truth: Truth, budget: int) -> Policy:
    """The shortest common interval that stays within the budget."""
    for every in range(1, truth.last + 1):
        if sum(len(_days(truth, article, every)) for article in truth.born) <= budget:
            break
    return lambda truth, article: _days(truth, article, every)


def _line(name: str, asked: int, month: Month, captured: float, apart: float) -> None:
    print(f"| {name} | {asked:,} | {asked / month.baseline:.1%} | {captured:.1%} | {apart:.1%} |")


if __name__ == "__main__":
    main()
