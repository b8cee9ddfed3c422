"""Two readings of one input side by side: which fields differ, which lines came and went, and which rules took them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

TEXT_FIELDS = ("title", "lead", "body")
#: Stands for a rule where lines came or went that no noise rule took before or after.
EXTRACTION = "extraction"


@dataclass(frozen=True, slots=True)
class Told:
    """What one cleaner reads in an input: nothing but ``outcome`` where it shows no article."""

    outcome: str
    layout: str | None = None
    title: str | None = None
    lead: str | None = None
    paragraphs: tuple[str, ...] = ()
    published_at: str | None = None
    byline: str | None = None
    section: str | None = None
    captions: tuple[str, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """How two readings of one input differ. ``gained`` and ``lost`` are paragraphs, in their order on the page;
    ``size`` is how many characters came or went in title, lead and body."""

    source_id: str
    article_key: str
    url: str
    layout: str
    fields: tuple[str, ...]
    rules: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    before: Told
    after: Told

    @property
    def size(self) -> int:
        lines = sum(len(line) for line in (*self.gained, *self.lost))
        heads = ((self.before.title, self.after.title), (self.before.lead, self.after.lead))
        return lines + sum(len(old or "") + len(new or "") for old, new in heads if old != new)

    @property
    def changes_text(self) -> bool:
        """Whether title, lead or body differ, so that an edition would have other words."""
        return any(name in TEXT_FIELDS for name in self.fields)

    @property
    def halved(self) -> bool:
        """Whether the body loses half of its characters or more."""
        before, after = (sum(map(len, told.paragraphs)) for told in (self.before, self.after))
        return before > 0 and 2 * after <= before


def compare(source_id: str, article_key: str, url: str, before: Told, after: Told) -> Difference | None:
    """The difference between two readings of one input, or None where a reader sees none."""
    fields = [name for name in ("outcome", "title", "lead") if getattr(before, name) != getattr(after, name)]
    if before.paragraphs != after.paragraphs:
        fields.append("body")
    metadata = ("published_at", "byline", "section", "captions", "attachments")
    fields += [name for name in metadata if getattr(before, name) != getattr(after, name)]
    if not fields:
        return None
    gained, lost = _without(after.paragraphs, before.paragraphs), _without(before.paragraphs, after.paragraphs)
    layout = after.layout or before.layout or ""
    rules = _rules(before.removed, after.removed) or (EXTRACTION,)
    return Difference(source_id, article_key, url, layout, tuple(fields), rules, gained, lost, before, after)


def _without(lines: Sequence[str], others: Iterable[str]) -> tuple[str, ...]:
    left = Counter(others)
    kept = []
    for line in lines:
        if left[line]:
            left[line] -= 1
        else:
            kept.append(line)
    return tuple(kept)


def _rules(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The rules that took other lines before than after."""
    old, new = Counter(before), Counter(after)
    return tuple(sorted({rule for rule, _ in ((old - new) + (new - old))}))


@dataclass(slots=True)
class Tally:
    """Differences counted by source, layout and rule, and the largest of them.

    ``bodies`` has for each source how many readings were compared, ``halved`` how many bodies of them lose half.
    """

    keep: int = 10
    compared: int = 0
    changed: int = 0
    texts: int = 0
    groups: dict[tuple[str, str, str], Counter[str]] = field(default_factory=dict)
    fields: Counter[str] = field(default_factory=Counter)
    largest: list[Difference] = field(default_factory=list)
    bodies: Counter[str] = field(default_factory=Counter)
    halved: Counter[str] = field(default_factory=Counter)

    def add(self, source_id: str, difference: Difference | None) -> None:
        """Count one comparison of two readings of this source."""
        self.compared += 1
        self.bodies[source_id] += 1
        if difference is None:
            return
        self.changed += 1
        self.texts += difference.changes_text
        self.halved[source_id] += difference.halved
        self.fields.update(difference.fields)
        for rule in difference.rules:
            group = self.groups.setdefault((difference.source_id, difference.layout, rule), Counter())
            group["changed"] += 1
            group["texts"] += difference.changes_text
            group["gained"] += len(difference.gained)
            group["lost"] += len(difference.lost)
        self.largest.append(difference)
        self.largest.sort(key=lambda found: (-found.size, found.article_key, found.url))
        del self.largest[self.keep :]

    def losses(self, share: float) -> Iterator[str]:
        """A sentence for each source of which more than this share of the bodies loses half."""
        for source_id, halved in sorted(self.halved.items()):
            bodies = self.bodies[source_id]
            if halved > share * bodies:
                lost = f"{halved} of {bodies} bodies ({halved / bodies:.1%}) lose half of their characters or more"
                yield f"{source_id}: {lost}; {share:.1%} may (--max-loss)"
