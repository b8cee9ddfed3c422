"""A small archive, written straight into the tables: what the tests of the reading side read.

Two sources and one promoted cleaner. `songnhue:101` has two addresses, two editions, a publication date moved back, an
absence and a return; `bao:825` carries its text in full, `bao:826` only its body; `songnhue:102` is gone; `bao:900` has
no body. All words are made up.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from archive.database import connect
from archive.models import (
    Article,
    ArticleUrl,
    Capture,
    CaptureReading,
    Change,
    Cleaner,
    Content,
    Crawl,
    Edition,
    Frontier,
    MetadataChange,
    Promotion,
    Reading,
    Source,
    SourceHost,
    Unit,
    UnitSuccessor,
)
from pipelines.canonical import body_hash, content_hash

CLEANER, OLDER_CLEANER = "c1" * 32, "c0" * 32
START = datetime(2025, 1, 10, 1, 0, 0, 250_000, tzinfo=UTC)
TITLE = "Quận ủy Sông Nhuệ sơ kết bốn năm thực hiện Chương trình số 01-CTr/TU"
LEAD = "Sáng 9/1, Ban Thường vụ Quận ủy họp đánh giá kết quả."
BODY = (
    "Đồng chí Nguyễn Văn Bưởi chủ trì hội nghị, đủ mặt 32 tổ chức cơ sở đảng.",
    "Toàn quận đã kết nạp 214 đảng viên, đạt 107 % kế hoạch.",
)
CORRECTED = (BODY[0], "Toàn quận đã kết nạp 241 đảng viên, đạt 120,5 % kế hoạch năm.")
HOST = "https://songnhue.hanoi.gov.vn"


def day(number: int) -> datetime:
    """The moment of the crawl on that day, counted from 10 January 2025."""
    return START + timedelta(days=number)


class Sample:
    """Adds rows; what is already there (contents, readings, crawls) is used again."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def source(self, source_id: str, name: str, level: str) -> None:
        self.session.add(Source(id=source_id, name=name, level=level, layout="hanoi-liferay", listed=True))
        self.session.flush()
        values = {"source_id": source_id, "promoted_at": START}
        self.session.add(Promotion(cleaner_digest=OLDER_CLEANER, reason="first", **values))
        self.session.flush()
        self.session.add(Promotion(cleaner_digest=CLEANER, reason="better", **values))

    def crawl(self, at: datetime) -> int:
        key = f"crawl-{at:%Y%m%d}"
        found = self.session.query(Crawl).filter_by(key=key).one_or_none()
        if found is None:
            found = Crawl(key=key, started_at=at, outcome="finished", software="bantin", config={}, counts={})
            self.session.add(found)
            self.session.flush()
        return found.id

    def content(self, title: str | None, lead: str | None, paragraphs: tuple[str, ...]) -> str:
        digest = content_hash(title, lead, paragraphs)
        values = {"body_hash": body_hash(paragraphs), "title": title, "lead": lead, "body": "\n".join(paragraphs)}
        self.session.merge(Content(content_hash=digest, **values))
        return digest

    def capture(
        self, key: str, url: str, at: datetime, content: str | None = None, outcome: str = "ok", **said: Any
    ) -> Capture:
        """One attempt at an article; with ``content``, also its reading under the promoted cleaner."""
        payload = sha256(f"{url} {at} {content} {said}".encode()).hexdigest()
        capture = Capture(
            source_id=key.split(":")[0],
            crawl_id=self.crawl(at),
            url=url,
            url_key=url.removeprefix("https://"),
            captured_at=at,
            kind="article",
            article_key=key,
            preference=0,
            outcome=outcome,
            status={"gone": 404, "failed": None}.get(outcome, 200),
            payload_digest=payload,
            stored_digest=payload,
            warc_file="2025/01/bantin.warc.gz",
            warc_offset=self.session.query(Capture).count() * 1000,
            warc_length=1000,
        )
        self.session.add(capture)
        self.session.flush()
        if content:
            values = {"captions": [], "warnings": [], "language": "vi", **said}
            stem = {"input_digest": payload, "cleaner_digest": CLEANER, "layout": "hanoi-liferay"}
            reading = Reading(content_hash=content, removed=[], restored=[], evidence=[], **stem, **values)
            self.session.add(reading)
            self.session.flush()
            tie = {"capture_id": capture.id, "cleaner_digest": CLEANER, "reading_id": reading.id}
            self.session.add(CaptureReading(outcome=outcome, **tie))
        self.session.flush()
        return capture

    def article(self, *runs: list[Capture], gone_at: datetime | None = None) -> None:
        """The article whose editions are these runs of captures, each of the same content."""
        captures = [capture for run in runs for capture in run]
        last = self._reading(runs[-1][-1])
        article = Article(
            article_key=captures[0].article_key,
            source_id=captures[0].source_id,
            url=captures[-1].url,
            current_reading_id=last.id,
            first_captured_at=captures[0].captured_at,
            last_captured_at=captures[-1].captured_at,
            gone_at=gone_at,
        )
        self.session.add(article)
        self.session.flush()
        for ordinal, run in enumerate(runs, 1):
            article.current_edition_id = self._edition(article.id, ordinal, run)
        for url in sorted({capture.url for capture in captures}):
            self.address(article.id, [capture for capture in captures if capture.url == url])

    def address(self, article_id: int, captures: list[Capture]) -> None:
        times = {"first_seen_at": captures[0].captured_at, "last_seen_at": captures[-1].captured_at}
        self.session.add(ArticleUrl(article_id=article_id, url=captures[0].url, url_key=captures[0].url_key, **times))

    def moved(self, capture: Capture, field: str, before: str | None, after: str | None) -> None:
        article = self.session.query(Article).filter_by(article_key=capture.article_key).one()
        stem = {"article_id": article.id, "cleaner_digest": CLEANER, "capture_id": capture.id}
        self.session.add(MetadataChange(field=field, before=before, after=after, **stem))

    def _reading(self, capture: Capture) -> Reading:
        tied = CaptureReading.reading_id == Reading.id
        return self.session.query(Reading).join(CaptureReading, tied).filter_by(capture_id=capture.id).one()

    def _edition(self, article_id: int, ordinal: int, run: list[Capture]) -> int:
        edition = Edition(
            article_id=article_id,
            cleaner_digest=CLEANER,
            ordinal=ordinal,
            content_hash=self._reading(run[0]).content_hash,
            first_capture_id=run[0].id,
            last_capture_id=run[-1].id,
            observed_from=run[0].captured_at,
            observed_to=run[-1].captured_at,
        )
        self.session.add(edition)
        self.session.flush()
        return edition.id


