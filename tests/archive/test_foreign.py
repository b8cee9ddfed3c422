"""WARC files of any writer are read: every form, the quirks of real writers, and files that are none."""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import threading
import tracemalloc
import zipfile
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, WarcRecordType
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import UsageError
from archive.warc import record_of
from archive.warc.foreign import Damage, NotWarcError, RawRecord, read_foreign
from tests.warcs import FORMS, PAGE, RECORDS, URL, blocks, http, members, noise, parted, record, response, stream


def found_in(path: Path, data: bytes) -> list[RawRecord | Damage]:
    path.write_bytes(data)
    return list(read_foreign(path))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_records_at_their_places(form: str, tmp_path: Path) -> None:
    data, places = FORMS[form](RECORDS)
    records, damage = parted(found_in(tmp_path / "a.warc.gz", data))
    assert damage == []
    assert [one.block for one in records] == blocks(RECORDS)
    assert [one.head + one.block + b"\r\n\r\n" for one in records] == list(RECORDS)
    assert [one.kind for one in records] == [r.split(b"WARC-Type: ")[1].split(b"\r")[0].decode() for r in RECORDS]
    if places:
        assert [one.place for one in records] == [f"a.warc.gz:{place}" for place in places]


def test_what_warcio_writes_is_read(tmp_path: Path) -> None:
    for packed in (True, False):
        out = io.BytesIO()
        writer = WARCWriter(out, gzip=packed)
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        request = StatusAndHeaders("GET / HTTP/1.0", [("Host", "example.vn")], is_http_request=True)
        for one in (
            writer.create_warcinfo_record("a.warc.gz", {"software": "warcio"}),
            writer.create_warc_record(URL, "response", payload=io.BytesIO(PAGE), http_headers=head),
            writer.create_warc_record(URL, "request", http_headers=request),
            writer.create_revisit_record(URL, "sha1:ABC", URL, "2024-01-01T00:00:00Z", http_headers=head),
        ):
            writer.write_record(one)
            one.raw_stream.close()
        records, damage = parted(found_in(tmp_path / "a.warc.gz", out.getvalue()))
        assert damage == []
        assert [r.kind for r in records] == ["warcinfo", "response", "request", "revisit"]
        assert records[1].block.endswith(PAGE)
        assert [r.uri("warc-target-uri") for r in records] == [None, URL, URL, URL]


