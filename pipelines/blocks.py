"""Blocks: what extraction leaves of a page (stage one), and what scrubbing makes a reading of (stage two).

They are stored packed, so that a change of line rules, bylines or date forms parses no page again.
"""

import json
import zlib
from dataclasses import dataclass
from typing import Any, NamedTuple

from archive.records import Attachment

#: Where a line stands in a table, a list or a heading: ``("cell", row, cell, cells)`` (rows counted on the page, cells
#: in the row, from 0), ``("item", number)``, ``("heading", number)``.
Shape = tuple[str | int, ...]


class Block(NamedTuple):
    """A line of the article element, before any line rule.

    ``role`` is ``title``, ``lead``, ``body``, ``candidate`` (of a byline), ``date``, ``byline``, ``caption``,
    ``removed`` (then ``rule`` says by which element rule), or empty outside all fields. ``kept``: trafilatura takes it
    for text.
    """

    text: str
    role: str
    rule: str | None = None
    kept: bool = False
    shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that scrubbing needs of a page.

    ``dates`` are what the date element says in its attributes, ``language`` what the page declares, ``head`` what its
    head calls it, and whether that may hold more, where no element is its title; ``attachments`` hold the pictures of a
    body of few words too. ``warnings`` are doubts about the page as a whole; ``unread``: why nothing is read of it.
    """

    layout: str
    blocks: tuple[Block, ...] = ()
    dates: tuple[str, ...] = ()
    section: str | None = None
    language: str | None = None
    head: tuple[str | None, bool] = (None, False)
    attachments: tuple[Attachment, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: str | None = None


def pack(extraction: Extraction, article_key: str) -> bytes:
    """An extraction and the article whose page it is of, as bytes."""
    named = [[one.kind, one.url, one.url_key, one.label] for one in extraction.attachments]
    parts = (article_key, extraction.layout, extraction.blocks, extraction.dates, extraction.section)
    told: list[Any] = [*parts, extraction.language, extraction.head, named, extraction.warnings, extraction.unread]
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


def unpack(packed: bytes) -> tuple[Extraction, str]:
    """What `pack` was given."""
    key, layout, blocks, dates, section, language, (title, unsure), named, warnings, unread = json.loads(
        zlib.decompress(packed).decode("utf-8", "surrogatepass")
    )
    extraction = Extraction(
        layout,
        tuple(Block(text, role, rule, kept, shape and tuple(shape)) for text, role, rule, kept, shape in blocks),
        tuple(dates),
        section,
        language,
        (title, unsure),
        tuple(Attachment(*one) for one in named),
        tuple(warnings),
        unread,
    )
    return extraction, key
