"""Files that appear whole or not at all."""

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
    """Turn what the disk refuses into CannotWrite, which names the path."""
    try:
        yield
    except OSError as fault:
        raise faults.CannotWrite(f"cannot write {path}: {fault.strerror or fault}") from fault


def write_bytes(path: Path, content: bytes) -> None:
    """Write to a temporary file in the same folder, flush it to the disk, rename it into place; CannotWrite on
    failure.
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
    """An empty folder to fill, renamed to `path` at the end (over what an earlier, unfinished run left there)."""
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
    """Remove what killed processes left half written in some folders, which need not be there; none where a link leads
    elsewhere.
    """
    for leftover in (each for folder in folders if not folder.is_symlink() for each in folder.glob(f".*{PARTIAL}")):
        with writing(leftover):
            remove(leftover)


def remove(path: Path) -> None:
    """Remove a folder with all that it holds, or whatever else has this name; of a link, the link alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """A folder, if it is not there; ExistingResult for a link, since nothing is written outside of a result's
    folder.
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
