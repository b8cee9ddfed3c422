"""The language is what the page declares, unless the letters plainly say otherwise."""

import pytest

from pipelines.language import language_of
from pipelines.layouts import Layouts
from tests.builders import installed, liferay, page_of, reading_of

VIETNAMESE = (
    "Các chi bộ đã rà soát xong hồ sơ đảng viên, bàn giao đủ cho phường mới trước ngày 30/6 theo đúng kế hoạch."
)
ENGLISH = (
    "The district's Party committee reviewed the first quarter of the year in Đống Lạc on Monday. Delegates agreed to "
    "hold shorter meetings, to publish every decision within three days, and to visit each neighbourhood in spring."
)


@pytest.mark.parametrize(
    ("text", "declared", "usual", "code"),
    [
        (VIETNAMESE, "vi-VN", None, "vi"),
        (VIETNAMESE, "en-US", None, "vi"),
        (VIETNAMESE, None, None, "vi"),
        (VIETNAMESE, "en", "vi", "vi"),
        (ENGLISH.replace("Đống Lạc", "town"), "en-US", "vi", "en"),
        (ENGLISH.replace("Đống Lạc", "town"), "en_GB", None, "en"),
        (ENGLISH.replace("Đống Lạc", "town"), "vi", "vi", None),
        (ENGLISH.replace("Đống Lạc", "town"), None, "vi", None),
        (ENGLISH.replace("Đống Lạc", "town"), "vi", None, None),
        (ENGLISH.replace("Đống Lạc", "town"), None, None, None),
        (ENGLISH, "en", None, "en"),
        ("Map", "en-US", "vi", "vi"),
        ("", "en-US", "vi", "vi"),
        ("", "", None, None),
        ("Map", "x-klingon", None, None),
    ],
)
def test_letters_count_before_declarations(
    text: str, declared: str | None, usual: str | None, code: str | None
) -> None:
    assert language_of(text, declared, usual) == code


def test_vietnamese_news_under_an_english_frame_is_vietnamese(layouts: Layouts) -> None:
    english = liferay(f"<p>{VIETNAMESE}</p>").replace('lang="vi-VN"', 'lang="en-US"')
    assert reading_of(installed(layouts), english).language == "vi"


def test_english_news_under_it_is_english_and_without_a_declaration_of_no_language(layouts: Layouts) -> None:
    text = liferay(f"<p>{ENGLISH.replace('Đống Lạc', 'town')}</p>", title="Quarterly review").replace("vi-VN", "en-US")
    assert reading_of(installed(layouts), text).language == "en"
    silent = reading_of(installed(layouts), text.replace(' lang="en-US"', ""))
    assert (silent.language, silent.warnings) == (None, ("no-language",))


def test_a_plain_text_is_of_the_language_that_its_letters_show(layouts: Layouts) -> None:
    said = {"url": "file:///cu/1.txt", "status": None, "content_type": "text/plain"}
    for text, language in ((VIETNAMESE, "vi"), (ENGLISH.replace("Đống Lạc", "town"), None)):
        reading = page_of(installed(layouts), text, **said).reading
        assert reading is not None
        assert reading.language == language
        assert ("no-language" in reading.warnings) is (language is None)
