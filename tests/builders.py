"""Small pages and the cleaner that reads them: the parts that many tests put together."""

from collections import Counter
from datetime import UTC, datetime

from lxml.etree import _Element

from archive.records import Page, Reading
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.extraction import extract
from pipelines.layouts import Layouts
from pipelines.locate import parse
from pipelines.noise import Rules
from pipelines.page import Response, read_page
from pipelines.scrub import scrub

NOON = datetime(2025, 5, 20, 5, 0, tzinfo=UTC)
HTML = "text/html; charset=utf-8"
PORTAL = "https://songnhue.hanoi.gov.vn"
PRESS = "https://bao.example.vn"
SCHOOL = "https://thlangha.example.edu.vn"
ARTICLE = f"{PORTAL}/hoat-ong-ang/-/view_content/5100200-so-ket-cong-tac.html"
PRESS_ARTICLE = f"{PRESS}/xay-dung-dang/con-ngo-khong-rac-824400"
SOURCES = (
    SourceContext.of("songnhue", "hanoi-liferay", [f"{PORTAL}/hoat-ong-ang"]),
    SourceContext.of("bao", "img-editor", [f"{PRESS}/xay-dung-dang"]),
    SourceContext.of("langha", "generic", [f"{SCHOOL}/tin-tuc"]),
)
# One for each further layout, for its page cases.
FAMILIES = (
    SourceContext.of("phuong", "vccorp", ["https://songnhue.example.vn/tin-tuc.htm"]),
    SourceContext.of("thanhuy", "thanhuyhanoi", ["https://thanhuy.example.vn/tin-tuc"]),
    SourceContext.of("thudo", "onecms", ["https://thudo.example.vn/chinh-tri"]),
    SourceContext.of("toandan", "nhandan", ["https://toandan.example.vn/xay-dung-dang"]),
    SourceContext.of("dothi", "kinhtedothi", ["https://dothi.example.vn/chinh-tri"]),
    SourceContext.of("tapchi", "tuyengiao", ["https://tapchi.example.vn/thoi-su"]),
    SourceContext.of("tinnhanh", "vnexpress", ["https://tinnhanh.example.net/thoi-su"]),
)
SOURCE_OF = {source.layout: source.id for source in (*SOURCES, *FAMILIES)}
URL_OF = {"hanoi-liferay": ARTICLE, "img-editor": PRESS_ARTICLE, "generic": f"{SCHOOL}/tin-tuc/khai-giang"}


def installed(layouts: Layouts) -> Cleaner:
    """The installed cleaner for made-up sources, one a layout."""
    return Cleaner(layouts, (*SOURCES, *FAMILIES))


def liferay(
    body: str,
    *,
    title: str = "Quận ủy Sông Nhuệ sơ kết công tác quý một",
    date: str = "20/05/2025 | 9:30 AM",
    lead: str = "",
    after: str = "",
) -> str:
    """An article page of the city's portal platform, without its menus."""
    sapo = f'<div class="sapo-wrapper clearfix"><p class="sapo"><strong>{lead}</strong></p></div>' if lead else ""
    return (
        f'<!DOCTYPE html><html lang="vi-VN"><head><meta charset="utf-8"><title>{title} - Sông Nhuệ</title></head>'
        f'<body><div class="dd_chuyenmuc"><span class="tintuc"><p>Hoạt động Đảng</p></span></div>'
        f'<div class="portlet-body"><div><div class="asset-full-content-title">{title}</div>'
        f'<div class="assetPublishDate block_timer">{date}</div><div class="asset-full-content">'
        f'<div class="asset-content">{sapo}<div class="journal-content-article">{body}</div></div></div>'
        f"{after}</div></div></body></html>"
    )


def press(
    body: str, *, title: str = "Con ngõ không rác", date: str = "Thứ tư, 28/05/2025 - 07:40", lead: str = ""
) -> str:
    """An article page of the press CMS."""
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{title}</title></head><body><article>'
        f'<h1 class="post-title">{title}</h1><span class="post-subinfo">{date}</span>'
        f'<div class="post-summary"><h2>{lead}</h2></div><div class="post-content">{body}</div></article></body></html>'
    )


def page_of(
    cleaner: Cleaner,
    text: str | bytes,
    *,
    url: str = ARTICLE,
    source: str = "songnhue",
    at: datetime = NOON,
    **said: object,
) -> Page:
    """What `read_page` makes of this text."""
    payload = text if isinstance(text, bytes) else text.encode()
    values: dict[str, object] = {"status": 200, "content_type": HTML, **said}
    return read_page(Response(source, url, at, payload=payload, **values), cleaner)  # type: ignore[arg-type]


def reading_of(cleaner: Cleaner, text: str | bytes, layout: str = "hanoi-liferay", at: datetime = NOON) -> Reading:
    """The reading of an article page of this layout."""
    page = page_of(cleaner, text, url=URL_OF[layout], source=SOURCE_OF[layout], at=at)
    assert page.reading is not None, (page.outcome, page.reason)
    return page.reading


def cleaned(tree: _Element, layouts: Layouts, layout_id: str, base: str = "") -> Reading:
    """The reading of a page's tree under a layout and all its rules, whatever source and day."""
    layout = layouts[layout_id]
    rules, words = Rules(layouts.noise(layout)), layouts.words(layout)
    return scrub(extract(tree, layout, rules, base), layout, words, rules, "input", "cleaner")


def body_of(reading: Reading) -> tuple[str, ...]:
    """The paragraphs of a reading; none where it has no content."""
    return reading.content.paragraphs if reading.content is not None else ()


def words_of(reading: Reading) -> list[str]:
    """All that a reading takes for the text: others do not tell lead, body, byline and captions apart."""
    lead = reading.content.lead if reading.content is not None else None
    return [*filter(None, (lead, reading.byline)), *body_of(reading), *reading.captions]


def account(reading: Reading) -> Counter[str]:
    """Every line that a reading holds, in whatever field: what promise 5 adds up."""
    lines: Counter[str] = Counter(
        (*body_of(reading), *reading.captions, *(removed.text for removed in reading.removed))
    )
    content = reading.content
    for field in (content and content.lead, reading.byline):
        lines.update((field or "").split("\n"))
    lines.update(line for line in (content and content.title, reading.published_evidence) if line)
    del lines[""]
    return lines


def tree_of(text: str) -> _Element:
    """The page as cleaning gets it."""
    tree = parse(text)
    assert tree is not None
    return tree
