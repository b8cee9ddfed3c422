"""The head of a WARC record: its version line and its fields, up to the blank line before the block.

Written by anyone: lines that end in LF alone, folded lines, white space before the colon, bytes that are no UTF-8.
"""

import re
from base64 import b32encode, b64encode
from collections.abc import Mapping
from hashlib import new

VERSION = re.compile(rb"WARC/[01]\.\d{1,4}[ \t]*\r?\n")
# Where a record may begin in the middle of other bytes: the version line and the name of a field behind it.
START = re.compile(VERSION.pattern + rb"(?=[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:)")
HEAD_END = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"[\w-]+[ \t]*:")
_ALGORITHMS = {
    "sha1": "sha1",
    "sha-1": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "sha512": "sha512",
    "md5": "md5",
}


def parse_head(head: bytes) -> tuple[dict[str, str], str | None]:
    """Fields with names in lower case (of one that stands twice the last), and a line that is no field, if any."""
    fields: dict[str, str] = {}
    stray, name = None, ""
    for line in _text(head).split("\n")[1:]:
        if line[:1] in (" ", "\t") and name:
            fields[name] += " " + line.strip()
            continue
        key, colon, value = line.partition(":")
        name = key.strip().lower()
        if colon and name.replace("-", "").replace("_", "").isalnum():
            fields[name] = value.strip()
        elif line.strip():
            stray, name = stray or line.strip(), ""
    return fields, stray


def parse_length(fields: Mapping[str, str]) -> int | None:
    """Content-Length; None where it is missing or no number."""
    stated = fields.get("content-length", "")
    return int(stated) if re.fullmatch("[0-9]{1,18}", stated) else None


def with_fields(head: bytes, fields: Mapping[str, str]) -> bytes:
    """The head with lines added at its end; what stood there stays. Line breaks in a value become spaces."""
    kept = head.rstrip(b"\r\n")
    end = b"\r\n" if b"\r\n" in head else b"\n"
    added = b"".join(end + f"{name}: {' '.join(value.split())}".encode() for name, value in fields.items())
    return kept + added + end + end


def well_formed(head: bytes, length: int) -> bytes:
    """The head as the standard has it: lines that end in CRLF, one true Content-Length, a blank line.

    A head that is so already comes back as it is.
    """
    fields, stray = parse_head(head)
    lines = head.rstrip(b"\r\n").split(b"\n")
    lengths = [line for line in lines if _names_length(line)]
    if stray or len(lengths) != 1 or fields.get("content-length") != str(length):
        lines = [line for line in lines if _is_line(line) and not _names_length(line)]
        lines.append(b"Content-Length: %d" % length)
    return b"".join(line.rstrip(b"\r") + b"\r\n" for line in lines) + b"\r\n"


def _is_line(line: bytes) -> bool:
    return line[:1] in (b" ", b"\t") or line.startswith(b"WARC/") or _FIELD.match(line) is not None


def _names_length(line: bytes) -> bool:
    return line.partition(b":")[0].strip().lower() == b"content-length"


def bare(uri: str) -> str:
    """An address without the angle brackets that WARC/1.0 asked for and wget writes."""
    return uri[1:-1] if uri.startswith("<") and uri.endswith(">") else uri


def digest_holds(stated: str, data: bytes) -> bool | None:
    """Whether ``data`` has the digest ``algorithm:value`` (base 16, 32 or 64); None for an algorithm not known."""
    algorithm, colon, value = stated.partition(":")
    if not colon or (known := _ALGORITHMS.get(algorithm.strip().lower())) is None:
        return None
    raw, value = new(known, data, usedforsecurity=False).digest(), value.strip()
    if value.lower() == raw.hex() or value.rstrip("=") == b64encode(raw).decode().rstrip("="):
        return True
    return value.upper().rstrip("=") == b32encode(raw).decode().rstrip("=")


def _text(head: bytes) -> str:
    try:
        return head.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return head.decode("latin-1").replace("\r\n", "\n")
