"""The journal: append-only, one JSON object a line, fsynced before the database acts on it.

Each entry has ``at`` (RFC 3339), ``kind`` and what belongs to it. Kinds: ``promotion`` (source, cleaner, reason),
``correction`` (article, capture, field, reason, and value or withdrawn), ``crawl`` (how a crawl ended). A torn last
line, left by a crash in the middle of a write, is cut off and kept beside.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.clock import rfc3339
from archive.errors import ArchiveError


class Journal:
    """Append to and read the journal at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, at: datetime, kind: str, **facts: Any) -> None:
        """Write one entry and wait until it is on disk."""
        entry = {"at": rfc3339(at), "kind": kind, **facts}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            end, data = os.fstat(handle).st_size, line.encode("utf-8")
            try:
                if os.write(handle, data) != len(data):
                    raise ArchiveError(
                        f"{self.path}: the disk took only part of an entry. Free space, then start again"
                    )
                os.fsync(handle)
            except BaseException:
                os.ftruncate(handle, end)  # or the next entry would stand on the rest of this one's line
                raise
        finally:
            os.close(handle)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All entries in order. Raises ArchiveError naming the line that is not JSON."""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise ArchiveError(
                        f"{self.path}:{number}: not JSON ({error}). Restore the line from a backup"
                    ) from error

    def repair(self) -> str | None:
        """Cut off a torn last line, keeping it in ``journal.torn``; say so, or None where there is nothing to do."""
        if not self.path.exists():
            return None
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole == len(data):
            return None
        with self.path.with_suffix(".torn").open("ab") as aside:
            aside.write(data[whole:] + b"\n")
        os.truncate(self.path, whole)
        return (
            f"{self.path}: a torn last line ({len(data) - whole} bytes) was cut off and kept in {self.path.stem}.torn"
        )
