"""Pages and texts that somebody kept as files, as attempts to archive: which address, when, of which source.

A file has no HTTP response and no time of capture. It becomes a WARC resource record dated by the file's time, and the
record says where address and date were taken from.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from archive.errors import ArchiveError
from archive.warc import MAX_PAYLOAD, Exchange
from pipelines.addresses import absolute

PAGES = frozenset({".html", ".htm", ".xhtml"})
TEXTS = frozenset({".txt"})
WARCS = (".warc", ".warc.gz", ".wacz")
DATE_FIELD, URL_FIELD = "Bantin-Date-From", "Bantin-URL-From"

# What savers leave in a page: browsers ("saved from url=(0042)https://…"), HTTrack ("Mirrored from host/path by …").
_SAVED = re.compile(rb"<!--\s*saved from url=\(\d+\)(https?://[^\s>]+)", re.I)
_MIRRORED = re.compile(rb"<!--\s*Mirrored from ([^\s>]+\.[^\s>]+) by HTTrack", re.I)
_CANONICAL = re.compile(rb"<link\b(?=[^>]*\brel=[\"']?canonical\b)[^>]*\bhref=[\"']?(https?://[^\"'\s>]+)", re.I)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d+)?", re.I)
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Kept:
    """A file to import. ``name`` is its path below the folder that was named, that folder's own name first."""

    path: Path
    name: PurePosixPath


def is_warc(path: Path) -> bool:
    """Whether a file's name says that it holds WARC records."""
    return path.name.lower().endswith(WARCS)


def walk(path: Path) -> Iterator[Kept]:
    """The files below a folder in the order of their names, hidden ones left out; of a file, itself."""
    whole = path.resolve()
    if whole.is_file():
        yield Kept(path, PurePosixPath(whole.parent.name, whole.name))
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            found = Path(folder, name)
            yield Kept(found, PurePosixPath(whole.name, *found.relative_to(path).parts))


def read_file(kept: Kept) -> tuple[Exchange, dict[str, str]]:
    """The file as an attempt (its source left open), and the fields that say where address and date come from.

    Raises ArchiveError for a file that is too large or cannot be read.
    """
    try:
        state = kept.path.stat()
        if state.st_size > MAX_PAYLOAD:
            raise ArchiveError(f"{kept.path}: larger than {MAX_PAYLOAD} bytes, left out")
        data = kept.path.read_bytes()
    except OSError as error:
        raise ArchiveError(f"{kept.path}: cannot be read ({error.strerror})") from error
    at = datetime.fromtimestamp(state.st_mtime_ns // 1000 / 1_000_000, UTC)
    text = kept.path.suffix.lower() in TEXTS
    url, evidence = _file_url(kept), "file-name"
    if not text:
        url, evidence = _page_url(kept, data[:_HEAD_BYTES]) or (url, evidence)
    headers = (("Content-Type", "text/plain" if text else "text/html"),)
    return Exchange("", url, at, None, headers, data, outcome="ok"), {DATE_FIELD: "file-time", URL_FIELD: evidence}


def _file_url(kept: Kept) -> str:
    return "file:///" + quote(kept.name.as_posix())


def _page_url(kept: Kept, head: bytes) -> tuple[str, str] | None:
    """The address that a saved page says it had, else the one that its place in a mirror (host/path) says."""
    for evidence, pattern in (("saved-from", _SAVED), ("mirrored-from", _MIRRORED), ("canonical", _CANONICAL)):
        if found := pattern.search(head):
            said = found[1].decode("utf-8", "replace")
            if url := absolute(said, said) if "://" in said else absolute(f"http://{said}", ""):
                return url, evidence
    folders = kept.name.parts[:-1]
    host = next((n for n, name in enumerate(folders) if _HOST.fullmatch(name)), None)
    if host is None:
        return None
    path = "/".join(quote(part, safe="?=&%;,@:+!~*'()") for part in kept.name.parts[host + 1 :])
    return f"http://{folders[host].lower()}/{path}", "mirror-path"
