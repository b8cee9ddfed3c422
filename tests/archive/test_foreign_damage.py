"""Damaged WARC files: what is damaged is reported once with its place, and everything else comes out."""

import gzip
import zlib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc import scan
from archive.warc.foreign import Damage, NotWarcError, RawRecord, read_foreign
from tests.warcs import FORMS, RECORDS, URL, blocks, members, mixed, noise, parted, plain, response, text_before

BLOCKS = blocks(RECORDS)


def read(path: Path, data: bytes) -> tuple[list[RawRecord], list[Damage]]:
    """Records and damage; a file of which nothing is left to see is damage as a whole."""
    path.write_bytes(data)
    try:
        return parted(list(read_foreign(path)))
    except NotWarcError as error:
        return [], [Damage(f"{path.name}:0", str(error))]


def starts(form: str) -> list[int]:
    return [int(place.partition("+")[0] or 0) for place in FORMS[form](RECORDS)[1]]


def is_whole(member: bytes) -> bool:
    """Some bits of a gzip member mean nothing: the time, the system, what fills up the last byte."""
    try:
        return gzip.decompress(member) in RECORDS
    except (OSError, EOFError, zlib.error):
        return False


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :]


def test_a_flipped_byte_costs_its_gzip_member_and_is_reported_once(tmp_path: Path) -> None:
    data, begins = members(RECORDS)[0], starts("members")
    for at in (*range(0, len(data), 3), *range(len(data) - 12, len(data))):
        number = max(n for n, begin in enumerate(begins) if begin <= at)
        hit = flipped(data, at)
        records, damage = read(tmp_path / "a.warc.gz", hit)
        found = [one.block for one in records]
        if is_whole(hit[begins[number] : [*begins, len(data)][number + 1]]):
            assert (found, damage) == (BLOCKS, [])
            continue
        assert [one.place for one in damage] == [f"a.warc.gz:{begins[number]}"]
        # Where the damage stands behind the record, the record's digest vouches for it.
        assert found == BLOCKS[:number] + BLOCKS[number + 1 :] or (
            found == BLOCKS and "checksum" not in damage[0].problem
        )


def test_a_flipped_byte_costs_no_record_of_other_gzip_members(tmp_path: Path) -> None:
    data, begins = FORMS["pairs"](RECORDS)[0], starts("pairs")
    hits = [begin or begins[n - n % 2] for n, begin in enumerate(begins)]
    for at in range(10, len(data), 3):
        hit = max(begin for begin in hits if begin <= at)
        records, damage = read(tmp_path / "a.warc.gz", flipped(data, at))
        others = [block for block, begin in zip(BLOCKS, hits, strict=True) if begin != hit]
        assert [one.block for one in records if one.block in others] == others
        places = [one.place.removeprefix("a.warc.gz:").partition("+")[0] for one in damage]
        assert {int(place or 0) for place in places} in ({hit}, set())


def test_a_flipped_byte_in_an_uncompressed_file_costs_at_most_its_record(tmp_path: Path) -> None:
    data, places = plain(RECORDS)
    begins = [int(place) for place in places]
    for at in range(0, len(data), 4):
        number = max(n for n, begin in enumerate(begins) if begin <= at)
        records, damage = read(tmp_path / "a.warc", flipped(data, at))
        others = BLOCKS[:number] + BLOCKS[number + 1 :]
        found = [one.block for one in records]
        assert found in (
            others,
            BLOCKS,
            [*BLOCKS[:number], records[min(number, len(records) - 1)].block, *others[number:]],
        )
        assert len(damage) <= 1
        reported = [int(one.place.removeprefix("a.warc:")) for one in damage]
        assert all(begins[number] <= place < begins[number] + len(RECORDS[number]) for place in reported)
        head = begins[number] + RECORDS[number].index(b"\r\n\r\n") + 4
        if head <= at < begins[number] + len(RECORDS[number]) - 4:
            assert [one.place for one in damage] == [f"a.warc:{begins[number]}"]
            assert len(found) == len(BLOCKS)


