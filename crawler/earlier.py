"""What earlier crawls left in the database: those that died without a word, and those that were cut off.

Looked at before a crawl begins, after their captures were taken in.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from socket import gethostname
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from archive.database import reading
from archive.models import Crawl
from archive.segments import live_crawls, segments


def place_of(archive: Path) -> str:
    """An archive folder by machine and path: where a crawl writes."""
    return f"{gethostname()}:{archive.resolve()}"


def bury_dead_crawls(engine: Engine, archive: Path, now: datetime) -> None:
    """Mark crawls that ended without a word as interrupted.

    A crawl that wrote into this archive folder is dead unless it holds a lock there; what writes into another one, on
    another machine or here, is left to its leases.
    """
    with engine.begin() as connection:
        rows = connection.execute(select(Crawl.key, Crawl.config).where(Crawl.outcome == "running"))
        running: dict[str, dict[str, Any]] = dict(rows.tuples().all())
        # Looked at after the database: a crawl has its lock before its row, so none that has just begun looks dead.
        live = live_crawls(archive)
        written = [path.name for path in segments(archive)]
        here = {
            key
            for key, config in running.items()
            if config.get("archive") == place_of(archive) or any(key in name for name in written)
        }
        values = {"outcome": "interrupted", "ended_at": now}
        connection.execute(update(Crawl).where(Crawl.key.in_(here - live)).values(values))


def still_running(connection: Connection) -> list[str]:
    """The keys of the crawls that have not ended: only their leases bind."""
    return list(connection.execute(select(Crawl.key).where(Crawl.outcome == "running")).scalars())


def interrupted_crawls(engine: Engine, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The sources whose last crawl was cut off, and what that one was to do (its ``config``)."""
    wanted, found = set(ids), dict[str, Mapping[str, Any]]()
    newest_first = select(Crawl.config, Crawl.outcome).where(Crawl.kind == "crawl").order_by(Crawl.id.desc())
    with reading(engine) as connection:
        rows = connection.execute(newest_first.execution_options(yield_per=100))
        for config, outcome in rows:
            mine = wanted.intersection(config.get("sources", ()))
            wanted -= mine
            if outcome in ("interrupted", "failed"):
                found |= dict.fromkeys(mine, config)
            if not wanted:
                break
        rows.close()
    return found
