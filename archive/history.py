"""An article's history: what the publisher did to it, in the order in which the captures show it.

Derived from the views: editions from v_edition, what else moved from v_metadata_change, absences from v_capture. What a
person corrected stands among it, at the capture at which it was corrected.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from archive.clock import parse_rfc3339
from archive.queries import Row, corrections_of, editions, rows, typed
from archive.records import ABSENT, GOOD
from archive.wording import wording, words_changed

_MOVED = typed("SELECT * FROM v_metadata_change WHERE article_key = :key ORDER BY captured_at, url, field, capture_id")
_ATTEMPTS = typed(
    "SELECT capture_id, captured_at, url, url_key, outcome, status, reason FROM v_capture WHERE article_key = :key"
    " ORDER BY captured_at, url_key, payload_digest"
)
_KINDS = ("edition", "metadata", "variant", "gone", "back", "correction")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was seen at ``at``.

    ``edition``: new words (`edition observed_to content_hash`, the names of what is `corrected` of them, and against
    the edition before `changed words_added words_removed`) · ``metadata``: another field moved (`field before after
    url`) · ``variant``: another address showed other words (`before after`: content hashes, `url`) · ``gone`` and
    ``back``: an absence began or ended (`url outcome status reason`) · ``correction``: no act of the publisher, a
    person corrected what is read (`field reason corrected_at`).
    """

    at: datetime
    kind: str
    facts: Row


def history(connection: Connection, key: str) -> list[Event]:
    """All events of the article, oldest first; what stands in one capture in the order of the kinds above."""
    events = [
        *_editions(editions(connection, key)),
        *_moves(rows(connection, _MOVED, key=key)),
        *absences(rows(connection, _ATTEMPTS, key=key)),
        *(_correction(one) for one in corrections_of(connection, key)),
    ]
    return sorted(events, key=lambda event: (event.at, _KINDS.index(event.kind)))


def absences(captures: Iterable[Row]) -> Iterator[Event]:
    """When an article was gone and when it was back, from its captures in their order.

    Gone since the first absence after a good capture, once every address that ever was good is absent; this is how
    `archive.editions.fold` finds ``gone_at``. Failures and blocks say nothing.
    """
    there: dict[str, bool] = {}
    absent: Row | None = None
    for capture in captures:
        if capture["outcome"] in GOOD:
            if absent is not None and not any(there.values()):
                yield _presence("gone", absent)
                yield _presence("back", capture)
            there[capture["url_key"]], absent = True, None
        elif capture["outcome"] in (*ABSENT, "redirected") and capture["url_key"] in there:
            there[capture["url_key"]] = False
            if capture["outcome"] in ABSENT:
                absent = absent or capture
    if absent is not None and not any(there.values()):
        yield _presence("gone", absent)


def _presence(kind: str, capture: Row) -> Event:
    return Event(capture["captured_at"], kind, {name: capture[name] for name in ("url", "outcome", "status", "reason")})


def _editions(found: list[Row]) -> Iterator[Event]:
    for edition in found[:1]:
        yield _edition(edition, {})
    for before, after in pairwise(found):
        yield _edition(after, compared(before, after))


def _edition(edition: Row, difference: Row) -> Event:
    facts = {name: edition[name] for name in ("edition", "observed_to", "content_hash")}
    facts |= {"corrected": [one["field"] for one in edition["corrected"]]}
    return Event(edition["observed_from"], "edition", facts | difference)


def compared(before: Row, after: Row) -> dict[str, Any]:
    """Which of title, lead and body two editions differ in, and by how many words."""
    fields = [name for name in ("title", "lead", "body") if before[name] != after[name]]
    counts = [words_changed(wording(before[name] or "", after[name] or "")) for name in fields]
    added, removed = (sum(count[n] for count in counts) for n in (0, 1))
    return {"changed": fields, "words_added": added, "words_removed": removed}


def _moves(found: list[Row]) -> Iterator[Event]:
    for row in found:
        if row["field"] == "variant":
            yield Event(row["captured_at"], "variant", {name: row[name] for name in ("before", "after", "url")})
        else:
            facts = {name: row[name] for name in ("field", "before", "after", "url")}
            yield Event(row["captured_at"], "metadata", facts)


def _correction(told: Row) -> Event:
    facts = {"field": told["field"], "reason": told["reason"], "corrected_at": parse_rfc3339(told["corrected_at"])}
    return Event(parse_rfc3339(told["captured_at"]), "correction", facts)
