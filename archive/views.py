"""The views: what tools outside read. Their columns are a contract, described in docs/database.md.

The statements run alike on SQLite and PostgreSQL. A migration that changes a view drops and recreates them all.
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

VIEWS: dict[str, str] = {
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
               coalesce(m.outcome, c.outcome) AS outcome,
               CASE WHEN m.capture_id IS NULL THEN c.reason ELSE m.reason END AS reason,
               c.status, c.content_type, c.redirect_url, c.payload_digest, c.stored_digest,
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
    "v_change": """
        SELECT id AS cursor, at, kind, article_key, source_id, detail FROM change
    """,
}
