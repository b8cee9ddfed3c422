"""Pages at which a layout's expression hangs in C code, in each command that reads pages: the rest goes on."""

import json
from pathlib import Path

from tests.bantin import Bantin
from tests.builders import liferay
from tests.e2e.crawls import Crawl, source
from tests.rawserver import RawServer, page
from tests.recleans import layouts_folder, rule
from tests.warcs import response

TRAP = "a" * 60
ENDLESS = "(?:a|aa)+(?<!a)"
WORDS = "<p>Đảng ủy phường Sông Nhuệ sơ kết công tác quý một, biểu dương các chi bộ làm tốt.</p>"
TOOK = "cleaning took longer than 1 s"
OUTCOMES = "SELECT outcome, reason, count(*) FROM v_capture WHERE kind = 'article' GROUP BY 1, 2 ORDER BY 1"
SOURCE = """[[source]]
id = "songnhue"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = ["https://songnhue.hanoi.gov.vn/hoat-ong-ang"]
"""


def trapping(folder: Path) -> list[str]:
    """Options with layouts of which one expression hangs at a line of the page below."""
    return ["--layouts", str(layouts_folder(folder / "layouts", common=rule(ENDLESS))), "--page-seconds", "1"]


def address(number: int) -> str:
    return f"https://songnhue.hanoi.gov.vn/hoat-ong-ang/-/view_content/{number}-tin.html"


def warc(path: Path) -> Path:
    """Three articles, the second a trap."""
    bodies = (liferay(f"{WORDS}<p>{words}</p>") for words in ("Tin một.", TRAP, "Tin ba."))
    records = (response(body.encode(), url=address(number)) for number, body in enumerate(bodies, 1))
    path.write_bytes(b"".join(records))
    return path


def imported(folder: Path, options: list[str]) -> Bantin:
    sources = folder / "nguon.toml"
    sources.write_text(SOURCE, "utf-8")
    bantin = Bantin(folder / "home", sources, options)
    bantin.init()
    bantin.run("import", str(warc(folder / "tin.warc")))
    return bantin


def test_an_import_and_a_rebuild_read_the_rest(tmp_path: Path) -> None:
    bantin = imported(tmp_path, trapping(tmp_path))
    read = [("failed", TOOK, 1), ("ok", None, 2)]
    assert bantin.sql(OUTCOMES) == read
    assert len(bantin.rows()) == 2
    (bantin.home / "bantin.db").unlink()
    bantin.run("rebuild")
    assert bantin.sql(OUTCOMES) == read


def test_a_reclean_stores_the_rest_and_takes_from_readers_what_they_had_only_when_told(tmp_path: Path) -> None:
    bantin = imported(tmp_path, [])
    assert len(bantin.rows()) == 3
    bantin.options = trapping(tmp_path)
    told = json.loads(bantin.run("reclean", "--json", status=1).stdout)
    assert told["problems"] == [f"{address(2)}: {TOOK}. It was read before; mend the rule that is to blame"]
    assert "captures that it has not read: 1" in told["held_back"]["songnhue"]
    assert len(bantin.rows()) == 3
    newest = bantin.column("SELECT digest FROM cleaner ORDER BY first_used_at DESC")[0]
    bantin.run("cleaners", "promote", newest, "--accept-missing")
    assert len(bantin.rows()) == 2


def test_what_was_never_read_holds_up_no_promotion(tmp_path: Path) -> None:
    bantin = imported(tmp_path, trapping(tmp_path))
    more = rule("Tin một[.]", id="more") + rule(ENDLESS)
    folder = layouts_folder(tmp_path / "newer", common=more)
    bantin.options = ["--layouts", str(folder), "--page-seconds", "1"]
    done = bantin.run("reclean", "--json", status=1)
    told = json.loads(done.stdout)
    assert told["problems"] == [f"{address(2)}: {TOOK}"]
    assert list(told["promoted"]) == ["songnhue"]
    assert bantin.sql(OUTCOMES) == [("failed", TOOK, 1), ("ok", None, 2)]
    assert "nothing is stale" in bantin.run("reclean").stdout


def test_a_collect_goes_on_and_a_crash_over_such_a_page_is_taken_in(tmp_path: Path) -> None:
    def answer(words: str, *links: str) -> str:
        anchors = "".join(f'<h2><a href="{link}">Tin</a></h2>' for link in links)
        return f"<html><body><h1>Tin mẫu</h1>{WORDS}<p>{words}</p>{anchors}</body></html>"

    pages = {"/": page(answer("Trang đầu", "/a", "/b")), "/a": page(answer(TRAP)), "/b": page(answer("Tin hai."))}
    with RawServer(pages) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        crawl.options = trapping(tmp_path)
        crawl.run("collect", status=1)
    found = {path: outcomes[-1] for path, outcomes in crawl.captures.items()}
    assert (found["/a"], found["/b"]) == (("failed", TOOK), ("ok", None))
    assert crawl.column("SELECT outcome FROM crawl") == ["finished"]
    # Killed over it, the crawl would have left it on disk: the next opening reads it, within the same limits.
    (crawl.home / "bantin.db").unlink()
    crawl.init()
    crawl.run("verify", "--repair", status=None)
    assert {path: outcomes[-1] for path, outcomes in crawl.captures.items()} == found
