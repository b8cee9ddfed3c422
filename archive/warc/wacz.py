"""WACZ: a zip file of WARC files and of indexes, which are not trusted."""

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator
from shutil import copyfileobj
from typing import BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

_WARCS = (".warc", ".warc.gz")
_CHUNK = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s22xHH")


def is_zip(stream: BinaryIO) -> bool:
    """Whether the file begins as a zip file."""
    stream.seek(0)
    return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def warcs_of(archive: ZipFile, stream: BinaryIO) -> Iterator[tuple[str, BinaryIO | str]]:
    """The WARC files in a zip file: the name within it, and the file, or a sentence on what is wrong with it.

    Of a damaged one there is both: first the sentence, then what could be had. A WACZ file within is told of, not read.
    """
    for info in archive.infolist():
        if info.filename.lower().endswith(".wacz"):
            yield info.filename, "a WACZ file within another. Unpack the outer one and import the inner ones"
        elif info.filename.lower().endswith(_WARCS):
            try:
                offset = _data_offset(stream, info)
            except BadZipFile as error:
                yield info.filename, str(error)
                continue
            if info.compress_type == ZIP_STORED and not info.flag_bits & 1:
                yield info.filename, io.BufferedReader(_Slice(stream, offset, info.file_size))
                continue
            with tempfile.TemporaryFile() as unpacked:
                if problem := _unpack(archive, info, unpacked):
                    yield info.filename, problem
                yield info.filename, unpacked


def _unpack(archive: ZipFile, info: ZipInfo, into: BinaryIO) -> str | None:
    try:
        with archive.open(info) as packed:
            copyfileobj(packed, into, _CHUNK)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        return f"cannot be taken whole out of the zip file ({error})"
    return None


def _data_offset(stream: BinaryIO, info: ZipInfo) -> int:
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise BadZipFile("no file begins where its directory says")
    _, name, extra = _LOCAL_HEADER.unpack(header)
    return int(info.header_offset + _LOCAL_HEADER.size + name + extra)


class _Slice(io.RawIOBase):
    """Bytes ``start`` to ``start + size`` of a file, as a file."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream, self._start, self._size, self._at = stream, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._stream.seek(self._start + self._at)
        data = self._stream.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
