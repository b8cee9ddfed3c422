from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from archive import queries, status
from tests.sample import BODY, CLEANER, CORRECTED, HOST, LEAD, TITLE, day

HERE = f"{HOST}/hoat-ong-ang/-/view_content/101-so-ket.html"
THERE = f"{HOST}/tin-tuc/-/view_content/101-so-ket.html"


def _article(archive: Connection, key: str) -> queries.Row:
    found = queries.article(archive, key)
    assert found is not None
    return found


def test_an_article_is_found_by_its_key_and_by_each_of_its_addresses(archive: Connection) -> None:
    assert {queries.find_key(archive, name) for name in ("songnhue:101", HERE, THERE)} == {"songnhue:101"}


def test_an_address_written_otherwise_is_found_by_its_url_key(archive: Connection) -> None:
    http = HERE.replace("https://", "http://")
    assert queries.find_key(archive, http) is None
    assert queries.find_key(archive, http, HERE.removeprefix("https://")) == "songnhue:101"


def test_an_unknown_key_finds_nothing(archive: Connection) -> None:
    assert queries.find_key(archive, "songnhue:404") is None
    assert queries.article(archive, "songnhue:404") is None


def test_an_article_shows_its_current_words_and_all_its_addresses_and_sections(archive: Connection) -> None:
    found = _article(archive, "songnhue:101")
    assert (found["title"], found["lead"], found["body"]) == (TITLE, LEAD, "\n".join(CORRECTED))
    assert found["urls"] == [HERE, THERE]
    assert found["sections"] == ["Hoạt động Đảng", "Tin tức"]
    assert (found["edition"], found["editions"]) == (2, 2)


def test_times_are_aware_and_lists_are_lists_on_either_database(archive: Connection) -> None:
    found = _article(archive, "songnhue:101")
    assert found["first_captured_at"] == day(0)
    assert found["first_captured_at"].tzinfo is not None
    assert found["warnings"] == []
    assert queries.editions(archive, "songnhue:101")[0]["observed_from"] == day(0)


def test_a_citation_finds_the_edition_that_holds_the_capture(archive: Connection) -> None:
    for at, ordinal in ((day(0), 1), (day(45), 1), (day(60), 2), (day(75), 2), (day(999), 2)):
        found = queries.edition_at(archive, "songnhue:101", at)
        assert found is not None
        assert found["edition"] == ordinal


def test_a_time_before_the_first_capture_cites_nothing(archive: Connection) -> None:
    assert queries.edition_at(archive, "songnhue:101", day(0) - timedelta(microseconds=1)) is None
    assert queries.article_at(archive, "songnhue:101", day(-1)) is None


def test_a_citation_shows_the_words_and_the_date_as_they_were_captured_then(archive: Connection) -> None:
    first = queries.article_at(archive, "songnhue:101", day(1))
    later = queries.article_at(archive, "songnhue:101", day(30))
    assert first is not None
    assert later is not None
    assert first["body"] == later["body"] == "\n".join(BODY)
    assert (first["published_at"], later["published_at"]) == ("2025-01-09T16:30:00+07:00", "2025-01-08")


def test_an_edition_names_the_record_where_its_last_capture_is_archived(archive: Connection) -> None:
    edition = queries.editions(archive, "songnhue:101")[1]
    spoken = queries.speaking(archive, edition)
    assert (spoken["capture_id"], spoken["captured_at"]) == (edition["last_capture_id"], day(80))
    assert spoken["warc_file"] == "2025/01/bantin.warc.gz"


def test_a_copy_of_the_text_is_labelled_with_the_first_and_with_what_is_equal(archive: Connection) -> None:
    found = {row["article_key"]: (row["duplicate_of"], row["basis"]) for row in queries.duplicates(archive)}
    assert found == {"bao:825": ("songnhue:101", "content"), "bao:826": ("songnhue:101", "body")}


def test_one_article_and_the_whole_list_agree_on_duplicates(archive: Connection) -> None:
    labels = {key: _article(archive, key)["duplicate_of"] for key in ("bao:825", "bao:826", "songnhue:101")}
    assert labels == {"bao:825": "songnhue:101", "bao:826": "songnhue:101", "songnhue:101": None}


def test_an_older_edition_is_no_duplicate_because_the_current_one_is(archive: Connection) -> None:
    older = queries.article_at(archive, "songnhue:101", day(0))
    assert older is not None
    assert older["duplicate_of"] is None


def test_an_empty_body_is_nobodys_duplicate(archive: Connection) -> None:
    assert _article(archive, "bao:900")["body_hash"] is None
    assert _article(archive, "bao:900")["duplicate_of"] is None


def test_the_change_feed_goes_on_from_a_cursor(archive: Connection) -> None:
    everything = queries.changes(archive)
    assert [row["kind"] for row in everything] == ["promotion", "article", "edition", "gone"]
    assert queries.changes(archive, everything[1]["cursor"]) == everything[2:]
    assert queries.changes(archive, limit=1) == everything[:1]
    assert everything[1]["detail"] == {"edition": 1}
    assert list(everything[0]["detail"]) == ["cleaner", "reason"], "in the same order on either database"
    assert status.newest_cursor(archive) == everything[-1]["cursor"]


def test_the_figures_count_what_each_source_holds(archive: Connection) -> None:
    press, district = status.by_source(archive, datetime(2025, 6, 1, tzinfo=UTC), {"songnhue": 1})
    assert (press["source_id"], district["source_id"]) == ("bao", "songnhue")
    assert [press[name] for name in ("articles", "gone", "editions", "duplicates", "due")] == [3, 0, 3, 2, 0]
    names = ("articles", "gone", "editions", "duplicates", "addresses", "due")
    assert [district[name] for name in names] == [2, 1, 3, 0, 3, 1]
    assert district["captures"] == {"failed": 1, "gone": 2, "ok": 6, "soft-gone": 1}
    assert district["cleaner"] == CLEANER
    assert district["last_captured_at"] == day(80)
