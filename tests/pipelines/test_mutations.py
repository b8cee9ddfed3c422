"""Broken pages, a sample of them: the soak reads a hundred thousand."""

import pytest

from tests.mutations import mutation, own_samples
from tests.soak.mutations import run


@pytest.mark.timeout(600)
def test_broken_pages_crash_nothing_take_no_time_lose_no_line_and_read_the_same_elsewhere() -> None:
    tally = run(300, seed=1930, own=True)
    assert (tally.pages, tally.wrong) == (300, 0)
    assert tally.readings > 100


@pytest.mark.portal
@pytest.mark.timeout(600)
def test_so_do_broken_pages_of_the_real_portal() -> None:
    tally = run(100, seed=1954)
    assert (tally.pages, tally.wrong) == (100, 0)
    assert tally.readings > 30


def test_a_seed_and_a_number_are_one_broken_page() -> None:
    samples = own_samples()
    pages = [mutation(samples, 1930, number) for number in range(40)]
    assert [mutation(samples, 1930, number) for number in reversed(range(40))][::-1] == pages
    assert len({exchange.stored_digest for _, exchange in pages}) == 40
