from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import Connection

from archive.editions import fold
from archive.history import absences, history
from archive.seen import Seen
from tests.sample import day


def _attempts(*attempts: tuple[int, str, str]) -> list[dict[str, object]]:
    rest = {"status": None, "reason": None}
    return [
        {"captured_at": day(n), "url": url, "url_key": url, "outcome": outcome, **rest} for n, url, outcome in attempts
    ]


def _kinds(attempts: Sequence[dict[str, object]]) -> list[tuple[datetime, str]]:
    return [(event.at, event.kind) for event in absences(attempts)]


def test_a_history_tells_editions_changes_variants_and_absences_in_order(archive: Connection) -> None:
    events = history(archive, "songnhue:101")
    assert [event.kind for event in events] == ["edition", "variant", "metadata", "edition", "gone", "back"]
    assert [event.at for event in events if event.kind != "variant"] == [day(n) for n in (0, 30, 60, 70, 80)]


def test_an_edition_says_what_changed_against_the_one_before(archive: Connection) -> None:
    second = [event for event in history(archive, "songnhue:101") if event.kind == "edition"][1]
    assert second.facts["changed"] == ["body"]
    assert (second.facts["words_added"], second.facts["words_removed"]) == (3, 2)


def test_a_publication_date_moved_back_is_told_with_before_and_after(archive: Connection) -> None:
    moved = next(event for event in history(archive, "songnhue:101") if event.kind == "metadata")
    assert moved.facts["field"] == "published_at"
    assert (moved.facts["before"], moved.facts["after"]) == ("2025-01-09T16:30:00+07:00", "2025-01-08")


def test_an_article_that_is_gone_has_no_return(archive: Connection) -> None:
    last = history(archive, "songnhue:102")[-1]
    assert (last.at, last.kind, last.facts["outcome"]) == (day(70), "gone", "soft-gone")


def test_failures_and_blocks_are_no_absence() -> None:
    assert _kinds(_attempts((0, "a", "ok"), (1, "a", "failed"), (2, "a", "blocked"))) == []


def test_a_dead_link_to_an_article_that_stands_elsewhere_is_no_absence() -> None:
    assert _kinds(_attempts((0, "a", "ok"), (0, "b", "ok"), (1, "a", "gone"), (2, "b", "ok"))) == []


def test_an_address_that_never_was_good_says_nothing() -> None:
    assert _kinds(_attempts((0, "a", "gone"), (1, "b", "ok"), (2, "a", "gone"))) == []


@pytest.mark.parametrize(
    "attempts",
    [
        [(0, "a", "ok"), (1, "a", "gone"), (2, "a", "gone")],
        [(0, "a", "ok"), (0, "b", "ok"), (1, "a", "gone"), (2, "b", "soft-gone")],
        [(0, "a", "ok"), (1, "a", "gone"), (2, "b", "ok"), (3, "b", "gone")],
        [(0, "a", "ok"), (1, "a", "gone"), (2, "a", "ok"), (3, "a", "failed")],
        [(0, "a", "ok"), (0, "b", "ok"), (1, "b", "gone")],
    ],
)
def test_the_last_absence_is_the_one_that_folding_finds(attempts: list[tuple[int, str, str]]) -> None:
    seen = [Seen(i, day(n), url, url, "", n, outcome, 0) for i, (n, url, outcome) in enumerate(attempts)]
    told = _kinds(_attempts(*attempts))
    assert fold(seen).gone_at == (told[-1][0] if told and told[-1][1] == "gone" else None)
