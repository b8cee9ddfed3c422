"""How a crawl behaves towards hosts: one `HostPace` each, what is remembered of them, what the summary says of them."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Connection

from archive import hosts
from archive.clock import rfc3339
from archive.hosts import HostMemory
from crawler.pace import LONGEST_CRAWL_DELAY, HostPace
from crawler.sources import Source

log = logging.getLogger(__name__)
LONGEST_ADDRESS = 2000


class Manners:
    """The hosts of one crawl. ``default_delay`` (seconds) holds for hosts that no source names."""

    def __init__(self, sources: Collection[Source], default_delay: float) -> None:
        self._sources = {source.id: frozenset(source.context.hosts) for source in sources}
        self._delays: dict[str, float] = {}
        for source in sources:
            for host in source.context.hosts:  # a host that two sources share keeps the longer delay
                self._delays[host] = max(self._delays.get(host, 0.0), source.download_delay)
        self._depths = {source.id: source.max_depth for source in sources}
        self._default_delay = default_delay
        self._memory: dict[str, HostMemory] = {}
        self._left_alone: set[str] = set()  # by what is remembered: it was said when it happened
        self.paces: dict[str, HostPace] = {}
        self.notes: list[str] = []
        self.over = False  # nothing more is asked of anybody: what came could not be kept

    def of(self, host: str) -> HostPace:
        """The pace of a host (as `pipelines.addresses.host_of` says it)."""
        if host not in self.paces:
            self.paces[host] = HostPace(self._delays.get(host, self._default_delay))
        return self.paces[host]

    def has_room(self, host: str, under_way: int) -> bool:
        """Whether a host may get one more request beside those that are under way. One that is left has room always:
        what is still to be asked of it ends at once."""
        pace = self.of(host)
        return pace.left is not None or under_way < pace.at_once

    def deep_enough(self, source_id: str, depth: int) -> bool:
        """Whether links found ``depth`` links behind where the crawl began are left for the next crawl."""
        if depth < self._depths.get(source_id, depth + 1):
            return False
        self.note(f"{source_id}: what lies more than {depth} links deep stays due for the next crawl (max_depth)")
        return True

    def too_long(self, source_id: str, url: str) -> bool:
        """Whether an address is longer than any that names a page."""
        if len(url) <= LONGEST_ADDRESS:
            return False
        self.note(f"{source_id}: addresses of more than {LONGEST_ADDRESS} characters are not asked for: {url[:100]}…")
        return True

    def note(self, said: str) -> None:
        """Say something in the summary, once."""
        if said not in self.notes:
            self.notes.append(said)
            log.info(said)

    def rule(self, host: str, crawl_delay: float | None) -> None:
        """Take in what a host's robots.txt asks for."""
        if not self.of(host).rule(crawl_delay):
            self.note(f"{host}: robots.txt asks for {crawl_delay:g} s between requests; {LONGEST_CRAWL_DELAY:g} s kept")

    def recall(self, connection: Connection, now: datetime, *, due_only: bool) -> None:
        """Take in what is remembered of hosts. A dead one is tried with one request, in a crawl of what is due not
        before its time."""
        for memory in hosts.recall(connection, self._delays):
            self._memory[memory.host] = memory
            pace = self.of(memory.host)
            if memory.failures:
                pace.patience = 1
            if due_only and memory.not_before is not None and now < memory.not_before:
                pace.leave(f"is left alone until {rfc3339(memory.not_before)} ({memory.reason})")
                self._left_alone.add(memory.host)
                self.note(f"{memory.host} {pace.left}")

    def remember(self, connection: Connection, now: datetime) -> None:
        """Keep what this crawl found out."""
        for host, pace in self.paces.items():
            before = self._memory.get(host)
            if pace.dead:
                hosts.lost(connection, host, now, pace.left or "", before)
            elif pace.rest:
                hosts.resting(connection, host, now, pace.rest, pace.left or "")
            elif pace.heard and not pace.left:
                hosts.answered(connection, host, now)

    def problems(self, source_id: str) -> Iterator[str]:
        """A sentence on each of a source's hosts that this crawl had to leave."""
        for host in sorted(self._sources.get(source_id, frozenset()) - self._left_alone):
            pace = self.paces.get(host)
            if pace is not None and pace.left:
                yield f"{source_id}: {host} {pace.left}; the rest of its addresses stays due"
