"""The cleaner's digest: it covers all that decides a reading, and a change for one site touches no other."""

import ast
import pickle
import subprocess
import sys
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from pipelines import cleaner as cleaner_module
from pipelines.cleaner import AFTER_EXTRACTION, MODULES, Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layout, Layouts, Noise
from tests.builders import SOURCES, installed

PIPELINES = Path(str(resources.files("pipelines")))
#: What page.py reaches that decides no reading: the manifest itself, the reader of TOML, whose result is digested, and
#: where what is shipped lies, and where feeds and sitemaps lead.
DECIDE_NOTHING = {"cleaner", "feeds", "hints", "shipped", "sitemaps", "tomlfile", "xmlfile"}
RULE = Noise(id="khau-hieu", reason="for this test", line="Sông Nhuệ đổi mới")


def imported(module: str) -> set[str]:
    """The modules of pipelines that a module names, also inside functions."""
    tree = ast.parse((PIPELINES / f"{module}.py").read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "pipelines":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipelines."):
            found.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("pipelines.")}
    return found


def reached(module: str) -> set[str]:
    """All modules of pipelines that a module needs, itself included."""
    found: set[str] = set()
    waiting = {module}
    while waiting:
        found |= waiting
        waiting = {name for each in waiting for name in imported(each)} - found
    return found


def test_the_digest_covers_every_module_that_decides_a_reading() -> None:
    assert reached("page") - DECIDE_NOTHING == set(MODULES)
    assert len(MODULES) == len(set(MODULES))


def test_extraction_leans_on_nothing_that_may_change_without_it() -> None:
    # What layouts say of texts and days is read there, and digested.
    assert reached("extraction") & AFTER_EXTRACTION <= reached("layouts") | reached("context")
    assert not {"byline", "scrub", "text"} & reached("extraction")
    assert set(MODULES) > AFTER_EXTRACTION


def with_rule(layouts: Layouts, layout_id: str, rule: Noise) -> Layouts:
    """The layouts, one of them with a noise rule more."""
    return with_layout(layouts, layouts[layout_id].model_copy(update={"noise": (*layouts[layout_id].noise, rule)}))


def with_layout(layouts: Layouts, changed: Layout) -> Layouts:
    others = [layout for layout in layouts.by_id.values() if layout.id != changed.id]
    return Layouts([changed, *others], layouts.common)


def digests(layouts: Layouts, sources: tuple[SourceContext, ...] = SOURCES) -> dict[str, str]:
    cleaner = Cleaner(layouts, sources)
    return {source.id: cleaner.digest_for(source.id) for source in sources}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {source_id for source_id in before if before[source_id] != after[source_id]}


TWO = (*SOURCES, SourceContext.of("caugiay", "hanoi-liferay", ["https://caugiay.example.vn/tin-tuc"]))


def test_a_rule_for_one_source_leaves_the_digest_of_the_others(layouts: Layouts) -> None:
    rule = RULE.model_copy(update={"sources": ("songnhue",)})
    assert changed(digests(layouts, TWO), digests(with_rule(layouts, "hanoi-liferay", rule), TWO)) == {"songnhue"}


def test_a_rule_of_a_layout_leaves_the_sources_of_other_layouts(layouts: Layouts) -> None:
    before = digests(layouts, TWO)
    assert changed(before, digests(with_rule(layouts, "hanoi-liferay", RULE), TWO)) == {"songnhue", "caugiay"}
    assert changed(before, digests(with_rule(layouts, "img-editor", RULE), TWO)) == {"bao"}


@pytest.mark.parametrize("part", ["fields", "byline", "dates", "marks", "addresses", "lists", "language"])
def test_a_change_in_any_part_of_a_layout_changes_its_sources_alone(part: str, layouts: Layouts) -> None:
    blank = Layout(id="img-editor")
    without = layouts["img-editor"].model_copy(update={part: getattr(blank, part)})
    assert changed(digests(layouts), digests(with_layout(layouts, without))) == {"bao"}


