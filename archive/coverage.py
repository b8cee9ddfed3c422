"""The coverage ledger: what each source brought, month by month. Reading side; the figures are v_coverage's."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from archive.queries import Row, rows, typed

#: Vietnam's time has been seven hours before UTC since 1975; the months of the ledger are its months.
VIETNAM = timedelta(hours=7)
_MONTHS = typed("SELECT * FROM v_coverage WHERE month IN :months ORDER BY source_id, month", many=["months"])


def ledger(connection: Connection, now: datetime) -> dict[str, dict[str, Row]]:
    """By source: the figures of `this_month` and `last_month`, as v_coverage has them. What has none is left out."""
    names = {this_month(now): "this_month", last_month(now): "last_month"}
    found: dict[str, dict[str, Row]] = {}
    for row in rows(connection, _MONTHS, months=sorted(names)):
        found.setdefault(row.pop("source_id"), {})[names[row["month"]]] = row
    return found


def this_month(now: datetime) -> str:
    """The month in Vietnam, ``YYYY-MM``."""
    return f"{now + VIETNAM:%Y-%m}"


def last_month(now: datetime) -> str:
    """The month before it."""
    return f"{(now + VIETNAM).replace(day=1) - timedelta(days=1):%Y-%m}"
