"""Who wrote it: what stands alone at the very end, and what only looks like a name."""

import time

import pytest

from archive.records import Reading
from pipelines.layouts import Layouts
from tests.builders import body_of, installed, liferay, press, reading_of

LONG = "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường mới trước ngày 30/6 theo đúng kế hoạch."
MORE = "Nơi nào còn vướng mắc thì gửi văn bản về Văn phòng Quận ủy để được giải đáp trước ngày họp."
RIGHT = '<p align="right"><strong>{}</strong></p>'
STYLED = '<p style="text-align: right;"><em>{}</em></p>'
ACCOUNT = '<p align="right" class="view-content-author"><strong><em>{}</em></strong></p>'


def read(layouts: Layouts, *lines: str, body: str = f"<p>{LONG}</p>") -> Reading:
    return reading_of(installed(layouts), liferay(body + "".join(lines)))


@pytest.mark.parametrize(
    "name",
    [
        "Thu Trang",
        "Minh Hà - Quốc Bảo",
        "(Theo Cổng thông tin điện tử Thành phố)",
        "BAN TUYÊN GIÁO QUẬN ỦY",
        "Ủy ban Kiểm tra Quận ủy",
        "Bài và ảnh: MINH QUANG",
        "Nguyễn Thị Hải Yến (Phòng Văn hóa và Thông tin)",
    ],
)
@pytest.mark.parametrize("form", [RIGHT, STYLED], ids=["align", "style"])
def test_a_right_aligned_last_line_is_the_byline(form: str, name: str, layouts: Layouts) -> None:
    reading = read(layouts, form.format(name))
    assert (reading.byline, body_of(reading)) == (name, (LONG,))


def test_two_last_lines_are_a_byline_of_two_lines(layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format("(Theo hanoi.example.vn)"), RIGHT.format("Thu Trang"))
    assert (reading.byline, body_of(reading)) == ("(Theo hanoi.example.vn)\nThu Trang", (LONG,))


SAID = [
    "Bài và ảnh: MINH QUANG",
    "Tin, ảnh: Hồng Nhung",
    "Tin - Ảnh: Thu Trang, Quốc Bảo",
    "(tổng hợp)",
    "Quốc Bảo (tổng hợp)",
    "(Theo Cổng thông tin điện tử Thành phố)",
    "Theo TTXVN",
    "Nguồn: hanoi.example.vn",
]
STANDING = ["BAN TUYÊN GIÁO QUẬN ỦY", "Ủy ban Kiểm tra Quận ủy", "Thu Trang", "Nguyễn Thị Hải Yến", "Nhóm PV", "H.T"]


@pytest.mark.parametrize("name", [*SAID, *STANDING])
@pytest.mark.parametrize(
    "form", ["<p>{}</p>", "<p><strong>{}</strong></p>", "<div>&nbsp;&nbsp;&nbsp;{}</div>", "<br>{}"]
)
def test_a_last_line_whose_words_name_the_writer_is_the_byline_wherever_it_is_aligned(
    form: str, name: str, layouts: Layouts
) -> None:
    reading = read(layouts, form.format(name))
    assert (reading.byline, body_of(reading), reading.warnings) == (name, (LONG,), ())


@pytest.mark.parametrize("name", SAID)
def test_on_a_page_of_no_known_layout_the_line_must_say_so_itself(name: str, layouts: Layouts) -> None:
    page = "<html><body><h1>Lễ khai giảng</h1><p>{}</p><p>{}</p>{}</body></html>"
    reading = reading_of(installed(layouts), page.format(LONG, MORE, f"<p>{name}</p>"), "generic")
    assert (reading.byline, body_of(reading)) == (name, (LONG, MORE))
    for standing in STANDING:
        reading = reading_of(installed(layouts), page.format(LONG, MORE, f"<p>{standing}</p>"), "generic")
        assert (reading.byline, body_of(reading)) == (None, (LONG, MORE, standing))
        reading = reading_of(installed(layouts), page.format(LONG, MORE, RIGHT.format(standing)), "generic")
        assert (reading.byline, body_of(reading)) == (standing, (LONG, MORE))


def test_a_source_and_a_writer_are_a_byline_of_two_lines(layouts: Layouts) -> None:
    for form in ("<p>{}</p>", RIGHT):
        reading = read(layouts, "<p>(Theo hanoi.example.vn)</p>", form.format("Thu Trang"))
        assert (reading.byline, body_of(reading)) == ("(Theo hanoi.example.vn)\nThu Trang", (LONG,))


