"""What is suggested: noise of every kind that repeats, before it nothing, and never what news repeats."""

import pytest

from pipelines.layouts import Layouts
from tests.recleans import with_common
from tests.surveys import article, rules_of, suggested, surveyed

WORDS = ("left", "center", "right", "del")
SHARE = '<div class="chia-se"><a href="#">Chia sẻ</a> <a href="#">Facebook</a></div>'
TOOLBAR = "<table><tr><td>{}</td></tr><tr><td><img src='/a.jpg'></td></tr></table>"
MARKUPS = (
    "".join(f"<span>{word}</span>" for word in WORDS),
    "<ul>" + "".join(f"<li><button>{word}</button></li>" for word in WORDS) + "</ul>",
    " ".join(f'<a href="javascript:void(0)">{word}</a>' for word in WORDS),
)


@pytest.fixture(scope="module")
def bare(layouts: Layouts) -> Layouts:
    """The layouts without the common rules."""
    return with_common(layouts, noise=())


def test_texts_in_which_nothing_repeats_suggest_nothing(layouts: Layouts) -> None:
    survey = surveyed(layouts, article, 50)
    assert len(survey.articles) == 50
    assert suggested(survey) == []


def test_a_toolbar_in_three_texts_of_thirty_is_the_first_suggestion_in_whatever_markup(bare: Layouts) -> None:
    survey = surveyed(bare, lambda n: article(n, TOOLBAR.format(MARKUPS[n]) if n < 3 else ""), 30)
    assert rules_of(survey) == ["leftcenterrightdel"]
    assert suggested(survey)[0].rule.squeezed == "leftcenterrightdel"
    assert suggested(survey)[0].proposal.effect.lines == 6


def test_what_an_installed_rule_takes_is_not_suggested(layouts: Layouts) -> None:
    assert rules_of(surveyed(layouts, lambda n: article(n, TOOLBAR.format(MARKUPS[n % 3])), 30)) == []


def test_a_share_box_is_named_by_the_selector_that_finds_all_of_it(layouts: Layouts) -> None:
    assert rules_of(surveyed(layouts, lambda n: article(n, after=f"<div>{SHARE}</div>"))) == ["div.chia-se"]


def test_a_box_of_other_articles_is_known_by_its_links_whatever_they_say(layouts: Layouts) -> None:
    def box(number: int) -> str:
        link = f'<li><a href="/{number}">Phường đón danh hiệu làng {chr(97 + number)}</a></li>'
        return f'<div class="tin-lq"><h4>Tin liên quan</h4><ul>{link}{link}</ul></div>'

    (found,) = suggested(surveyed(layouts, lambda n: article(n, after=box(n) if n % 2 else "")))
    assert found.rule.css == "div.tin-lq"
    assert (found.proposal.effect.texts, found.proposal.effect.lines) == (10, 30)


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("Lượt ghé thăm: {}", r"^Lượt ghé thăm: \d+$"),
        ("{} lượt ghé thăm", r"^\d+ lượt ghé thăm$"),
        ("Ghé thăm (tháng này): {}.000", r"^Ghé thăm \(tháng này\): \d+(?:[.,]\d+)*$"),
    ],
)
def test_a_counter_is_a_line_with_its_numbers_left_open(line: str, expression: str, layouts: Layouts) -> None:
    survey = surveyed(layouts, lambda n: article(n, after=f"<p>{line.format(7 + 13 * n)}</p>"))
    assert rules_of(survey) == [expression]


def test_a_footer_that_reads_like_a_sentence_is_suggested_where_nearly_all_texts_have_it(layouts: Layouts) -> None:
    notice = "<p>Bản quyền thuộc Cổng thông tin; ghi rõ nguồn khi đăng lại.</p>"
    (found,) = suggested(surveyed(layouts, lambda n: article(n, after=notice)))
    assert found.rule.squeezed == "BảnquyềnthuộcCổngthôngtin;ghirõnguồnkhiđănglại."
    assert rules_of(surveyed(layouts, lambda n: article(n, after=notice if n % 2 else ""))) == []


NEWS = {
    "a signature": "<p>TM. BAN THƯỜNG VỤ</p><p>PHÓ BÍ THƯ</p><p>Nguyễn Văn Bưởi</p>",
    "an article of a document": "<p>Điều 1.</p><p>Điều 2.</p>",
    "a heading": "<p><strong>Kết quả nổi bật</strong></p>",
    "a heading in capitals": "<p>KẾT QUẢ NỔI BẬT</p>",
    "a slogan": "<p>1. Đảng Cộng sản Việt Nam quang vinh muôn năm!</p>",
    "a byline": '<p class="but-danh">Lê Thị Sen</p>',
    "a desk": "<p>BAN TUYÊN GIÁO QUẬN ỦY</p>",
    "a dateline": "<p>(HNP) -</p>",
    "where more is": "<p>Chi tiết xem tại văn bản đính kèm./.</p>",
    "a file": '<p><a href="/documents/1/2/ke-hoach.pdf">Toàn văn Kế hoạch</a></p>',
    "a place and a date": "<p>Sông Nhuệ, ngày {day} tháng 3 năm 2025</p>",
    "cells of a table": "<table><tr><td>Khu {letter}</td><td>đạt</td></tr><tr><td>Tổ</td><td>đạt</td></tr></table>",
}


