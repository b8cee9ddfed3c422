"""Captures of a site that changed its system, imported: the old ones are read as the old system's, and stay so."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from pipelines.context import LayoutTerm, SourceContext
from pipelines.stale import plan
from tests.builders import PORTAL, liferay, press
from tests.imports import Collection, named, write
from tests.warcs import response

Make = Callable[..., Collection]
CHANGED = SourceContext.of(
    "songnhue",
    (
        LayoutTerm("hanoi-liferay", until=date(2023, 5, 31)),
        LayoutTerm("img-editor", since=date(2023, 6, 1)),
    ),
    [f"{PORTAL}/tin-tuc"],
)
#: An address that both take for an article's, and a page that shows the marks of both.
URL = f"{PORTAL}/tin-tuc/-/view_content/77001-so-ket-77001"
_PRESS = press("<p>Tòa soạn họp.</p>", title="Tòa soạn").partition("<body>")[2].partition("</body>")[0]
BOTH = liferay("<p>Quận ủy họp.</p>").replace("</body>", f"{_PRESS}</body>").encode()
BEFORE, AFTER = datetime(2023, 5, 31, 16, 59, 59, tzinfo=UTC), datetime(2023, 5, 31, 17, 0, tzinfo=UTC)
READ = (
    "SELECT c.captured_at, r.layout, v.body FROM v_capture AS c JOIN reading AS r ON r.id = c.reading_id"
    " JOIN content AS v ON v.content_hash = r.content_hash ORDER BY c.captured_at"
)


def _record(at: datetime) -> bytes:
    return response(BOTH, url=URL, **named(at, URL))


def test_the_same_bytes_are_read_by_the_layout_of_each_day_whatever_comes_first(
    collection: Make, tmp_path: Path
) -> None:
    here = collection(sources=[CHANGED])
    here.one(write(tmp_path / "new.warc.gz", [_record(AFTER)]))
    here.one(write(tmp_path / "old.warc.gz", [_record(BEFORE)]))
    assert here.rows(READ) == [
        ("2023-05-31T16:59:59.000000Z", "hanoi-liferay", "Quận ủy họp."),
        ("2023-05-31T17:00:00.000000Z", "img-editor", "Tòa soạn họp."),
    ]
    assert here.rebuilt(tmp_path / "again").told() == here.told()


def test_a_reclean_reads_the_same_bytes_once_for_each_layout(collection: Make, tmp_path: Path) -> None:
    here = collection(sources=[CHANGED])
    here.one(write(tmp_path / "all.warc.gz", [_record(BEFORE), _record(AFTER)]))
    inputs = [one for task in plan(here.home, here.store, here.cleaner, [], force=True).tasks for one in task]
    assert [len(one.captures) for one in inputs] == [1, 1]
