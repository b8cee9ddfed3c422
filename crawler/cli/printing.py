"""How results look to people: colours and boxes on a terminal, plain and uncut text in a pipe or file.

What came from the web is never markup here, and its control characters never reach the terminal.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archive.clock import rfc3339
from archive.export import json_line
from archive.wording import Segment

_UNCUT = 100_000
_READABLE = 30  # a folded column is not made narrower
_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")}, "\N{REPLACEMENT CHARACTER}")
_MARKS = {"same": ("", "", ""), "removed": ("[-", "-]", "red strike"), "added": ("{+", "+}", "green underline")}


def console() -> Console:
    """Standard output; a pipe is as wide as its longest line."""
    out = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    if not out.is_terminal:
        out.width = _UNCUT
    return out


def print_json(value: Any, *, flush: bool = False) -> None:
    """``value`` as one line of JSON."""
    sys.stdout.write(json_line(value))
    if flush:
        sys.stdout.flush()


def print_text(text: str | Text, style: str = "") -> None:
    """Prose: wrapped by the terminal, one line a paragraph elsewhere."""
    out = console()
    out.print(shown(text) if isinstance(text, str) else text, style=style or None, soft_wrap=not out.is_terminal)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, one a line, those without a value left out; a list has a line an item."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")  # an address must not be cut short
    for name, value in facts.items():
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if item is not None:
                grid.add_row(Text("" if number else name, "dim"), shown(item))
    _print(grid)


def print_table(
    columns: Sequence[str], lines: Iterable[Sequence[Any]], *, right: Sequence[str] = (), wrap: str | None = None
) -> None:
    """A table; the columns in ``right`` hold numbers. On a narrow terminal ``wrap`` is folded, if given and if room is
    left for it; else lines run on, whole, where the terminal breaks them."""
    rows = [[shown(value) for value in line] for line in lines]
    out = console()
    if not out.is_terminal:
        _print(_table(columns, rows, right, wrap, None, 1))
        return
    wide, narrow = (_table(columns, rows, right, wrap, box.SIMPLE_HEAD, space) for space in (1, 0))
    table = wide if _width(out, wide, columns, rows, wrap) <= out.width else narrow
    out.width = max(out.width, _width(out, table, columns, rows, wrap))
    out.print(table, soft_wrap=True)


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Text]],
    right: Sequence[str],
    wrap: str | None,
    lines: Box | None,
    space: int,
) -> Table:
    table = Table(box=lines, pad_edge=False, header_style="bold", padding=(0, space))
    for column in columns:
        table.add_column(
            column, justify="right" if column in right else "left", no_wrap=column != wrap, overflow="fold"
        )
    for row in rows:
        table.add_row(*row)
    return table


def _width(out: Console, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Text]], wrap: str | None) -> int:
    """How many columns of the terminal it needs, with its ``wrap`` folded as far as can still be read."""
    natural = table.__rich_measure__(out, out.options.update(width=_UNCUT)).maximum
    if wrap is None:
        return natural
    at = columns.index(wrap)
    folded = max([len(wrap), *(row[at].cell_len for row in rows)])
    return natural - max(0, folded - _READABLE)


def _print(table: Table) -> None:
    out = console()
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def print_wording(segments: Iterable[Segment]) -> None:
    """A text with what was removed and added: by colour on a terminal, else as ``[-removed-]{+added+}``."""
    coloured = console().is_terminal
    text = Text()
    for segment in segments:
        before, after, style = _MARKS[segment.kind]
        text.append(_clean(segment.text if coloured else f"{before}{segment.text}{after}"), style or None)
    print_text(text)


def shown(value: Any) -> Text:
    """``value`` as a person reads it: a time in UTC, nothing for None."""
    return Text("" if value is None else moment(value) if isinstance(value, datetime) else _clean(str(value)))


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, with a fraction only where there is one."""
    return rfc3339(at).replace(".000000Z", "Z")


def _clean(text: str) -> str:
    return text.translate(_CONTROLS)
