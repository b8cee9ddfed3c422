"""From one archived attempt to its page: the one road that a crawl, an import, a reclean and a rebuild share.

Runs in worker processes, which import no more than is needed here: neither the database nor what writes it.
"""

import re
from dataclasses import replace
from hashlib import sha256

from archive.errors import ArchiveError
from archive.records import Page
from archive.warc import Exchange, Record, decode_body
from pipelines.addresses import sound
from pipelines.bounds import TooMuchError
from pipelines.cleaner import Cleaner
from pipelines.page import Response, failure, read_page

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def read_exchange(exchange: Exchange, cleaner: Cleaner, *, follow: bool = True) -> Page:
    """What one attempt brought, by the installed cleaner. ``exchange.body`` must be there for a revisit too.

    Without ``follow`` the page of an article does not say where it leads.
    """
    return _looked_into(_read(replace(exchange, url=sound(exchange.url)), cleaner, follow), exchange, cleaner)


def given_up(exchange: Exchange, reason: str, cleaner: Cleaner) -> Page:
    """The page of an attempt that no worker process could bear: it is archived, and why nothing is read of it said."""
    page = failure(exchange.source_id, sound(exchange.url), exchange.captured_at, "failed", reason, cleaner)
    return _looked_into(replace(page, payload_digest=payload_digest_of(exchange)), exchange, cleaner)


def _looked_into(page: Page, exchange: Exchange, cleaner: Cleaner) -> Page:
    page = replace(page, reason=storable(page.reason))
    if page.kind == "article" and _holds_page(exchange):
        return replace(page, cleaner_digest=cleaner.digest_for(exchange.source_id))
    return page


def storable(said: str | None) -> str | None:
    """What a server said, without what no database takes: NUL and halves of characters."""
    return None if said is None else _NOT_STORABLE.sub("\N{REPLACEMENT CHARACTER}", said)


def _holds_page(exchange: Exchange) -> bool:
    """Whether there is something to read: a good answer, or a file that somebody kept."""
    return exchange.status == 200 or (exchange.status is None and exchange.outcome == "ok")


def _read(exchange: Exchange, cleaner: Cleaner, follow: bool) -> Page:
    if exchange.status is None and not _holds_page(exchange):
        said = (exchange.outcome or "failed", exchange.reason or "no response")
        return failure(exchange.source_id, exchange.url, exchange.captured_at, *said, cleaner)
    if exchange.truncated and exchange.status in (200, None):
        page = failure(exchange.source_id, exchange.url, exchange.captured_at, "failed", exchange.truncated, cleaner)
        return replace(page, payload_digest=payload_digest_of(exchange))
    try:
        payload = decode_body(exchange.body, exchange.header("content-encoding"))
    except ArchiveError as error:
        return failure(exchange.source_id, exchange.url, exchange.captured_at, "failed", str(error), cleaner)
    response = Response(
        exchange.source_id,
        exchange.url,
        exchange.captured_at,
        exchange.status,
        payload,
        exchange.header("content-type"),
        exchange.header("location"),
    )
    try:
        page = read_page(response, cleaner, follow=follow)
    except TooMuchError as error:
        return _unread(exchange, str(error), payload, cleaner)
    except MemoryError:  # how much there is says nothing of the page: the worker ends, and the page is tried alone
        raise
    except Exception as error:
        # One page that cleaning cannot bear must stop neither the crawl nor a rebuild: it is archived, and said.
        reason = f"cleaning failed: {type(error).__name__}: {error}"[:500]
        return _unread(exchange, reason, payload, cleaner)
    return replace(page, outcome="revisit-identical") if exchange.refers_to and page.outcome == "ok" else page


def _unread(exchange: Exchange, reason: str, payload: bytes, cleaner: Cleaner) -> Page:
    page = failure(exchange.source_id, exchange.url, exchange.captured_at, "failed", reason, cleaner)
    return replace(page, payload_digest=sha256(payload).hexdigest())


def payload_digest_of(exchange: Exchange) -> str:
    """sha256 of the body after content decoding; empty where nothing came, or nothing that can be decoded."""
    if not exchange.stored_digest:
        return ""
    try:
        return sha256(decode_body(exchange.body, exchange.header("content-encoding"))).hexdigest()
    except ArchiveError:
        return ""


def with_body(revisit: Exchange, holder: Exchange | Record) -> Exchange:
    """The revisit with the body that another record holds; with its headers too, where it was written without any."""
    return replace(revisit, body=holder.body, headers=revisit.headers or holder.headers)
