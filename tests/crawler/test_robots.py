import pytest

from crawler.robots import MOST_READ, Rules

SITE = "https://portal.example"


def test_rules_for_us_hold_before_rules_for_all() -> None:
    rules = Rules.parse(b"User-agent: *\nDisallow: /\n\nUser-agent: Bantin\nDisallow: /search\nCrawl-delay: 2.5\n")
    assert rules.allow(f"{SITE}/tin-tuc")
    assert not rules.allow(f"{SITE}/search?q=1")
    assert rules.crawl_delay == 2.5


def test_the_longest_match_decides() -> None:
    rules = Rules.parse(b"User-agent: *\nDisallow: /a\nAllow: /a/b$\n")
    assert (rules.allow(f"{SITE}/a/b"), rules.allow(f"{SITE}/a/b/c")) == (True, False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("Crawl-delay: 10", 10),
        ("Request-rate: 1/5", 5),
        ("Request-rate: 10/1m", 6),
        ("Crawl-delay: 3\nRequest-rate: 1/5", 5),
        ("Crawl-delay: 8\nRequest-rate: 1/5", 8),
        ("Crawl-delay: soon", None),
        ("Disallow:", None),
    ],
)
def test_the_longer_of_crawl_delay_and_request_rate_holds(said: str, seconds: float | None) -> None:
    assert Rules.parse(f"User-agent: *\n{said}\n".encode()).crawl_delay == seconds


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00garbage", b"<html><body>Please wait</body></html>", b"\x00" * 1000]
)
def test_what_is_no_robots_txt_says_nothing(body: bytes) -> None:
    rules = Rules.parse(body)
    assert rules.allow(f"{SITE}/a")
    assert rules.crawl_delay is None


def test_what_stands_behind_the_first_500_kib_is_not_read() -> None:
    filling = b"# " + b"x" * MOST_READ + b"\n"
    assert Rules.parse(b"User-agent: *\n" + filling + b"Disallow: /a\n").allow(f"{SITE}/a")
    assert not Rules.parse(b"User-agent: *\nDisallow: /a\n" + filling).allow(f"{SITE}/a")
