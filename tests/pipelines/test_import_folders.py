"""Folders of pages and texts, imported: by name and time of the file, and what happens when files change."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.segments import segments
from archive.warc import read_records
from archive.warc.foreign import Damage
from pipelines.importing import Report
from tests.builders import liferay
from tests.imports import Collection, address, moment, page, write
from tests.pipelines.conftest import Make

TEXT = "CÔNG TÁC ĐẢNG\n\nSơ kết quý một\n\nNgày đăng 05/01/2021 | 15:59 | View count: 117\n\n{}\n\nMinh Hà"
SAID = "Đảng ủy phường sơ kết công tác quý một, đánh giá kết quả và bàn nhiệm vụ tới."


def keep(path: Path, content: str, days: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    at = moment(days).timestamp()
    os.utime(path, (at, at))
    return path


def counts(reports: Sequence[Report]) -> list[tuple[int, int, int]]:
    return [(report.new, report.known, len(report.replaced)) for report in reports]


@pytest.fixture
def here(collection: Make) -> Collection:
    return collection()


def test_texts_are_articles_of_their_folder_by_their_paths(here: Collection, tmp_path: Path) -> None:
    keep(tmp_path / "kho" / "nam 2021" / "Bài số 1.txt", TEXT.format(SAID))
    keep(tmp_path / "kho" / "2.txt", SAID, 3)
    report = here.one(tmp_path / "kho")
    assert (report.new, dict(report.sources)) == (2, {"kho": 2})
    rows = here.rows("SELECT article_key, url, title, section, published_at, byline FROM v_article ORDER BY 1")
    url = "file:///kho/nam%202021/B%C3%A0i%20s%E1%BB%91%201.txt"
    assert rows == [
        ("kho:2.txt", "file:///kho/2.txt", None, None, None, None),
        ("kho:nam 2021/Bài số 1.txt", url, "Sơ kết quý một", "CÔNG TÁC ĐẢNG", "2021-01-05T15:59:00+07:00", "Minh Hà"),
    ]
    assert here.column("SELECT captured_at FROM v_capture ORDER BY 1") == [
        "2023-03-05T02:30:00.000000Z",
        "2023-03-08T02:30:00.000000Z",
    ]
    assert here.rows("SELECT id, listed FROM source WHERE id = 'kho'") == [("kho", 0)]
    assert here.faults() == []
    assert here.rebuilt(tmp_path / "again").told() == here.told()


def test_the_archive_says_where_a_files_address_and_date_come_from(here: Collection, tmp_path: Path) -> None:
    keep(tmp_path / "kho" / "1.txt", SAID)
    saved = f"<!-- saved from url=(0061){address(7)} -->"
    keep(tmp_path / "kho" / "trang.html", saved + liferay(f"<p>{SAID}</p>"))
    here.one(tmp_path / "kho")
    (segment,) = segments(here.home.archive)
    text, page = list(read_records(segment))[1:]
    said = [(r.kind, r.fields["bantin-date-from"], r.fields["bantin-url-from"]) for r in (text, page)]
    assert said == [("resource", "file-time", "file-name"), ("resource", "file-time", "saved-from")]
    assert [r.fields["bantin-imported-from"] for r in (text, page)] == ["kho/1.txt", "kho/trang.html"]
    assert [r.fields.get("bantin-source") for r in (text, page)] == [None, "songnhue"]
    assert text.body == SAID.encode()
    assert here.column("SELECT article_key FROM v_article ORDER BY 1") == ["kho:1.txt", "songnhue:7"]


def test_a_mirror_is_its_hosts_pages(here: Collection, tmp_path: Path) -> None:
    path = address(7).removeprefix("https://")
    keep(tmp_path / "guong" / path, liferay(f"<p>{SAID}</p>"))
    keep(tmp_path / "guong" / "songnhue.hanoi.gov.vn" / "robots.txt", "User-agent: *\n")
    report = here.one(tmp_path / "guong")
    assert (report.new, dict(report.left)) == (1, {"robots.txt": 1})
    assert here.rows("SELECT article_key, source_id, url FROM v_article") == [
        ("songnhue:7", "songnhue", f"http://{path}")
    ]


def test_a_changed_file_with_a_newer_time_is_a_new_edition_and_is_told_of(here: Collection, tmp_path: Path) -> None:
    keep(tmp_path / "kho" / "1.txt", TEXT.format(SAID))
    here.one(tmp_path / "kho")
    keep(tmp_path / "kho" / "1.txt", TEXT.format("Nội dung khác hẳn."), 30)
    report = here.one(tmp_path / "kho")
    assert (report.new, report.known, report.replaced) == (1, 0, ["file:///kho/1.txt"])
    bodies = here.column("SELECT body FROM v_edition ORDER BY edition")
    assert bodies == [SAID, "Nội dung khác hẳn."]
    assert counts([here.one(tmp_path / "kho")]) == [(0, 1, 0)]


def test_an_older_file_under_the_same_name_is_an_earlier_edition(here: Collection, tmp_path: Path) -> None:
    for days, words in ((30, "Bản mới."), (0, "Bản cũ."), (60, "Bản cũ.")):
        keep(tmp_path / "kho" / "1.txt", words, days)
        assert here.one(tmp_path / "kho").new == 1
    assert here.column("SELECT body FROM v_edition ORDER BY edition") == ["Bản cũ.", "Bản mới.", "Bản cũ."]


def test_a_copy_of_the_same_file_with_a_newer_time_brings_nothing(here: Collection, tmp_path: Path) -> None:
    files = (tmp_path / "kho" / "1.txt", SAID), (tmp_path / "kho" / "trang.html", liferay(f"<p>{SAID}</p>"))
    for path, content in files:
        keep(path, content)
    here.one(tmp_path / "kho")
    disk, told = here.bytes_on_disk(), here.told()
    for path, content in files:
        keep(path, content, 30)
    assert counts([here.one(tmp_path / "kho")]) == [(0, 2, 0)]
    assert (here.bytes_on_disk(), here.told()) == (disk, told)


def test_the_same_folder_named_in_another_way_brings_nothing(
    here: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path / "kho" / "1.txt", SAID)
    here.one(tmp_path / "kho")
    monkeypatch.chdir(tmp_path / "kho")
    for path in (Path("."), Path("1.txt"), Path("../kho"), tmp_path / "kho" / "1.txt"):
        assert counts([here.one(path)]) == [(0, 1, 0)]
    assert here.column("SELECT count(*) FROM crawl") == [1]


def test_a_folder_named_like_a_source_is_refused_unless_it_is_said_to_be_its(here: Collection, tmp_path: Path) -> None:
    keep(tmp_path / "bao" / "1.txt", SAID)
    with pytest.raises(UsageError, match=r"bao/1\.txt: its folder is named like the source 'bao'\. Say --source bao"):
        here.one(tmp_path / "bao")
    assert here.bytes_on_disk() == {}
    assert here.one(tmp_path / "bao", source="bao").new == 1
    assert here.column("SELECT article_key FROM v_article") == ["bao:1.txt"]
    assert here.rebuilt(tmp_path / "again").told() == here.told()


def test_texts_that_were_said_to_be_a_sources_are_its_own(here: Collection, tmp_path: Path) -> None:
    keep(tmp_path / "kho" / "1.txt", SAID)
    assert dict(here.one(tmp_path / "kho", source="songnhue").sources) == {"songnhue": 1}
    assert here.column("SELECT article_key FROM v_article") == ["songnhue:kho/1.txt"]
    keep(tmp_path / "kho2" / "1.txt", SAID + "Một đoạn nữa.\n")
    here.one(tmp_path / "kho2", source="songnhue")
    keys = here.column("SELECT article_key FROM v_article ORDER BY 1")
    assert keys == ["songnhue:kho/1.txt", "songnhue:kho2/1.txt"], "equal names in two folders are two texts"
    assert here.rebuilt(tmp_path / "again").told() == here.told()


def test_what_cannot_be_read_is_told_of_and_the_rest_imported(here: Collection, tmp_path: Path) -> None:
    keep(tmp_path / "kho" / "1.txt", SAID)
    keep(tmp_path / "kho" / "rong.html", "")
    keep(tmp_path / "kho" / ".an.txt", SAID)
    (tmp_path / "kho" / "mat.txt").symlink_to("khong-co")
    (tmp_path / "kho" / "vong").symlink_to("..")
    report = here.one(tmp_path / "kho")
    assert report.new == 1
    assert {(Path(one.place).name, one.problem) for one in report.damage} == {
        ("mat.txt", "cannot be read (No such file or directory); left out"),
        ("rong.html", "the file is empty; left out"),
    }


def test_texts_in_older_encodings_are_read(here: Collection, tmp_path: Path) -> None:
    path = keep(tmp_path / "kho" / "1.txt", SAID)
    for encoding in ("utf-8-sig", "utf-16"):
        path.with_name(f"{encoding}.txt").write_bytes(SAID.encode(encoding))
    here.one(tmp_path / "kho")
    assert here.column("SELECT DISTINCT body FROM v_article") == [SAID]


def test_a_path_that_is_neither_file_nor_folder_is_refused(here: Collection, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ong")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        here.one(tmp_path / "ong")


def test_a_folder_of_all_sorts_is_imported_file_by_file(here: Collection, tmp_path: Path) -> None:
    folder = tmp_path / "kho"
    (folder / "sau").mkdir(parents=True)
    write(folder / "a.warc.gz", [page(1, SAID, moment(0)), page(2, SAID, moment(1))])
    write(folder / "sau" / "b.wacz", [page(3, SAID, moment(0))], "wacz")
    (folder / "c.warc").write_bytes(b"no record")
    (folder / "d.json").write_text("{}")
    (folder / "robots.txt").write_text("User-agent: *\n")
    (folder / "README").write_text("")
    keep(folder / "trang.html", liferay(f"<p>{SAID}</p>"))
    reports = {Path(report.name).name: report for report in here.take(folder)}
    assert {name: (r.new, len(r.damage)) for name, r in reports.items()} == {
        "a.warc.gz": (2, 0),
        "b.wacz": (1, 0),
        "c.warc": (0, 1),
        "kho": (1, 0),
    }
    assert dict(reports["kho"].left) == {".json": 1, "robots.txt": 1, "": 1}
    said = "no WARC record stands in it (9 bytes that belong to no record). Give .warc, .warc.gz or .wacz files"
    assert reports["c.warc"].damage == [Damage("c.warc", said)]


def test_the_same_words_of_an_earlier_time_were_there_earlier(here: Collection, tmp_path: Path) -> None:
    for days in (30, 0):
        keep(tmp_path / "kho" / "1.txt", SAID, days)
        assert here.one(tmp_path / "kho").new == 1
    assert here.rows("SELECT editions, first_captured_at FROM v_article") == [(1, "2023-03-05T02:30:00.000000Z")]


def test_a_folder_with_nothing_in_it_leaves_no_trace_and_is_named(here: Collection, tmp_path: Path) -> None:
    (tmp_path / "trong").mkdir()
    assert here.one(tmp_path / "trong").new == 0
    assert here.bytes_on_disk() == {}
    assert here.column("SELECT count(*) FROM crawl") == [0]


def test_a_folder_of_warc_files_alone_is_told_of_file_by_file(here: Collection, tmp_path: Path) -> None:
    (tmp_path / "kho").mkdir()
    file = write(tmp_path / "kho" / "a.warc", [page(1, SAID, moment(0))], "plain")
    assert here.one(tmp_path / "kho").name == str(file)
