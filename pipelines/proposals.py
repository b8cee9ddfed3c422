"""Proposals as noise rules: ids, reasons, TOML to paste into a layout's file, with the evidence as comments. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.canonical import squeezed
from pipelines.layouts import COMMON, Noise
from pipelines.repetition import NUMBER
from pipelines.suggest import Proposal

_ID_LENGTH = 40
_TEXT_LENGTH = 100
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rule to paste and the file that it is for (``common`` or a layout's id), with what it rests on."""

    file: str
    rule: Noise
    proposal: Proposal


def suggestions(proposals: list[Proposal], taken: Collection[str]) -> list[Suggestion]:
    """The proposals as rules, with ids that none of ``taken`` is."""
    known, found = set(taken), []
    for proposal in proposals:
        rule = _rule(proposal, known)
        known.add(rule.id)
        file = proposal.layouts[0] if len(proposal.layouts) == 1 else COMMON
        found.append(Suggestion(file, rule, proposal))
    return found


def toml(suggestion: Suggestion, number: int) -> str:
    """The rule as a TOML table below comments with what it rests on and what it would do."""
    lines = [f"# {line}" for line in _comments(suggestion, number)] + ["[[noise]]"]
    said = suggestion.rule.model_dump(exclude_defaults=True)
    return "\n".join((*lines, *(f"{name} = {_value(value)}" for name, value in said.items()))) + "\n"


def facts(suggestion: Suggestion) -> dict[str, Any]:
    """The same for programs."""
    proposal, effect = suggestion.proposal, suggestion.proposal.effect
    return {
        "file": f"{suggestion.file}.toml",
        "rule": suggestion.rule.model_dump(mode="json", exclude_defaults=True),
        "weight": proposal.weight,
        "signs": {sign.said: sign.weight for sign in proposal.signs},
        "articles": proposal.seen.articles,
        "of_articles": proposal.seen.texts,
        "sources": proposal.seen.sources,
        "share": round(proposal.seen.share, 4),
        "position": proposal.seen.position,
        "texts": effect.texts,
        "lines": effect.lines,
        "characters": effect.characters,
        "emptied": effect.emptied,
        "samples": [{"article_key": key, "text": text} for key, text in proposal.samples],
        "toml": toml(suggestion, 0),
    }


def _rule(proposal: Proposal, taken: Collection[str]) -> Noise:
    wording = proposal.candidate.wordings.most_common(1)[0][0]
    kind, said = _expression(proposal, wording)
    named = said.partition(".")[2] or said.partition("#")[2] if kind == "css" else wording
    sources = proposal.seen.sources if len(proposal.seen.sources) == 1 else ()
    what = {"id": _id(named, taken), "reason": _reason(proposal), kind: said, "sources": sources}
    return Noise.model_validate(what)


def _expression(proposal: Proposal, wording: str) -> tuple[str, str]:
    """By what the rule finds it. A line without numbers, and an element, by its words whatever their spacing."""
    if proposal.candidate.kind == "css":
        return "css", proposal.candidate.name
    if NUMBER.search(wording) is None:
        return "squeezed", squeezed(wording)
    number = r"\d+(?:[.,]\d+)*" if any("." in n or "," in n for n in _numbers(proposal.candidate.wordings)) else r"\d+"
    words = (re.escape(part).replace(r"\ ", " ") for part in NUMBER.split(wording))
    return "line", f"^{number.join(words)}$"


def _numbers(wordings: Mapping[str, int]) -> Iterator[str]:
    for wording in wordings:
        yield from NUMBER.findall(wording)


def _reason(proposal: Proposal) -> str:
    seen = proposal.seen
    said = [sign.said for sign in proposal.signs if sign.weight > 0 and "%" not in sign.said]
    many = f"Stands in {seen.articles} of {seen.texts} texts"
    return f"{many}, {', '.join(said)}: nobody's words" if said else f"{many}: nobody's words"


def _comments(suggestion: Suggestion, number: int) -> Iterator[str]:
    proposal = suggestion.proposal
    seen, effect = proposal.seen, proposal.effect
    head = f"{number}. for" if number else "For"
    yield f"{head} {suggestion.file}.toml; weight {proposal.weight}: " + "; ".join(
        f"{sign.said} ({sign.weight:+})" for sign in proposal.signs
    )
    where = "anywhere" if seen.position == "anywhere" else f"the {seen.position} lines"
    yield f"in {seen.articles} of {seen.texts} texts ({seen.share:.0%}) of {', '.join(seen.sources)}; {where}"
    yield f"would take {effect.lines} lines, {effect.characters} characters, in {effect.texts} of the texts looked at"
    if effect.emptied:
        named = ", ".join(effect.emptied[:5]) + (", …" if len(effect.emptied) > 5 else "")
        yield f"WARNING: {len(effect.emptied)} texts would have no line left: {named}"
    for key, text in proposal.samples:
        yield f"{key}: {_shown(text)}"


def _id(text: str, taken: Collection[str]) -> str:
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    words = re.findall("[a-z]+", "".join(c for c in plain if not unicodedata.combining(c)))
    stem = "-".join(words)[:_ID_LENGTH].strip("-") or "line"
    return next(name for n in range(1, len(taken) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)


def _shown(text: str) -> str:
    text = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    return f"[{', '.join(map(_string, value))}]"


def _string(text: str) -> str:
    """A TOML string: a literal one where backslashes stand in it, so that expressions read as they are."""
    if "\\" in text and "'" not in text and not _CONTROLS.search(text):
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
