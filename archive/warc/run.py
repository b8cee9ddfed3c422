"""A stretch of a WARC file that is read as one text: a gzip member, or what is not compressed.

The reader sees a window of it, which grows when asked for more and is given up from the front.
"""

from collections.abc import Iterator
from typing import BinaryIO

from archive.warc.heads import START
from archive.warc.members import MAGIC, Member, begins_record, next_start

_CHUNK = 1 << 16
_OVERLAP = 128


class Run:
    """The run that begins at byte ``start`` of the file. ``window`` begins ``at`` bytes into its text.

    ``problem`` says why it ended before its time; ``chained``: it went on in a second gzip member.
    """

    def __init__(self, stream: BinaryIO, start: int) -> None:
        stream.seek(start)
        self.packed = stream.read(len(MAGIC)) == MAGIC
        self.start, self._end = start, start
        self._stream = stream
        self._restart()

    def _restart(self) -> None:
        self.at, self.window, self._end = 0, bytearray(), self.start
        self.problem: str | None = None
        self.chained = False
        self._pieces = self._member() if self.packed else self._plain()

    def has(self, count: int, *, within: bool = False) -> bool:
        """Read on until the window holds ``count`` bytes; False where the run ends before that.

        ``within`` a record the run goes on in the next gzip member, unless a record begins there.
        """
        while len(self.window) < count:
            if piece := next(self._pieces, None):
                self.window += piece
            elif piece is None and not (within and self._goes_on()):
                return False
        return True

    def leave(self, count: int) -> None:
        """Give up the first bytes of the window."""
        del self.window[:count]
        self.at += count

    def skip(self, count: int) -> bool:
        """Give up ``count`` bytes without holding them; False where the run ends before that."""
        inside = min(count, len(self.window))
        self.leave(inside)
        count -= inside
        if not self.packed:
            size = self._stream.seek(0, 2)
            if self._end + count > size:
                return False
            self._end, self.at = self._end + count, self.at + count
            return True
        while count and self.has(1, within=True):
            inside = min(count, len(self.window))
            self.leave(inside)
            count -= inside
        return count == 0

    def go_back(self, at: int) -> None:
        """Stand again ``at`` bytes into the text, which has been left behind."""
        self._restart()
        self.skip(at)

    def find_record(self, searched: int, limit: int) -> int | None:
        """Where in the window, from byte ``searched`` on, a record may begin: a version line, in an uncompressed run
        also a gzip member that begins with one. None where none does before the run ends or the window reaches
        ``limit`` bytes."""
        while True:
            found = START.search(self.window, searched)
            end = found.start() if found else len(self.window)
            if not self.packed and (member := self._find_member(searched, end)) is not None:
                return member
            if found:
                return end
            searched = max(searched, len(self.window) - _OVERLAP)
            if len(self.window) >= limit or not self.has(len(self.window) + 1):
                return None

    def seek_record(self) -> None:
        """Go forward to where the next record begins, at least one byte on; else to the end of the run."""
        if self.has(1):
            self.leave(1)
        while (found := self.find_record(0, _CHUNK)) is None:
            if not self.has(len(self.window) + 1):
                return self.leave(len(self.window))
            self.leave(max(0, len(self.window) - _OVERLAP))
        self.leave(found)

    def _find_member(self, begin: int, end: int) -> int | None:
        found = self.window.find(MAGIC, begin, end)
        while found >= 0 and not begins_record(self._stream, self.start + self.at + found):
            found = self.window.find(MAGIC, found + 1, end)
        return found if found >= 0 else None

    def next_run(self) -> int | None:
        """Where in the file the next run begins; None where nothing comes after this one."""
        if self.problem:
            # A damaged member may have been read past its true end.
            return next_start(self._stream, self.start + 1, self._end)
        return self._end if self.packed else self.start + self.at

    def _goes_on(self) -> bool:
        """Some writers cut the compressed data where no record ends."""
        if not self.packed or self.problem or begins_record(self._stream, self._end):
            return False
        self._stream.seek(self._end)
        if self._stream.read(len(MAGIC)) != MAGIC:
            return False
        self._pieces, self.chained = self._member(), True
        return True

    def _member(self) -> Iterator[bytes]:
        member = Member(self._stream, self._end)
        yield from member.pieces()
        self._end, self.problem = member.end, member.problem

    def _plain(self) -> Iterator[bytes]:
        while True:
            self._stream.seek(self._end)
            if not (data := self._stream.read(_CHUNK)):
                return
            self._end += len(data)
            yield data
