"""Many sources at once in one process: does each host keep its pace, does memory stay flat, does no source starve?

    python -m tests.bench.many [--sources N] [--articles N] [--delay SECONDS]

Each source is a small portal on a port of its own on loopback. The servers' log gives the pace and the progress,
/proc the memory of the crawling process (not of its workers, which are of one size).
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

from tests.bantin import Bantin
from tests.builders import liferay

Log = list[tuple[float, int, str]]
SOURCE = """[[source]]
id = "mau-{number}"
name = "Mẫu {number}"
level = "ward"
layout = "hanoi-liferay"
start = ["http://127.0.0.1:{port}/tin-tuc"]
download_delay = {delay}
allow_private = true
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one run: seconds, requests, the smallest gap between two requests to one host, in seconds, the least and the
    most pages of a source at half time, and the crawling process's memory in MiB at some shares of the run."""

    seconds: float
    requests: int
    smallest_gap: float
    half_time: tuple[int, int]
    memory: dict[int, float]


@contextmanager
def portals(count: int, articles: int) -> Iterator[tuple[list[int], Log]]:
    """Ports of that many portals, and the log of all: (time, port, path)."""
    log: Log = []
    with ExitStack() as running:
        ports = []
        for _ in range(count):
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(articles, log))
            threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True).start()
            running.callback(server.server_close)
            running.callback(server.shutdown)
            ports.append(server.server_port)
        yield ports, log


def measure(count: int, articles: int, delay: float) -> Measured:
    """Collect that many portals of that many articles each, with that delay between requests to a host."""
    with portals(count, articles) as (ports, log), tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "sources.toml"
        entries = (SOURCE.format(number=number, port=port, delay=delay) for number, port in enumerate(ports))
        sources.write_text("\n".join(entries), "utf-8")
        bantin = Bantin(Path(folder) / "home", sources)
        bantin.run("init")
        memory = _watch(bantin, log, count * (articles + 2))
        found = bantin.column("SELECT count(*) FROM v_article")[0]
        if found != count * articles:
            raise AssertionError(f"{found} articles, not {count * articles}")
    began, ended = log[0][0], log[-1][0]
    half = Counter(port for at, port, _ in log if at <= (began + ended) / 2)
    times = defaultdict(list)
    for at, port, _ in log:
        times[port].append(at)
    gap = min(after - before for seen in times.values() for before, after in pairwise(sorted(seen)))
    least_most = (min(half[port] for port in ports), max(half.values()))
    return Measured(ended - began, len(log), gap, least_most, memory)


def _watch(bantin: Bantin, log: Log, expected: int) -> dict[int, float]:
    memory: dict[int, float] = {}
    process = bantin.start("collect", "--json")
    while process.poll() is None:
        share = 100 * len(log) // expected
        for mark in (10, 50, 90):
            if share >= mark and mark not in memory and (resident := _resident(process.pid)):
                memory[mark] = resident
        time.sleep(0.05)
    output, errors = process.communicate()
    if process.returncode:
        raise AssertionError(f"collect exited {process.returncode}\n{output[-2000:]}\n{errors[-2000:]}")
    return memory


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _handler(articles: int, log: Log) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            port = self.server.server_address[1]
            log.append((time.time(), int(port), self.path))
            body = _page(self.path, int(port), articles).encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Requests go to the log, not to stderr."""

    return Handler


def _page(path: str, port: int, articles: int) -> str:
    if path == "/tin-tuc":
        links = (f"/tin-tuc/-/view_content/{number}-tin-{number}.html" for number in range(10001, 10001 + articles))
        entries = (
            f'<div class="asset-abstract"><h3 class="asset-title"><a href="{link}">Tin</a></h3></div>' for link in links
        )
        return f"<html><body>{''.join(entries)}</body></html>"
    if "/view_content/" in path:
        words = f"Đoạn văn của {path} ở cổng {port}. " * 200
        return liferay(f"<p>{words}</p>", title=f"Tin {path} {port}")
    return ""


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=50)
    parser.add_argument("--articles", type=int, default=60)
    parser.add_argument("--delay", type=float, default=1.0)
    given = parser.parse_args()
    found = measure(given.sources, given.articles, given.delay)
    low, high = found.half_time
    print(f"sources at once                      {given.sources}")
    print(f"requests                             {found.requests} in {found.seconds:.1f} s")
    print(
        f"delay asked for                      {given.delay:g} s; smallest gap at any host {found.smallest_gap:.3f} s"
    )
    print(f"requests to a source at half time    {low} to {high}, mean {statistics.mean(found.half_time):.1f}")
    for mark, resident in sorted(found.memory.items()):
        print(f"memory at {mark:2} % of the requests        {resident:.0f} MiB")


if __name__ == "__main__":
    main()
