"""What folding sees: one capture of an article, with what one cleaner read in it, and what a person corrected of that.

Pure; `archive.stories` fills it from the database.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person decided of one field of an article, around the capture at ``captured_at``, and why.

    ``value`` is text in canonical form, paragraphs and captions joined by line feeds, or None. ``withdrawn``: the
    correction of this field at this capture is taken back.
    """

    captured_at: datetime
    field: str
    value: str | None
    reason: str
    made_at: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A correction that holds in a capture, and what the cleaner reads there."""

    correction: Correction
    was: str | None


@dataclass(frozen=True, slots=True)
class Words:
    """What a content hash stands for; the body's paragraphs joined by line feeds."""

    title: str | None
    lead: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One capture of an article, with what one cleaner read in it (``content_hash`` None: nothing).

    ``visit``: captures of one visit to the site stand in one crawl; where no crawl is known (imports), in one day.
    ``words`` are there where a person corrected the article, and ``held`` has the corrections that hold here and say
    something else than the cleaner: they are in the other fields then. ``reading_id`` is the cleaner's reading.
    """

    capture_id: int
    captured_at: datetime
    url: str
    url_key: str
    payload_digest: str
    visit: str
    outcome: str
    preference: int
    reading_id: int | None = None
    content_hash: str | None = None
    published_at: str | None = None
    byline: str | None = None
    section: str | None = None
    captions: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    words: Words | None = None
    held: tuple[Held, ...] = ()

    @property
    def place(self) -> tuple[datetime, str, str]:
        """Where it stands in the total order of captures."""
        return self.captured_at, self.url_key, self.payload_digest
