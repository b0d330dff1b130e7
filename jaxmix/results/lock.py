"""One process on a folder: a lock that the system releases when its holder ends, however it ends.

A whole run, and a merge, hold the folder alone. The shards of a run hold it together, each its own part alone.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from jaxmix import atomic, faults

NAME = ".lock"


@contextlib.contextmanager
def held(folder: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Hold the folder, or the part `shard` = (i, N) of it; raises ExistingResult if another process holds it."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_locked(folder / NAME, fcntl.LOCK_EX if shard is None else fcntl.LOCK_SH))
        if shard is not None:
            stack.enter_context(_locked(folder / f"{NAME}-{shard[0]}-of-{shard[1]}", fcntl.LOCK_EX))
        yield


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    with atomic.writing(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise faults.ExistingResult(
                f"another process is at work in {path.parent}: wait for it, or choose another --out"
            ) from fault
        yield
    finally:
        os.close(handle)
