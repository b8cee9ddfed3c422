"""A few kills in every test run; `make soak` has twenty."""

from pathlib import Path

import pytest

from tests.kills import survive


@pytest.mark.portal
@pytest.mark.timeout(300)
def test_a_killed_collect_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    survive(tmp_path, kills=2, seed=1954)
