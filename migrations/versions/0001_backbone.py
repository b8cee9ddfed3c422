"""The backbone: sources, captures, readings, articles with their editions, the change feed, and the views on them.

Revision: 0001, the first. Once released, a migration is never changed: types and views are spelled out here and not
imported, so that it still makes what it made when `archive.models` and `archive.views` have moved on.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DIGEST = sa.String(64)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
# Keys and dates sort by their bytes on both databases, whatever locale the PostgreSQL server was set up with: the
# order of exports and the choice of the first duplicate depend on it.
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
DATE = sa.String(25).with_variant(sa.String(25, collation="C"), "postgresql")

VIEWS = {
    "v_promoted": """
        SELECT source_id, cleaner_digest, promoted_at FROM promotion AS p
        WHERE id = (SELECT max(id) FROM promotion AS q WHERE q.source_id = p.source_id)
    """,
    "v_edition": """
        SELECT a.article_key, a.source_id, e.ordinal AS edition, e.id AS edition_id, e.content_hash, c.body_hash,
               c.title, c.lead, c.body, e.observed_from, e.observed_to, e.first_capture_id, e.last_capture_id,
               e.cleaner_digest AS cleaner
        FROM edition AS e
        JOIN article AS a ON a.id = e.article_id
        JOIN v_promoted AS p ON p.source_id = a.source_id AND p.cleaner_digest = e.cleaner_digest
        JOIN content AS c ON c.content_hash = e.content_hash
        WHERE e.withdrawn_at IS NULL
    """,
    "v_article": """
        SELECT a.article_key, a.source_id, s.name AS source_name, s.level, a.url, c.title, c.lead, c.body,
               r.published_at, r.published_evidence, r.byline, r.section, r.captions, r.language,
               e.content_hash, c.body_hash, e.ordinal AS edition,
               (SELECT count(*) FROM edition AS n WHERE n.article_id = a.id AND n.cleaner_digest = e.cleaner_digest
                AND n.withdrawn_at IS NULL) AS editions,
               a.first_captured_at, a.last_captured_at, e.observed_from AS captured_at, a.gone_at,
               e.cleaner_digest AS cleaner, r.layout, r.warnings
        FROM article AS a
        JOIN source AS s ON s.id = a.source_id
        JOIN edition AS e ON e.id = a.current_edition_id AND e.article_id = a.id
        JOIN reading AS r ON r.id = a.current_reading_id
        JOIN content AS c ON c.content_hash = e.content_hash
    """,
    "v_capture": """
        SELECT c.id AS capture_id, c.source_id, k.key AS crawl, c.url, c.url_key, c.captured_at, c.kind, c.article_key,
               c.outcome, c.reason, c.status, c.content_type, c.redirect_url, c.payload_digest, c.stored_digest,
               c.warc_file, c.warc_offset, c.warc_length, r.id AS reading_id, r.content_hash,
               r.cleaner_digest AS cleaner
        FROM capture AS c
        JOIN crawl AS k ON k.id = c.crawl_id
        LEFT JOIN v_promoted AS p ON p.source_id = c.source_id
        LEFT JOIN reading AS r ON r.input_digest = c.input_digest AND r.cleaner_digest = p.cleaner_digest
    """,
    "v_duplicate": """
        WITH told AS (
            SELECT article_key, content_hash, body_hash, published_at, first_captured_at FROM v_article
            WHERE body_hash IS NOT NULL
        ), ranked AS (
            SELECT article_key, content_hash, body_hash,
                   first_value(article_key) OVER same_content AS first_of_content,
                   first_value(article_key) OVER same_body AS first_of_body
            FROM told
            WINDOW same_content AS (PARTITION BY content_hash
                                    ORDER BY published_at IS NULL, published_at, first_captured_at, article_key),
                   same_body AS (PARTITION BY body_hash
                                 ORDER BY published_at IS NULL, published_at, first_captured_at, article_key)
        )
        SELECT article_key,
               CASE WHEN article_key <> first_of_content THEN first_of_content ELSE first_of_body END AS duplicate_of,
               CASE WHEN article_key <> first_of_content THEN 'content' ELSE 'body' END AS basis,
               content_hash, body_hash
        FROM ranked WHERE article_key <> first_of_content OR article_key <> first_of_body
    """,
    "v_metadata_change": """
        SELECT a.article_key, a.source_id, m.field, m.before, m.after, c.captured_at, m.capture_id, c.url,
               m.cleaner_digest AS cleaner
        FROM metadata_change AS m
        JOIN article AS a ON a.id = m.article_id
        JOIN v_promoted AS p ON p.source_id = a.source_id AND p.cleaner_digest = m.cleaner_digest
        JOIN capture AS c ON c.id = m.capture_id
        WHERE m.withdrawn_at IS NULL
    """,
    "v_change": """
        SELECT id AS cursor, at, kind, article_key, source_id, detail FROM change
    """,
}


def upgrade() -> None:
    """Create the tables, those that others refer to first, then the views."""
    _create_bookkeeping()
    _create_captures()
    _create_readings()
    _create_articles()
    for name, statement in VIEWS.items():
        op.execute(sa.text(f"CREATE VIEW {name} AS {statement.strip()}"))


def downgrade() -> None:
    """Drop everything, in the opposite order."""
    for name in reversed(VIEWS):
        op.execute(sa.text(f"DROP VIEW {name}"))
    for table in (
        *("metadata_change", "edition", "article_url", "article", "promotion", "reading", "content", "cleaner"),
        *("frontier", "capture", "change", "crawl", "source"),
    ):
        op.drop_table(table)


def _create_bookkeeping() -> None:
    op.create_table(
        "source",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.String(20), nullable=True),
        sa.Column("layout", sa.String(40), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
    )
    op.create_table(
        "crawl",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("config", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crawl"),
        sa.UniqueConstraint("key", name="uq_crawl_key"),
    )
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("article_key", KEY, nullable=True),
        sa.Column("source_id", sa.String(80), nullable=True),
        sa.Column("detail", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
        sqlite_autoincrement=True,
    )


def _create_captures() -> None:
    op.create_table(
        "capture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_id", sa.String(80), sa.ForeignKey("source.id", name="fk_capture_source_id_source"), nullable=False
        ),
        sa.Column(
            "crawl_id", sa.Integer(), sa.ForeignKey("crawl.id", name="fk_capture_crawl_id_crawl"), nullable=False
        ),
        sa.Column("url", KEY, nullable=False),
        sa.Column("url_key", KEY, nullable=False),
        sa.Column("captured_at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("article_key", KEY, nullable=True),
        sa.Column("preference", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("redirect_url", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("payload_digest", DIGEST, nullable=False),
        sa.Column("stored_digest", DIGEST, nullable=False),
        sa.Column("input_digest", DIGEST, nullable=True),
        sa.Column("warc_file", sa.Text(), nullable=False),
        sa.Column("warc_offset", sa.BigInteger(), nullable=False),
        sa.Column("warc_length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_capture"),
        sa.UniqueConstraint(
            "captured_at", "url_key", "payload_digest", name="uq_capture_captured_at_url_key_payload_digest"
        ),
    )
    op.create_index("ix_capture_article_key_captured_at", "capture", ["article_key", "captured_at"])
    op.create_index("ix_capture_source_id_captured_at", "capture", ["source_id", "captured_at"])
    op.create_index("ix_capture_url_key_captured_at", "capture", ["url_key", "captured_at"])
    op.create_index("ix_capture_warc_file_warc_offset", "capture", ["warc_file", "warc_offset"], unique=True)
    op.create_table(
        "frontier",
        sa.Column(
            "source_id", sa.String(80), sa.ForeignKey("source.id", name="fk_frontier_source_id_source"), nullable=False
        ),
        sa.Column("url_key", KEY, nullable=False),
        sa.Column("url", KEY, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("article_key", KEY, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("leased_by", sa.String(60), nullable=True),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("discovered_at", MOMENT, nullable=False),
        sa.Column("discovered_from", sa.Text(), nullable=True),
        sa.Column("last_captured_at", MOMENT, nullable=True),
        sa.Column("last_outcome", sa.String(24), nullable=True),
        sa.Column("stored_digest", DIGEST, nullable=True),
        sa.Column("stored_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("source_id", "url_key", name="pk_frontier"),
    )
    op.create_index("ix_frontier_article_key", "frontier", ["article_key"])
    op.create_index("ix_frontier_source_id_due_at", "frontier", ["source_id", "due_at"])


def _create_readings() -> None:
    op.create_table(
        "cleaner",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("manifest", JSON, nullable=False),
        sa.Column("first_used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_cleaner"),
    )
    op.create_table(
        "promotion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "source_id", sa.String(80), sa.ForeignKey("source.id", name="fk_promotion_source_id_source"), nullable=False
        ),
        sa.Column(
            "cleaner_digest",
            DIGEST,
            sa.ForeignKey("cleaner.digest", name="fk_promotion_cleaner_digest_cleaner"),
            nullable=False,
        ),
        sa.Column("promoted_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_promotion"),
    )
    op.create_index("ix_promotion_source_id", "promotion", ["source_id"])
    op.create_table(
        "content",
        sa.Column("content_hash", DIGEST, nullable=False),
        sa.Column("body_hash", DIGEST, nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("lead", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name="pk_content"),
    )
    op.create_index("ix_content_body_hash", "content", ["body_hash"])
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("input_digest", DIGEST, nullable=False),
        sa.Column(
            "cleaner_digest",
            DIGEST,
            sa.ForeignKey("cleaner.digest", name="fk_reading_cleaner_digest_cleaner"),
            nullable=False,
        ),
        sa.Column("layout", sa.String(40), nullable=False),
        sa.Column(
            "content_hash",
            DIGEST,
            sa.ForeignKey("content.content_hash", name="fk_reading_content_hash_content"),
            nullable=True,
        ),
        sa.Column("published_at", DATE, nullable=True),
        sa.Column("published_evidence", sa.Text(), nullable=True),
        sa.Column("published_rule", sa.String(40), nullable=True),
        sa.Column("byline", sa.Text(), nullable=True),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("captions", JSON, nullable=False),
        sa.Column("removed", JSON, nullable=False),
        sa.Column("restored", JSON, nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reading"),
        sa.UniqueConstraint("input_digest", "cleaner_digest", name="uq_reading_input_digest_cleaner_digest"),
    )


def _create_articles() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_key", KEY, nullable=False),
        sa.Column(
            "source_id", sa.String(80), sa.ForeignKey("source.id", name="fk_article_source_id_source"), nullable=False
        ),
        sa.Column("url", KEY, nullable=False),
        sa.Column("current_edition_id", sa.Integer(), nullable=True),
        sa.Column(
            "current_reading_id",
            sa.Integer(),
            sa.ForeignKey("reading.id", name="fk_article_current_reading_id_reading"),
            nullable=True,
        ),
        sa.Column("first_captured_at", MOMENT, nullable=False),
        sa.Column("last_captured_at", MOMENT, nullable=False),
        sa.Column("gone_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sa.UniqueConstraint("article_key", name="uq_article_article_key"),
    )
    op.create_index("ix_article_source_id", "article", ["source_id"])
    op.create_table(
        "article_url",
        sa.Column(
            "article_id",
            sa.Integer(),
            sa.ForeignKey("article.id", name="fk_article_url_article_id_article"),
            nullable=False,
        ),
        sa.Column("url_key", KEY, nullable=False),
        sa.Column("url", KEY, nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("article_id", "url_key", name="pk_article_url"),
    )
    op.create_index("ix_article_url_url_key", "article_url", ["url_key"])
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "article_id",
            sa.Integer(),
            sa.ForeignKey("article.id", name="fk_edition_article_id_article"),
            nullable=False,
        ),
        sa.Column(
            "cleaner_digest",
            DIGEST,
            sa.ForeignKey("cleaner.digest", name="fk_edition_cleaner_digest_cleaner"),
            nullable=False,
        ),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column(
            "content_hash",
            DIGEST,
            sa.ForeignKey("content.content_hash", name="fk_edition_content_hash_content"),
            nullable=False,
        ),
        sa.Column(
            "first_capture_id",
            sa.Integer(),
            sa.ForeignKey("capture.id", name="fk_edition_first_capture_id_capture"),
            nullable=False,
        ),
        sa.Column(
            "last_capture_id",
            sa.Integer(),
            sa.ForeignKey("capture.id", name="fk_edition_last_capture_id_capture"),
            nullable=False,
        ),
        sa.Column("observed_from", MOMENT, nullable=False),
        sa.Column("observed_to", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
    )
    op.create_index("ix_edition_article_id_cleaner_digest", "edition", ["article_id", "cleaner_digest"])
    op.create_index("ix_edition_content_hash", "edition", ["content_hash"])
    op.create_table(
        "metadata_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "article_id",
            sa.Integer(),
            sa.ForeignKey("article.id", name="fk_metadata_change_article_id_article"),
            nullable=False,
        ),
        sa.Column(
            "cleaner_digest",
            DIGEST,
            sa.ForeignKey("cleaner.digest", name="fk_metadata_change_cleaner_digest_cleaner"),
            nullable=False,
        ),
        sa.Column(
            "capture_id",
            sa.Integer(),
            sa.ForeignKey("capture.id", name="fk_metadata_change_capture_id_capture"),
            nullable=False,
        ),
        sa.Column("field", sa.String(20), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_metadata_change"),
        sa.UniqueConstraint(
            "article_id",
            "cleaner_digest",
            "capture_id",
            "field",
            name="uq_metadata_change_article_id_cleaner_digest_capture_id_field",
        ),
    )
