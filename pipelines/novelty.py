"""What an import brings that the archive does not have: of captures, of files that somebody kept, of other records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from archive.database import reading
from archive.home import Home
from archive.models import Capture
from archive.store import Store
from archive.warc import Exchange, Record
from pipelines.addresses import url_key
from pipelines.canonical import digest
from pipelines.exchange import payload_digest_of
from pipelines.gaps import records_without_capture

Identity = tuple[datetime, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """Something to copy: packed only once it is known to be new. ``exchange`` is None for one without a capture, which
    has a ``fingerprint``; ``kept``: a file, dated by its own time."""

    exchange: Exchange | None
    size: int
    pack: Callable[[], bytes]
    fingerprint: str = ""
    kept: bool = False


@dataclass(slots=True)
class Sifted:
    """What is new of a batch, each with its exchange; how many captures are ``known``; the addresses of files under
    whose name something else was imported before."""

    new: list[tuple[Found, Exchange | None]] = field(default_factory=list)
    known: int = 0
    replaced: list[str] = field(default_factory=list)


def fingerprint(record: Record) -> str:
    """What tells a record without a capture from all others."""
    named = (record.fields.get(name, "") for name in ("warc-type", "warc-record-id", "warc-date", "warc-target-uri"))
    return digest(*named, sha256(record.body).hexdigest())


class Novelty:
    """Sifts batches of one import."""

    def __init__(self, home: Home, store: Store) -> None:
        self._home, self._store = home, store
        self._others: set[str] | None = None

    def sift(self, ready: Sequence[tuple[Found, Exchange | None]]) -> Sifted:
        """Without the captures that the database has, or that stand twice in the batch."""
        identities = [None if exchange is None else _identity(exchange) for _, exchange in ready]
        with reading(self._store.engine) as connection:
            seen = _known(connection, [identity for identity in identities if identity])
            files = _earlier(
                connection, {i[1] for (one, _), i in zip(ready, identities, strict=True) if i and one.kept}
            )
        sifted = Sifted()
        for (one, exchange), identity in zip(ready, identities, strict=True):
            if exchange is None or identity is None:
                sifted.new.append((one, None))
            elif identity in seen or (one.kept and _same_before(files.get(identity[1], []), identity)):
                sifted.known += 1
            else:
                sifted.new.append((one, exchange))
                seen.add(identity)
                if one.kept:
                    if exchange.url.startswith("file:") and identity[1] in files:
                        sifted.replaced.append(exchange.url)
                    files.setdefault(identity[1], []).append(identity)
        if sifted.known or self._others is not None or not any(identities):
            sifted.new = self._without_known_others(sifted.new)
        return sifted

    def _without_known_others(
        self, new: Sequence[tuple[Found, Exchange | None]]
    ) -> list[tuple[Found, Exchange | None]]:
        """Where captures are known, the requests beside them may be: else it is not worth to look for those."""
        if self._others is None:
            self._others = {fingerprint(r) for r in records_without_capture(self._home.archive, self._store)}
        kept = []
        for one, exchange in new:
            if exchange is None and one.fingerprint in self._others:
                continue
            if exchange is None:
                self._others.add(one.fingerprint)
            kept.append((one, exchange))
        return kept


def _identity(exchange: Exchange) -> Identity:
    return exchange.captured_at, url_key(exchange.url), payload_digest_of(exchange)


def _known(connection: Connection, identities: Sequence[Identity]) -> set[Identity]:
    wanted = Capture.captured_at.in_({i[0] for i in identities}) & Capture.url_key.in_({i[1] for i in identities})
    rows = connection.execute(select(Capture.captured_at, Capture.url_key, Capture.payload_digest).where(wanted))
    return {(row.captured_at, row.url_key, row.payload_digest) for row in rows}


def _earlier(connection: Connection, keys: set[str]) -> dict[str, list[Identity]]:
    columns = (Capture.captured_at, Capture.url_key, Capture.payload_digest)
    found: dict[str, list[Identity]] = {}
    for row in connection.execute(select(*columns).where(Capture.url_key.in_(keys))):
        found.setdefault(row.url_key, []).append((row.captured_at, row.url_key, row.payload_digest))
    return found


def _same_before(earlier: Sequence[Identity], identity: Identity) -> bool:
    """Whether the file says what its latest version before said. A file's time is not when somebody looked: a copy
    made later of the same file tells nothing."""
    before = [one for one in earlier if one[0] <= identity[0]]
    return bool(before) and max(before)[2] == identity[2]
