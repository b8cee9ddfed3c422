"""Texts in which something repeats: made-up articles, each with words of its own, read by the real cleaning."""

from collections.abc import Callable, Sequence

from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from pipelines.page import Response, tree_of
from pipelines.proposals import Suggestion, suggestions
from pipelines.repetition import Survey
from pipelines.specimens import Origin, Specimen, of_page
from pipelines.suggest import suggest
from tests.builders import HTML, NOON, URL_OF, installed, liferay, page_of

_PLACES = [
    "Hạ Đình",
    "Kim Giang",
    "Đại Từ",
    "Linh Đàm",
    "Bằng Liệt",
    "Yên Duyên",
    "Sở Thượng",
    "Văn Trì",
    "Nguyên Xá",
    "Phú Mỹ",
]
_DEEDS = ["rà soát hồ sơ", "kết nạp đảng viên", "dọn vệ sinh ngõ", "thăm gia đình chính sách", "bàn giao sổ sách"]
_ENDS = ["trong buổi sáng", "trước kỳ họp", "cùng đoàn thanh niên", "ở nhà văn hóa", "theo lịch của phường"]
MOST = 2 * len(_PLACES) * len(_DEEDS)


def own_words(number: int) -> list[str]:
    """Two or three paragraphs that stand in this article alone; up to MOST of them."""
    place, deed = _PLACES[number % len(_PLACES)], _DEEDS[number // len(_PLACES) % len(_DEEDS)]
    ends = _ENDS[:3] if number < MOST // 2 else _ENDS[3:]
    return [f"Chi bộ {place} đã {deed} {end}, bà con trong khu dân cư đều đồng tình." for end in ends]


def article(number: int, before: str = "", after: str = "", middle: str = "") -> str:
    """An article's body with markup around its own words."""
    first, *others = (f"<p>{words}</p>" for words in own_words(number))
    return f"{before}{first}{middle}{''.join(others)}{after}"


def specimen(cleaner: Cleaner, number: int, body: str, *, source: str = "songnhue", lead: str = "") -> Specimen:
    """The specimen of an article page of the portal layout, in section and month as its number says."""
    text = liferay(body, title=f"Tin của chi bộ {number}", date=f"20/{number % 12 + 1:02}/2025 | 9:30 AM", lead=lead)
    url = URL_OF["hanoi-liferay"].replace("5100200", str(5_200_000 + number))
    page = page_of(cleaner, text, url=url, source=source)
    assert page.reading is not None
    tree = tree_of(Response(source, url, NOON, 200, text.encode(), HTML))
    assert tree is not None
    layout = cleaner.layouts[page.reading.layout]
    rules = tuple(rule for rule in cleaner.layouts.noise(layout) if rule.holds(source, NOON))
    return of_page(tree, layout, rules, page.reading, Origin(source, page.article_key or "", "2025-05-20"))


def surveyed(layouts: Layouts, body: Callable[[int], str], count: int = 20, **said: str) -> Survey:
    """A survey of ``count`` articles."""
    cleaner, survey = installed(layouts), Survey()
    for number in range(count):
        survey.add(specimen(cleaner, number, body(number), **said))
    return survey


def suggested(survey: Survey, taken: Sequence[str] = ()) -> list[Suggestion]:
    """What is suggested, the surest first."""
    return suggestions(suggest(survey), taken)


def rules_of(survey: Survey) -> list[str]:
    """By what each suggested rule finds its lines."""
    rules = (one.rule for one in suggested(survey))
    return [str(rule.css or rule.squeezed or rule.line) for rule in rules]
