"""Bringing stored editions in line with what `archive.editions.fold` says, a batch of articles at a time.

Editions are only added: one that grows keeps its row, one that no longer follows from the captures (an older capture
came in between) is withdrawn, not deleted. Rows are read and written in bulk: this runs for every page collected.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from archive.clock import rfc3339
from archive.corrected import store_corrected
from archive.database import batched, insert_new, upsert
from archive.decisions import told as told_of
from archive.editions import Moved, Run
from archive.models import Article, ArticleUrl, Edition, MetadataChange
from archive.seen import Seen
from archive.stories import Story, stories

#: What an edition's row says of its run of captures.
_OF_RUN = (
    "ordinal",
    "content_hash",
    "first_capture_id",
    "last_capture_id",
    "observed_from",
    "observed_to",
    "corrected",
)
_NOTHING_TOLD: Mapping[str, datetime] = MappingProxyType({})


def refold(
    connection: Connection, article_keys: Iterable[str], now: datetime, told: Mapping[str, datetime] = _NOTHING_TOLD
) -> list[dict[str, Any]]:
    """Fold these articles anew under the cleaners promoted for their sources; the rows for the change feed.

    ``told`` has, for articles whose editions were folded under another cleaner before, the time of the last capture
    that it had read: what the publisher did until then is no news.
    """
    changes: list[dict[str, Any]] = []
    for keys in batched(sorted(article_keys)):
        batch = _Batch(connection, now, stories(connection, keys), told)
        batch.apply()
        changes += batch.changes
    return changes


def fold_ahead(connection: Connection, article_keys: Iterable[str], cleaner: str, now: datetime) -> None:
    """Fold these articles under a cleaner that is not promoted: its editions are stored, no article points to them."""
    for keys in batched(sorted(article_keys)):
        _Batch(connection, now, stories(connection, keys, cleaner), _NOTHING_TOLD).fold()


class _Batch:
    """The articles of one batch with their stored rows; what is to be written gathers until the end."""

    def __init__(
        self, connection: Connection, now: datetime, stories: Sequence[Story], told: Mapping[str, datetime]
    ) -> None:
        self.connection, self.now, self.stories, self.told = connection, now, stories, told
        self.changes: list[dict[str, Any]] = []
        self.articles = self._load_articles()
        self.fresh: set[str] = set()
        self.corrected: dict[int, int] = {}

    def apply(self) -> None:
        """Write what follows; nothing of an article that no reading has shown yet."""
        self.fresh = {key for key, article in self.articles.items() if article.current_edition_id is None}
        self._add_articles([s for s in self.stories if s.key not in self.articles and s.told])
        self.fold()
        stories = [story for story in self.stories if story.key in self.articles]
        self._point(stories)
        self._addresses(stories)

    def fold(self) -> None:
        """Write the editions and metadata changes of the articles that there are, and the readings that persons
        corrected."""
        told = [story for story in self.stories if story.key in self.articles and story.told]
        self.corrected = store_corrected(self.connection, told)
        self._editions(told)
        self._moves(told)

    def _load_articles(self) -> dict[str, Row[Any]]:
        wanted = Article.article_key.in_([story.key for story in self.stories])
        return {row.article_key: row for row in self.connection.execute(select(Article.__table__).where(wanted))}

    def _add_articles(self, stories: Sequence[Story]) -> None:
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
        self.fresh |= {story.key for story in stories}
        self.articles = self._load_articles()

    def _editions(self, stories: Sequence[Story]) -> None:
        stored = self._live(Edition, stories)
        added: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        withdrawn: list[dict[str, Any]] = []
        for story in stories:
            article_id = self.articles[story.key].id
            left = stored[article_id]
            for ordinal, run in enumerate(story.folded.runs, 1):
                values = _edition_values(run, ordinal)
                row = next((row for row in left if _overlaps(row, run)), None)
                detail = {"edition": ordinal, "content_hash": run.content_hash}
                if ordinal == 1 and story.key in self.fresh:
                    self._tell(story, "article", detail)
                elif self._is_news(story, run.first.captured_at, added=row is None):
                    self._tell(story, "edition", detail)
                if row is None:
                    added.append(
                        {"article_id": article_id, "cleaner_digest": story.cleaner, **values, "withdrawn_at": None}
                    )
                    continue
                left.remove(row)
                if any(getattr(row, name) != value for name, value in values.items()):
                    moved.append({"key": row.id, **values, "withdrawn_at": None})
            for row in left:
                moved.append(
                    {"key": row.id, **{name: getattr(row, name) for name in _OF_RUN}, "withdrawn_at": self.now}
                )
                if story.key not in self.told:
                    self._tell(story, "withdrawn", {"edition": row.ordinal, "content_hash": row.content_hash})
        insert_new(self.connection, Edition, added)
        _update(self.connection, Edition, moved)
        _update(self.connection, Edition, withdrawn)

    def _moves(self, stories: Sequence[Story]) -> None:
        stored = self._live(MetadataChange, stories, withdrawn=True)
        added: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for story in stories:
            article_id = self.articles[story.key].id
            left = {(row.capture_id, row.field): row for row in stored[article_id]}
            captured_at = {seen.capture_id: seen.captured_at for seen in story.captures}
            for move in story.folded.moves:
                row = left.pop((move.capture_id, move.field), None)
                values = {"before": move.before, "after": move.after, "withdrawn_at": None}
                if self._is_news(story, captured_at[move.capture_id], added=row is None):
                    self._tell(story, "metadata", {"field": move.field, "before": move.before, "after": move.after})
                if row is None:
                    added.append(
                        {"article_id": article_id, "cleaner_digest": story.cleaner, **_identity(move), **values}
                    )
                elif (row.before, row.after, row.withdrawn_at) != (move.before, move.after, None):
                    moved.append({"key": row.id, **values})
            gone = (row for row in left.values() if row.withdrawn_at is None)
            moved += [
                {"key": row.id, "before": row.before, "after": row.after, "withdrawn_at": self.now} for row in gone
            ]
        insert_new(self.connection, MetadataChange, added)
        _update(self.connection, MetadataChange, moved)

    def _point(self, stories: Sequence[Story]) -> None:
        """Move the articles' pointers and what is known of their presence."""
        editions = self._live(Edition, [story for story in stories if story.told])
        rows = []
        for story in stories:
            article = self.articles[story.key]
            values: dict[str, Any] = {"current_edition_id": None, "current_reading_id": None}
            url = article.url
            if story.told:
                newest = max(editions[article.id], key=lambda row: row.ordinal)
                reading = self.corrected.get(story.told.capture_id, story.told.reading_id)
                values = {"current_edition_id": newest.id, "current_reading_id": reading}
                url = story.told.url
            times = {
                "first_captured_at": story.folded.first_captured_at,
                "last_captured_at": story.folded.last_captured_at,
            }
            rows.append({"key": article.id, **values, "url": url, **times, "gone_at": story.folded.gone_at})
            if not story.told:
                continue  # readers do not see it, so they hear nothing of its presence
            if story.folded.gone_at is not None and article.gone_at is None:
                self._tell(story, "gone", {"at": rfc3339(story.folded.gone_at)})
            elif story.folded.gone_at is None and article.gone_at is not None:
                self._tell(story, "back", {})
        _update(self.connection, Article, rows)

    def _addresses(self, stories: Sequence[Story]) -> None:
        if self.told:  # another cleaner may take a page for barred that showed an article to the one before
            ids = [self.articles[story.key].id for story in stories]
            self.connection.execute(delete(ArticleUrl).where(ArticleUrl.article_id.in_(ids)))
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

    def _live(self, model: Any, stories: Sequence[Story], *, withdrawn: bool = False) -> dict[int, list[Row[Any]]]:
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

    def _is_news(self, story: Story, captured_at: datetime, *, added: bool) -> bool:
        """Whether readers have not seen it: its row is new; or, under another cleaner now, what it shows came later."""
        return captured_at > self.told[story.key] if story.key in self.told else added

    def _tell(self, story: Story, kind: str, detail: dict[str, Any]) -> None:
        row = {"at": self.now, "kind": kind, "article_key": story.key, "source_id": story.source_id, "detail": detail}
        self.changes.append(row)


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
        "corrected": [told_of(one) for one in run.corrected],
    }


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
