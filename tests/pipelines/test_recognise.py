"""Pages of hosts that nobody listed: their layout, kind and key come from their own marks."""

from pathlib import Path

import pytest

from archive.records import Page
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.layouts import Layouts
from tests.builders import HTML, SOURCES, installed, liferay, page_of, press

HOST = "cu.example.vn"
STORY = "<p>Đảng ủy phường sơ kết công tác quý một, đánh giá kết quả và bàn nhiệm vụ tới.</p>"
ENTRY = (
    '<div class="asset-abstract"><h3 class="asset-title"><a href="/tin/-/view_content/{0}-a.html">Tin</a></h3></div>'
)


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return installed(Layouts.load())


def seen(cleaner: Cleaner, text: str | bytes, path: str = "/tin/-/view_content/7-a.html", **said: object) -> Page:
    return page_of(cleaner, text, url=f"https://{HOST}{path}", source=HOST, **said)


def kind_and_key(page: Page) -> tuple[str, str | None]:
    return page.kind, page.article_key


def test_an_article_with_a_layouts_marks_is_read_with_it_and_known_by_its_own_id(cleaner: Cleaner) -> None:
    page = seen(cleaner, liferay(STORY))
    assert kind_and_key(page) == ("article", f"{HOST}:7")
    assert page.reading is not None
    assert page.reading.layout == "hanoi-liferay"
    assert page.reading.published_at == "2025-05-20T09:30:00+07:00"


def test_an_article_at_an_address_of_no_layout_is_known_by_that_address(cleaner: Cleaner) -> None:
    page = seen(cleaner, liferay(STORY), "/Trang.aspx?id=5")
    assert kind_and_key(page) == ("article", f"{HOST}:{HOST}/Trang.aspx?id=5")
    assert page.reading is not None
    assert page.reading.layout == "hanoi-liferay"


def test_each_layout_is_known_by_its_own_marks(cleaner: Cleaner) -> None:
    page = seen(cleaner, press(STORY), "/xay-dung-dang/con-ngo-824400")
    assert page.reading is not None
    assert page.reading.layout == "img-editor"


def test_print_copies_are_no_articles(cleaner: Cleaner) -> None:
    for path in ("/tin/-/view_content/pop_up/7-a.html", "/tin/-/view_content/7-a.html?_101_viewMode=print"):
        assert kind_and_key(seen(cleaner, liferay(STORY), path)) == ("other", None)


def test_a_page_that_leads_to_many_articles_of_a_known_layout_is_a_list(cleaner: Cleaner) -> None:
    entries = "".join(ENTRY.format(number) for number in range(3))
    for path in ("/", "/tin", "/tin?_101_cur=2"):
        page = seen(cleaner, f"<html><body>{entries}</body></html>", path)
        assert kind_and_key(page) == ("list", None)
        assert page.reading is None
        assert [link.article_key for link in page.links] == [f"{HOST}:{number}" for number in range(3)]


def test_links_to_another_host_make_no_list(cleaner: Cleaner) -> None:
    entries = "".join(ENTRY.format(number).replace('href="', 'href="https://khac.example.vn') for number in range(5))
    assert seen(cleaner, f"<html><body><p>Giới thiệu</p>{entries}</body></html>", "/gioi-thieu").kind == "article"


def test_a_page_without_any_marks_is_read_as_a_whole(cleaner: Cleaner) -> None:
    text = f"<html><body><h1>Sơ kết</h1>{STORY * 6}</body></html>"
    page = seen(cleaner, text, "/bai-viet/so-ket.html")
    assert kind_and_key(page) == ("article", f"{HOST}:{HOST}/bai-viet/so-ket.html")
    assert page.reading is not None
    assert page.reading.layout == "generic"


@pytest.mark.parametrize(
    "media_type", ["image/png", "text/css", "application/javascript", "application/json", "application/pdf"]
)
def test_what_is_no_page_is_no_article(media_type: str, cleaner: Cleaner) -> None:
    page = seen(cleaner, b"\x89PNG {}", "/theme/images/anh", content_type=media_type)
    assert kind_and_key(page) == ("other", None)
    assert (page.outcome, page.reading) == ("ok", None)


