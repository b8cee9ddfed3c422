"""Bringing an article's stored editions in line with what `archive.editions.fold` says.

Editions are only added: one that grows keeps its row, one that no longer follows from the captures (an older capture
came in between) is withdrawn, not deleted.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from archive.database import insert_new, insert_one, upsert
from archive.editions import Fold, Moved, Run, Seen, fold
from archive.models import Article, ArticleUrl, Capture, Change, Edition, MetadataChange, Promotion, Reading

_BATCH = 400
_COLUMNS = (
    Capture.id,
    Capture.source_id,
    Capture.article_key,
    Capture.captured_at,
    Capture.url,
    Capture.url_key,
    Capture.payload_digest,
    Capture.crawl_id,
    Capture.outcome,
    Capture.preference,
    Reading.content_hash,
    Reading.published_at,
    Reading.byline,
    Reading.section,
    Reading.captions,
)


def refold(connection: Connection, article_keys: Iterable[str], now: datetime) -> None:
    """Fold these articles anew under the cleaners promoted for their sources."""
    keys = sorted(article_keys)
    for start in range(0, len(keys), _BATCH):
        batch = keys[start : start + _BATCH]
        seen = _captures(connection, batch)
        articles = {row.article_key: row for row in connection.execute(select(Article).where(Article.article_key.in_(batch)))}
        for key, (source_id, cleaner, captures) in sorted(seen.items()):
            _Folder(connection, now, key, source_id, cleaner, articles.get(key)).apply(fold(captures), captures)


def _captures(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[str, str | None, list[Seen]]]:
    newest = select(Promotion.id).where(Promotion.source_id == Capture.source_id).order_by(Promotion.id.desc()).limit(1)
    promoted = select(Promotion.id, Promotion.cleaner_digest).subquery()
    rows = connection.execute(
        select(*_COLUMNS, promoted.c.cleaner_digest, Reading.id.label("reading_id"))
        .select_from(Capture)
        .outerjoin(promoted, promoted.c.id == newest.correlate(Capture).scalar_subquery())
        .outerjoin(Reading, (Reading.input_digest == Capture.input_digest) & (Reading.cleaner_digest == promoted.c.cleaner_digest))
        .where(Capture.article_key.in_(keys))
    )
    found: dict[str, tuple[str, str | None, list[Seen]]] = {}
    for row in rows:
        found.setdefault(row.article_key, (row.source_id, row.cleaner_digest, []))[2].append(_seen(row))
    return found


def _seen(row: Row[Any]) -> Seen:
    return Seen(
        row.id,
        row.captured_at,
        row.url,
        row.url_key,
        row.payload_digest,
        row.crawl_id,
        row.outcome,
        row.preference,
        row.reading_id,
        row.content_hash,
        row.published_at,
        row.byline,
        row.section,
        tuple(row.captions or ()),
    )


class _Folder:
    """One article's rows, brought in line."""

    def __init__(
        self, connection: Connection, now: datetime, key: str, source_id: str, cleaner: str | None, article: Row[Any] | None
    ) -> None:
        self.connection, self.now, self.key, self.source_id = connection, now, key, source_id
        self.cleaner, self.article = cleaner, article

    def apply(self, folded: Fold, captures: Sequence[Seen]) -> None:
        """Store what follows; nothing while no reading has shown an article here."""
        if self.article is None and (folded.speaking is None or self.cleaner is None):
            return
        article_id = self.article.id if self.article is not None else self._new_article(folded)
        values: dict[str, Any] = {"gone_at": folded.gone_at, "last_captured_at": folded.last_captured_at}
        if self.cleaner is not None and folded.speaking is not None and self._complete(captures):
            current = self._editions(article_id, folded.runs)
            self._moves(article_id, folded.moves)
            values |= {"current_edition_id": current, "current_reading_id": folded.speaking.reading_id, "url": folded.speaking.url}
        values["first_captured_at"] = folded.first_captured_at
        self.connection.execute(update(Article).where(Article.id == article_id).values(values))
        self._addresses(article_id, captures)
        self._presence(folded.gone_at)

    def _complete(self, captures: Sequence[Seen]) -> bool:
        return any(seen.reading_id is not None for seen in captures)

    def _new_article(self, folded: Fold) -> int:
        assert folded.speaking is not None
        return insert_one(
            self.connection,
            Article,
            article_key=self.key,
            source_id=self.source_id,
            url=folded.speaking.url,
            first_captured_at=folded.first_captured_at,
            last_captured_at=folded.last_captured_at,
        )

    def _editions(self, article_id: int, runs: Sequence[Run]) -> int:
        """Match stored editions to runs (same content, overlapping in time), add what is new; the current one's id."""
        mine = (Edition.article_id == article_id) & (Edition.cleaner_digest == self.cleaner)
        stored = defaultdict(list)
        for row in self.connection.execute(select(Edition).where(mine & Edition.withdrawn_at.is_(None))):
            stored[row.content_hash].append(row)
        current = 0
        for ordinal, run in enumerate(runs, 1):
            overlapping = (
                row
                for row in stored[run.content_hash]
                if row.observed_from <= run.last.captured_at and row.observed_to >= run.first.captured_at
            )
            row = next(overlapping, None)
            values = _edition_values(run, ordinal)
            if row is None:
                current = insert_one(self.connection, Edition, article_id=article_id, cleaner_digest=self.cleaner, **values)
                self._tell("edition" if ordinal > 1 else "article", {"edition": ordinal, "content_hash": run.content_hash})
                continue
            stored[run.content_hash].remove(row)
            current = row.id
            if any(getattr(row, name) != value for name, value in values.items()):
                self.connection.execute(update(Edition).where(Edition.id == row.id).values(values))
        for row in (row for rows in stored.values() for row in rows):
            self.connection.execute(update(Edition).where(Edition.id == row.id).values(withdrawn_at=self.now))
        return current

    def _moves(self, article_id: int, moves: Sequence[Moved]) -> None:
        mine = (MetadataChange.article_id == article_id) & (MetadataChange.cleaner_digest == self.cleaner)
        stored = {(row.capture_id, row.field): row for row in self.connection.execute(select(MetadataChange).where(mine))}
        for move in moves:
            row = stored.pop((move.capture_id, move.field), None)
            values = {"before": move.before, "after": move.after, "withdrawn_at": None}
            if row is None:
                where = {"article_id": article_id, "cleaner_digest": self.cleaner, "capture_id": move.capture_id}
                insert_one(self.connection, MetadataChange, **where, field=move.field, **values)
                self._tell("metadata", {"field": move.field, "before": move.before, "after": move.after})
            elif (row.before, row.after, row.withdrawn_at) != (move.before, move.after, None):
                self.connection.execute(update(MetadataChange).where(MetadataChange.id == row.id).values(values))
        for row in stored.values():
            if row.withdrawn_at is None:
                self.connection.execute(update(MetadataChange).where(MetadataChange.id == row.id).values(withdrawn_at=self.now))

    def _addresses(self, article_id: int, captures: Sequence[Seen]) -> None:
        times: dict[str, list[Seen]] = defaultdict(list)
        for seen in sorted(captures, key=lambda seen: seen.captured_at):
            if seen.outcome not in ("failed", "blocked"):
                times[seen.url_key].append(seen)
        for url_key, seen_there in times.items():
            values = {"first_seen_at": seen_there[0].captured_at, "last_seen_at": seen_there[-1].captured_at}
            row = {"article_id": article_id, "url_key": url_key, "url": seen_there[0].url, **values}
            statement = upsert(self.connection, ArticleUrl).values(row)
            self.connection.execute(statement.on_conflict_do_update(index_elements=["article_id", "url_key"], set_=values))

    def _presence(self, gone_at: datetime | None) -> None:
        before = self.article.gone_at if self.article is not None else None
        if gone_at is not None and before is None:
            self._tell("gone", {"at": gone_at.isoformat()})
        elif gone_at is None and before is not None:
            self._tell("back", {})

    def _tell(self, kind: str, detail: dict[str, Any]) -> None:
        row = {"at": self.now, "kind": kind, "article_key": self.key, "source_id": self.source_id, "detail": detail}
        insert_new(self.connection, Change, [row])


def _edition_values(run: Run, ordinal: int) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "content_hash": run.content_hash,
        "first_capture_id": run.first.capture_id,
        "last_capture_id": run.last.capture_id,
        "observed_from": run.first.captured_at,
        "observed_to": run.last.captured_at,
    }
