"""Maps over some axes of a grid, the others reduced: how many points are excluded, and the profile (the least value,
and where).
"""

import functools
from collections.abc import Iterable, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from jaxmix.engine.grid.summary import floating, wins


class Maps(eqx.Module):
    """Arrays over a block of the grid, of length one along the axes that are reduced.

    Attributes
    ----------
    points
        The number of points.
    excluded_by_any
        The number of points with some output above one.
    excluded, undefined
        By float output, the number of points with a value above one, and with NaN.
    minimum, argmin
        By float output, the least value and the flat index where it is reached first (infinity and -1: nowhere).
    """

    points: Int[Array, "..."]
    excluded_by_any: Int[Array, "..."]
    excluded: dict[str, Int[Array, "..."]]
    undefined: dict[str, Int[Array, "..."]]
    minimum: dict[str, Float[Array, "..."]]
    argmin: dict[str, Int[Array, "..."]]


def empty_of(outputs: dict[str, Array], shape: tuple[int, ...]) -> Maps:
    """Maps of no points, of a shape, with outputs like these (of which types alone are used)."""
    floats = floating(outputs)
    zero = jnp.zeros(shape, int)
    return Maps(
        zero,
        zero,
        dict.fromkeys(floats, zero),
        dict.fromkeys(floats, zero),
        {name: jnp.full(shape, jnp.inf, value.dtype) for name, value in floats.items()},
        dict.fromkeys(floats, jnp.full(shape, -1)),
    )


def absorb(
    total: Maps,
    outputs: dict[str, Array],
    index: Int[Array, "..."],
    inside: Bool[Array, "..."],
    reduced: tuple[int, ...],
    corner: Int[Array, " axes"],
) -> Maps:
    """Maps of a block with the points of one more tile.

    Parameters
    ----------
    total
        The maps so far.
    outputs, index
        By output the values at the tile's points, and the points' flat indices.
    inside
        Which points are inside the grid.
    reduced
        The numbers of the axes that are reduced.
    corner
        The tile's first index in the block, along each axis.
    """
    tile = _of_tile(floating(outputs), index, inside, reduced)
    start = [jnp.zeros((), corner.dtype) if axis in reduced else corner[axis] for axis in range(inside.ndim)]
    here = jax.tree.map(lambda leaf: jax.lax.dynamic_slice(leaf, start, tile.points.shape), total)
    return jax.tree.map(lambda leaf, new: jax.lax.dynamic_update_slice(leaf, new, start), total, merge(here, tile))


def _of_tile(floats: dict[str, Array], index: Array, inside: Array, reduced: tuple[int, ...]) -> Maps:
    """Maps of the points of one tile."""

    def number(where: Bool[Array, "..."]) -> Int[Array, "..."]:
        return jnp.sum(where, axis=reduced, keepdims=True, dtype=int)

    above = {name: inside & (value > 1) for name, value in floats.items()}
    usable = {name: jnp.where(inside & ~jnp.isnan(value), value, jnp.inf) for name, value in floats.items()}
    least = {name: jnp.min(value, axis=reduced, keepdims=True) for name, value in usable.items()}
    beyond = jnp.iinfo(index.dtype).max

    def place(value: Array, low: Array) -> Array:
        first = jnp.min(jnp.where((value == low) & (value < jnp.inf), index, beyond), axis=reduced, keepdims=True)
        return jnp.where(first < beyond, first, -1)

    return Maps(
        number(inside),
        number(functools.reduce(jnp.logical_or, above.values(), jnp.zeros_like(inside))),
        {name: number(value) for name, value in above.items()},
        {name: number(inside & jnp.isnan(value)) for name, value in floats.items()},
        least,
        {name: place(usable[name], least[name]) for name in floats},
    )


def merge(left: Maps, right: Maps) -> Maps:
    """Maps of both sets of points on one block; associative and commutative, the lower index winning a tie."""
    new = {
        name: wins(left.minimum[name], left.argmin[name], right.minimum[name], right.argmin[name])
        for name in left.minimum
    }
    return Maps(
        left.points + right.points,
        left.excluded_by_any + right.excluded_by_any,
        jax.tree.map(jnp.add, left.excluded, right.excluded),
        jax.tree.map(jnp.add, left.undefined, right.undefined),
        {name: jnp.where(new[name], right.minimum[name], left.minimum[name]) for name in new},
        {name: jnp.where(new[name], right.argmin[name], left.argmin[name]) for name in new},
    )


def as_arrays(maps: Maps, kept: tuple[slice, ...]) -> dict[str, np.ndarray]:
    """A block's maps as named arrays for a file, without what reaches beyond the grid; kept: a slice an axis."""
    arrays = {"points": maps.points, "excluded_by_any": maps.excluded_by_any}
    for field in ("excluded", "undefined", "minimum", "argmin"):
        arrays |= {f"{field}.{name}": leaf for name, leaf in getattr(maps, field).items()}
    return {name: np.asarray(leaf)[kept] for name, leaf in arrays.items()}


def join(
    pieces: Iterable[tuple[tuple[slice, ...], Mapping[str, np.ndarray]]], shape: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """The whole grid's maps from blocks, in any order: each with its slices and the arrays of `as_arrays`."""
    whole: dict[str, np.ndarray] = {}
    for slices, arrays in pieces:
        for name, part in arrays.items():
            if name not in whole:
                fill = np.inf if name.startswith("minimum.") else -1 if name.startswith("argmin.") else 0
                whole[name] = np.full(shape, fill, part.dtype)
        for name, part in arrays.items():
            field, _, output = name.partition(".")
            here = whole[name][slices]
            if field == "minimum":
                at, new_at = whole[f"argmin.{output}"][slices], arrays[f"argmin.{output}"]
                new = wins(here, at, part, new_at)
                whole[f"argmin.{output}"][slices] = np.where(new, new_at, at)
                whole[name][slices] = np.where(new, part, here)
            elif field != "argmin":
                whole[name][slices] = here + part
    return whole
