"""A source's round: one address an article, and another one where that was dead."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from archive.frontier import Known
from archive.records import Link, Page
from crawler.round import Round

HOST = "songnhue.example.vn"


def known(path: str, article: str | None = None, *, due: bool = True, outcome: str | None = None) -> Known:
    url = f"https://{HOST}/{path}"
    kind = "article" if article else "list"
    return Known(url, f"{HOST}/{path}", kind, article, due, outcome is not None, outcome, url, None, None)


def link(path: str, article: str | None = None) -> Link:
    return Link(f"https://{HOST}/{path}", f"{HOST}/{path}", "article" if article else "list", article)


def page(outcome: str) -> Page:
    return Page(outcome, None, "article", None, 0, "", None, None)


def paths(asked: list[Known]) -> list[str]:
    return [one.url_key.partition("/")[2] for one in asked]


def test_a_round_begins_with_what_is_due_in_the_frontiers_order() -> None:
    round_ = Round([known("a"), known("7", "k:7", due=False, outcome="ok"), known("b"), known("8", "k:8")])
    assert paths(round_.begin()) == ["a", "b", "8"]
    assert round_.total == 3


def test_one_address_an_article_is_asked_for() -> None:
    round_ = Round([known("a/7", "k:7"), known("b/7", "k:7")])
    assert paths(round_.begin()) == ["a/7"]
    assert round_.offer([link("c/7", "k:7")]) == []
    assert round_.total == 1


def test_an_article_that_is_there_already_is_not_asked_for_under_another_address() -> None:
    round_ = Round([known("a/7", "k:7", due=False, outcome="ok")])
    assert round_.begin() == []
    assert paths(round_.offer([link("b/7", "k:7"), link("b/8", "k:8")])) == ["b/8"]


def test_a_link_is_offered_once() -> None:
    round_ = Round([known("a")])
    round_.begin()
    assert paths(round_.offer([link("p2"), link("p2"), link("a")])) == ["p2"]
    assert round_.offer([link("p2")]) == []


def test_what_is_known_but_was_never_asked_for_is_asked_for_once_a_page_shows_it() -> None:
    old = [known("7", "k:7", due=False), known("p2", due=False), known("b/8", "k:8", due=False)]
    round_ = Round([*old, known("a/8", "k:8", due=False, outcome="ok")])
    assert round_.begin() == []
    shown = [link("7", "k:7"), link("p2"), link("b/8", "k:8")]
    assert paths(round_.offer(shown)) == ["7", "p2"]
    assert round_.offer(shown) == []


def test_where_an_address_is_dead_the_next_one_that_waits_is_asked_for() -> None:
    first, second, third = known("a/7", "k:7"), known("b/7", "k:7"), known("c/7", "k:7")
    round_ = Round([first, second, third])
    round_.begin()
    assert round_.done(first, page("gone")) == [second]
    assert round_.done(second, None) == [third]
    assert round_.done(third, page("failed")) == []
    assert round_.total == 3


def test_where_an_address_was_good_the_others_are_left() -> None:
    first, second = known("a/7", "k:7"), known("b/7", "k:7")
    round_ = Round([first, second])
    round_.begin()
    assert round_.done(first, page("ok")) == []
    assert round_.offer([link("c/7", "k:7")]) == []


def test_an_unchanged_page_is_a_good_one() -> None:
    for outcome in ("ok", "revisit-identical", "revisit-not-modified"):
        first = known("a/7", "k:7")
        round_ = Round([first, known("b/7", "k:7")])
        round_.begin()
        assert round_.done(first, page(outcome)) == []


def test_after_all_addresses_were_dead_a_new_one_is_asked_for() -> None:
    first = known("a/7", "k:7")
    round_ = Round([first])
    round_.begin()
    assert round_.done(first, page("gone")) == []
    assert paths(round_.offer([link("b/7", "k:7")])) == ["b/7"]


def test_a_list_page_that_ended_asks_for_nothing() -> None:
    round_ = Round([known("a")])
    (asked,) = round_.begin()
    assert round_.done(asked, page("failed")) == []


def test_an_article_that_is_due_again_is_asked_for_again() -> None:
    round_ = Round([known("a/7", "k:7", outcome="ok"), known("b/7", "k:7", outcome="gone")])
    assert paths(round_.begin()) == ["a/7"]


def follows(path: str) -> Link:
    return replace(link(path), follows=True)


def test_a_known_page_that_follows_is_asked_for_where_something_was_new_and_only_once() -> None:
    lists = [known("a"), *(known(path, due=False, outcome="ok") for path in ("a2", "a3"))]
    round_ = Round([*lists, known("7", "k:7", due=False, outcome="ok")])
    round_.begin()
    assert paths(round_.offer([link("7", "k:7"), link("8", "k:8"), follows("a2"), link("a3")])) == ["8", "a2"]
    assert paths(round_.offer([link("8", "k:8"), follows("a2"), link("a3")])) == []
    assert round_.total == 3


def test_where_nothing_is_new_paging_stops() -> None:
    round_ = Round([known("a"), known("a2", due=False, outcome="ok"), known("7", "k:7", due=False, outcome="ok")])
    round_.begin()
    assert round_.offer([link("7", "k:7"), follows("a2")]) == []


def test_an_article_that_is_new_in_two_lists_makes_both_be_paged() -> None:
    round_ = Round([known("a"), known("b"), *(known(path, due=False, outcome="ok") for path in ("a2", "b2"))])
    round_.begin()
    assert paths(round_.offer([link("8", "k:8"), follows("a2")])) == ["8", "a2"]
    assert paths(round_.offer([link("8", "k:8"), follows("b2")])) == ["b2"]


def test_a_page_that_was_never_captured_is_asked_for_whatever_is_new() -> None:
    round_ = Round([known("a"), known("a2")])
    assert paths(round_.begin()) == ["a", "a2"]
    assert paths(round_.offer([link("a3")])) == ["a3"]


def test_a_list_page_that_is_due_anyway_is_not_asked_for_twice() -> None:
    round_ = Round([known("a"), known("a2", outcome="ok")])
    round_.begin()
    assert paths(round_.offer([link("8", "k:8"), follows("a2")])) == ["8"]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["k:1", "k:2", "k:3"])), max_size=20),
    st.lists(st.sampled_from(["ok", "gone", "failed"]), min_size=40, max_size=40),
)
def test_every_article_is_tried_until_one_address_is_good_and_none_twice(
    found: list[tuple[int, str]], outcomes: list[str]
) -> None:
    round_ = Round([])
    assert round_.begin() == []
    waiting = round_.offer([link(f"{section}/{key}", key) for section, key in found])
    asked, good = [], set()
    for outcome in outcomes:
        if not waiting:
            break
        one = waiting.pop(0)
        asked.append(one.url_key)
        assert one.article_key not in good
        if outcome == "ok":
            good.add(one.article_key)
        waiting += round_.done(one, page(outcome))
    assert waiting == []
    assert len(asked) == len(set(asked)) == round_.total
    missing = {key for _, key in found} - good
    assert {f"{HOST}/{section}/{key}" for section, key in found if key in missing} <= set(asked)
