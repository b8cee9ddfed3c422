"""XML that strangers serve, as flat records: what feeds and sitemaps share. Nothing in it is fetched or expanded.

The text is read as a stream and thrown away behind the reader. Sizes are capped: the protocol of sitemaps allows
50 MiB unpacked and 50,000 entries a file (sitemaps.org/protocol.html), and feeds have no need of more.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urljoin

from lxml import etree
from lxml.etree import _Element

from archive.errors import BantinError
from pipelines.decode import decode

MAX_BYTES = 50 * 2**20
MAX_RECORDS = 50_000
MAX_ELEMENTS = 500_000  # 50,000 addresses with three dates and five languages each
MAX_MEMBERS = 16
#: The roots of the known formats, and the element that is an entry of each.
RECORDS = {"rss": "item", "RDF": "item", "feed": "entry", "urlset": "url", "sitemapindex": "sitemap"}
_GZIP = b"\x1f\x8b"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_TAG = re.compile(r"<\w")
_LOOK = 100_000
_UNSOUND = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Bare ampersands in addresses are the commonest mistake; libxml2 would drop the name behind them, and after any other
# slip the five named characters too. As numbers they stay.
_AMPERSAND = re.compile(r"(<!\[CDATA\[(?s:.*?)(?:\]\]>|\Z))|&(?:(amp|lt|gt|quot|apos);|(?!#?\w+;))")
_NUMBERS = {"amp": "&#38;", "lt": "&#60;", "gt": "&#62;", "quot": "&#34;", "apos": "&#39;"}


class ListingError(BantinError):
    """A feed or a sitemap that cannot be read; the words are the reason of its capture."""


@dataclass(frozen=True, slots=True)
class Field:
    """An element of an entry: its path from there (``loc``, ``news/publication_date``), words and attributes."""

    path: str
    text: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """An entry. ``base`` is what its relative addresses are relative to, where the file says so."""

    fields: tuple[Field, ...]
    base: str

    def named(self, path: str) -> list[Field]:
        """The fields of this path, in their order."""
        return [field for field in self.fields if field.path == path]

    def texts(self, *paths: str) -> list[str]:
        """What the fields of these paths say, path by path; those without words left out."""
        return [field.text for path in paths for field in self.named(path) if field.text]


def text_of(payload: bytes, content_type: str | None) -> str:
    """The payload unpacked, where it is gzip whatever its name, and decoded. Raises ListingError."""
    data = _unpacked(payload) if payload.startswith(_GZIP) else payload
    if len(data) > MAX_BYTES:
        raise ListingError(f"larger than {MAX_BYTES} bytes unpacked")
    charset = content_type if data is payload else None  # what the header says is of the packed bytes
    text = _UNSOUND.sub("", decode(data, charset).text).lstrip("\ufeff \t\r\n")
    if not text:
        raise ListingError("empty")
    return text


def _undeclared(text: str) -> str:
    """The text without its XML declaration, whose encoding is no longer true."""
    before, begin, rest = text.partition("<?xml")
    said, end, after = rest.partition(">")
    return before + after if begin and end and said.endswith("?") else text


def records(text: str, url: str) -> tuple[str, list[Record], str | None]:
    """The root's name, one of ``RECORDS``, the entries below it, and what was left where they are too many. Raises
    ListingError.

    Names count without their namespace: it is missing or wrong in the files of many sites.
    """
    if not _TAG.search(text, 0, _LOOK):  # libxml2 goes on looking, for seconds
        raise ListingError("not XML")
    if text.count("&") > MAX_ELEMENTS:
        raise ListingError(f"more than {MAX_ELEMENTS} ampersands")
    parsed = _Parsed(url)
    data = BytesIO(_AMPERSAND.sub(_as_number, _undeclared(text)).encode())
    # A feed may have slips, hence `recover`. Without `huge_tree` libxml2 stops at 256 levels and at texts of 10 MB.
    events = etree.iterparse(
        data,
        events=("start", "end"),
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for event, element in events:
            parsed.take(event, element)
            if parsed.full:
                break
    except etree.XMLSyntaxError as error:
        raise ListingError(f"not XML ({error})") from error
    if not parsed.root:
        raise ListingError("not XML")
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in events.error_log):
        raise ListingError("nested too deep, or beyond what is read of one text")
    if not re.search(rf"</(?:[\w.-]+:)?{parsed.root}\s*>", text) and not (parsed.elements == 1 and "/>" in text):
        raise ListingError(f"cut short: </{parsed.root}> is missing")
    note = f"more than {MAX_RECORDS} entries: the rest is left" if parsed.full else None
    return parsed.root, parsed.records[:MAX_RECORDS], note


class _Parsed:
    """What has been read so far; an element is emptied once it is over."""

    def __init__(self, url: str) -> None:
        self.root, self.elements, self.full = "", 0, False
        self.records: list[Record] = []
        self._bases: list[tuple[_Element | None, str]] = [(None, url)]  # and the elements that say them
        self._entry: _Element | None = None

    def take(self, event: str, element: _Element) -> None:
        """One event of the parser. Raises ListingError for a root that is not known, and for too many elements."""
        if event == "start":
            self._begin(element)
            return
        if element is self._entry:
            self.full = len(self.records) == MAX_RECORDS
            self.records.append(Record(tuple(_fields(element)), self._bases[-1][1]))
            self._entry = None
        if element is self._bases[-1][0]:
            self._bases.pop()
        if self._entry is None:
            _forget(element)

    def _begin(self, element: _Element) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise ListingError(f"more than {MAX_ELEMENTS} elements")
        if self._entry is not None:
            return
        if (said := element.get(_BASE)) and (base := _joined(self._bases[-1][1], said)):
            self._bases.append((element, base))
        name = _local(element)
        if not self.root:
            if name not in RECORDS:
                raise ListingError("an HTML page" if name.lower() == "html" else f"no format known here: <{name}>"[:80])
            self.root = name
        elif name == RECORDS[self.root]:
            self._entry = element


def _as_number(found: re.Match[str]) -> str:
    return found[1] or _NUMBERS[found[2] or "amp"]


def _fields(entry: _Element) -> Iterator[Field]:
    """The elements of an entry and theirs; deeper ones, such as the pictures of a gallery, are not asked for."""
    for child in entry.iterchildren("*"):
        yield Field(_local(child), _words(child), dict(child.attrib))
        for part in child.iterchildren("*"):
            yield Field(f"{_local(child)}/{_local(part)}", _words(part), dict(part.attrib))


def _words(element: _Element) -> str:
    """Its text; empty where anything else stands in it, as an entity does that is not expanded."""
    return (element.text or "").strip() if len(element) == 0 else ""


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _joined(base: str, said: str) -> str | None:
    try:
        return urljoin(base, said)
    except ValueError:
        return None


def _forget(element: _Element) -> None:
    """Drop an element that is over, and what stands before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _unpacked(payload: bytes) -> bytes:
    parts: list[bytes] = []
    room = MAX_BYTES + 1
    for _ in range(MAX_MEMBERS):
        inflater = zlib.decompressobj(31)
        try:
            parts.append(inflater.decompress(payload, room))
        except zlib.error as error:
            raise ListingError(f"damaged gzip ({error})") from error
        room -= len(parts[-1])
        if room <= 0:
            raise ListingError(f"larger than {MAX_BYTES} bytes unpacked")
        if not inflater.eof:
            raise ListingError("gzip cut short")
        payload = inflater.unused_data
        if not payload.startswith(_GZIP):
            break
    return b"".join(parts)
