"""What is wrong now: sources that fell silent, layouts that stopped matching, and the like. Reading side.

`bantin status` and the summary of a crawl both ask here, so that one thing has one name. All follows from what is
stored and the clock that is given. The rules with their figures: docs/database.md, "What is wrong now".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil

from sqlalchemy import Connection

from archive.coverage import VIETNAM
from archive.hosts import dead_hosts
from archive.queries import Row, first, rows, typed
from archive.records import GOOD, LEADING

#: Silence is measured against the source's own year, and only where it has that many days with something new.
YEAR, ENOUGH_DAYS = timedelta(days=365), 20
#: Nobody is called before so many days, and so many times the gap that all but one in twenty keep within.
LEAST_SILENCE, TIMES, WITHIN = timedelta(days=7), 3, 0.95
#: The newest pages against those before them. A field has fallen by so large a share, and on so many pages.
NEW_PAGES, PAGES_BEFORE, FEWEST_PAGES = 30, 300, 10
FALL, FALLEN_PAGES = 0.3, 5
FIELDS = ("title", "published_at", "body")
#: A visit may take its time; two that were missed are no accident.
VISITS, GRACE = 2, timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the catalogue says of a source that is collected now."""

    source_id: str
    rhythm: timedelta
    minimum: int = 0
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong: `silent`, `layout-broken`, `too-few`, `dead-host` or `overdue`; in words, in figures,
    and what to do."""

    id: str
    source_id: str
    says: str
    remedy: str
    figures: Mapping[str, object] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"{self.source_id}: {self.says}. {self.remedy}"

    @property
    def never(self) -> bool:
        """Whether it says of a source that it was never collected."""
        return self.id == "overdue" and self.figures["hours"] is None


def wrong(connection: Connection, expected: Sequence[Expected], now: datetime) -> list[Alarm]:
    """All that is wrong with these sources, by source."""
    dead = dead_host(connection, expected)
    resting = {alarm.source_id for alarm in dead}  # why nothing was asked of them is said
    unfinished = {row["source_id"] for row in rows(connection, _UNFINISHED)}
    found = [
        *dead,
        *overdue(connection, [one for one in expected if one.source_id not in resting], now),
        *too_few(connection, [one for one in expected if one.source_id not in unfinished]),
        *of_articles(connection, [one.source_id for one in expected]),
    ]
    return sorted(found, key=lambda alarm: (alarm.source_id, alarm.id))


def of_articles(connection: Connection, source_ids: Iterable[str]) -> list[Alarm]:
    """What the articles of these sources tell: `silent`, `layout-broken`."""
    wanted = list(source_ids)
    return [*silent(connection, wanted), *(a for i in wanted if (a := layout_broken(connection, i)))]


def silent(connection: Connection, source_ids: Iterable[str]) -> list[Alarm]:
    """The sources whose lists, when they were last read, had shown nothing new for far longer than was usual."""
    wanted = list(source_ids)
    if not wanted:
        return []
    days = _days(connection, wanted)
    found = []
    for source_id in wanted:
        look = first(connection, _LAST_LOOK, source=source_id, leading=sorted(LEADING), good=sorted(GOOD))
        if look is None:
            continue
        looked = (look["captured_at"] + VIETNAM).date()
        past = sorted(day for day in days[source_id] if day <= looked)
        if (allowed := longest_silence(past)) is not None and looked - past[-1] > allowed:
            found.append(_silent(source_id, past[-1], looked, allowed))
    return found


def longest_silence(days: Sequence[date]) -> timedelta | None:
    """How long a source with something new on these days (in their order) may be silent; None where they are too few
    to say."""
    lately = [day for day in days if day >= days[-1] - YEAR]
    if len(lately) < ENOUGH_DAYS:
        return None
    gaps = sorted(after - before for before, after in pairwise(lately))
    return max(LEAST_SILENCE, TIMES * gaps[ceil(WITHIN * len(gaps)) - 1])


def _silent(source_id: str, newest: date, looked: date, allowed: timedelta) -> Alarm:
    silence = (looked - newest).days
    return Alarm(
        "silent",
        source_id,
        f"nothing new since {newest}; its lists were read on {looked}, {silence} days later; its own"
        f" history would make up to {allowed.days} days usual",
        f"See whether it moved, or its lists changed: bantin sources show {source_id}",
        {"newest": str(newest), "looked_at": str(looked), "days": silence, "allowed_days": allowed.days},
    )


def _days(connection: Connection, source_ids: Sequence[str]) -> defaultdict[str, set[date]]:
    """The days in Vietnam on which each source had something new: by its pages, else by when it was first captured."""
    days: defaultdict[str, set[date]] = defaultdict(set)
    for row in rows(connection, _PUBLISHED, ids=source_ids):
        days[row["source_id"]].add(date.fromisoformat(row["day"]))
    for row in rows(connection, _UNDATED, ids=source_ids):
        days[row["source_id"]].add((row["first_captured_at"] + VIETNAM).date())
    return days


def layout_broken(connection: Connection, source_id: str) -> Alarm | None:
    """Whether title, date or body are found on far fewer of a source's newest article pages than on those before."""
    told = {"source": source_id, "good": sorted(GOOD), "limit": NEW_PAGES + PAGES_BEFORE}
    pages = rows(connection, _PAGES, **told)
    count = min(NEW_PAGES, len(pages) // 2)
    if count < FEWEST_PAGES:
        return None
    new, before = pages[:count], pages[count:]
    shares = {name: (_share(before, name), _share(new, name)) for name in FIELDS}
    fallen = {
        name: (then, now)
        for name, (then, now) in shares.items()
        if then - now > FALL and (then - now) * count >= FALLEN_PAGES
    }
    if not fallen:
        return None
    said = ", ".join(f"{name} on {now:.0%} instead of {then:.0%}" for name, (then, now) in fallen.items())
    return Alarm(
        "layout-broken",
        source_id,
        f"of its {count} newest article pages fewer show what the layout looks for: {said}",
        "Adapt the layout (CONTRIBUTING.md), then: bantin reclean",
        {name: {"before": round(then, 3), "now": round(now, 3)} for name, (then, now) in fallen.items()}
        | {"pages": count, "pages_before": len(before)},
    )


def _share(pages: Sequence[Row], name: str) -> float:
    return sum(bool(page[name]) for page in pages) / len(pages)


def too_few(connection: Connection, expected: Iterable[Expected]) -> list[Alarm]:
    """The sources that were captured and have fewer articles than the catalogue says they should."""
    demanding = [one for one in expected if one.minimum]
    ids = [one.source_id for one in demanding]
    if not ids:
        return []
    counts = {row["source_id"]: row["n"] for row in rows(connection, _PRESENT, ids=ids)}
    return [
        Alarm(
            "too-few",
            one.source_id,
            f"{counts[one.source_id]} articles, at least {one.minimum} were expected",
            "See whether its start pages and layout fit",
            {"articles": counts[one.source_id], "expected": one.minimum},
        )
        for one in demanding
        if counts.get(one.source_id, one.minimum) < one.minimum
    ]


def dead_host(connection: Connection, expected: Iterable[Expected]) -> list[Alarm]:
    """The sources' hosts that gave no answer, or no robots.txt, when they were last asked."""
    owners = defaultdict(list)
    for one in expected:
        for host in one.hosts:
            owners[host].append(one.source_id)
    return [
        Alarm(
            "dead-host",
            source_id,
            f"{memory.host} could not be asked for anything since {memory.first_failed_at:%Y-%m-%d}"
            f" ({memory.failures} {'crawl' if memory.failures == 1 else 'crawls'}; {memory.reason})",
            "See whether it moved or was switched off; then give its days in the catalogue (`until`)",
            {"host": memory.host, "failures": memory.failures, "since": f"{memory.first_failed_at:%Y-%m-%d}"},
        )
        for memory in dead_hosts(connection)
        for source_id in owners[memory.host]
    ]


def overdue(connection: Connection, expected: Iterable[Expected], now: datetime) -> list[Alarm]:
    """The sources that no crawl has visited for two of their rhythms; one never visited counts from the first crawl."""
    last = {row["source_id"]: row["captured_at"] for row in rows(connection, _VISITED)}
    begun = first(connection, _BEGUN)
    late: defaultdict[datetime, list[Expected]] = defaultdict(list)
    for one in expected:
        limit, seen = now - VISITS * one.rhythm - GRACE, last.get(one.source_id)
        if one.source_id in last and begun and begun["at"] is not None and (seen or begun["at"]) < limit:
            late[limit].append(one)
    found = []
    for limit, candidates in late.items():
        # A crawl that found nothing due has no capture, but was there.
        config = (row["detail"] for row in rows(connection, _CRAWLS, since=limit))
        visited = {source_id for told in config for source_id in told.get("sources", ())}
        found += [_overdue(one, last.get(one.source_id), now) for one in candidates if one.source_id not in visited]
    return found


def _overdue(one: Expected, seen: datetime | None, now: datetime) -> Alarm:
    said = f"not collected since {seen:%Y-%m-%d %H:%M}Z" if seen else "never collected"
    return Alarm(
        "overdue",
        one.source_id,
        f"{said}; it is to be visited every {_span(one.rhythm)}",
        f"See whether its timer runs (bantin schedule), or: bantin collect {one.source_id}",
        {"hours": None if seen is None else (now - seen) // timedelta(hours=1)}
        | {"rhythm_hours": one.rhythm / timedelta(hours=1)},
    )


def _span(rhythm: timedelta) -> str:
    days, hours = rhythm // timedelta(days=1), rhythm / timedelta(hours=1)
    return f"{days} d" if days * timedelta(days=1) == rhythm else f"{hours:g} h"


_LAST_LOOK = typed(
    "SELECT captured_at FROM capture WHERE source_id = :source AND kind IN :leading AND outcome IN :good"
    " ORDER BY captured_at DESC LIMIT 1",
    many=["leading", "good"],
)
_PUBLISHED = typed(
    "SELECT DISTINCT a.source_id, substr(r.published_at, 1, 10) AS day FROM article AS a"
    " JOIN reading AS r ON r.id = a.current_reading_id WHERE r.published_at IS NOT NULL AND a.source_id IN :ids",
    many=["ids"],
)
_UNDATED = typed(
    "SELECT a.source_id, a.first_captured_at FROM article AS a"
    " JOIN reading AS r ON r.id = a.current_reading_id WHERE r.published_at IS NULL AND a.source_id IN :ids",
    many=["ids"],
)
_PAGES = typed(
    "SELECT t.title, r.published_at, t.body FROM v_capture AS c JOIN reading AS r ON r.id = c.reading_id"
    " LEFT JOIN content AS t ON t.content_hash = r.content_hash"
    " WHERE c.source_id = :source AND c.kind = 'article' AND c.outcome IN :good"
    " ORDER BY c.captured_at DESC, c.url_key LIMIT :limit",
    many=["good"],
)
_PRESENT = typed(
    "SELECT s.id AS source_id, (SELECT count(*) FROM article AS a WHERE a.source_id = s.id AND a.gone_at IS NULL"
    " AND a.current_edition_id IS NOT NULL) AS n FROM source AS s"
    " WHERE s.id IN :ids AND EXISTS (SELECT 1 FROM capture AS c WHERE c.source_id = s.id)",
    many=["ids"],
)
_UNFINISHED = typed("SELECT DISTINCT source_id FROM frontier WHERE due_at IS NOT NULL")
_VISITED = typed(
    "SELECT s.id AS source_id, (SELECT c.captured_at FROM capture AS c JOIN crawl AS k ON k.id = c.crawl_id"
    " WHERE c.source_id = s.id AND k.kind = 'crawl' ORDER BY c.captured_at DESC LIMIT 1) AS captured_at"
    " FROM source AS s"
)
_BEGUN = typed("SELECT min(started_at) AS at FROM crawl WHERE kind = 'crawl'")
_CRAWLS = typed(
    "SELECT config AS detail FROM crawl WHERE kind = 'crawl' AND started_at >= :since",
    times=["since"],
)
