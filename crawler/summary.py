"""What a crawl brought, read back from the database, and what in it needs a person's look."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from archive import alarms, frontier
from archive.alarms import Alarm, Expected
from archive.database import reading
from archive.revisits import PATIENT_ATTEMPTS, Bounds
from archive.status import unrecognised
from crawler.sources import Source
from pipelines.dates import VIETNAM

if TYPE_CHECKING:
    from crawler.collection import Collection


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """The counts of one source. ``articles``, ``gone``, ``duplicates`` and ``failed`` (addresses whose last attempt
    failed) are of all times, the others of this crawl; ``captures`` are attempts, robots.txt not counted."""

    source_id: str
    name: str
    captures: int
    ok: int
    unchanged: int
    absent: int
    redirected: int
    failed: int
    blocked: int
    new_articles: int
    new_editions: int
    metadata_changes: int
    newly_gone: int
    back: int
    unrecognised: int
    articles: int
    gone: int
    duplicates: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole crawl."""

    crawl: str
    outcome: str
    seconds: float
    sources: tuple[SourceSummary, ...]
    notes: tuple[str, ...]
    wrong: tuple[Alarm, ...] = ()
    failure: str | None = None

    @property
    def problems(self) -> list[str]:
        """What needs a look, a sentence each; a crawl without any exits 0."""
        return [problem for source in self.sources for problem in source.problems]

    def counts(self) -> dict[str, Any]:
        """As stored with the crawl."""
        return {source.source_id: asdict(source) for source in self.sources}


def summarise(collection: "Collection", outcome: str) -> Summary:
    """The summary of a crawl whose captures are all stored."""
    promoted = collection.store.promoted()
    with reading(collection.engine) as connection:
        wrong = _wrong(connection, collection, outcome)
        sources = []
        for source in collection.plan.sources:
            counts = _counts(connection, collection.key, source.id, collection.since)
            mine = [alarm for alarm in wrong if alarm.source_id == source.id]
            problems = [alarm.sentence for alarm in mine]
            problems += [*_problems(source, counts, mine), *collection.manners.problems(source.id)]
            if source.id in collection.opened.busy:
                # A timer that meets a crawl of its source has nothing to do: that is no fault.
                problems = [] if collection.plan.due_only else [_busy(source.id)]
            if promoted.get(source.id) not in (None, collection.cleaner.digest_for(source.id)):
                problems.append(_unpromoted(source.id, collection.cleaner.digest_for(source.id), promoted[source.id]))
            sources.append(SourceSummary(source.id, source.name, **counts, problems=tuple(problems)))
    seconds = (collection.now() - collection.started_at).total_seconds()
    failure = str(collection.desk.failure) if collection.desk.failure else None
    busy = map(_busy, sorted(collection.opened.busy) if collection.plan.due_only else ())
    notes = (*collection.opened.notes, *collection.manners.notes, *busy)
    return Summary(collection.key, outcome, seconds, tuple(sources), notes, tuple(wrong), failure)


def expected(sources: Iterable[Source], now: datetime) -> list[Expected]:
    """What the catalogue says of those sources that are there to be collected now."""
    day = now.astimezone(VIETNAM).date()
    return [_expected(source) for source in sources if not source.paused and source.context.exists_on(day)]


def _expected(source: Source) -> Expected:
    return Expected(source.id, source.rhythm, source.expect_articles_min, frozenset(source.context.hosts))


def due(connection: Connection, sources: Iterable[Source], now: datetime) -> dict[str, int]:
    """How many addresses of each of these sources `collect --due` would begin with."""
    found = {}
    for source in sources:
        entries = {link.url_key for link in source.entries}
        found[source.id] = frontier.count_due(connection, source.id, Bounds(now, source.rhythm), entries)
    return found


def _wrong(connection: Connection, collection: "Collection", outcome: str) -> list[Alarm]:
    """What is wrong with the sources of this crawl; of hosts that give no answer the crawl speaks itself."""
    mine = [source for source in collection.plan.sources if source.id not in collection.opened.busy]
    found = alarms.of_articles(connection, [source.id for source in mine])
    if outcome == "finished":
        found += alarms.too_few(connection, [_expected(source) for source in mine])
    return sorted(found, key=lambda alarm: (alarm.source_id, alarm.id))


def _busy(source_id: str) -> str:
    return f"{source_id}: another crawl is collecting it; not touched"


def _unpromoted(source_id: str, installed: str, promoted: str) -> str:
    return (
        f"{source_id}: the installed cleaner {installed[:12]} is not the promoted one ({promoted[:12]});"
        " captures and readings are stored, no edition moved, new articles wait. Run: bantin reclean"
    )


def _problems(source: Source, counts: dict[str, int], wrong: Iterable[Alarm]) -> list[str]:
    problems = []
    if counts["failed"]:
        problems.append(f"{source.id}: {counts['failed']} addresses could not be fetched; the next collect tries again")
    if counts["unrecognised"] and all(alarm.id != "layout-broken" for alarm in wrong):
        problems.append(
            f"{source.id}: {counts['unrecognised']} pages do not show the marks of layout {source.layout!r}"
        )
    return problems


def _counts(connection: Connection, crawl: str, source_id: str, since: int) -> dict[str, int]:
    # A file that is too large, or is no file, is no fault of the crawl: it is listed with its article.
    facts = {"crawl": crawl, "source": source_id, "since": since, "patient": PATIENT_ATTEMPTS}
    captures: dict[str, int] = dict(connection.execute(text(_OUTCOMES), facts).tuples().all())
    changes: dict[str, int] = dict(connection.execute(text(_CHANGES), facts).tuples().all())
    singles = {name: connection.execute(text(sql), facts).scalar_one() for name, sql in _SINGLE.items()}
    return {
        "captures": sum(captures.values()),
        "ok": captures.get("ok", 0),
        "unchanged": captures.get("revisit-identical", 0) + captures.get("revisit-not-modified", 0),
        "absent": captures.get("gone", 0) + captures.get("soft-gone", 0),
        "redirected": captures.get("redirected", 0),
        "blocked": captures.get("blocked", 0),
        "new_articles": changes.get("article", 0),
        "new_editions": changes.get("edition", 0),
        "metadata_changes": changes.get("metadata", 0),
        "newly_gone": changes.get("gone", 0),
        "back": changes.get("back", 0),
        "unrecognised": unrecognised(connection, crawl).get(source_id, 0),
        **singles,
    }


_OUTCOMES = """
    SELECT c.outcome, count(*) FROM capture AS c JOIN crawl AS k ON k.id = c.crawl_id
    WHERE k.key = :crawl AND c.source_id = :source AND c.kind <> 'robots' GROUP BY c.outcome
"""
_CHANGES = "SELECT kind, count(*) FROM change WHERE id > :since AND source_id = :source GROUP BY kind"
_SINGLE = {
    "articles": "SELECT count(*) FROM v_article WHERE source_id = :source",
    "gone": "SELECT count(*) FROM v_article WHERE source_id = :source AND gone_at IS NOT NULL",
    "duplicates": """
        SELECT count(*) FROM v_duplicate AS d JOIN article AS a ON a.article_key = d.article_key
        WHERE a.source_id = :source
    """,
    "failed": """
        SELECT count(*) FROM frontier AS f WHERE f.source_id = :source AND f.last_outcome = 'failed'
        AND (f.kind <> 'attachment' OR f.attempts < :patient)
        AND NOT EXISTS (SELECT 1 FROM frontier AS g WHERE g.article_key = f.article_key
                        AND g.last_outcome IN ('ok', 'revisit-identical', 'revisit-not-modified'))
    """,
}
