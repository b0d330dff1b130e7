"""Tiles: blocks of a grid of one fixed shape, each evaluated as a product of its axes.

A chunk is a block of whole tiles; a sample of points is a grid of one axis, their index. Numbers depend on the tile
shape alone, never on how tiles are grouped.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree, Scalar

from jaxmix.engine.grid import interpolant as interpolants
from jaxmix.engine.grid.layout import Tiling
from jaxmix.engine.points import Grid
from jaxmix.engine.problem import AbstractProblem, exact, place
from jaxmix.engine.samples import Sample


def evaluate_tile(
    problem: AbstractProblem,
    grid: Grid | Sample,
    interpolant: interpolants.Interpolant | None,
    starts: Int[Array, " axes"],
    shape: tuple[int, ...],
    tiling: Tiling,
) -> tuple[dict[str, Array], Bool[Array, "..."], Bool[Array, "..."]]:
    """A tile's outputs, which of its points are inside the grid (values repeat beyond it), and at which points `slow`
    was evaluated and not interpolated.

    starts: the tile's first index along each axis; shape: its number of points.

    1. `slow` at the nodes of the last axis, for every combination of the others, nested so that what does not depend
       on an axis is computed once. 2. Weights carry it to every value of the last axis; lines that the interpolant does
       not describe are cut into pieces, those pieces again, and what is left is evaluated point by point, at a cost
       only in tiles that hold some. 3. `fast` at every point.
    Of a sample all points are evaluated exactly.
    """
    if isinstance(grid, Sample):
        index = starts[0] + jnp.arange(shape[0])
        points = {
            name: value.astype(tiling.dtype) for name, value in grid.point(jnp.minimum(index, grid.size - 1)).items()
        }
        return jax.vmap(functools.partial(exact, problem))(points), index < grid.size, jnp.ones(shape, bool)
    assert interpolant is not None  # a grid has one
    indices = [starts[i] + jnp.arange(size) for i, size in enumerate(shape)]
    places = [jnp.minimum(index, axis.size - 1) for axis, index in zip(grid.axes, indices)]
    values = {axis.name: axis.value(place).astype(tiling.dtype) for axis, place in zip(grid.axes[:-1], places)}
    values[grid.names[-1]] = jnp.asarray(interpolant.values)[places[-1]].astype(tiling.dtype)
    inside = functools.reduce(jnp.logical_and, _spread([index < size for index, size in zip(indices, grid.shape)]))
    slow, direct = _slow_on_tile(problem, grid, interpolant, values, indices[-1], tiling.tolerance)
    return _over_product(problem.fast, grid.names, values, slow), inside, direct


def flat_index(grid: Grid | Sample, starts: Int[Array, " axes"], shape: tuple[int, ...]) -> Int[Array, "..."]:
    """The flat grid index of every point of a tile (without meaning beyond the grid)."""
    strides = [math.prod(grid.shape[i + 1 :]) for i in range(len(shape))]
    return functools.reduce(
        jnp.add, _spread([(starts[i] + jnp.arange(size)) * strides[i] for i, size in enumerate(shape)])
    )


def _spread(vectors: list[Array]) -> list[Array]:
    """Vectors turned each to its own axis of a common rank."""
    rank = len(vectors)
    return [vector.reshape((1,) * i + (-1,) + (1,) * (rank - 1 - i)) for i, vector in enumerate(vectors)]


class _Levels(NamedTuple):
    """Blocks of nodes along the last axis, in levels from coarse to fine: first one block for the whole axis, then one
    block for each of ever smaller pieces of it, last the values of the tile themselves.

    Indices of this file: b a block of any level, n a node of a block, p a piece of the axis, v a value of a piece, m a
    value of the tile along the last axis, k a component of `slow`; ... are the tile's other axes.
    """

    nodes: list[Array]  # of each level [b, n]: the last axis' parameter
    owners: list[Int[np.ndarray, " m"]]  # of each level: the number, in the level, of each value's block
    weights: list[Array | None]  # of each level but the first [p, n, v]; None of the last, where nodes are values
    whole: bool  # whether the tile holds the whole axis

    def slice(self, level: int) -> slice:
        """The place of a level's blocks among those of all levels."""
        ends = np.cumsum([len(nodes) for nodes in self.nodes])
        return slice(ends[level - 1], ends[level])

    def parents(self) -> Int[np.ndarray, "b 2"]:
        """Of each block the first and the last block of the level above that it lies in (0 of the first level)."""
        parents, first = [np.zeros((1, 2), int)], 0
        for coarse, fine, above, nodes in zip(self.owners, self.owners[1:], self.nodes, self.nodes[1:]):
            low = np.minimum(np.searchsorted(fine, np.arange(len(nodes))), len(fine) - 1)
            high = np.maximum(np.searchsorted(fine, np.arange(len(nodes)), side="right") - 1, low)
            parents.append(first + np.stack([coarse[low], coarse[high]], axis=1))
            first += len(above)
        return np.concatenate(parents)


