"""The read side: questions about the archive in plain SQL over the views, answered as plain rows.

A row is a dict; times are aware UTC datetimes, JSON columns are lists and dicts, on SQLite and PostgreSQL alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, TextualSelect, bindparam, text

from archive.models import Json, UtcTime
from archive.records import GOOD
from archive.views import ATTACHMENTS, DUPLICATES

Row = dict[str, Any]
_FAR = datetime(9999, 1, 1, tzinfo=UTC)

_TIMES = (
    *("at", "captured_at", "first_captured_at", "last_captured_at", "gone_at", "observed_from", "observed_to"),
    *("promoted_at", "first_seen_at", "tried_at"),
)
_JSON = ("captions", "warnings", "structure", "detail", "corrected")
#: The names in a change's `detail`, in the order in which they are told; PostgreSQL keeps none.
_DETAIL = (
    *("edition", "field", "fields", "before", "after", "content_hash", "at", "captured_at", "cleaner", "reason"),
    "withdrawn",
)


def typed(sql: str, *, many: Sequence[str] = (), times: Sequence[str] = ()) -> TextualSelect:
    """``sql`` with typed results by column name. ``many`` names its list parameters, ``times`` its time parameters."""
    parameters: list[Any] = [bindparam(name, expanding=True) for name in many]
    parameters += [bindparam(name, type_=UtcTime()) for name in times]
    types: dict[str, Any] = dict.fromkeys(_TIMES, UtcTime()) | dict.fromkeys(_JSON, Json)
    return text(sql).bindparams(*parameters).columns(**types)


def rows(connection: Connection, statement: TextualSelect, **parameters: Any) -> list[Row]:
    """All rows that ``statement`` gives."""
    return [dict(row) for row in connection.execute(statement, parameters).mappings()]


def first(connection: Connection, statement: TextualSelect, **parameters: Any) -> Row | None:
    """The first row that ``statement`` gives, None where there is none."""
    row = connection.execute(statement, parameters).mappings().first()
    return None if row is None else dict(row)


_KEY = typed("SELECT article_key FROM article WHERE article_key = :name")
_KEY_BY_URL = typed(
    "SELECT a.article_key FROM article_url AS u JOIN article AS a ON a.id = u.article_id"
    " WHERE u.url = :name OR u.url_key = :url_key ORDER BY u.url = :name DESC, u.last_seen_at DESC, a.article_key"
)
_ARTICLE = typed("SELECT * FROM v_article WHERE article_key = :key")
_EDITIONS = typed("SELECT * FROM v_edition WHERE article_key = :key ORDER BY edition")
_EDITION_AT = typed(
    "SELECT * FROM v_edition WHERE article_key = :key AND observed_from <= :moment"
    " ORDER BY observed_from DESC, edition DESC",
    times=["moment"],
)
#: Captures (c) with what was read in them (r), as corrected where a person did.
_TOLD = (
    "v_capture AS c LEFT JOIN corrected_reading AS x ON x.capture_id = c.capture_id AND x.cleaner_digest = c.cleaner"
    " JOIN reading AS r ON r.id = coalesce(x.reading_id, c.reading_id) AND c.reading_id IS NOT NULL"
)
_SPOKEN = typed(
    "SELECT c.capture_id, c.url, c.captured_at, c.payload_digest, c.warc_file, c.warc_offset, c.warc_length,"
    " r.id AS reading_id, r.published_at, r.published_evidence, r.byline, r.section, r.captions, r.language, r.layout,"
    f" r.warnings, r.structure, r.corrected, c.reading_id AS cleaners_reading_id FROM {_TOLD}"
    " WHERE c.article_key = :key AND r.content_hash = :content_hash AND c.outcome IN :good"
    " AND c.captured_at >= :start AND c.captured_at <= :moment"
    " ORDER BY c.capture_id = :capture_id DESC, c.captured_at DESC, c.url_key",
    many=["good"],
    times=["start", "moment"],
)
_AS_READ = typed(
    "SELECT t.title, t.lead, t.body, r.published_at, r.byline, r.section, r.captions FROM reading AS r"
    " JOIN content AS t ON t.content_hash = r.content_hash WHERE r.id = :reading_id"
)
_CORRECTED = typed(
    "SELECT c.captured_at, r.corrected FROM v_capture AS c JOIN corrected_reading AS x ON x.capture_id = c.capture_id"
    " AND x.cleaner_digest = c.cleaner JOIN reading AS r ON r.id = x.reading_id WHERE c.article_key = :key"
    " ORDER BY c.captured_at, c.url_key"
)
_URLS = typed(
    "SELECT a.article_key, u.url, u.first_seen_at FROM article_url AS u JOIN article AS a ON a.id = u.article_id"
    " WHERE a.article_key IN :keys",
    many=["keys"],
)
_SECTIONS = typed(
    f"SELECT DISTINCT c.article_key, r.section FROM {_TOLD}"
    " WHERE c.article_key IN :keys AND c.outcome IN :good AND r.content_hash IS NOT NULL AND r.section IS NOT NULL",
    many=["keys", "good"],
)
_ATTACHMENTS = typed(
    "SELECT * FROM v_attachment WHERE article_key IN :keys ORDER BY article_key, position", many=["keys"]
)
_NAMED_THEN = "(SELECT * FROM reading_attachment WHERE reading_id = :reading_id) AS t"
_ATTACHMENTS_THEN = typed(
    ATTACHMENTS.format(columns="", named=_NAMED_THEN, until=" AND c.captured_at < :until") + " ORDER BY t.position",
    times=["until"],
)
_DUPLICATE_OF = typed(DUPLICATES.format(where="body_hash IN :hashes"), many=["hashes"])
_DUPLICATES = typed("SELECT * FROM v_duplicate ORDER BY duplicate_of, article_key")
_CHANGES = typed("SELECT * FROM v_change WHERE cursor > :since ORDER BY cursor LIMIT :limit")


def find_key(connection: Connection, name: str, url_key: str | None = None) -> str | None:
    """The key of the article that ``name`` means: a key, or one of the article's addresses (else known as ``url_key``).

    Where an address has stood for several articles, the one that was seen there last.
    """
    found = first(connection, _KEY, name=name) or first(connection, _KEY_BY_URL, name=name, url_key=url_key)
    return None if found is None else str(found["article_key"])


def article(connection: Connection, key: str) -> Row | None:
    """The article as it is now: all of v_article, with `urls`, `sections` and `duplicate_of`."""
    found = first(connection, _ARTICLE, key=key)
    return None if found is None else next(dressed(connection, [found]))


def editions(connection: Connection, key: str) -> list[Row]:
    """The article's editions, first to last, as in v_edition."""
    return rows(connection, _EDITIONS, key=key)


