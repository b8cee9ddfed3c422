"""The assembly of a crawl: home, catalogue, cleaner, store and desk, opened before the first request and closed after
the last capture is stored. `scrapy crawl portal` and `bantin collect` both come through here.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from scrapy.settings import BaseSettings
from sqlalchemy import Connection, func, select

from archive import frontier
from archive.attachments import never_asked_for
from archive.clock import Clock, parse_rfc3339, rfc3339
from archive.database import connect, reading, require_current
from archive.errors import UsageError
from archive.home import Home
from archive.journal import Journal
from archive.models import Change
from archive.records import Link, Page
from archive.revisits import Bounds
from archive.segments import SegmentWriter
from archive.store import Store
from archive.version import version
from crawler.backfill import within
from crawler.desk import Desk
from crawler.earlier import bury_dead_crawls, interrupted_crawls, place_of, still_running
from crawler.guard import PrivateHosts
from crawler.manners import Manners
from crawler.plan import Plan, of_today, since_of
from crawler.round import Round
from crawler.sources import Catalogue, Source
from crawler.summary import Summary, summarise
from crawler.tls import TlsPolicy
from pipelines.addresses import host_of
from pipelines.cleaner import Cleaner
from pipelines.intake import catch_up
from pipelines.layouts import Layouts
from pipelines.recognise import files
from pipelines.worker import Limits
from pipelines.workers import PooledReader, default_count, start_workers

log = logging.getLogger(__name__)
DESCRIPTION = (
    "Header names are as Scrapy gives them (title case), the reason phrase is not kept; bodies are as they came, below"
    " content encoding and without chunk framing"
)


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
        self.plan, self._past, self._paused = of_today(plan, catalogue, self._clock.now())
        self._limits = Limits(settings.getfloat("BANTIN_PAGE_SECONDS"), settings.getint("BANTIN_PAGE_MEMORY"))
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
        count = self._settings.getint("BANTIN_WORKERS") or default_count()
        self._workers = start_workers(count, self.cleaner, self._limits)
        try:
            await self._open(failed)
        except BaseException:
            self._workers.shutdown(cancel_futures=True)
            raise

    async def _open(self, failed: Callable[[], None]) -> None:
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
        await asyncio.get_running_loop().run_in_executor(
            self._workers, os.getpid
        )  # one is up: nothing fetched has to wait
        self.desk = Desk(writer, self.store, self._workers, self.key, self._renew, failed, self._narrow)

    async def close(self, reason: str) -> Summary:
        """See everything stored, close the crawl's record and say what it brought."""
        await self.desk.close()
        await asyncio.to_thread(self._workers.shutdown)
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

    def _renew(self) -> None:
        with self.engine.begin() as connection:
            frontier.renew(connection, self.key, self.now())

    def _prepare(self, writer: SegmentWriter) -> Opened:
        opened = Opened(notes=[*self._past, *self._paused])
        if self._past and not self.plan.sources:
            raise UsageError(f"{'; '.join(self._past)}. What others archived can be imported: bantin import")
        self.home.create()
        require_current(self.engine)
        self.store.add_sources(self._catalogue.facts, self._catalogue.unit_facts)
        with PooledReader(1, self.cleaner, self._limits) as read:
            opened.notes += catch_up(self.home, self.store, self.cleaner, read)
        bury_dead_crawls(self.engine, self.home.archive, self.now())
        # Before the database knows of this crawl there is a locked segment: nobody takes it for a dead one.
        writer.open(self.started_at)
        try:
            self._begin(opened)
        except BaseException:
            writer.seal()
            raise
        return opened

    def _begin(self, opened: Opened) -> None:
        ids = [source.id for source in self.plan.sources]
        resumed = interrupted_crawls(self.engine, ids)
        cleaners = {source_id: self.cleaner.digest_for(source_id) for source_id in ids}
        config = {**self.plan.config, "archive": place_of(self.home.archive), "cleaners": cleaners}
        self.store.start_crawl(self.key, self.started_at, self._software, config)
        starts = self._starts()
        with self.engine.begin() as connection:
            self.since = connection.execute(select(func.max(Change.id))).scalar_one() or 0
            for source_id, links in starts.items():
                frontier.add_starts(connection, source_id, links, self.now())
            self.manners.recall(connection, self.now(), due_only=self.plan.due_only)
            wanted = [source for source in self.plan.sources if self._anything_to_do(connection, source)]
            running = still_running(connection)
            opened.busy = frontier.lease(connection, [one.id for one in wanted], self.key, self.now(), running)
            mine = [source for source in wanted if source.id not in opened.busy]
            for source in mine:
                self._make_due(connection, source, resumed.get(source.id))
        for source in mine:
            if since := self.plan.since or since_of(resumed.get(source.id, {})):
                opened.since[source.id] = since
            # Many rows may come: they are read when the lock on the database is given back.
            with reading(self.engine) as connection:
                known = frontier.load(connection, source.id, _keys(source))
                opened.rounds[source.id] = Round(known, walk=since is not None)
        if going_on := sorted(set(resumed) & opened.rounds.keys()):
            opened.notes.append(f"going on where an interrupted crawl stopped: {', '.join(going_on)}")

    def _starts(self) -> dict[str, list[Link]]:
        """What of each source is to be known before it is visited: its entries, and files that its articles name."""
        with reading(self.engine) as connection:
            return {
                source.id: [*source.entries, *files(never_asked_for(connection, source.id), source.context, layout)]
                for source in self.plan.sources
                for layout in [self.cleaner.layout_of(source.context, self.now())]
            }

    def _anything_to_do(self, connection: Connection, source: Source) -> bool:
        """Whether a visit has anything to ask for; one that only keeps appointments may find none, and then it leaves
        a hundred thousand rows alone."""
        if not self.plan.due_only or self.plan.refetch:
            return True
        return frontier.count_due(connection, source.id, Bounds(self.now(), source.rhythm), _keys(source)) > 0

    def _make_due(self, connection: Connection, source: Source, before: Mapping[str, Any] | None) -> None:
        """Begin the round of a source, or go on with the one that ``before`` was cut off in."""
        anew = before is None or not self.plan.goes_on(before)
        frontier.make_due(
            connection,
            source.id,
            Bounds(self.now(), source.rhythm),
            _keys(source),
            visit=not self.plan.due_only and anew,
            everything=self.plan.refetch and not (before or {}).get("refetch"),
        )

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


def _keys(source: Source) -> set[str]:
    return {link.url_key for link in source.entries}