class _Blocks(NamedTuple):
    """`slow` at the nodes of every block that is needed [b, ..., n, k], and the lines [b, ..., k] that a block does not
    describe (of the last level: for which it was needed).
    """

    found: Float[Array, "b ... n k"]
    unresolved: Bool[Array, "b ... k"]


class _Loop(NamedTuple):
    """The state of the loop over blocks."""

    block: Int[Array, ""]
    blocks: _Blocks
    wanted: Bool[Array, ""]  # whether the level above this block's has an unresolved line
    next_wanted: Bool[Array, ""]  # whether this block's level has one so far
    scale: Float[Array, "... k"]  # the largest size of each component on its line


def _slow_on_tile(
    problem: AbstractProblem,
    grid: Grid,
    interpolant: interpolants.Interpolant,
    values: dict[str, Array],
    last: Int[Array, " m"],
    tolerance: float,
) -> tuple[Float[Array, "... m k"], Bool[Array, "... m"]]:
    """`slow` at every point of a tile, and at which points it was evaluated and not interpolated.

    1. Where nothing is slow, or the nodes are the values themselves, nothing is interpolated. 2. `slow` is evaluated at
    the nodes of the whole axis, and at those of finer blocks where lines need them (`_evaluated`). 3. The polynomial
    through the nodes of the whole axis gives all values. 4. Those on lines that it does not describe are replaced from
    finer levels (`_refined`).
    """
    slow = functools.partial(_over_product, problem.slow, grid.names)
    like = jax.eval_shape(slow, values)
    if not like.shape[-1]:
        return jnp.zeros(like.shape, like.dtype), jnp.zeros(like.shape[:-1], bool)
    if interpolant.weights is None:
        return slow(values), jnp.ones(like.shape[:-1], bool)
    name = grid.names[-1]
    levels = _levels(interpolant, values[name], grid.shape[-1])
    blocks = _evaluated(slow, values, name, levels, interpolant, tolerance)
    weights = jnp.asarray(interpolant.weights)
    weights = weights if levels.whole else weights[:, jnp.minimum(last, grid.shape[-1] - 1)]
    return _refined(interpolants.apply(weights.astype(blocks.found.dtype), blocks.found[0]), levels, blocks)


