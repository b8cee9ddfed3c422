"""Cleaning of older plain-text extractions: from the text of a file to one reading, every line with its evidence.

There is no markup to go by. What a line is, its words and its place say, as the rules of the plain-text layout describe
them; where they do not, it is text. Title, section, date line, body, byline, captions and removed lines are together
all lines of the file, each once; a section that the site printed twice in its line is cut into the section and a
removed repetition. A pure function, as `pipelines.scrub` is for pages.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.records import Content, Evidence, Reading, Removed
from pipelines.bounds import check_line
from pipelines.byline import decide_bylines
from pipelines.canonical import body_hash, canonical_line, content_hash
from pipelines.dates import Published, read_date
from pipelines.language import language_of
from pipelines.layouts import Layout
from pipelines.lines import BODY, Line, Mark
from pipelines.noise import Rules
from pipelines.textrules import LineRule, TextRules

DOUBLED = "doubled-section"
_FIELDS = {"title": "title", "section": "section", "date": "published_at", "byline": "byline", "caption": "captions"}
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Row:
    """A line that is not empty, in canonical form, with its number in the file and what it is."""

    number: int
    text: str
    mark: Mark = BODY


@dataclass(frozen=True, slots=True)
class _Form:
    rule: str
    published: Published | None


def read_text(text: str, layout: Layout, rules: Rules, input_digest: str, cleaner_digest: str) -> Reading:
    """The reading of a plain text under ``layout``, which has text rules, and the noise ``rules`` that hold."""
    if layout.text is None:
        raise ValueError(f"layout {layout.id!r} has no rules for plain texts")
    rows, published, warnings = _head(_rows(text, rules), layout, layout.text)
    rows = _captions(rows, layout.text)
    rows, doubts = _bylines(rows, layout, layout.text)
    warnings += doubts + _doubts(rows, layout, layout.text)
    language = language_of(text, None, layout.language)
    return _reading(
        rows, published, warnings, Reading(input_digest, cleaner_digest, layout.id, None, language=language)
    )


def _rows(text: str, rules: Rules) -> list[Row]:
    lines = ((number, _checked(line)) for number, line in enumerate(_LINE_END.split(text), 1))
    marked = ((number, line, rules.takes(line)) for number, line in lines if line)
    return [Row(number, line, Mark("removed", rule) if rule else BODY) for number, line, rule in marked]


def _checked(line: str) -> str:
    check_line(line)
    return canonical_line(line)


def _head(rows: list[Row], layout: Layout, rules: TextRules) -> tuple[list[Row], Published | None, list[str]]:
    """The rows with section, title and date line marked, where a date line stands in the head of the text.

    Without a date line there is no evidence of a head: the first line may be a title as well as a sentence.
    """
    body = [n for n, row in enumerate(rows) if row.mark is BODY]
    for place, n in enumerate(body[: rules.head_lines + 1]):
        form = _date_form(rows[n].text, layout, rules)
        if form is None:
            continue
        above = _above([rows[m] for m in body[:place]], form.rule, rules)
        if above is None:
            break
        head = [new for row in rows[:n] for new in above.get(row.number, [row])]
        unsure = [f"unsure-head:{row.number}" for row in head if row.mark is BODY]
        return [*head, replace(rows[n], mark=Mark("date", form.rule)), *rows[n + 1 :]], form.published, unsure
    return rows, None, []


def _date_form(text: str, layout: Layout, rules: TextRules) -> _Form | None:
    """The form of date line that ``text`` is. One that says what it is needs no date: sites leave it empty, or print
    one that does not exist."""
    for rule, pattern in layout.date_patterns:
        if pattern.fullmatch(text):
            published = read_date(text, [(rule, pattern)])
            if published or rule in rules.untitled_dates:
                return _Form(rule, published)
    return None


def _above(above: Sequence[Row], date_rule: str, rules: TextRules) -> dict[int, list[Row]] | None:
    """What becomes of the lines above a date line, by their numbers: the last is the title, the one before it the
    section. None where they are no head but the beginning of the text."""
    if not above:
        return {} if date_rule in rules.untitled_dates else None
    *others, last = above
    title = next((rule for rule in rules.titles if date_rule in rule.before and rule.fits(last.text)), None)
    if title is None or not all(rules.section.fits(row.text) for row in others):
        return None
    named = {last.number: [replace(last, mark=Mark("title", title.id))]}
    if others:
        named[others[-1].number] = _section(others[-1], Mark("section", rules.section.id))
    return named


def _section(row: Row, mark: Mark) -> list[Row]:
    words = row.text.split()
    half = len(words) // 2
    if half < 2 or words[:half] != words[half:]:
        return [replace(row, mark=mark)]
    once = " ".join(words[:half])
    return [Row(row.number, once, mark), Row(row.number, once, Mark("removed", DOUBLED))]


def _captions(rows: list[Row], rules: TextRules) -> list[Row]:
    last = next((n for n in reversed(range(len(rows))) if rows[n].mark is BODY), None)

    def caption(n: int, row: Row) -> LineRule | None:
        found = next((r for r in rules.captions if r.fits(row.text) and _placed(r, rows, n)), None)
        # Buttons of a picture without a caption may stand right above the writer.
        signed = found is not None and found.after and n == last and rules.byline(row.text)
        return None if signed else found

    found = [caption(n, row) if row.mark is BODY else None for n, row in enumerate(rows)]
    return [replace(row, mark=Mark("caption", r.id)) if r else row for row, r in zip(rows, found, strict=True)]


def _placed(rule: LineRule, rows: Sequence[Row], n: int) -> bool:
    """Whether row ``n`` stands where the caption rule wants it: below a picture's buttons, or not in a list."""
    before = rows[n - 1] if n else None
    if rule.after and (before is None or before.mark.rule not in rule.after):
        return False
    if not rule.alone:
        return True
    beside = [row for row in (before, *rows[n + 1 : n + 2]) if row is not None and row.mark is BODY]
    listed = before is not None and before in beside and before.text.endswith(":")
    return not listed and not any(rule.resembles(row.text) and not row.text.endswith(".") for row in beside)


