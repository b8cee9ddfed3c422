"""A PostgreSQL server of the tests' own: made in a temporary folder, on loopback, gone with the session.

It is set up to be awkward: a collation that is not C, and defaults of time zone, date style and isolation that are not
those we need. Only the user ``postgres`` may come over TCP without a password, so that password files can be tested.
``BANTIN_TEST_POSTGRESQL`` names a server to use instead, e.g. ``postgresql+psycopg://postgres@127.0.0.1/postgres``.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

OLDEST = 15
SUPERUSER = "postgres"
START_SECONDS = 60
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "timezone": "Asia/Ho_Chi_Minh",
    "datestyle": "SQL, DMY",
    "default_transaction_isolation": "serializable",
}
ACCESS = f"local all all trust\nhost all {SUPERUSER} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
# The guard ends the server and removes its folder when the pipe from the session closes: also after a SIGKILL.
GUARD = 'folder=$1; shift; "$@" & server=$!; read -r _; kill -INT $server; wait $server; rm -rf -- "$folder"'


class NotAvailable(Exception):
    """There is no PostgreSQL to test with; says why."""


class Server:
    """A server that runs, in which databases are made and dropped. ``own``: not one that somebody else cares for."""

    def __init__(self, url: URL, *, own: bool, binaries: Path | None = None) -> None:
        self.url, self.own, self.binaries = url, own, binaries
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")

    def create(self, template: str = "template0") -> str:
        """A new database; its name."""
        name = f"bantin_test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever uses it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url_of(self, name: str) -> str:
        """The URL of a database."""
        return self.url.set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str) -> Any:
        """What a statement of the administrator gives."""
        with self._admin.connect() as connection:
            result = connection.exec_driver_sql(statement)
            return result.all() if result.returns_rows else None

    @contextmanager
    def connection(self, name: str) -> Iterator[Connection]:
        """A plain connection to a database as the administrator has it, committed at the end."""
        engine = create_engine(self.url_of(name))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def close(self) -> None:
        """Let go of the server."""
        self._admin.dispose()


@contextmanager
def running(environment: Mapping[str, str] = os.environ) -> Iterator[Server]:
    """The server to test with, while it is needed. Raises NotAvailable."""
    if named := environment.get("BANTIN_TEST_POSTGRESQL"):
        server = Server(make_url(named), own=False)
        try:
            yield server
        finally:
            server.close()
        return
    binaries, account = find_binaries(), _account()
    # Not below pytest's folder: the path of a socket may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="bantin-pg-"))
    try:
        if account is not None:
            shutil.chown(folder, account, pwd.getpwnam(account).pw_gid)
        _make_cluster(binaries, folder, account)
        with _serving(binaries, folder, account) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """The folder of the newest ``initdb`` and ``postgres`` that can be used. Raises NotAvailable."""
    folders = [Path(place).resolve().parent for name in ("initdb", "postgres") if (place := shutil.which(name))]
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(said.stdout.strip()))
    folders += Path("/usr/lib/postgresql").glob("*/bin")
    whole = [folder for folder in folders if (folder / "initdb").is_file() and (folder / "postgres").is_file()]
    found = {_version(folder): folder for folder in whole}
    if not found or max(found) < OLDEST:
        raise NotAvailable(f"no server of PostgreSQL {OLDEST} or later on this machine: apt-get install postgresql")
    return found[max(found)]


def _version(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0


def _account() -> str | None:
    """Who runs the server: PostgreSQL refuses to be run by root. None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER).pw_name
    except KeyError as error:
        raise NotAvailable(f"root cannot run PostgreSQL, and there is no user {SUPERUSER} on this machine") from error


def _make_cluster(binaries: Path, folder: Path, account: str | None) -> None:
    initdb = [str(binaries / "initdb"), f"--pgdata={folder / 'data'}", f"--username={SUPERUSER}", "--auth=trust"]
    initdb += ["--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
    # Under ICU's rules "a" < "B" and "đ" < "e": an order by accident of the locale shows. Not every build has ICU.
    for locale in (["--locale-provider=icu", "--icu-locale=vi"], []):
        done = subprocess.run(
            [*initdb, *locale],
            **_as(account, folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            (folder / "data" / "pg_hba.conf").write_text(ACCESS, "utf-8")
            return
        shutil.rmtree(folder / "data", ignore_errors=True)
    raise NotAvailable(f"initdb failed: {done.stderr.strip()}")


@contextmanager
def _serving(binaries: Path, folder: Path, account: str | None) -> Iterator[Server]:
    port = _free_port()
    settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(folder)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), *options]
    log = folder / "log"
    with log.open("wb") as out:
        guard = subprocess.Popen(
            ["sh", "-c", GUARD, "guard", str(folder), *command],
            **_as(account, folder),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(
        URL.create("postgresql+psycopg", SUPERUSER, host="127.0.0.1", port=port, database="postgres"),
        own=True,
        binaries=binaries,
    )
    try:
        _wait(server, guard, log)
        yield server
    finally:
        server.close()
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(START_SECONDS)


def _wait(server: Server, guard: "subprocess.Popen[Any]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and guard.poll() is None:
        with suppress(OperationalError):
            server.execute("SELECT 1")
            return
        time.sleep(0.05)
    raise NotAvailable(f"the server did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


def _as(account: str | None, folder: Path) -> dict[str, Any]:
    """How to start a process as ``account``: in a folder that it may enter, with messages that can be read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    who = {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []} if account else {}
    return {**who, "cwd": folder, "env": {**kept, "HOME": str(folder), "LC_ALL": "C"}}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
