"""The assembly of a crawl: home, catalogue, cleaner, store and desk, opened before the first request and closed after
the last capture is stored. `scrapy crawl portal` and `bantin collect` both come through here.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from socket import gethostname
from typing import Any

from scrapy.settings import BaseSettings
from sqlalchemy import func, select, update

from archive import frontier
from archive.attachments import never_asked_for
from archive.clock import Clock, parse_rfc3339, rfc3339
from archive.database import connect, reading, require_current
from archive.errors import UsageError
from archive.home import Home
from archive.journal import Journal
from archive.models import Change, Crawl
from archive.records import Link, Page
from archive.revisits import Bounds
from archive.segments import SegmentWriter, live_crawls, segments
from archive.store import Store
from archive.version import version
from crawler.backfill import within
from crawler.desk import Desk
from crawler.guard import PrivateHosts
from crawler.manners import Manners
from crawler.round import Round
from crawler.sources import Catalogue, Source
from crawler.summary import Summary, summarise
from crawler.tls import TlsPolicy
from pipelines.addresses import host_of, url_key
from pipelines.cleaner import Cleaner
from pipelines.dates import VIETNAM
from pipelines.intake import catch_up
from pipelines.layouts import Layouts
from pipelines.recognise import files
from pipelines.workers import PooledReader, default_count, start_workers

log = logging.getLogger(__name__)
MANY = 3  # so many sources are named one by one
DESCRIPTION = (
    "Header names are as Scrapy gives them (title case), the reason phrase is not kept; bodies are as they came, below"
    " content encoding and without chunk framing"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one crawl is to do."""

    sources: Sequence[Source]
    refetch: bool = False
    due_only: bool = False
    named: bool = True  # the sources were asked for by id
    since: date | None = None  # how far back lists, feeds and sitemaps are followed


