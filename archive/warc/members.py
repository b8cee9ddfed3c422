"""gzip members of a file, each read in pieces, and where to go on behind a damaged one.

A WARC file has a member for each record, so that a record can be read by its place; other writers compress a whole file
as one member.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from archive.warc.heads import START

MAGIC = b"\x1f\x8b\x08"
CUT_SHORT = "the compressed data is cut short"
CHECKSUM = "the checksum of the compressed data is wrong"
_DAMAGED = "the compressed data is damaged"
_CHUNK = 1 << 16
_PIECE = 1 << 20
_SMALL_CHUNK = 1 << 14
# More than a version line and the name of a field need.
_OVERLAP = 128


class Member:
    """The gzip member at ``offset``. When `pieces` has come to its end, ``end`` is the offset behind the member and
    ``problem`` says what is wrong with it, or None where its checksum is right."""

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self.offset, self.end = offset, offset
        self.problem: str | None = "not read to its end"
        self._stream = stream

    def pieces(self) -> Iterator[bytes]:
        """What the member holds: all of it, or up to the byte at which it is damaged."""
        inflater, data = zlib.decompressobj(31), b""
        while not inflater.eof:
            if not data:
                self._stream.seek(self.end)
                data = self._stream.read(_CHUNK)
            if not data:
                self.problem = CUT_SHORT
                return
            before = inflater.copy()
            try:
                piece = inflater.decompress(data, _PIECE)
            except zlib.error as error:
                self.problem = _said(error)
                yield from self._up_to_damage(before, data)
                return
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            self.end += len(data) - len(rest)
            data = rest
            yield piece
        self.problem = None

    def whole(self) -> bytes:
        """What a small member holds, at once. Where there is a ``problem`` it is of no use."""
        inflater, parts = zlib.decompressobj(31), []
        self._stream.seek(self.end)
        try:
            while not inflater.eof:
                if not (data := self._stream.read(_SMALL_CHUNK)):
                    self.problem = CUT_SHORT
                    return b""
                parts.append(inflater.decompress(data))
                self.end += len(data)
        except zlib.error as error:
            self.problem = _said(error)
            return b""
        self.end -= len(inflater.unused_data)
        self.problem = None
        return b"".join(parts)

    def _up_to_damage(self, inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        """zlib keeps to itself what it had made of a chunk when it met the damage: so, byte by byte."""
        for number in range(len(data)):
            try:
                piece = inflater.decompress(data[number : number + 1])
            except zlib.error:
                return
            self.end += 1
            yield piece


def _said(error: zlib.error) -> str:
    said = str(error).rpartition(": ")[2]
    return CHECKSUM if said in ("incorrect data check", "incorrect length check") else f"{_DAMAGED} ({said})"


def begins_record(stream: BinaryIO, offset: int) -> bool:
    """Whether a gzip member at ``offset`` begins with a WARC record."""
    stream.seek(offset)
    inflater, data = zlib.decompressobj(31), b""
    try:
        while len(data) < 5 and not inflater.eof and (chunk := stream.read(512)):
            data += inflater.decompress(chunk, 512)
            data = data.lstrip(b"\r\n")
    except zlib.error:
        return False
    return data.startswith(b"WARC/")


def next_start(stream: BinaryIO, packed_from: int, plain_from: int | None) -> int | None:
    """Where the next record begins: a gzip member that begins with one, from ``packed_from`` on, or an uncompressed
    record, from ``plain_from`` on (None: there are none)."""
    at, window = packed_from, b""
    while True:
        stream.seek(at + len(window))
        more = stream.read(_CHUNK)
        window += more
        plain = START.search(window, max(0, plain_from - at)) if plain_from is not None else None
        first = plain.start() if plain else len(window)
        found = window.find(MAGIC, 0, first)
        while found >= 0:
            if begins_record(stream, at + found):
                return at + found
            found = window.find(MAGIC, found + 1, first)
        if plain:
            return at + first
        if not more:
            return None
        at, window = at + max(0, len(window) - _OVERLAP), window[-_OVERLAP:]
