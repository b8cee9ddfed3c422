"""`--max-loss`: a cleaner by which bodies lose half of their characters."""

from tests.desk import Desk, change
from tests.recleans import rule


def test_where_bodies_lose_half_the_comparison_exits_1_and_nothing_is_promoted(desk: Desk) -> None:
    promoted, digest = desk.promoted, change(desk, hanoi_liferay=rule("(?s).+"))
    lost = "songnhue: 2 of 3 bodies (66.7%) lose half of their characters or more"
    ended = desk("reclean", "--dry-run")
    assert ended.status == 1
    assert f"needs a look: {lost}; 1.0% may (--max-loss)" in ended.said
    assert desk("reclean", "--dry-run", "--max-loss", "0.7").status == 0
    ended = desk("reclean", "--max-loss", "0.5")
    assert ended.status == 1
    assert f"songnhue: cleaner not promoted: {lost}; 50.0% may (--max-loss). See: bantin cleaners diff" in ended.said
    assert desk.promoted == promoted
    ended = desk("cleaners", "diff", promoted, digest)
    assert (ended.status, lost in ended.said) == (1, True)
    assert desk.json("cleaners", "diff", promoted, digest)["problems"] == [f"{lost}; 1.0% may (--max-loss)"]
    assert desk("cleaners", "diff", promoted, digest, "--max-loss", "1").status == 0
    assert desk("reclean").status == 0
    assert desk.promoted == digest
