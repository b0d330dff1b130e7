"""Adaptive refinement of a grid: points are added where some output crosses one, cell by cell, and nowhere else."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from jaxmix.engine.grid.exact import evaluate_points
from jaxmix.engine.points import Axis, Grid
from jaxmix.engine.problem import AbstractProblem


def refine(
    problem: AbstractProblem,
    grid: Grid,
    above: Mapping[str, Bool[np.ndarray, "..."]],
    depth: int,
    *,
    batch: int = 1024,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Exact outputs at the points that halving adds to the cells in which an output crosses one.

    A cell is halved along all ranges if at its corners some output is both above one and not; axes of listed values are
    not divided. The number of points grows as 2^(depth (d - 1)) for d ranges, that of a grid as fine as 2^(depth d).

    Parameters
    ----------
    problem
        What is evaluated.
    grid
        Its corners are the first cells'.
    above
        By output, whether it exceeds one, on the grid.
    depth
        How often cells are halved.
    batch
        Points evaluated together.
    progress
        Called after each halving with its number and the number of points so far.

    Returns
    -------
    dict
        One entry a point: the parameters by name, the outputs, and "halving" (from 1), which added the point.
    """
    divided = np.array([axis.kind != "values" and axis.size > 1 for axis in grid.axes])
    scale = np.where(divided, 2**depth, 1)
    fine = (np.array(grid.shape) - 1) * scale + 1
    cells = _crossed_on_grid(above, divided) * scale
    known = np.zeros(0, np.int64)
    flags = np.zeros((0, len(above)), bool)
    found = []
    for halving in range(1, depth + 1):
        step = np.where(divided, 2 ** (depth - halving), 0)
        keys = np.unique(np.ravel_multi_index(_around(cells, step, 3, divided).reshape(-1, len(fine)).T, fine))
        on_grid = np.all(np.stack(np.unravel_index(keys, fine), axis=1) % scale == 0, axis=1)
        new = np.setdiff1d(keys[~on_grid], known)
        places = np.stack(np.unravel_index(new, fine), axis=1)
        values = {axis.name: _value(axis, places[:, i] / scale[i]) for i, axis in enumerate(grid.axes)}
        outputs = evaluate_points(problem, values, batch=batch) if new.size else {}
        if new.size:
            found.append({**values, **outputs, "halving": np.full(new.size, halving, np.int8)})
            known, flags = _joined(known, flags, new, np.stack([outputs[name] > 1 for name in above], axis=1))
        if progress is not None:
            progress(halving, known.size)
        children = _around(cells, step, 2, divided).reshape(-1, len(fine))
        corners = _around(children, step, 2, divided)
        at = _flags_at(corners, fine, scale, above, known, flags)
        cells = children[np.any(at.any(axis=1) & ~at.all(axis=1), axis=1)]
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]} if found else {}


def _around(
    cells: Int[np.ndarray, "n d"], step: Int[np.ndarray, " d"], number: int, divided: Bool[np.ndarray, " d"]
) -> np.ndarray:
    """Lattice points [n, k, d] that lie 0 to number - 1 steps from lower corners along each divided axis."""
    offsets = np.array(list(itertools.product(*(range(number) if each else (0,) for each in divided))))
    return cells[:, None, :] + (offsets * step)[None, :, :]


def _crossed_on_grid(above: Mapping[str, np.ndarray], divided: Bool[np.ndarray, " d"]) -> Int[np.ndarray, "n d"]:
    """Lower corners of the grid's cells whose corners differ in some output."""
    if not above:
        raise ValueError("refine: found no output; give at least one.")
    crossed: Any = False
    for flags in above.values():
        some, every = flags, flags
        for axis in np.flatnonzero(divided):
            low, high = (
                tuple(part if i == axis else slice(None) for i in range(flags.ndim))
                for part in (slice(None, -1), slice(1, None))
            )
            some, every = some[low] | some[high], every[low] & every[high]
        crossed = crossed | (some & ~every)
    return np.stack(np.nonzero(crossed), axis=1)


def _flags_at(
    places: np.ndarray,
    fine: np.ndarray,
    scale: np.ndarray,
    above: Mapping[str, np.ndarray],
    known: np.ndarray,
    flags: np.ndarray,
) -> Bool[np.ndarray, "n k outputs"]:
    """Whether each output exceeds one at lattice points [n, k, d], of the grid or added since."""
    on_grid = np.all(places % scale == 0, axis=-1)
    result = np.zeros((*on_grid.shape, len(above)), bool)
    coarse = tuple((places[on_grid] // scale).T)
    for i, values in enumerate(above.values()):
        result[on_grid, i] = values[coarse]
    keys = np.ravel_multi_index(places[~on_grid].T, fine)
    result[~on_grid] = flags[np.searchsorted(known, keys)]
    return result


def _joined(
    keys: np.ndarray, flags: np.ndarray, new: np.ndarray, new_flags: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    joined = np.concatenate([keys, new])
    order = np.argsort(joined)
    return joined[order], np.concatenate([flags, new_flags])[order]


def _value(axis: Axis, position: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Values of an axis at fractional indices."""
    knots = np.asarray(axis.knots)
    if axis.kind == "values" or axis.size == 1:
        return axis.values()[np.round(position).astype(int)]
    fraction = position / (axis.size - 1)
    value = (
        knots[0] * (knots[1] / knots[0]) ** fraction
        if axis.kind == "log"
        else knots[0] + (knots[1] - knots[0]) * fraction
    )
    return np.clip(value, min(knots), max(knots))
