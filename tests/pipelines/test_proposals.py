"""Proposals as TOML: what is pasted loads, whatever stood on the page, and says what it rests on."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigError
from pipelines.canonical import canonical_line, squeezed
from pipelines.layouts import Layouts, Noise
from pipelines.noise import Rules
from pipelines.proposals import suggestions, toml
from pipelines.repetition import Candidate, Occurrence
from pipelines.signs import Facts, Sign
from pipelines.suggest import Effect, Proposal
from tests.recleans import layouts_folder
from tests.surveys import article, suggested, surveyed

SHARE = '<div class="chia-se"><a href="#">Chia sẻ</a> <a href="#">Facebook</a></div>'


def proposal(*wordings: str, kind: str = "words", name: str = "x") -> Proposal:
    candidate = Candidate(kind, name)
    for number, wording in enumerate(wordings):
        candidate.add(Occurrence(number, 0, 1, False, False, False), wording)
    seen = Facts(len(wordings), len(wordings), 9, ("songnhue",), "last", 2)
    effect = Effect(2, 3, 40, ("songnhue:1",))
    signs = (Sign(2, "a link or a button"), Sign(4, "in 90% of the texts"))
    return Proposal(("hanoi-liferay",), candidate, seen, signs, effect, tuple(("songnhue:1", w) for w in wordings))


@given(st.text(min_size=1, max_size=60).map(canonical_line).filter(bool))
def test_whatever_the_line_says_its_rule_loads_and_takes_it(text: str) -> None:
    (one,) = suggestions([proposal(text, text)], ())
    (table,) = tomllib.loads(toml(one, 1))["noise"]
    rule = Noise.model_validate(table)
    assert rule == one.rule
    assert Rules((rule,)).takes(text) == rule.id


@pytest.mark.parametrize(
    ("wordings", "taken", "left"),
    [
        (("Lượt ghé (*): 1", "Lượt ghé (*): 27"), "Lượt ghé (*): 1045", "Lượt ghé (*): nhiều"),
        (("Xem 1.024 lần", "Xem 7 lần"), "Xem 12,5 lần", "Xem 7 lần nữa"),
    ],
)
def test_an_expression_leaves_numbers_open_and_nothing_else(wordings: tuple[str, str], taken: str, left: str) -> None:
    (one,) = suggestions([proposal(*wordings)], ())
    assert [Rules((one.rule,)).takes(text) for text in (*wordings, taken, left)] == [one.rule.id] * 3 + [None]
    assert one.rule.line is not None
    assert (one.rule.line[0], one.rule.line[-1]) == ("^", "$")


def test_ids_are_words_of_the_rule_and_stand_once(layouts: Layouts) -> None:
    proposals = [
        proposal("Được chia sẻ", "Được chia sẻ"),
        proposal("Được chia sẻ!", "Được chia sẻ!"),
        proposal("1", "2"),
    ]
    assert [one.rule.id for one in suggestions(proposals, ())] == ["duoc-chia-se", "duoc-chia-se-2", "line"]
    assert [one.rule.id for one in suggestions(proposals, ("line", "duoc-chia-se"))][::2] == [
        "duoc-chia-se-2",
        "line-2",
    ]
    (css,) = suggestions([proposal("a", "b", kind="css", name="div.hop-chia-se")], ())
    assert (css.rule.id, css.rule.css) == ("hop-chia-se", "div.hop-chia-se")


def test_comments_and_reason_say_what_the_rule_rests_on_and_what_it_would_do() -> None:
    (one,) = suggestions([proposal("Chia sẻ", "Chia sẻ")], ())
    said = toml(one, 3)
    for piece in (
        "# 3. for hanoi-liferay.toml; weight 6: a link or a button (+2); in 90% of the texts (+4)",
        "# in 2 of 9 texts (22%) of songnhue; the last lines",
        "# would take 3 lines, 40 characters, in 2 of the texts looked at",
        "# WARNING: 1 texts would have no line left: songnhue:1",
        "# songnhue:1: Chia sẻ",
        f'squeezed = "{squeezed("Chia sẻ")}"',
        'sources = ["songnhue"]',
    ):
        assert piece in said
    assert one.rule.reason == "Stands in 2 of 9 texts, a link or a button: nobody's words"


def test_a_sample_is_a_comment_whatever_it_says() -> None:
    (one,) = suggestions([proposal("a\x07b", "a\x07b")], ())
    assert tomllib.loads(toml(one, 1)).keys() == {"noise"}
    assert "\x07" not in toml(one, 1)


def test_what_is_pasted_into_a_layouts_file_loads_and_takes_what_was_said(layouts: Layouts, tmp_path: Path) -> None:
    found = suggested(surveyed(layouts, lambda n: article(n, after=f"{SHARE}<p>Lượt ghé: {11 * n}</p>")))
    assert len(found) == 2
    pasted = "\n" + "\n".join(toml(one, 1) for one in found)
    other = Layouts.load(layouts_folder(tmp_path / "layouts", hanoi_liferay=pasted))
    assert surveyed(other, lambda n: article(n, after=f"{SHARE}<p>Lượt ghé: {11 * n}</p>")).articles
    assert suggested(surveyed(other, lambda n: article(n, after=f"{SHARE}<p>Lượt ghé: {11 * n}</p>"))) == []
    with pytest.raises(ConfigError, match="two rules have the id"):
        Layouts.load(layouts_folder(tmp_path / "twice", hanoi_liferay=pasted + pasted))
