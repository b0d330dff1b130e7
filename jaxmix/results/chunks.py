"""Committed chunks: one file a chunk, with the run that it belongs to, its place in the grid and its own checksum.

The file: a line that names the format; the SHA-256 of all that follows; one line of JSON (run, index, slices, arrays);
the arrays' bytes, C order, little-endian. Nothing in it is ever executed, and no more of it is read than it ought to
hold.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from jaxmix import atomic

FOLDER = "chunks"
_FORMAT = b"jaxmix chunk 1\n"
_DIGEST = 64
_KINDS = "biuf"  # bool, integers, floats
_LONGEST_HEAD = 1_000_000  # bytes


class Record(NamedTuple):
    """A chunk: its number, its block of the grid, its outputs (of the block's shape) and its summary (of any shape)."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a record
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


class _Array(NamedTuple):
    """Description of an array of a chunk: outputs or summary, name, type and shape."""

    group: Literal["outputs", "summary"]
    name: str
    kind: Annotated[str, Field(pattern=r"^([|][biu]1|<[iu][248]|<f[248])$")]
    shape: Annotated[tuple[PositiveInt, ...], Field(max_length=32)]

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return math.prod(self.shape) * np.dtype(self.kind).itemsize


class _Head(BaseModel):
    """The line of JSON of a chunk's file."""

    model_config = ConfigDict(strict=True, extra="forbid")
    run: str
    index: NonNegativeInt
    slices: tuple[tuple[NonNegativeInt, PositiveInt], ...]
    arrays: tuple[_Array, ...]


def chunk_path(folder: Path, index: int) -> Path:
    """Return the path of a chunk's file in a scan's folder."""
    return folder / FOLDER / f"{index:08d}.chunk"


def write_chunk(folder: Path, run: str, record: Record) -> None:
    """Commit a chunk of the run with a given fingerprint.

    Raises CannotWrite if the disk refuses, ExistingResult if a link leads the chunks elsewhere, and ValueError for an
    output that has not the block's shape.
    """
    for name, array in record.outputs.items():
        if array.shape != record.shape:
            raise ValueError(
                f"chunk {record.index}: output {name} has shape {array.shape}, its block has {record.shape}."
            )
    path = chunk_path(folder, record.index)
    atomic.make_folder(path.parent)
    body = _body(run, record)
    atomic.write_bytes(path, _sealed(body) + body)


def read_chunk(folder: Path, run: str, index: int) -> Record | None:
    """Read a chunk.

    Returns None if it is absent, damaged, unreadable, or of another run: then it is to be computed.
    """
    try:
        found = _read(chunk_path(folder, index))
    except (OSError, ValidationError):
        return None
    if found is None or (found[0].run, found[0].index) != (run, index):
        return None
    record = _record(*found)
    return record if all(array.shape == record.shape for array in record.outputs.values()) else None


def _read(path: Path) -> tuple[_Head, bytes] | None:
    """The head of a file and its arrays' bytes, if they are all that it holds and its checksum is right."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start, line = file.read(len(_FORMAT) + _DIGEST + 1), file.readline(_LONGEST_HEAD)
        head = _Head.model_validate_json(line)
        size = sum(array.size for array in head.arrays)
        if os.fstat(file.fileno()).st_size != len(start) + len(line) + size:
            return None
        data = file.read()
    return (head, data) if start == _sealed(line, data) else None


def _sealed(*body: bytes) -> bytes:
    """Return the lines before a body: the format and the body's SHA-256."""
    digest = hashlib.sha256()
    for part in body:
        digest.update(part)
    return _FORMAT + digest.hexdigest().encode() + b"\n"


def committed(folder: Path, run: str, indices: Iterable[int]) -> list[int]:
    """List those of the chunks that are on disk whole and of this run; every one is read and checked."""
    return [index for index in indices if read_chunk(folder, run, index) is not None]


def _body(run: str, record: Record) -> bytes:
    arrays, pieces = [], []
    for group in ("outputs", "summary"):
        for name, array in getattr(record, group).items():
            array = np.asarray(array)
            if array.dtype.kind not in _KINDS:
                raise ValueError(
                    f"chunk {record.index}: {name} is of type {array.dtype}; allowed: bool, integers, floats."
                )
            array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
            arrays.append([group, name, array.dtype.str, list(array.shape)])
            pieces.append(array.tobytes())
    head = {"run": run, "index": record.index, "slices": [[s.start, s.stop] for s in record.slices], "arrays": arrays}
    return b"".join([json.dumps(head).encode(), b"\n", *pieces])


def _record(head: _Head, data: bytes) -> Record:
    groups: dict[str, dict[str, np.ndarray]] = {"outputs": {}, "summary": {}}
    at = 0
    for array in head.arrays:
        groups[array.group][array.name] = np.frombuffer(data, np.dtype(array.kind), math.prod(array.shape), at).reshape(
            array.shape
        )
        at += array.size
    return Record(head.index, tuple(slice(*ends) for ends in head.slices), **groups)