def edition_at(connection: Connection, key: str, moment: datetime) -> Row | None:
    """The edition that holds the capture at ``moment``; None for a time before the first capture."""
    return first(connection, _EDITION_AT, key=key, moment=moment)


def article_at(connection: Connection, key: str, moment: datetime) -> Row | None:
    """The article as cited by ``key@moment``: words, date, byline and the rest as they were captured then.

    Addresses, sections, duplicates and absences are those known now. None for a time before the first capture.
    """
    now, then = article(connection, key), edition_at(connection, key, moment)
    if now is None or then is None:
        return None
    same_text = {"duplicate_of": now["duplicate_of"] if then["content_hash"] == now["content_hash"] else None}
    spoken = speaking(connection, then, moment)
    following = (one["observed_from"] for one in editions(connection, key) if one["edition"] == then["edition"] + 1)
    # What was captured with this edition: after the page that names it, before the next edition.
    named = {"reading_id": spoken["reading_id"], "until": next(following, _FAR)}
    files = {"attachments": rows(connection, _ATTACHMENTS_THEN, **named)}
    return now | then | spoken | files | {"captured_at": then["observed_from"]} | same_text


def speaking(connection: Connection, edition: Row, moment: datetime | None = None) -> Row:
    """The capture that speaks for an edition at ``moment`` (default: its last), where it is archived, what it said."""
    at_the_end = moment is None or moment >= edition["observed_to"]
    found = first(
        connection,
        _SPOKEN,
        key=edition["article_key"],
        content_hash=edition["content_hash"],
        good=sorted(GOOD),
        start=edition["observed_from"],
        moment=edition["observed_to"] if at_the_end else moment,
        capture_id=edition["last_capture_id"] if at_the_end else 0,
    )
    assert found is not None, "an edition begins with a good capture"
    return found


def as_read(connection: Connection, spoken: Row) -> Row:
    """What the cleaner read in the capture that `speaking` gave, in the fields that a person can correct."""
    found = first(connection, _AS_READ, reading_id=spoken["cleaners_reading_id"])
    assert found is not None, "what speaks was read"
    return found | {"captions": "\n".join(found["captions"]) or None}


def corrections_of(connection: Connection, key: str) -> list[Row]:
    """The corrections that hold somewhere in an article now, each once, as its readings tell them."""
    found = [one for row in rows(connection, _CORRECTED, key=key) for one in row["corrected"]]
    return list({(one["field"], one["captured_at"]): one for one in found}.values())


def dressed(connection: Connection, articles: Sequence[Row]) -> Iterator[Row]:
    """Rows of v_article, each with `urls`, `sections`, `duplicate_of` and `attachments` (rows of v_attachment); four
    statements for all of them."""
    keys = [row["article_key"] for row in articles]
    hashes = sorted({row["body_hash"] for row in articles if row["body_hash"] is not None})
    addresses = rows(connection, _URLS, keys=keys)
    addresses.sort(key=lambda row: (row["first_seen_at"], row["url"]))
    urls = _grouped(addresses, "url")
    sections = _grouped(rows(connection, _SECTIONS, keys=keys, good=sorted(GOOD)), "section")
    duplicates = rows(connection, _DUPLICATE_OF, hashes=hashes) if hashes else []
    duplicate_of = {row["article_key"]: row["duplicate_of"] for row in duplicates}
    named: defaultdict[str, list[Row]] = defaultdict(list)
    for found in rows(connection, _ATTACHMENTS, keys=keys):
        named[found["article_key"]].append(found)
    for row in articles:
        key = row["article_key"]
        more = {"urls": urls[key], "sections": sorted(sections[key]), "attachments": named[key]}
        yield row | more | {"duplicate_of": duplicate_of.get(key)}


def _grouped(found: Iterable[Row], column: str) -> defaultdict[str, list[str]]:
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for row in found:
        grouped[row["article_key"]].append(row[column])
    return grouped


def duplicates(connection: Connection) -> list[Row]:
    """Articles whose text stands in an earlier one, as in v_duplicate; those of one group together."""
    return rows(connection, _DUPLICATES)


def changes(connection: Connection, since: int = 0, limit: int = 1000) -> list[Row]:
    """Up to ``limit`` entries of the change feed after the cursor ``since``, oldest first."""
    return [row | {"detail": _in_order(row["detail"])} for row in rows(connection, _CHANGES, since=since, limit=limit)]


def _in_order(detail: dict[str, Any]) -> dict[str, Any]:
    names = (*(name for name in _DETAIL if name in detail), *sorted(detail.keys() - set(_DETAIL)))
    return {name: detail[name] for name in names}