def test_a_common_rule_concerns_every_source(layouts: Layouts) -> None:
    common = layouts.common.model_copy(update={"noise": (*layouts.common.noise, RULE)})
    assert changed(digests(layouts), digests(Layouts(layouts.by_id.values(), common))) == {"songnhue", "bao", "langha"}
    mine = common.model_copy(update={"noise": (*layouts.common.noise, RULE.model_copy(update={"sources": ("bao",)}))})
    assert changed(digests(layouts), digests(Layouts(layouts.by_id.values(), mine))) == {"bao"}


@pytest.mark.parametrize("part", ["soft_gone", "blocked"])
def test_how_pages_say_that_nothing_is_there_concerns_every_source(part: str, layouts: Layouts) -> None:
    common = layouts.common.model_copy(update={part: (*getattr(layouts.common, part), "tạm nghỉ")})
    assert changed(digests(layouts), digests(Layouts(layouts.by_id.values(), common))) == {"songnhue", "bao", "langha"}


@pytest.mark.parametrize(
    "other", [{"id": "khac"}, {"line": "khác"}, {"since": date(2024, 1, 1)}, {"until": date(2024, 1, 1)}], ids=str
)
def test_a_changed_rule_is_another_cleaner(other: dict[str, object], layouts: Layouts) -> None:
    before, after = RULE, RULE.model_copy(update=other)
    assert changed(*(digests(with_rule(layouts, "img-editor", rule)) for rule in (before, after))) == {"bao"}


def test_the_order_of_layouts_and_sources_changes_no_digest(layouts: Layouts) -> None:
    backwards = Layouts(list(layouts.by_id.values())[::-1], layouts.common)
    assert digests(backwards, SOURCES[::-1]) == digests(layouts)


def test_where_a_source_begins_is_no_part_of_its_cleaner(layouts: Layouts) -> None:
    moved = SourceContext.of("songnhue", "hanoi-liferay", ["https://khac.example.vn/"])
    assert Cleaner(layouts, [moved]).digest_for("songnhue") == installed(layouts).digest_for("songnhue")


def test_a_module_a_library_or_the_letters_tables_are_part_of_every_digest(
    layouts: Layouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = cleaner_module._core()
    assert set(core["modules"]) == set(MODULES)  # type: ignore[call-overload]
    assert {"trafilatura", "htmldate", "lxml"} <= set(core["libraries"])  # type: ignore[call-overload]
    for part in ("modules", "libraries", "libxml2", "unicode", "canonical"):
        before = digests(layouts)
        with monkeypatch.context() as patched:
            patched.setattr(cleaner_module, "_core", lambda part=part: {**core, part: "another"})
            assert changed(before, digests(layouts)) == {"songnhue", "bao", "langha"}


def test_a_digest_leads_back_to_its_manifest(layouts: Layouts) -> None:
    cleaner = installed(layouts)
    manifest = installed(layouts).manifest_of(cleaner.digest_for("bao"))
    assert manifest == cleaner.manifest("bao")
    assert manifest["layout"] == "img-editor"
    with pytest.raises(KeyError):
        cleaner.manifest_of("0" * 64)


def test_hosts_that_no_catalogue_names_share_one_cleaner_that_all_layouts_concern(layouts: Layouts) -> None:
    cleaner = installed(layouts)
    stranger = cleaner.source("la.example.vn")
    assert (stranger.listed, stranger.hosts) == (False, frozenset({"la.example.vn"}))
    assert cleaner.digest_for("la.example.vn") == cleaner.digest_for("khac.example.vn") != cleaner.digest_for("langha")
    press = layouts["img-editor"].model_copy(update={"language": "en"})
    changed = installed(Layouts([*(v for v in layouts.by_id.values() if v.id != "img-editor"), press], layouts.common))
    assert changed.digest_for("la.example.vn") != cleaner.digest_for("la.example.vn")
    assert changed.digest_for("langha") == cleaner.digest_for("langha")


def test_a_cleaner_travels_to_another_process_unchanged(layouts: Layouts) -> None:
    cleaner = installed(layouts)
    program = "import pickle, sys; print(pickle.load(sys.stdin.buffer).digest_for('songnhue'))"
    options = {"capture_output": True, "check": True, "timeout": 60, "cwd": PIPELINES.parent}
    there = subprocess.run([sys.executable, "-c", program], input=pickle.dumps(cleaner), **options)
    assert there.stdout.decode().strip() == cleaner.digest_for("songnhue")
