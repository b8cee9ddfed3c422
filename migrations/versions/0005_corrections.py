"""Corrections by hand: the decisions, the readings that follow from them, and what articles and editions say of it.

Revision: 0005, after 0004. Once released, a migration is never changed.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

V_EDITION = """
        SELECT a.article_key, a.source_id, e.ordinal AS edition, e.id AS edition_id, e.content_hash, c.body_hash,
               c.title, c.lead, c.body, e.observed_from, e.observed_to, e.first_capture_id, e.last_capture_id,
               e.cleaner_digest AS cleaner, e.corrected
        FROM edition AS e
        JOIN article AS a ON a.id = e.article_id
        JOIN v_promoted AS p ON p.source_id = a.source_id AND p.cleaner_digest = e.cleaner_digest
        JOIN content AS c ON c.content_hash = e.content_hash
        WHERE e.withdrawn_at IS NULL
    """
V_ARTICLE = """
        SELECT a.article_key, a.source_id, s.name AS source_name, s.level, a.url, c.title, c.lead, c.body,
               r.published_at, r.published_evidence, r.byline, r.section, r.captions, r.language,
               e.content_hash, c.body_hash, e.ordinal AS edition,
               (SELECT count(*) FROM edition AS n WHERE n.article_id = a.id AND n.cleaner_digest = e.cleaner_digest
                AND n.withdrawn_at IS NULL) AS editions,
               a.first_captured_at, a.last_captured_at, e.observed_from AS captured_at, a.gone_at,
               e.cleaner_digest AS cleaner, r.layout, r.warnings, r.corrected
        FROM article AS a
        JOIN source AS s ON s.id = a.source_id
        JOIN edition AS e ON e.id = a.current_edition_id AND e.article_id = a.id
        JOIN reading AS r ON r.id = a.current_reading_id
        JOIN content AS c ON c.content_hash = e.content_hash
    """
# Unchanged; dropped and made again because it reads v_article.
V_DUPLICATE = """
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
    """


def upgrade() -> None:
    """Add the tables; say of readings and editions what in them was corrected."""
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_key", KEY, nullable=False),
        sa.Column("captured_at", MOMENT, nullable=False),
        sa.Column("field", sa.String(20), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_article_key"), "correction", ["article_key"])
    op.create_table(
        "corrected_reading",
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("cleaner_digest", sa.String(64), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("capture_id", "cleaner_digest", name=op.f("pk_corrected_reading")),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_corrected_reading_capture_id_capture")),
        sa.ForeignKeyConstraint(
            ["cleaner_digest"], ["cleaner.digest"], name=op.f("fk_corrected_reading_cleaner_digest_cleaner")
        ),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_corrected_reading_reading_id_reading")),
    )
    op.create_index(op.f("ix_corrected_reading_reading_id"), "corrected_reading", ["reading_id"])
    for table in ("reading", "edition"):
        op.add_column(table, sa.Column("corrected", JSON, nullable=False, server_default="[]"))
    _make_views(V_EDITION, V_ARTICLE)


def downgrade() -> None:
    """Take it away again. What was corrected reads so until its article is folded anew."""
    _make_views(V_EDITION.replace(", e.corrected", ""), V_ARTICLE.replace(", r.corrected", ""))
    for table in ("edition", "reading"):
        op.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN corrected"))
    op.drop_table("corrected_reading")
    op.drop_table("correction")


def _make_views(v_edition: str, v_article: str) -> None:
    for name in ("v_duplicate", "v_article", "v_edition"):
        op.execute(sa.text(f"DROP VIEW {name}"))
    for name, statement in (("v_edition", v_edition), ("v_article", v_article), ("v_duplicate", V_DUPLICATE)):
        op.execute(sa.text(f"CREATE VIEW {name} AS {statement.strip()}"))
