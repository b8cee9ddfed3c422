"""How two cleaners differ, as commands print it: counted by source, layout and rule, and the largest differences."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from archive.comparison import Difference, Tally
from crawler.cli.printing import print_table, print_text

#: So many lines of a difference are shown.
_SHOWN = 12


def tally_facts(tally: Tally) -> dict[str, Any]:
    """What a tally says, for programs."""
    groups = [
        {"source_id": source_id, "layout": layout, "rule": rule, **counts}
        for (source_id, layout, rule), counts in sorted(tally.groups.items())
    ]
    largest = [_difference(found) for found in tally.largest]
    counted = {"compared": tally.compared, "changed": tally.changed, "texts": tally.texts}
    counted["halved"] = tally.halved.total()
    return {**counted, "fields": dict(sorted(tally.fields.items())), "groups": groups, "largest": largest}


def _difference(found: Difference) -> dict[str, Any]:
    moved = [name for name in found.fields if name != "body"]
    before, after = asdict(found.before), asdict(found.after)
    return {
        "article_key": found.article_key,
        "url": found.url,
        "layout": found.layout,
        "rules": found.rules,
        "size": found.size,
        "lost": found.lost,
        "gained": found.gained,
        "moved": {name: {"before": before[name], "after": after[name]} for name in moved},
    }


def print_tally(tally: Tally) -> None:
    typer.echo(f"{tally.texts} of {tally.compared} texts differ, {tally.changed - tally.texts} more in metadata only")
    if not tally.changed:
        return
    names = ("texts", "changed", "lost", "gained")
    columns = ["source", "layout", "rule", "texts", "readings", "lines lost", "lines gained"]
    lines = [(*group, *(counts[name] for name in names)) for group, counts in sorted(tally.groups.items())]
    print_table(columns, lines, right=columns[3:])
    for found in reversed(tally.largest):
        _print_difference(found)


def _print_difference(found: Difference) -> None:
    print_text(f"\n{found.article_key}  {', '.join(found.fields)}  by {', '.join(found.rules)}\n{found.url}")
    for name in (name for name in found.fields if name != "body"):
        print_text(f"  {name}: {_short(getattr(found.before, name))} -> {_short(getattr(found.after, name))}")
    for mark, lines in (("-", found.lost), ("+", found.gained)):
        _print_lines(mark, lines)


def _print_lines(mark: str, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        print_text(f"  {mark} {_short(line)}")
    if len(lines) > _SHOWN:
        typer.echo(f"  {mark} … and {len(lines) - _SHOWN} more lines")


def _short(value: Any) -> str:
    text = "nothing" if not value else value if isinstance(value, str) else " · ".join(value)
    return text if len(text) <= 160 else text[:159] + "…"
