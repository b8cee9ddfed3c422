"""One record out of a run, whoever wrote it: whole, or what is wrong with it.

A Content-Length counts where it leads to the end of a record. Where it does not, the record is as long as it is said to
be by its WARC-Block-Digest, or by the gzip member that holds it alone and has the right checksum; else it is left out.
"""

import re
from dataclasses import dataclass, field

from archive.warc.heads import HEAD_END, START, VERSION, digest_holds, parse_head, parse_length
from archive.warc.members import CHECKSUM, MAGIC
from archive.warc.run import Run

MAX_RECORD = 256 * 2**20
MAX_HEAD = 1 << 20
_BLANK = re.compile(rb"[\r\n]*")
_TRAILER = re.compile(rb"(?:\r?\n){1,2}\Z")


@dataclass(frozen=True, slots=True)
class Taken:
    """What stood where a record begins: ``block`` is None for a record that is left out; ``problem`` says why, or what
    is wrong with the one that is given."""

    problem: str | None
    head: bytes = b""
    block: bytes | None = None
    fields: dict[str, str] = field(default_factory=dict)


def take(run: Run) -> Taken:
    """The record at which the run stands. The run then stands behind it."""
    at, size = run.at, _head_size(run)
    if isinstance(size, str):
        run.seek_record()
        return Taken(size)
    head = bytes(run.window[:size])
    fields, stray = parse_head(head)
    length = parse_length(fields)
    if length is not None and length > MAX_RECORD:
        return Taken(_pass_over(run, at, size, length))
    block, problem, end = _block(run, at == 0, size, length, fields)
    if at == 0 and block is not None and _is_alone(run, end) and run.problem:
        # A digest vouches for the block, not for the header, which may be what a wrong checksum means.
        vouched = _digest_holds(block, fields) and run.problem != CHECKSUM
        block, problem, end = block if vouched else None, run.problem, len(run.window)
    run.leave(end)
    if block is not None and not fields.get("warc-type"):
        block, problem = None, "no WARC-Type"
    if stray and block is not None:
        note = f"a header line that is no field: {stray[:60]!r}"
        problem = f"{problem}; {note}" if problem else note
    return Taken(problem, head, block, fields)


def skip_blank(run: Run) -> None:
    """Leave the line breaks at which the run stands."""
    while run.has(1) and (blank := _BLANK.match(run.window)) and blank.end():
        run.leave(blank.end())


def _head_size(run: Run) -> int | str:
    """How long the header is, or what is wrong with it."""
    searched = 0
    while not (end := HEAD_END.search(run.window, searched)):
        searched = max(0, len(run.window) - 3)
        if len(run.window) >= MAX_HEAD:
            return "malformed header"
        if not run.has(len(run.window) + 1, within=True):
            return f"its header is cut short{_why(run)}"
    if not VERSION.match(run.window) or START.search(run.window, 1, end.end()):
        return "malformed header"
    return end.end()


def _block(
    run: Run, first: bool, size: int, length: int | None, fields: dict[str, str]
) -> tuple[bytes | None, str | None, int]:
    """The block if it may be given, what is wrong, and where in the window the record ends."""
    if length is not None and run.has(size + length, within=True):
        block = _cut(run, size, size + length)
        holds = _digest_holds(block, fields)
        if holds or _boundary(run, size + length):
            wrong = f"it does not match its WARC-Block-Digest {fields.get('warc-block-digest')}"
            return block, wrong if holds is False else None, size + length
    return _block_without_length(run, first, size, length, fields)


def _block_without_length(
    run: Run, first: bool, size: int, length: int | None, fields: dict[str, str]
) -> tuple[bytes | None, str | None, int]:
    found = run.find_record(size, size + MAX_RECORD)
    end = len(run.window) if found is None else found
    trailer = _TRAILER.search(run.window, max(size, end - 4), end)
    block = _cut(run, size, trailer.start() if trailer else end)
    stated = fields.get("content-length")
    wrong = (
        "no Content-Length" if stated is None else f"its Content-Length is {stated}, but {len(block)} bytes stand there"
    )
    holds = _digest_holds(block, fields)
    last = found is None and not run.has(end + 1)
    alone = last and first and run.packed and not run.chained
    if end - size > MAX_RECORD:
        wrong = f"{wrong}, too large"
    elif holds or (holds is None and alone and not run.problem):
        return block, wrong, end
    if last and length is not None and length > end - size:
        wrong = f"cut short: {end - size} of {length} bytes{_why(run)}"
    elif last:
        wrong += _why(run)
    return None, wrong, end


def _is_alone(run: Run, end: int) -> bool:
    """Whether no record follows in the run behind byte ``end`` of the window."""
    return run.packed and run.find_record(end, end + MAX_HEAD) is None and not run.has(len(run.window) + 1)


def _pass_over(run: Run, at: int, size: int, length: int) -> str:
    run.leave(size)
    if run.skip(length) and _boundary(run, 0):
        return f"larger than {MAX_RECORD >> 20} MiB, left out"
    run.go_back(at)
    run.seek_record()
    return f"its Content-Length is {length}, but it does not end there"


def _boundary(run: Run, end: int) -> bool:
    """Whether a record may end at byte ``end`` of the window."""
    at = end
    while run.has(at + 1) and (blank := _BLANK.match(run.window, at)) and blank.end() > at:
        at = blank.end()
    if not run.has(at + 1):
        return True
    run.has(at + 5)
    follows = run.window[at : at + 5]
    record = follows == b"WARC/" or (not run.packed and follows.startswith(MAGIC))
    return record or run.window.count(b"\n", end, at) > 1


def _digest_holds(block: bytes, fields: dict[str, str]) -> bool | None:
    stated = fields.get("warc-block-digest")
    if not stated:
        return None
    # Some writers gave a revisit the digest of the payload that it does not hold, wget that of nothing at all.
    revisit = fields.get("warc-type") == "revisit"
    if revisit and (stated == fields.get("warc-payload-digest") or digest_holds(stated, b"")):
        return None
    return digest_holds(stated, block)


def _cut(run: Run, begin: int, end: int) -> bytes:
    with memoryview(run.window) as view:
        return bytes(view[begin:end])


def _why(run: Run) -> str:
    return f" ({run.problem})" if run.problem else ""