def fill(connection: Connection) -> None:
    """Write the sample into an empty database."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        sample = Sample(session)
        for digest in (OLDER_CLEANER, CLEANER):
            session.add(Cleaner(digest=digest, manifest={"trafilatura": "2.0"}, first_used_at=START))
        session.flush()
        sample.source("songnhue", "Quận ủy Sông Nhuệ", "district")
        sample.source("bao", "Báo Thủ Đô Mới", "press")
        session.flush()
        _conference(sample)
        _copies(sample)
        _feed(session)
        _units(session)
        session.commit()


def _units(session: Session) -> None:
    stem = {"kind": "quận", "level": "district"}
    session.add(Unit(id="quan-song-nhue", name="Sông Nhuệ", until="2025-06-30", **stem))
    session.add(Unit(id="phuong-song-nhue", name="Sông Nhuệ", kind="phường", level="ward", since="2025-07-01"))
    session.flush()
    values = {"unit_id": "quan-song-nhue", "successor_id": "phuong-song-nhue"}
    session.add(UnitSuccessor(share="most", inferred=True, **values))
    session.get_one(Source, "songnhue").unit_id = "quan-song-nhue"
    session.get_one(Source, "bao").unit_id = "phuong-song-nhue"
    session.add(SourceHost(source_id="bao", host="bao.example.vn", since="2025-07-01"))


def fill_database(url: str) -> None:
    """Write the sample into the empty database at ``url``."""
    engine = connect(url)
    try:
        with engine.begin() as connection:
            fill(connection)
    finally:
        engine.dispose()


def _conference(sample: Sample) -> None:
    first, second = sample.content(TITLE, LEAD, BODY), sample.content(TITLE, LEAD, CORRECTED)
    here, there = (
        f"{HOST}/hoat-ong-ang/-/view_content/101-so-ket.html",
        f"{HOST}/tin-tuc/-/view_content/101-so-ket.html",
    )
    key, said = "songnhue:101", {"published_at": "2025-01-09T16:30:00+07:00", "byline": "Minh Hà"}
    opening = sample.capture(key, here, day(0), first, section="Hoạt động Đảng", captions=["Quang cảnh"], **said)
    beside = sample.capture(key, there, day(0) + timedelta(seconds=5), first, section="Tin tức", **said)
    said |= {"published_at": "2025-01-08", "published_evidence": "Ngày đăng 08/01/2025", "section": "Hoạt động Đảng"}
    again = sample.capture(key, here, day(30), first, **said)
    sample.capture(key, here, day(40), outcome="failed")
    corrected = sample.capture(key, here, day(60), second, warnings=["caption-unsure"], **said)
    for url in (here, there):
        sample.capture(key, url, day(70), outcome="gone")
    back = sample.capture(key, here, day(80), second, **said)
    sample.article([opening, beside, again], [corrected, back])
    sample.moved(again, "published_at", "2025-01-09T16:30:00+07:00", "2025-01-08")
    sample.moved(beside, "variant", first, "ab" * 32)


def _copies(sample: Sample) -> None:
    whole, other_title = sample.content(TITLE, LEAD, CORRECTED), sample.content("Sông Nhuệ sơ kết", None, CORRECTED)
    bodiless = sample.content("Ảnh: Đại hội chi bộ tổ dân phố số 5", None, ())
    press = "https://bao.example.vn"
    for key, content, published in (
        ("bao:825", whole, "2025-01-11T06:00:00+07:00"),
        ("bao:826", other_title, None),
        ("bao:900", bodiless, None),
    ):
        sample.article([sample.capture(key, f"{press}/{key[4:]}.html", day(61), content, published_at=published)])
    key, url = "songnhue:102", f"{HOST}/tin-tuc/-/view_content/102-le-phat-dong.html"
    launch = sample.capture(key, url, day(0), sample.content("Lễ phát động", None, ("Hưởng ứng cuộc thi trực tuyến.",)))
    gone = sample.capture(key, url, day(70), outcome="soft-gone")
    sample.article([launch], gone_at=gone.captured_at)


def _feed(session: Session) -> None:
    for number, (kind, key, detail) in enumerate(
        (
            ("promotion", None, {"cleaner": CLEANER, "reason": "better"}),
            ("article", "songnhue:101", {"edition": 1}),
            ("edition", "songnhue:101", {"edition": 2}),
            ("gone", "songnhue:102", {"at": "2025-03-21T01:00:00Z"}),
        )
    ):
        session.add(Change(at=day(number), kind=kind, article_key=key, source_id="songnhue", detail=detail))
        session.flush()
    stem = {"kind": "list", "attempts": 0, "discovered_at": START}
    for path, due_at in (("tin-tuc", day(1)), ("hoat-ong-ang", day(900)), ("gioi-thieu", None)):
        address = {"url": f"{HOST}/{path}", "url_key": f"songnhue.hanoi.gov.vn/{path}"}
        session.add(Frontier(source_id="songnhue", due_at=due_at, **address, **stem))
