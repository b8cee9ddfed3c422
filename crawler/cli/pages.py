"""What a person sees of an article, its history, two editions side by side, the duplicates and the figures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from archive.history import Event
from archive.queries import Row
from archive.wording import Segment
from crawler.cli.printing import moment, print_facts, print_table, print_text, print_wording

_SHORT = 8
_LONG = 120
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FIGURES = ("articles", "gone", "duplicates", "editions", "addresses", "due")
_LEDGER = ("seen", "missing", "attempts", "fetched", "cleaned", "unrecognised", "failed", "blocked", "gone")


def article(row: Row) -> None:
    """An article to read, and below it what is known about it."""
    print_text(row["title"] or "(no title)", "bold")
    for text in (row["lead"], "\n".join(_shaped((row["body"] or "").split("\n"), row["structure"]))):
        if text:
            print_text("\n" + text)
    if not row["body"]:
        print_text(f"\n{_wordless(row['attachments'])}", "dim")
    print_text("")
    archived = row["archived"]
    print_facts(
        {
            "byline": row["byline"],
            "published": row["published_at"] or "unknown",
            "evidence": row["published_evidence"],
            "section": row["sections"] or row["section"],
            "captions": row["captions"],
            "attachments": [_attachment(one) for one in row["attachments"]],
            "source": f"{row['source_name']} ({row['source_id']})",
            "addresses": row["urls"],
            "edition": _edition(row),
            "cite as": row["cite"],
            "last good": row["last_captured_at"],
            "gone since": row["gone_at"],
            "duplicate of": row["duplicate_of"],
            "corrected": [_corrected(one) for one in row["corrections"]],
            "warnings": row["warnings"],
            "cleaner": row["cleaner"],
            "archived": f"{archived['warc_file']} at byte {archived['warc_offset']}, from {archived['url']}",
        }
    )


def _shaped(paragraphs: Sequence[str], structure: Sequence[Row]) -> Iterator[str]:
    """The body as it stands on the page: the cells of a row beside each other, items with a dash, headings apart."""
    parts, n = {part["first"]: part for part in structure}, 0
    while n < len(paragraphs):
        part = parts.get(n, {"kind": "", "lines": [1]})
        lines = iter(paragraphs[n : n + sum(part["lines"])])
        cells = [" / ".join(islice(lines, count)) for count in part["lines"]]
        n += sum(part["lines"])
        match part["kind"]:
            case "row":
                yield f"| {' | '.join(cells)} |"
            case "item":
                yield f"- {cells[0]}"
            case "heading":
                yield f"\n{cells[0]}"
            case _:
                yield cells[0]


def _wordless(attachments: Sequence[Row]) -> str:
    pictures = [one for one in attachments if one["kind"] == "image"]
    if not pictures:
        return "no words"
    captured = sum(one["digest"] is not None for one in pictures)
    return f"no words: the text is in pictures ({captured} of {len(pictures)} captured)"


def _attachment(one: Row) -> str:
    if one["digest"]:
        came = f"{one['file_type'] or one['content_type']}, {one['bytes']} bytes, sha256 {one['digest'][:_SHORT]}…"
        state = f"{came}, captured {moment(one['captured_at'])}"
        state += f", {one['versions']} versions" if one["versions"] > 1 else ""
    else:
        state = f"{one['outcome']}: {one['reason']}" if one["outcome"] else "never asked for"
    return f"{one['label'] or one['kind']}: {one['url']} ({state})"


def _corrected(one: Row) -> str:
    was = f'was "{_short(one["was"])}"' if one["was"] else "was empty"
    return f"{one['field']}: {was}, because {one['reason']} ({one['corrected_at']})"


def _short(text: str) -> str:
    text = text.replace("\n", " / ")
    return text if len(text) <= _LONG else f"{text[:_LONG].rstrip()}…"


def _edition(row: Row) -> str:
    return f"{row['edition']} of {row['editions']}, seen {moment(row['captured_at'])} to {moment(row['observed_to'])}"


def history(key: str, events: Sequence[Event]) -> None:
    """One line an event."""
    print_text(key, "bold")
    lines = [(event.at, event.kind, _details(event)) for event in events]
    print_table(("at", "what", "details"), lines, wrap="details")


def _details(event: Event) -> str:
    facts = event.facts
    match event.kind:
        case "edition":
            words = f"{', '.join(facts['changed'])}: {_counts(facts)}" if "changed" in facts else "first seen"
            words += f" ({', '.join(facts['corrected'])} corrected)" if facts["corrected"] else ""
            return f"{facts['edition']}, {words}; last seen {moment(facts['observed_to'])}"
        case "metadata":
            return f"{facts['field']}: {facts['before'] or '(none)'} → {facts['after'] or '(none)'}"
        case "variant":
            return f"other words at {facts['url']} ({(facts['after'] or '')[:_SHORT]})"
        case "correction":
            return f"{facts['field']} by hand, {moment(facts['corrected_at'])}: {facts['reason']}"
        case _:
            return f"{facts['outcome']}{_http(facts)} at {facts['url']}"


def _http(facts: Row) -> str:
    return f", HTTP {facts['status']}" if facts["status"] else ""


def _counts(facts: Mapping[str, Any]) -> str:
    return f"{facts['words_added']} words added, {facts['words_removed']} removed"


def diff(before: Row, after: Row, segments: Mapping[str, Sequence[Segment]]) -> None:
    """The later text with what was removed and added, headed by the two editions."""
    for side, row in (("from", before), ("to", after)):
        print_text(f"{side} edition {row['edition']}: {row['article_key']}@{moment(row['observed_from'])}", "dim")
        for one in row["corrected"]:
            print_text(f"     {one['field']} corrected by hand, {one['corrected_at']}: {one['reason']}", "dim")
    for name, parts in segments.items():
        if parts:
            print_text(f"\n{name}", "bold")
            print_wording(parts)


def duplicates(found: Sequence[Row]) -> None:
    """One line a duplicate."""
    print_table(
        ("article", "duplicate of", "same"), [(row["article_key"], row["duplicate_of"], row["basis"]) for row in found]
    )


def change(row: Row) -> str:
    """An entry of the change feed as one line; digests are cut short."""
    detail = " ".join(f"{name}={_cut(value)}" for name, value in row["detail"].items())
    about = row["article_key"] or row["source_id"] or ""
    entry = f"{row['cursor']:>6}  {moment(row['at'])}  {row['kind']:<10}  {about}  {detail}"
    return entry.rstrip().replace("\n", " ")


def _cut(value: Any) -> Any:
    return f"{value[:_SHORT]}…" if isinstance(value, str) and _DIGEST.fullmatch(value) else value


def status(place: Row, sources: Sequence[Row], *, named: bool) -> None:
    """One line a source; then the ledger, one line a source and month. Sources without captures, most of a catalogue at
    first, are counted only unless they were ``named``."""
    shown = [source for source in sources if source["captures"] or named]
    empty = len(sources) - len(shown)
    print_facts(place | {"empty": _more(empty) if empty else None})
    sources = shown
    if not sources:
        return
    print_text("")
    columns = ("source", *_FIGURES, "captures", "last capture", "cleaner")
    print_table(columns, [_figures(source) for source in sources], right=_FIGURES, wrap="captures")
    months = [(source["source_id"], row) for source in sources for row in _months(source)]
    if months:
        print_text("")
        lines = [(source_id, row["month"], *(row[name] for name in _LEDGER)) for source_id, row in months]
        print_table(("source", "month", *_LEDGER), lines, right=_LEDGER)


def _more(count: int) -> str:
    return "1 more source holds nothing yet" if count == 1 else f"{count} more sources hold nothing yet"


def _months(source: Row) -> list[Row]:
    return [row for row in (source["last_month"], source["this_month"]) if row]


def _figures(source: Row) -> tuple[Any, ...]:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in source["captures"].items())
    cleaner = (source["cleaner"] or "")[:_SHORT]
    last = source["last_captured_at"]
    last_capture = f"{last:%Y-%m-%d %H:%M}Z" if last else None
    return (source["source_id"], *(source[name] for name in _FIGURES), outcomes, last_capture, cleaner)
