"""Layout files: what is wrong in one is said with file, line and remedy, before anything is cleaned with it."""

from collections import Counter
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest

from archive.errors import ConfigError
from pipelines.layouts import Layouts, Noise
from tests.builders import tree_of

GOOD = """id = "xa"
marks = [["h1.tieu-de", ".noi-dung"]]

[addresses]
article = ['/bai/(?P<key>[0-9]+)$', '/trang/']
ignore = ['[?]in=1']
prefer = ['^https:']

[fields]
title = ["h1.tieu-de"]
body = [".noi-dung"]

[[dates]]
id = "ngay"
pattern = '(?P<day>[0-9]+)/(?P<month>[0-9]+)/(?P<year>[0-9]{4})'

[[noise]]
id = "quang-cao"
reason = "Advertisements"
css = ".quang-cao"
"""


def load(tmp_path: Path, text: str, name: str = "xa.toml") -> Layouts:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return Layouts.load(tmp_path)


def line(text: str) -> int:
    return next(number for number, content in enumerate(GOOD.splitlines(), 1) if text in content)


def test_a_good_file_is_a_layout_beside_the_generic_one_and_that_of_plain_texts(tmp_path: Path) -> None:
    layouts = load(tmp_path, GOOD)
    assert layouts.by_id.keys() == {"xa", "generic", "plain-text"}
    assert [rule.id for rule in layouts.noise(layouts["xa"])] == [
        "image-toolbar",
        "view-counter",
        "cms-account-name",
        "quang-cao",
    ]


def test_one_file_can_be_named(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    assert Layouts.load(tmp_path / "xa.toml").by_id.keys() == {"xa", "generic", "plain-text"}


@pytest.mark.parametrize(
    ("old", "new", "number", "said", "remedy"),
    [
        ("body =", "bodies =", line("body ="), "unknown key 'fields.bodies'", "Correct"),
        ("[addresses]", "[adresses]", line("[addresses]"), "unknown key 'adresses'", "Correct"),
        ("'/trang/'", "'/trang('", line("article ="), "not a regular expression", "Correct"),
        ("[0-9]{4})'", "[0-9]{4}'", line("pattern ="), "not a regular expression", "Correct"),
        ('title = ["h1.tieu-de"]', 'title = ["h1["]', line("title ="), "not a CSS selector", "Correct"),
        ('css = ".quang-cao"', 'css = ":khong-co(p)"', line("css ="), "not a CSS selector", "Correct"),
        ('marks = [["h1.tieu-de"', 'marks = [["h1..tieu-de"', line("marks ="), "not a CSS selector", "Correct"),
        ('css = ".quang-cao"\n', "", line("[[noise]]"), "needs one of css, xpath", "Keep one"),
        ('css = ".quang-cao"', 'css = ".q"\nxpath = ".//q"', line("[[noise]]"), "needs one of css", "Keep one"),
        ('css = ".quang-cao"', 'xpath = ".//p["', line("css ="), "not an XPath expression", "Correct"),
        ('css = ".quang-cao"', 'xpath = ".//a:p"', line("css ="), "not an XPath expression", "Correct"),
        ('css = ".quang-cao"', 'xpath = "count(.//p)"', line("css ="), "gives a value", "Correct"),
        ('css = ".quang-cao"', 'xpath = ".//p | .//a/@href"', line("css ="), "ends in @href", "Correct"),
        ('css = ".quang-cao"', 'xpath = "(.//p/text())[1]"', line("css ="), "ends in text()", "Correct"),
        ('css = ".quang-cao"', 'xpath = ".//p/node()"', line("css ="), "ends in node()", "Correct"),
        ('css = ".quang-cao"', 'css = ".q"\nline = "q"', line("[[noise]]"), "needs one of css", "Keep one"),
        ('reason = "Advertisements"\n', "", line("[[noise]]"), "'noise.0.reason' is missing", "Add it"),
        ('css = ".quang-cao"', 'css = ".q"\nsince = "2020-01-01"', line("css =") + 1, "valid date", "Correct"),
        ('id = "xa"', 'id = "phuong"', 1, "id 'phuong' is not the file's name", "Rename one"),
        ('id = "xa"', "id = 5", 1, "valid string", "Correct"),
    ],
)
def test_what_is_wrong_is_said_with_line_and_remedy(
    old: str, new: str, number: int, said: str, remedy: str, tmp_path: Path
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'xa.toml'}:{number}: ")
    assert said in message
    assert remedy in message


@pytest.mark.parametrize("rule", ['id = "a"\nreason = "b"\n', 'id = "a"\nreason = "b"\nline = "c"\nsqueezed = "c"\n'])
def test_a_common_rule_needs_one_selector_too(rule: str, tmp_path: Path) -> None:
    (tmp_path / "xa.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"common\.toml:\d+: .*needs one of"):
        load(tmp_path, f"[[noise]]\n{rule}", "common.toml")


@pytest.mark.parametrize("other", ["quang-cao", "view-counter"])
def test_two_rules_of_one_id_are_refused(other: str, tmp_path: Path) -> None:
    """A reading's input names the rules that held by their ids: two of one id could not be told apart."""
    double = f'\n[[noise]]\nid = "{other}"\nreason = "b"\nline = "c"\nsince = 2024-01-01\n'
    with pytest.raises(ConfigError, match=other):
        load(tmp_path, GOOD + double)


SHIPPED = (resources.files("pipelines") / "layouts" / "plain-text.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("(?&persons)(?: ?", "(?&nobody)(?: ?", '"Writers sign below', "unknown extension ?&"),
        ("['(?&organ)']", "['(?&organ']", '"Committees and their', "not a regular expression"),
        (r"word = ['(?&capital)[^\W\d_]*']", "word = '.'", "word =", "valid tuple"),
        ('untitled_dates = ["labelled"]', 'untitled_dates = "labelled"', "untitled_dates =", "valid tuple"),
        ("alone = true", 'alone = "yes"', "alone =", "valid boolean"),
        ("head_lines = 4", "heads = 4", "head_lines =", "unknown key 'text.heads'"),
        ("[text.section]", "[text.sections]", "[text.section]", "unknown key 'text.sections'"),
        ("long_line = 150", "", "[text]", "'text.long_line' is missing"),
    ],
)
def test_what_is_wrong_in_the_rules_for_plain_texts_is_said_with_its_line(
    old: str, new: str, place: str, said: str, tmp_path: Path
) -> None:
    assert old in SHIPPED
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, SHIPPED.replace(old, new), "plain-text.toml")
    numbers = [number for number, content in enumerate(SHIPPED.splitlines(), 1) if place in content]
    assert said in str(caught.value)
    assert any(f"plain-text.toml:{number + more}: " in str(caught.value) for number in numbers for more in (0, 1))


def test_a_part_may_name_a_part_above_it(layouts: Layouts) -> None:
    text = layouts["plain-text"].text
    assert text is not None
    assert not [
        form for rule in (*text.captions, *text.bylines) for form in (*rule.line, *rule.unless) if "(?&" in form
    ]
    assert not [form for forms in text.parts.values() for form in forms if "(?&" in form]


def test_a_folder_without_layouts_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "khong-co"):
        with pytest.raises(ConfigError, match=r"no layout files .*Name a layout file or a folder"):
            Layouts.load(path)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://xa.vn/bai/15", "15"),
        ("https://xa.vn/trang/gioi-thieu", ""),
        ("https://xa.vn/bai/15?in=1", None),
        ("https://xa.vn/lien-he", None),
    ],
)
def test_the_address_says_which_article_it_is(url: str, found: str | None, tmp_path: Path) -> None:
    layout = load(tmp_path, GOOD)["xa"]
    assert layout.article_id(url) == found


