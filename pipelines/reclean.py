"""Reclean: the archive read again with the installed cleaner, and nothing read twice.

The tasks of a `pipelines.stale.Plan` go to an executor (worker processes, or whatever else has the interface of
`concurrent.futures.Executor`) or are done here. What is read is stored task by task, so a reclean that was killed goes
on where it stopped. Editions move only at the end, a source at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

from archive.cleaners import differences, told_by
from archive.comparison import Difference, Tally, Told, compare
from archive.database import reading
from archive.promotions import has_readings, unread_by
from archive.readings import Verdict
from archive.records import Page, plain_outcome
from archive.store import FIRST_CLEANER, Store
from pipelines.stale import Plan
from pipelines.tasks import Input, Read


@dataclass(slots=True)
class Outcome:
    """What a reclean did. ``promoted`` has the change feed's counts by source; ``held_back`` says why not."""

    inputs: int = 0
    captures: int = 0
    tally: Tally = field(default_factory=Tally)
    promoted: dict[str, dict[str, int]] = field(default_factory=dict)
    held_back: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_all(
    tasks: Iterable[tuple[Input, ...]],
    read: Callable[[Sequence[Input]], list[Read]],
    executor: Executor | None,
    ahead: int = 8,
) -> Iterator[list[Read]]:
    """The results of all tasks as they come; at most ``ahead`` are under way, so that none piles up."""
    if executor is None:
        yield from map(read, tasks)
        return
    waiting: set[Future[list[Read]]] = set()
    for task in tasks:
        waiting.add(executor.submit(read, task))
        if len(waiting) >= ahead:
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
    max_loss: float | None = None,
    progress: Callable[[int], None] = lambda count: None,
    settling: Callable[[str], None] = lambda source_id: None,
) -> Outcome:
    """Store what was read, then fold and, unless told not to, promote the installed cleaner for each source.

    A source of which not every capture could be read is not promoted: readers would lose what it lacks. Nor is one of
    which more than the share ``max_loss`` of the bodies loses half. ``settling`` is told which source is being folded
    and promoted: of a large one that takes a while.
    """
    outcome = Outcome()
    for found in results:
        _store(store, wanted.digests, found, outcome)
        _count(outcome, found)
        progress(len(found))
    promoted = store.promoted()
    for source_id, digest in wanted.digests.items():
        if promoted.get(source_id) != digest:
            settling(source_id)
            lost = [] if max_loss is None else _losses(store, promoted.get(source_id), digest, source_id, max_loss)
            if lost:
                outcome.held_back[source_id] = f"{lost[0]}. See: bantin cleaners diff"
                continue
            _settle(store, source_id, digest, outcome, promote=promote, first=source_id not in promoted)
    for source_id in wanted.unnamed:
        outcome.held_back[source_id] = "the catalogue does not name this source; not read. Name it, or give --sources"
    return outcome


def _losses(store: Store, before: str | None, digest: str, source_id: str, share: float) -> list[str]:
    """What a source's bodies lose by another cleaner, if that is too much."""
    tally = Tally(0)
    with reading(store.engine) as connection:
        for _, difference in differences(connection, before or "", digest, source_id):
            tally.add(source_id, difference)
    return list(tally.losses(share))


def _settle(store: Store, source_id: str, digest: str, outcome: Outcome, *, promote: bool, first: bool) -> None:
    """Fold a source under the installed cleaner, which is not the promoted one, and promote it where that may be."""
    store.fold_ahead(source_id, digest)
    with reading(store.engine) as connection:
        unread, read = unread_by(connection, source_id, digest), has_readings(connection, source_id, digest)
    if first and not read:
        return  # nothing was ever read of this source: the first reading will promote its cleaner
    if unread:
        outcome.held_back[source_id] = (
            f"captures that it has not read: {unread}. When they can be read, reclean again; or promote it without"
            f" them: bantin cleaners promote {digest[:12]} --source {source_id} --accept-missing"
        )
    elif promote:
        outcome.promoted[source_id] = dict(store.promote(source_id, digest, FIRST_CLEANER if first else "reclean"))
    else:
        outcome.held_back[source_id] = "as asked (--no-promote)"


def rehearse(
    store: Store,
    wanted: Plan,
    results: Iterable[list[Read]],
    keep: int,
    progress: Callable[[int], None] = lambda count: None,
) -> Outcome:
    """What a reclean would change, compared with the promoted cleaners' readings; nothing is written.

    What the installed cleaner has read already, but is not promoted for, counts too.
    """
    outcome = Outcome(tally=Tally(keep))
    promoted = store.promoted()
    for found in results:
        for source_id, difference in _differences(store, promoted, found):
            outcome.tally.add(source_id, difference)
        _count(outcome, found)
        progress(len(found))
    with reading(store.engine) as connection:
        for source_id, digest in wanted.digests.items():
            if not wanted.forced and promoted.get(source_id, digest) != digest:
                for _, difference in differences(connection, promoted[source_id], digest, source_id):
                    outcome.tally.add(source_id, difference)
    return outcome


def _differences(
    store: Store, cleaners: Mapping[str, str], found: Sequence[Read]
) -> Iterator[tuple[str, Difference | None]]:
    """By source, how what was just read differs from what these cleaners (by source) have read in the same captures.
    They may have made several readings of what is one input now, where fewer dated rules hold."""
    with reading(store.engine) as connection:
        before = told_by(connection, cleaners, [w.capture_id for one in found for w in one.wanted.captures])
    for one in found:
        if one.page is not None:
            told = (before[w.capture_id] for w in one.wanted.captures if w.capture_id in before)
            for _, was in dict.fromkeys(told):
                found_now = compare(one.wanted.source_id, one.wanted.article_key, one.wanted.url, was, _told(one.page))
                yield one.wanted.source_id, found_now


def _store(store: Store, digests: Mapping[str, str], found: Sequence[Read], outcome: Outcome) -> None:
    """Store what was read. That the same cleaner read the same input otherwise before must never be: it is said."""
    verdicts = [verdict for one in found if one.page is not None for verdict in _verdicts(one, one.page, digests)]
    url_of = {witness.capture_id: one.wanted.url for one in found for witness in one.wanted.captures}
    extracted = [one.page.extracted for one in found if one.page is not None]
    for verdict, names in store.add_verdicts(verdicts, extracted):
        outcome.problems.append(
            f"{url_of[verdict.capture_id]}: capture {verdict.capture_id} is stored otherwise than this cleaner reads it"
            f" ({', '.join(names)}). The database was altered, or the program is at fault; nothing was overwritten"
        )


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


def _verdicts(one: Read, page: Page, digests: Mapping[str, str]) -> Iterator[Verdict]:
    source_id, key = one.wanted.source_id, one.wanted.article_key
    for witness, outcome in zip(one.wanted.captures, one.outcomes, strict=True):
        yield Verdict(witness.capture_id, source_id, key, digests[source_id], outcome, page.reason, page.reading)


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
        tuple(one.url for one in said.attachments),
    )
