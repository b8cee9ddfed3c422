"""Files that somebody kept: which are pages and texts, what address and date they get, and what is left alone."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest

from archive.errors import ArchiveError
from archive.warc import MAX_PAYLOAD, Exchange
from pipelines.addresses import url_key
from pipelines.files import Kept, kind_of, read_file, spelt, walk

AT = datetime(2021, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC)


def kept(root: Path, name: str, content: str | bytes = "<p>Tin</p>") -> Kept:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    nanoseconds = int(AT.timestamp()) * 10**9 + 789_012_345
    os.utime(path, ns=(nanoseconds, nanoseconds))
    return Kept(path, PurePosixPath(root.name, name))


def read(root: Path, name: str, content: str | bytes = "<p>Tin</p>") -> tuple[Exchange, dict[str, str]]:
    return read_file(kept(root, name, content))


def walked(path: Path) -> list[str]:
    def unread(error: OSError) -> None:
        raise error

    return [found.name.as_posix() for found in walk(path, unread)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.WARC.gz", "warc"),
        ("a.warc", "warc"),
        ("a.wacz", "warc"),
        ("a.HTML", "page"),
        ("a.htm", "page"),
        ("a.xhtml", "page"),
        ("index.html?p=2", "page"),
        ("index.html@p=2", "page"),
        ("a.txt", "text"),
        ("robots.txt", None),
        ("hts-log.txt", None),
        ("a.gz", None),
        ("a.warc.gz.open", None),
        ("a.html.bak", None),
        ("tin-tuc", None),
    ],
)
def test_a_files_name_says_what_it_holds(name: str, kind: str | None) -> None:
    assert kind_of(Path("/x.warc", name)) == kind


def test_a_folder_is_walked_in_the_order_of_names_without_what_is_hidden(tmp_path: Path) -> None:
    root = tmp_path / "kho"
    for name in ("b/2.txt", "b/1.txt", "a.html", ".an/3.txt", "b/.4.txt", "z.json"):
        kept(root, name)
    assert walked(root) == ["kho/a.html", "kho/z.json", "kho/b/1.txt", "kho/b/2.txt"]
    assert walked(root / "b" / ".." / "b" / "1.txt") == ["b/1.txt"]


def test_the_folder_that_one_stands_in_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path / "kho", "1.txt")
    monkeypatch.chdir(tmp_path / "kho")
    assert walked(Path(".")) == ["kho/1.txt"]


def test_links_to_folders_are_not_followed_and_a_loop_ends(tmp_path: Path) -> None:
    root = tmp_path / "kho"
    kept(root, "sau/1.txt")
    (root / "sau" / "vong").symlink_to(root)
    (root / "2.txt").symlink_to(root / "sau" / "1.txt")
    assert walked(root) == ["kho/2.txt", "kho/sau/1.txt"]


@contextmanager
def _as_anybody() -> Iterator[None]:
    """The rights of nobody in particular: root may read everything."""
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65_534)
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_cannot_be_read_is_told_of() -> None:
    with TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        root = Path(place, "kho")
        kept(root, "khoa/1.txt")
        (root / "khoa").chmod(0)
        with _as_anybody(), pytest.raises(PermissionError):
            walked(root)
        (root / "khoa").chmod(0o700)


def test_a_text_is_dated_by_its_file_and_says_so(tmp_path: Path) -> None:
    text, fields = read(tmp_path / "kho", "nam 2021/Bài số 1.txt", "Một dòng\n")
    assert text.url == "file:///kho/nam%202021/B%C3%A0i%20s%E1%BB%91%201.txt"
    assert (text.captured_at, text.status, text.outcome, text.body) == (AT, None, "ok", b"M\xe1\xbb\x99t d\xc3\xb2ng\n")
    assert text.header("content-type") == "text/plain"
    assert fields == {
        "Bantin-Imported-From": "kho/nam 2021/Bài số 1.txt",
        "Bantin-Date-From": "file-time",
        "Bantin-URL-From": "file-name",
    }


SAVED = "<!DOCTYPE html>\n<!-- saved from url=(0052)https://songnhue.hanoi.gov.vn/tin-tuc/1-a.html -->\n<html>"
MIRRORED = "<html><!-- Mirrored from songnhue.hanoi.gov.vn/tin-tuc/1-a.html by HTTrack Website Copier/3.x -->"
CANONICAL = '<html><head><link href="https://songnhue.hanoi.gov.vn/tin-tuc/1-a.html" rel="canonical"></head>'
FROM = {
    "saved-from": (SAVED, "https"),
    "mirrored-from": (MIRRORED, "http"),
    "canonical": (CANONICAL, "https"),
    "canonical, other order": (CANONICAL.replace("<link", '<link rel="canonical"'), "https"),
}


@pytest.mark.parametrize("case", FROM)
def test_a_page_has_the_address_that_it_says(case: str, tmp_path: Path) -> None:
    content, scheme = FROM[case]
    page, fields = read(tmp_path / "kho", "trang.html", content)
    assert page.url == f"{scheme}://songnhue.hanoi.gov.vn/tin-tuc/1-a.html"
    assert fields["Bantin-URL-From"] == case.partition(",")[0]
    assert fields["Bantin-Date-From"] == "file-time"
    assert (page.captured_at, page.header("content-type")) == (AT, "text/html")


def test_what_the_saver_says_counts_before_what_the_page_says(tmp_path: Path) -> None:
    page, _ = read(tmp_path / "kho", "trang.html", SAVED + CANONICAL.replace("1-a", "2-b"))
    assert page.url.endswith("1-a.html")


def test_a_text_that_speaks_of_addresses_keeps_its_own(tmp_path: Path) -> None:
    text, _ = read(tmp_path / "kho", "a.txt", SAVED)
    assert text.url == "file:///kho/a.txt"


@pytest.mark.parametrize(
    ("folder", "name", "url"),
    [
        ("kho", "songnhue.hanoi.gov.vn/tin-tuc/1-a.html", "http://songnhue.hanoi.gov.vn/tin-tuc/1-a.html"),
        ("kho", "SongNhue.example.vn:8080/a.html", "http://songnhue.example.vn:8080/a.html"),
        ("songnhue.example.vn", "tin-tuc/a.html", "http://songnhue.example.vn/tin-tuc/a.html"),
        ("kho", "bao.example.vn/index.html?p=2&q=a", "http://bao.example.vn/index.html?p=2&q=a"),
        ("kho", "bao.example.vn/tin tức.html", "http://bao.example.vn/tin%20t%E1%BB%A9c.html"),
        ("kho", "trang.cu2/a.html", "file:///kho/trang.cu2/a.html"),
        ("kho", "pages.old/a.html", "file:///kho/pages.old/a.html"),
        ("kho", "2021.01.05/a.html", "file:///kho/2021.01.05/a.html"),
    ],
)
def test_a_mirrors_folders_say_host_and_path(folder: str, name: str, url: str, tmp_path: Path) -> None:
    page, fields = read(tmp_path / folder, name)
    assert page.url == url
    assert fields["Bantin-URL-From"] == ("file-name" if url.startswith("file:") else "mirror-path")


@pytest.mark.parametrize("said", ["javascript:void(0)", "http://", "ftp://a.example.vn/b", "http://[::1/x"])
def test_an_address_that_is_none_is_not_taken_over(said: str, tmp_path: Path) -> None:
    content = CANONICAL.replace("https://songnhue.hanoi.gov.vn/tin-tuc/1-a.html", said)
    assert read(tmp_path / "kho", "a.html", content)[0].url == "file:///kho/a.html"


def test_different_names_are_different_addresses(tmp_path: Path) -> None:
    names = ["a.txt", "A.txt", "a%41.txt", "aA.txt", "a?.txt", "a#.txt", "a;jsessionid=1.txt", "a b.txt", "a+b.txt"]
    keys = {url_key(read(tmp_path / "kho", name)[0].url) for name in names}
    assert len(keys) == len(names)


def test_a_name_is_one_however_its_letters_are_composed(tmp_path: Path) -> None:
    whole, parts = (read(tmp_path / "kho", name)[0].url for name in ("ti\u1ebfng.txt", "tie\u0302\u0301ng.txt"))
    assert whole == parts


def test_names_that_are_no_utf8_or_have_line_breaks_can_be_written_down(tmp_path: Path) -> None:
    odd = os.fsdecode(b"kho/\xff\n1.txt")
    text, fields = read_file(Kept(kept(tmp_path, "a.txt").path, PurePosixPath(odd)))
    assert text.url == "file:///kho/%FF%0A1.txt"
    assert fields["Bantin-Imported-From"] == "kho/\\xff 1.txt"
    assert spelt(Path(odd)) == "kho/\\xff 1.txt"


def test_what_cannot_be_a_text_is_refused_with_a_reason(tmp_path: Path) -> None:
    root = tmp_path / "kho"
    (root / "dai.txt").parent.mkdir()
    with (root / "dai.txt").open("wb") as large:
        large.truncate(MAX_PAYLOAD + 1)
    os.mkfifo(root / "ong.txt")
    (root / "mat.txt").symlink_to("khong-co")
    kept(root, "rong.txt", "")
    said = {}
    for one in walk(root, lambda error: None):
        with pytest.raises(ArchiveError) as caught:
            read_file(one)
        said[one.path.name] = str(caught.value)
    assert said == {
        "dai.txt": "larger than 64 MiB; left out",
        "mat.txt": "cannot be read (No such file or directory); left out",
        "ong.txt": "no ordinary file; left out",
        "rong.txt": "the file is empty; left out",
    }


def test_a_file_that_may_not_be_read_is_refused_with_a_reason() -> None:
    with TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        one = kept(Path(place, "kho"), "a.txt")
        one.path.chmod(stat.S_IWUSR)
        with _as_anybody(), pytest.raises(ArchiveError, match="Permission denied"):
            read_file(one)


@pytest.mark.parametrize("year", [1969, 1970, 2099])
def test_any_time_of_a_file_is_taken_as_it_is(year: int, tmp_path: Path) -> None:
    one, at = kept(tmp_path / "kho", "a.txt"), datetime(year, 7, 1, tzinfo=UTC)
    os.utime(one.path, (at.timestamp(), at.timestamp()))
    assert read_file(one)[0].captured_at == at
