"""A loopback server that answers each path with the very bytes that a test gives, good HTTP or not."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

#: Writes an answer to a connection; the connection is closed behind it.
Answer = Callable[[socket.socket], None]


def send(head: str, body: bytes = b"", *, reset: bool = False) -> Answer:
    """Head lines (``\\n`` between them) and a body, then the end: in good order, or as a reset."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        if reset:
            time.sleep(0.2)  # what was sent arrives before the reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return answer


def page(body: str, *more: str) -> Answer:
    """A whole HTML page, with further header lines."""
    data = body.encode()
    head = ("HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(data)}", *more)
    return send("\n".join((*head, "Connection: close")), data)


def redirect(target: str) -> Answer:
    """A redirect to ``target``, as it stands."""
    return send(f"HTTP/1.1 302 Found\nLocation: {target}\nContent-Length: 0\nConnection: close")


NOT_FOUND = send("HTTP/1.1 404 Not Found\nContent-Length: 0\nConnection: close")


class RawServer:
    """``with RawServer({"/": page("…")}) as server``; paths that have no answer are 404. ``log`` is (time, path)."""

    def __init__(self, answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"):
        self.answers, self._tls, self.host = dict(answers), tls, host
        self.log: list[tuple[float, str]] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [path for _, path in self.log]

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        # Whoever asked may be gone at any moment: that is what some tests are about.
        with contextlib.suppress(OSError), connection:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := connection.recv(65536)):
                    return
                head += data
            path = head.split(b" ", 2)[1].decode("latin-1")
            self.log.append((time.time(), path))
            self.answers.get(path, NOT_FOUND)(connection)
            if self._tls is not None:
                connection.close()
