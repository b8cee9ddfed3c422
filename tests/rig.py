"""An archive and databases below one folder: real segments, cleaning and store; only the publisher is made up."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, text

from archive.catalogue import SourceFacts
from archive.clock import Clock, rfc3339
from archive.database import connect, reading, upgrade
from archive.export import export_jsonl
from archive.journal import Journal
from archive.models import Base, Extraction
from archive.records import Capture, Location
from archive.segments import SegmentWriter, find_segment
from archive.store import Store
from archive.warc import Exchange, read_record
from pipelines.cleaner import Cleaner
from pipelines.exchange import read_exchange
from pipelines.intake import capture_of
from tests.builders import HTML, PORTAL, liferay

START = datetime(2025, 1, 10, 1, tzinfo=UTC)
HERE, THERE = "hoat-ong-ang", "tin-tuc"


def day(number: float) -> datetime:
    """That many days after 10 January 2025."""
    return START + timedelta(days=number)


def address(number: int, section: str = HERE, scheme: str = "https") -> str:
    """The address of an article in a section."""
    return f"{scheme}://{PORTAL.removeprefix('https://')}/{section}/-/view_content/{number}-tin-so-{number}.html"


class Rig:
    """Archives attempts as they come; the captures can then be stored in any database and order."""

    def __init__(self, folder: Path, cleaner: Cleaner) -> None:
        self.folder, self.cleaner = folder, cleaner
        self._writers: dict[str, SegmentWriter] = {}

    def attempt(self, url: str, body: str | bytes | None, at: datetime, crawl: str, **said: Any) -> Capture:
        """Archive one attempt and read it; without a ``body`` the article is not there."""
        headers = (("Content-Type", HTML), *said.pop("headers", ()))
        status = said.pop("status", 200 if body is not None else 404)
        source, payload = said.pop("source", "songnhue"), body if isinstance(body, bytes) else (body or "").encode()
        exchange = Exchange(source, url, at, status, headers, payload, **said)
        return capture_of(exchange, self._write(exchange, crawl), crawl, read_exchange(exchange, self.cleaner))

    def _write(self, exchange: Exchange, crawl: str) -> Location:
        if crawl not in self._writers:
            self._writers[crawl] = SegmentWriter(self.folder / "archive", crawl, {"isPartOf": crawl}, 1 << 20)
        return self._writers[crawl].write([exchange])[0]

    def page(self, number: int, words: str, at: datetime, section: str = HERE, **said: Any) -> Capture:
        """An article's page with these words, one crawl a day unless one is given."""
        crawl = said.pop("crawl", f"crawl-{at:%Y%m%d}")
        url = said.pop("url", address(number, section))
        text = liferay(f"<p>{words}</p>", title=f"Tin số {number}", **said)
        return self.attempt(url, text.replace("Hoạt động Đảng", section), at, crawl)

    def again(self, first: Capture, at: datetime, **said: Any) -> Capture:
        """The same bytes as another capture brought, at its address unless another is given: a revisit record."""
        url, crawl = said.pop("url", first.url), f"crawl-{at:%Y%m%d}"
        whole = read_record(find_segment(self.folder / "archive", first.location.file), first.location.offset)
        if whole.kind == "revisit":
            raise ValueError("give the capture that has the body, and refers_to")
        refers_to = said.pop("refers_to", (first.url, first.captured_at))
        exchange = Exchange("songnhue", url, at, 200, (("Content-Type", HTML),), whole.body, refers_to=refers_to)
        return capture_of(exchange, self._write(exchange, crawl), crawl, read_exchange(exchange, self.cleaner))

    def seal(self) -> None:
        """No more comes."""
        for writer in self._writers.values():
            writer.seal()
        self._writers.clear()

    def gone(self, number: int, at: datetime, section: str = HERE) -> Capture:
        """An attempt that found nothing."""
        return self.attempt(address(number, section), None, at, f"crawl-{at:%Y%m%d}")


class Database:
    """One database under test."""

    def __init__(self, url: str, folder: Path, *cleaners: Cleaner, migrate: bool = False) -> None:
        if migrate:
            upgrade(url)
        self.engine: Engine = connect(url)
        self.journal = Journal(folder / "journal.jsonl")
        self._cleaners = cleaners
        self.store = Store(self.engine, self.journal, Clock(day(900)), self._manifest)
        self.store.add_sources([SourceFacts("songnhue", "Quận ủy Sông Nhuệ", "district", "hanoi-liferay")])

    def _manifest(self, digest: str) -> dict[str, object]:
        for cleaner in self._cleaners:
            with suppress(KeyError):
                return cleaner.manifest_of(digest)
        raise KeyError(digest)

    def take(self, captures: Sequence[Capture], batch: int = 1000) -> int:
        """Store the captures in this order; how many were new."""
        for key in dict.fromkeys(capture.crawl_key for capture in captures):
            self.store.start_crawl(key, day(0), "test", {})
        return sum(self.store.store(captures[n : n + batch]) for n in range(0, len(captures), batch))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement finds; times as text, on PostgreSQL too."""
        with reading(self.engine) as connection:
            found = connection.execute(text(statement))
            return [tuple(rfc3339(v) if isinstance(v, datetime) else v for v in row) for row in found]

    def export(self) -> str:
        """The JSONL export of everything."""
        out = StringIO()
        with reading(self.engine) as connection:
            export_jsonl(connection, out)
        return out.getvalue()

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return {
            table.name: sorted(self.rows(f'SELECT * FROM "{table.name}"'), key=repr)
            for table in Base.metadata.sorted_tables
        }

    def forget_extractions(self) -> None:
        """As after an upgrade: nothing is kept of what extraction left, so that pages must be read."""
        with self.engine.begin() as connection:
            connection.execute(delete(Extraction))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
