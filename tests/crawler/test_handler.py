import pytest

from archive.errors import BantinError
from crawler.handler import replace_attribute


class Pool:
    _factory = None


def test_a_guard_that_has_lost_its_place_in_scrapy_is_an_error_with_the_versions() -> None:
    pool = Pool()
    replace_attribute(pool, "_factory", "ours")
    assert pool._factory == "ours"
    with pytest.raises(BantinError, match=r"Pool has no _moved in scrapy \d.*, twisted \d.* constraints\.txt"):
        replace_attribute(pool, "_moved", "ours")
