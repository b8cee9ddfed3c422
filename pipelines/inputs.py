"""What cleaning is given: a payload and its frozen context, as digests of readings and of extractions."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from archive.errors import ArchiveError
from archive.records import Page
from pipelines.blocks import unpack
from pipelines.canonical import digest
from pipelines.layouts import Layout
from pipelines.noise import Rules
from pipelines.scrub import scrub

if TYPE_CHECKING:
    from pipelines.cleaner import Cleaner


@dataclass(frozen=True, slots=True)
class Given:
    """One input: whose, where and when it was captured, its declared type, the sha256 of its payload."""

    source_id: str
    url: str
    captured_at: datetime
    content_type: str | None
    payload_digest: str

    def extraction_input(self, cleaner: "Cleaner") -> str:
        """The digest of all that extraction sees besides the cleaner. It can be told without the page."""
        context = cleaner.dated_context(self.source_id, self.captured_at, elements=True)
        return digest("extraction", self.payload_digest, self.content_type, self.url, self.source_id, context)

    def rules(self, layout: Layout, cleaner: "Cleaner") -> tuple[Rules, str]:
        """The noise rules that hold, and the digest of all that cleaning sees besides the cleaner: of the rules only
        those that hold for some days and not for others, the cleaner's digest covers the rest."""
        rules, dated = cleaner.rules(layout, self.source_id, self.captured_at)
        return rules, digest(self.payload_digest, self.content_type, self.url, self.source_id, layout.id, dated)


def scrubbed(given: Given, blocks: bytes, cleaner: "Cleaner") -> Page:
    """The page of an input of which extraction has left ``blocks``: what reading it again would give, without links.

    Raises ArchiveError where they are no blocks.
    """
    try:
        extraction, article_key = unpack(blocks)
    except (ValueError, TypeError, zlib.error) as error:
        raise ArchiveError(
            f"{given.url}: what the database keeps of its extraction is damaged. Run: bantin reclean --force"
        ) from error
    layout = cleaner.layouts[extraction.layout]
    rules, input_digest = given.rules(layout, cleaner)
    digest = cleaner.digest_for(given.source_id)
    reading = scrub(extraction, layout, cleaner.layouts.words(layout), rules, input_digest, digest)
    return Page("ok", None, "article", article_key or None, 0, given.payload_digest, digest, reading)
