"""The errors a person meets: each names the place, what is wrong and the remedy.

The command line turns ``exit_code`` into the process's exit status (the contract: 2 wrong use, 3 could not run).
"""

from pathlib import Path


class BantinError(Exception):
    """Base of all errors that are meant for people."""

    exit_code = 3


class UsageError(BantinError):
    """What was asked cannot be meant: an unknown id, a malformed time, a damaged file of rules."""

    exit_code = 2


class ConfigError(UsageError):
    """A source or layout file that cannot be used; nothing was read or written because of it."""

    def __init__(self, path: Path | str, line: int | None, problem: str, remedy: str) -> None:
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {problem}. {remedy}")


class SchemaError(BantinError):
    """The database is behind or ahead of the code, or is not one of ours."""


class ArchiveError(BantinError):
    """A WARC file, the journal or the archive folder cannot be read or written."""
