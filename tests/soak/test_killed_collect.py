from pathlib import Path

import pytest

from tests.kills import survive


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_twenty_kills_in_one_collect_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    survive(tmp_path, kills=20, seed=1930)