def test_names_in_a_list_are_text_and_doubted(layouts: Layouts) -> None:
    items = ("Nguyễn Thị Hải Yến", "Trần Quốc Bảo", "Lê Thu Trang")
    reading = read(layouts, "<p>Ban kiểm phiếu gồm:</p><ul>", *(f"<li>{item}</li>" for item in items), "</ul>")
    assert (reading.byline, body_of(reading)) == (None, (LONG, "Ban kiểm phiếu gồm:", *items))
    assert reading.warnings == ("unsure-byline",)
    reading = read(layouts, "<p>Tổ trưởng tổ bầu cử:</p><p>Trần Quốc Bảo</p>")
    assert (reading.byline, reading.warnings) == (None, ("unsure-byline",))


def test_the_writer_below_such_a_list_is_the_byline_alone(layouts: Layouts) -> None:
    reading = read(layouts, "<p>Ban kiểm phiếu gồm:</p><p>Trần Quốc Bảo</p><p>Lê Na</p>", RIGHT.format("Thu Trang"))
    assert (reading.byline, body_of(reading)[-1], reading.warnings) == ("Thu Trang", "Lê Na", ())


def test_offices_above_the_end_of_a_document_do_not_sign_what_stands_below(layouts: Layouts) -> None:
    duty = "<table><tr><td>Tháng 12</td><td>Đặng Vũ Tuấn</td><td>Phó Giám đốc</td></tr></table>"
    reading = read(layouts, duty, "<p>Quyết định số 27/QĐ-VP xem tại đây./.</p>", RIGHT.format("Hồng Nhung"))
    assert reading.byline == "Hồng Nhung"
    unsigned = read(layouts, duty, RIGHT.format("Hồng Nhung"))
    assert unsigned.byline is None


@pytest.mark.parametrize(
    "line",
    [
        "Sông Nhuệ, ngày 12 tháng 3 năm 2020",
        "Hà Nội, ngày 5/6/2019",
        "(Còn nữa)",
        "Kỳ sau: Lời hứa",
        "(Ảnh: Thu Trang)",
    ],
)
def test_dates_and_what_comes_next_are_no_writers(line: str, layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format(line))
    assert (reading.byline, body_of(reading)) == (None, (LONG, line))


@pytest.mark.parametrize("account", ["admin admin", "Pho Ban bien tap", "Phạm Thúy Nga"])
def test_the_account_that_pressed_the_button_is_no_byline(account: str, layouts: Layouts) -> None:
    alone = read(layouts, ACCOUNT.format(account))
    below = read(layouts, RIGHT.format("Thu Trang"), ACCOUNT.format(account))
    assert (alone.byline, below.byline) == (None, "Thu Trang")
    assert body_of(alone) == body_of(below) == (LONG,)
    assert [removed.text for removed in alone.removed] == [account]


@pytest.mark.parametrize(
    "block",
    [
        ("TM. BAN THƯỜNG VỤ", "PHÓ BÍ THƯ", "Trần Thị Minh Hòa"),
        ("T/M BAN CHẤP HÀNH", "BÍ THƯ", "(Đã ký)", "Lê Quang Vinh"),
        ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Nguyễn Văn An"),
        ("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG", "Đỗ Hữu Lộc"),
        ("TRƯỞNG BAN", "Vũ Thị Hạnh"),
        ("Chủ tịch", "Hoàng Mạnh Cường"),
        ("(Đã ký)", "Hoàng Mạnh Cường"),
        ("K/T TRƯỞNG BAN", "Vũ Thị Hạnh"),
    ],
)
@pytest.mark.parametrize("form", [RIGHT, "<p>{}</p>"], ids=["right", "left"])
def test_a_signature_is_part_of_the_document(form: str, block: tuple[str, ...], layouts: Layouts) -> None:
    reading = read(layouts, *(form.format(line) for line in block))
    assert reading.byline is None
    assert body_of(reading) == (LONG, *block)


def test_a_title_in_the_text_and_a_name_on_the_right_are_a_signature_too(layouts: Layouts) -> None:
    reading = read(layouts, "<p>TM. BAN THƯỜNG VỤ</p><p>BÍ THƯ</p>", RIGHT.format("Lê Quang Vinh"))
    assert reading.byline is None
    assert body_of(reading) == (LONG, "TM. BAN THƯỜNG VỤ", "BÍ THƯ", "Lê Quang Vinh")


