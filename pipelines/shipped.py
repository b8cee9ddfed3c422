"""The folders of TOML files that come with the program, also where it is packed: scrapyd runs it out of an egg."""

import atexit
import shutil
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path


@cache
def shipped(package: str, folder: str) -> Path:
    """The folder of a package; of a packed one a copy, which is gone when the process ends."""
    place = resources.files(package) / folder
    if isinstance(place, Path):
        return place
    copy = Path(tempfile.mkdtemp(prefix=f"bantin-{folder}-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for file in place.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    return copy