@pytest.mark.parametrize("form", ["stream", "pieces"])
def test_of_one_gzip_stream_all_that_stands_before_the_damage_comes_out(form: str, tmp_path: Path) -> None:
    data = FORMS[form](RECORDS)[0]
    for at in range(12, len(data), 11):
        whole = text_before(data[:at])
        before = [n for n in range(len(RECORDS)) if len(b"".join(RECORDS[: n + 1])) <= len(whole)]
        records, damage = read(tmp_path / "a.warc.gz", flipped(data, at))
        assert [one.block for one in records][: len(before)] == BLOCKS[: len(before)]
        assert damage or [one.block for one in records] == BLOCKS
        assert len({one.place for one in damage}) == len(damage)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_anywhere_gives_what_stands_before_the_cut_and_one_damage(form: str, tmp_path: Path) -> None:
    data = FORMS[form](RECORDS)[0]
    ends = [*starts(form)[1:], len(data)] if form in ("plain", "members", "mixed") else [0] * len(RECORDS)
    bounds = {*starts(form), *ends} if form != "pieces" else set()
    for cut in range(11, len(data), 9):
        records, damage = read(tmp_path / "a.warc.gz", data[:cut])
        found = [one.block for one in records]
        assert found == BLOCKS[: len(found)]
        assert len(found) >= sum(0 < end <= cut for end in ends)
        # What lacks only line breaks, or only the checksum behind a record with a digest, is whole.
        whole = any(end - 8 <= cut <= end for end in bounds)
        assert len(damage) == 1 or (whole and damage == []) or form == "pieces"
        assert damage or found == BLOCKS[: len(found)] or whole


@pytest.mark.parametrize("garbage", [noise(3, 320), b"\x00" * 4096, b"\x1f\x8b\x08junk", b"WARC/1.0 is a format\r\n"])
@pytest.mark.parametrize("form", ["plain", "members", "mixed"])
def test_garbage_between_records_is_reported_with_its_place(form: str, garbage: bytes, tmp_path: Path) -> None:
    data, begins = FORMS[form](RECORDS)[0], starts(form)
    for begin in begins:
        records, damage = read(tmp_path / "a.warc.gz", data[:begin] + garbage + data[begin:])
        assert [one.block for one in records] == BLOCKS
        assert [one.place for one in damage] == [f"a.warc.gz:{begin}"]


def test_garbage_in_a_gzip_stream_is_reported_with_its_place(tmp_path: Path) -> None:
    text = RECORDS[0] + b"some garbage" + b"".join(RECORDS[1:])
    records, (damage,) = read(tmp_path / "a.warc.gz", gzip.compress(text))
    assert [one.block for one in records] == BLOCKS
    assert damage == Damage(f"a.warc.gz:+{len(RECORDS[0])}", "12 bytes that belong to no record")


def test_a_member_that_holds_something_else_is_reported_with_its_place(tmp_path: Path) -> None:
    one, other = members(RECORDS[:1])[0], members(RECORDS[1:])[0]
    records, (damage,) = read(tmp_path / "a.warc.gz", one + gzip.compress(b"<html>") + gzip.compress(b"") + other)
    assert [found.block for found in records] == BLOCKS
    assert damage.place == f"a.warc.gz:{len(one)}"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (response().replace(b"Content-Length", b"Content-Lengtn"), "no Content-Length"),
        (response(digest=False, Content_Length="10"), "Content-Length is 10"),
        (response(digest=False, Content_Length="5000"), "Content-Length is 5000"),
        (response(digest=False, Content_Length="999999999999"), "Content-Length is 999999999999"),
        (response().replace(b"WARC/1.0", b"WARC/9.9"), "malformed header"),
        (response().replace(b"WARC-Type: response\r\n", b""), "no WARC-Type"),
        (response()[:60], "header"),
    ],
    ids=["no length", "short", "long", "enormous", "version", "no type", "half a head"],
)
def test_a_malformed_record_costs_no_other(broken: bytes, said: str, tmp_path: Path) -> None:
    broken = broken.replace(b"WARC-Block-Digest", b"X-Digest")
    for packed in (False, True):
        text = RECORDS[0] + broken + b"".join(RECORDS[1:])
        records, damage = read(tmp_path / "a.warc", gzip.compress(text) if packed else text)
        assert [one.block for one in records] == BLOCKS
        assert [one.place for one in damage] == [f"a.warc:{'+' * packed}{len(RECORDS[0])}"]
        assert said in damage[0].problem


