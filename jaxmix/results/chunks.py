"""Committed chunks: one file a chunk, with the run that it belongs to, its place in the grid and its own checksum.

The file: a line that names the format; the SHA-256 of all that follows; one line of JSON (run, index, slices, arrays);
the arrays' bytes, C order, little-endian. Nothing in it is ever executed.
"""

import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxmix.results import atomic

FOLDER = "chunks"
_FORMAT = b"jaxmix chunk 1\n"
_DIGEST = 64
_KINDS = "biuf"  # bool, integers, floats


class Record(NamedTuple):
    """A chunk: its number, its block of the grid, the outputs (each of the block's shape) and its summary (any shapes)."""

    index: int
    slices: tuple[slice, ...]
    outputs: dict[str, np.ndarray]
    summary: dict[str, np.ndarray]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the block."""
        return tuple(part.stop - part.start for part in self.slices)

    @property
    def points(self) -> int:
        """Number of points in the block."""
        return math.prod(self.shape)


def chunk_path(folder: Path, index: int) -> Path:
    """Where a chunk's file stands in a scan's folder."""
    return folder / FOLDER / f"{index:08d}.chunk"


def write_chunk(folder: Path, run: str, record: Record) -> None:
    """Commit a chunk of the run with this fingerprint; CannotWrite if the disk refuses."""
    for name, array in record.outputs.items():
        if array.shape != record.shape:
            raise ValueError(f"chunk {record.index}: output {name} has shape {array.shape}, its block has {record.shape}.")
    path = chunk_path(folder, record.index)
    with atomic.writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    body = _body(run, record)
    atomic.write_bytes(path, _FORMAT + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def read_chunk(folder: Path, run: str, index: int) -> Record | None:
    """The chunk, or None if it is absent, damaged, or of another run: then it is to be computed."""
    try:
        content = chunk_path(folder, index).read_bytes()
    except FileNotFoundError:
        return None
    start = len(_FORMAT) + _DIGEST + 1
    body = content[start:]
    expected = _FORMAT + hashlib.sha256(body).hexdigest().encode() + b"\n"
    if content[:start] != expected:
        return None
    line, _, data = body.partition(b"\n")
    head = json.loads(line)
    return _record(head, data) if (head["run"], head["index"]) == (run, index) else None


def committed(folder: Path, run: str, indices: Iterable[int]) -> list[int]:
    """Those of the chunks that are on disk whole and of this run; every one is read and checked."""
    return [index for index in indices if read_chunk(folder, run, index) is not None]


def _body(run: str, record: Record) -> bytes:
    arrays, pieces = [], []
    for group in ("outputs", "summary"):
        for name, array in getattr(record, group).items():
            array = np.asarray(array)
            if array.dtype.kind not in _KINDS:
                raise ValueError(f"chunk {record.index}: {name} is of type {array.dtype}; allowed: bool, integers, floats.")
            array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
            arrays.append([group, name, array.dtype.str, list(array.shape)])
            pieces.append(array.tobytes())
    head = {"run": run, "index": record.index, "slices": [[s.start, s.stop] for s in record.slices], "arrays": arrays}
    return b"".join([json.dumps(head).encode(), b"\n", *pieces])


def _record(head: dict[str, Any], data: bytes) -> Record:
    groups: dict[str, dict[str, np.ndarray]] = {"outputs": {}, "summary": {}}
    at = 0
    for group, name, kind, shape in head["arrays"]:
        array = np.frombuffer(data, np.dtype(kind), math.prod(shape), at).reshape(shape)
        groups[group][name] = array
        at += array.nbytes
    return Record(head["index"], tuple(slice(*ends) for ends in head["slices"]), **groups)
