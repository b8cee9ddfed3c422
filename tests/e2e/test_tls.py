import ssl
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.e2e.crawls import Crawl, source
from tests.rawserver import RawServer, page

ARTICLE = page("<html><body><h1>Tin mẫu</h1><p>Một đoạn văn đủ dài để đọc.</p></body></html>")
BROKEN = 'tls = { verify = false, reason = "the certificate is another department\'s" }'


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def verdicts(crawl: Crawl) -> set[tuple[str, str | None]]:
    return set(crawl.sql("SELECT outcome, tls FROM v_capture WHERE kind <> 'robots'"))


def test_a_good_certificate_is_verified_and_the_capture_says_so(tmp_path: Path, authority: Authority) -> None:
    with RawServer({"/": ARTICLE}, authority.server()) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        crawl.crawl(trust=authority.file)
    assert verdicts(crawl) == {("ok", "verified")}
    before = crawl.sql("SELECT url, outcome, tls FROM v_capture ORDER BY url")
    (crawl.home / "bantin.db").unlink()
    crawl.run("rebuild")
    assert crawl.sql("SELECT url, outcome, tls FROM v_capture ORDER BY url") == before


@pytest.mark.parametrize(
    ("host", "days", "vouched", "problem"),
    [
        ("127.0.0.1", 30, False, "self-signed"),
        ("127.0.0.1", -1, True, "expired"),
        ("portal.example", 30, True, "another host's"),
    ],
)
def test_a_broken_certificate_is_refused_unless_the_source_says_so_and_then_the_capture_says_how(
    tmp_path: Path, authority: Authority, host: str, days: int, vouched: bool, problem: str
) -> None:
    with RawServer({"/": ARTICLE}, authority.server(host, days, vouched=vouched)) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        said = crawl.crawl(trust=authority.file)
        assert server.log == [], "nothing was asked"
        refused = crawl.captures
        crawl.catalogue(source(server.url, "/", more=BROKEN))
        crawl.crawl(trust=authority.file)
    assert set(refused) == {"/robots.txt"}, said
    assert {outcome for outcome, _ in refused["/robots.txt"]} == {"failed"}
    assert all("certificate" in (reason or "") or "Verif" in (reason or "") for _, reason in refused["/robots.txt"])
    assert verdicts(crawl) == {("ok", f"unverified: {problem}")}


def test_an_old_server_is_reached_only_where_its_source_says_that_its_tls_is_broken(
    tmp_path: Path, authority: Authority
) -> None:
    old = authority.server()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    with RawServer({"/": ARTICLE}, old) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        crawl.crawl(trust=authority.file)
        assert server.log == []
        crawl.catalogue(source(server.url, "/", more=BROKEN))
        crawl.crawl(trust=authority.file)
    assert verdicts(crawl) == {("ok", "verified")}
