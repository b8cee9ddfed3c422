"""Every source, and crawls that come back: units and hosts, when to come back, attachments, rescues, the ledger.

Revision: 0003, after 0002. Once released, a migration is never changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what the catalogue, coming back, attachments, rescues and the ledger need."""
    _catalogue()
    _coming_back()
    _manners()
    _attachments()
    _rescue()
    _ledger()


def downgrade() -> None:
    """Take it away again, the last first."""
    _without_ledger()
    _without_rescue()
    _without_attachments()
    _without_manners()
    _without_coming_back()
    _without_catalogue()


V_SOURCE = """
        SELECT s.id AS source_id, s.name, s.level, s.unit_id, u.name AS unit_name, u.kind AS unit_kind,
               u.since AS unit_since, u.until AS unit_until, u.parent_id AS parent_unit_id, p.name AS parent_unit_name,
               s.layout, s.listed, s.verified, s.evidence
        FROM source AS s
        LEFT JOIN unit AS u ON u.id = s.unit_id
        LEFT JOIN unit AS p ON p.id = u.parent_id
    """


def _catalogue() -> None:
    """Units with their successors, the hosts and layouts of sources with their days."""
    op.create_table(
        "unit",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("parent_id", sa.String(80)),
        sa.Column("since", sa.String(10)),
        sa.Column("until", sa.String(10)),
        sa.Column("evidence", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
    )
    op.create_table(
        "unit_successor",
        sa.Column("unit_id", sa.String(80), nullable=False),
        sa.Column("successor_id", sa.String(80), nullable=False),
        sa.Column("share", sa.String(10), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "successor_id", name=op.f("pk_unit_successor")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_successor_unit_id_unit")),
        sa.ForeignKeyConstraint(["successor_id"], ["unit.id"], name=op.f("fk_unit_successor_successor_id_unit")),
    )
    host, layout = sa.Column("host", sa.Text(), nullable=False), sa.Column("layout", sa.String(40), nullable=False)
    for table, column in (("source_host", host), ("source_layout", layout)):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("source_id", sa.String(80), nullable=False),
            column,
            sa.Column("since", sa.String(10)),
            sa.Column("until", sa.String(10)),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f(f"fk_{table}_source_id_source")),
        )
        op.create_index(op.f(f"ix_{table}_source_id"), table, ["source_id"])
    op.add_column("source", sa.Column("unit_id", sa.String(80)))
    op.add_column("source", sa.Column("verified", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("source", sa.Column("evidence", sa.Text()))
    op.execute(sa.text(f"CREATE VIEW v_source AS {V_SOURCE.strip()}"))


def _without_catalogue() -> None:
    op.execute(sa.text("DROP VIEW v_source"))
    for column in ("evidence", "verified", "unit_id"):
        op.execute(sa.text(f"ALTER TABLE source DROP COLUMN {column}"))
    for table in ("source_layout", "source_host", "unit_successor", "unit"):
        op.drop_table(table)


def _coming_back() -> None:
    """What the frontier knows of when to come back to an address. What was captured before is visited once soon: that
    gives each address its own time."""
    moment = sa.String(27).with_variant(sa.DateTime(timezone=True), "postgresql")
    for name in ("etag", "last_modified"):
        op.add_column("frontier", sa.Column(name, sa.Text()))
    for name in ("good_at", "appeared_at", "revisit_at"):
        op.add_column("frontier", sa.Column(name, moment))
    op.add_column("frontier", sa.Column("interval_seconds", sa.Integer()))
    op.create_index(op.f("ix_frontier_source_id_revisit_at"), "frontier", ["source_id", "revisit_at"])
    op.execute(sa.text("UPDATE frontier SET revisit_at = last_captured_at"))
    good = "('ok', 'revisit-identical', 'revisit-not-modified')"
    op.execute(sa.text(f"UPDATE frontier SET good_at = last_captured_at WHERE last_outcome IN {good}"))


def _without_coming_back() -> None:
    op.drop_index(op.f("ix_frontier_source_id_revisit_at"), "frontier")
    for name in ("interval_seconds", "revisit_at", "appeared_at", "good_at", "last_modified", "etag"):
        op.execute(sa.text(f"ALTER TABLE frontier DROP COLUMN {name}"))


V_CAPTURE_BEFORE = """
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
V_CAPTURE = V_CAPTURE_BEFORE.replace("c.redirect_url, ", "c.redirect_url, c.tls, ")


def _manners() -> None:
    """What is remembered of hosts; what was found of a server's certificate."""
    op.create_table(
        "host",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", MOMENT, nullable=True),
        sa.Column("last_failed_at", MOMENT, nullable=True),
        sa.Column("last_ok_at", MOMENT, nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("host", name="pk_host"),
    )
    op.execute(sa.text("DROP VIEW v_capture"))
    op.add_column("capture", sa.Column("tls", sa.Text(), nullable=True))
    op.execute(sa.text(f"CREATE VIEW v_capture AS {V_CAPTURE.strip()}"))


def _without_manners() -> None:
    op.execute(sa.text("DROP VIEW v_capture"))
    op.execute(sa.text("ALTER TABLE capture DROP COLUMN tls"))
    op.execute(sa.text(f"CREATE VIEW v_capture AS {V_CAPTURE_BEFORE.strip()}"))
    op.drop_table("host")


V_ATTACHMENT = """
        SELECT a.article_key, a.source_id, t.position, t.kind, t.label, t.url, t.url_key, n.outcome, n.reason,
               n.captured_at AS tried_at, g.captured_at, g.id AS capture_id, g.content_type, f.type AS file_type,
               f.bytes, g.payload_digest,
               (SELECT count(DISTINCT c.payload_digest) FROM capture AS c
                WHERE (c.url_key = t.url_key OR c.url_key = h.redirect_key)
                AND c.outcome IN ('ok', 'revisit-identical')) AS versions,
               w.warc_file, w.warc_offset, w.warc_length
        FROM article AS a JOIN reading_attachment AS t ON t.reading_id = a.current_reading_id
        LEFT JOIN capture AS h ON h.id =
            (SELECT c.id FROM capture AS c WHERE c.url_key = t.url_key
             ORDER BY c.captured_at DESC, c.payload_digest DESC LIMIT 1)
        LEFT JOIN capture AS n ON n.id =
            (SELECT c.id FROM capture AS c WHERE (c.url_key = t.url_key OR c.url_key = h.redirect_key)
             ORDER BY c.captured_at DESC, c.url_key DESC, c.payload_digest DESC LIMIT 1)
        LEFT JOIN capture AS g ON g.id =
            (SELECT c.id FROM capture AS c WHERE (c.url_key = t.url_key OR c.url_key = h.redirect_key)
             AND c.outcome IN ('ok', 'revisit-identical')
             ORDER BY c.captured_at DESC, c.url_key DESC, c.payload_digest DESC LIMIT 1)
        LEFT JOIN file AS f ON f.payload_digest = g.payload_digest
        LEFT JOIN capture AS w ON w.id =
            (SELECT c.id FROM capture AS c WHERE c.stored_digest = g.stored_digest AND c.outcome = 'ok'
             ORDER BY c.captured_at, c.url_key, c.payload_digest LIMIT 1)
    """


def _attachments() -> None:
    """Files and pictures behind articles."""
    op.create_table(
        "reading_attachment",
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", KEY, nullable=False),
        sa.Column("label", sa.Text()),
        sa.PrimaryKeyConstraint("reading_id", "position", name=op.f("pk_reading_attachment")),
        sa.ForeignKeyConstraint(["reading_id"], ["reading.id"], name=op.f("fk_reading_attachment_reading_id_reading")),
    )
    op.create_index(op.f("ix_reading_attachment_url_key"), "reading_attachment", ["url_key"])
    op.create_table(
        "file",
        sa.Column("payload_digest", sa.String(64), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payload_digest", name=op.f("pk_file")),
    )
    op.add_column("capture", sa.Column("redirect_key", KEY))
    op.execute(sa.text(f"CREATE VIEW v_attachment AS {V_ATTACHMENT.strip()}"))


def _without_attachments() -> None:
    op.execute(sa.text("DROP VIEW v_attachment"))
    op.execute(sa.text("ALTER TABLE capture DROP COLUMN redirect_key"))
    op.drop_table("file")
    op.drop_table("reading_attachment")


def _rescue() -> None:
    """What web archives hold of a source, and what of it is here."""
    op.create_table(
        "rescue_listing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(80), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("resume_at", sa.Text(), nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rescue_listing"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_rescue_listing_source_id_source"),
        sa.UniqueConstraint(
            "source_id",
            "archive",
            "host",
            "since",
            "until",
            name="uq_rescue_listing_source_id_archive_host_since_until",
        ),
    )
    op.create_table(
        "rescue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(80), nullable=False),
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_key", KEY, nullable=False),
        sa.Column("captured_at", MOMENT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(140), nullable=False),
        sa.Column("warc_file", sa.Text(), nullable=True),
        sa.Column("warc_offset", sa.BigInteger(), nullable=True),
        sa.Column("warc_length", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("listed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rescue"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_rescue_source_id_source"),
        sa.UniqueConstraint(
            "source_id",
            "archive",
            "captured_at",
            "url_key",
            "digest",
            name="uq_rescue_source_id_archive_captured_at_url_key_digest",
        ),
    )
    op.create_index(
        "ix_rescue_source_id_archive_state_captured_at", "rescue", ["source_id", "archive", "state", "captured_at"]
    )
    op.create_index("ix_rescue_url_key_digest", "rescue", ["url_key", "digest"])


def _without_rescue() -> None:
    op.drop_table("rescue")
    op.drop_table("rescue_listing")


V_COVERAGE = """
        WITH attempt AS (
            SELECT source_id, {captured} AS month, kind, article_key, outcome, reading_id, content_hash,
                   outcome IN ('ok', 'revisit-identical', 'revisit-not-modified') AS good,
                   CASE WHEN outcome <> 'failed' THEN NULL
                        WHEN reason LIKE 'cleaning failed%' THEN 'cleaning'
                        WHEN status NOT BETWEEN 200 AND 299 THEN 'status'
                        WHEN status IS NOT NULL OR payload_digest <> '' THEN 'content'
                        WHEN lower(reason) LIKE '%timeout%' THEN 'timeout'
                        ELSE 'connection' END AS failure
            FROM v_capture WHERE kind <> 'robots'
        ), tried AS (
            SELECT source_id, month, count(*) AS attempts,
                   count(DISTINCT CASE WHEN kind = 'article' AND good THEN article_key END) AS fetched,
                   count(DISTINCT CASE WHEN good AND content_hash IS NOT NULL THEN article_key END) AS cleaned,
                   count(DISTINCT CASE WHEN good AND reading_id IS NOT NULL AND content_hash IS NULL
                                       THEN article_key END) AS unrecognised,
                   count(failure) AS failed,
                   count(CASE WHEN failure = 'status' THEN 1 END) AS failed_status,
                   count(CASE WHEN failure = 'timeout' THEN 1 END) AS failed_timeout,
                   count(CASE WHEN failure = 'connection' THEN 1 END) AS failed_connection,
                   count(CASE WHEN failure = 'content' THEN 1 END) AS failed_content,
                   count(CASE WHEN failure = 'cleaning' THEN 1 END) AS failed_cleaning,
                   count(CASE WHEN outcome = 'blocked' THEN 1 END) AS blocked
            FROM attempt GROUP BY source_id, month
        ), address AS (
            SELECT source_id, coalesce(article_key, url_key) AS named, min(discovered_at) AS discovered_at,
                   max(CASE WHEN last_outcome = 'redirected' THEN 1 ELSE 0 END) AS redirected
            FROM frontier WHERE kind = 'article' GROUP BY source_id, coalesce(article_key, url_key)
        ), entry AS (
            SELECT f.source_id, CASE WHEN a.id IS NULL AND f.redirected = 0 THEN 1 END AS missing,
                   CASE WHEN a.first_captured_at < f.discovered_at THEN a.first_captured_at
                        ELSE f.discovered_at END AS first_at
            FROM address AS f LEFT JOIN article AS a ON a.article_key = f.named
            UNION ALL
            SELECT a.source_id, NULL, a.first_captured_at FROM article AS a
            WHERE NOT EXISTS (SELECT 1 FROM frontier AS f WHERE f.article_key = a.article_key)
        ), found AS (
            SELECT source_id, {first} AS month, count(*) AS seen, count(missing) AS missing
            FROM entry GROUP BY source_id, {first}
        ), lost AS (
            SELECT source_id, {gone} AS month, count(*) AS gone
            FROM article WHERE gone_at IS NOT NULL GROUP BY source_id, {gone}
        ), told AS (
            SELECT source_id, month FROM tried UNION SELECT source_id, month FROM found
            UNION SELECT source_id, month FROM lost
        )
        SELECT t.source_id, t.month, coalesce(n.seen, 0) AS seen, coalesce(n.missing, 0) AS missing,
               coalesce(r.attempts, 0) AS attempts, coalesce(r.fetched, 0) AS fetched,
               coalesce(r.cleaned, 0) AS cleaned, coalesce(r.unrecognised, 0) AS unrecognised,
               coalesce(r.failed, 0) AS failed, coalesce(r.failed_status, 0) AS failed_status,
               coalesce(r.failed_timeout, 0) AS failed_timeout, coalesce(r.failed_connection, 0) AS failed_connection,
               coalesce(r.failed_content, 0) AS failed_content, coalesce(r.failed_cleaning, 0) AS failed_cleaning,
               coalesce(r.blocked, 0) AS blocked, coalesce(g.gone, 0) AS gone
        FROM told AS t
        LEFT JOIN tried AS r ON r.source_id = t.source_id AND r.month = t.month
        LEFT JOIN found AS n ON n.source_id = t.source_id AND n.month = t.month
        LEFT JOIN lost AS g ON g.source_id = t.source_id AND g.month = t.month
    """
MONTH = {
    "sqlite": "strftime('%Y-%m', {}, '+7 hours')",
    "postgresql": "to_char({} AT TIME ZONE 'UTC' + interval '7 hours', 'YYYY-MM')",
}


def _ledger() -> None:
    """The coverage ledger: one view."""
    month = MONTH[op.get_bind().dialect.name]
    times = {"captured": "captured_at", "first": "first_at", "gone": "gone_at"}
    statement = V_COVERAGE.format(**{name: month.format(column) for name, column in times.items()})
    op.execute(sa.text(f"CREATE VIEW v_coverage AS {statement.strip()}"))


def _without_ledger() -> None:
    op.execute(sa.text("DROP VIEW v_coverage"))
