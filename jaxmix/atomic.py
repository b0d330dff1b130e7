"""Writes files and folders whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jaxmix import faults

PARTIAL = ".partial"


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into CannotWrite, which names the path."""
    try:
        yield
    except OSError as fault:
        raise faults.CannotWrite(f"cannot write {path}: {fault.strerror or fault}") from fault


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically.

    A temporary file in the same folder is written, flushed to the disk and renamed. Raises CannotWrite on failure.
    """
    with writing(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=PARTIAL, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill, which is renamed to `path` at the end.

    It replaces a folder of an earlier run there. Raises CannotWrite on failure.
    """
    partial, old = path.with_name(f".{path.name}{PARTIAL}"), path.with_name(f".{path.name}.old{PARTIAL}")
    with writing(path):
        for leftover in (partial, old):
            remove(leftover)
        partial.mkdir()
        try:
            yield partial
            if os.path.lexists(path):
                path.rename(old)
            partial.rename(path)
        finally:
            remove(partial)
            remove(old)
        _flush_folder(path.parent)


def sweep(*folders: Path) -> None:
    """Remove half-written files that killed processes left in some folders.

    A folder may be absent; a link that leads elsewhere is not followed.
    """
    for leftover in (each for folder in folders if not folder.is_symlink() for each in folder.glob(f".*{PARTIAL}")):
        with writing(leftover):
            remove(leftover)


def remove(path: Path) -> None:
    """Remove a folder with all that it holds, or a file; of a link, the link alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder, if it is absent.

    Raises ExistingResult for a link, since nothing is written outside of a result's folder, and CannotWrite on failure.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        raise faults.ExistingResult(f"{path} is a link that leads elsewhere: remove it")


def _flush_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
