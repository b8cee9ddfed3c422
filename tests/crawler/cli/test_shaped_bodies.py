"""Tables, lists and headings of a body, as `bantin show` prints them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive.home import Home
from pipelines.layouts import Layouts
from tests.recleans import cleaner_of
from tests.rig import Database, Rig, day

BODY = (
    "Đảng ủy phường thông báo lịch công tác tuần tới cho các chi bộ.</p><h3>I. Lịch họp</h3>"
    "<table><tr><td>Thứ hai</td><td><p>Giao ban</p><p>Tiếp công dân</p></td><td></td></tr></table>"
    "<ul><li>Mang theo sổ tay đảng viên.</li></ul><p>Các chi bộ chủ động sắp xếp."
)


def test_rows_stand_beside_each_other_items_have_a_dash_and_headings_stand_apart(
    bantin: Callable[..., Any], layouts: Layouts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    home.create()
    rig = Rig(home.path, cleaner_of(layouts))
    database = Database(home.default_database, home.archive, rig.cleaner, migrate=True)
    database.take([rig.page(101, BODY, day(0))])
    database.close()
    shown = bantin("--home", str(tmp_path), "show", "songnhue:101").out
    assert (
        "chi bộ.\n\nI. Lịch họp\n| Thứ hai | Giao ban / Tiếp công dân |  |\n- Mang theo sổ tay đảng viên.\nCác chi bộ"
        in shown
    )
    row = json.loads(bantin("--home", str(tmp_path), "show", "--json", "songnhue:101").out)
    assert row["body"].split("\n")[2:5] == ["Thứ hai", "Giao ban", "Tiếp công dân"]
    assert [(part["kind"], part["first"], part["lines"]) for part in row["structure"]] == [
        ("heading", 1, [1]),
        ("row", 2, [1, 2, 0]),
        ("item", 5, [1]),
    ]
