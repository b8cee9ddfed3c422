"""What pages say of themselves that show no article: gone, barred, out of order; and bytes that are no page."""

import gzip
import random
import re

import pytest

from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from tests.builders import ARTICLE, HTML, PORTAL, SCHOOL, body_of, installed, liferay, page_of

LONG = "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường mới trước ngày 30/6 theo đúng kế hoạch."
LIST = f"{PORTAL}/hoat-ong-ang"
ENTRY = '<div class="asset-abstract"><h3 class="asset-title"><a href="{}">Tin</a></h3></div>'


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return installed(Layouts.load())


@pytest.mark.parametrize(
    "words",
    [
        "Nội dung không tồn tại",
        "Nội dung không tồn tại hoặc đã bị xóa",
        "Rất tiếc, nội dung này không còn tồn tại trên hệ thống.",
        "Bài viết không tồn tại",
        "Bài viết đã bị xoá.",
        "Trang không tồn tại",
        "Trang này không tồn tại",
        "Xin lỗi, trang bạn đang tìm kiếm không tồn tại hoặc đã bị xóa. Vui lòng quay về trang chủ.",
        "Đường dẫn bạn vừa mở hiện không tồn tại.",
        "Không tìm thấy trang",
        "404 - Không tìm thấy bài viết",
        "Rất tiếc, chúng tôi không tìm thấy nội dung quý vị cần.",
        "The requested resource was not found.",
        "The requested URL /tin/7.html was not found on this server.",
        "404 Not Found",
        "Sorry, the page you are looking for could not be found.",
    ],
)
def test_a_page_that_says_that_nothing_is_there_is_soft_gone(words: str, cleaner: Cleaner) -> None:
    page = page_of(cleaner, f"<html><body><nav>Trang chủ</nav><p>{words}</p></body></html>")
    assert (page.outcome, page.reading) == ("soft-gone", None)
    assert page.reason is not None
    assert page.reason.startswith("page says ")


CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><noscript><span>Enable JavaScript and cookies to continue"
    f"</span></noscript><script>{'window._cf_chl_opt = { cvId: 3 }; ' * 200}</script></body></html>"
)


@pytest.mark.parametrize(
    "words",
    [
        "Checking your browser before accessing",
        "Checking if the site connection is secure",
        "Sorry, you have been blocked",
        "Access Denied",
        "The requested URL was rejected. Please consult with your administrator. Your support ID is: 143969293178",
        "Your request has been blocked.",
        "Our systems have detected unusual traffic from your computer network.",
        "Verify you are human by completing the action below.",
        "Please complete the CAPTCHA below to continue.",
        "Vui lòng nhập mã captcha để tiếp tục",
        "Truy cập bị từ chối",
        "Truy cập của bạn đã bị chặn",
        "Yêu cầu của bạn đã bị chặn",
        "Địa chỉ IP của bạn đã bị tạm thời khóa do gửi quá nhiều yêu cầu.",
        "Xác minh bạn không phải là người máy",
    ],
)
def test_a_page_that_bars_the_way_is_blocked(words: str, cleaner: Cleaner) -> None:
    page = page_of(cleaner, f"<html><body><h1>{words}</h1></body></html>")
    assert (page.outcome, page.reading) == ("blocked", None)


@pytest.mark.parametrize(
    "text",
    [
        CHALLENGE,
        CHALLENGE.replace("Just a moment...", "Một chút thôi..."),
        "<html><head><title>Attention Required! | Cloudflare</title></head><body>Please enable cookies.</body></html>",
        "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.<br>1</body></html>",
    ],
)
@pytest.mark.parametrize(
    ("url", "source"), [(ARTICLE, "songnhue"), (f"{SCHOOL}/tin-tuc/a", "langha"), (LIST, "songnhue")]
)
def test_a_challenge_is_known_by_its_title_and_by_what_it_says_without_scripts(
    text: str, url: str, source: str, cleaner: Cleaner
) -> None:
    page = page_of(cleaner, text, url=url, source=source)
    assert (page.outcome, page.reading, page.links) == ("blocked", None, ())


@pytest.mark.parametrize(
    "words",
    [
        "Hệ thống đang bảo trì. Vui lòng quay lại sau.",
        "Hệ thống đang được nâng cấp",
        "Xin lỗi, cổng thông tin điện tử hiện đang nâng cấp, bài viết không tồn tại trong thời gian này.",
        "Website tạm ngừng hoạt động",
        "Đang bảo trì hệ thống...",
        "The site is currently down for scheduled maintenance.",
        "Under maintenance",
        "Service Temporarily Unavailable",
    ],
)
def test_a_site_that_rests_is_a_failure_and_never_gone(words: str, cleaner: Cleaner) -> None:
    for url, source in ((ARTICLE, "songnhue"), (f"{SCHOOL}/tin-tuc/a", "langha")):
        page = page_of(cleaner, f"<html><body><h2>{words}</h2></body></html>", url=url, source=source)
        assert (page.outcome, page.reading) == ("failed", None)
        assert (page.reason or "").startswith("page says ")


