"""A reclean in this process, over what a rig has archived and a database has stored; and layouts that differ."""

import shutil
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from archive.home import Home
from archive.records import Capture
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layout, Layouts, Noise
from pipelines.reclean import Outcome, read_all
from pipelines.reclean import reclean as reclean_all
from pipelines.reclean import rehearse as rehearse_all
from pipelines.stale import Plan, filled, plan
from pipelines.tasks import Read, read_task
from tests.builders import SOURCES
from tests.rig import THERE, Database, Rig, address, day

SLOGAN = "Sông Nhuệ đổi mới"
#: What tools outside rely on, without the numbers that rows have in one database and not in another.
CONTRACT = {
    "v_article": "*",
    "v_edition": "article_key, edition, content_hash, title, lead, body, observed_from, observed_to, cleaner",
    "v_metadata_change": "article_key, field, before, after, captured_at, url, cleaner",
    "v_duplicate": "*",
    "v_capture": "url, captured_at, kind, article_key, outcome, reason, payload_digest, content_hash, cleaner",
    "v_promoted": "source_id, cleaner_digest",
}
READINGS = (
    "SELECT input_digest, cleaner_digest, layout, content_hash, published_at, published_evidence, published_rule,"
    " byline, section, language, captions, removed, restored, evidence, warnings, structure FROM reading ORDER BY 1, 2"
)


def with_rule(layouts: Layouts, layout_id: str = "hanoi-liferay", **rule: Any) -> Layouts:
    """The layouts, one of them with a noise rule more: one that takes the slogan, unless ``rule`` says otherwise."""
    noise = Noise(**{"id": "slogan", "reason": "a rule of the test", "line": SLOGAN, **rule})
    return with_layout(layouts, layout_id, noise=(*layouts[layout_id].noise, noise))


def with_layout(layouts: Layouts, layout_id: str, **changed: Any) -> Layouts:
    """The layouts, one of them changed."""
    other: Layout = layouts[layout_id].model_copy(update=changed)
    return Layouts([other, *(one for one in layouts.by_id.values() if one.id != layout_id)], layouts.common)


def with_common(layouts: Layouts, **changed: Any) -> Layouts:
    """The layouts, with other rules for all of them."""
    return Layouts(layouts.by_id.values(), layouts.common.model_copy(update=changed))


def cleaner_of(layouts: Layouts) -> Cleaner:
    """The cleaner of these layouts for the made-up sources."""
    return Cleaner(layouts, SOURCES)


def planned(database: Database, folder: Path, cleaner: Cleaner, *sources: str, force: bool = False) -> Plan:
    """What is stale."""
    return plan(Home(folder), database.store, cleaner, sources, force=force)


def read(database: Database, wanted: Plan, cleaner: Cleaner) -> Sequence[list[Read]]:
    """The inputs of a plan, read."""
    return list(read_all(filled(database.store, wanted.tasks), partial(read_task, cleaner=cleaner), None))


def reclean(
    database: Database, folder: Path, cleaner: Cleaner, *sources: str, promote: bool = True, force: bool = False
) -> Outcome:
    """`bantin reclean`."""
    wanted = planned(database, folder, cleaner, *sources, force=force)
    return reclean_all(database.store, wanted, read(database, wanted, cleaner), promote=promote)


def rehearse(database: Database, folder: Path, cleaner: Cleaner, *sources: str, force: bool = False) -> Outcome:
    """`bantin reclean --dry-run`."""
    wanted = planned(database, folder, cleaner, *sources, force=force)
    return rehearse_all(database.store, wanted, read(database, wanted, cleaner), 10)


def contract(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All that the views show."""
    found = {name: database.rows(f"SELECT {columns} FROM {name}") for name, columns in CONTRACT.items()}
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def layouts_folder(folder: Path, **added: str) -> Path:
    """A copy of the shipped layouts, with TOML added to some of them (``hanoi_liferay``: to hanoi-liferay.toml)."""
    shutil.copytree(Path(str(resources.files("pipelines") / "layouts")), folder)
    for name, text in added.items():
        path = folder / f"{name.replace('_', '-')}.toml"
        path.write_text(path.read_text("utf-8") + text, "utf-8")
    return folder


def rule(line: str, **more: str) -> str:
    """A noise rule of a test, as TOML."""
    said = {"id": "of-the-test", "reason": "a rule of the test", "line": line, **more}
    return "\n[[noise]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in said.items())


def element_rule(css: str, **more: str) -> str:
    """A noise rule on elements, as TOML: with it pages must be read again."""
    return rule(css, **more).replace("line =", "css =")


def _toml(value: str) -> str:
    return value if value[:1] in "[0123456789" else f"'{value}'"


OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
NEW = "Toàn quận kết nạp 241 đảng viên mới, đạt 120,5 % kế hoạch của cả năm."
LOUD = f"{OLD}</p><p>{SLOGAN}"
SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>"


def story(rig: Rig) -> list[Capture]:
    """101 with the slogan, seen again there and at another address; 102 without; 103 says that it is not there."""
    first = rig.page(101, LOUD, day(0))
    second = rig.again(first, day(1))
    third = rig.again(first, day(2), refers_to=(second.url, second.captured_at))
    other = rig.again(first, day(2), url=address(101, THERE))
    soft = rig.attempt(address(103), SOFT, day(0), "crawl-0")
    return [first, second, third, other, rig.page(102, OLD, day(0)), soft, rig.again(soft, day(1))]
