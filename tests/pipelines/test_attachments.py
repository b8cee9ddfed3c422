"""Which files and pictures an article names, which of them are fetched, and what counts as a file when it comes."""

from dataclasses import replace

import pytest

from archive.records import File, Page
from pipelines.attachments import type_of
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from tests.attachments import DOC, JPEG, PDF
from tests.builders import PORTAL, SCHOOL, SOURCES, installed, liferay, page_of, reading_of

WORDS = "<p>Ban Thường vụ Quận ủy ban hành kế hoạch, các chi bộ thực hiện từ tháng sau.</p>"
PLAN = f"{PORTAL}/documents/10/20/ke-hoach.pdf"


@pytest.fixture
def cleaner(layouts: Layouts) -> Cleaner:
    return installed(layouts)


def named(cleaner: Cleaner, body: str) -> list[tuple[str, str]]:
    """Kind and address of each attachment of an article with this body, the portal's own without its host."""
    return [(one.kind, one.url.removeprefix(PORTAL)) for one in reading_of(cleaner, liferay(body)).attachments]


def fetched(cleaner: Cleaner, body: str) -> list[str]:
    page = page_of(cleaner, liferay(body))
    assert all(link.article_key is None for link in page.links)
    return [link.url.removeprefix(PORTAL) for link in page.links if link.kind == "attachment"]


def came(cleaner: Cleaner, payload: bytes, media_type: str | None = None, **said: object) -> Page:
    return page_of(cleaner, payload, **{"url": PLAN, "content_type": media_type, **said})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/documents/1/2/ke-hoach.pdf", "pdf"),
        ("/documents/1/2/08+CT+Th%C3%A0nh+%E1%BB%A7y.RAR/b26dc3a3-c9ba-4f56-b27a-c1f03706c2bc", "rar"),
        ("/documents/1/2/a.PDF/a b.PDF.pdf?t=1#page=2", "pdf"),
        ("/anh/bia.JPEG", "jpeg"),
        ("/tin-tuc.pdf/bai-viet.html", None),
        ("/.pdf", None),
        ("/pdf", None),
        ("/xem?file=a.pdf", None),
    ],
)
def test_an_address_names_a_file_by_the_ending_of_its_name(path: str, found: str | None) -> None:
    assert type_of(f"{PORTAL}{path}") == found


def test_what_a_site_shows_in_a_frame_is_a_file_behind_the_article_too(cleaner: Cleaner) -> None:
    body = (
        '<iframe src="/a.pdf"></iframe><embed src="/b.pdf"><object data="/c.pdf"></object><iframe src="/phim"></iframe>'
    )
    assert named(cleaner, WORDS + body) == [("file", "/a.pdf"), ("file", "/b.pdf"), ("file", "/c.pdf")]


def test_pictures_of_an_article_with_words_are_not_its_attachments(cleaner: Cleaner) -> None:
    picture = '<p><img src="/anh.jpg"></p><p><a href="/to.png">ảnh</a></p>'
    assert named(cleaner, WORDS + picture) == []
    assert named(cleaner, "<p>Toàn văn:</p>" + picture) == [("image", "/anh.jpg"), ("image", "/to.png")]


def test_a_page_without_an_article_names_no_attachments(cleaner: Cleaner) -> None:
    reading = reading_of(cleaner, f'<html><body><p>{WORDS}</p><a href="/a.pdf">a</a></body></html>')
    assert (reading.content, reading.attachments) == (None, ())


def test_relative_addresses_start_from_where_the_page_says(cleaner: Cleaner) -> None:
    text = liferay(f'{WORDS}<a href="a.pdf">a</a>').replace("<head>", f'<head><base href="{PORTAL}/kho/">')
    assert [one.url for one in page_of(cleaner, text).reading.attachments] == [f"{PORTAL}/kho/a.pdf"]  # type: ignore[union-attr]


def test_files_of_other_sites_are_listed_and_not_fetched(cleaner: Cleaner) -> None:
    body = f'{WORDS}<a href="https://bo.example.vn/tt.pdf">Thông tư</a> <a href="/a.pdf">a</a>'
    assert named(cleaner, body) == [("file", "https://bo.example.vn/tt.pdf"), ("file", "/a.pdf")]
    assert fetched(cleaner, body) == ["/a.pdf"]


