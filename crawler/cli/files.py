"""Getting an article's files and pictures out of the archive, for a person to open."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import typer

from archive.attachments import read_file
from archive.errors import BantinError
from archive.queries import Row

_MOST = 120  # bytes of a name, well below what file systems take
#: The ending of a file whose address has none, by what its first bytes say.
_ENDINGS = {"pdf": "pdf", "zip": "zip", "ole": "doc", "rtf": "rtf", "rar": "rar", "7z": "7z", "jpeg": "jpg"}


def save_attachments(archive: Path, attachments: Sequence[Row], folder: Path) -> None:
    """Write each captured one to ``folder`` as ``NN-name``, after its place in the article; say what was not captured.

    Raises BantinError where a file is there already or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in attachments:
            if one["digest"] is None:
                typer.echo(f"{one['url']}: not captured ({one['outcome'] or 'never asked for'})", err=True)
                continue
            path = folder / f"{one['position']:02}-{_name(one)}"
            with path.open("xb") as out:
                out.write(read_file(archive, one))
            typer.echo(str(path), err=True)
    except OSError as error:
        raise BantinError(f"{error.filename}: cannot be written ({error.strerror}). Name another folder") from error


def _name(one: Row) -> str:
    """A name from the address that is safe anywhere: its own last part, without what leads out of a folder."""
    parts = [part for part in PurePosixPath(unquote(urlsplit(one["url"]).path)).parts if "." in part.strip(".")]
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in (parts[-1] if parts else one["kind"])).strip(".")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, _ENDINGS.get(one["file_type"] or "", one["file_type"] or "bin")
    return (
        f"{stem.encode()[:_MOST].decode(errors='ignore') or one['kind']}.{ending.encode()[:10].decode(errors='ignore')}"
    )
