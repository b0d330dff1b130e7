"""The package's own source as it is installed, by its checksums: numbers and kept programs rest on it."""

import functools
import hashlib
import importlib.resources
from importlib.resources.abc import Traversable


@functools.cache
def checksums() -> dict[str, str]:
    """SHA-256 of every Python file of the package, by its path in the package."""
    return dict(sorted(_checksums(importlib.resources.files("jaxmix"), "")))


def _checksums(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _checksums(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((prefix + entry.name, hashlib.sha256(entry.read_bytes()).hexdigest()))
    return found
