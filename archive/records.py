"""What travels along the data's way, as frozen values: links, contents, readings, captures.

They are plain data: cleaning fills them without knowing the database, the database stores them without knowing
cleaning.
"""

from dataclasses import dataclass, field
from datetime import datetime

#: How an attempt to fetch can end. A capture is one attempt, whatever came of it.
OUTCOMES = (
    "ok",
    "revisit-identical",
    "revisit-not-modified",
    "redirected",
    "gone",
    "soft-gone",
    "blocked",
    "failed",
)
GOOD = frozenset({"ok", "revisit-identical", "revisit-not-modified"})
#: Pages that lead to others: asked for before these, and again by how often they show something new.
LEADING = frozenset({"list", "feed", "sitemap"})
#: What the frontier keeps, and so what is fetched.
FETCHED = LEADING | {"article", "attachment"}
ABSENT = frozenset({"gone", "soft-gone"})
#: The reason of an attempt that was given up because more would have come than is taken.
TOO_LARGE = "larger than is taken"
#: In the reason of an attempt at a file that will fail the next time too: it is too large, or a page comes instead.
LASTING = (TOO_LARGE, "no file but")


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a page names and that is worth fetching; ``kind`` is one of ``FETCHED``.

    ``follows``: it is the list's next page after the one that names it, as far as its pages are numbered. ``said_at``:
    the time that the page gives for it, where it gives one; a hint for asking, no publication date.
    """

    url: str
    url_key: str
    kind: str
    article_key: str | None = None
    follows: bool = False
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A text in canonical form. ``content_hash`` covers title, lead and body; ``body_hash`` the body alone."""

    content_hash: str
    body_hash: str | None
    title: str | None
    lead: str | None
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """A line of the page that is in no field, and the rule that took it; in a plain text also the line's number."""

    rule: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a line of a plain text is what the reading says: the field, the rule that said so, the line's number."""

    field: str
    rule: str
    line: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that an article's page links to (``file``), or a picture that stands for its text (``image``)."""

    kind: str
    url: str
    url_key: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What came for an attachment: its type by its first bytes (``pdf``, ``zip``, ``jpeg``, …), its size in bytes."""

    type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the body that is no paragraph: a ``row`` of a table, an ``item`` of a list, a ``heading``.

    It begins with paragraph ``first`` (from 0); ``lines`` says how many paragraphs it has, of a row in each cell.
    """

    kind: str
    first: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cleaner made of one input.

    ``content`` is None where the page shows no article; ``warnings`` then say why. ``published_at`` is RFC 3339 with
    ``+07:00``, or a bare ``YYYY-MM-DD`` where the page gives no time of day. ``restored`` are lines that trafilatura
    dropped and the layout vouches for: they are part of the body. ``evidence`` is of plain texts, which have no markup
    to go by.
    """

    input_digest: str
    cleaner_digest: str
    layout: str
    content: Content | None
    published_at: str | None = None
    published_evidence: str | None = None
    published_rule: str | None = None
    byline: str | None = None
    section: str | None = None
    language: str | None = None
    captions: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    restored: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    structure: tuple[Part, ...] = ()
    warnings: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """What the first stage of cleaning left of an input, packed; kept so that the second can run again without it."""

    input_digest: str
    extraction_digest: str
    blocks: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """All that is known of one response: how it ended, which article it shows, what was read, where it leads.

    ``cleaner_digest`` names the cleaner that looked into it; None where there was no article's page to look into.
    """

    outcome: str
    reason: str | None
    kind: str
    article_key: str | None
    preference: int
    payload_digest: str
    cleaner_digest: str | None
    reading: Reading | None
    links: tuple[Link, ...] = ()
    file: File | None = None
    extracted: Extracted | None = None

    @property
    def settled(self) -> bool:
        """Whether the address gave what it is asked for: a good answer and, on an article's page, an article."""
        return self.outcome in GOOD and not (self.reading is not None and self.reading.content is None)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a record stands in the archive: file name relative to ``archive/``, byte offset and stored length."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Capture:
    """One attempt to fetch one address at one time, archived at ``location``; ``page`` is what came of it."""

    source_id: str
    crawl_key: str
    url: str
    url_key: str
    captured_at: datetime
    status: int | None
    stored_digest: str
    location: Location
    page: Page
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    redirect_url: str | None = None
    tls: str | None = None
    refers_to: tuple[str, datetime] | None = field(default=None)


def plain_outcome(outcome: str) -> str:
    """The outcome as far as reading decides it: the same bytes again are as good as the first time."""
    return "ok" if outcome == "revisit-identical" else outcome
