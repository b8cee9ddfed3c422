"""The hashes that identify texts and inputs. Pure.

Cleaning hashes what it reads, folding what a person corrected of it: the same words have the same hash either way.
"""

import hashlib
import json
from collections.abc import Sequence


def digest(*parts: object) -> str:
    """sha256 (hex) of the parts' canonical JSON: UTF-8, no spaces, sorted keys."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def content_hash(title: str | None, lead: str | None, paragraphs: Sequence[str]) -> str:
    """The hash of a text: sha256 of the canonical JSON ``[title, lead, [paragraph, …]]``."""
    return digest(title, lead, list(paragraphs))


def body_hash(paragraphs: Sequence[str]) -> str | None:
    """The hash of the paragraphs alone; None for an empty body, which equals no other."""
    return digest(*paragraphs) if paragraphs else None
