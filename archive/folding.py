"""Bringing stored editions in line with what `archive.editions.fold` says, a batch of articles at a time.

Editions are only added: one that grows keeps its row, one that no longer follows from the captures (an older capture
came in between) is withdrawn, not deleted. Rows are read and written in bulk: this runs for every page collected.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from archive.clock import rfc3339
from archive.database import insert_new, upsert
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
        _Batch(connection, now, keys[start : start + _BATCH]).apply()


@dataclass(frozen=True, slots=True)
class _Story:
    """One article: its captures, and what follows from them under its source's cleaner."""

    key: str
    source_id: str
    cleaner: str | None
    captures: Sequence[Seen]
    folded: Fold

    @property
    def told(self) -> Seen | None:
        """The capture that speaks last, where the promoted cleaner has read one."""
        return self.folded.speaking if self.cleaner is not None else None


class _Batch:
    """The articles of one batch with their stored rows; what is to be written gathers until the end."""

    def __init__(self, connection: Connection, now: datetime, keys: Sequence[str]) -> None:
        self.connection, self.now = connection, now
        self.stories = _stories(connection, keys)
        self.changes: list[dict[str, Any]] = []
        self.articles = self._load_articles()
        self.fresh: set[str] = set()

    def apply(self) -> None:
        """Write what follows; nothing of an article that no reading has shown yet."""
        self._add_articles([s for s in self.stories if s.key not in self.articles and s.told])
        stories = [story for story in self.stories if story.key in self.articles]
        self._editions([story for story in stories if story.told])
        self._moves([story for story in stories if story.told])
        self._point(stories)
        self._addresses(stories)
        insert_new(self.connection, Change, self.changes)

    def _load_articles(self) -> dict[str, Row[Any]]:
        wanted = Article.article_key.in_([story.key for story in self.stories])
        return {row.article_key: row for row in self.connection.execute(select(Article.__table__).where(wanted))}

    def _add_articles(self, stories: Sequence[_Story]) -> None:
        if not stories:
            return
        rows = [
            {
                "article_key": story.key,
                "source_id": story.source_id,
                "url": story.told.url if story.told else "",
                "first_captured_at": story.folded.first_captured_at,
                "last_captured_at": story.folded.last_captured_at,
            }
            for story in stories
        ]
        insert_new(self.connection, Article, rows)
        self.fresh = {story.key for story in stories}
        self.articles = self._load_articles()

    def _editions(self, stories: Sequence[_Story]) -> None:
        stored = self._live(Edition, stories)
        added: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for story in stories:
            article_id = self.articles[story.key].id
            left = stored[article_id]
            for ordinal, run in enumerate(story.folded.runs, 1):
                values = _edition_values(run, ordinal)
                row = next((row for row in left if _overlaps(row, run)), None)
                if row is None:
                    added.append(
                        {"article_id": article_id, "cleaner_digest": story.cleaner, **values, "withdrawn_at": None}
                    )
                    detail = {"edition": ordinal, "content_hash": run.content_hash}
                    self._tell(story, "article" if ordinal == 1 and story.key in self.fresh else "edition", detail)
                    continue
                left.remove(row)
                if any(getattr(row, name) != value for name, value in values.items()):
                    moved.append({"key": row.id, **values, "withdrawn_at": None})
            moved += [{"key": row.id, **_row_values(row), "withdrawn_at": self.now} for row in left]
        insert_new(self.connection, Edition, added)
        _update(self.connection, Edition, moved)

    def _moves(self, stories: Sequence[_Story]) -> None:
        stored = self._live(MetadataChange, stories, withdrawn=True)
        added: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for story in stories:
            article_id = self.articles[story.key].id
            left = {(row.capture_id, row.field): row for row in stored[article_id]}
            for move in story.folded.moves:
                row = left.pop((move.capture_id, move.field), None)
                values = {"before": move.before, "after": move.after, "withdrawn_at": None}
                if row is None:
                    added.append(
                        {"article_id": article_id, "cleaner_digest": story.cleaner, **_identity(move), **values}
                    )
                    self._tell(story, "metadata", {"field": move.field, "before": move.before, "after": move.after})
                elif (row.before, row.after, row.withdrawn_at) != (move.before, move.after, None):
                    moved.append({"key": row.id, **values})
            gone = (row for row in left.values() if row.withdrawn_at is None)
            moved += [
                {"key": row.id, "before": row.before, "after": row.after, "withdrawn_at": self.now} for row in gone
            ]
        insert_new(self.connection, MetadataChange, added)
        _update(self.connection, MetadataChange, moved)

    def _point(self, stories: Sequence[_Story]) -> None:
        """Move the articles' pointers and what is known of their presence."""
        editions = self._live(Edition, [story for story in stories if story.told])
        rows = []
        for story in stories:
            article = self.articles[story.key]
            values = {
                "current_edition_id": article.current_edition_id,
                "current_reading_id": article.current_reading_id,
            }
            url = article.url
            if story.told:
                newest = max(editions[article.id], key=lambda row: row.ordinal)
                values = {"current_edition_id": newest.id, "current_reading_id": story.told.reading_id}
                url = story.told.url
            times = {
                "first_captured_at": story.folded.first_captured_at,
                "last_captured_at": story.folded.last_captured_at,
            }
            rows.append({"key": article.id, **values, "url": url, **times, "gone_at": story.folded.gone_at})
            if story.folded.gone_at is not None and article.gone_at is None:
                self._tell(story, "gone", {"at": rfc3339(story.folded.gone_at)})
            elif story.folded.gone_at is None and article.gone_at is not None:
                self._tell(story, "back", {})
        _update(self.connection, Article, rows)

    def _addresses(self, stories: Sequence[_Story]) -> None:
        rows = [
            {"article_id": self.articles[story.key].id, "url_key": key, "url": seen[0].url, **_span(seen)}
            for story in stories
            for key, seen in _by_address(story.captures).items()
        ]
        if rows:
            statement = upsert(self.connection, ArticleUrl)
            moved = {name: statement.excluded[name] for name in ("url", "first_seen_at", "last_seen_at")}
            conflict = statement.on_conflict_do_update(index_elements=["article_id", "url_key"], set_=moved)
            self.connection.execute(conflict, rows)

    def _live(self, model: Any, stories: Sequence[_Story], *, withdrawn: bool = False) -> dict[int, list[Row[Any]]]:
        """The stored rows of these articles under their cleaners, by article."""
        cleaners = {self.articles[story.key].id: story.cleaner for story in stories}
        found: dict[int, list[Row[Any]]] = defaultdict(list)
        query = select(model.__table__).where(
            model.article_id.in_(cleaners), model.cleaner_digest.in_(set(cleaners.values()))
        )
        for row in self.connection.execute(query.order_by(model.id)):
            if cleaners[row.article_id] == row.cleaner_digest and (withdrawn or row.withdrawn_at is None):
                found[row.article_id].append(row)
        return found

    def _tell(self, story: _Story, kind: str, detail: dict[str, Any]) -> None:
        row = {"at": self.now, "kind": kind, "article_key": story.key, "source_id": story.source_id, "detail": detail}
        self.changes.append(row)


