"""`bantin rules`: what is printed for people and for programs, and how it ends."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.layouts import Layouts, Noise
from tests.desk import Desk, desk_at
from tests.recleans import layouts_folder, rule
from tests.rig import day
from tests.surveys import own_words

COUNTER = "Lượt xem: {}"
SHARE = '<div class="chia-se"><a href="#">Chia sẻ</a></div>'
ACCOUNT = '<p class="view-content-author">admin admin</p>'


@pytest.fixture
def desk(
    tmp_path: Path, layouts: Layouts, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """Twenty articles: a share box and a counter in each, the CMS account in the first two."""
    with desk_at(tmp_path, layouts, monkeypatch, capfd) as made:
        made.database.take([made.rig.page(100 + n, _words(n), day(n)) for n in range(20)])
        made.rig.seal()
        yield made


def _words(number: int) -> str:
    paragraphs = "</p><p>".join(own_words(number))
    return f"{paragraphs}</p><p>{COUNTER.format(10 + 7 * number)}</p>{SHARE}{ACCOUNT if number < 2 else ''}<p>"


def test_the_list_has_every_rule_with_what_it_took_and_says_apart_which_never_fired(desk: Desk) -> None:
    ended = desk("rules", "list", "--samples", "2")
    assert (ended.status, ended.said) == (0, "")
    fired, never = ended.out.split("\nnever fired:\n")
    lines = [line.split() for line in fired.splitlines()]
    counter = next(line for line in lines if line[0] == "view-counter")
    assert " ".join(counter[:9]) == "view-counter common line 20 20 20 2025-01-10 2025-01-29 Grows"
    assert "cms-account hanoi-liferay css 2 2 2 2025-01-10 2025-01-11" in " ".join(" ".join(line) for line in lines)
    assert "view-counter  songnhue:100: Lượt xem: 10\nview-counter  songnhue:101: Lượt xem: 17\n" in fired
    assert "songnhue:102: Lượt xem" not in fired
    assert "related-news hanoi-liferay css 20 Other articles" in " ".join(never.split())
    assert "view-counter" not in never


def test_without_a_command_rules_are_listed(desk: Desk) -> None:
    assert desk("rules").out == desk("rules", "list").out != ""


def test_every_installed_rule_is_in_the_list_for_programs(desk: Desk, layouts: Layouts) -> None:
    facts = desk.json("rules", "list")
    found = {(one["file"], one["id"]) for one in facts["rules"]}
    installed = {(layout.id, rule.id) for layout in layouts.by_id.values() for rule in layout.noise}
    assert found == installed | {("common", rule.id) for rule in layouts.common.noise}
    assert facts["others"] == []
    (counter,) = (one for one in facts["rules"] if one["id"] == "view-counter")
    assert counter["by_source"] == {"songnhue": 20}
    assert counter["first_captured_at"] == "2025-01-10T01:00:00.000000Z"
    assert (counter["never_fired"], counter["of_readings"]) == (False, 20)
    assert counter["samples"] == [{"article_key": "songnhue:100", "text": "Lượt xem: 10"}]


def test_the_list_can_be_narrowed_to_a_source_or_a_layout(desk: Desk) -> None:
    added = rule("Chia sẻ", id="of-another", sources="@")
    folder = layouts_folder(desk.home.path.parent / "layouts", hanoi_liferay=added.replace("'@'", '["caugiay"]'))
    desk.options = ["--layouts", str(folder)]
    assert "of-another" in desk("rules").out
    assert "of-another" not in desk("rules", "list", "--source", "songnhue").out
    narrowed = desk.json("rules", "list", "--layout", "img-editor")["rules"]
    assert {one["file"] for one in narrowed} == {"common", "img-editor"}
    assert all(one["never_fired"] for one in narrowed)


def test_what_stands_in_readings_and_is_no_installed_rule_is_said_to_be_what_it_is(desk: Desk) -> None:
    folder = layouts_folder(desk.home.path.parent / "layouts")
    text = (folder / "hanoi-liferay.toml").read_text("utf-8")
    (folder / "hanoi-liferay.toml").write_text(text.replace('id = "cms-account"', 'id = "account"'), "utf-8")
    desk.options = ["--layouts", str(folder)]
    (other,) = desk.json("rules", "list")["others"]
    assert (other["id"], other["lines"]) == ("cms-account", 2)
    assert "no rule that is installed" in other["reason"]
    assert "\nin readings, but no installed rule:\n" in desk("rules").out


def test_a_source_or_layout_that_is_not_there_is_wrong_use(desk: Desk) -> None:
    for command in ("list", "suggest"):
        assert desk("rules", command, "--source", "khac").status == 2
        ended = desk("rules", command, "--layout", "khac")
        assert (ended.status, "hanoi-liferay" in ended.said) == (2, True)


def test_a_suggestion_is_printed_to_be_pasted(desk: Desk) -> None:
    ended = desk("rules", "suggest")
    assert (ended.status, ended.said) == (0, "")
    (table,) = tomllib.loads(ended.out)["noise"]
    assert Noise.model_validate(table).css == "div.chia-se"
    assert ended.out.startswith("# 20 texts of 1 sources were looked at; rules suggested: 1, the surest first\n")
    facts = desk.json("rules", "suggest", "--pages", "7")
    assert (facts["texts"], facts["proposed"], facts["problems"]) == (7, 1, [])
    (one,) = facts["rules"]
    assert (one["file"], one["articles"], one["of_articles"], one["lines"]) == ("hanoi-liferay.toml", 7, 7, 7)
    assert tomllib.loads(one["toml"])["noise"] == [one["rule"]]


def test_where_nothing_is_suggested_that_is_said_and_the_output_is_toml_still(desk: Desk) -> None:
    ended = desk("rules", "suggest", "--layout", "img-editor")
    assert (ended.status, tomllib.loads(ended.out)) == (0, {})
    assert "nothing repeats" in ended.out


def test_more_than_were_asked_for_are_counted(desk: Desk) -> None:
    folder = layouts_folder(desk.home.path.parent / "layouts")
    common = (folder / "common.toml").read_text("utf-8")
    (folder / "common.toml").write_text(common.partition('[[noise]]\nid = "view-counter"')[0], "utf-8")
    desk.options = ["--layouts", str(folder)]
    assert len(tomllib.loads(desk("rules", "suggest").out)["noise"]) == 2
    assert desk("rules", "suggest", "--top", "1").out.endswith("\n# … and 1 more: --top 2\n")


def test_a_record_that_cannot_be_read_is_said_and_the_command_exits_1(desk: Desk) -> None:
    (first, *_) = sorted(desk.home.archive.rglob("*.warc.gz"))
    first.unlink()
    ended = desk("rules", "suggest")
    assert ended.status == 1
    assert f"needs a look: {first}" in ended.said
    assert "# 19 texts" in ended.out
    assert desk("rules", "suggest", "--json").status == 1
