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
    """Write to a temporary file in the same folder, flush it to the disk, rename it into place; CannotWrite on failure."""
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
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
            if path.exists():
                path.rename(old)
            partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
        _flush_folder(path.parent)


def sweep(*folders: Path) -> None:
    """Remove what killed processes left half written in some folders, which need not be there."""
    for leftover in (each for folder in folders for each in folder.glob(f".*{PARTIAL}")):
        with writing(leftover):
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()


def _flush_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
