"""WARC files as they grow: ``YYYY/MM/bantin-<crawl>-<number>.warc.gz.open`` until sealed, then without ``.open``.

Whoever writes a segment holds a lock on it: an ``.open`` file without a lock was left by a crash. It is repaired (a
torn tail cut back to the last whole record, kept beside as ``.torn``) and sealed. The database names a segment without
``.open``, so sealing moves no reference.
"""

import fcntl
import os
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from archive.errors import ArchiveError
from archive.records import Location
from archive.warc import Exchange, pack, pack_info

OPEN = ".open"
_CHUNK = 1 << 20


class SegmentWriter:
    """The one writer of a crawl's segments. Not thread-safe: it belongs to one thread."""

    def __init__(self, folder: Path, crawl_key: str, facts: Mapping[str, str], max_bytes: int) -> None:
        self._folder, self._crawl_key, self._facts, self._max_bytes = folder, crawl_key, facts, max_bytes
        self._number = 0
        self._handle: int | None = None
        self._path = folder
        self._name = ""
        self._size = self._info_size = 0

    def write(self, exchanges: Sequence[Exchange]) -> list[Location]:
        """Append the attempts and wait until they are on disk. Raises ArchiveError; then nothing of them counts."""
        return self.write_packed([pack(exchange) for exchange in exchanges], exchanges[0].captured_at)

    def write_packed(self, records: Sequence[bytes], at: datetime) -> list[Location]:
        """Append records, a gzip member each, as `write` does; ``at`` names a new segment's month."""
        if self._handle is None:
            self.open(at)
        elif self._size >= self._max_bytes:
            self._roll_over(at)
        locations, end = [], self._size
        for record in records:
            locations.append(Location(self._name, end, len(record)))
            end += len(record)
        self._append(b"".join(records))
        return locations

    def seal(self) -> None:
        """Close the current segment under its final name; one without any record goes."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if self._size == self._info_size:
            os.unlink(self._path)
        else:
            os.fsync(handle)
            os.rename(self._path, self._folder / self._name)
        _sync_folder(self._path.parent)
        os.close(handle)

    def _roll_over(self, at: datetime) -> None:
        """The next segment is begun before this one is sealed: at no moment does the crawl look dead."""
        handle, path, name = self._handle, self._path, self._name
        self.open(at)
        assert handle is not None
        os.fsync(handle)
        os.rename(path, self._folder / name)
        _sync_folder(path.parent)
        os.close(handle)

    def open(self, at: datetime) -> None:
        """Begin a segment: from here on others see that this crawl is alive."""
        self._name = ""
        while not self._name or any(path.exists() for path in self._paths()):
            self._number += 1
            self._name = f"{at:%Y}/{at:%m}/bantin-{self._crawl_key}-{self._number:05}.warc.gz"
        self._path = self._folder / (self._name + OPEN)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Locked before it has its name: nobody can take a segment that is just being made for one left by a crash.
        unnamed = self._path.with_suffix(".new")
        self._handle = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(unnamed, self._path)
        self._size = 0
        self._append(pack_info(Path(self._name).name, at, self._facts))
        self._info_size = self._size
        _sync_folder(self._path.parent)

    def _paths(self) -> tuple[Path, Path]:
        return self._folder / self._name, self._folder / (self._name + OPEN)

    def _append(self, data: bytes) -> None:
        assert self._handle is not None
        try:
            written = os.write(self._handle, data)
            os.fdatasync(self._handle)
        except OSError as error:
            self._back()
            raise ArchiveError(f"{self._path}: cannot be written ({error}). Free space or mend the disk") from error
        if written != len(data):
            self._back()
            raise ArchiveError(f"{self._path}: the disk took only part of a record. Free space, then start again")
        self._size += written

    def _back(self) -> None:
        assert self._handle is not None
        os.ftruncate(self._handle, self._size)
        os.lseek(self._handle, self._size, os.SEEK_SET)


def segments(folder: Path) -> list[Path]:
    """All WARC files of the archive in the order of their names, open ones included."""
    return sorted([*folder.rglob("*.warc.gz"), *folder.rglob(f"*.warc.gz{OPEN}")])


def name_of(folder: Path, path: Path) -> str:
    """The name under which the database knows the segment at ``path``."""
    return str(path.relative_to(folder)).removesuffix(OPEN)


def find_segment(folder: Path, name: str) -> Path:
    """The file of a segment, sealed or still open. Raises ArchiveError where it is missing."""
    for path in (folder / name, folder / (name + OPEN)):
        if path.exists():
            return path
    raise ArchiveError(f"{folder / name}: this WARC file is missing. Restore it from a copy of the archive")


def live_crawls(folder: Path) -> set[str]:
    """Keys of the crawls that are writing right now, on this machine."""
    return {crawl_of(path) for path in folder.rglob(f"*.warc.gz{OPEN}") if _is_locked(path)}


def repair(folder: Path) -> list[str]:
    """Mend and seal what crashed crawls left open; say what was done, a sentence each."""
    said = []
    for path in sorted(folder.rglob(f"*.warc.gz{OPEN}")):
        if _is_locked(path):
            continue
        whole = whole_bytes(path)
        torn = path.stat().st_size - whole
        if torn:
            _cut(path, whole)
            said.append(f"{path}: a torn tail of {torn} bytes was cut off and kept in {path.name}.torn")
        if whole == 0:
            path.unlink()
            continue
        os.rename(path, path.with_name(path.name.removesuffix(OPEN)))
        _sync_folder(path.parent)
    return said


def whole_bytes(path: Path) -> int:
    """How many bytes from the start are whole gzip members, checksums verified."""
    whole = position = 0
    with path.open("rb") as stream:
        inflater = zlib.decompressobj(31)
        pending = b""
        while chunk := pending or stream.read(_CHUNK):
            pending = b""
            try:
                inflater.decompress(chunk)
            except zlib.error:
                return whole
            position += len(chunk) - len(inflater.unused_data)
            if inflater.eof:
                whole, pending = position, inflater.unused_data
                inflater = zlib.decompressobj(31)
    return whole


def _cut(path: Path, whole: int) -> None:
    with path.open("rb+") as stream:
        stream.seek(whole)
        path.with_name(path.name + ".torn").write_bytes(stream.read())
        stream.truncate(whole)
        os.fsync(stream.fileno())


def _is_locked(path: Path) -> bool:
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return False  # sealed in this moment
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def crawl_of(path: Path) -> str:
    """The key of the crawl that wrote a segment, by its name."""
    return path.name.removeprefix("bantin-").rpartition("-")[0]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