@pytest.mark.parametrize("words", NEWS.values(), ids=NEWS.keys())
@pytest.mark.parametrize("every", [2, 4])
def test_what_news_repeats_is_not_suggested(words: str, every: int, layouts: Layouts) -> None:
    def body(number: int) -> str:
        said = words.format(day=number + 1, letter=chr(97 + number))
        return article(number, middle=said if number % every == 0 else "")

    survey = surveyed(layouts, body, 24)
    assert any(survey.repeated(line) for one in survey.articles for line in one.lines)
    assert rules_of(survey) == []


def test_noise_comes_before_what_news_repeats_where_both_are(bare: Layouts) -> None:
    def body(number: int) -> str:
        words = "".join(NEWS.values()).format(day=number + 1, letter=chr(97 + number))
        return article(number, TOOLBAR.format(MARKUPS[number % 3]) if number % 4 == 0 else "", after=words + SHARE)

    found = rules_of(surveyed(bare, body, 24))
    assert set(found[:2]) == {"div.chia-se", "leftcenterrightdel"}


def test_a_text_that_stands_twice_repeats_no_line(layouts: Layouts) -> None:
    survey = surveyed(layouts, lambda n: article(n // 2, before='<p class="x">Nhắc việc trong tuần</p>' * (n < 2)), 24)
    assert rules_of(survey) == []


@pytest.mark.parametrize("name", ["asset-content", "block_timer"])
def test_a_selector_that_finds_what_the_layout_names_is_never_suggested(name: str, layouts: Layouts) -> None:
    """The share box has a class of what holds the body, or of the date."""
    survey = surveyed(layouts, lambda n: article(n, after=SHARE.replace("chia-se", name)))
    assert rules_of(survey) == ["ChiasẻFacebook"]


def test_a_box_with_sentences_of_the_text_in_it_is_never_suggested(layouts: Layouts) -> None:
    survey = surveyed(layouts, lambda n: f'<div class="khung">{article(n, after=SHARE)}</div>')
    assert rules_of(survey) == ["div.chia-se"]
    opening = '<div class="mo-dau"><p>Tin từ khu {}</p></div>'
    assert rules_of(surveyed(layouts, lambda n: article(n, opening.format(chr(97 + n))))) == []


def test_a_field_with_few_values_is_no_noise(layouts: Layouts) -> None:
    field = '<p class="nguon">nguồn: tổ phóng viên khu {}</p>'
    assert rules_of(surveyed(layouts, lambda n: article(n, middle=field.format("abcd"[n % 4])))) == []


@pytest.mark.parametrize("line", ["Điều 1</p><p>Điều 2", "{}. Việc cần làm", "Sông Nhuệ, ngày {} tháng 3 năm 2025"])
def test_what_counts_and_dates_is_no_counter_even_in_every_text(line: str, layouts: Layouts) -> None:
    assert rules_of(surveyed(layouts, lambda n: article(n, middle=f"<p>{line.format(n + 1)}</p>"))) == []


def test_a_box_that_shows_a_picture_is_known_by_its_words_alone(layouts: Layouts) -> None:
    box = '<div class="anh-chia-se"><img src="/a.jpg"><div><a href="#">Chia sẻ</a></div></div>'
    assert rules_of(surveyed(layouts, lambda n: article(n, after=box))) == ["Chiasẻ"]


def test_a_rule_for_one_source_names_it_and_one_for_two_does_not(layouts: Layouts) -> None:
    survey = surveyed(layouts, lambda n: article(n, after=SHARE))
    (one,) = suggested(survey)
    assert (one.file, one.rule.sources) == ("hanoi-liferay", ("songnhue",))


def test_texts_that_a_rule_would_empty_are_named(layouts: Layouts) -> None:
    (found,) = suggested(surveyed(layouts, lambda n: article(n, after=SHARE) if n else f"{SHARE}<p></p>"))
    assert found.proposal.effect.emptied == ("songnhue:5200000",)


def test_a_campaign_that_lasts_a_month_weighs_less_than_what_stands_all_year(layouts: Layouts) -> None:
    """The months of these articles go by their numbers, modulo twelve."""
    link = '<p><a href="/cuoc-thi">Vào trang cuộc thi</a></p>'
    all_year = surveyed(layouts, lambda n: article(n, after=link if n < 8 else ""), 96)
    assert rules_of(all_year) == ["Vàotrangcuộcthi"]
    one_month = surveyed(layouts, lambda n: article(n, after=link if n % 12 == 3 else ""), 96)
    assert rules_of(one_month) == []


def test_a_line_that_some_reading_has_for_a_byline_is_never_suggested(layouts: Layouts) -> None:
    desk = '<p align="right">nhóm phóng viên</p>'
    signed = surveyed(layouts, lambda n: article(n, middle=desk, after=desk if n == 0 else ""))
    assert (signed.bylines, rules_of(signed)) == ({"nhóm phóng viên"}, [])
    unsigned = surveyed(layouts, lambda n: article(n, middle=desk))
    assert (unsigned.bylines, rules_of(unsigned)) == (set(), ["nhómphóngviên"])


def test_two_texts_are_few_and_what_stands_at_their_ends_may_be_chance(layouts: Layouts) -> None:
    link = '<p><a href="/them">Xem thêm</a></p>'
    assert rules_of(surveyed(layouts, lambda n: article(n, after=link if n < 2 else ""), 30)) == []
    assert rules_of(surveyed(layouts, lambda n: article(n, after=link if n < 6 else ""), 30)) == ["Xemthêm"]
