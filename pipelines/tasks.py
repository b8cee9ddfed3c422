"""A reclean's tasks as worker processes get them: where an input's record stands, and what came of reading it.

`pipelines.stale` makes them, `pipelines.reclean` stores what comes back. Neither is imported here, nor the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import ArchiveError
from archive.records import Page, plain_outcome
from archive.segments import find_segment
from archive.warc import Exchange, Record, read_record
from pipelines.cleaner import Cleaner
from pipelines.exchange import read_exchange, with_body
from pipelines.inputs import Given, scrubbed


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the archive: the segment's name, and the byte."""

    archive: Path
    segment: str
    offset: int

    def read(self) -> Record:
        """The record. Raises ArchiveError where it is damaged or its file missing."""
        try:
            return read_record(find_segment(self.archive, self.segment), self.offset)
        except ArchiveError:  # a crawl that seals the segment just now gives its file another name: look again
            return read_record(find_segment(self.archive, self.segment), self.offset)

    def exchange(self, body: "Place | None") -> Exchange:
        """The attempt, with the bytes of the record at ``body`` where it refers to them. Raises ArchiveError."""
        exchange = self.read().exchange()
        if exchange is None:
            raise ArchiveError(f"{self.segment}: no capture's record at byte {self.offset}. Run: bantin verify")
        if exchange.refers_to is None:
            return exchange
        if body is None:
            raise ArchiveError(f"{self.segment}: the body that byte {self.offset} refers to is not in the archive")
        return with_body(exchange, body.read())


@dataclass(frozen=True, slots=True)
class Witness:
    """A capture that saw an input, how it ended when it was taken, and its record."""

    capture_id: int
    outcome: str
    record: Place


@dataclass(frozen=True, slots=True)
class Input:
    """One input to be read: the record that has it (``body`` where that is a revisit), and all captures that saw it.

    ``extraction``: the digests under which what extraction left of it is kept; ``blocks`` is that. Then no record is
    needed.
    """

    given: Given
    article_key: str
    record: Place
    body: Place | None
    captures: tuple[Witness, ...]
    extraction: tuple[str, str] | None = None
    blocks: bytes | None = None

    @property
    def source_id(self) -> str:
        return self.given.source_id

    @property
    def url(self) -> str:
        return self.given.url


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one input: a page, with how each of its captures ended. ``problem``: why there is none, or why one
    that says nothing."""

    wanted: Input
    page: Page | None
    outcomes: tuple[str, ...] = ()
    problem: str | None = None


def read_task(task: Sequence[Input], cleaner: Cleaner) -> list[Read]:
    """Read the inputs of one task; a record that cannot be read is said, and the rest goes on."""
    found = []
    for one in task:
        try:
            page = _read(one, cleaner)
            outcomes = tuple(_outcome(witness, page.outcome) for witness in one.captures)
        except ArchiveError as error:
            found.append(Read(one, None, problem=str(error)))
        else:
            found.append(Read(one, page, outcomes))
    return found


def _read(one: Input, cleaner: Cleaner) -> Page:
    if one.blocks is not None:
        return scrubbed(one.given, one.blocks, cleaner)
    exchange = one.record.exchange(one.body)
    return read_exchange(replace(exchange, source_id=one.source_id), cleaner, follow=False)


def _outcome(witness: Witness, outcome: str) -> str:
    """How a capture ended, where its input did so: the same bytes again are a revisit. Of one that was not good when it
    was taken only its record says whether it is one."""
    if plain_outcome(outcome) != "ok":
        return outcome
    if plain_outcome(witness.outcome) == "ok":
        return witness.outcome
    exchange = witness.record.read().exchange()
    return "revisit-identical" if exchange is not None and exchange.refers_to is not None else "ok"


def given_up_input(one: Input, reason: str, cleaner: Cleaner) -> Read:
    """What is said of an input that no worker process could bear.

    Of one whose captures were all as bad when they were taken that is the cleaner's verdict: nobody loses anything. Of
    another there is none, so that no promotion takes from readers what this cleaner is too slow for.
    """
    problem = f"{one.url}: {reason}"
    if any(plain_outcome(witness.outcome) == "ok" for witness in one.captures):
        return Read(one, None, problem=f"{problem}. It was read before; mend the rule that is to blame")
    page = Page("failed", reason, "article", one.article_key or None, 0, "", None, None)
    return Read(one, page, ("failed",) * len(one.captures), problem)