@pytest.mark.parametrize(
    "opening",
    [
        "Bí thư Quận ủy Trần Thị Bình đề nghị các chi bộ khẩn trương hoàn thành việc rà soát hồ sơ trước ngày 30/6.",
        "Giám đốc Sở yêu cầu các phòng chuyên môn phối hợp chặt chẽ với phường trong suốt thời gian chuyển tiếp.",
        "Tại hội nghị, T.S Phạm Văn Tùng trình bày chuyên đề; KT. viên Lê Na hướng dẫn thực hành trên máy tính bảng.",
    ],
)
def test_a_paragraph_that_names_an_office_is_no_signature(opening: str, layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format("Thu Trang"), body=f"<p>{LONG}</p><p>{opening}</p>")
    assert reading.byline == "Thu Trang"
    assert body_of(reading) == (LONG, opening)


def test_an_office_in_a_table_above_the_last_sentence_is_no_signature(layouts: Layouts) -> None:
    table = "<table><tr><td>Tháng 12</td><td>Lê Quang Vinh</td><td>Phó Giám đốc Sở</td></tr></table>"
    last = "Lịch tiếp công dân cả năm xem tại trụ sở Quận ủy./."
    reading = read(layouts, RIGHT.format("Thu Trang"), body=f"<p>{LONG}</p>{table}<p>{last}</p>")
    assert (reading.byline, body_of(reading)[-1]) == ("Thu Trang", last)


@pytest.mark.parametrize(
    "line",
    [
        "“Chín bỏ làm mười, xóm giềng tối lửa tắt đèn có nhau, giận nhau nửa buổi rồi lại sang xin nắm lá chè xanh”",
        "Hết./.",
        "Kế hoạch được thực hiện từ ngày ký.//.",
        "Các đồng chí nhớ mang theo:",
        "Bao giờ cho đến tháng Ba?",
        "Mọi thông tin xin liên hệ Văn phòng Quận ủy, số 1 phố Cầu Dâu, trong giờ.",
    ],
)
def test_a_right_aligned_sentence_is_text(line: str, layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format(line))
    assert (reading.byline, body_of(reading)) == (None, (LONG, line))


def test_a_right_aligned_line_in_the_middle_is_text(layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format("Ca dao"), f"<p>{LONG}</p>", RIGHT.format("Thu Trang"))
    assert (reading.byline, body_of(reading)) == ("Thu Trang", (LONG, "Ca dao", LONG))


def test_a_right_aligned_sentence_before_the_name_stays_text(layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format("Hết./."), RIGHT.format("Thu Trang"))
    assert (reading.byline, body_of(reading)) == ("Thu Trang", (LONG, "Hết./."))


def test_a_text_that_is_right_aligned_whole_has_no_byline(layouts: Layouts) -> None:
    reading = read(layouts, RIGHT.format("Thông báo nghỉ lễ"), RIGHT.format("Ban biên tập"), body="")
    assert (reading.byline, body_of(reading)) == (None, ("Thông báo nghỉ lễ", "Ban biên tập"))


def test_a_caption_after_the_name_does_not_hide_it(layouts: Layouts) -> None:
    picture = '<table class="imgEditor"><tr class="alt_imgEditor"><td><em>Quang cảnh hội nghị.</em></td></tr></table>'
    reading = read(layouts, RIGHT.format("Thu Trang"), picture)
    assert (reading.byline, reading.captions, body_of(reading)) == ("Thu Trang", ("Quang cảnh hội nghị.",), (LONG,))


@pytest.mark.parametrize(
    "writer", ['<p class="tacgia">Vũ Hạnh</p>', '<p><b id="tacgia">Vũ Hạnh</b></p>', STYLED.format("Vũ Hạnh")]
)
def test_the_presss_writers_are_found(writer: str, layouts: Layouts) -> None:
    reading = reading_of(installed(layouts), press(f"<p>{LONG}</p>{writer}"), "img-editor")
    assert (reading.byline, body_of(reading)) == ("Vũ Hạnh", (LONG,))


def test_a_marked_line_of_a_hundred_thousand_letters_is_no_byline_and_takes_no_time(layouts: Layouts) -> None:
    long = "Ban Chấp hành Đảng bộ quận " * 4000
    began = time.process_time()
    reading = read(layouts, f'<p align="right"><strong>{long}</strong></p>')
    assert (reading.byline, time.process_time() - began < 2) == (None, True)
