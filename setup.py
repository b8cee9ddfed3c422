"""scrapyd-client builds its egg by this file; what is in the egg stands in pyproject.toml."""

from setuptools import setup

setup()
