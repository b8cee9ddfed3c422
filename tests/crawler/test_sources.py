"""The catalogue: what is wrong in a source file is said with file, line and remedy."""

from pathlib import Path

import pytest

from archive.errors import ConfigError, UsageError
from crawler.sources import Catalogue
from pipelines.layouts import Layouts

GOOD = """[[source]]
id = "songnhue"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = [
  "https://songnhue.example.vn/hoat-ong-ang",
  "http://127.0.0.1:8765/tuyen-giao",
]
hosts = ["cu.songnhue.example.vn"]
expect_articles_min = 12
download_delay = 0
allow_private = true
verified = false
evidence = "made up"

[[source]]
id = "bao"
name = "Báo Sông Nhuệ"
level = "press"
layout = "img-editor"
start = ["https://bao.example.vn/xay-dung-dang"]
"""


def load(tmp_path: Path, layouts: Layouts, text: str, name: str = "nguon.toml") -> Catalogue:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return Catalogue.load(tmp_path, layouts)


def test_a_good_file_is_a_catalogue(tmp_path: Path, layouts: Layouts) -> None:
    catalogue = load(tmp_path, layouts, GOOD)
    songnhue, bao = catalogue.pick([])
    assert (songnhue.id, bao.id) == ("songnhue", "bao")
    assert (songnhue.expect_articles_min, songnhue.download_delay, songnhue.allow_private) == (12, 0, True)
    assert (bao.expect_articles_min, bao.download_delay, bao.allow_private, bao.verified) == (0, 1, False, False)
    assert catalogue.places == {"songnhue": f"{tmp_path / 'nguon.toml'}:2", "bao": f"{tmp_path / 'nguon.toml'}:18"}


def test_a_sources_hosts_are_those_of_its_start_pages_and_those_it_names(tmp_path: Path, layouts: Layouts) -> None:
    context, _ = load(tmp_path, layouts, GOOD).contexts
    assert context.hosts == {"songnhue.example.vn", "127.0.0.1:8765", "cu.songnhue.example.vn"}
    assert context.start_keys == {"songnhue.example.vn/hoat-ong-ang", "127.0.0.1:8765/tuyen-giao"}


@pytest.mark.parametrize(
    ("old", "new", "number", "said"),
    [
        ('name = "Báo', 'nam = "Báo', 19, "unknown key 'source.1.nam'"),
        ('verified = false', 'verifed = false', 14, "unknown key 'source.0.verifed'"),
        ('name = "Báo Sông Nhuệ"\n', "", 17, "'source.1.name' is missing"),
        ('id = "bao"\n', "", 17, "'source.1.id' is missing"),
        ('id = "bao"', 'id = "Báo"', 18, "lower-case letters, digits and hyphens"),
        ('id = "bao"', 'id = "songnhue"', 18, "stands in"),
        ('level = "press"', 'level = "paper"', 20, "'press'"),
        ('layout = "img-editor"', 'layout = "img-edtor"', 21, "no layout 'img-edtor'"),
        ('start = ["https://bao', 'start = ["htps://bao', 22, "not an http(s) address"),
        ('start = ["https://bao', 'start = ["bao', 22, "not an http(s) address"),
        ('"http://127.0.0.1:8765/', '"http://127.0.0.1:87650/', 6, "'source.0.start.1'"),
        ('"http://127.0.0.1:8765/', '"http://127.0.0.1 /', 6, "not an http(s) address"),
        ('start = ["https://bao.example.vn/xay-dung-dang"]', "start = []", 22, "'source.1.start'"),
        ('["https://bao.example.vn/xay-dung-dang"]', '"https://bao.example.vn/"', 22, "'source.1.start'"),
        ("expect_articles_min = 12", "expect_articles_min = -1", 11, "'source.0.expect_articles_min'"),
        ("expect_articles_min = 12", 'expect_articles_min = "12"', 11, "'source.0.expect_articles_min'"),
        ("download_delay = 0", "download_delay = -0.5", 12, "'source.0.download_delay'"),
        ("allow_private = true", "allow_private = 1", 13, "'source.0.allow_private'"),
        ("[[source]]\nid = \"bao\"", "[[sources]]\nid = \"bao\"", 17, "unknown key 'sources'"),
        ("download_delay = 0", "download_delay = ", 12, "not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_remedy(
    old: str, new: str, number: int, said: str, tmp_path: Path, layouts: Layouts
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, layouts, GOOD.replace(old, new))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'nguon.toml'}:{number}: ")
    assert said in message
    assert message.rpartition(". ")[2].split()[0] in ("Correct", "Add", "Rename", "Choose")


def test_a_layout_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path, layouts: Layouts) -> None:
    with pytest.raises(ConfigError, match="Choose one of: generic, hanoi-liferay, img-editor"):
        load(tmp_path, layouts, GOOD.replace("img-editor", "vccorp-2"))


