"""Web archives by kind: where their index and their captures are asked for, and how a long listing goes on.

A listing is a run of pages; each comes with the key by which the next one is asked for. What is noted is that key, so a
rescue that was cut off goes on with the page it was at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.errors import ArchiveError, UsageError
from archive.rescues import Wanted
from crawler.rescue.client import Client
from pipelines.cdx import (
    Line,
    Listed,
    pywb_query,
    read_crawls,
    read_page_count,
    read_pywb,
    read_wayback,
    stamp,
    wayback_query,
)
from pipelines.replay import Answer, NotTheCaptureError, Rescued, hop_of, of_record, of_replay

PRESETS = {
    "wayback": "wayback+https://web.archive.org/cdx/search/cdx",
    "commoncrawl": "commoncrawl+https://index.commoncrawl.org/collinfo.json",
}
LINES = 5000
_RECORDS = "https://data.commoncrawl.org/"
_FIRST_YEAR = 1996
_HOPS = 3


@dataclass(frozen=True, slots=True)
class WebArchive:
    """An archive: its kind, its index, and what its captures' addresses begin with."""

    kind: str
    index: str
    captures: str

    @property
    def name(self) -> str:
        """By what the database and messages know it."""
        return self.index

    @classmethod
    def of(cls, text: str) -> "WebArchive":
        """The archive that ``--archive`` names: a preset, or ``KIND+URL`` of an index. Raises UsageError."""
        kind, plus, url = PRESETS.get(text, text).partition("+")
        if not plus or kind not in ("wayback", "pywb", "commoncrawl") or not url.startswith(("http://", "https://")):
            kinds = f"{', '.join(PRESETS)}, or wayback+URL, pywb+URL, commoncrawl+URL of an index"
            raise UsageError(f"--archive {text}: no archive that is known here. Give {kinds}")
        url = url.rstrip("/")
        base = url.rpartition("/")[0]
        if kind == "wayback":
            return cls(kind, url, url.partition("/cdx/")[0] + "/web/")
        if kind == "pywb":
            return cls(kind, url, (url.removesuffix("-index") if url.endswith("-index") else base) + "/")
        return cls(kind, url, _RECORDS if text == "commoncrawl" else base + "/")

    def address_of(self, one: Wanted) -> str:
        """Where the original bytes of a capture are asked for."""
        if self.kind == "commoncrawl":
            return self.captures + (one.place[0] if one.place else "")
        return f"{self.captures}{stamp(one.captured_at)}id_/{one.url.replace('#', '%23')}"

    def pages(
        self, client: Client, host: str, since: datetime, until: datetime, at: str | None
    ) -> Iterator[tuple[Listed, str | None]]:
        """The listing of a host from ``at`` on, page by page, each with the key of the next one, None behind the last.

        Raises ArchiveError for an index that does not answer as one, and what `Client.get` raises.
        """
        listing = {"wayback": self._wayback, "pywb": self._pywb, "commoncrawl": self._commoncrawl}[self.kind]
        return listing(client, host, since, until, at)

    def fetch(self, client: Client, one: Wanted) -> Rescued:
        """The capture. Raises NotTheCaptureError where something else comes, and what `Client.get` raises."""
        line = Line(one.url, one.captured_at, one.status, "", one.digest, one.place)
        address = self.address_of(one)
        if self.kind == "commoncrawl":
            return self._record(client, line, address)
        for _ in range(_HOPS):
            answer = client.get(address)
            hop = hop_of(answer, line)
            if hop is None:
                return of_replay(answer, line)
            if not hop.startswith(self.captures):
                raise NotTheCaptureError(f"it leads elsewhere: {hop[:200]}")
            address = hop
        raise NotTheCaptureError(f"it leads from one address to the next: {address[:200]}")

    def _record(self, client: Client, line: Line, address: str) -> Rescued:
        if line.place is None:
            raise NotTheCaptureError("its index does not say where the record stands")
        _, offset, length = line.place
        answer = client.get(address, {"Range": f"bytes={offset}-{offset + length - 1}"})
        if answer.status != 206 or len(answer.body) != length:
            raise NotTheCaptureError(f"its WARC file does not give these bytes ({answer.status})")
        return of_record(answer.body, line, f"{address}:{offset}")

    def _wayback(
        self, client: Client, host: str, since: datetime, until: datetime, at: str | None
    ) -> Iterator[tuple[Listed, str | None]]:
        seen: set[str | None] = {at}
        while True:
            query = wayback_query(host, since, until, at, LINES)
            page = read_wayback(_ok(client.get(f"{self.index}?{query}")).body)
            at = page.resume
            if at is not None and at in seen:
                raise ArchiveError(f"{self.index}: its listing of {host} goes round in a circle. Try again later")
            seen.add(at)
            yield page, at
            if at is None:
                return

    def _pywb(
        self, client: Client, host: str, since: datetime, until: datetime, at: str | None
    ) -> Iterator[tuple[Listed, str | None]]:
        """A page is a year: pywb has no other key by which a listing goes on."""
        for year in range(max(int(at or 0), since.year, _FIRST_YEAR), until.year + 1):
            first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
            query = pywb_query(host, max(first, since), min(last, until))
            yield self._of_pywb(client, f"{self.index}?{query}"), str(year + 1) if year < until.year else None

    def _commoncrawl(
        self, client: Client, host: str, since: datetime, until: datetime, at: str | None
    ) -> Iterator[tuple[Listed, str | None]]:
        """A page is one of an index, of which there is one for each crawl."""
        crawls = read_crawls(_ok(client.get(self.index)).body, since, until)
        begun, _, page_at = (at or " 0").partition(" ")
        left = [(crawl, address) for crawl, address in crawls if crawl >= begun]
        for number, (crawl, address) in enumerate(left):
            behind = f"{left[number + 1][0]} 0" if number + 1 < len(left) else None
            query = f"{address}?{pywb_query(host, since, until)}"
            answer = client.get(f"{query}&showNumPages=true")
            pages = 0 if answer.status == 404 else read_page_count(_ok(answer).body)
            for page in range(int(page_at) if crawl == begun else 0, pages):
                following = f"{crawl} {page + 1}" if page + 1 < pages else behind
                yield self._of_pywb(client, f"{query}&page={page}"), following
            if not pages:
                yield Listed(()), behind
        if not left:
            yield Listed(()), None

    def _of_pywb(self, client: Client, address: str) -> Listed:
        answer = client.get(address)
        return Listed(()) if answer.status == 404 else read_pywb(_ok(answer).body)  # 404: no captures


def _ok(answer: Answer) -> Answer:
    if answer.status == 200:
        return answer
    said = " ".join(answer.body[:200].decode("utf-8", "replace").split())
    why = answer.header("x-archive-wayback-runtime-error") or said
    raise ArchiveError(f"{answer.url}: the index answers {answer.status} ({why}). Check --archive, or try again later")
