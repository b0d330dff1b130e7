"""Traced programs on disk, so that a later process need not trace them again."""

import contextlib
import hashlib
import importlib.metadata
import os
import tempfile
from pathlib import Path

from jaxmix import fingerprint
from jaxmix.data import tables

_TRACED_BY = ("jax", "jaxlib", "numpy", "equinox")


class ProgramStore:
    """Traced programs in a folder, one file each after its SHA-256.

    They serve this version of the package, of its data and of JAX alone: `version` is the digest of all three.
    """

    def __init__(self, folder: Path):
        rests_on = [
            fingerprint.source_checksums(),
            tables.checksums(),
            *(importlib.metadata.version(name) for name in _TRACED_BY),
        ]
        self.version = fingerprint.digest(rests_on)
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if nothing was or if it is damaged."""
        try:
            checksum, _, content = (self._folder / name).read_bytes().partition(b"\n")
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest().encode() == checksum else None

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name; without effect where the folder cannot be written."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
            os.replace(file.name, self._folder / name)