def test_an_id_in_two_files_names_both_places(tmp_path: Path, layouts: Layouts) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, layouts, GOOD.partition('\n[[source]]\nid = "bao"')[0], "b.toml")
    here, there = tmp_path / "b.toml", tmp_path / "a.toml"
    assert str(caught.value) == f"{here}:2: source 'songnhue' stands in {there}:2 too. Rename one"


def test_one_file_can_be_named(tmp_path: Path, layouts: Layouts) -> None:
    load(tmp_path, layouts, GOOD)
    assert list(Catalogue.load(tmp_path / "nguon.toml", layouts).sources) == ["songnhue", "bao"]


def test_a_folder_without_sources_and_a_file_that_is_not_there_are_named(tmp_path: Path, layouts: Layouts) -> None:
    with pytest.raises(ConfigError, match=r"no source files .*Name a source file or a folder"):
        Catalogue.load(tmp_path, layouts)
    with pytest.raises(ConfigError, match=r"khong-co\.toml: cannot be read"):
        Catalogue.load(tmp_path / "khong-co.toml", layouts)


def test_sources_are_picked_by_id_once_each_and_an_unknown_one_is_named(tmp_path: Path, layouts: Layouts) -> None:
    catalogue = load(tmp_path, layouts, GOOD)
    assert [source.id for source in catalogue.pick(["bao", "songnhue", "bao"])] == ["bao", "songnhue"]
    with pytest.raises(UsageError, match=r"no source 'baoo' in the catalogue\. See: bantin sources list"):
        catalogue.pick(["bao", "baoo"])


def test_the_shipped_catalogue_can_be_used_and_says_what_it_is_built_on(layouts: Layouts) -> None:
    catalogue = Catalogue.load(None, layouts)
    assert "sotttt" in catalogue.sources
    assert [source.id for source in catalogue.sources.values() if not source.evidence] == []
    assert [source.id for source in catalogue.sources.values() if source.allow_private] == []


def test_a_host_has_the_days_on_which_it_was_the_sources(tmp_path: Path, layouts: Layouts) -> None:
    dated = 'hosts = [{ name = "songnhue.example.vn", until = 2025-06-30 }, "moi.vn"]'
    context, _ = load(tmp_path, layouts, GOOD.replace('hosts = ["cu.songnhue.example.vn"]', dated)).contexts
    assert [str(term) for term in context.terms] == [
        "songnhue.example.vn (until 2025-06-30)",
        "moi.vn",
        "127.0.0.1:8765",
    ]


def test_a_host_is_one_sources_at_a_time(tmp_path: Path, layouts: Layouts) -> None:
    def hosts(days: str) -> str:
        return f'hosts = [{{ name = "chung.example.vn", {days} }}]'

    until, since = hosts("until = 2025-06-30"), hosts("since = 2025-07-01")
    text = GOOD.replace('hosts = ["cu.songnhue.example.vn"]', until)
    after = text + since + "\n"
    assert len(load(tmp_path, layouts, after).contexts) == 2
    with pytest.raises(ConfigError, match=r"nguon.toml:23: host 'chung.example.vn' is 'songnhue''s on the same days"):
        load(tmp_path, layouts, text + hosts("since = 2025-06-30") + "\n")
