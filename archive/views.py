"""The views: what tools outside read. Their columns are a contract, described in docs/database.md.

The statements run alike on SQLite and PostgreSQL, but for the months of v_coverage. A migration that changes a view
drops and recreates those that stand on it.
"""

#: v_duplicate, over the articles that ``where`` picks. It must pick whole groups of one body_hash: asking for a few
#: groups here is fast, while a condition on the view would rank every article first.
DUPLICATES = """
        WITH told AS (
            SELECT article_key, content_hash, body_hash, published_at, first_captured_at FROM v_article
            WHERE {where}
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

#: v_attachment, over what ``named`` gives as t; ``until`` may leave later captures out. What stands behind a redirect
#: (h) counts with the address itself: n is the last attempt, g the last good one, w the record that has its bytes.
ATTACHMENTS = """
        SELECT {columns}t.position, t.kind, t.label, t.url, t.url_key, n.outcome, n.reason,
               n.captured_at AS tried_at, g.captured_at, g.id AS capture_id, g.content_type, f.type AS file_type,
               f.bytes, g.payload_digest,
               (SELECT count(DISTINCT c.payload_digest) FROM capture AS c
                WHERE (c.url_key = t.url_key OR c.url_key = h.redirect_key)
                AND c.outcome IN ('ok', 'revisit-identical'){until}) AS versions,
               w.warc_file, w.warc_offset, w.warc_length
        FROM {named}
        LEFT JOIN capture AS h ON h.id =
            (SELECT c.id FROM capture AS c WHERE c.url_key = t.url_key{until}
             ORDER BY c.captured_at DESC, c.payload_digest DESC LIMIT 1)
        LEFT JOIN capture AS n ON n.id =
            (SELECT c.id FROM capture AS c WHERE (c.url_key = t.url_key OR c.url_key = h.redirect_key){until}
             ORDER BY c.captured_at DESC, c.url_key DESC, c.payload_digest DESC LIMIT 1)
        LEFT JOIN capture AS g ON g.id =
            (SELECT c.id FROM capture AS c WHERE (c.url_key = t.url_key OR c.url_key = h.redirect_key)
             AND c.outcome IN ('ok', 'revisit-identical'){until}
             ORDER BY c.captured_at DESC, c.url_key DESC, c.payload_digest DESC LIMIT 1)
        LEFT JOIN file AS f ON f.payload_digest = g.payload_digest
        LEFT JOIN capture AS w ON w.id =
            (SELECT c.id FROM capture AS c WHERE c.stored_digest = g.stored_digest AND c.outcome = 'ok'
             ORDER BY c.captured_at, c.url_key, c.payload_digest LIMIT 1)
    """

#: v_coverage, where ``{captured}``, ``{first}`` and ``{gone}`` stand for the month of such a time in Vietnam.
COVERAGE = """
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


def coverage(dialect: str) -> str:
    """v_coverage as this database writes it: the one view that cannot be spelled alike on both, for months' sake."""
    month = {
        "sqlite": "strftime('%Y-%m', {}, '+7 hours')",
        "postgresql": "to_char({} AT TIME ZONE 'UTC' + interval '7 hours', 'YYYY-MM')",
    }[dialect]
    times = {"captured": "captured_at", "first": "first_at", "gone": "gone_at"}
    return COVERAGE.format(**{name: month.format(column) for name, column in times.items()})


VIEWS: dict[str, str] = {
    "v_promoted": """
        SELECT source_id, cleaner_digest, promoted_at FROM promotion AS p
        WHERE id = (SELECT max(id) FROM promotion AS q WHERE q.source_id = p.source_id)
    """,
    "v_edition": """
        SELECT a.article_key, a.source_id, e.ordinal AS edition, e.id AS edition_id, e.content_hash, c.body_hash,
               c.title, c.lead, c.body, e.observed_from, e.observed_to, e.first_capture_id, e.last_capture_id,
               e.cleaner_digest AS cleaner, e.corrected
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
               e.cleaner_digest AS cleaner, r.layout, r.warnings, r.corrected
        FROM article AS a
        JOIN source AS s ON s.id = a.source_id
        JOIN edition AS e ON e.id = a.current_edition_id AND e.article_id = a.id
        JOIN reading AS r ON r.id = a.current_reading_id
        JOIN content AS c ON c.content_hash = e.content_hash
    """,
    "v_capture": """
        SELECT c.id AS capture_id, c.source_id, k.key AS crawl, c.url, c.url_key, c.captured_at, c.kind, c.article_key,
               coalesce(m.outcome, c.outcome) AS outcome,
               CASE WHEN m.capture_id IS NULL THEN c.reason ELSE m.reason END AS reason,
               c.status, c.content_type, c.redirect_url, c.tls, c.payload_digest, c.stored_digest,
               c.warc_file, c.warc_offset, c.warc_length, m.reading_id, r.content_hash, m.cleaner_digest AS cleaner
        FROM capture AS c
        JOIN crawl AS k ON k.id = c.crawl_id
        LEFT JOIN v_promoted AS p ON p.source_id = c.source_id
        LEFT JOIN capture_reading AS m ON m.capture_id = c.id AND m.cleaner_digest = p.cleaner_digest
        LEFT JOIN reading AS r ON r.id = m.reading_id
    """,
    "v_duplicate": DUPLICATES.format(where="body_hash IS NOT NULL"),
    "v_metadata_change": """
        SELECT a.article_key, a.source_id, m.field, m.before, m.after, c.captured_at, m.capture_id, c.url,
               m.cleaner_digest AS cleaner
        FROM metadata_change AS m
        JOIN article AS a ON a.id = m.article_id
        JOIN v_promoted AS p ON p.source_id = a.source_id AND p.cleaner_digest = m.cleaner_digest
        JOIN capture AS c ON c.id = m.capture_id
        WHERE m.withdrawn_at IS NULL
    """,
    "v_source": """
        SELECT s.id AS source_id, s.name, s.level, s.unit_id, u.name AS unit_name, u.kind AS unit_kind,
               u.since AS unit_since, u.until AS unit_until, u.parent_id AS parent_unit_id, p.name AS parent_unit_name,
               s.layout, s.listed, s.verified, s.evidence
        FROM source AS s
        LEFT JOIN unit AS u ON u.id = s.unit_id
        LEFT JOIN unit AS p ON p.id = u.parent_id
    """,
    "v_attachment": ATTACHMENTS.format(
        columns="a.article_key, a.source_id, ",
        named="article AS a JOIN reading_attachment AS t ON t.reading_id = a.current_reading_id",
        until="",
    ),
    "v_change": """
        SELECT id AS cursor, at, kind, article_key, source_id, detail FROM change
    """,
    "v_coverage": coverage("sqlite"),
}
