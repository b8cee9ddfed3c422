"""Where data lies: one folder (``BANTIN_HOME``), of which ``archive/`` alone is needed to rebuild the rest."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one collection. Nothing is created before it is asked for."""

    path: Path

    @property
    def archive(self) -> Path:
        """WARC files by year and month, and the journal."""
        return self.path / "archive"

    @property
    def journal(self) -> Path:
        """Decisions that no WARC holds, one JSON object a line."""
        return self.archive / "journal.jsonl"

    @property
    def default_database(self) -> str:
        """The URL of the database where none is given."""
        return f"sqlite:///{(self.path / 'bantin.db').absolute()}"

    def create(self) -> None:
        """Make the folders that are missing."""
        for folder in (self.archive, self.path / "exports", self.path / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