@pytest.mark.parametrize(
    ("status", "text", "outcome", "reason"),
    [
        (503, CHALLENGE, "failed", "status 503, page says 'Just a moment'"),
        (403, CHALLENGE, "blocked", "status 403, page says 'Just a moment'"),
        (403, "<h1>Truy cập bị từ chối</h1>", "blocked", "status 403, page says 'Truy cập bị từ chối'"),
        (503, "<p>Hệ thống đang bảo trì</p>", "failed", "status 503, page says 'Hệ thống đang bảo trì'"),
        (500, "<p>Lỗi máy chủ</p>", "failed", "status 500"),
        (503, "", "failed", "status 503"),
        (404, CHALLENGE, "gone", "status 404"),
    ],
)
def test_the_status_says_how_an_attempt_ended_and_the_page_why(
    status: int, text: str, outcome: str, reason: str, cleaner: Cleaner
) -> None:
    page = page_of(cleaner, text, status=status)
    assert (page.outcome, page.reason) == (outcome, reason)


QUOTES = [
    "Nội dung không tồn tại",
    "Bài viết đã bị gỡ",
    "Access denied",
    "Hệ thống đang bảo trì",
    "Không tìm thấy trang",
]


@pytest.mark.parametrize("words", QUOTES)
def test_an_article_that_quotes_such_words_is_what_it_seems(words: str, cleaner: Cleaner) -> None:
    page = page_of(cleaner, liferay(f"<p>Trang cũ chỉ còn dòng chữ “{words}”.</p>", title=f"“{words}”"))
    assert page.outcome == "ok"
    assert page.reading is not None
    assert body_of(page.reading) == (f"Trang cũ chỉ còn dòng chữ “{words}”.",)


@pytest.mark.parametrize("words", QUOTES)
def test_a_paragraph_that_quotes_such_words_makes_no_page_of_an_unknown_site_soft_gone(
    words: str, cleaner: Cleaner
) -> None:
    """There are no marks to go by; what a page says of itself stands in a short line."""
    text = (
        f"<h1>Trang cũ của trường</h1><p>{LONG} Ai mở trang cũ chỉ thấy dòng chữ “{words}” và một tấm ảnh lớp học.</p>"
    )
    page = page_of(cleaner, f"<html><body>{text}<p>{LONG}</p></body></html>", url=f"{SCHOOL}/a", source="langha")
    assert page.outcome == "ok"
    assert page.reading is not None
    assert any(words in line for line in body_of(page.reading))


@pytest.mark.parametrize(("url", "source"), [(ARTICLE, "songnhue"), (f"{SCHOOL}/tin-tuc/a", "langha")])
@pytest.mark.parametrize("words", QUOTES)
def test_a_long_page_without_marks_is_not_soft_gone(words: str, url: str, source: str, cleaner: Cleaner) -> None:
    text = f"<html><body><p>{words}</p>{f'<p>{LONG}</p>' * 30}</body></html>"
    assert page_of(cleaner, text, url=url, source=source).outcome == "ok"


@pytest.mark.parametrize("words", QUOTES)
def test_the_headline_of_another_article_says_nothing_of_the_page(words: str, cleaner: Cleaner) -> None:
    beside = f'<aside><h4><a href="/tin-tuc/b">{words}</a></h4></aside>'
    text = f"<html><body><h1>Khai giảng</h1><p>{LONG}</p><p>{LONG}</p>{beside}</body></html>"
    page = page_of(cleaner, text, url=f"{SCHOOL}/tin-tuc/a", source="langha")
    assert page.outcome == "ok"
    assert page.reading is not None


@pytest.mark.parametrize("words", QUOTES)
def test_a_list_that_leads_to_articles_is_what_it_seems(words: str, cleaner: Cleaner) -> None:
    entry = ENTRY.format("/hoat-ong-ang/-/view_content/7-a.html") + f"<p>{words}</p>"
    page = page_of(cleaner, f"<html><body>{entry}</body></html>", url=LIST)
    assert (page.outcome, [link.article_key for link in page.links]) == ("ok", ["songnhue:7"])
    without = page_of(cleaner, f"<html><body><p>{words}</p></body></html>", url=LIST)
    assert without.outcome != "ok"


WHOLE = liferay(f"<p>{LONG}</p>" * 40).encode()
GARBAGE = {
    "bytes that were changed": bytes((byte * 37 + 11) % 256 for byte in WHOLE[:5000]),
    "bytes at random": random.Random(7).randbytes(5000),
    "bytes still compressed": gzip.compress(random.Random(8).randbytes(3000), mtime=0),
    "a page that breaks off into others": WHOLE[:2000] + random.Random(9).randbytes(3000),
}


@pytest.mark.parametrize("content_type", [HTML, "text/html", "text/html; charset=windows-1258", None])
@pytest.mark.parametrize("name", GARBAGE)
def test_bytes_that_are_no_text_are_a_failure_that_says_so(
    name: str, content_type: str | None, cleaner: Cleaner
) -> None:
    for url, source in ((ARTICLE, "songnhue"), (f"{SCHOOL}/tin-tuc/a", "langha"), (LIST, "songnhue")):
        page = page_of(cleaner, GARBAGE[name], url=url, source=source, content_type=content_type)
        assert (page.outcome, page.reading, page.links) == ("failed", None, ())
        assert re.fullmatch(r"no text: \d+% control characters", page.reason or "")


def test_a_stray_control_character_or_a_wrong_charset_is_no_garbage(cleaner: Cleaner) -> None:
    stray = liferay(f"<p>{LONG}\x0b\x1f</p>")
    mislabelled = liferay(
        "<p>Đa\u0323i hô\u0323i chi bô\u0323 phô\u0301</p>".replace("ô\u0301", "ố")[:200], title="Tin"
    )
    assert page_of(cleaner, stray).outcome == "ok"
    assert page_of(cleaner, mislabelled.encode("cp1258", "ignore"), content_type=HTML).outcome == "ok"
