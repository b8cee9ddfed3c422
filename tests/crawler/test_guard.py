import pytest

from crawler.guard import PrivateHosts, is_private, may_be_private
from crawler.sources import Source

PUBLIC = ("1.1.1.1", "171.244.0.1", "2001:4860:4860::8888", "[2606:4700::1111]", "caugiay.hanoi.gov.vn", "16843009")
PRIVATE = (
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1",
    "[::1]", "::1", "::", "::ffff:127.0.0.1", "[::ffff:7f00:1]", "::ffff:10.0.0.1", "fe80::1",
    "fe80::1%eth0", "fc00::1", "ff02::1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_an_address_that_is_not_one_public_machine_is_private_in_any_spelling(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_and_names_are_not(host: str) -> None:
    assert not is_private(host)


def source(name: str, start: str, *, allowed: bool) -> Source:
    said = {"id": name, "name": name, "level": "school", "layout": "generic", "start": [start]}
    return Source.model_validate(said | {"allow_private": allowed})


def test_an_allowance_is_for_the_hosts_of_its_own_source() -> None:
    hosts = PrivateHosts(
        [
            source("own", "http://127.0.0.1:8765/", allowed=True),
            source("inner", "http://intranet.example/", allowed=True),
            source("public", "http://portal.example/", allowed=False),
        ]
    )
    assert hosts.allow("own", "http://127.0.0.1:8765/a")
    assert not hosts.allow("own", "http://127.0.0.1:6379/a"), "another port is another host"
    assert not hosts.allow("public", "http://127.0.0.1:8765/a")
    assert not hosts.allow(None, "http://127.0.0.1:8765/a")
    assert hosts.allow("inner", "http://intranet.example/a")
    assert not hosts.allow("public", "http://INTRANET.example/a"), "a name that only another source may have there"
    assert not hosts.allow("public", "http://intranet.example:8080/a")
    assert hosts.allow("public", "http://portal.example/a")
    assert {"127.0.0.1", "intranet.example"} <= may_be_private
