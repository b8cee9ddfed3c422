"""A rescue from beginning to end: list, fetch one capture after the other, see each into archive and database.

Each capture is on disk and in the database before the next one is asked for: at an archive's pace nothing is gained by
gathering, and a rescue that is killed has nothing to ask for again.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from archive.database import reading
from archive.errors import ArchiveError
from archive.rescues import Span, Wanted, Worklist
from archive.status import unrecognised
from archive.warc import ORIGIN_FIELD, SOURCE_FIELD, Exchange, pack, pack_raw, with_fields
from crawler.rescue.archives import WebArchive
from crawler.rescue.client import Client, QuietError, UnavailableError
from crawler.rescue.listing import Days, Sieve, hosts
from pipelines.bodies import Bodies, lost
from pipelines.cdx import Line
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.deposit import Archive, Deposit
from pipelines.intake import Filed, Reader, store_read
from pipelines.novelty import Found, Novelty
from pipelines.replay import NotTheCaptureError, Rescued, provenance, revisit_of
from pipelines.settle import settle

DESCRIPTION = (
    "Captures that a web archive holds, made into records from its replay of the original bytes, or from lines of its"
    " index where these say that a body is that of another capture; WARC-Source-URI says where each was asked for."
    " Header names are as the archive gives them, the reason phrase is not kept"
)
#: So many captures in a row that the archive does not give: then it is not the captures.
_IN_VAIN = 3


@dataclass(slots=True)
class Report:
    """What a rescue brought.

    ``listed`` lines of the index, ``left`` of them by why; ``stored`` captures, of them ``unfetched`` known by their
    digest alone; ``known`` before; ``unverified`` bodies that could not be compared with the index's digest,
    ``differing`` ones that were accepted although they differ. ``waiting`` are wanted still, ``failed`` are not, until
    they are asked for again.
    """

    source: str
    archive: str
    outcome: str = "finished"
    listed: int = 0
    malformed: int = 0
    left: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    unfetched: int = 0
    known: int = 0
    unverified: int = 0
    differing: int = 0
    waiting: int = 0
    failed: int = 0
    unrecognised: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Orders:
    """What a rescue is asked to do. ``limit``: so many captures are fetched at most."""

    days: Days
    limit: int | None = None
    newest_first: bool = False
    retry: bool = False
    accept_mismatch: bool = False


class Rescuer:
    """Rescues one source from one archive."""

    def __init__(
        self,
        archive: Archive,
        cleaner: Cleaner,
        read: Reader,
        source: SourceContext,
        web: WebArchive,
        client: Client,
        orders: Orders,
    ) -> None:
        self._archive, self._cleaner, self._read, self._source = archive, cleaner, read, source
        self._web, self._client, self._orders = web, client, orders
        self._work = Worklist(archive.store.engine, source.id, web.name)
        self._span = Span(*orders.days.moments)
        self._sieve = Sieve(source, cleaner)
        self._novelty = Novelty(archive.home, archive.store)
        self._deposit = self._new_deposit()
        self._asked = self._in_vain = 0
        self.report = Report(source.id, web.name, left=self._sieve.left)

    def _new_deposit(self) -> Deposit:
        key = f"import-{self._archive.clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        facts = {"archive": self._web.name, "days": [str(self._orders.days.since), str(self._orders.days.until)]}
        return Deposit(self._archive, key, self._web.name, None, self._source.id, facts, DESCRIPTION)

    def preview(self, progress: Callable[[int], None]) -> Counter[tuple[int, str]]:
        """How many captures a rescue would bring, by year and status (``unfetched``: without a request of its own).

        Lists only; nothing is noted.
        """
        counts: Counter[tuple[int, str]] = Counter()
        bodies = defaultdict[tuple[str, str], set[int | None]](set)
        for host, days in hosts(self._source, self._orders.days):
            for page, _ in self._pages(host, days, None):
                progress(len(page))
                for one in self._work.unnoted(page):
                    known = bodies[one.url_key, one.digest] if one.digest else set()
                    alike = one.status in known or None in known or (one.status is None and known)
                    status = "unfetched" if alike else str(one.status or "revisit")
                    known.add(one.status)
                    counts[one.captured_at.year, status] += 1
        return counts

    def run(self, listing: Callable[[int], None], fetching: Callable[[int], Callable[[int], None]]) -> None:
        """List and fetch. ``listing`` is told of lines, ``fetching`` of how many captures are wanted and gives what is
        told of those that are done. What came of it stands in ``report``, whatever ends it."""
        done = False
        try:
            if self._orders.retry:
                self._work.try_failed_again()
            for host, days in hosts(self._source, self._orders.days):
                self._list(host, days, listing)
            self._fetch_all(fetching(self._work.counts(self._span).get("wanted", 0)))
            done = self.report.outcome in ("finished", "stopped by --limit")
        except QuietError as error:
            self.report.outcome = "stopped by the archive"
            self.report.problems.append(str(error))
        except KeyboardInterrupt:
            self.report.outcome = "interrupted"
            raise
        finally:
            self._close(done=done)

    def _list(self, host: str, days: Days, progress: Callable[[int], None]) -> None:
        listing, at = self._work.begin_listing(host, *days.moments)
        try:
            for page, following in self._pages(host, days, at):
                self.report.known += self._work.note(listing, page, following, self._archive.clock.now())
                progress(len(page))
        except (ArchiveError, UnavailableError) as error:
            self.report.problems.append(f"{host}: {error}")

    def _pages(self, host: str, days: Days, at: str | None) -> Iterator[tuple[list[Wanted], str | None]]:
        since, until = days.moments
        until = min(until, self._archive.clock.now())
        if since > until:
            return
        for page, following in self._web.pages(self._client, host, since, until, at):
            self.report.listed += len(page.lines)
            self.report.malformed += page.malformed
            yield list(self._sieve.wanted(page.lines)), following

    def _fetch_all(self, progress: Callable[[int], None]) -> None:
        tried, one = set[int | None](), None
        while one := self._work.next(one, self._span, newest_first=self._orders.newest_first):
            here, wanted = self._work.same_body(one)
            known = self._work.here_already(wanted)
            same = [other for other in wanted if other.identity in known]
            wanted = [other for other in wanted if other.identity not in known and other.id not in tried]
            self._end(same, "known")
            progress(len(same))
            if wanted and (holder := self._body_of([*here, *same])) is not None:
                progress(self._store_unfetched(wanted, holder))
                continue
            # Of captures with one body the oldest is fetched, whatever order was asked for: the others refer to it.
            for number, other in enumerate(wanted):
                if self._asked == self._orders.limit:
                    self.report.outcome = "stopped by --limit"
                    return
                tried.add(other.id)
                if done := self._try(other, wanted[number + 1 :]):
                    progress(done)
                    break
                progress(1)

    def _try(self, one: Wanted, same: Sequence[Wanted]) -> int:
        """Rescue a capture and those with the same body; how many that are, 0 where the archive does not give it."""
        self._asked += 1
        try:
            done = self._rescue(one, same)
        except UnavailableError as error:
            self._end([one], "wanted", str(error))
            self._in_vain += 1
            if self._in_vain == _IN_VAIN:
                said = f"{self._web.name}: {_IN_VAIN} captures in a row in vain. The same command goes on, later"
                raise QuietError(said) from error
            return 0
        except NotTheCaptureError as error:
            self._end([one], "failed", str(error))
            done = 0
        self._in_vain = 0
        return done

    def _rescue(self, one: Wanted, same: Sequence[Wanted]) -> int:
        """Fetch a capture and store it, with those of which the index says that their bodies are the same."""
        rescued = self._web.fetch(self._client, one)
        if rescued.verdict == "differs" and not self._orders.accept_mismatch:
            raise NotTheCaptureError(
                f"its body is not the one that its index has the digest of ({one.digest}); --retry --accept-mismatch"
                " takes it all the same"
            )
        self.report.unverified += rescued.verdict in ("undone", "none")
        self.report.differing += rescued.verdict == "differs"
        given = replace(rescued.exchange, source_id=self._source.id)
        # A record of a WARC file may refer to another one itself.
        exchange = Bodies(self._archive.home.archive, self._archive.store, ()).filled(given) or lost(given)
        self._store([(one, self._found(one, exchange, rescued))])
        holder = self._body_of([one]) if exchange.refers_to or exchange.status is None else exchange
        return 1 + (self._store_unfetched(same, holder) if same and holder is not None else 0)

    def _found(self, one: Wanted, exchange: Exchange, rescued: Rescued) -> Found:
        fields = provenance(self._web.address_of(one), self._archive.clock.now(), _line(one), rescued.verdict)
        if rescued.raw is None:
            return Found(exchange, len(exchange.body), partial(pack, exchange, fields))
        raw, place = rescued.raw, {ORIGIN_FIELD: rescued.raw.place, SOURCE_FIELD: self._source.id}
        return Found(exchange, len(raw.block), lambda: pack_raw(with_fields(raw.head, fields | place), raw.block))

    def _body_of(self, here: Sequence[Wanted]) -> Exchange | None:
        """The first of these captures whose body is in the archive, as an attempt with that body."""
        bodies = Bodies(self._archive.home.archive, self._archive.store, ())
        for one in here:
            asked = Exchange(
                self._source.id, one.url, one.captured_at, one.status or 200, refers_to=(one.url, one.captured_at)
            )
            try:
                found = bodies.filled(asked)
            except ArchiveError:
                continue  # damaged since: `bantin verify` says so, and here it is fetched again
            if found is not None:
                return replace(found, refers_to=None)
        return None

    def _store_unfetched(self, some: Sequence[Wanted], holder: Exchange) -> int:
        now, found = self._archive.clock.now(), list[tuple[Wanted, Found]]()
        for one in some:
            written = replace(revisit_of(_line(one), holder), source_id=self._source.id)
            fields = provenance(self._web.address_of(one), now, _line(one), None)
            # On disk without headers, as nothing is known of them; read with those of the holder, as a rebuild will.
            whole = replace(written, headers=holder.headers)
            found.append((one, Found(whole, 0, partial(pack, written, fields))))
        self.report.unfetched += len(found)
        self._store(found)
        return len(found)

    def _store(self, found: Sequence[tuple[Wanted, Found]]) -> None:
        """On disk, then in the database, then off the list."""
        ready = [(one, one.exchange) for _, one in found]
        sifted = self._novelty.sift(ready)
        if sifted.new:
            places = self._deposit.file([one.pack() for one, _ in sifted.new])
            filed = [Filed(e, at, self._deposit.key) for (_, e), at in zip(sifted.new, places, strict=True) if e]
            store_read(self._archive.store, self._read, filed)
        fresh = {id(one) for one, _ in sifted.new}
        self._end([one for one, what in found if id(what) in fresh], "stored")
        self._end([one for one, what in found if id(what) not in fresh], "known")

    def _end(self, some: Sequence[Wanted], state: str, reason: str | None = None) -> None:
        if state in ("stored", "known"):
            setattr(self.report, state, getattr(self.report, state) + len(some))
        self._work.end([one.id for one in some], state, reason, attempts=1 if reason else 0)

    def _close(self, *, done: bool) -> None:
        if done:
            settle(self._archive.home.archive, self._archive.store, self._read)
        counts = self._work.counts(self._span)
        self.report.waiting, self.report.failed = counts.get("wanted", 0), counts.get("failed", 0)
        new = {"new": self.report.stored, "known": self.report.known, "failed": self.report.failed}
        self._deposit.close(new if done else None)
        with reading(self._archive.store.engine) as connection:
            self.report.unrecognised = sum(unrecognised(connection, self._deposit.key).values())
        for row in self._work.failures(self._span):
            self.report.problems.append(f"{row.url} of {row.captured_at:%Y-%m-%d %H:%M:%S}: {row.reason}")


def _line(one: Wanted) -> Line:
    return Line(one.url, one.captured_at, one.status, "", one.digest, one.place)
