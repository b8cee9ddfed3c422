"""What a made-up web archive holds of a district portal, 2016 to 2022, and the district's source."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crawler.rescue.archives import WebArchive as Endpoint
from crawler.rescue.client import Client, Pace
from crawler.rescue.listing import Days
from crawler.rescue.run import Orders, Report, Rescuer
from tests.bantin import Bantin
from tests.builders import liferay
from tests.imports import Collection
from tests.webarchive import Held, WebArchive

HOST = "songnhue.hanoi.gov.vn"
PORTAL = f"http://{HOST}"
SOURCE = f"""[[source]]
id = "songnhue"
name = "Quận ủy Sông Nhuệ"
level = "district"
layout = "hanoi-liferay"
start = ["{PORTAL}/tin-tuc"]
hosts = [{{ name = "{HOST}", until = 2025-06-30 }}]
"""
BEGIN = datetime(2016, 3, 5, 2, 30, tzinfo=UTC)
ARTICLES, VISITS = 19, 10
#: Captures that are to be rescued: of each article at each visit, of the list, and a redirect.
WANTED = ARTICLES * VISITS + 9 + 1
GONE = (18, 19)


def address(number: int) -> str:
    return f"{PORTAL}/tin-tuc/-/view_content/{number}-tin-so-{number}.html"


def moment(visit: int, number: int = 0) -> datetime:
    """Visits are some eight months apart: from March 2016 to March 2022."""
    return BEGIN + timedelta(days=visit * 243, minutes=number)


def version(visit: int) -> int:
    """Which words an article had: it was edited twice, at the fourth visit and at the eighth."""
    return 1 + (visit >= 3) + (visit >= 7)


def page(number: int, visit: int) -> bytes:
    """An article's page. On every other one a counter changes at each fetch, so that no two captures are equal."""
    words = f"<p>Bài {number}, bản {version(visit)}. Đảng ủy phường Sông Nhuệ sơ kết công tác năm.</p>"
    counter = f" | View count: {visit * 17 + number}" if number % 2 else ""
    return liferay(words, title=f"Tin số {number}", date=f"Ngày đăng 01/03/2016 | 9:30 AM{counter}").encode()


def _article(number: int, visit: int) -> Held:
    url, at = address(number), moment(visit, number)
    if number in GONE and visit == VISITS - 1:
        return Held(url, at, b"<p>404</p>", 404)
    body = page(number, visit)
    return Held(url, at, body, as_revisit=number == 2 and visit in (1, 2), headers=(("Server", "Liferay"),))


def _list(visit: int) -> Held:
    links = "".join(
        f'<div class="asset-abstract"><h3 class="asset-title"><a href="{address(n)}">Tin {n}</a></h3></div>'
        for n in range(1, ARTICLES + 1)
    )
    return Held(f"{PORTAL}/tin-tuc", moment(visit), f"<html><body>{links}<!-- {visit} --></body></html>".encode())


def held() -> list[Held]:
    """All that the archive holds: what is wanted, and things beside it."""
    articles = [_article(number, visit) for visit in range(VISITS) for number in range(1, ARTICLES + 1)]
    moved = Held(f"{PORTAL}/vi/-/view_content/3-x.html", moment(5), b"", 301, headers=(("Location", address(3)),))
    beside = [
        Held(f"{PORTAL}/documents/anh.jpg", moment(1), b"\xff\xd8", mime="image/jpeg"),
        Held(f"{PORTAL}/lien-he", moment(1), b"<p>?</p>"),
        Held(address(1), moment(4, 55), b"busy", 503),
        Held(address(1), datetime(2025, 9, 1, tzinfo=UTC), page(1, 9)),  # another's by then
    ]
    return [*articles, *(_list(visit) for visit in range(9)), moved, *beside]


def district(folder: Path, name: str = "home") -> Bantin:
    """An empty collection with that source."""
    (folder / "nguon.toml").write_text(SOURCE, "utf-8")
    made = Bantin(folder / name, folder / "nguon.toml")
    made.init()
    return made


class Rescuing:
    """Rescues into a collection, in this process; ``said`` holds what the client said of its waits."""

    def __init__(self, collection: Collection) -> None:
        self.here, self.said = collection, list[str]()

    def run(self, web: WebArchive, kind: str = "wayback", days: Days | None = None, **orders: Any) -> Report:
        """Rescue; the report."""
        rescuer = self._rescuer(web, kind, Orders(days or Days(), **orders))
        rescuer.run(lambda count: None, lambda count: lambda more: None)
        return rescuer.report

    def preview(self, web: WebArchive) -> dict[tuple[int, str], int]:
        """What a rescue would bring."""
        return dict(self._rescuer(web, "wayback", Orders(Days())).preview(lambda count: None))

    def _rescuer(self, web: WebArchive, kind: str, orders: Orders) -> Rescuer:
        here = self.here
        here.store.add_sources(here._facts)
        client = Client(Pace(0, sleep=lambda seconds: None), allow_private=True, say=self.said.append)
        source = here.cleaner.source("songnhue")
        return Rescuer(here._archive, here.cleaner, here._read, source, Endpoint.of(getattr(web, kind)), client, orders)
