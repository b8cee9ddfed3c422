"""Publication times: every form the portals write, and no guess."""

import pytest

from pipelines.dates import read_date
from pipelines.layouts import Layouts

LIFERAY, PRESS, GENERIC = "hanoi-liferay", "img-editor", "generic"


@pytest.mark.parametrize(
    ("layout", "line", "at"),
    [
        (LIFERAY, "Ngày đăng 13/05/2016 | 4:53 PM | View count: 1643", "2016-05-13T16:53:00+07:00"),
        (LIFERAY, "08/06/2016 | 10:36 AM", "2016-06-08T10:36:00+07:00"),
        (LIFERAY, "Publish date 05/12/2014 | 9:05 AM | View count: 12", "2014-12-05T09:05:00+07:00"),
        (LIFERAY, "Ngày đăng 25/07/2019 | 2:00 PM", "2019-07-25T14:00:00+07:00"),
        (LIFERAY, "Publish date 17/12/2024 | 15:59 | View Count 87", "2024-12-17T15:59:00+07:00"),
        (LIFERAY, "Ngày đăng 13/05/2016 | 15:59 PM", "2016-05-13T15:59:00+07:00"),
        (LIFERAY, "01/02/2020 | 12:00 PM", "2020-02-01T12:00:00+07:00"),
        (LIFERAY, "01/02/2020 | 12:20 AM", "2020-02-01T00:20:00+07:00"),
        (LIFERAY, "01/02/2020 | 0:20", "2020-02-01T00:20:00+07:00"),
        (LIFERAY, "01/02/2020 | 11:59 pm", "2020-02-01T23:59:00+07:00"),
        (LIFERAY, "01/02/2020 | 7:15 SA", "2020-02-01T07:15:00+07:00"),
        (LIFERAY, "01/02/2020 | 7:15 CH", "2020-02-01T19:15:00+07:00"),
        (LIFERAY, "Ngày đăng 14/01/2025", "2025-01-14"),
        (LIFERAY, "Ngày đăng 29/02/2024", "2024-02-29"),
        (PRESS, "Thứ hai, 22/03/2021 - 09:15", "2021-03-22T09:15:00+07:00"),
        (PRESS, "22/03/2021 09:15 (GMT+7)", "2021-03-22T09:15:00+07:00"),
        (PRESS, "Thứ Hai, 22/3/2021, 15:05 [(GMT +7)]", "2021-03-22T15:05:00+07:00"),
        (PRESS, "09:15, 22/03/2021", "2021-03-22T09:15:00+07:00"),
        (PRESS, "22/03/2021 09:15:30", "2021-03-22T09:15:30+07:00"),
        (PRESS, "3/7/2025 - 2:30 CH", "2025-07-03T14:30:00+07:00"),
        (PRESS, "Chủ nhật, ngày 21/03/2021", "2021-03-21"),
        (GENERIC, "2025-03-14T20:05:00Z", "2025-03-15T03:05:00+07:00"),
        (GENERIC, "2025-03-14T20:05:00.123+09:00", "2025-03-14T18:05:00+07:00"),
        (GENERIC, "2025-03-14 20:05", "2025-03-14T20:05:00+07:00"),
        (GENERIC, "2025-03-14", "2025-03-14"),
        (GENERIC, "Thứ Hai, 05/08/2024 14h30", "2024-08-05T14:30:00+07:00"),
        (GENERIC, "Cập nhật 5-8-2024", "2024-08-05"),
    ],
)
def test_a_date_is_read_as_it_was_meant(layout: str, line: str, at: str, layouts: Layouts) -> None:
    published = read_date(line, layouts[layout].date_patterns)
    assert published is not None
    assert (published.at, published.evidence) == (at, line)
    assert published.rule in [form.id for form in layouts[layout].dates]


@pytest.mark.parametrize("layout", [LIFERAY, PRESS, GENERIC])
@pytest.mark.parametrize(
    "line",
    [
        "",
        "Ngày đăng",
        "31/02/2020 | 10:00 AM",
        "29/02/2023",
        "32/01/2020",
        "01/13/2020",
        "00/00/0000",
        "13/05/16",
        "View count: 1643",
        "0:00",
        "năm 2015",
        "13.05.2016",
    ],
)
def test_where_there_is_no_date_none_is_invented(layout: str, line: str, layouts: Layouts) -> None:
    assert read_date(line, layouts[layout].date_patterns) is None


@pytest.mark.parametrize("line", ["13/05/2016 | 25:10", "13/05/2016 | 10:61 AM", "13/05/2016 | 24:00"])
def test_an_hour_that_does_not_exist_is_not_read_as_one(line: str, layouts: Layouts) -> None:
    published = read_date(line, layouts[LIFERAY].date_patterns)
    assert published is None or published.at == "2016-05-13"


@pytest.mark.parametrize("line", ["Quyết định 113/05/2016", "13/05/20161"])
def test_a_piece_of_a_longer_number_is_no_date(line: str, layouts: Layouts) -> None:
    assert [read_date(line, layouts[layout].date_patterns) for layout in (LIFERAY, PRESS, GENERIC)] == [None] * 3


def test_a_time_that_its_zone_moves_out_of_the_calendar_is_no_date(layouts: Layouts) -> None:
    """Content systems write an empty date as the first moment of year 1."""
    assert read_date("0001-01-01T00:00:00+14:00", layouts[GENERIC].date_patterns) is None
    assert read_date("9999-12-31T23:00:00Z", layouts[GENERIC].date_patterns) is None


def test_the_day_stands_before_the_month_in_every_locale(layouts: Layouts) -> None:
    for line in ("Ngày đăng 05/12/2014", "Publish date 05/12/2014"):
        published = read_date(line, layouts[LIFERAY].date_patterns)
        assert published is not None
        assert published.at == "2014-12-05"