@dataclass(slots=True)
class Opened:
    """What opening found: the rounds to go, and what a person should know."""

    rounds: dict[str, Round] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    since: dict[str, date] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Collection:
    """One crawl over a set of sources, from opening the archive to the summary."""

    def __init__(self, settings: BaseSettings, plan: Plan, catalogue: Catalogue, layouts: Layouts) -> None:
        self._settings = settings
        self._clock = Clock(parse_rfc3339(settings["BANTIN_NOW"]) if settings["BANTIN_NOW"] else None)
        self.home = Home(Path(settings["BANTIN_HOME"]))
        self.cleaner = Cleaner(layouts, catalogue.contexts)
        self.journal = Journal(self.home.journal)
        self.engine = connect(settings["BANTIN_DATABASE_URL"] or self.home.default_database)
        self.store = Store(self.engine, self.journal, self._clock, self.cleaner.manifest_of)
        self._catalogue = catalogue
        self.plan, self._past = self._of_today(plan)
        self.private = PrivateHosts(self.plan.sources)
        self.manners = Manners(self.plan.sources, settings.getfloat("BANTIN_DELAY"))
        broken = (source.context.hosts for source in self.plan.sources if source.tls is not None)
        self.tls = TlsPolicy(frozenset().union(*broken))
        self._by_host = {host: source.id for source in self.plan.sources for host in source.context.hosts}
        self.since = 0
        self.stopped = False  # by --max-pages
        self.started_at = self._clock.now()
        self.key = f"{self.started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self.desk: Desk
        self.opened = Opened()
        self.summary: Summary | None = None
        self.error: Exception | None = None

    def _of_today(self, plan: Plan) -> tuple[Plan, list[str]]:
        """The plan without the sources whose hosts are another's by now, and what a person should know of those."""
        day = self._clock.now().astimezone(VIETNAM).date()
        past = [source for source in plan.sources if not source.context.exists_on(day)]
        said = [
            f"{source.id}: {', '.join(map(str, source.context.terms))}; that is past, nothing is collected"
            for source in past
        ]
        if len(past) > MANY:
            said = [f"{len(past)} sources had their hosts until a day that is past: nothing is collected of them"]
        if not plan.named and (paused := sum(bool(source.paused) for source in self._catalogue.sources.values())):
            said.append(f"{paused} sources are paused: bantin sources list --paused says why")
        return replace(plan, sources=[source for source in plan.sources if source not in past]), said

    def now(self) -> datetime:
        """The crawl's clock."""
        return self._clock.now()

    def most_bytes(self, source_id: str, kind: str) -> dict[str, int]:
        """How large an answer may be, as a request's meta, where the source says it: of an attachment."""
        wanted = self._catalogue.sources[source_id].attachments
        return {"download_maxsize": wanted.max_bytes} if kind == "attachment" else {}

    def source_of(self, url: str) -> str:
        """The source that a host belongs to in this crawl; for requests that Scrapy makes itself (robots.txt)."""
        return self._by_host.get(host_of(url), host_of(url))

    async def open(self, failed: Callable[[], None]) -> None:
        """Mend and take in what earlier crawls left, then begin this one. Raises BantinError before any request.

        ``failed`` is called once when archive or database can no longer be written: the crawl is to stop.
        """
        # The workers take a second to start: they do it while the archive is looked through.
        workers = start_workers(self._settings.getint("BANTIN_WORKERS") or default_count(), self.cleaner)
        facts = {
            "software": self._software,
            "isPartOf": self.key,
            "crawl-started": rfc3339(self.started_at),
            "sources": " ".join(source.id for source in self.plan.sources),
            "format": "WARC File Format 1.1",
            "description": DESCRIPTION,
        }
        writer = SegmentWriter(self.home.archive, self.key, facts, self._settings.getint("BANTIN_SEGMENT_BYTES"))
        self.opened = await asyncio.to_thread(self._prepare, writer)
        await asyncio.get_running_loop().run_in_executor(workers, os.getpid)  # one is up: nothing fetched has to wait
        self.desk = Desk(writer, self.store, workers, self.key, self._renew, failed, self._narrow)

    async def close(self, reason: str) -> Summary:
        """See everything stored, close the crawl's record and say what it brought."""
        await self.desk.close()
        outcome = "interrupted" if reason != "finished" else "stopped" if self.stopped else "finished"
        if self.desk.failure is not None:
            outcome = "failed"
        return await asyncio.to_thread(self._finish, outcome)

    @property
    def _software(self) -> str:
        return f"bantin/{version()} scrapy/{metadata.version('scrapy')}"

    def _narrow(self, source_id: str, page: Page) -> Page:
        since = self.opened.since.get(source_id)
        return page if since is None else within(page, since)

    @property
    def _place(self) -> str:
        """The archive folder that this crawl writes into, by machine and path."""
        return f"{gethostname()}:{self.home.archive.resolve()}"

    def _renew(self) -> None:
        with self.engine.begin() as connection:
            frontier.renew(connection, self.key, self.now())

    def _prepare(self, writer: SegmentWriter) -> Opened:
        opened = Opened(notes=list(self._past))
        if self._past and not self.plan.sources:
            raise UsageError(f"{'; '.join(self._past)}. What others archived can be imported: bantin import")
        self.home.create()
        require_current(self.engine)
        self.store.add_sources(self._catalogue.facts, self._catalogue.unit_facts)
        with PooledReader(1, self.cleaner) as read:
            opened.notes += catch_up(self.home, self.store, self.cleaner, read)
        self._bury_dead_crawls()
        # Before the database knows of this crawl there is a locked segment: nobody takes it for a dead one.
        writer.open(self.started_at)
        try:
            self._begin(opened)
        except BaseException:
            writer.seal()
            raise
        return opened

    def _bury_dead_crawls(self) -> None:
        """Mark crawls that ended without a word as interrupted.

        A crawl that wrote into this archive folder is dead unless it holds a lock there; what writes into another one,
        on another machine or here, is left to its leases.
        """
        with self.engine.begin() as connection:
            rows = connection.execute(select(Crawl.key, Crawl.config).where(Crawl.outcome == "running"))
            running: dict[str, dict[str, Any]] = dict(rows.tuples().all())
            # Looked at after the database: a crawl has its lock before its row, so none that has just begun looks dead.
            live = live_crawls(self.home.archive)
            written = [path.name for path in segments(self.home.archive)]
            here = {
                key
                for key, config in running.items()
                if config.get("archive") == self._place or any(key in name for name in written)
            }
            values = {"outcome": "interrupted", "ended_at": self.now()}
            connection.execute(update(Crawl).where(Crawl.key.in_(here - live)).values(values))

    def _begin(self, opened: Opened) -> None:
        ids = [source.id for source in self.plan.sources]
        resumed = self._interrupted(ids)
        config = {
            "sources": ids,
            "refetch": self.plan.refetch,
            "since": self.plan.since.isoformat() if self.plan.since else None,
            "archive": self._place,
            "cleaners": {i: self.cleaner.digest_for(i) for i in ids},
        }
        self.store.start_crawl(self.key, self.started_at, self._software, config)
        with self.engine.begin() as connection:
            self.since = connection.execute(select(func.max(Change.id))).scalar_one() or 0
            for source in self.plan.sources:
                layout = self.cleaner.layout_of(source.context, self.now())
                named = files(never_asked_for(connection, source.id), source.context, layout)
                frontier.add_starts(connection, source.id, [*_entries(source), *named], self.now())
            self.manners.recall(connection, self.now(), due_only=self.plan.due_only)
            running = connection.execute(select(Crawl.key).where(Crawl.outcome == "running")).scalars()
            opened.busy = frontier.lease(connection, ids, self.key, self.now(), running)
            for source in (s for s in self.plan.sources if s.id not in opened.busy):
                entries = {link.url_key for link in _entries(source)}
                before = resumed.get(source.id, {})
                frontier.make_due(
                    connection,
                    source.id,
                    Bounds(self.now(), source.rhythm),
                    entries,
                    visit=not self.plan.due_only and (source.id not in resumed or not self._same_since(before)),
                    everything=self.plan.refetch and not before.get("refetch"),
                )
                if since := self.plan.since or _day(before.get("since")):
                    opened.since[source.id] = since
                known = frontier.load(connection, source.id, entries)
                opened.rounds[source.id] = Round(known, walk=since is not None)
        if going_on := sorted(set(resumed) - opened.busy):
            opened.notes.append(f"going on where an interrupted crawl stopped: {', '.join(going_on)}")

    def _interrupted(self, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """The sources whose last crawl was cut off, and what that one was to do."""
        newest: dict[str, tuple[str, Mapping[str, Any]]] = {}
        with reading(self.engine) as connection:
            for config, outcome in connection.execute(select(Crawl.config, Crawl.outcome).order_by(Crawl.id)):
                for source_id in config.get("sources", ()):
                    newest[source_id] = (outcome, config)
        return {i: newest[i][1] for i in ids if i in newest and newest[i][0] in ("interrupted", "failed")}

    def _same_since(self, before: Mapping[str, Any]) -> bool:
        """Whether an interrupted crawl went as far back as this one is to: what it left is then all there is to do."""
        return self.plan.since is None or self.plan.since == _day(before.get("since"))

    def _finish(self, outcome: str) -> Summary:
        with self.engine.begin() as connection:
            frontier.release(connection, self.key)
            self.manners.remember(connection, self.now())
            if outcome == "interrupted" and not frontier.anything_due(connection, list(self.opened.rounds)):
                outcome = "finished"  # stopped, but nothing was left to do
        self.summary = summarise(self, outcome)
        ended_at = self.now()
        counts = self.summary.counts()
        self.journal.append(ended_at, "crawl", crawl=self.key, outcome=outcome, counts=counts)
        self.store.end_crawl(self.key, ended_at, outcome, counts)
        return self.summary


def _entries(source: Source) -> list[Link]:
    """The pages of a source that the catalogue names: where every visit begins."""
    named = (("list", source.start), ("feed", source.feeds), ("sitemap", source.sitemaps))
    return [Link(url, url_key(url), kind) for kind, urls in named for url in urls]


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
