"""What stays text in an older plain text: every line that only looks like a caption, a byline, a title or a date."""

import pytest

from archive.records import Reading
from pipelines.layouts import Layouts
from pipelines.noise import Rules
from pipelines.text import read_text
from tests.builders import body_of

FIRST = (
    "Sáng thứ Bảy, Đảng ủy phường Hạ Kiều mở cuộc gặp mặt các tổ trưởng dân phố để bàn cách giữ con ngõ ven sông luôn "
    "sạch, không còn chậu hoa vỡ và xe hỏng chắn lối đi của trẻ nhỏ."
)
SECOND = (
    "Kết thúc buổi gặp, mười hai tổ dân phố nhận đăng ký mỗi tháng một buổi dọn ngõ, ghi tên người làm vào sổ chung và "
    "mời các cháu học sinh vẽ lại bức tường dài chạy dọc bờ kè phía đông."
)


def read(layouts: Layouts, *lines: str) -> Reading:
    layout = layouts["plain-text"]
    return read_text("\n\n".join(lines), layout, Rules(layouts.noise(layout)), "input", "cleaner")


def stays(layouts: Layouts, *lines: str) -> Reading:
    reading = read(layouts, *lines)
    assert body_of(reading) == lines
    assert (reading.byline, reading.captions, reading.section, reading.published_at) == (None, (), None, None)
    assert reading.content is not None
    assert (reading.content.title, reading.evidence, reading.removed) == (None, (), ())
    return reading


SURE = [
    "Điều 21. Quyền của tổ trưởng dân phố",
    "Điều 21.",
    "Chương II",
    "Phần thứ nhất",
    "Mục 3. Kinh phí",
    "1. Kết quả đạt được",
    "2.1. Về tư tưởng",
    "3) Tổ chức thực hiện",
    "a) Công tác tuyên truyền",
    "II. PHƯƠNG HƯỚNG, NHIỆM VỤ",
    "IV - Tổ chức thực hiện",
    "- Dọn ngõ vào sáng Chủ nhật",
    "+ Sơn lại bức tường phía đông",
    "• Mỗi nhà một chậu hoa",
    "NHỮNG VIỆC CẦN LÀM NGAY",
    "“Ngõ ta, ta giữ”",
    '"Làm việc nào gọn việc ấy"',
    "Cụ thể như sau:",
    "Vì sao ngõ sạch lại bền?",
    "Ngõ sạch thì lòng vui!",
    "Mọi việc bắt đầu từ cái chổi…",
    "Ai cũng vui.",
    "Một số hình ảnh tại buổi gặp",
    "2021",
]
UNSURE = [
    "Giữ ngõ như giữ nhà",
    "Các đại biểu tham dự Hội nghị",
    "Phó Bí thư Quận ủy Đỗ Thị Lành trao cờ cho khu dân cư số 4",
    "Toàn cảnh kinh tế phường sáu tháng đầu năm",
    "Toàn cảnh kinh tế quý một đã có bước chuyển biến.",
    "Toàn cảnh bức tranh giáo dục vùng bãi",
    "Đồng chí Đỗ Thị Lành - Bí thư Đảng ủy phường nhắc lại lời hứa ấy.",
    "Ảnh hưởng của dịch bệnh đến đời sống ngõ phố",
    "Hình thức thi và cách chấm điểm",
    "Bài học từ con ngõ nhỏ",
    "Tin ở sức dân",
    "Theo chân người gác chắn",
    "Hà Nội, ngày 5 tháng 1 năm 2021",
    "Đỗ Thị Lành",
    "BAN đầu chỉ có ba nhà",
]
SENTENCES = [
    "Toàn cảnh kinh tế của phường trong sáu tháng đầu năm, nhìn từ những con số thu ngân sách và từ số hộ mở thêm cửa "
    "hàng ven sông, đã có bước chuyển biến.",
    "Toàn cảnh buổi gặp được ghi lại bằng máy quay của một em học sinh lớp Chín, và đoạn phim ấy sau này được chiếu "
    "trong tất cả các nhà văn hóa của phường.",
    "Ảnh hưởng của trận mưa đêm trước làm buổi gặp bắt đầu muộn nửa giờ.",
    "Đồng chí Đỗ Thị Lành - Bí thư Đảng ủy phường mở đầu bằng câu chuyện của chính ngõ nhà mình, nơi suốt hai mươi năm "
    "qua chưa ai phải nhắc ai về chuyện đổ rác, và mời mọi người kể tiếp.",
    "Đ/c Đỗ Thị Lành, Bí thư Đảng ủy phường cho biết: việc khó nhất là giữ được thói quen qua mùa mưa.",
    "Ngày 05/01/2021, phường phát động đợt dọn ngõ đầu năm.",
    "Theo Ban Quản lý chợ, lượng rác đã giảm một nửa.",
    "Hội nghị nghe báo cáo viên nói về nút bấm left center right del trên trang tin cũ.",
]


@pytest.mark.parametrize("line", [*SURE, *SENTENCES])
def test_a_line_between_paragraphs_without_evidence_is_text(line: str, layouts: Layouts) -> None:
    doubts = [warning for warning in stays(layouts, FIRST, line, SECOND).warnings if warning.startswith("unsure")]
    assert doubts == ([] if not line.startswith("Đ/c") else ["unsure-caption:3"])


@pytest.mark.parametrize("line", UNSURE)
def test_a_line_that_may_be_a_caption_is_text_and_is_pointed_at(line: str, layouts: Layouts) -> None:
    assert stays(layouts, FIRST, line, SECOND).warnings == ("no-title", "no-date", "unsure-caption:3")


