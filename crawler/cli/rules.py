"""The commands on noise rules: what each took of the texts that readers see, and rules that the archive suggests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from archive.firing import Fired, fired, known_sources
from crawler.cli.catalogue import catalogue
from crawler.cli.front import Front
from crawler.cli.options import Json, OneLayout, OneSource, check_layout, check_source
from crawler.cli.printing import moment, print_json, print_table, print_text
from crawler.cli.suggesting import suggest
from pipelines.layouts import COMMON, WAYS, Layouts, Noise
from pipelines.scrub import DROPPED, OUTSIDE
from pipelines.text import DOUBLED

#: What stands in readings as the reason of a line and is no rule.
NO_RULES = {
    OUTSIDE: "no rule: lines of the article element that are in no field of the layout",
    DROPPED: "no rule: lines of a page of no known layout that trafilatura does not take for text",
    DOUBLED: "no rule: a section that the site printed twice",
}
_UNKNOWN = "no rule that is installed: another cleaner had it"

group = typer.Typer(help="The noise rules: what each took, and which the archive suggests.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    group.command("suggest")(suggest)
    app.add_typer(group, name="rules")


@dataclass(frozen=True, slots=True)
class Told:
    """A rule, or what stands in a rule's place (``rule`` is None), with what it took of how many readings."""

    id: str
    file: str
    rule: Noise | None
    reason: str
    took: Fired
    of_readings: int


@group.callback(invoke_without_command=True)
def rules(ctx: typer.Context) -> None:
    """List the noise rules, or suggest some. Without a command: list."""
    if ctx.invoked_subcommand is None:
        list_(ctx)


@group.command("list")
def list_(
    ctx: typer.Context,
    source: OneSource = None,
    layout: OneLayout = None,
    samples: Annotated[int, typer.Option("--samples", metavar="N", min=0, help="How many lines to show a rule.")] = 1,
    json: Json = False,
) -> None:
    """List the noise rules: what each took of the texts that readers see, and which never fired."""
    front: Front = ctx.obj
    _, layouts = catalogue(front)
    check_layout(layout, layouts)
    with front.reading() as connection:
        check_source(source, known_sources(connection))
        found, readings = fired(connection, source, layout, samples=samples)
    told = list(_installed(layouts, found, source, layout, samples, readings))
    others = list(_others(layouts, found, readings))
    if json:
        print_json({"rules": [_facts(one) for one in told], "others": [_facts(one) for one in others]})
        return
    _print([one for one in told if one.took.lines], "nothing was taken by any rule")
    never = [one for one in told if not one.took.lines]
    if never:
        print_text("\nnever fired:")
        print_table(
            ["rule", "file", "by", "holds for", "of readings", "reason"],
            [(one.id, one.file, _way(one.rule), _holds(one.rule), one.of_readings, one.reason) for one in never],
            right=["of readings"],
            wrap="reason",
        )
    if others:
        print_text("\nin readings, but no installed rule:")
        _print(others, "")


def _installed(
    layouts: Layouts,
    found: Mapping[tuple[str, str], Fired],
    source: str | None,
    layout: str | None,
    samples: int,
    readings: Counter[str],
) -> Iterator[Told]:
    """Every installed rule that may concern the source and layout; a common one with what it took under all layouts."""
    chosen = [one for id_, one in sorted(layouts.by_id.items()) if layout in (None, id_)]
    for file, rules_of in ((COMMON, layouts.common.noise), *((one.id, one.noise) for one in chosen)):
        for rule in rules_of:
            if source is not None and rule.sources and source not in rule.sources:
                continue
            took = Fired()
            for (of_layout, rule_id), fired_there in sorted(found.items()):
                if rule_id == rule.id and file in (COMMON, of_layout):
                    took.merge(fired_there, samples)
            yield Told(rule.id, file, rule, rule.reason, took, readings.total() if file == COMMON else readings[file])


def _others(layouts: Layouts, found: Mapping[tuple[str, str], Fired], readings: Counter[str]) -> Iterator[Told]:
    """What took lines and is no installed rule of the reading's layout."""
    for (layout, rule_id), took in sorted(found.items()):
        known = layouts.noise(layouts[layout]) if layout in layouts.by_id else layouts.common.noise
        if rule_id not in {rule.id for rule in known}:
            yield Told(rule_id, layout, None, NO_RULES.get(rule_id, _UNKNOWN), took, readings[layout])


def _print(told: Iterable[Told], nothing: str) -> None:
    rows = [
        (
            one.id,
            one.file,
            _way(one.rule),
            _holds(one.rule),
            one.took.lines,
            one.took.articles,
            one.took.readings,
            _day(one.took.first_captured_at),
            _day(one.took.last_captured_at),
            one.reason,
        )
        for one in told
    ]
    if not rows:
        print_text(nothing)
        return
    counts = ["lines", "articles", "readings"]
    columns = ["rule", "file", "by", "holds for", *counts, "first", "last", "reason"]
    print_table(columns, rows, right=counts, wrap="reason")
    for one in told:
        for key, text in one.took.samples:
            print_text(f"{one.id}  {key}: {text if len(text) <= 120 else text[:119] + '…'}")


def _day(at: Any) -> str:
    return "" if at is None else moment(at)[:10]


def _way(rule: Noise | None) -> str:
    return "" if rule is None else next(way for way in WAYS if getattr(rule, way) is not None)


def _holds(rule: Noise | None) -> str:
    """The sources and days that a rule is for; empty where it is for all."""
    if rule is None:
        return ""
    days = (f"{word} {day}" for word, day in (("since", rule.since), ("until", rule.until)) if day)
    return ", ".join((*rule.sources, *days))


def _facts(one: Told) -> dict[str, Any]:
    took = one.took
    counts = {"lines": took.lines, "articles": took.articles, "readings": took.readings, "of_readings": one.of_readings}
    times = {"first_captured_at": took.first_captured_at, "last_captured_at": took.last_captured_at}
    said = one.rule.model_dump(mode="json", include={*WAYS, "sources", "since", "until"}) if one.rule else {}
    shown = [{"article_key": key, "text": text} for key, text in took.samples]
    stem = {"id": one.id, "file": one.file, "reason": one.reason, "never_fired": not took.lines}
    return {**stem, **said, **counts, "by_source": dict(sorted(took.sources.items())), **times, "samples": shown}
