"""Asking a web archive: one request after the other, at its pace, and not at all while it asks for quiet.

A thin layer over urllib3. Its own retries are not used: an archive gives captures of error pages with their status, so
that only the headers tell whether a 503 is the archive's or the publisher's of 2016.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, InvalidHeader, NewConnectionError, SSLError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from archive.errors import BantinError
from crawler.guard import is_private
from crawler.settings import DOWNLOAD_MAXSIZE, USER_AGENT
from pipelines.replay import Answer, NotTheCaptureError

#: Seconds for one answer as a whole; between two pieces of it TIMEOUT's.
WHOLE = 600.0
TIMEOUT = Timeout(connect=30, read=60)
TRIES = 5
#: Seconds; whoever asks for more quiet than this is asked again by another run.
LONGEST_WAIT = 3600.0
_PIECE = 1 << 16


class UnavailableError(BantinError):
    """The archive gave no usable answer to one request, as often as it was asked. It may later."""


class QuietError(BantinError):
    """The archive wants to be left alone for a while: nothing more is asked of it in this run."""


@dataclass(slots=True)
class Pace:
    """Seconds between the ends and beginnings of requests, and how long to be quiet when an archive asks for that
    without saying how long. Wayback's keepers block an address for a minute and longer that goes on asking."""

    delay: float = 2.0
    pause: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep)
    clock: Callable[[], float] = field(default=time.monotonic)


class Client:
    """Asks. ``allow_private`` lets it connect to private addresses; ``say`` is told of each wait."""

    def __init__(self, pace: Pace, *, allow_private: bool = False, say: Callable[[str], None] = lambda said: None):
        self._pace, self._say = pace, say
        self._free_at = 0.0
        self._pool = PoolManager(maxsize=1, headers={"User-Agent": USER_AGENT})
        if not allow_private:
            self._pool.pool_classes_by_scheme = {"http": _GuardedHttpPool, "https": _GuardedHttpsPool}

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to one request, whatever its status; redirects are answers too.

        The archive's own 429 and 5xx, broken transfers and refused connections are waited for and asked again, `TRIES`
        times in all. Raises UnavailableError, QuietError, NotTheCaptureError for what is too large, and BantinError
        where it must not or cannot be asked.
        """
        said, quiet = "", False
        for attempt in range(TRIES):
            self._wait()
            try:
                answer = self._ask(url, headers or {})
            except SSLError as error:
                raise BantinError(f"{url}: its certificate cannot be verified ({error})") from error
            except HTTPError as error:
                quiet = isinstance(error, NewConnectionError)  # it blocks whom it finds too fast at its door
                said, asked_for = f"{type(error).__name__}: {error}"[:300], None
            else:
                if answer.is_archived or (answer.status != 429 and answer.status < 500):
                    return answer
                quiet, said = answer.status == 429, f"it answers {answer.status}"
                asked_for = _retry_after(answer)
            self._back_off(attempt, said, quiet=quiet, asked_for=asked_for)
        if quiet:
            raise QuietError(f"{url}: {said}, {TRIES} times. Leave it alone for some hours; the same command goes on")
        raise UnavailableError(f"{said}, {TRIES} times")

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _wait(self) -> None:
        if (left := self._free_at - self._pace.clock()) > 0:
            self._pace.sleep(left)

    def _back_off(self, attempt: int, said: str, *, quiet: bool, asked_for: float | None) -> None:
        wait = asked_for if asked_for is not None else (self._pace.pause if quiet else 1.0) * 2.0**attempt
        if wait > LONGEST_WAIT:
            raise QuietError(f"{said} and asks for {wait / 3600:.1f} hours of quiet. The same command then goes on")
        if quiet:
            self._pace.delay *= 1.5  # it was too fast for it
        if attempt + 1 < TRIES:
            self._say(f"{said}; waiting {wait:.0f} s")
        self._free_at = max(self._free_at, self._pace.clock() + wait)

    def _ask(self, url: str, headers: Mapping[str, str]) -> Answer:
        asked = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        try:
            response = self._pool.request(
                "GET", url, headers=asked, preload_content=False, redirect=False, retries=False, timeout=TIMEOUT
            )
            try:
                return Answer(url, response.status, tuple(response.headers.items()), self._body(response, url))
            except BaseException:
                response.close()  # nothing of what is left of it may be read as the next answer
                raise
        finally:
            self._free_at = self._pace.clock() + self._pace.delay

    def _body(self, response: BaseHTTPResponse, url: str) -> bytes:
        """Raises NotTheCaptureError for a body that is too large, which it will be the next time too, UnavailableError
        for one that is too slow; a cut one is an HTTPError."""
        pieces, size, end = list[bytes](), 0, self._pace.clock() + WHOLE
        for piece in response.stream(_PIECE, decode_content=False):
            size += len(piece)
            if size > DOWNLOAD_MAXSIZE:
                raise NotTheCaptureError(f"larger than {DOWNLOAD_MAXSIZE >> 20} MiB: not taken")
            if self._pace.clock() > end:
                raise UnavailableError(f"{url}: not whole after {WHOLE:.0f} s")
            pieces.append(piece)
        return b"".join(pieces)


def _retry_after(answer: Answer) -> float | None:
    said = answer.header("retry-after")
    if said is None:
        return None
    try:
        return max(0.0, float(Retry().parse_retry_after(said)))
    except InvalidHeader:
        return None


def _check(connection: HTTPConnection) -> None:
    """What counts is the address that answers, whatever the name was: nothing is sent to a private one."""
    address = str(connection.sock.getpeername()[0])
    if is_private(address):
        connection.close()
        raise BantinError(f"{connection.host} ({address}) is a private address. If that is right, say --allow-private")


class _GuardedHttp(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _check(self)


class _GuardedHttps(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _check(self)


class _GuardedHttpPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHttp


class _GuardedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHttps
