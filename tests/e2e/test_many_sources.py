from tests.bench.many import measure


def test_ten_sources_at_once_each_keep_their_pace_and_none_starves() -> None:
    found = measure(10, 8, 0.5)
    assert found.smallest_gap >= 0.5 - 0.05, "the server notes a request a little after it came"
    least, most = found.half_time
    assert most - least <= 2
    assert found.seconds < 10 * 0.5 * 3, "they went side by side, not one after the other"
