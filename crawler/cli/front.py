"""What the global options say, as one value that every command gets: where data lies, which rules, which clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

from archive.clock import Clock
from archive.database import connect, reading, require_current
from archive.home import Home
from pipelines.worker import Limits

#: What is said when a person broke a command off. True of all of them: what they store, they store in steps.
INTERRUPTED = "interrupted. What was stored stays; the same command goes on where this one stopped"

#: The exit status of a command that did its work and found something that a person should see.
NEEDS_A_LOOK = 1


@dataclass(frozen=True, slots=True)
class Front:
    """The command line's globals. ``sources`` and ``layouts`` are None where what is shipped holds.

    ``simulated``: the clock was given by hand (``--now``). ``limits``: what reading one page may take.
    """

    home: Home
    database_url: str
    sources: Path | None
    layouts: Path | None
    clock: Clock
    simulated: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def database_name(self) -> str:
        """The database's URL without its password, for messages."""
        return make_url(self.database_url).render_as_string(hide_password=True)

    def engine(self) -> Engine:
        """The database, checked. Raises SchemaError, saying what to do, unless its schema is this program's."""
        engine = connect(self.database_url)
        try:
            require_current(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one command that only reads; raises as `engine` does."""
        engine = self.engine()
        try:
            with reading(engine) as connection:
                yield connection
        finally:
            engine.dispose()
