"""Reclean and import: what each cleaner made of each capture, the evidence of a reading, imports among the crawls.

Revision: 0002, after 0001. Once released, a migration is never changed.

``capture.input_digest`` tied a capture to one input. Which dated rules hold decides the input too, so another cleaner
may see another input in the same capture: ``capture_reading`` says which reading each cleaner made of it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DIGEST = sa.String(64)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

V_CAPTURE = """
        SELECT c.id AS capture_id, c.source_id, k.key AS crawl, c.url, c.url_key, c.captured_at, c.kind, c.article_key,
               coalesce(m.outcome, c.outcome) AS outcome,
               CASE WHEN m.capture_id IS NULL THEN c.reason ELSE m.reason END AS reason,
               c.status, c.content_type, c.redirect_url, c.payload_digest, c.stored_digest,
               c.warc_file, c.warc_offset, c.warc_length, m.reading_id, r.content_hash, m.cleaner_digest AS cleaner
        FROM capture AS c
        JOIN crawl AS k ON k.id = c.crawl_id
        LEFT JOIN v_promoted AS p ON p.source_id = c.source_id
        LEFT JOIN capture_reading AS m ON m.capture_id = c.id AND m.cleaner_digest = p.cleaner_digest
        LEFT JOIN reading AS r ON r.id = m.reading_id
    """
V_CAPTURE_BEFORE = """
        SELECT c.id AS capture_id, c.source_id, k.key AS crawl, c.url, c.url_key, c.captured_at, c.kind, c.article_key,
               c.outcome, c.reason, c.status, c.content_type, c.redirect_url, c.payload_digest, c.stored_digest,
               c.warc_file, c.warc_offset, c.warc_length, r.id AS reading_id, r.content_hash,
               r.cleaner_digest AS cleaner
        FROM capture AS c
        JOIN crawl AS k ON k.id = c.crawl_id
        LEFT JOIN v_promoted AS p ON p.source_id = c.source_id
        LEFT JOIN reading AS r ON r.input_digest = c.input_digest AND r.cleaner_digest = p.cleaner_digest
    """
# Unchanged; dropped and made again because SQLite copies the table that it reads.
V_METADATA_CHANGE = """
        SELECT a.article_key, a.source_id, m.field, m.before, m.after, c.captured_at, m.capture_id, c.url,
               m.cleaner_digest AS cleaner
        FROM metadata_change AS m
        JOIN article AS a ON a.id = m.article_id
        JOIN v_promoted AS p ON p.source_id = a.source_id AND p.cleaner_digest = m.cleaner_digest
        JOIN capture AS c ON c.id = m.capture_id
        WHERE m.withdrawn_at IS NULL
    """


def upgrade() -> None:
    """Move the tie between captures and readings into a table of its own."""
    _drop_views()
    op.create_table(
        "capture_reading",
        sa.Column("capture_id", sa.Integer(), nullable=False),
        sa.Column("cleaner_digest", DIGEST, nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("reading_id", sa.Integer()),
        sa.PrimaryKeyConstraint("capture_id", "cleaner_digest", name=op.f("pk_capture_reading")),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_capture_reading_capture_id_capture")),
        sa.ForeignKeyConstraint(
            ["cleaner_digest"], ["cleaner.digest"], name=op.f("fk_capture_reading_cleaner_digest_cleaner")
        ),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_capture_reading_reading_id_reading")),
    )
    op.create_index(op.f("ix_capture_reading_reading_id"), "capture_reading", ["reading_id"])
    op.execute(
        sa.text(
            "INSERT INTO capture_reading (capture_id, cleaner_digest, outcome, reason, reading_id)"
            " SELECT c.id, r.cleaner_digest, c.outcome, c.reason, r.id"
            " FROM capture AS c JOIN reading AS r ON r.input_digest = c.input_digest"
        )
    )
    with op.batch_alter_table("capture") as capture:
        capture.drop_column("input_digest")
    op.create_index(op.f("ix_capture_stored_digest"), "capture", ["stored_digest"])
    op.add_column("reading", sa.Column("evidence", JSON, nullable=False, server_default="[]"))
    op.add_column("crawl", sa.Column("kind", sa.String(10), nullable=False, server_default="crawl"))
    _create_views(V_CAPTURE)


def downgrade() -> None:
    """Tie each capture to the input of its newest reading again."""
    _drop_views()
    op.drop_index(op.f("ix_capture_stored_digest"), "capture")
    with op.batch_alter_table("capture") as capture:
        capture.add_column(sa.Column("input_digest", DIGEST))
    op.execute(
        sa.text(
            "UPDATE capture SET input_digest = (SELECT r.input_digest FROM capture_reading AS m"
            " JOIN reading AS r ON r.id = m.reading_id WHERE m.capture_id = capture.id ORDER BY r.id DESC LIMIT 1)"
        )
    )
    op.drop_table("capture_reading")
    op.execute(sa.text("ALTER TABLE reading DROP COLUMN evidence"))
    op.execute(sa.text("ALTER TABLE crawl DROP COLUMN kind"))
    _create_views(V_CAPTURE_BEFORE)


def _drop_views() -> None:
    for name in ("v_metadata_change", "v_capture"):
        op.execute(sa.text(f"DROP VIEW {name}"))


def _create_views(v_capture: str) -> None:
    for name, statement in (("v_capture", v_capture), ("v_metadata_change", V_METADATA_CHANGE)):
        op.execute(sa.text(f"CREATE VIEW {name} AS {statement.strip()}"))
