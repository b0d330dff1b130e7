"""Fingerprints: a canonical text of a JSON document, its SHA-256, and the checksums of the package's source."""

import functools
import hashlib
import importlib.resources
import json
from importlib.resources.abc import Traversable
from typing import Any


def text(document: Any) -> str:
    """Write a document as canonical JSON.

    Keys are sorted, blanks left out, and numbers have the shortest digits that give them back. Raises ValueError for
    nan and inf."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(document: Any) -> str:
    """Return the SHA-256 of the canonical JSON, in hexadecimal; equal documents have equal digests."""
    return hashlib.sha256(text(document).encode()).hexdigest()


@functools.cache
def source_checksums() -> dict[str, str]:
    """Return the SHA-256 of every Python file of the installed package, by its path in the package.

    Numbers and kept programs depend on them.
    """
    return dict(sorted(_checksums(importlib.resources.files("jaxmix"), "")))


def _checksums(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _checksums(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((prefix + entry.name, hashlib.sha256(entry.read_bytes()).hexdigest()))
    return found