def test_a_header_line_that_is_no_field_is_reported_and_the_record_given(tmp_path: Path) -> None:
    stray = response().replace(b"WARC-Date: ", b"WARC-Date; ")
    (one,), (damage,) = read(tmp_path / "a.warc", stray)
    assert "warc-date" not in one.fields
    assert damage == Damage(one.place, "a header line that is no field: 'WARC-Date; 2024-03-05T02:30:00Z'")


def test_a_record_that_is_too_large_is_left_out_whatever_its_length_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "MAX_RECORD", 5000)
    for large in (response(noise(5, 9600)), response(noise(5, 9600), digest=False, Content_Length="10")):
        for form in ("plain", "members", "stream"):
            data = FORMS[form]([RECORDS[0], large, *RECORDS[1:]])[0]
            records, damage = read(tmp_path / "a.warc.gz", data)
            assert [one.block for one in records] == BLOCKS
            assert len(damage) == 1


def test_an_archived_warc_file_is_not_taken_apart(tmp_path: Path) -> None:
    for inner in (plain(RECORDS)[0], members(RECORDS)[0]):
        outer = response(inner, url=URL + "a.warc")
        for data in (outer, gzip.compress(outer), gzip.compress(outer, compresslevel=0)):
            records, damage = read(tmp_path / "a.warc", data)
            assert (len(records), damage) == (1, [])


@given(data=st.binary(max_size=400), lead=st.sampled_from([b"", b"WARC/1.0\r\n", b"\x1f\x8b\x08\x00", b"PK\x03\x04"]))
def test_no_bytes_make_the_reader_fail(tmp_path_factory: pytest.TempPathFactory, data: bytes, lead: bytes) -> None:
    read(tmp_path_factory.mktemp("fuzz") / "a.warc", lead + data)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "double"]), st.floats(0, 1), st.binary(min_size=1, max_size=40)
    ),
    min_size=1,
    max_size=5,
)


@given(form=st.sampled_from(sorted(FORMS)), changes=CHANGES)
def test_no_change_to_a_file_loses_what_stands_before_it(
    tmp_path_factory: pytest.TempPathFactory, form: str, changes: list[tuple[str, float, bytes]]
) -> None:
    data = FORMS[form](RECORDS)[0]
    first = len(data)
    for change, where, some in changes:
        at = int(where * (len(data) - 1))
        first = min(first, at)
        if change == "flip":
            data = data[:at] + bytes(one ^ 0x55 for one in data[at : at + len(some)]) + data[at + len(some) :]
        elif change == "cut":
            data = data[:at] + data[at + len(some) :]
        else:
            data = data[:at] + (some if change == "insert" else data[at : at + 50 * len(some)]) + data[at:]
    records, _ = read(tmp_path_factory.mktemp("fuzz") / "a.warc.gz", data)
    found = [one.block for one in records]
    if form in ("plain", "members", "mixed"):
        ends = [*starts(form)[1:], len(FORMS[form](RECORDS)[0])]
        before = sum(end < first for end in ends)
        assert found[:before] == BLOCKS[:before]


def test_records_between_two_damages_come_out(tmp_path: Path) -> None:
    random, data = Random(5), mixed(RECORDS)[0]
    begins = starts("mixed")
    for number in range(1, len(RECORDS) - 1):
        broken = bytearray(data)
        for place in (begins[number - 1] + 40, begins[number + 1] + 40):
            broken[place : place + 8] = random.randbytes(8)
        records, damage = read(tmp_path / "a.warc.gz", bytes(broken))
        assert BLOCKS[number] in [one.block for one in records]
        assert len(damage) <= 2
