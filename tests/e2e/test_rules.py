"""The rules that an archive suggests, as the curator gets them: from real records, pasted, and tried out."""

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from pipelines.page import Response, read_page, tree_of
from pipelines.proposals import suggestions
from pipelines.repetition import Survey
from pipelines.specimens import Origin, of_page
from pipelines.suggest import suggest
from tests.bantin import Bantin
from tests.builders import HTML, NOON
from tests.portal import SHARED, require_recording
from tests.recleans import layouts_folder, with_common
from tests.site.server import SampleSite

SITE = Path(__file__).parents[1] / "site"
NOW = "2026-09-01T06:00:00Z"
TOOLBAR = "leftcenterrightdel"


def without_toolbar_rule(folder: Path) -> Path:
    """A copy of the shipped layouts, the toolbar's rule taken out of it."""
    common = layouts_folder(folder) / "common.toml"
    rules = re.split(r"(?=^\[\[noise\]\]$)", common.read_text("utf-8"), flags=re.M)
    common.write_text("".join(rule for rule in rules if 'id = "image-toolbar"' not in rule), "utf-8")
    assert TOOLBAR not in common.read_text("utf-8")
    return folder


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite() as running:
        yield running


@pytest.fixture
def bantin(site: SampleSite, tmp_path: Path) -> Bantin:
    """The sample site, collected without the rule for the toolbar."""
    text = (SITE / "sources.toml").read_text("utf-8")
    for port, name in ((8765, "quan-uy"), (8766, "bao")):
        text = text.replace(f"http://127.0.0.1:{port}", site.urls[name])
    (tmp_path / "sources.toml").write_text(text, "utf-8")
    options = ["--layouts", str(without_toolbar_rule(tmp_path / "layouts"))]
    bantin = Bantin(tmp_path / "home", tmp_path / "sources.toml", options)
    bantin.init()
    bantin.run("--now", NOW, "collect")
    return bantin


def first(bantin: Bantin) -> dict[str, Any]:
    return dict(json.loads(bantin.run("rules", "suggest", "--json").stdout)["rules"][0])


def test_without_our_rule_for_it_the_toolbar_is_suggested_first_and_the_pasted_rule_does_as_it_says(
    bantin: Bantin, tmp_path: Path
) -> None:
    found = first(bantin)
    assert (found["file"], found["rule"]["squeezed"]) == ("common.toml", TOOLBAR)
    assert (found["texts"], found["lines"], found["emptied"]) == (3, 7, [])
    pasted = shutil.copytree(tmp_path / "layouts", tmp_path / "pasted")
    with (pasted / "common.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + bantin.run("rules", "suggest").stdout)
    bantin.options = ["--layouts", str(pasted)]
    rehearsed = json.loads(bantin.run("reclean", "--dry-run", "--json").stdout)
    lost = {group["rule"]: group["lost"] for group in rehearsed["groups"]}
    changed = {one["article_key"]: one["lost"] for one in rehearsed["largest"]}
    assert lost.keys() == {found["rule"]["id"]}
    assert len(changed) == found["texts"]
    assert sum(map(len, changed.values())) == found["lines"]
    assert sum(len(line) for lines in changed.values() for line in lines) == found["characters"]
    assert json.loads(bantin.run("rules", "suggest", "--json").stdout)["rules"] == []


@pytest.mark.portal
def test_the_seeds_as_texts_suggest_the_toolbar_first(tmp_path: Path) -> None:
    require_recording()
    options = ["--layouts", str(without_toolbar_rule(tmp_path / "layouts"))]
    bantin = Bantin(tmp_path / "home", SITE / "sources.toml", options)
    bantin.init()
    bantin.run("import", str(SHARED / "seeds"), status=None)
    found = first(bantin)
    assert (found["rule"]["squeezed"], found["file"]) == (TOOLBAR, "plain-text.toml")
    assert (found["articles"], found["of_articles"], found["lines"]) == (2, 5, 3)
    assert tomllib.loads(bantin.run("rules", "suggest").stdout)["noise"][0]["squeezed"] == TOOLBAR


AUTHOR = re.compile(r'<p[^>]*class="view-content-author"')
BODY = '<div class="journal-content-article">'
PICTURE = (
    '<table class="imgEditor"><tr><td><span>left</span><span>center</span><span>right</span><span>del</span></td></tr>'
    '<tr><td><img src="/a.jpg"></td></tr></table>'
)
SHARE = '<div class="chia-se"><a href="#">Chia sẻ</a> <a href="#">Facebook</a> <a href="#">Zalo</a></div>'
NOTICE = "<p><em>Bản quyền thuộc Cổng Sông Nhuệ; ghi rõ nguồn khi phát hành lại.</em></p>"


def _noisy(key: str, text: str) -> str:
    """A page with made-up noise in its text, by its key: not all of it on each page."""
    number = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16)
    links = "".join(f'<li><a href="/{n}">Làng {chr(97 + number % 23 + n)} mở hội xuân</a></li>' for n in range(3))
    related = f'<div class="tin-lq"><h4>Tin liên quan</h4><ul>{links}</ul></div>' if number % 5 < 2 else ""
    behind = f"{SHARE}<p>Lượt người đã ghé: {number % 99_991}</p>{related}{NOTICE}"
    text = text.replace(BODY, BODY + (PICTURE if number % 3 else ""), 1)
    return AUTHOR.sub(lambda found: behind + found[0], text, count=1)


def _suggested(pages: list[tuple[str, bytes]], layouts: Layouts, *, noisy: bool) -> list[str]:
    cleaner = Cleaner(layouts, [SourceContext.of("sotttt", "hanoi-liferay", ["https://sotttt.hanoi.gov.vn/"])])
    layout, survey = layouts["hanoi-liferay"], Survey()
    by_key = {re.findall(r"view_content/(\d+)-", url)[-1]: (url, payload.decode()) for url, payload in pages}
    for key, (url, text) in by_key.items():
        payload = (_noisy(key, text) if noisy else text).encode()
        response = Response("sotttt", url, NOON, 200, payload, HTML)
        page, tree = read_page(response, cleaner), tree_of(response)
        assert page.reading is not None
        assert tree is not None
        survey.add(of_page(tree, layout, layouts.noise(layout), page.reading, Origin("sotttt", key, "2025-05-20")))
    assert len(survey.articles) == 383
    rules = (one.rule for one in suggestions(suggest(survey), ()))
    return [str(rule.css or rule.squeezed or rule.line) for rule in rules]


@pytest.mark.portal
def test_the_real_portal_has_no_words_that_are_taken_for_noise(
    portal_pages: list[tuple[str, bytes]], layouts: Layouts
) -> None:
    assert _suggested(portal_pages, layouts, noisy=False) == []


@pytest.mark.portal
def test_noise_put_into_real_pages_is_suggested_and_nothing_else(
    portal_pages: list[tuple[str, bytes]], layouts: Layouts
) -> None:
    assert _suggested(portal_pages, with_common(layouts, noise=()), noisy=True) == [
        "div.chia-se",
        r"^Lượt người đã ghé: \d+$",
        TOOLBAR,
        "div.tin-lq",
        "BảnquyềnthuộcCổngSôngNhuệ;ghirõnguồnkhipháthànhlại.",
    ]
