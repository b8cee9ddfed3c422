"""Revisit records: whatever they refer to and however they say so."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.importing import Report
from pipelines.layouts import Layouts
from pipelines.stale import plan
from pipelines.tasks import read_task
from tests.databases import Databases
from tests.imports import Collection, address, body, moment, named, page, refers, revisit, write
from tests.pipelines.conftest import Make
from tests.warcs import http, record, response, sha1

URL, OTHER = address(7), address(7, "hoat-ong-ang")
WORDS = "Đảng ủy phường sơ kết công tác quý một."
FIRST, LATER = moment(0), moment(30)
ID = named(FIRST, URL)["WARC_Record_ID"]
PAYLOAD = sha1(body(7, WORDS))
FORMS = {
    "by address and time": refers(URL, FIRST),
    "by address and time in brackets": {**refers(URL, FIRST), "WARC_Refers_To_Target_URI": f"<{URL}>"},
    "by time alone": {"WARC_Refers_To_Date": refers(URL, FIRST)["WARC_Refers_To_Date"]},
    "by the record's id": {"WARC_Refers_To": ID},
    "by the payload's digest": {"WARC_Payload_Digest": PAYLOAD},
    "by both": {"WARC_Refers_To": "<urn:uuid:unknown>", "WARC_Payload_Digest": PAYLOAD},
}


def original() -> bytes:
    return response(body(7, WORDS), url=URL, **named(FIRST, URL), WARC_Payload_Digest=PAYLOAD)


@pytest.fixture
def here(collection: Make) -> Collection:
    return collection()


@pytest.fixture
def anywhere(tmp_path: Path, databases: Databases, layouts: Layouts) -> Iterator[Collection]:
    made = Collection(tmp_path / "home", databases, layouts)
    yield made
    made.close()


def taken(here: Collection, name: str, *records: bytes) -> Report:
    return here.one(write(here.home.path.parent / f"{name}.warc.gz", records))


def outcomes(here: Collection) -> list[tuple[str, str | None]]:
    return [
        (outcome, content)
        for outcome, content in here.rows("SELECT outcome, content_hash FROM v_capture ORDER BY captured_at")
    ]


def is_read(here: Collection) -> bool:
    """Whether the revisit shows the words of the original."""
    (one, words), (two, same) = outcomes(here)
    return (one, two) == ("ok", "revisit-identical") and words is not None and words == same


@pytest.mark.parametrize("form", FORMS)
def test_a_revisit_shows_what_it_refers_to_wherever_in_the_file_that_stands(form: str, here: Collection) -> None:
    again = revisit(LATER, URL, **FORMS[form])
    report = taken(here, form, again, original())
    assert (report.new, report.damage) == (2, [])
    assert is_read(here)
    assert here.column("SELECT editions FROM v_article") == [1]
    assert here.faults() == []


@pytest.mark.parametrize("form", ["by address and time", "by the record's id", "by the payload's digest"])
def test_a_revisit_shows_what_it_refers_to_in_a_file_imported_before(form: str, anywhere: Collection) -> None:
    taken(anywhere, "earlier", original())
    taken(anywhere, "later", revisit(LATER, URL, **FORMS[form]))
    assert is_read(anywhere)


def test_a_revisit_that_was_imported_first_is_read_when_what_it_refers_to_arrives(
    anywhere: Collection, tmp_path: Path
) -> None:
    taken(anywhere, "later", revisit(LATER, URL, **FORMS["by address and time"]))
    ((outcome, reason),) = anywhere.rows("SELECT outcome, reason FROM v_capture")
    assert outcome == "failed"
    assert reason == f"revisit of {URL} captured at 2023-03-05T02:30:00.000000Z, which is not in the archive"
    assert anywhere.column("SELECT count(*) FROM article") == [0]
    assert anywhere.faults() == []
    taken(anywhere, "earlier", original())
    assert is_read(anywhere)
    assert anywhere.faults() == []
    assert anywhere.rebuilt(tmp_path / "again").told() == anywhere.told()


def test_what_a_revisit_refers_to_and_nobody_has_is_a_failed_capture_and_nothing_else_is_lost(here: Collection) -> None:
    unknown = [revisit(moment(n), address(n), **form) for n, form in enumerate(FORMS.values(), 40)]
    report = taken(here, "a", *unknown, page(1, "Một.", FIRST), page(2, "Hai.", LATER))
    assert (report.new, report.damage) == (len(FORMS) + 2, [])
    assert here.column("SELECT count(*) FROM article") == [2]
    reasons = here.column("SELECT reason FROM v_capture WHERE outcome = 'failed'")
    assert len(reasons) == len(FORMS)
    assert {reason.partition(" of ")[0] for reason in reasons} == {"revisit"}
    assert here.one(here.home.path.parent / "a.warc.gz").new == 0
    assert here.faults() == []


def test_a_revisit_of_a_revisit_shows_the_same_in_any_order(here: Collection, tmp_path: Path) -> None:
    second, third = revisit(LATER, OTHER, **refers(URL, FIRST)), revisit(moment(60), URL, **refers(OTHER, LATER))
    for name, one in (("c", third), ("b", second), ("a", original())):
        taken(here, name, one)
    assert [outcome for outcome, _ in outcomes(here)] == ["ok", "revisit-identical", "revisit-identical"]
    assert len({content for _, content in outcomes(here)}) == 1
    assert here.rebuilt(tmp_path / "again").told() == here.told()


def test_a_chain_of_revisits_before_their_original_in_one_file_is_read(here: Collection) -> None:
    chain = [revisit(moment(60), URL, **refers(OTHER, LATER)), revisit(LATER, OTHER, **refers(URL, FIRST)), original()]
    taken(here, "chain", *chain)
    assert [outcome for outcome, _ in outcomes(here)] == ["ok", "revisit-identical", "revisit-identical"]


@pytest.mark.parametrize("more", [{}, refers(URL, FIRST)], ids=["bare", "referring"])
def test_not_modified_needs_no_body(more: dict[str, str], here: Collection) -> None:
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    bare = record("revisit", b"", URL, **named(moment(60), URL, WARC_Profile=profile, **more))
    said = revisit(LATER, URL, status="HTTP/1.1 304 Not Modified", WARC_Profile=profile, **more)
    taken(here, "a", said, bare, original())
    assert [outcome for outcome, _ in outcomes(here)] == ["ok", "revisit-not-modified", "revisit-not-modified"]
    assert here.column("SELECT last_captured_at FROM v_article") == ["2023-05-04T02:30:00.000000Z"]


def test_a_revisit_without_an_http_head_is_read_with_the_headers_of_its_original(here: Collection) -> None:
    packed = response(gzip.compress(body(7, WORDS)), "Content-Encoding: gzip", url=URL, **named(FIRST, URL))
    taken(here, "a", packed, record("revisit", b"", OTHER, **named(LATER, OTHER, **refers(URL, FIRST))))
    assert is_read(here)
    assert here.column("SELECT DISTINCT content_type FROM v_capture") == ["text/html; charset=utf-8"]
    tasks = plan(here.home, here.store, here.cleaner, [], force=True).tasks
    again = [one.page for task in tasks for one in read_task(task, here.cleaner)]
    words = {page.reading.content.content_hash for page in again if page and page.reading and page.reading.content}
    assert (len(again), words) == (2, {outcomes(here)[0][1]}), "a reclean reads the same"


def test_a_body_with_chunk_framing_is_shared_too(here: Collection) -> None:
    text = body(7, WORDS)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)
    block = http(chunked, "Transfer-Encoding: chunked")
    first = record("response", block, URL, **named(FIRST, URL), WARC_Payload_Digest=sha1(chunked))
    taken(here, "a", first)
    taken(here, "b", revisit(LATER, URL, "Transfer-Encoding: chunked", WARC_Payload_Digest=sha1(chunked)))
    assert is_read(here)