def _bylines(rows: list[Row], layout: Layout, rules: TextRules) -> tuple[list[Row], list[str]]:
    """The rows with the byline marked, and a warning for each that reads like one and does not stand like it."""
    lines, unsure = decide_bylines([Line(row.text, row.mark) for row in rows], layout.byline, rules)
    marked = [replace(row, mark=line.mark or row.mark) for row, line in zip(rows, lines, strict=True)]
    return marked, [f"unsure-byline:{rows[n].number}" for n in unsure]


def _doubts(rows: Sequence[Row], layout: Layout, rules: TextRules) -> list[str]:
    """What stayed in the text and may be something else."""
    doubts = []
    for n, row in enumerate(rows):
        if row.mark is not BODY:
            continue
        form = _date_form(row.text, layout, rules)
        if form is not None and form.rule in rules.untitled_dates:
            doubts.append(f"unsure-date:{row.number}")
        elif _like_a_caption(rows, n, rules):
            doubts.append(f"{rules.unsure_caption.id}:{row.number}")
    return doubts


def _like_a_caption(rows: Sequence[Row], n: int, rules: TextRules) -> bool:
    text = rows[n].text
    unsure = rules.unsure_caption
    if len(text) > unsure.max_length or any(re.search(form, text) for form in unsure.unless):
        return False
    if any(rule.resembles(text) and _placed(rule, rows, n) for rule in rules.captions):
        return True
    between = [row for m in (n - 1, n + 1) if 0 <= m < len(rows) and (row := rows[m]).mark is BODY]
    long = [row for row in between if len(row.text) >= rules.long_line]
    return len(long) == 2 and unsure.fits(text)


def _reading(rows: Sequence[Row], published: Published | None, warnings: list[str], blank: Reading) -> Reading:
    by_role: dict[str, list[str]] = {}
    for row in rows:
        by_role.setdefault(row.mark.role, []).append(row.text)
    title, section, said = (next(iter(by_role.get(role, ())), None) for role in ("title", "section", "date"))
    body = tuple(by_role.get("body", ()))
    needed = {"no-title": title, "no-words": body, "no-date": published, "no-language": blank.language}
    missing = [name for name, there in needed.items() if not there]
    return replace(
        blank,
        content=Content(content_hash(title, None, body), body_hash(body), title, None, body) if title or body else None,
        published_at=published.at if published else None,
        published_evidence=said,
        published_rule=published.rule if published else None,
        byline="\n".join(by_role.get("byline", ())) or None,
        section=section,
        captions=tuple(by_role.get("caption", ())),
        removed=tuple(Removed(row.mark.rule or "", row.text, row.number) for row in rows if row.mark.role == "removed"),
        evidence=tuple(
            Evidence(_FIELDS[row.mark.role], row.mark.rule or "", row.number)
            for row in rows
            if row.mark.role in _FIELDS
        ),
        warnings=(*missing, *warnings),
    )
