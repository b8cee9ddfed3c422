"""Two readings side by side: what a reader sees differ, which lines came and went, and which rules took them."""

from archive.comparison import EXTRACTION, Difference, Tally, Told, compare

WORDS = ("Một.", "Hai.", "Hai.", "Ba.")
BEFORE = Told("ok", "hanoi-liferay", "Tin", "Sapo", WORDS, "2025-01-09", "Minh Hà", "Hoạt động", ("Ảnh: hội nghị",))


def compared(before: Told, after: Told, key: str = "songnhue:101") -> Difference:
    found = compare("songnhue", key, f"https://songnhue.example.vn/{key}", before, after)
    assert found is not None
    return found


def told(**changed: object) -> Told:
    values = {name: getattr(BEFORE, name) for name in Told.__slots__}
    return Told(**values | changed)  # type: ignore[arg-type]


def test_equal_readings_do_not_differ_whatever_rules_took_the_rest() -> None:
    assert compare("songnhue", "k", "u", BEFORE, told(removed=(("view-counter", "Lượt xem: 7"),))) is None


def test_each_field_that_a_reader_sees_is_named_in_one_order() -> None:
    after = Told("soft-gone")
    fields = ("outcome", "title", "lead", "body", "published_at", "byline", "section", "captions")
    assert compared(BEFORE, after).fields == fields
    for name in fields:
        other = told(**{"paragraphs" if name == "body" else name: getattr(after, name, ())})
        assert compared(BEFORE, other).fields == (name,)


def test_lines_are_told_apart_as_often_as_they_stand() -> None:
    found = compared(BEFORE, told(paragraphs=("Một.", "Hai.", "Bốn.")))
    assert (found.lost, found.gained) == (("Hai.", "Ba."), ("Bốn.",))
    assert found.size == len("Hai.Ba.Bốn.")
    assert found.changes_text


def test_an_order_that_changed_is_a_difference_without_lines_that_came_or_went() -> None:
    found = compared(BEFORE, told(paragraphs=WORDS[::-1]))
    assert (found.fields, found.lost, found.gained, found.size) == (("body",), (), (), 0)


def test_the_rules_are_those_that_took_other_lines_than_before() -> None:
    both = ("image-toolbar", "left center")
    before = told(removed=(both, ("old", "Ba."), ("twice", "x")))
    after = told(paragraphs=("Một.",), removed=(both, ("new", "Hai."), ("twice", "x"), ("twice", "x")))
    assert compared(before, after).rules == ("new", "old", "twice")
    assert compared(BEFORE, told(title="Khác")).rules == (EXTRACTION,)


def test_metadata_alone_changes_no_text() -> None:
    found = compared(BEFORE, told(byline=None, published_at="2025-01-08"))
    assert not found.changes_text
    assert (found.size, found.fields) == (0, ("published_at", "byline"))


def test_a_tally_counts_by_source_layout_and_rule_and_keeps_the_largest() -> None:
    tally = Tally(keep=2)
    for difference in (
        None,
        compared(BEFORE, told(byline=None), "songnhue:1"),
        compared(BEFORE, told(paragraphs=WORDS[1:], removed=(("slogan", "Một."),)), "songnhue:2"),
        compared(BEFORE, told(paragraphs=(), removed=(("slogan", "Một."), ("other", "Hai."))), "songnhue:3"),
        compared(BEFORE, told(title="Một tên khác và dài hơn nhiều"), "songnhue:4"),
    ):
        tally.add("songnhue", difference)
    assert (tally.compared, tally.changed, tally.texts) == (5, 4, 3)
    groups = {rule: dict(counts) for (_, _, rule), counts in tally.groups.items()}
    assert groups == {
        EXTRACTION: {"changed": 2, "texts": 1, "gained": 0, "lost": 0},
        "slogan": {"changed": 2, "texts": 2, "gained": 0, "lost": 5},
        "other": {"changed": 1, "texts": 1, "gained": 0, "lost": 4},
    }
    assert {group[:2] for group in tally.groups} == {("songnhue", "hanoi-liferay")}
    assert tally.fields == {"byline": 1, "body": 2, "title": 1}
    assert [found.article_key for found in tally.largest] == ["songnhue:4", "songnhue:3"]
    assert [found.size for found in tally.largest] == [32, 15]


def test_what_is_as_large_stands_in_the_order_of_its_keys() -> None:
    tally = Tally(keep=3)
    for key in ("songnhue:3", "songnhue:1", "songnhue:2"):
        tally.add("songnhue", compared(BEFORE, told(paragraphs=WORDS[1:]), key))
    assert [found.article_key for found in tally.largest] == ["songnhue:1", "songnhue:2", "songnhue:3"]


def test_a_body_that_loses_half_of_its_characters_counts_as_lost_and_no_other() -> None:
    before = told(paragraphs=("mười chữ.", "mười chữ."))
    assert compared(before, told(paragraphs=("mười chữ.",))).halved
    assert not compared(before, told(paragraphs=("mười chữ.", "m"))).halved
    assert not compared(told(paragraphs=()), told(paragraphs=("mười chữ.",))).halved


def test_losses_are_told_of_the_sources_that_lose_too_much() -> None:
    tally = Tally()
    for source_id, lost in (("songnhue", 1), ("bao", 3)):
        for number in range(100):
            difference = compared(BEFORE, told(paragraphs=()), f"{source_id}:{number}") if number < lost else None
            tally.add(source_id, difference)
    assert [said.partition(" lose")[0] for said in tally.losses(0.01)] == ["bao: 3 of 100 bodies (3.0%)"]
    assert [said.partition(":")[0] for said in tally.losses(0)] == ["bao", "songnhue"]
    assert list(tally.losses(0.03)) == []
