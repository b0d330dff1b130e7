"""Fingerprints: one spelling of a document of JSON types with its SHA-256, and the checksums of the package's own
source.
"""

import functools
import hashlib
import importlib.resources
import json
from importlib.resources.abc import Traversable
from typing import Any


def text(document: Any) -> str:
    """Canonical JSON: sorted keys, no blanks, the shortest digits that give back each number; nan and inf are
    refused.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(document: Any) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal; equal documents have equal digests."""
    return hashlib.sha256(text(document).encode()).hexdigest()


@functools.cache
def source_checksums() -> dict[str, str]:
    """SHA-256 of every Python file of the installed package, by its path in the package: numbers and kept programs rest
    on it.
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