def test_a_page_shows_its_layout_where_all_marks_of_one_alternative_are_there(layouts: Layouts) -> None:
    press = layouts["img-editor"]
    newer = '<h1 class="post-title">A</h1>{}<div class="post-content">B</div>'
    assert press.marked(tree_of(newer.format("")))
    assert press.marked(tree_of('<h1 id="contenttitle">A</h1><div class="noidungtt">B</div>'))
    assert not press.marked(tree_of('<h1 class="post-title">A</h1><div class="noidungtt">B</div>'))
    assert not layouts["generic"].marked(tree_of(newer.format("")))


def test_a_rule_holds_on_its_first_and_its_last_day() -> None:
    rule = Noise(id="a", reason="b", line="c", since=date(2024, 1, 1), until=date(2024, 1, 31), sources=("xa",))
    days = [(2023, 12, 31), (2024, 1, 1), (2024, 1, 31), (2024, 2, 1)]
    assert [rule.holds("xa", datetime(*day, 23, 59, tzinfo=UTC)) for day in days] == [False, True, True, False]
    assert not rule.holds("phuong", datetime(2024, 1, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    "name",
    ["marks", "addresses.article", "fields.title", "dates.ngay", "noise.quang-cao"],
)
def test_a_layout_says_which_of_its_keys_are_inferred(name: str, tmp_path: Path) -> None:
    layout = load(tmp_path, GOOD.replace("[addresses]", f'inferred = ["{name}"]\n\n[addresses]', 1))["xa"]
    assert layout.inferred == (name,)
    assert layout.tells_pages is (name != "marks")


@pytest.mark.parametrize("name", ["fields.lead", "fields", "noise.khac", "lists.next", "language", "tite"])
def test_what_a_layout_does_not_have_cannot_be_inferred(name: str, tmp_path: Path) -> None:
    text = GOOD.replace("[addresses]", f'inferred = ["{name}"]\n\n[addresses]', 1)
    with pytest.raises(ConfigError, match=rf"xa\.toml:4: 'inferred' names '{name}', .*Name a key"):
        load(tmp_path, text)


def test_every_shipped_layout_says_what_was_seen_and_what_is_inferred(layouts: Layouts) -> None:
    folder = resources.files("pipelines") / "layouts"
    for layout in (layout for layout in layouts.by_id.values() if layout.id not in ("generic", "plain-text")):
        head = (folder / f"{layout.id}.toml").read_text(encoding="utf-8").partition("id = ")[0]
        assert "# E (seen)" in head or "# E" in head
        assert ("# I (inferred)" in head or "# I:" in head) is bool(layout.inferred)


def test_every_shipped_layout_says_what_a_page_of_it_needs(layouts: Layouts) -> None:
    files = {Path(str(file)).stem for file in (resources.files("pipelines") / "layouts").iterdir()}
    assert files - {"common"} == layouts.by_id.keys()
    for layout in (layout for layout in layouts.by_id.values() if layout.id not in ("generic", "plain-text")):
        assert layout.marks
        assert layout.addresses.article
        assert layout.fields.title
        assert layout.fields.body
        assert layout.dates
        ids = Counter(rule.id for rule in layouts.noise(layout))
        assert ids.most_common(1)[0][1] == 1
