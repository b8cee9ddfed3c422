"""news-please on pages from stdin, run by an interpreter that has it: a JSON line a page in, a JSON line out.

It is fed pages and kept from the network: ``from_html`` fetches nothing when it is told to leave pictures, and sockets
are closed besides.
"""

import json
import logging
import socket
import sys
import time


def _closed(*_: object, **__: object) -> None:
    raise RuntimeError("this measurement reaches no network")


def main() -> None:
    """Answer each page with title, text, date, authors and the processor's seconds."""
    out, sys.stdout = sys.stdout, sys.stderr  # whatever it prints is no answer
    logging.disable(logging.CRITICAL)
    from newsplease import NewsPlease

    socket.socket.connect = _closed  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = _closed  # type: ignore[assignment]
    for line in sys.stdin:
        page = json.loads(line)
        began = time.process_time()
        found = NewsPlease.from_html(page["html"], url=page["url"], fetch_images=False)
        seconds = time.process_time() - began
        answer = {"title": found.title, "text": found.maintext, "date": found.date_publish and str(found.date_publish)}
        print(json.dumps({**answer, "authors": found.authors, "seconds": seconds}), file=out, flush=True)


if __name__ == "__main__":
    main()
