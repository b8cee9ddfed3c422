"""Records that others wrote, copied into a segment of ours and read there."""

import gzip
import io
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.errors import ArchiveError
from archive.warc import Exchange, is_unresolved, pack_raw, read_record, record_of, with_fields
from archive.warc.foreign import read_foreign
from archive.warc.record import ORIGIN_FIELD, SOURCE_FIELD, parse_time
from tests.archive.test_http import chunked
from tests.warcs import AT, PAGE, RECORDS, URL, http, parted, record, response

TIME = datetime(2024, 3, 5, 2, 30, tzinfo=UTC)


def exchange_of(data: bytes) -> Exchange | None:
    head, end, rest = data.partition(b"\n\n" if b"\r\n" not in data else b"\r\n\r\n")
    return record_of(head + end, rest[: -len(end)]).exchange()


def some(data: bytes) -> Exchange:
    found = exchange_of(data)
    assert found is not None
    return found


@given(
    block=st.binary(max_size=200),
    value=st.from_regex(r"\A[!-~]{1,20}\Z"),
    end=st.sampled_from([b"\r\n", b"\n"]),
    length=st.sampled_from(
        [b"", b"Content-Length: 7", b"content-length : x", b"Content-Length: 7\r\nContent-Length: 8"]
    ),
)
def test_a_copied_record_is_read_back_by_all_readers(
    tmp_path_factory: pytest.TempPathFactory, block: bytes, value: str, end: bytes, length: bytes
) -> None:
    lines = [b"WARC/1.0", b"WARC-Type: metadata", b"WARC-Date: " + AT.encode(), b"X-Fold: a", b" b", length]
    head = end.join(line for line in lines if line) + end + end
    data = pack_raw(with_fields(head, {ORIGIN_FIELD: f"{value}:1"}), block)
    path = tmp_path_factory.mktemp("raw") / "a.warc.gz"
    path.write_bytes(data)
    back = read_record(path, 0)
    assert (back.body, back.kind, back.length, back.imported) == (block, "metadata", len(data), True)
    assert back.fields[ORIGIN_FIELD.lower()] == f"{value}:1"
    assert back.fields["x-fold"] == "a b"
    (fast,) = [r.reader.read() for r in ArchiveIterator(io.BytesIO(data), parse_http=False)]
    (slow,) = [r.raw_stream.read() for r in WarcioIterator(io.BytesIO(data), no_record_parse=True)]
    assert fast == slow == block
    (foreign,), damage = parted(list(read_foreign(path)))
    assert (foreign.block, damage) == (block, [])


def test_a_well_formed_record_is_copied_byte_for_byte() -> None:
    for data in RECORDS:
        head, end, block = data.partition(b"\r\n\r\n")
        assert gzip.decompress(pack_raw(head + end, block[:-4])) == data
        assert gzip.decompress(pack_raw(with_fields(head + end, {"A": "b\r\nc"}), block[:-4])) == (
            head + b"\r\nA: b c" + end + block
        )


def test_a_head_that_is_not_well_formed_is_mended() -> None:
    head = b"WARC/1.0\nWARC-Type: resource\nno field at all\nContent-Length: 99\n\n"
    assert gzip.decompress(pack_raw(head, b"abc")) == (
        b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"
    )


def test_a_response_is_an_attempt() -> None:
    expected = Exchange("", URL, TIME, 200, (("Content-Type", "text/html; charset=utf-8"),), PAGE, "203.0.113.7")
    for uri in (URL, f"<{URL}>"):
        assert exchange_of(response(url=uri, WARC_IP_Address="203.0.113.7")) == expected
    assert some(response(status="HTTP/2 404")).status == 404


def test_chunk_framing_is_undone_and_the_digest_is_of_what_is_left() -> None:
    found = some(response(chunked(PAGE), "Transfer-Encoding: chunked", "Content-Length: 99999"))
    assert (found.body, found.truncated) == (PAGE, None)
    assert found.stored_digest == sha256(PAGE).hexdigest()
    assert some(response(PAGE, "Transfer-Encoding: chunked")).body == PAGE


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (response(chunked(PAGE)[:26], "Transfer-Encoding: chunked"), "cut short: 3 of 7 bytes of a chunk"),
        (response(PAGE, "Content-Length: 2000"), f"cut short: {len(PAGE)} of 2000 bytes"),
        (response(PAGE, WARC_Truncated="length"), "cut short by its recorder (length)"),
        (response(PAGE, "Content-Length: 2000", "Content-Encoding: gzip"), None),
        (response(PAGE, f"Content-Length: {len(PAGE)}"), None),
        (response(PAGE, "Content-Length: 5"), None),
        (response(b"", "Content-Length: 2000", status="HTTP/1.1 304 Not Modified"), None),
    ],
)
def test_a_body_that_is_cut_short_is_noticed(data: bytes, said: str | None) -> None:
    assert some(data).truncated == said


