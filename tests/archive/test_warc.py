"""One attempt as one WARC record: what is written is read back, by us and by the tools of the field."""

import gzip
import io
import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.errors import ArchiveError
from archive.warc import Exchange, pack, pack_info, read_record, read_records

AT = datetime(2025, 5, 20, 5, 0, 0, 123_456, tzinfo=UTC)
URL = "https://songnhue.hanoi.gov.vn/hoat-ong-ang/-/view_content/101-so-ket.html"
HEADERS = (("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
BODY = "<p>Hội nghị sơ kết công tác quý một</p>".encode()
RESPONSE = Exchange("songnhue", URL, AT, 200, HEADERS, BODY, ip="203.0.113.7")
REVISIT = Exchange("songnhue", URL, AT + timedelta(days=1), 200, HEADERS, BODY, refers_to=(URL, AT))
NOT_MODIFIED = Exchange("songnhue", URL, AT + timedelta(days=2), 304, HEADERS, refers_to=(URL, AT))
FAILURE = Exchange("songnhue", URL, AT, None, outcome="failed", reason="không phản hồi trong 60 giây")
ALL = [RESPONSE, REVISIT, NOT_MODIFIED, FAILURE]
IDS = ["response", "revisit", "not-modified", "failure"]


def written(folder: Path, *exchanges: Exchange) -> Path:
    path = folder / "test.warc.gz"
    info = pack_info("test.warc.gz", AT, {"software": "bantin", "isPartOf": "crawl-1"})
    path.write_bytes(info + b"".join(pack(exchange) for exchange in exchanges))
    return path


@pytest.mark.parametrize("exchange", ALL, ids=IDS)
def test_an_attempt_is_read_back_as_it_was(exchange: Exchange, tmp_path: Path) -> None:
    _, record = read_records(written(tmp_path, exchange))
    back = record.exchange()
    assert back is not None
    body = exchange.body if exchange.refers_to is None else b""
    assert (back.source_id, back.url, back.captured_at) == (exchange.source_id, exchange.url, exchange.captured_at)
    assert (back.status, back.headers, back.ip) == (exchange.status, exchange.headers, exchange.ip)
    assert (back.outcome, back.reason) == (exchange.outcome, exchange.reason)
    assert (back.body, back.refers_to) == (body, exchange.refers_to)


@given(
    body=st.binary(max_size=300),
    status=st.integers(100, 599),
    headers=st.lists(
        st.tuples(st.from_regex(r"\AX-[A-Za-z]{1,9}\Z"), st.from_regex(r"\A[!-~]([ -~]{0,20}[!-~])?\Z")), max_size=4
    ),
    at=st.datetimes(datetime(1996, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_body_status_and_headers_survive(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, status: int, headers: list[tuple[str, str]], at: datetime
) -> None:
    exchange = Exchange("bao", "https://bao.example.vn/a?b=c&d", at, status, tuple(headers), body)
    _, record = read_records(written(tmp_path_factory.mktemp("warc"), exchange))
    assert record.exchange() == exchange
    assert record.payload_digest == exchange.stored_digest == sha256(body).hexdigest()


def test_the_record_at_an_offset_is_the_one_that_began_there(tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    records = list(read_records(path))
    assert [record.offset + record.length for record in records][:-1] == [record.offset for record in records][1:]
    assert records[-1].offset + records[-1].length == path.stat().st_size
    for record in records:
        assert read_record(path, record.offset).exchange() == record.exchange()
        assert [later.offset for later in read_records(path, record.offset)] == [
            later.offset for later in records if later.offset >= record.offset
        ]


def test_every_record_is_a_gzip_member_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    data = path.read_bytes()
    for record in read_records(path):
        member = zlib.decompressobj(31)
        assert member.decompress(data[record.offset : record.offset + record.length]).startswith(b"WARC/1.1\r\n")
        assert member.eof
        assert member.unused_data == b""


def test_warcio_finds_nothing_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)]
    check = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert check.returncode == 0, check.stdout
    assert "digest pass" in check.stdout
    assert "fail" not in check.stdout


def test_warcio_finds_a_body_that_was_tampered_with(tmp_path: Path) -> None:
    """That the check above checks something: other bytes under the same digest do not pass."""
    plain = gzip.decompress(pack(RESPONSE)).replace("quý một".encode(), "quý hai".encode())
    path = tmp_path / "test.warc.gz"
    path.write_bytes(gzip.compress(plain, mtime=0))
    (tampered,) = read_records(path)
    assert sha256(tampered.body).hexdigest() != tampered.payload_digest


def test_fastwarc_and_warcio_read_each_record_by_its_offset(tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    for exchange, record in zip(ALL, list(read_records(path))[1:], strict=True):
        with path.open("rb") as stream:
            stream.seek(record.offset)
            found = next(iter(ArchiveIterator(stream)))
            assert found.headers["WARC-Target-URI"] == exchange.url
        with path.open("rb") as stream:
            stream.seek(record.offset)
            assert next(iter(WarcioIterator(stream))).rec_headers.get_header("WARC-Target-URI") == exchange.url


def test_chunk_framing_is_not_announced_for_a_body_that_has_none() -> None:
    exchange = Exchange("bao", URL, AT, 200, (("Transfer-Encoding", "chunked"), ("Content-Type", "text/html")), BODY)
    plain = gzip.decompress(pack(exchange))
    assert b"ransfer-" not in plain
    assert plain.rstrip(b"\r\n").endswith(BODY)


def test_records_that_hold_no_attempt_give_none(tmp_path: Path) -> None:
    (info,) = read_records(written(tmp_path))
    assert (info.kind, info.exchange()) == ("warcinfo", None)


def test_a_place_where_no_record_begins_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, RESPONSE)
    with pytest.raises(ArchiveError, match=rf"{path}: no WARC record at byte {path.stat().st_size}.*bantin verify"):
        read_record(path, path.stat().st_size)
    with pytest.raises(ArchiveError, match="cannot be read"):
        read_record(tmp_path / "missing.warc.gz", 0)


@pytest.mark.parametrize("place", [0.0, 0.5, 0.99], ids=["head", "middle", "end"])
def test_a_damaged_record_is_named_and_never_given_and_the_others_are(place: float, tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    records = list(read_records(path))
    data = bytearray(path.read_bytes())
    data[records[2].offset + int(place * records[2].length)] ^= 0xFF
    path.write_bytes(bytes(data))
    given = []
    with pytest.raises(ArchiveError, match=f"{path}: damaged at byte {records[2].offset}"):
        given.extend(record.offset for record in read_records(path))
    assert given == [record.offset for record in records[:2]]
    with pytest.raises(ArchiveError, match=str(path)):
        read_record(path, records[2].offset)
    damage: dict[int, str] = {}
    found = list(read_records(path, damaged=damage.__setitem__))
    assert found == records[:2] + records[3:]
    assert list(damage) == [records[2].offset]


def test_garbage_between_records_is_named_and_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    records, data = list(read_records(path)), path.read_bytes()
    for record in records:
        path.write_bytes(data[: record.offset] + b"\x1f\x8b\x08 no member " * 9 + data[record.offset :])
        damage: dict[int, str] = {}
        assert [r.fields for r in read_records(path, damaged=damage.__setitem__)] == [r.fields for r in records]
        assert list(damage) == [record.offset]


def test_a_torn_tail_is_damage_in_a_sealed_segment_and_none_in_an_open_one(tmp_path: Path) -> None:
    path = written(tmp_path, *ALL)
    records = list(read_records(path))
    still_open = path.with_name(path.name + ".open")
    for torn in (path, still_open):
        torn.write_bytes(path.read_bytes()[: records[-1].offset + 20])
    assert list(read_records(still_open)) == records[:-1]
    with pytest.raises(ArchiveError, match=f"damaged at byte {records[-1].offset}.*cut short"):
        list(read_records(path))


def test_a_reason_of_many_lines_comes_back_whole(tmp_path: Path) -> None:
    reason = "không phản hồi:\nreason: x\n\n outcome: ok\u2028 \x85hết"
    exchange = Exchange("songnhue", URL, AT, None, outcome="failed", reason=reason)
    _, record, _ = read_records(written(tmp_path, exchange, replace(exchange, reason=None)))
    assert record.exchange() == exchange


def test_a_kept_file_is_a_resource_record(tmp_path: Path) -> None:
    kept = Exchange("songnhue", "file:///tin/7.txt", AT, None, (("content-type", "text/plain"),), BODY, outcome="ok")
    _, record = read_records(written(tmp_path, kept))
    assert (record.kind, record.exchange()) == ("resource", kept)
    assert record.payload_digest == kept.stored_digest == sha256(BODY).hexdigest()


def test_a_record_holds_the_fields_that_the_standard_asks_for() -> None:
    (record,) = WarcioIterator(io.BytesIO(pack(REVISIT)))
    fields = record.rec_headers
    assert fields.protocol == "WARC/1.1"
    assert fields.get_header("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert fields.get_header("WARC-Refers-To-Date") == "2025-05-20T05:00:00.123456Z"
    assert fields.get_header("WARC-Record-ID").startswith("<urn:uuid:")
