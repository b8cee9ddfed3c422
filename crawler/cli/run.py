"""The commands that write: init, collect, rebuild, verify."""

import typer


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
