"""What an article page of the recorded portal shows, by plain lxml and the portal's own markup: the yardstick.

It owes nothing to `pipelines`: text is taken whole, line ends are put where blocks begin and end, and whoever reads the
page finds title, time, lead, text, writer and noise where the platform puts them.
"""

import copy
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import html
from lxml.etree import _Element

BLOCKS = """address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer
 form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol p pre section table tbody td tfoot th thead tr ul br"""
UNSEEN = ("script", "style", "noscript", "iframe", "object", "template")
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060\ufeff]")
MOMENT = re.compile(r"(\d\d)/(\d\d)/(\d{4})\s*\|\s*(\d{1,2}):(\d\d)\s*([AP]M)?")
COUNTER = re.compile(r"(?i)(?:view count|lượt xem|số lần xem)\s*:?\s*[\d.,]+")
SIGNED = (
    ".//*[self::p or self::div][@align='right' or contains(translate(@style, ' ', ''), 'text-align:right')"
    " or contains(@class, 'tacgia') or contains(@class, 'author')]"
)
OFFICE = re.compile(r"^(?:T/?M|K/?T|T/?L|TUQ|Q)\.|GIÁM ĐỐC|BÍ THƯ|CHỦ TỊCH|TRƯỞNG BAN|CHÁNH|BỘ TRƯỞNG|THỦ TƯỚNG")
SENTENCE = re.compile(r"[;:!?…]$|\./\.?$|[^.]{60,}\.$")

#: Articles whose last line names the writer though no markup says so: looked at one by one.
UNMARKED = frozenset(f"_101_{number}" for number in (1013514, 1042401, 1962932, 3860543))


@dataclass(frozen=True, slots=True)
class Gold:
    """The lines of each part; ``moment`` as our readings write it, ``every`` line of the article element."""

    locale: str
    title: str
    moment: str | None
    lead: list[str]
    body: list[str]
    byline: list[str]
    accounts: list[str]
    noise: set[str]
    every: list[str]


def gold_of(payload: bytes) -> Gold:
    """What the page shows."""
    tree = html.fromstring(payload.decode("utf-8"))
    title = tree.find_class("asset-full-content-title")[0]
    date = " ".join(lines_of(tree.find_class("assetPublishDate")[0]))
    text = tree.find_class("journal-content-article")[0]
    accounts = tree.find_class("view-content-author")
    body, byline = _signed(text)
    aside = [*tree.find_class("asset-control-detail"), *tree.find_class("related_asset")]
    noise = {line for one in aside for line in lines_of(one)} - {*body, "".join(lines_of(title))}
    return Gold(
        locale=tree.get("lang", ""),
        title=" ".join(lines_of(title)),
        moment=_moment(date),
        lead=[line for one in tree.find_class("sapo") for line in lines_of(one)],
        body=body,
        byline=byline,
        accounts=[line for one in accounts for line in lines_of(one)],
        noise=noise,
        every=_every(title.getparent()),
    )


def lines_of(element: _Element) -> list[str]:
    """The lines of an element as a reader sees them."""
    twin = copy.deepcopy(element)
    twin.tail = None
    for node in list(twin.iter(*UNSEEN)):
        node.drop_tree() if node.tail else node.getparent().remove(node)
    for node in twin.iter():
        node.text, node.tail = (re.sub(r"\s", " ", said or "") for said in (node.text, node.tail))
    for node in twin.iter(*BLOCKS.split()):
        node.text, node.tail = f"\n{node.text}", f"\n{node.tail}"
        if node.tag != "br" and len(node):
            node[-1].tail = f"{node[-1].tail}\n"
        elif node.tag != "br":
            node.text += "\n"
    return [line for said in twin.text_content().split("\n") if (line := plain(said))]


def plain(text: str) -> str:
    """One line in NFC, spaces folded, without what nobody sees."""
    return " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", text)).split())


def residual(lines: Iterable[str], gold: Gold) -> list[str]:
    """Those lines that are no words of the article: toolbar, print and mail, counters, other news, the account."""
    others = gold.noise | set(gold.accounts) - set(gold.body)
    return [
        line
        for line in lines
        if line in others or COUNTER.search(line) or "leftcenterrightdel" in "".join(line.split())
    ]


def _every(element: _Element) -> list[str]:
    whole = []
    for name in ("asset-full-content-title", "assetPublishDate"):
        for part in element.find_class(name):
            whole.append(" ".join(lines_of(part)))
    rest = copy.deepcopy(element)
    for name in ("asset-full-content-title", "assetPublishDate"):
        for part in rest.find_class(name):
            part.drop_tree()
    return [*filter(None, whole), *lines_of(rest)]


def _moment(date: str) -> str | None:
    found = MOMENT.search(date)
    if found is None:
        return None
    day, month, year, hour, minute, half = found.groups()
    clock = int(hour) % 12 + 12 * (half == "PM") if half else int(hour)
    return f"{year}-{month}-{day}T{clock:02}:{minute}:00+07:00"


def _signed(text: _Element) -> tuple[list[str], list[str]]:
    """The text's lines and the writer's: right-aligned or named as such at the very end, no official's signature."""
    twin = copy.deepcopy(text)
    for account in twin.find_class("view-content-author"):
        account.drop_tree()
    lines = lines_of(twin)
    if text.getparent().get("id") in UNMARKED:
        return lines[:-1], lines[-1:]
    right = [line for element in twin.xpath(SIGNED) for line in lines_of(element)]
    end = len(lines)
    while end and right and lines[end - 1] == right[-1] and len(right[-1]) <= 80 and not SENTENCE.search(right[-1]):
        right.pop()
        end -= 1
    if end == 0 or any(len(line) <= 80 and OFFICE.search(line) for line in lines[max(0, end - 3) :]):
        end = len(lines)
    return lines[:end], lines[end:]
