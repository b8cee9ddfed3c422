"""Ways to break a page: each takes chances and bytes, and gives other bytes."""

import random
import re
from collections.abc import Callable
from itertools import pairwise

Breakage = Callable[[random.Random, bytes], bytes]
ALL: dict[str, Breakage] = {}
TAGS = tuple(
    """
    a abbr article b blockquote body br button caption center dd del details div dl dt em embed fieldset font footer
    form frame frameset h1 h2 h6 head header hr html i iframe img input ins isindex legend li link listing main marquee
    math meta nav nobr noscript object ol option p plaintext pre script section select span strong style sub sup svg
    table tbody td template textarea tfoot th thead time title tr tt u ul xmp
    """.split()  # noqa: SIM905
)
_TAG = re.compile(rb"<[^<>]{0,200}>")
_ATTRIBUTE = re.compile(rb'(?:class|id|style|align|itemprop|datetime|href)="[^"]{0,200}"')
_ENTITY = re.compile(rb"&#?\w{1,8};")
_CHARSET = re.compile(rb"charset=[\"']?[\w-]+", re.I)
ENTITIES = (
    *("&#0;", "&#xD800;", "&#xDFFF;&#xD800;", "&#x110000;", "&#99999999999999999999;", "&#x;", "&#;", "&;", "&amp"),
    *("&nosuch;", "&lt", "&#1;", "&#x0D;", "&#128;", "&#xFFFE;", "&nbsp", "&shy;&shy;", "&#8203;", "&#xAD;", "&#x85;"),
)
ODD = {
    "bidi and private use": "\u202e\u202d\u2066\u2069\u200f\u061c\ue000\uf8ff\U000f0000\U0010fffd",
    "control characters": "\x01\x02\x07\x08\x0b\x0c\x0e\x1b\x1f\x7f\x80\x85\x9f\ufffe\ufdd0",
    "odd spaces": "\u00a0\u2003\u3000\u2028\u2029\u180e\u200b\u2060\ufeff\u00ad\u1680\u0085",
}
MARKS = "\u0300\u0301\u0303\u0309\u0323\u031b\u0302\u0306\u0327\u0345\u05b0\u093c\u3099\U0001d165"
DATES = ("31/02/2021 | 9:30 AM", "20/05/2025 | 25:61 PM", "00/00/0000", "9" * 400, "20/05/2025 | 12:00 AM " * 20)


def _breakage(name: str) -> Callable[[Breakage], Breakage]:
    def enter(breakage: Breakage) -> Breakage:
        ALL[name] = breakage
        return breakage

    return enter


def _spot(rng: random.Random, data: bytes) -> int:
    """A place: half of the times before a tag."""
    at = rng.randint(0, len(data))
    return max(0, data.find(b"<", at)) if rng.random() < 0.5 else at


def _piece(rng: random.Random, data: bytes, longest: int = 4000) -> slice:
    start = _spot(rng, data)
    return slice(start, start + rng.randint(0, longest))


def _put(rng: random.Random, data: bytes, what: str | bytes) -> bytes:
    at = _spot(rng, data)
    return data[:at] + (what if isinstance(what, bytes) else what.encode("utf-8", "surrogatepass")) + data[at:]


@_breakage("cut")
def _cut(rng: random.Random, data: bytes) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] if rng.random() < 0.8 else data[at:]


@_breakage("piece gone")
def _gone(rng: random.Random, data: bytes) -> bytes:
    piece = _piece(rng, data)
    return data[: piece.start] + data[piece.stop :]


@_breakage("piece doubled")
def _doubled(rng: random.Random, data: bytes) -> bytes:
    return _put(rng, data, data[_piece(rng, data)] * rng.choice((1, 1, 2, 50)))


