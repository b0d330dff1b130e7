"""scan.zarr: every point of a scan as labelled arrays (zarr format 2), which xarray opens as they are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zarr

from jaxmix import atomic
from jaxmix.results.chunks import Record


class Coordinate(NamedTuple):
    """An axis: its values, unit and meaning."""

    values: np.ndarray
    units: str
    long_name: str


class Variable(NamedTuple):
    """An output on all axes: its type, unit, meaning and further attributes (for example CF's flag_values)."""

    dtype: str
    units: str
    long_name: str
    attributes: Mapping[str, Any] = {}


def write_cube(
    path: Path,
    coordinates: Mapping[str, Coordinate],
    variables: Mapping[str, Variable],
    block: tuple[int, ...],
    records: Iterable[Record],
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Build a zarr store from chunks, one at a time, in a folder beside it, and rename it into place.

    Parameters
    ----------
    path
        The store.
    coordinates
        Of the axes, by name.
    variables
        The outputs, by name.
    block
        Shape of a full chunk, which becomes the store's own.
    records
        The chunks.
    attributes
        Of the store.

    Raises
    ------
    ValueError
        The chunks do not hold every point once.
    CannotWrite
        The disk refuses.
    """
    shape = tuple(coordinate.values.size for coordinate in coordinates.values())
    block = tuple(min(pair) for pair in zip(block, shape, strict=True))
    with atomic.replacing_folder(path) as partial:
        group = zarr.open_group(partial, mode="w", zarr_format=2, attributes=dict(attributes or {}))
        for name, coordinate in coordinates.items():
            values = np.asarray(coordinate.values, dtype=np.float64)
            array = _create(group, name, values.shape, values.shape, "float64", [name], _described(coordinate))
            array[...] = values
        arrays = {
            name: _create(
                group,
                name,
                shape,
                block,
                variable.dtype,
                [*coordinates],
                _described(variable) | dict(variable.attributes),
            )
            for name, variable in variables.items()
        }
        _fill(arrays, shape, records)
        zarr.consolidate_metadata(group.store, zarr_format=2)


def write_arrays(
    path: Path,
    coordinates: Mapping[str, Coordinate],
    arrays: Mapping[str, tuple[tuple[str, ...], np.ndarray, Variable]],
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Build a zarr store from arrays in memory.

    `arrays` holds by name the names of the dimensions, the values, and their description. A dimension without a
    coordinate counts its points. Raises CannotWrite on failure."""
    with atomic.replacing_folder(path) as partial:
        group = zarr.open_group(partial, mode="w", zarr_format=2, attributes=dict(attributes or {}))
        described: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = {
            name: ((name,), np.asarray(each.values, np.float64), _described(each)) for name, each in coordinates.items()
        }
        described |= {
            name: (names, values, _described(each) | dict(each.attributes))
            for name, (names, values, each) in arrays.items()
        }
        for name, (names, values, about) in described.items():
            array = _create(group, name, values.shape, values.shape, values.dtype.str, list(names), about)
            array[...] = values
        zarr.consolidate_metadata(group.store, zarr_format=2)


def _create(
    group: zarr.Group, name: str, shape: tuple, block: tuple, dtype: str, names: list[str], attributes: dict
) -> zarr.Array:
    # a fill value on integers would make xarray turn them into floats
    fill = np.nan if np.dtype(dtype).kind == "f" else None
    attributes = {"_ARRAY_DIMENSIONS": names} | attributes
    return group.create_array(name, shape=shape, chunks=block, dtype=dtype, fill_value=fill, attributes=attributes)


def _described(entry: Coordinate | Variable) -> dict[str, str]:
    return {"units": entry.units, "long_name": entry.long_name}


def _fill(arrays: Mapping[str, zarr.Array], shape: tuple[int, ...], records: Iterable[Record]) -> None:
    """Write each block where it belongs, and count that every point came once."""
    points, corners = 0, set()
    for record in records:
        corner = tuple(part.start for part in record.slices)
        if corner in corners or any(part.stop > end for part, end in zip(record.slices, shape, strict=True)):
            raise ValueError(
                f"scan.zarr: chunk {record.index} at {corner} lies on another one or outside the grid {shape}."
            )
        corners.add(corner)
        points += record.points
        for name, array in arrays.items():
            array[record.slices] = record.outputs[name]
    if points != int(np.prod(shape)):
        raise ValueError(
            f"scan.zarr: the chunks hold {points} points, the grid {int(np.prod(shape))}; every point "
            "must be there once."
        )
