import pytest

from pipelines.signatures import cut_off

PDF = b"%PDF-1.7\n1 0 obj\nendobj\n"
ZIP = b"PK\x03\x04" + bytes(100)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.mark.parametrize(
    "whole",
    [
        PDF + b"%%EOF",
        PDF + b"%%EOF\r\n" + bytes(1000),
        ZIP + b"PK\x05\x06" + bytes(18),
        PNG + b"IEND\xae\x42\x60\x82",
        b"\xff\xd8\xff" + bytes(10) + b"\xff\xd9\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 a format that says nothing of its end",
        b"words",
        b"",
    ],
)
def test_a_file_with_the_end_of_its_format_or_of_none_counts_as_whole(whole: bytes) -> None:
    assert not cut_off(whole, "application/octet-stream")


@pytest.mark.parametrize("half", [PDF, PDF + b"%%EOF" + bytes(2000) + b"more", ZIP, PNG, b"\xff\xd8\xff" + bytes(10)])
def test_a_file_without_the_end_of_its_format_was_cut_off(half: bytes) -> None:
    assert cut_off(half, "application/octet-stream")