@pytest.mark.parametrize("form", ["members", "stream", "plain"])
def test_what_fastwarc_writes_is_read(form: str, tmp_path: Path) -> None:
    out = io.BytesIO()
    packed = out if form == "plain" else GzipWriter(out)
    for number in range(3):
        one = WarcRecord()
        one.init_headers(WarcRecordType.response)
        one.headers["WARC-Target-URI"] = f"{URL}?page={number}"
        one.is_http = True
        one.set_bytes_content(http(noise(number, 640)))
        one.write(packed, checksum_data=True)
        if form == "members":
            packed.finish()
    if form != "plain":
        packed.close()
    records, damage = parted(found_in(tmp_path / "a.warc.gz", out.getvalue()))
    assert damage == []
    assert [r.block for r in records] == [http(noise(number, 640)) for number in range(3)]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_what_wget_writes_is_read(packed: bool, tmp_path: Path) -> None:
    if shutil.which("wget") is None:
        assert "CI" not in os.environ, "this check needs wget"
        pytest.skip("wget is not installed")
    (tmp_path / "index.html").write_bytes(PAGE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/index.html"
    options = ["--warc-file=a", *([] if packed else ["--no-warc-compression"])]
    command = ["wget", "-q", "-O", "out.html", "--no-proxy", *options, url]
    subprocess.run(command, cwd=tmp_path, timeout=60, check=True)
    server.shutdown()
    server.server_close()
    records, damage = parted(list(read_foreign(next(tmp_path.glob("a.warc*")))))
    assert damage == []
    assert {"warcinfo", "request", "response", "metadata", "resource"} == {r.kind for r in records}
    exchanges = [e for r in records if (e := record_of(r.head, r.block).exchange())]
    assert [(e.url, e.status, e.body, e.truncated) for e in exchanges] == [(url, 200, PAGE, None)]


@pytest.mark.parametrize(
    "quirk",
    [
        response(url=f"<{URL}>"),
        response(end="\n"),
        response()[:-4],
        response()[:-2],
        response() + b"\r\n\r\n",
        response().replace(b"Content-Length: ", b"content-length:   ").replace(b"WARC-Type", b"warc-type"),
        response().replace(b"WARC/1.0\r\n", b"WARC/0.17\n"),
        response().replace(b"WARC/1.0\r\n", b"WARC/1.1 \r\n"),
        response(WARC_Other="one\r\n two\r\n\tthree"),
        response(WARC_Filename="tin tức.warc").replace("tức".encode(), "tức".encode("cp1258", "replace")),
    ],
    ids=["brackets", "LF", "no end", "half an end", "long end", "lower case", "0.17", "1.1", "folded", "not UTF-8"],
)
def test_quirks_of_writers_are_no_damage(quirk: bytes, tmp_path: Path) -> None:
    for data in (
        quirk + RECORDS[1],
        gzip.compress(quirk) + gzip.compress(RECORDS[1]),
        gzip.compress(quirk + RECORDS[1]),
    ):
        records, damage = parted(found_in(tmp_path / "a.warc", data))
        assert damage == []
        assert (records[0].kind, records[0].block) == ("response", http())
        assert records[0].uri("warc-target-uri") == URL
        assert len(records) == 2


def test_a_folded_field_is_one_value_and_of_two_of_a_name_the_last_counts(tmp_path: Path) -> None:
    data = response(WARC_Other="one\r\n two", warc_other="x").replace(b"warc-other: x", b"Bantin-X: 1\r\nbantin-x: 2")
    (one,) = parted(found_in(tmp_path / "a.warc", data))[0]
    assert (one.fields["warc-other"], one.fields["bantin-x"]) == ("one two", "2")


@pytest.mark.parametrize("digest", ["sha1:{sha1_hex}", "sha-256:{sha256_hex}", "md5:{md5_hex}", "blake3:abc", "unsure"])
def test_digests_of_all_spellings_are_checked(digest: str, tmp_path: Path) -> None:
    block = http()
    known = {f"{name}_hex": hashlib.new(name, block).hexdigest() for name in ("sha1", "sha256", "md5")}
    good = response(WARC_Block_Digest=digest.format(**known))
    assert len(found_in(tmp_path / "a.warc", good)) == 1
    if "hex" in digest:
        one, damage = found_in(tmp_path / "a.warc", good.replace("quý một".encode(), "quý hai".encode()))
        assert isinstance(one, RawRecord)
        assert isinstance(damage, Damage)
        assert damage.place == one.place
        assert "WARC-Block-Digest" in damage.problem


def test_a_wrong_length_is_reported_and_the_record_given_where_gzip_or_a_digest_vouches_for_it(tmp_path: Path) -> None:
    for wrong in ("12", "99999", "many"):
        vouched, bare = response(Content_Length=wrong), response(digest=False, Content_Length=wrong)
        for data in (members([vouched, RECORDS[1]])[0], members([bare, RECORDS[1]])[0], vouched + RECORDS[1]):
            one, damage, other = found_in(tmp_path / "a.warc", data)
            assert isinstance(one, RawRecord)
            assert isinstance(damage, Damage)
            assert isinstance(other, RawRecord)
            assert (one.block, other.block) == (http(), blocks(RECORDS)[1])
            assert damage == Damage("a.warc:0", f"its Content-Length is {wrong}, but {len(http())} bytes stand there")
        (other,), (damage,) = parted(found_in(tmp_path / "a.warc", bare + RECORDS[1]))
        assert other.kind == "request"
        assert damage.place == "a.warc:0"


def test_a_revisit_with_the_digest_of_the_payload_that_it_lacks_is_no_damage(tmp_path: Path) -> None:
    data = record("revisit", http(b""), WARC_Payload_Digest="sha1:AAAA", WARC_Block_Digest="sha1:AAAA")
    assert len(found_in(tmp_path / "a.warc", data)) == 1


def wacz(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_the_warc_files_of_a_wacz_are_read(compression: int, tmp_path: Path) -> None:
    (one, places), (two, more) = members(RECORDS[:3]), stream(RECORDS[3:])
    files = {"indexes/index.cdx.gz": b"lies", "archive/a.warc.gz": one, "archive/b.warc.gz": two, "pages.jsonl": b""}
    records, damage = parted(list(read_foreign(wacz(tmp_path / "x.wacz", files, compression))))
    assert damage == []
    assert [r.block for r in records] == blocks(RECORDS)
    expected = [f"archive/a.warc.gz:{place}" for place in places] + [f"archive/b.warc.gz:{place}" for place in more]
    assert [r.place for r in records] == [f"x.wacz!{place}" for place in expected]


def test_what_cannot_be_read_of_a_wacz_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    files = {"archive/a.warc.gz": b"no warc", "b.wacz": b"", "archive/c.warc": RECORDS[2], "archive/d.warc": RECORDS[3]}
    path = wacz(tmp_path / "x.wacz", files, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    data[data.index(b"archive/d.warc") + 14 + 300] ^= 0xFF
    path.write_bytes(bytes(data))
    records, damage = parted(list(read_foreign(path)))
    assert records[0].block == blocks(RECORDS)[2]
    assert [d.place.partition(":")[0] for d in damage][:3] == [
        "x.wacz!archive/a.warc.gz",
        "x.wacz!b.wacz",
        "x.wacz!archive/d.warc",
    ]
    assert "Unpack the outer one" in damage[1].problem


NONE = {
    "empty": (b"", "the file is empty"),
    "zstd": (b"\x28\xb5\x2f\xfd" + noise(1, 128), "`zstd -d`"),
    "zstd with a dictionary": (b"\x5d\x2a\x4d\x18" + noise(1, 128), "`zstd -d`"),
    "xz": (b"\xfd7zXZ\x00abc", "`xz -d`"),
    "ARC": (b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n1 0 x\n", "warcio recompress"),
    "packed ARC": (gzip.compress(b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n"), "warcio recompress"),
    "packed twice": (gzip.compress(members(RECORDS)[0]), "`gunzip`"),
    "page": (b"<html>WARC/1.0 is a format</html>", "no WARC record"),
    "packed page": (gzip.compress(PAGE), "no WARC record"),
    "blank": (b"\r\n" * 9, "no WARC record"),
    "broken gzip": (b"\x1f\x8b\x08\x00" + bytes(range(90)), "no WARC record"),
    "broken zip": (b"PK\x03\x04" + noise(1, 128), "damaged zip"),
}


@pytest.mark.parametrize("case", NONE)
def test_a_file_that_is_no_warc_is_told_of_in_one_sentence(case: str, tmp_path: Path) -> None:
    data, said = NONE[case]
    path = tmp_path / "a.warc.gz"
    with pytest.raises(NotWarcError, match=said) as caught:
        found_in(path, data)
    assert isinstance(caught.value, UsageError)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_zip_without_warc_files_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(NotWarcError, match="without WARC files"):
        list(read_foreign(wacz(tmp_path / "x.zip", {"a.txt": b"a"})))


def _peak(path: Path) -> tuple[int, Sequence[int | str]]:
    tracemalloc.start()
    sizes = [len(one.block) if isinstance(one, RawRecord) else one.problem for one in read_foreign(path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, sizes


def test_a_large_gzip_stream_is_never_held_whole(tmp_path: Path) -> None:
    one = response(bytes(1 << 20))
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(one * 100, compresslevel=1))
    peak, sizes = _peak(tmp_path / "a.warc.gz")
    assert sizes == [len(http()) - len(PAGE) + (1 << 20)] * 100
    assert peak < 16 << 20


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_a_record_of_enormous_size_is_left_out_without_being_held(packed: bool, tmp_path: Path) -> None:
    path, size = tmp_path / "a.warc", 257 << 20
    with gzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as out:
        out.write(RECORDS[0] + record("response", b"", digest=False, Content_Length=str(size))[:-4])
        for _ in range(257):
            out.write(bytes(1 << 20))
        out.write(b"\r\n\r\n" + RECORDS[2])
    peak, sizes = _peak(path)
    assert sizes == [len(blocks(RECORDS)[0]), "larger than 256 MiB, left out", len(blocks(RECORDS)[2])]
    assert peak < 16 << 20
