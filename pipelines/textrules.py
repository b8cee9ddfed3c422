"""What lines are by their words and place: the ``[text]`` table of the layout ``plain-text``.

Plain texts have nothing else to go by. What it says of bylines and signatures holds for pages, too.
"""

import json
import re
from functools import cached_property
from typing import Any

from pydantic import Field, model_validator

from pipelines.tomlfile import Names, Patterns, Regex, Table


class LineRule(Table):
    """A kind of line in a plain text: one of ``line`` matches it whole, it is no longer than ``max_length``, none of
    ``unless`` is found in it. ``after``: only right after a line that one of these noise rules took; ``before``: only
    right before a date line of these forms; ``alone``: not in a list of its like; ``says``: the line says itself what
    it is.
    """

    id: str
    reason: str
    line: Patterns
    unless: Patterns = ()
    max_length: int = 80
    after: Names = ()
    before: Names = ()
    alone: bool = False
    says: bool = False

    def resembles(self, text: str) -> bool:
        """Whether the line has the form, exceptions aside."""
        return len(text) <= self.max_length and any(re.fullmatch(form, text) for form in self.line)

    def fits(self, text: str) -> bool:
        """Whether the line has the form and is none of the exceptions."""
        return self.resembles(text) and not any(re.search(form, text) for form in self.unless)


class TextRules(Table):
    """What the lines of a plain text are. ``parts``: alternatives that expressions name as ``(?&part)``.

    Nothing is a byline where it or one of the ``look_back`` lines before matches ``signing``.
    """

    parts: dict[str, Patterns]
    head_lines: int
    untitled_dates: Names
    long_line: int
    closing: Regex
    signing: Regex
    look_back: int
    titles: tuple[LineRule, ...] = Field(strict=False)
    section: LineRule
    captions: tuple[LineRule, ...] = Field(strict=False)
    unsure_caption: LineRule
    bylines: tuple[LineRule, ...] = Field(strict=False)

    @cached_property
    def saying(self) -> "TextRules":
        """These rules with only those for bylines that need no place to be told by."""
        return self.model_copy(update={"bylines": tuple(rule for rule in self.bylines if rule.says)})

    def byline(self, text: str) -> str | None:
        """The id of the first rule that tells ``text`` as a byline, or None."""
        return next((rule.id for rule in self.bylines if rule.fits(text)), None)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_parts(cls, data: Any) -> Any:
        """A part may name those above it, so the last is put in first. A name that is none fails as an expression."""
        parts = data.get("parts") if isinstance(data, dict) else None
        text = json.dumps(data, default=str)
        for name, part in reversed(parts.items()) if isinstance(parts, dict) else ():
            text = text.replace(f"(?&{name})", f"(?:{json.dumps('|'.join(map(str, part)))[1:-1]})")
        return json.loads(text)
