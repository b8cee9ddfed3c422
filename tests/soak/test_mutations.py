import pytest

from tests.soak.mutations import run


@pytest.mark.soak
@pytest.mark.portal
@pytest.mark.timeout(4 * 3600)
def test_a_hundred_thousand_broken_pages_crash_nothing_take_no_time_and_lose_no_line() -> None:
    assert run(100_000, seed=1930).wrong == 0
