"""Units and families in source files: what they make, and what is said of a fault in them."""

from pathlib import Path

import pytest

from archive.errors import ConfigError, UsageError
from crawler.sources import Catalogue
from crawler.units import slug
from pipelines.layouts import Layouts

GOOD = """[[unit]]
id = "thanh-pho"
name = "Sông Nhuệ"
kind = "thành phố"
level = "city"

[[unit]]
id = "quan-bac"
name = "Bắc Đò"
kind = "quận"
level = "district"
parent = "thanh-pho"
until = 2025-06-30
successors = ["phuong-ben-do"]

[[unit_group]]
id = "phuong-{slug}"
kind = "phường"
level = "ward"
parent = "thanh-pho"
since = 2025-07-01
members = ["Bến Đò", "Chợ Gạo - Cầu Đá"]

[[family]]
id = "phuong"

[family.names]
"phường" = "Đảng ủy phường {name}"

[family.source]
layout = "vccorp"
start = ["https://{host}.example.vn/{slug}"]
hosts = [{ name = "{host}.example.vn", since = 2025-07-01 }]
paused = "made up"
evidence = "inferred for {unit}"

[family.member.phuong-ben-do]
start = ["https://bendo.example.vn/tin-tuc"]
paused = ""
"""


def load(tmp_path: Path, layouts: Layouts, text: str) -> Catalogue:
    (tmp_path / "ho.toml").write_text(text, encoding="utf-8")
    return Catalogue.load(tmp_path, layouts)


def test_a_family_makes_a_source_for_each_unit_of_its_kinds(tmp_path: Path, layouts: Layouts) -> None:
    catalogue = load(tmp_path, layouts, GOOD)
    assert list(catalogue.sources) == ["phuong-ben-do", "phuong-cho-gao-cau-da"]
    market = catalogue.sources["phuong-cho-gao-cau-da"]
    assert (market.name, market.level, market.unit) == ("Đảng ủy phường Chợ Gạo - Cầu Đá", "ward", market.id)
    assert market.start == ("https://chogaocauda.example.vn/cho-gao-cau-da",)
    assert [str(term) for term in market.context.terms] == ["chogaocauda.example.vn (since 2025-07-01)"]
    assert (market.paused, market.evidence) == ("made up", "inferred for phuong-cho-gao-cau-da")


def test_what_is_known_of_a_member_goes_before_the_template(tmp_path: Path, layouts: Layouts) -> None:
    catalogue = load(tmp_path, layouts, GOOD)
    known = catalogue.sources["phuong-ben-do"]
    assert (known.start, known.paused) == (("https://bendo.example.vn/tin-tuc",), "")
    assert (catalogue.places["phuong-ben-do"], catalogue.places["phuong-cho-gao-cau-da"]) == (
        f"{tmp_path / 'ho.toml'}:37",
        f"{tmp_path / 'ho.toml'}:24",
    )
    assert [source.id for source in catalogue.pick([])] == ["phuong-ben-do"]
    assert catalogue.predecessors("phuong-ben-do") == ["quan-bac"]


@pytest.mark.parametrize(
    ("old", "new", "number", "said"),
    [
        ('layout = "vccorp"', 'layuot = "vccorp"', 31, "'layuot': unknown key"),
        ('layout = "vccorp"', 'layout = "vcorp"', 31, "no layout 'vcorp'"),
        ('evidence = "inferred', 'evidnce = "inferred', 35, "'evidnce': unknown key"),
        ('paused = ""', "paused = 1", 39, "family 'phuong', source of 'phuong-ben-do': 'paused'"),
        ('["https://bendo', '["htps://bendo', 38, "not an http(s) address"),
        ("member.phuong-ben-do", "member.phuong-khac", 37, "no unit 'phuong-khac' in family 'phuong'"),
        ("{host}.example.vn/{slug}", "{hosts}.example.vn/{slug}", 24, "nothing stands for {hosts}"),
        ('successors = ["phuong-ben-do"]', 'successors = ["phuong-xa"]', 7, "refers to 'phuong-xa'"),
        ('parent = "thanh-pho"\nuntil', 'parent = "tinh"\nuntil', 7, "refers to 'tinh'"),
        ('["Bến Đò", "Chợ', '["Bến Đò", "Bến Đò", "Chợ', 16, "unit 'phuong-ben-do' is there twice"),
        ('["Bến Đò", "Chợ', '["Bến Đò", "---", "Chợ', 22, "a name that gives no id"),
        ('kind = "quận"', 'kindd = "quận"', 10, "unknown key 'unit.1.kindd'"),
    ],
)
def test_a_fault_in_a_family_or_a_unit_is_said_with_its_line(
    old: str, new: str, number: int | None, said: str, tmp_path: Path, layouts: Layouts
) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, layouts, GOOD.replace(old, new))
    place = f"{tmp_path / 'ho.toml'}:{number}: " if number else f"{tmp_path / 'ho.toml'}:"
    assert str(caught.value).startswith(place)
    assert said in str(caught.value)


def test_two_members_that_share_a_host_are_an_error(tmp_path: Path, layouts: Layouts) -> None:
    with pytest.raises(ConfigError, match=r"ho.toml:33: host 'chung.example.vn' is 'phuong-ben-do''s on the same days"):
        load(tmp_path, layouts, GOOD.replace('name = "{host}.example.vn"', 'name = "chung.example.vn"'))


def test_a_source_names_a_unit_that_is_there(tmp_path: Path, layouts: Layouts) -> None:
    one = '[[source]]\nid = "bao"\nname = "Báo"\nlevel = "press"\nlayout = "img-editor"\nstart = ["https://bao.vn/"]\n'
    assert load(tmp_path, layouts, one + 'unit = "ha-noi"\n').sources["bao"].unit == "ha-noi"  # a unit that is shipped
    with pytest.raises(ConfigError, match=r"ho.toml:7: no unit 'ha-noj'"):
        load(tmp_path, layouts, one + 'unit = "ha-noj"\n')
    with pytest.raises(ConfigError, match="no unit 'ha-noi'"):  # whoever has units of their own has no others
        load(tmp_path, layouts, GOOD + "\n" + one + 'unit = "ha-noi"\n')


def test_where_all_sources_are_paused_one_must_be_named(tmp_path: Path, layouts: Layouts) -> None:
    catalogue = load(tmp_path, layouts, GOOD.replace('paused = ""\n', ""))
    with pytest.raises(UsageError, match="all sources of the catalogue are paused"):
        catalogue.pick([])


def test_the_name_in_a_host_has_no_marks_and_no_bar_through_its_d() -> None:
    assert slug("Văn Miếu - Quốc Tử Giám") == "van-mieu-quoc-tu-giam"
    assert slug("Đống Đa") == slug("ĐỐNG ĐA") == "dong-da"
    assert slug("Ô Chợ Dừa") == "o-cho-dua"