def test_a_resource_is_a_file_that_somebody_kept() -> None:
    for url in (URL, "file:///tin/7.txt"):
        found = some(record("resource", PAGE, url, Content_Type="text/html"))
        assert (found.status, found.outcome, found.body) == (None, "ok", PAGE)
        assert found.header("content-type") == "text/html"
        assert found.stored_digest == sha256(PAGE).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        *RECORDS[:2],
        *RECORDS[4:6],
        record("conversion", PAGE),
        record("continuation", PAGE),
        record("response", b"dns", "dns:songnhue.example.vn", Content_Type="text/dns"),
        record("resource", b"log", "urn:log"),
        record("resource", b"log", "metadata://gnu.org/software/wget/warc/wget.log"),
        response(url="ftp://songnhue.example.vn/a"),
        record("metadata", b"outcome: failed\r\n", Content_Type="application/warc-fields"),
        record("metadata", b"via: x\r\n", Content_Type="application/warc-fields", Bantin_Source="songnhue"),
        record("metadata", b"outcome: failed\r\n", Content_Type="text/plain", Bantin_Source="songnhue"),
    ],
)
def test_other_records_are_no_attempts(data: bytes) -> None:
    assert exchange_of(data) is None


REVISIT = {"WARC_Profile": "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"}
REFERS = {"WARC_Refers_To_Target_URI": f"<{URL}>", "WARC_Refers_To_Date": "2024-01-01T00:00:00Z"}
EARLIER = (URL, datetime(2024, 1, 1, tzinfo=UTC))


def test_a_revisit_names_what_it_refers_to() -> None:
    found = some(record("revisit", http(b"", "Content-Length: 900"), WARC_Truncated="length", **REVISIT, **REFERS))
    assert (found.status, found.outcome, found.refers_to, found.truncated) == (200, None, EARLIER, None)
    bare = record("revisit", b"", **REVISIT, **REFERS)
    assert (some(bare).status, some(bare).outcome, some(bare).refers_to) == (None, "ok", EARLIER)
    unchanged = record("revisit", b"", WARC_Profile="x/server-not-modified", **REFERS)
    assert (some(unchanged).status, some(unchanged).refers_to) == (304, EARLIER)


@pytest.mark.parametrize("given", [{}, {"WARC_Refers_To_Date": "soon"}, {"WARC_Refers_To": "<urn:uuid:1>"}])
def test_a_revisit_that_does_not_say_of_what_is_a_failed_attempt_until_it_is_told(given: dict[str, str]) -> None:
    data = record("revisit", http(b""), **REVISIT, **given)
    found = some(data)
    assert (found.status, found.outcome, found.refers_to) == (None, "failed", None)
    assert found.reason == "revisit of a record that is not known"
    head, end, block = data.partition(b"\r\n\r\n")
    assert is_unresolved(record_of(head + end, block[:-4]).fields)
    told = with_fields(head + end, {name.replace("_", "-"): value for name, value in REFERS.items()})
    assert not is_unresolved(record_of(told, block[:-4]).fields)
    assert some(told + block).refers_to == EARLIER


def test_a_response_without_http_is_a_failed_attempt() -> None:
    found = some(record("response", PAGE))
    assert (found.status, found.outcome, found.reason) == (None, "failed", "the record holds no HTTP response")
    assert (found.body, found.stored_digest) == (b"", "")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2024-03-05T02:30:00Z", TIME),
        ("2024-03-05t02:30:00z", TIME),
        ("2024-03-05T09:30:00+07:00", TIME),
        ("20240305023000", TIME),
        ("2024-03-05T02:30:00.5Z", replace_micro := TIME.replace(microsecond=500_000)),
        ("2024-03-05T02:30:00.500000999Z", replace_micro),
        ("2024-03-05", None),
        ("2024", None),
        ("2024-03-05T25:30:00Z", None),
        ("0001-01-01T00:00:00+07:00", None),
        ("", None),
    ],
)
def test_times_of_any_precision_below_a_second_are_read(stated: str, expected: datetime | None) -> None:
    assert parse_time(stated) == expected


def test_a_record_without_a_time_or_an_address_says_so() -> None:
    with pytest.raises(ArchiveError, match="warc-date is no time: 'today'"):
        exchange_of(response(WARC_Date="today"))
    with pytest.raises(ArchiveError, match="has no warc-target-uri"):
        exchange_of(record("response", http(), None))


def test_failures_of_another_archive_of_ours_are_attempts() -> None:
    fields = {"Content_Type": "application/warc-fields", SOURCE_FIELD.replace("-", "_"): "songnhue"}
    found = some(record("metadata", b"outcome: blocked\r\nreason: a\r\n b\r\n", **fields))
    assert found == Exchange("songnhue", URL, TIME, None, outcome="blocked", reason="a\nb")
    assert replace(found, status=200).stored_digest == sha256(b"").hexdigest()
