"""A scan's folder: whether it may be used, what it holds already, and its manifest.

| what is in the folder | default | --restart |
|---|---|---|
| nothing | a new run | the same |
| a finished run of the same identity | it is finished: nothing is written | a new run |
| an unfinished run of the same identity | it is resumed | a new run |
| a run of another identity | refused, with what changed | a new run |
| anything else | refused | refused |
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxmix import atomic, faults, fingerprint
from jaxmix.results import chunks, lock, provenance

MANIFEST = "manifest.json"
CUBE, REDUCED, REFINED = "scan.zarr", "summary.zarr", "refined.zarr"
CONTOURS, CERTIFICATES = "contours.csv", "certificates.csv"
_FORMAT = "jaxmix scan 2"
_SEAL = "sha256"  # of all else in a manifest
_LARGEST = 50_000_000  # bytes of a manifest


class ScanFolder(NamedTuple):
    """An open folder of a run.

    Attributes
    ----------
    path
        The folder.
    identity, run
        The run's identity and its fingerprint.
    shard
        (i, N), or None for a whole run.
    finished
        The manifest of a finished run, else None.
    fits
        Whether a chunk is one of this run's by its place and its outputs.
    """

    path: Path
    identity: dict[str, Any]
    run: str
    shard: tuple[int, int] | None
    finished: dict[str, Any] | None
    fits: Callable[[chunks.Record], bool]

    def share(self, chunks_total: int) -> list[int]:
        """List the chunks that are this process's part: all, or those with number % N = i."""
        first, step = self.shard or (0, 1)
        return list(range(first, chunks_total, step))

    def missing(self, indices: Iterable[int]) -> list[int]:
        """List those of the chunks that are still to be computed (a damaged one is)."""
        return [index for index in indices if self._read(index) is None]

    def commit(self, record: chunks.Record) -> None:
        """Write a chunk to the disk."""
        chunks.write_chunk(self.path, self.run, record)

    def records(self, chunks_total: int) -> Iterator[chunks.Record]:
        """Yield every chunk in order; BadInput names the first that is missing."""
        for index in range(chunks_total):
            record = self._read(index)
            if record is None:
                raise faults.BadInput(
                    f"{self.path}: chunk {index} of {chunks_total} is missing or damaged: run the "
                    "scan (or its shard) again"
                )
            yield record

    def _read(self, index: int) -> chunks.Record | None:
        record = chunks.read_chunk(self.path, self.run, index)
        return record if record is not None and self.fits(record) else None

    def write_manifest(self, state: str, details: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest (state "running" or "finished") and return it; a shard writes its own beside it."""
        document = {"format": _FORMAT, "state": state, "run": self.run, **self.identity, **details}
        document[_SEAL] = fingerprint.digest(document)
        name = (
            MANIFEST if self.shard is None or state == "running" else f"shard-{self.shard[0]}-of-{self.shard[1]}.json"
        )
        atomic.write_bytes(self.path / name, (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
        return document


@contextlib.contextmanager
def open_folder(
    path: Path,
    identity: dict[str, Any],
    shard: tuple[int, int] | None = None,
    restart: bool = False,
    fits: Callable[[chunks.Record], bool] = lambda record: True,
) -> Iterator[ScanFolder]:
    """Hold a folder for a run; it is made if absent.

    Parameters
    ----------
    path
        The folder.
    identity
        All that decides the run's numbers (provenance.identity).
    shard
        (i, N), or None for a whole run.
    restart
        True to remove an earlier run first.
    fits
        Whether a chunk on disk is one of this run's.

    Yields
    ------
    ScanFolder
        The open folder.

    Raises
    ------
    ExistingResult
        Something is in the way, or another process is at work.
    CannotWrite
        The disk refuses.
    """
    run = fingerprint.digest(identity)
    with atomic.writing(path):
        previous = _examined(path, identity, restart)
        if previous is None:
            path.mkdir(parents=True, exist_ok=True)
    with lock.held(path, shard):
        if shard is None:
            atomic.sweep(path, path / chunks.FOLDER)  # alone here: nobody is writing them any more
        previous = _examined(path, identity, restart)
        if restart and previous is not None:
            _clear(path, previous)
            previous = None
        finished = previous if previous is not None and _complete(path, previous) else None
        folder = ScanFolder(path, identity, run, shard, finished, fits)
        if previous is None:
            folder.write_manifest("running", {})
        yield folder


def read_manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of a scan's folder; raises BadInput if there is none that can be read."""
    manifest = _manifest(path)
    if manifest is None:
        raise faults.BadInput(f"{path}: found no readable {MANIFEST}; expected the folder of a scan")
    return manifest


def _manifest(path: Path) -> dict[str, Any] | None:
    """Return the manifest in the form in which it was written; None for any other content."""
    file = path / MANIFEST
    try:
        document = json.loads(file.read_bytes()) if file.is_file() and file.stat().st_size <= _LARGEST else None
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            return None
        seal = fingerprint.digest({key: value for key, value in document.items() if key != _SEAL})
    except (OSError, ValueError, RecursionError):
        return None
    return document if document.get(_SEAL) == seal else None


def _examined(path: Path, identity: Mapping[str, Any], restart: bool) -> dict[str, Any] | None:
    """Return the manifest of the run in a folder, None if the folder is empty or absent.

    Raises ExistingResult if the folder may not be used.
    """
    if not path.exists():
        return None
    if not path.is_dir():
        raise faults.ExistingResult(f"{path} exists and is not a folder: choose another --out")
    manifest = _manifest(path)
    if manifest is None:
        foreign = sorted(entry.name for entry in path.iterdir() if not _passing(entry.name))
        if foreign:
            raise faults.ExistingResult(
                f"{path} holds {', '.join(foreign[:5])} and no manifest of a scan: choose another --out"
            )
        return None
    changed = [] if restart else provenance.differences({key: manifest.get(key) for key in identity}, identity)
    if changed:
        lines = "\n".join(f"  {line}" for line in changed[:20])
        raise faults.ExistingResult(
            f"{path} holds another scan: choose another --out, or --restart to compute it anew. Changed:\n{lines}"
        )
    return manifest


def _passing(name: str) -> bool:
    """Names that a run which has committed nothing may have left."""
    return name.startswith(lock.NAME) or name.endswith(atomic.PARTIAL)


def _complete(path: Path, manifest: Mapping[str, Any]) -> bool:
    files = _files(manifest)
    return (
        manifest.get("state") == "finished" and files is not None and all(os.path.exists(path / name) for name in files)
    )


def _files(manifest: Mapping[str, Any]) -> list[str] | None:
    """The files that a manifest lists, None if it lists none."""
    files = manifest.get("files")
    return files if isinstance(files, list) and all(isinstance(name, str) for name in files) else None


def _clear(path: Path, manifest: Mapping[str, Any]) -> None:
    """Remove what a run wrote (its own names and the files that its manifest lists in the folder), and nothing else."""
    with atomic.writing(path):
        for name in (chunks.FOLDER, CUBE, REDUCED, REFINED):
            atomic.remove(path / name)
        listed = [path / name for name in _files(manifest) or ()]
        own = [*listed, path / CONTOURS, path / CERTIFICATES, *path.glob("shard-*-of-*.json")]
        for file in own:
            if file.is_file() and file.resolve().is_relative_to(path.resolve()):
                file.unlink()
        (path / MANIFEST).unlink()