@_breakage("pieces swapped")
def _swapped(rng: random.Random, data: bytes) -> bytes:
    a, b, c, d = sorted(_spot(rng, data) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


@_breakage("elements swapped")
def _elements(rng: random.Random, data: bytes) -> bytes:
    found = list(_TAG.finditer(data))
    if len(found) < 8:
        return data
    first, second = sorted(rng.sample(range(len(found) - 1), 2))
    (a, b), (c, d) = (list(pairwise(found))[n] for n in (first, second))
    if second <= first + 1:
        return data
    one, other = data[a.start() : b.start()], data[c.start() : d.start()]
    return data[: a.start()] + other + data[b.start() : c.start()] + one + data[d.start() :]


@_breakage("tags mis-nested")
def _misnested(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 12)):
        data = _put(rng, data, rng.choice(("<{}>", "</{}>", "<{}/>", "<{} ")).format(rng.choice(TAGS)))
    return data


@_breakage("tags not closed")
def _unclosed(rng: random.Random, data: bytes) -> bytes:
    share = rng.random()
    return re.sub(rb"</\w+>", lambda found: b"" if rng.random() < share else found[0], data)


@_breakage("attributes swapped")
def _attributes(rng: random.Random, data: bytes) -> bytes:
    values = _ATTRIBUTE.findall(data)
    return _ATTRIBUTE.sub(lambda found: rng.choice(values) if rng.random() < 0.2 else found[0], data)


@_breakage("charset declared wrongly")
def _charset(rng: random.Random, data: bytes) -> bytes:
    names = (b"utf-16", b"windows-1258", b"utf-7", b"nosuch", b"iso-8859-1", b"x-user-defined", b"utf-32", b"hz")
    return _CHARSET.sub(b"charset=" + rng.choice(names), data)


@_breakage("written in another encoding")
def _encoding(rng: random.Random, data: bytes) -> bytes:
    name = rng.choice(("utf-16", "utf-16-be", "utf-32", "cp1258", "cp1252", "utf-8-sig", "gb18030", "utf-7"))
    return data.decode("utf-8", "replace").encode(name, "xmlcharrefreplace")


@_breakage("random bytes")
def _bytes(rng: random.Random, data: bytes) -> bytes:
    if rng.random() < 0.5:
        return _put(rng, data, rng.randbytes(rng.choice((1, 3, 40, 3000))))
    broken = bytearray(data)
    for _ in range(min(len(data), rng.choice((1, 10, 100)))):
        broken[rng.randrange(len(broken))] = rng.randrange(256)
    return bytes(broken)


@_breakage("NULs")
def _nuls(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 9)):
        data = _put(rng, data, b"\x00" * rng.choice((1, 2, 999)))
    return data


@_breakage("entities broken")
def _entities(rng: random.Random, data: bytes) -> bytes:
    data = _ENTITY.sub(lambda found: rng.choice(ENTITIES).encode(), data) if rng.random() < 0.5 else data
    for _ in range(rng.randint(1, 9)):
        data = _put(rng, data, rng.choice(ENTITIES) * rng.choice((1, 1, 1, 2000)))
    return data


@_breakage("attribute without end")
def _endless(rng: random.Random, data: bytes) -> bytes:
    return _put(
        rng, data, rng.choice(('<p title="', "<div class='", "<a href=", '<p a="b" a=\'', "<p =", "<img alt=`"))
    )


@_breakage("huge attribute")
def _huge(rng: random.Random, data: bytes) -> bytes:
    value = rng.choice(("x", "a b ", "&amp;", "\u0103")) * rng.choice((20_000, 200_000))
    name = rng.choice(("class", "id", "style", "href", "title", "x" * 70_000))
    return _put(rng, data, f'<div {name}="{value}">')


@_breakage("many attributes")
def _many(rng: random.Random, data: bytes) -> bytes:
    attributes = " ".join(f'a{n}="{n}"' for n in range(rng.choice((300, 5000))))
    return _put(rng, data, f"<p {attributes}>")


@_breakage("nested deeply")
def _nested(rng: random.Random, data: bytes) -> bytes:
    inner = rng.choice(("<div>", "<b>", "<font>", "<span><p>", "<table><tr><td>", "<ul><li>", "<a href='/x'>", "<q>t"))
    count = rng.choice((200, 3000, 10_000))
    ends = "".join(f"</{tag}>" for tag in reversed(re.findall(r"<(\w+)", inner))) * count
    data = _put(rng, data, inner * count)
    return _put(rng, data, ends) if rng.random() < 0.5 else data


