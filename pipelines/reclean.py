"""Reclean: the archive read again with the installed cleaner, and nothing read twice.

The tasks of a `pipelines.stale.Plan` go to an executor (worker processes, or whatever else has the interface of
`concurrent.futures.Executor`) or are done here. What is read is stored task by task, so a reclean that was killed goes
on where it stopped. Editions move only at the end, a source at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace

from archive.cleaners import plain_outcome, told_by
from archive.comparison import Difference, Tally, Told, compare
from archive.database import reading
from archive.errors import ArchiveError
from archive.promotions import unread_by
from archive.readings import Verdict
from archive.records import Page
from archive.store import Store
from archive.warc import read_record
from pipelines.cleaner import Cleaner
from pipelines.intake import read_exchange
from pipelines.stale import Input, Plan


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one input: a page, or why its record could not be read."""

    wanted: Input
    page: Page | None
    problem: str | None = None


@dataclass(slots=True)
class Outcome:
    """What a reclean did. ``promoted`` has the change feed's counts by source; ``held_back`` says why not."""

    inputs: int = 0
    captures: int = 0
    tally: Tally = field(default_factory=Tally)
    promoted: dict[str, dict[str, int]] = field(default_factory=dict)
    held_back: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_task(task: Sequence[Input], cleaner: Cleaner) -> list[Read]:
    """Read the inputs of one task; a record that cannot be read is said, and the rest goes on."""
    found = []
    for one in task:
        try:
            exchange = read_record(one.record.path, one.record.offset).exchange()
            if exchange is None:
                raise ArchiveError(f"{one.record.path}:{one.record.offset}: not a capture's record. Run: bantin verify")
            if exchange.refers_to is not None:
                if one.body is None:
                    raise ArchiveError(f"{one.record.path}:{one.record.offset}: the body it refers to is not here")
                exchange = replace(exchange, body=read_record(one.body.path, one.body.offset).body)
            page = read_exchange(replace(exchange, source_id=one.source_id), cleaner)
        except ArchiveError as error:
            found.append(Read(one, None, str(error)))
        else:
            found.append(Read(one, replace(page, links=())))
    return found


def read_all(
    tasks: Sequence[tuple[Input, ...]], read: Callable[[Sequence[Input]], list[Read]], executor: Executor | None
) -> Iterator[list[Read]]:
    """The results of all tasks as they come; only so many are under way that none piles up."""
    if executor is None:
        yield from map(read, tasks)
        return
    waiting: set[Future[list[Read]]] = set()
    for task in tasks:
        waiting.add(executor.submit(read, task))
        if len(waiting) >= 8:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


def reclean(
    store: Store,
    wanted: Plan,
    results: Iterable[list[Read]],
    *,
    promote: bool,
    progress: Callable[[int], None] = lambda count: None,
) -> Outcome:
    """Store what was read, then fold and, unless told not to, promote the installed cleaner for each source.

    A source of which not every capture could be read is not promoted: readers would lose what it lacks.
    """
    outcome = Outcome()
    for found in results:
        outcome.problems += _contradictions(store, wanted.digests, found)
        store.add_verdicts([v for one in found if one.page is not None for v in _verdicts(one, wanted.digests)])
        _count(outcome, found)
        progress(len(found))
    promoted = store.promoted()
    for source_id, digest in wanted.digests.items():
        if promoted.get(source_id) in (None, digest):
            continue
        store.fold_ahead(source_id, digest)
        with reading(store.engine) as connection:
            unread = unread_by(connection, source_id, digest)
        if unread:
            outcome.held_back[source_id] = f"{unread} captures could not be read by it"
        elif promote:
            outcome.promoted[source_id] = dict(store.promote(source_id, digest, "reclean"))
        else:
            outcome.held_back[source_id] = "as asked (--no-promote)"
    return outcome


def rehearse(
    store: Store,
    results: Iterable[list[Read]],
    keep: int,
    progress: Callable[[int], None] = lambda count: None,
) -> Outcome:
    """What a reclean would change, compared with the promoted cleaners' readings; nothing is written."""
    outcome = Outcome(tally=Tally(keep))
    promoted = store.promoted()
    for found in results:
        for difference in _differences(store, promoted, found):
            outcome.tally.add(difference)
        _count(outcome, found)
        progress(len(found))
    return outcome


def _differences(store: Store, cleaners: Mapping[str, str], found: Sequence[Read]) -> Iterator[Difference | None]:
    """How what was just read differs from what these cleaners (by source) have read in the same captures."""
    with reading(store.engine) as connection:
        before = told_by(connection, cleaners, [one.wanted.captures[0][0] for one in found])
    for one in found:
        was = before.get(one.wanted.captures[0][0])
        if one.page is not None and was is not None:
            yield compare(one.wanted.source_id, one.wanted.article_key, one.wanted.url, was, _told(one.page))


def _contradictions(store: Store, digests: Mapping[str, str], found: Sequence[Read]) -> list[str]:
    """Where the same cleaner reads the same input otherwise than before (only --force reads it again): never."""
    return [
        f"{difference.url}: the same cleaner read it differently before ({', '.join(difference.fields)})."
        " This is a fault of the program; keep the archive and report it"
        for difference in _differences(store, digests, found)
        if difference is not None
    ]


def _count(outcome: Outcome, found: Sequence[Read]) -> None:
    outcome.inputs += len(found)
    outcome.captures += sum(len(one.wanted.captures) for one in found)
    outcome.problems += [one.problem for one in found if one.problem is not None]
    for one in found:
        if one.page is not None and one.page.article_key != one.wanted.article_key:
            outcome.problems.append(
                f"{one.wanted.url}: article {one.wanted.article_key} would be {one.page.article_key or 'no article'}"
                " under the installed layouts. Only a rebuild moves captures between articles"
            )


def _verdicts(one: Read, digests: dict[str, str]) -> Iterator[Verdict]:
    page = one.page
    assert page is not None
    outcome = plain_outcome(page.outcome)
    for capture_id, before in one.wanted.captures:
        said = before if outcome == "ok" and before == "revisit-identical" else outcome
        yield Verdict(capture_id, digests[one.wanted.source_id], said, page.reason, page.reading)


def _told(page: Page) -> Told:
    said = page.reading
    if said is None:
        return Told(plain_outcome(page.outcome))
    content = said.content
    return Told(
        plain_outcome(page.outcome),
        said.layout,
        content.title if content else None,
        content.lead if content else None,
        content.paragraphs if content else (),
        said.published_at,
        said.byline,
        said.section,
        said.captions,
        tuple((removed.rule, removed.text) for removed in said.removed),
    )
