"""The version of this program, as warcinfo records name it."""

from importlib import metadata


def version() -> str:
    """The installed version; "unknown" where it is run without being installed."""
    try:
        return metadata.version("bantin")
    except metadata.PackageNotFoundError:
        # scrapyd names an egg by the time of its deployment, so that it is not found by name.
        found = (one.version for one in metadata.distributions() if one.metadata["Name"] == "bantin")
        return next(found, "unknown")