def test_robots_txt_is_what_it_is(cleaner: Cleaner) -> None:
    assert kind_and_key(seen(cleaner, "User-agent: *", "/robots.txt", content_type="text/plain")) == ("robots", None)


def test_a_listed_sources_pages_are_read_with_its_layout_whatever_their_marks(cleaner: Cleaner) -> None:
    page = page_of(cleaner, press(STORY))
    assert page.reading is not None
    assert (page.reading.layout, page.reading.warnings) == ("hanoi-liferay", ("layout-not-recognised",))


def test_a_file_is_an_article_of_its_folder_by_its_path(cleaner: Cleaner) -> None:
    for source, key in (("kho", "nam 2021/Bài 1.txt"), ("songnhue", "kho/nam 2021/Bài 1.txt")):
        page = page_of(
            cleaner,
            "Một dòng, và một dòng nữa.",
            url="file:///kho/nam%202021/B%C3%A0i%201.txt",
            source=source,
            status=None,
            content_type="text/plain",
        )
        assert kind_and_key(page) == ("article", f"{source}:{key}")
        assert page.reading is not None
        assert page.reading.layout == "plain-text"


def test_a_kept_page_is_read_by_its_marks_too(cleaner: Cleaner, tmp_path: Path) -> None:
    page = page_of(cleaner, liferay(STORY), url="file:///kho/a.html", source="kho", status=None, content_type=HTML)
    assert kind_and_key(page) == ("article", "kho:a.html")
    assert page.reading is not None
    assert page.reading.layout == "hanoi-liferay"


def test_the_layout_does_not_depend_on_who_is_listed_besides(cleaner: Cleaner) -> None:
    alone = Cleaner(cleaner.layouts, [])
    more = Cleaner(cleaner.layouts, [*SOURCES, SourceContext.of("khac", "generic", ["https://khac.example.vn/"])])
    for text in (liferay(STORY), press(STORY), f"<html><body>{STORY}</body></html>"):
        assert seen(alone, text) == seen(more, text) == seen(cleaner, text)


def test_marks_that_are_only_inferred_tell_no_page_of_a_host_that_nobody_listed(cleaner: Cleaner) -> None:
    """Any site may have a heading and .detail-content; what was never seen must not take its pages."""
    text = f'<html><body><h1>Sơ kết</h1><div class="detail-content">{STORY * 6}</div></body></html>'
    page = seen(cleaner, text, "/tin-tuc/so-ket-50018267.html")
    assert kind_and_key(page) == ("article", f"{HOST}:{HOST}/tin-tuc/so-ket-50018267.html")
    assert page.reading is not None
    assert page.reading.layout == "generic"


def test_of_a_host_that_nobody_listed_a_page_with_a_number_is_read_all_the_same(cleaner: Cleaner) -> None:
    """Its list pages lead nowhere, and its articles may stand at such addresses."""
    page = seen(cleaner, f"<html><body><h1>Sơ kết</h1>{STORY * 6}</body></html>", "/index.php?page=12")
    assert page.kind == "article"
    assert page.reading is not None
    listed = page_of(cleaner, "<html></html>", url="https://thlangha.example.edu.vn/index.php?page=12", source="langha")
    assert listed.kind == "list"


def test_a_change_of_what_is_inferred_changes_no_cleaner_but_for_marks() -> None:
    layouts = Layouts.load()

    def digests(layout_id: str, inferred: tuple[str, ...]) -> tuple[str, str]:
        changed = layouts[layout_id].model_copy(update={"inferred": inferred})
        others = [layout for layout in layouts.by_id.values() if layout.id != layout_id]
        cleaner = installed(Layouts([*others, changed], layouts.common))
        return cleaner.digest_for("bao"), cleaner.digest_for(HOST)

    now = digests("img-editor", layouts["img-editor"].inferred)
    assert digests("img-editor", ()) == now
    listed, stranger = digests("img-editor", ("marks",))
    assert (listed == now[0], stranger == now[1]) == (True, False)