def test_a_source_says_which_types_are_fetched_and_the_reading_lists_all(layouts: Layouts) -> None:
    source = replace(SOURCES[0], file_types=frozenset({"doc"}), images=False)
    narrow, wide = Cleaner(layouts, [source]), installed(layouts)
    body = '<p>Xem:</p><a href="/a.pdf">a</a><a href="/b.doc">b</a><a href="/documents/1/2/c/3">c</a><img src="/d.png">'
    assert fetched(narrow, body) == ["/b.doc", "/documents/1/2/c/3"]
    assert fetched(wide, body) == ["/a.pdf", "/b.doc", "/documents/1/2/c/3", "/d.png"]
    assert reading_of(narrow, liferay(body)) == reading_of(wide, liferay(body))


def test_a_file_that_a_list_links_to_is_no_article(cleaner: Cleaner) -> None:
    text = '<html><body><h2><a href="/tin/mot">Một</a></h2><h2><a href="/tin/hai.pdf">Hai</a></h2></body></html>'
    page = page_of(cleaner, text, url=f"{SCHOOL}/tin-tuc", source="langha")
    assert [link.url for link in page.links] == [f"{SCHOOL}/tin/mot"]


@pytest.mark.parametrize(
    ("payload", "media_type", "found"),
    [
        (PDF, "application/pdf", "pdf"),
        (b"\r\n" + PDF, None, "pdf"),
        (PDF, "text/html", "pdf"),
        (DOC, "application/msword", "ole"),
        (b"PK\x03\x04" + bytes(30), "application/octet-stream", "zip"),
        (b"{\\rtf1\\ansi }", "application/msword", "rtf"),
        (b"Rar!\x1a\x07\x00", None, "rar"),
        (b"7z\xbc\xaf\x27\x1c", None, "7z"),
        (JPEG, "image/jpeg", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
        (b"GIF89a", "image/gif", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "webp"),
        (b"BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00", "image/bmp", "bmp"),
        (b"II*\x00\x08", "image/tiff", "tiff"),
        (b'<html xmlns:w="urn:schemas-microsoft-com:office:word">', "application/msword", "office-page"),
    ],
)
def test_a_file_is_known_by_its_first_bytes(
    cleaner: Cleaner, payload: bytes, media_type: str | None, found: str
) -> None:
    page = came(cleaner, payload, media_type)
    assert (page.kind, page.outcome, page.reason, page.article_key, page.reading) == (
        "attachment",
        "ok",
        None,
        None,
        None,
    )
    assert page.file == File(found, len(payload))


@pytest.mark.parametrize(
    ("payload", "media_type", "outcome", "reason"),
    [
        (b"<html><body><p>Trang ch\xe1\xbb\xa7</p></body></html>", "application/pdf", "failed", "no file but a page"),
        (b'<html xmlns:w="urn:schemas-microsoft-com:office:word">', "text/html", "failed", "no file but a page"),
        (b"", "application/pdf", "failed", "no file but 0 bytes: b''"),
        (b"BMW va xe hoi", None, "failed", "no file but 13 bytes: b'BMW va xe hoi'"),
        ("<body>Nội dung này không tồn tại</body>".encode(), "text/html", "soft-gone", "page says"),
        (b"<body>Access denied</body>", "text/html", "blocked", "page says"),
    ],
)
def test_a_page_or_a_message_in_place_of_a_file_is_none(
    cleaner: Cleaner, payload: bytes, media_type: str | None, outcome: str, reason: str
) -> None:
    page = came(cleaner, payload, media_type)
    assert (page.kind, page.outcome, page.file) == ("attachment", outcome, None)
    assert str(page.reason).startswith(reason)


def test_a_file_that_is_gone_says_so(cleaner: Cleaner) -> None:
    page = came(cleaner, b"", status=404)
    assert (page.kind, page.outcome) == ("attachment", "gone")


def test_a_redirect_of_a_file_leads_to_the_file(cleaner: Cleaner) -> None:
    moved = f"{PORTAL}/documents/10/20/ke-hoach.pdf/0b7a1de0"
    page = came(cleaner, b"", status=302, url=f"{PORTAL}/c/document_library/get_file?uuid=0b7a1de0", location=moved)
    assert [(link.kind, link.url) for link in page.links] == [("attachment", moved)]


def test_a_file_of_a_host_that_nobody_listed_is_one_too(cleaner: Cleaner) -> None:
    page = came(cleaner, PDF, "application/pdf", source="cu.example.vn", url="https://cu.example.vn/kho/ke-hoach.pdf")
    assert (page.kind, page.outcome, page.file) == ("attachment", "ok", File("pdf", len(PDF)))


def test_sources_want_all_types_unless_they_say_otherwise() -> None:
    assert SourceContext("x").images
    assert {"pdf", "doc", "docx"} <= SourceContext("x").file_types
