"""What one crawl is to do, and what of it the calendar leaves: a source whose hosts are another's by now is past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from crawler.sources import Catalogue, Source
from pipelines.dates import VIETNAM

MANY = 3  # so many sources are named one by one


@dataclass(frozen=True, slots=True)
class Plan:
    """What one crawl is to do."""

    sources: Sequence[Source]
    refetch: bool = False
    due_only: bool = False
    named: bool = True  # the sources were asked for by id
    since: date | None = None  # how far back lists, feeds and sitemaps are followed

    @property
    def config(self) -> dict[str, Any]:
        """As stored with the crawl: one that is cut off is gone on with by these."""
        since = self.since.isoformat() if self.since else None
        return {"sources": [source.id for source in self.sources], "refetch": self.refetch, "since": since}

    def goes_on(self, before: Mapping[str, Any]) -> bool:
        """Whether a crawl with this ``config`` that was cut off went as far back as this one is to: what it left is
        then all there is to do."""
        return self.since is None or self.since == since_of(before)


def since_of(config: Mapping[str, Any]) -> date | None:
    """The day back to which a crawl collected, by its ``config``."""
    said = config.get("since")
    return date.fromisoformat(said) if said else None


def of_today(plan: Plan, catalogue: Catalogue, now: datetime) -> tuple[Plan, list[str], list[str]]:
    """The plan without the sources that are past; of these, and of others left out, what a person should know."""
    day = now.astimezone(VIETNAM).date()
    past = [source for source in plan.sources if not source.context.exists_on(day)]
    said = [
        f"{source.id}: {', '.join(map(str, source.context.terms))}; that is past, nothing is collected"
        for source in past
    ]
    if len(past) > MANY:
        said = [f"{len(past)} sources had their hosts until a day that is past: nothing is collected of them"]
    paused = 0 if plan.named else sum(bool(source.paused) for source in catalogue.sources.values())
    more = [f"{paused} sources are paused: bantin sources list --paused says why"] if paused else []
    return replace(plan, sources=[source for source in plan.sources if source not in past]), said, more
