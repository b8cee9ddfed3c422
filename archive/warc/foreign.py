"""WARC files of any writer, record by record as they stand: the first step of an import.

A file may be gzip with a member for each record, for several or for all, uncompressed, or both by turns. What is
damaged is reported with its place and passed over; every record before and behind it comes out. Places are
``name.warc.gz:1234`` (byte in the file, of the gzip member or of the uncompressed record) and
``name.warc.gz:1234+567`` (byte 567 of what the gzip member at 1234 holds; ``name.warc.gz:+567`` in the first one, as
where the whole file is one gzip stream).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from archive.errors import UsageError
from archive.warc.heads import bare
from archive.warc.members import CHECKSUM, MAGIC
from archive.warc.run import Run
from archive.warc.scan import skip_blank, take
from archive.warc.wacz import is_zip, warcs_of

_OTHERS = {
    b"\x28\xb5\x2f\xfd": "a zstd file. Unpack it with `zstd -d`",
    b"\xfd7zXZ": "an xz file. Unpack it with `xz -d`",
    b"BZh": "a bzip2 file. Unpack it with `bunzip2`",
    b"7z\xbc\xaf": "a 7-Zip file. Unpack it with `7z x`",
    b"filedesc:": "an ARC file. Make a WARC file of it with `warcio recompress FILE.arc.gz FILE.warc.gz`",
    MAGIC: "gzip within gzip. Unpack it once with `gunzip`",
}


class NotWarcError(UsageError):
    """A file in which no WARC record stands; nothing came of it."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it stands: ``head`` with the blank line behind it, ``block`` without the line breaks behind it.

    ``fields`` are those of the head, names in lower case; of one that stands twice, the last.
    """

    place: str
    head: bytes = field(repr=False)
    block: bytes = field(repr=False)
    fields: dict[str, str]

    @property
    def kind(self) -> str:
        """WARC-Type: response, revisit, request, …"""
        return self.fields["warc-type"].lower()

    def uri(self, name: str) -> str | None:
        """A field that holds an address or a record's id, without angle brackets."""
        value = self.fields.get(name)
        return None if value is None else bare(value)


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not as it should be, and where. The record there was left out, unless it was just given."""

    place: str
    problem: str


def read_foreign(path: Path) -> Iterator[RawRecord | Damage]:
    """All records of a WARC or WACZ file in their order, and all damage.

    A record that is there but contradicts its head (a digest, a length) is given, and the damage right after it.
    Raises NotWarcError for a file without WARC records, OSError for one that cannot be read.
    """
    with path.open("rb") as stream:
        if not is_zip(stream):
            yield from _read(path.name, stream, str(path))
            return
        found = False
        for name, inner in warcs_of(_zip(stream, path), stream):
            found = True
            try:
                if isinstance(inner, str):
                    yield Damage(f"{path.name}!{name}", inner)
                else:
                    yield from _read(f"{path.name}!{name}", inner, name)
            except NotWarcError as error:
                yield Damage(f"{path.name}!{name}", str(error).removeprefix(f"{name}: "))
        if not found:
            raise NotWarcError(f"{path}: a zip file without WARC files. Give .warc, .warc.gz or .wacz files")


def _zip(stream: BinaryIO, path: Path) -> ZipFile:
    try:
        return ZipFile(stream)
    except (BadZipFile, NotImplementedError, ValueError) as error:
        remedy = "Copy it again from where it came, or mend it with `zip -FF`"
        raise NotWarcError(f"{path}: damaged zip file ({error}). {remedy}") from error


def _read(name: str, stream: BinaryIO, path: str) -> Iterator[RawRecord | Damage]:
    """All of one WARC file. ``name`` is what places begin with, ``path`` what a person is told."""
    _refuse(stream, path)
    size, early, begun = stream.seek(0, 2), list[Damage](), False
    start: int | None = 0
    while start is not None and start < size:
        run = Run(stream, start)
        for found, is_record in _of_run(name, run):
            begun = begun or is_record
            if not begun:
                assert isinstance(found, Damage)
                early.append(found)
                continue
            yield from early
            early.clear()
            yield found
        behind = run.next_run()
        start = behind if behind is not None and behind > start else None  # not further: the file shrank meanwhile
    if not begun:
        said = early[0].problem if early else "line breaks and nothing else"
        raise NotWarcError(f"{path}: no WARC record stands in it ({said}). Give .warc, .warc.gz or .wacz files")


def _of_run(name: str, run: Run) -> Iterator[tuple[RawRecord | Damage, bool]]:
    """What stands in a run, and of each whether it is a record or was one: its version line was there."""
    said: list[str] = []
    while True:
        skip_blank(run)
        if not run.has(1) or (not run.packed and run.has(len(MAGIC)) and run.window.startswith(MAGIC)):
            break
        place = _place(name, run, run.at)
        if run.has(5) and run.window.startswith(b"WARC/"):
            taken = take(run)
            if taken.block is not None:
                yield RawRecord(place, taken.head, taken.block, taken.fields), True
            problem, is_record = taken.problem, True
        else:
            problem, is_record = _garbage(run), False
        if problem:
            said.append(problem)
            yield Damage(place, problem), is_record
    # What is wrong with a gzip member and was said of the record that it hit, or that its checksum only confirms.
    if run.problem and not (said and (run.problem == CHECKSUM or run.problem in said[-1])):
        yield Damage(_place(name, run, 0 if run.problem == CHECKSUM else run.at), run.problem), False


def _garbage(run: Run) -> str:
    begin = run.at
    run.seek_record()
    why = f"; {run.problem}" if run.problem and not run.has(1) else ""
    return f"{run.at - begin} bytes that belong to no record{why}"


def _place(name: str, run: Run, at: int) -> str:
    if not run.packed:
        return f"{name}:{run.start + at}"
    return f"{name}:{run.start or ('' if at else 0)}" + (f"+{at}" if at else "")


def _refuse(stream: BinaryIO, path: str) -> None:
    stream.seek(0)
    begin = stream.read(9)
    if not begin:
        raise NotWarcError(f"{path}: the file is empty. Copy it again from where it came")
    if begin.startswith(MAGIC):
        run = Run(stream, 0)
        run.has(9)
        begin = bytes(run.window[:9])
    if begin[1:4] == b"\x2a\x4d\x18":  # the dictionary that a .warc.zst begins with
        begin = b"\x28\xb5\x2f\xfd"
    for magic, what in _OTHERS.items():
        if begin.startswith(magic):
            raise NotWarcError(f"{path}: {what}")