@_breakage("many siblings")
def _siblings(rng: random.Random, data: bytes) -> bytes:
    one = rng.choice(
        ("<p>d\u00f2ng</p>", "<br>", "<b>a</b> ", "<td>x", "<li>y", "<p align=right><b>An</b></p>", "<hr>")
    )
    return _put(rng, data, one * rng.choice((500, 5000)))


@_breakage("very long line")
def _long(rng: random.Random, data: bytes) -> bytes:
    return _put(
        rng,
        data,
        rng.choice(("ch\u1eef ", "a", ". ", "|", "10/10/2020 ", "&amp;", "\u1ebf", "TM. "))
        * rng.choice((9_000, 90_000)),
    )


@_breakage("combining marks")
def _combining(rng: random.Random, data: bytes) -> bytes:
    return _put(rng, data, "".join(rng.choices(MARKS, k=rng.choice((3, 300, 5000, 200_000)))))


@_breakage("odd characters")
def _odd(rng: random.Random, data: bytes) -> bytes:
    kind = ODD[rng.choice(list(ODD))]
    for _ in range(rng.randint(1, 9)):
        data = _put(rng, data, "".join(rng.choices(kind, k=rng.choice((1, 5, 400)))))
    return data


@_breakage("lone surrogates")
def _surrogates(rng: random.Random, data: bytes) -> bytes:
    return _put(rng, data, rng.choice(("&#xD800;", "&#56320;", "\ud800", "\udc00\ud800", "&#xD83D;&#xDE00;")))


@_breakage("never closed")
def _open(rng: random.Random, data: bytes) -> bytes:
    opened = ("<!--", "<![CDATA[", "<script>", "<style>", "<?php", "<!DOCTYPE", "<textarea>", "<title>", "<noscript>")
    return _put(rng, data, rng.choice((*opened, "<plaintext>", "<xmp>", "<svg><![CDATA[", "<template>", "<select>")))


@_breakage("page in a page")
def _twice(rng: random.Random, data: bytes) -> bytes:
    return _put(
        rng, data, rng.choice((data, b"<html><body>", b"</body></html>", b"<body lang='x'>", b"<head><base href='//'>"))
    )


@_breakage("frames")
def _frames(rng: random.Random, data: bytes) -> bytes:
    what = ("<frameset cols='*'><frame src='/a'>", "<iframe>", "<noframes>", "<frameset><noframes><body>", "<object>")
    return _put(rng, data, rng.choice(what))


@_breakage("tables in tables")
def _tables(rng: random.Random, data: bytes) -> bytes:
    row = rng.choice(("<table><tr><td>a<td>b", "<table><td><table><th>x", "<table>x<tr>y<td>z", "<tr><td>"))
    return _put(rng, data, row * rng.choice((2, 60, 400)))


@_breakage("marks of the layouts")
def _marks(rng: random.Random, data: bytes) -> bytes:
    found = re.findall(rb'<\w+[^<>]*(?:class|id|itemprop)="[^"]{1,60}"[^<>]*>', data)
    for _ in range(rng.randint(1, 5) if found else 0):
        data = _put(rng, data, rng.choice(found))
    return data


@_breakage("dates that are none")
def _dates(rng: random.Random, data: bytes) -> bytes:
    return re.sub(
        rb"\d\d/\d\d/\d{4}[^<]{0,20}", lambda found: rng.choice(DATES).encode(), data, count=rng.randint(1, 3)
    )


@_breakage("toolbars and accounts")
def _noise(rng: random.Random, data: bytes) -> bytes:
    bar = "".join(f"<{tag}>{word}</{tag}>" for word in ("left", "center", "right", "del") for tag in ("span",))
    what = (bar, "leftcenterrightdel", '<p class="view-content-author">', '<p align="right"><strong>', "<p class=sapo>")
    for _ in range(rng.randint(1, 4)):
        data = _put(rng, data, rng.choice(what))
    return data