def _levels(interpolant: interpolants.Interpolant, values: Float[Array, " m"], size: int) -> _Levels:
    """The levels for the tile's values of an axis of a size; there are pieces only where the tile holds the whole axis,
    as they are pieces of that.
    """
    whole, number = values.size == size, interpolant.nodes.size
    finer = interpolant.finer if whole else ()
    every = jnp.pad(values, (0, -values.size % number), mode="edge").reshape(-1, number)
    nodes = [jnp.asarray(each) for each in (interpolant.nodes[None], *(pieces.nodes for pieces in finer))]
    nodes = [each.astype(values.dtype) for each in (*nodes, every)]
    owners = [_owners(values.size, size, len(each)) for each in nodes[:-1]] + [np.arange(values.size) // number]
    weights = [*(jnp.asarray(pieces.weights) for pieces in finer), None]
    return _Levels(nodes, owners, weights, whole)


def _owners(values: int, size: int, pieces: int) -> Int[np.ndarray, " values"]:
    """The piece of an axis of this size that each value of a tile belongs to."""
    return np.arange(values) // -(-size // pieces)


def _refined(
    result: Float[Array, "... m k"], levels: _Levels, blocks: _Blocks
) -> tuple[Float[Array, "... m k"], Bool[Array, "... m"]]:
    """The values on unresolved lines replaced level by level, as long as some line is unresolved; and which were
    evaluated in the end.
    """
    nowhere = jnp.zeros(result.shape[:-1], bool)

    def from_level(level: int, result: Float[Array, "... m k"], open_: Bool[Array, "... m k"]) -> tuple[Array, Array]:
        at, weights = levels.slice(level), levels.weights[level - 1]
        result, open_ = _replaced(weights, levels.owners[level], result, open_, blocks.found[at], blocks.unresolved[at])
        if level + 1 == len(levels.nodes):
            return result, jnp.any(open_, axis=-1)
        following = functools.partial(from_level, level + 1)
        return jax.lax.cond(jnp.any(open_), following, lambda result, _: (result, nowhere), result, open_)

    first = blocks.unresolved[0]
    return jax.lax.cond(
        jnp.any(first),
        lambda result: from_level(1, result, jnp.broadcast_to(first[..., None, :], result.shape)),
        lambda result: (result, nowhere),
        result,
    )


def _replaced(
    weights: Float[Array, "p n v"] | None,
    owners: Int[np.ndarray, " m"],
    result: Float[Array, "... m k"],
    open_: Bool[Array, "... m k"],
    found: Float[Array, "b ... n k"],
    unresolved: Bool[Array, "b ... k"],
) -> tuple[Array, Array]:
    """The open values from the blocks of a finer level, interpolated in each piece, and which of them remain open."""
    better = found
    if weights is not None:
        better = jnp.einsum("pnv,p...nk->p...vk", weights.astype(found.dtype), found, precision="highest")
    better = jnp.moveaxis(better, 0, -3)
    better = better.reshape(*better.shape[:-3], -1, better.shape[-1])[..., : result.shape[-2], :]
    return jnp.where(open_, better, result), open_ & jnp.moveaxis(unresolved[owners], 0, -2)


def _evaluated(
    slow: Callable[[dict[str, Array]], Array],
    values: dict[str, Array],
    name: str,
    levels: _Levels,
    interpolant: interpolants.Interpolant,
    tolerance: float,
) -> _Blocks:
    """`slow` at the nodes of the blocks that are needed, in one loop over all of them, so that one copy of `slow` is
    compiled.

    1. The first block is needed always, another one if a block above it is unresolved on some line. 2. The block is
    evaluated. 3. Lines are unresolved if the block's polynomial does not describe them; in the last level, all that
    need it. 4. The loop ends with the level of which no block is unresolved.
    """
    nodes, parents = jnp.concatenate(levels.nodes), jnp.asarray(levels.parents())
    numbers = np.repeat(np.arange(len(levels.nodes)), [len(each) for each in levels.nodes])
    exact_level = jnp.asarray(numbers == len(levels.nodes) - 1)
    ends_level = jnp.asarray(np.diff(numbers, append=len(levels.nodes)) != 0)
    like = jax.eval_shape(slow, {**values, name: nodes[0]})
    lines = (*like.shape[:-2], like.shape[-1])

    def step(state: _Loop) -> _Loop:
        i, (found, unresolved) = state.block, state.blocks
        needed = (i == 0) | unresolved[parents[i, 0]] | unresolved[parents[i, 1]]
        part = jax.lax.cond(
            jnp.any(needed), lambda: slow({**values, name: nodes[i]}), lambda: jnp.zeros(like.shape, like.dtype)
        )
        scale = jnp.where(i == 0, interpolants.largest(part), state.scale)  # of the whole line, also for its pieces
        bound = jnp.asarray(tolerance, part.dtype) * scale
        open_ = needed & (interpolants.unresolved(interpolant, part, bound) | exact_level[i])
        next_wanted = state.next_wanted | jnp.any(open_)
        return _Loop(
            i + 1,
            _Blocks(found.at[i].set(part), unresolved.at[i].set(open_)),
            jnp.where(ends_level[i], next_wanted, state.wanted),
            next_wanted & ~ends_level[i],
            scale,
        )

    def unfinished(state: _Loop) -> Bool[Array, ""]:
        return (state.block == 0) | ((state.block < len(nodes)) & state.wanted)

    start = _Loop(
        jnp.asarray(0),
        _Blocks(jnp.zeros((len(nodes), *like.shape), like.dtype), jnp.zeros((len(nodes), *lines), bool)),
        jnp.asarray(True),
        jnp.asarray(False),
        jnp.zeros(lines, like.dtype),
    )
    return jax.lax.while_loop(unfinished, step, start).blocks


def _over_product(
    function: Callable[..., PyTree], names: tuple[str, ...], values: dict[str, Array], *batched: Array
) -> PyTree:
    """function(point, *batched) over the product of the values: one vmap an axis, the last name innermost."""

    def at(point: dict[str, Scalar], remaining: tuple[str, ...], *arrays: Array) -> PyTree:
        if not remaining:
            return function(point, *arrays)
        return jax.vmap(lambda value, *parts: at({**point, remaining[0]: value}, remaining[1:], *parts))(
            values[remaining[0]], *arrays
        )

    return at({}, names, *batched)


def placed(
    problem: AbstractProblem, grid: Grid | Sample, tiling: Tiling, where: jax.Device | jax.sharding.Sharding | None
) -> tuple[AbstractProblem, Grid | Sample, interpolants.Interpolant | None]:
    """The problem, the grid and its interpolant (a sample has none) with their arrays on a device."""
    interpolant = interpolants.along(grid.axes[-1], tiling.nodes) if isinstance(grid, Grid) else None
    return place(problem, tiling.dtype, where), place(grid, None, where), place(interpolant, None, where)
