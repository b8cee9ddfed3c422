"""WARC files of others, imported: every record is copied as it stands, once, under the right source."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.segments import segments
from archive.warc import with_fields
from archive.warc.foreign import read_foreign
from pipelines.context import HostTerm, SourceContext
from pipelines.deposit import Deposit
from pipelines.gaps import lacking
from tests.builders import PORTAL, SOURCES
from tests.imports import address, moment, named, page, request, write
from tests.pipelines.conftest import Make
from tests.warcs import noise, parted, record, response

URL = address(1)
UNLISTED = "https://cu.example.vn/tin-tuc/-/view_content/9-tin.html"
AT = moment(0)
FILE = (
    record("warcinfo", b"software: another/1.0\r\n", None, **named(AT, "")),
    request(AT, URL),
    page(1, "Một.", AT),
    record("metadata", b"via: x\r\n", URL, **named(AT, URL, X_Of="metadata")),
    record("response", b"\x00\x01", "dns:cu.example.vn", **named(AT, "dns", Content_Type="text/dns")),
    page(9, "Chín.", moment(1), UNLISTED),
    response(noise(1, 640), "Content-Type: image/png", url=f"{PORTAL}/anh.png", **named(AT, "anh")),
    record("resource", b"# log", "urn:x-wget:log", **named(AT, "log")),
    page(1, "Một, đã sửa.", moment(5)),
)
FORMS = ("members", "plain", "stream", "wacz")


@pytest.mark.parametrize("form", FORMS)
def test_every_record_is_copied_with_its_head_and_its_block_as_they_stood(
    form: str, collection: Make, tmp_path: Path
) -> None:
    here, path = collection(), write(tmp_path / f"a.{form}", FILE, form)
    report = here.one(path)
    assert (report.new, report.known, report.others, report.damage) == (4, 0, 5, [])
    (segment,) = segments(here.home.archive)
    theirs, _ = parted(list(read_foreign(path)))
    ours, damage = parted(list(read_foreign(segment)))
    assert damage == []
    assert ours[0].kind == "warcinfo"
    for before, after in zip(theirs, ours[1:], strict=True):
        assert after.block == before.block
        assert after.head.startswith(before.head.rstrip(b"\r\n") + b"\r\n")
        assert after.fields["bantin-imported-from"] == before.place


def test_a_record_says_whose_it_is_only_where_that_is_decided(collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", FILE))
    said = {r.fields.get("warc-target-uri"): r.fields.get("bantin-source") for r in here.records()}
    assert {url: source for url, source in said.items() if source} == {URL: "songnhue", f"{PORTAL}/anh.png": "songnhue"}
    sources = here.rows("SELECT source_id, kind, article_key FROM v_capture ORDER BY 1, 2, 3")
    other = ("songnhue", "attachment", None)
    assert sorted(sources, key=repr) == sorted(
        [("cu.example.vn", "article", "cu.example.vn:9"), *[("songnhue", "article", "songnhue:1")] * 2, other], key=repr
    )


def test_other_readers_read_what_was_copied(collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", FILE))
    (segment,) = segments(here.home.archive)
    blocks = [one[:-4].partition(b"\r\n\r\n")[2] for one in FILE]
    data = segment.read_bytes()
    fast = [r.reader.read() for r in ArchiveIterator(io.BytesIO(data), parse_http=False)]
    slow = [r.raw_stream.read() for r in WarcioIterator(io.BytesIO(data), no_record_parse=True)]
    assert fast[1:] == slow[1:] == blocks
    assert here.faults() == []


def test_a_second_import_writes_nothing(collection: Make, tmp_path: Path) -> None:
    here, path = collection(), write(tmp_path / "a.warc.gz", FILE)
    here.one(path)
    disk, told, changes = here.bytes_on_disk(), here.told(), here.column("SELECT count(*) FROM change")
    for name in ("a.warc.gz", "ten-khac.warc.gz"):
        path = path.rename(tmp_path / name)
        report = here.one(path)
        assert (report.new, report.others, report.note) == (0, 0, "imported before, 2026-11-01")
    assert here.bytes_on_disk() == disk
    assert (here.told(), here.column("SELECT count(*) FROM change")) == (told, changes)
    assert here.column("SELECT count(*) FROM crawl") == [1]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_records_in_another_container_bring_nothing(form: str, collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", FILE))
    disk, told = here.bytes_on_disk(), here.told()
    report = here.one(write(tmp_path / f"b.{form}", [*FILE[::-1]], form))
    assert (report.new, report.known, report.others, report.note) == (0, 4, 0, None)
    thirds = [write(tmp_path / f"c-{n}.warc", FILE[n::3], form) for n in range(3)]
    for third, known in zip(here.take(*thirds), (1, 0, 3), strict=True):
        assert (third.new, third.known, third.others) == (0, known, 0)
    assert (here.bytes_on_disk(), here.told()) == (disk, told)


def test_of_a_file_that_overlaps_only_the_new_is_copied(collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", FILE))
    url = address(2)
    more = [request(AT, url), page(2, "Hai.", AT)]
    report = here.one(write(tmp_path / "b.warc.gz", [*FILE, *more, *more]))
    assert (report.new, report.known, report.others) == (1, 5, 1)
    assert len(here.records()) == len(FILE) + 2


def test_the_archive_alone_gives_the_same_database(collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.take(write(tmp_path / "a.warc.gz", FILE[:6]), write(tmp_path / "b.warc", FILE[6:], "plain"))
    again = here.rebuilt(tmp_path / "again")
    assert again.told() == here.told()
    crawls = "SELECT key, kind, started_at, ended_at, outcome, software, config, counts FROM crawl ORDER BY key"
    assert again.rows(crawls) == here.rows(crawls)
    assert again.take(tmp_path / "a.warc.gz")[0].note == "imported before, 2026-11-01"


def test_what_is_imported_is_not_read_again_by_the_next_to_open_the_archive(collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", FILE))
    assert lacking(here.home.archive, here.store) == []


def test_an_import_that_was_cut_off_behind_its_last_record_comes_to_its_end(
    collection: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, path = collection(), write(tmp_path / "a.warc.gz", FILE)
    with monkeypatch.context() as cut:
        cut.setattr(Deposit, "close", lambda self, counts: self._writer.seal())
        here.one(path)
    assert here.column("SELECT outcome FROM crawl") == ["running"]
    again = here.one(path)
    assert (again.new, again.others, again.note) == (0, 0, "taken up again: 9 records were copied before")
    assert here.column("SELECT outcome FROM crawl") == ["finished"]
    assert here.one(path).note == "imported before, 2026-11-01"


def test_our_own_archive_imported_elsewhere_and_back_brings_nothing(collection: Make, tmp_path: Path) -> None:
    here, there = collection(), collection("there")
    here.one(write(tmp_path / "a.warc.gz", FILE))
    there.take(here.home.archive)
    assert there.told()[0] == here.told()[0]
    disk = here.bytes_on_disk()
    assert [report.new + report.others for report in here.take(here.home.archive)] == [0, 0]
    assert [report.new for report in here.take(there.home.archive)] == [0, 0]
    assert here.bytes_on_disk().items() >= {k: v for k, v in disk.items() if k.endswith(".gz")}.items()


DISTRICT = SourceContext.of(
    "quan", "hanoi-liferay", [f"{PORTAL}/a"], [HostTerm("songnhue.hanoi.gov.vn", until=date(2025, 6, 30))]
)
WARD = SourceContext.of(
    "phuong", "hanoi-liferay", [f"{PORTAL}/b"], [HostTerm("songnhue.hanoi.gov.vn", since=date(2025, 7, 1))]
)


@pytest.mark.parametrize(
    ("hour", "source"),
    [
        ("2023-01-01T00:00:00", "quan"),
        ("2025-06-30T16:59:59", "quan"),
        ("2025-06-30T17:00:00", "phuong"),
        ("2026-01-01T00:00:00", "phuong"),
    ],
)
def test_a_hosts_pages_are_the_districts_until_midnight_in_hanoi_and_the_wards_after(
    hour: str, source: str, collection: Make, tmp_path: Path
) -> None:
    here, at = collection(sources=[DISTRICT, WARD]), datetime.fromisoformat(hour).replace(tzinfo=UTC)
    here.one(write(tmp_path / "a.warc.gz", [page(1, "Một.", at)]))
    assert here.column("SELECT article_key FROM v_article") == [f"{source}:1"]
    assert [r.fields["bantin-source"] for r in here.records()] == [source]


def test_one_id_of_a_host_that_changed_hands_is_an_article_of_each(collection: Make, tmp_path: Path) -> None:
    here = collection(sources=[DISTRICT, WARD])
    times = [datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC)]
    here.one(write(tmp_path / "a.warc.gz", [page(1, "Một.", at) for at in times]))
    assert here.column("SELECT article_key FROM v_article ORDER BY 1") == ["phuong:1", "quan:1"]


def test_what_was_said_to_be_a_sources_is_its_own_whatever_the_host(collection: Make, tmp_path: Path) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", FILE), source="bao")
    assert here.column("SELECT DISTINCT source_id FROM v_capture") == ["bao"]
    assert {r.fields.get("bantin-source") for r in here.records() if r.kind == "response"} == {"bao", None}
    assert here.rebuilt(tmp_path / "again").told() == here.told()
    note = here.one(tmp_path / "a.warc.gz").note
    assert note == "imported before, 2026-11-01; as decided then, --source bao"


def test_an_unlisted_hosts_pages_go_to_the_source_that_is_listed_later_and_decided_ones_stay(
    collection: Make, tmp_path: Path
) -> None:
    here = collection()
    here.one(write(tmp_path / "a.warc.gz", [page(9, "Chín.", AT, UNLISTED)]))
    decided = UNLISTED.replace("/9-", "/10-")
    here.one(write(tmp_path / "b.warc.gz", [page(10, "Mười.", AT, decided)]), source="songnhue")
    assert here.rows("SELECT id, listed FROM source WHERE id LIKE '%.%'") == [("cu.example.vn", 0)]
    listed = SourceContext.of("cu", "hanoi-liferay", ["https://cu.example.vn/tin-tuc"])
    again = here.rebuilt(tmp_path / "again", [*SOURCES, listed])
    assert again.column("SELECT article_key FROM v_article ORDER BY 1") == ["cu:9", "songnhue:10"]


def test_a_record_of_a_source_that_is_not_in_this_catalogue_is_undecided_here(collection: Make, tmp_path: Path) -> None:
    foreign = collection("there", sources=[SourceContext.of("cua-ai", "hanoi-liferay", ["https://cu.example.vn/a"])])
    foreign.one(write(tmp_path / "a.warc.gz", [page(9, "Chín.", AT, UNLISTED)]))
    here = collection()
    here.take(foreign.home.archive)
    assert here.column("SELECT article_key FROM v_article") == ["cu.example.vn:9"]
    listed = SourceContext.of("cu", "hanoi-liferay", ["https://cu.example.vn/tin-tuc"])
    assert here.rebuilt(tmp_path / "again", [listed]).column("SELECT article_key FROM v_article") == ["cu:9"]


def _torn(data: bytes) -> bytes:
    return data[: -len(data) // 20]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize("damage", [_torn, _flipped], ids=["torn", "flipped"])
@pytest.mark.parametrize("form", ["members", "plain"])
def test_what_is_damaged_is_reported_with_its_place_and_all_else_imported(
    damage: Callable[[bytes], bytes], form: str, collection: Make, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.warc.gz", [page(n, noise(n, 640).decode(), moment(n)) for n in range(9)], form)
    path.write_bytes(damage(path.read_bytes()))
    here = collection()
    report = here.one(path)
    assert report.damage
    assert all(one.place.startswith("a.warc.gz:") and one.problem for one in report.damage)
    assert report.new >= 8
    expected = parted(list(read_foreign(path)))[0]
    assert [r.fields["bantin-imported-from"] for r in here.records()] == [r.place for r in expected]
    assert here.faults() == []
    assert here.rebuilt(tmp_path / "again").told() == here.told()
    assert here.one(path).note == f"imported before, 2026-11-01; damaged places reported then: {len(report.damage)}"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (with_fields(FILE[2].partition(b"\r\n\r\n")[0], {"WARC-Date": "hôm qua"}), "warc-date is no time: 'hôm qua'"),
        (FILE[2].partition(b"\r\n\r\n")[0].replace(b"WARC-Target-URI", b"X-URI"), "no warc-target-uri"),
    ],
    ids=["time", "address"],
)
def test_a_record_that_is_no_capture_for_want_of_time_or_address_is_reported(
    broken: bytes, said: str, collection: Make, tmp_path: Path
) -> None:
    rest = FILE[2].partition(b"\r\n\r\n")[2]
    here = collection()
    report = here.one(write(tmp_path / "a.warc.gz", [broken.rstrip() + b"\r\n\r\n" + rest, FILE[5]]))
    assert (report.new, [one.place for one in report.damage]) == (1, ["a.warc.gz:0"])
    assert said in report.damage[0].problem
    assert report.damage[0].problem.endswith("; left out")
