"""The commands on the catalogue of sources."""

import typer


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
