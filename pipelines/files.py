"""Pages and texts that somebody kept as files, as attempts to archive: which address, when, of which source.

A file has no HTTP response and no time of capture. It becomes a WARC resource record dated by the file's time, and the
record says where address and date were taken from.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from stat import S_ISREG
from unicodedata import normalize
from urllib.parse import quote

from archive.errors import ArchiveError
from archive.warc import MAX_PAYLOAD, ORIGIN_FIELD, Exchange
from pipelines.addresses import absolute

PAGES = frozenset({".html", ".htm", ".xhtml"})
WARCS = (".warc", ".warc.gz", ".wacz")
# What mirroring programs lay beside the pages: no text that anybody published.
_NO_TEXTS = frozenset({"robots.txt", "hts-log.txt"})
DATE_FIELD, URL_FIELD = "Bantin-Date-From", "Bantin-URL-From"

# What savers leave in a page: browsers ("saved from url=(0042)https://…"), HTTrack ("Mirrored from host/path by …").
_SAVED = re.compile(rb"<!--\s*saved from url=\(\d+\)(https?://[^\s>]+)", re.I)
_MIRRORED = re.compile(rb"<!--\s*Mirrored from ([^\s>]+\.[^\s>]+) by HTTrack", re.I)
_CANONICAL = re.compile(rb"<link\b(?=[^<>]*\brel=[\"']?canonical\b)[^<>]*\bhref=[\"']?(https?://[^\"'\s>]+)", re.I)
# A folder is taken for a host by its ending: ``pages.old`` is none.
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2}|com|net|org|info|edu|gov|asia)(?::\d+)?", re.I)
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Kept:
    """A file to import. ``name`` is its path below the folder that was named, that folder's own name first."""

    path: Path
    name: PurePosixPath


def kind_of(path: Path) -> str | None:
    """What a file's name says that it holds: ``warc`` (WACZ too), ``page``, ``text``, or None for anything else."""
    name = path.name.lower()
    if name.endswith(WARCS):
        return "warc"
    # wget keeps the query in the name: index.html?p=2, or index.html@p=2
    suffix = re.split("[?@]", path.suffix.lower())[0]
    if suffix in PAGES:
        return "page"
    return "text" if suffix == ".txt" and name not in _NO_TEXTS else None


def left_kind(path: Path) -> str:
    """How a file that is left alone is counted: by its suffix, empty where it has none."""
    name = path.name.lower()
    return name if name in _NO_TEXTS else path.suffix.lower()


def walk(path: Path, unread: Callable[[OSError], None]) -> Iterator[Kept]:
    """The files below a folder in the order of their names, hidden ones left out; of a file, itself.

    Links to folders are not followed: what they lead to may be anywhere, or here. ``unread`` is told of a folder that
    cannot be read.
    """
    whole = path.resolve()
    if whole.is_file():
        yield Kept(path, PurePosixPath(whole.parent.name, whole.name))
        return
    for folder, folders, files in os.walk(path, onerror=unread):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            found = Path(folder, name)
            yield Kept(found, PurePosixPath(whole.name, *found.relative_to(path).parts))


def read_file(kept: Kept) -> tuple[Exchange, dict[str, str]]:
    """The file as an attempt (its source left open), and the fields that say where it, its address and date come from.

    Raises ArchiveError for a file that is empty or too large, or cannot be read.
    """
    try:
        state = kept.path.stat()
        if not S_ISREG(state.st_mode):
            raise ArchiveError("no ordinary file; left out")
        if state.st_size > MAX_PAYLOAD:
            raise ArchiveError(f"larger than {MAX_PAYLOAD >> 20} MiB; left out")
        data = kept.path.read_bytes()
        at = datetime.fromtimestamp(state.st_mtime_ns // 1000 / 1_000_000, UTC)
    except OSError as error:
        raise ArchiveError(f"cannot be read ({error.strerror}); left out") from error
    except (ValueError, OverflowError) as error:
        raise ArchiveError(f"its time cannot be read ({error}); left out. Give it one with `touch -d`") from error
    if not data:
        raise ArchiveError("the file is empty; left out")
    text = kind_of(kept.path) == "text"
    url, evidence = _file_url(kept), "file-name"
    if not text:
        url, evidence = _page_url(kept, data[:_HEAD_BYTES]) or (url, evidence)
    headers = (("Content-Type", "text/plain" if text else "text/html"),)
    fields = {ORIGIN_FIELD: spelt(kept.name), DATE_FIELD: "file-time", URL_FIELD: evidence}
    return Exchange("", url, at, None, headers, data, outcome="ok"), fields


def spelt(name: str | PurePath) -> str:
    """A file's name as it can stand in a line of UTF-8: names are bytes, and may be anything."""
    return " ".join(os.fsencode(name).decode("utf-8", "backslashreplace").split())


def _file_url(kept: Kept) -> str:
    """One address for one name, however its letters are composed: file systems differ there."""
    return "file:///" + quote(os.fsencode(normalize("NFC", kept.name.as_posix())))


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
    path = "/".join(quote(os.fsencode(part), safe="?=&%;,@:+!~*'()") for part in kept.name.parts[host + 1 :])
    return f"http://{folders[host].lower()}/{path}", "mirror-path"
