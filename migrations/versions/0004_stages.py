"""Cleaning in two stages: what extraction left of an input is kept; a reading says what of its body is no paragraph.

Revision: 0004, after 0003. Once released, a migration is never changed.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DIGEST = sa.String(64)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add the table of extractions, and the structure of readings."""
    op.create_table(
        "extraction",
        sa.Column("input_digest", DIGEST, nullable=False),
        sa.Column("extraction_digest", DIGEST, nullable=False),
        sa.Column("blocks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("input_digest", name=op.f("pk_extraction")),
    )
    op.add_column("reading", sa.Column("structure", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("reading", "structure")
    op.drop_table("extraction")