@pytest.mark.parametrize("line", ["Ngày đăng 05/01/2021 | 15:59", "05/01/2021 | 15:59", "05/01/2021"])
def test_a_date_line_below_a_paragraph_is_text(line: str, layouts: Layouts) -> None:
    reading = stays(layouts, FIRST + " " + SECOND, line, SECOND)
    assert ("unsure-date:3" in reading.warnings) is line.startswith("Ngày đăng")


@pytest.mark.parametrize(
    "lines",
    [
        ("05/01/2021 | 15:59", FIRST),
        ("05/01/2021", FIRST),
        ("Sáng nay phường Hạ Kiều họp.", "05/01/2021", SECOND),
        ("1. Lịch họp", "05/01/2021", SECOND),
        ("Kính gửi các chi bộ:", "05/01/2021", SECOND),
        ("Lịch họp", "Ngày 05/01/2021", SECOND),
        ("Lịch họp", "Hà Nội, ngày 5 tháng 1 năm 2021", SECOND),
        ("Lịch họp", "31/02/2021", SECOND),
        ("Lịch họp", "Quý I/2021", SECOND),
        ("Lịch họp", "Họp ngày 05/01/2021 | 15:59 tại nhà văn hóa", SECOND),
        ("Một", "Hai", "Ba", "Bốn", "Năm", "Ngày đăng 05/01/2021", SECOND),
        ("CÔNG TÁC ĐẢNG", "Phường Hạ Kiều giữ ngõ ven sông", FIRST, SECOND),
    ],
)
def test_without_a_date_line_in_the_head_nothing_is_a_title(lines: tuple[str, ...], layouts: Layouts) -> None:
    stays(layouts, *lines)


@pytest.mark.parametrize(
    "line",
    [
        "Đảng Cộng sản Việt Nam quang vinh muôn năm!",
        "ĐẢNG BỘ PHƯỜNG HẠ KIỀU QUYẾT TÂM GIỮ NGÕ SẠCH",
        "Chi bộ trong sạch, vững mạnh",
        "Đoàn Kết - Dân Chủ - Kỷ Cương",
        "Vì một Hạ Kiều xanh",
        "Cả phường cùng vui.",
        "Hết./.",
        "Hà Nội, ngày 5 tháng 1 năm 2021",
        "Hà Nội",
        "Việt Nam",
        "Kết luận",
        "Trân trọng cảm ơn",
        "Theo Kế hoạch số 21-KH/QU",
        "Nguồn: ngân sách phường",
        "Bài học rút ra: giữ lời",
        "(Xem tiếp kỳ sau)",
        "ĐT: 024.3333.4444",
        "- Nguyễn Thị Hoa",
        "2. Trần Văn Bình",
    ],
)
def test_a_last_line_that_names_no_writer_is_text(line: str, layouts: Layouts) -> None:
    assert not [w for w in stays(layouts, FIRST, SECOND, line).warnings if w.startswith("unsure-byline")]


@pytest.mark.parametrize(
    "block",
    [
        ("TM. BAN THƯỜNG VỤ", "PHÓ BÍ THƯ", "Trần Thị Minh Hòa"),
        ("T/M BAN CHẤP HÀNH", "BÍ THƯ", "(Đã ký)", "Lê Quang Vinh"),
        ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH", "Nguyễn Văn An"),
        ("TRƯỞNG BAN", "Vũ Thị Hạnh"),
        ("Hiệu trưởng", "Đã ký", "Hoàng Mạnh Cường"),
        ("Nơi nhận:", "- Như trên;", "- Lưu Văn phòng.", "Hoàng Mạnh Cường"),
        ("TM. ĐẢNG ỦY PHƯỜNG", "Hoàng Mạnh Cường"),
    ],
)
def test_the_signature_of_a_document_is_text(block: tuple[str, ...], layouts: Layouts) -> None:
    assert stays(layouts, FIRST, SECOND, *block).warnings == ("no-title", "no-date")


@pytest.mark.parametrize(
    "block",
    [
        ("Danh sách được khen:", "Nguyễn Thị Hoa"),
        ("Nguyễn Thị Hoa", "Trần Văn Bình"),
        ("Nguyễn Thị Hoa", "Trần Văn Bình", "BAN TUYÊN GIÁO QUẬN ỦY"),
        ("3", "Trần Văn Bình"),
        ("Trong đầm gì đẹp bằng sen", "Khuyết Danh"),
        ("Đơn vị đạt giải:", "Trường Mầm non Hoa Sen"),
    ],
)
def test_names_that_may_be_a_list_are_text_and_are_pointed_at(block: tuple[str, ...], layouts: Layouts) -> None:
    assert [w for w in stays(layouts, FIRST, SECOND, *block).warnings if w.startswith("unsure-byline")]


@pytest.mark.parametrize(
    "items",
    [
        ("Đ/c Vũ An - Bí thư", "Đ/c Lê Na - Phó Bí thư", "Đ/c Tạ Hải - Ủy viên"),
        ("Đ/c Vũ An - Bí thư;", "Đ/c Lê Na - Phó Bí thư;", "Đ/c Tạ Hải - Ủy viên."),
        ("Đồng chí Vũ An, Trưởng ban",),
    ],
)
def test_a_list_of_comrades_is_text(items: tuple[str, ...], layouts: Layouts) -> None:
    stays(layouts, FIRST, "Dự buổi gặp có:", *items, SECOND)


@pytest.mark.parametrize("line", ["Thu Hà", "BAN TUYÊN GIÁO QUẬN ỦY", FIRST, "Họp chi bộ"])
def test_a_text_of_one_line_is_text(line: str, layouts: Layouts) -> None:
    stays(layouts, line)
