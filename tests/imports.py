"""Imports into a collection of their own, in this process: real files, archive and database; only the pages are made
up."""

import gzip
import hashlib
import shutil
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import text

from archive.catalogue import SourceFacts
from archive.clock import Clock, rfc3339
from archive.database import connect, reading
from archive.export import export_jsonl
from archive.home import Home
from archive.journal import Journal
from archive.segments import segments
from archive.store import Store
from archive.warc import Record, read_records
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.deposit import Archive
from pipelines.exchange import read_exchange
from pipelines.importing import Importer, Report
from pipelines.intake import catch_up
from pipelines.layouts import Layouts
from pipelines.rebuild import rebuild
from pipelines.verify import Fault, verify
from tests.builders import PORTAL, SOURCES, liferay
from tests.databases import Databases
from tests.warcs import http, record, response

NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)
#: What a capture is, whatever file it came from.
CAPTURES = (
    "SELECT source_id, url, url_key, captured_at, kind, article_key, outcome, reason, status, content_type,"
    " redirect_url, payload_digest, stored_digest, content_hash, cleaner FROM v_capture"
    " ORDER BY captured_at, url_key, payload_digest"
)
EDITIONS = (
    "SELECT article_key, edition, content_hash, title, body, observed_from, observed_to, cleaner FROM v_edition"
    " ORDER BY article_key, edition"
)
MOVES = (
    "SELECT article_key, field, before, after, captured_at, url FROM v_metadata_change"
    " ORDER BY article_key, captured_at, url, field"
)


class Collection:
    """A home with its database, and what is done with it."""

    def __init__(
        self, home: Path, databases: Databases, layouts: Layouts, sources: Sequence[SourceContext] = SOURCES
    ) -> None:
        self.home, self.cleaner, self._databases = Home(home), Cleaner(layouts, sources), databases
        self._layouts, self._sources = layouts, sources
        self.home.create()
        self._others: list[Collection] = []
        self.engine = connect(databases.migrated())
        journal, clock = Journal(self.home.journal), Clock(NOW)
        self.store = Store(self.engine, journal, clock, self.cleaner.manifest_of)
        self._archive = Archive(self.home, self.store, journal, clock, "bantin/test", segment_bytes=1 << 22)

    def _read(self, exchanges: Sequence[Any]) -> list[Any]:
        return [read_exchange(exchange, self.cleaner) for exchange in exchanges]

    def take(self, *paths: Path, source: str | None = None) -> list[Report]:
        """Import; the reports."""
        self.store.add_sources(self._facts)
        said = catch_up(self.home, self.store, self.cleaner, self._read)
        assert said == [], said
        return list(Importer(self._archive, self.cleaner, self._read, source).run(paths))

    def one(self, path: Path, source: str | None = None) -> Report:
        """Import one path; its report."""
        (report,) = self.take(path, source=source)
        return report

    def rebuilt(self, home: Path, sources: Sequence[SourceContext] | None = None) -> "Collection":
        """Another collection, made of a copy of the archive alone."""
        shutil.copytree(self.home.archive, home / "archive")
        other = Collection(home, self._databases, self._layouts, self._sources if sources is None else sources)
        self._others.append(other)
        rebuild(other.home, other.store, other.cleaner, other._read, other._facts)
        return other

    @property
    def _facts(self) -> list[SourceFacts]:
        return [SourceFacts(source.id, source.id, "district", source.layout) for source in self._sources]

    def close(self) -> None:
        """Let go of the database, and of those made from here."""
        for other in self._others:
            other.close()
        self.engine.dispose()

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a statement finds; times as text, on PostgreSQL too."""
        with reading(self.engine) as connection:
            found = connection.execute(text(statement), values)
            return [tuple(rfc3339(v) if isinstance(v, datetime) else v for v in row) for row in found]

    def column(self, statement: str, **values: Any) -> list[Any]:
        """The first column of what a statement finds."""
        return [row[0] for row in self.rows(statement, **values)]

    def export(self) -> str:
        """The JSONL export of everything."""
        out = StringIO()
        with reading(self.engine) as connection:
            export_jsonl(connection, out)
        return out.getvalue()

    def told(self) -> tuple[str, list[Any], list[Any], list[Any]]:
        """All that readers are told: export, captures, editions and metadata changes, without row numbers."""
        return self.export(), self.rows(CAPTURES), self.rows(EDITIONS), self.rows(MOVES)

    def records(self) -> list[Record]:
        """All records of the archive but the segments' own warcinfo."""
        return [r for path in segments(self.home.archive) for r in read_records(path) if r.imported]

    def faults(self) -> list[Fault]:
        """What `bantin verify` finds."""
        return list(verify(self.home, self.store))

    def bytes_on_disk(self) -> dict[str, bytes]:
        """The archive folder, journal included."""
        return {str(p): p.read_bytes() for p in sorted(self.home.archive.rglob("*")) if p.is_file()}


def moment(days: float) -> datetime:
    """So many days after 5 March 2023, to the second."""
    return datetime(2023, 3, 5, 2, 30, tzinfo=UTC) + timedelta(days=days)


def stamp(at: datetime) -> str:
    """As other writers put it: to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def address(number: int, section: str = "tin-tuc", host: str = PORTAL) -> str:
    """The address of an article of the made-up portal."""
    return f"{host}/{section}/-/view_content/{number}-tin-so-{number}.html"


def body(number: int, words: str, **said: str) -> bytes:
    """An article's page."""
    return liferay(f"<p>{words}</p>", title=said.pop("title", f"Tin số {number}"), **said).encode()


def named(at: datetime, url: str, **more: str) -> dict[str, str]:
    """The fields that make a record one of its own: its time and an id."""
    record_id = hashlib.md5(f"{at}{url}{sorted(more.items())}".encode(), usedforsecurity=False).hexdigest()
    return {"WARC_Date": stamp(at), "WARC_Record_ID": f"<urn:uuid:{record_id}>", **more}


def page(number: int, words: str, at: datetime, url: str | None = None, **said: str) -> bytes:
    """A response record of an article's page."""
    url = url or address(number)
    return response(body(number, words, **said), url=url, **named(at, url))


def request(at: datetime, url: str) -> bytes:
    """A request record."""
    block = f"GET {url} HTTP/1.1\r\nUser-Agent: another\r\n\r\n".encode()
    return record("request", block, url, **named(at, url, X_Of="request"))


def revisit(at: datetime, url: str, *headers: str, status: str = "HTTP/1.1 200 OK", **more: str) -> bytes:
    """A revisit record with an HTTP head."""
    return record("revisit", http(b"", *headers, status=status), url, **named(at, url, **more))


def refers(url: str, at: datetime) -> dict[str, str]:
    """The fields by which newer writers say what a revisit refers to."""
    return {"WARC_Refers_To_Target_URI": url, "WARC_Refers_To_Date": stamp(at)}


def write(path: Path, records: Sequence[bytes], form: str = "members") -> Path:
    """A file of these records: a gzip member each, ``plain``, one gzip ``stream``, or a ``wacz``."""
    if form == "members":
        path.write_bytes(b"".join(gzip.compress(one, 1, mtime=0) for one in records))
    elif form == "plain":
        path.write_bytes(b"".join(records))
    elif form == "stream":
        path.write_bytes(gzip.compress(b"".join(records), 1, mtime=0))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.warc", b"".join(records))
            archive.writestr("datapackage.json", "{}")
    return path
