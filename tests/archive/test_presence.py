"""Whether an article is there: gone_at is the first absence after the last good capture, once no address is good."""

import pytest
from hypothesis import given

from archive.editions import fold
from archive.seen import Seen
from tests.archive.test_editions import THERE, captures, day, seen


@given(captures)
def test_gone_means_absent_after_the_last_good_capture(given_captures: list[Seen]) -> None:
    good = [s.captured_at for s in given_captures if s.outcome in ("ok", "revisit-not-modified")]
    gone_at = fold(given_captures).gone_at
    if gone_at is not None:
        assert good
        assert gone_at >= max(good)
        assert gone_at in [s.captured_at for s in given_captures if s.outcome in ("gone", "soft-gone")]


@pytest.mark.parametrize("outcome", ["gone", "soft-gone"])
def test_gone_at_is_the_first_absence_after_the_last_good_capture(outcome: str) -> None:
    folded = fold([seen(1), seen(2, outcome="gone"), seen(3), seen(5, outcome=outcome), seen(6, outcome="gone")])
    assert folded.gone_at == day(5)
    assert folded.last_captured_at == day(3)


@pytest.mark.parametrize("outcome", ["failed", "blocked", "redirected"])
def test_failures_blocks_and_redirects_never_say_that_an_article_is_gone(outcome: str) -> None:
    assert fold([seen(1), seen(2, outcome=outcome), seen(3, outcome=outcome)]).gone_at is None


def test_a_failure_between_good_capture_and_absence_is_not_the_moment() -> None:
    assert fold([seen(1), seen(2, outcome="failed"), seen(3, outcome="gone")]).gone_at == day(3)


def test_an_article_that_is_there_again_is_not_gone() -> None:
    assert fold([seen(1), seen(2, outcome="gone"), seen(3)]).gone_at is None


def test_a_dead_address_of_an_article_that_stands_elsewhere_says_nothing() -> None:
    assert (
        fold([seen(1), seen(2, outcome="gone", url_key=THERE), seen(3, outcome="gone", url_key=THERE)]).gone_at is None
    )
    moved = [seen(1), seen(1, url_key=THERE), seen(2, outcome="gone"), seen(3, url_key=THERE)]
    assert fold(moved).gone_at is None


def test_an_article_is_gone_once_all_its_addresses_are() -> None:
    captures = [seen(1), seen(1, url_key=THERE), seen(3, outcome="gone"), seen(4, outcome="gone", url_key=THERE)]
    assert fold(captures).gone_at == day(3)


def test_an_article_that_moved_away_and_is_taken_down_at_its_new_address_is_gone() -> None:
    """Its old address goes on redirecting: that is no sign of life."""
    captures = [seen(1), seen(2, outcome="redirected"), seen(2, url_key=THERE), seen(5, outcome="gone", url_key=THERE)]
    assert fold([*captures, seen(5, outcome="redirected")]).gone_at == day(5)


def test_a_dead_link_that_was_never_good_makes_nothing_gone() -> None:
    folded = fold([seen(1, outcome="gone")])
    assert (folded.gone_at, folded.runs, folded.speaking) == (None, (), None)