def _stories(connection: Connection, keys: Sequence[str]) -> list[_Story]:
    newest = select(Promotion.id).where(Promotion.source_id == Capture.source_id).order_by(Promotion.id.desc()).limit(1)
    promoted = select(Promotion.id, Promotion.cleaner_digest).subquery()
    rows = connection.execute(
        select(*_COLUMNS, promoted.c.cleaner_digest, Reading.id.label("reading_id"))
        .select_from(Capture)
        .outerjoin(promoted, promoted.c.id == newest.correlate(Capture).scalar_subquery())
        .outerjoin(
            Reading,
            (Reading.input_digest == Capture.input_digest) & (Reading.cleaner_digest == promoted.c.cleaner_digest),
        )
        .where(Capture.article_key.in_(keys))
    )
    found: dict[str, tuple[str, str | None, list[Seen]]] = {}
    for row in rows:
        found.setdefault(row.article_key, (row.source_id, row.cleaner_digest, []))[2].append(_seen(row))
    return [_Story(key, source, cleaner, seen, fold(seen)) for key, (source, cleaner, seen) in sorted(found.items())]


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


def _update(connection: Connection, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Update rows by their id (``key``), all with the same columns."""
    if rows:
        table = model.__table__
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "key"}
        connection.execute(update(table).where(table.c.id == bindparam("key")).values(values), rows)


def _edition_values(run: Run, ordinal: int) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "content_hash": run.content_hash,
        "first_capture_id": run.first.capture_id,
        "last_capture_id": run.last.capture_id,
        "observed_from": run.first.captured_at,
        "observed_to": run.last.captured_at,
    }


def _row_values(row: Row[Any]) -> dict[str, Any]:
    names = ("ordinal", "content_hash", "first_capture_id", "last_capture_id", "observed_from", "observed_to")
    return {name: getattr(row, name) for name in names}


def _identity(move: Moved) -> dict[str, Any]:
    return {"capture_id": move.capture_id, "field": move.field}


def _overlaps(row: Row[Any], run: Run) -> bool:
    same = row.content_hash == run.content_hash
    return bool(same and row.observed_from <= run.last.captured_at and row.observed_to >= run.first.captured_at)


def _by_address(captures: Sequence[Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for seen in sorted(captures, key=lambda seen: seen.captured_at):
        if seen.outcome not in ("failed", "blocked"):
            found[seen.url_key].append(seen)
    return found


def _span(seen: Sequence[Seen]) -> dict[str, datetime]:
    return {"first_seen_at": seen[0].captured_at, "last_seen_at": seen[-1].captured_at}
