"""Tiles: blocks of a grid of one fixed shape, each evaluated as a product of its axes.

A chunk is a block of whole tiles; a sample of points is a grid of one axis, their index. Numbers depend on the tile
shape alone, never on how tiles are grouped.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree, Scalar

from jaxmix.engine.grid import interpolant as interpolants
from jaxmix.engine.points import Grid
from jaxmix.engine.problem import AbstractProblem, exact
from jaxmix.engine.samples import Sample


@dataclasses.dataclass(frozen=True)
class Tiling:
    """How a grid is cut up and interpolated.

    tile_points: points of a tile (about; working set of 1 to 10 MB on a CPU). chunk_points: points of a chunk
    (about). nodes: evaluations of `slow` along the last axis. tolerance: of the interpolation, see
    `interpolant.unresolved`; lines beyond it are evaluated point by point. dtype: "float64" or "float32".
    """

    tile_points: int = 1024
    chunk_points: int = 2**20
    nodes: int = 24
    tolerance: float = 1e-5
    dtype: str = "float64"


@dataclasses.dataclass(frozen=True)
class Layout:
    """The shapes that follow: of the grid, of a tile, and of a chunk (a multiple of the tile's on every axis)."""

    grid: tuple[int, ...]
    tile: tuple[int, ...]
    chunk: tuple[int, ...]

    @property
    def chunks(self) -> int:
        """Number of chunks, the last ones of an axis perhaps cut short."""
        return math.prod(self._chunks_along())

    @property
    def tiles_in_chunk(self) -> int:
        """Number of tiles of a full chunk."""
        return math.prod(size // tile for size, tile in zip(self.chunk, self.tile))

    def slices(self, chunk: int) -> tuple[slice, ...]:
        """The block of the grid that a chunk covers."""
        place = np.unravel_index(chunk, self._chunks_along())
        starts = [int(at) * size for at, size in zip(place, self.chunk)]
        return tuple(slice(at, min(at + size, end)) for at, size, end in zip(starts, self.chunk, self.grid))

    def tile_starts(self, chunk: int) -> Int[np.ndarray, "tiles axes"]:
        """The first index on each axis of each tile of a chunk."""
        ranges = [range(part.start, part.stop, tile) for part, tile in zip(self.slices(chunk), self.tile)]
        return np.array(list(itertools.product(*ranges)), dtype=np.int64)

    def _chunks_along(self) -> tuple[int, ...]:
        return tuple(-(-end // size) for end, size in zip(self.grid, self.chunk))


def layout(grid: Grid | Sample, tiling: Tiling) -> Layout:
    """Tile and chunk shapes: whole axes from the last one inwards until the number of points is reached."""
    tile = _fill(grid.shape, (1,) * len(grid.shape), tiling.tile_points)
    return Layout(grid.shape, tile, _fill(grid.shape, tile, max(tiling.chunk_points, math.prod(tile))))


def _fill(shape: tuple[int, ...], unit: tuple[int, ...], points: int) -> tuple[int, ...]:
    """Multiples of the unit, at most the shape (rounded up), filled from the last axis on."""
    filled, room = list(unit), max(points // math.prod(unit), 1)
    for axis in reversed(range(len(shape))):
        whole = -(-shape[axis] // unit[axis])
        parts = -(-whole // min(whole, room))
        multiple = -(-whole // parts)
        filled[axis], room = multiple * unit[axis], room // multiple
    return tuple(filled)


def evaluate_tile(
    problem: AbstractProblem,
    grid: Grid | Sample,
    interpolant: interpolants.Interpolant | None,
    starts: Int[Array, " axes"],
    shape: tuple[int, ...],
    tiling: Tiling,
) -> tuple[dict[str, Array], Bool[Array, "..."], Bool[Array, "..."]]:
    """Outputs of the tile of a shape at starts, which of its points are inside the grid (values repeat beyond), and
    at which `slow` was evaluated and not interpolated.

    1. `slow` at the nodes of the last axis, for every combination of the others, nested so that what does not depend
       on an axis is computed once. 2. Weights carry it to every value of the last axis; lines that the interpolant does
       not describe are cut into pieces, those pieces again, and what is left is evaluated point by point, at a cost
       only in tiles that hold some. 3. `fast` at every point.
    A sample's points are all evaluated exactly.
    """
    if isinstance(grid, Sample):
        index = starts[0] + jnp.arange(shape[0])
        points = {
            name: value.astype(tiling.dtype) for name, value in grid.point(jnp.minimum(index, grid.size - 1)).items()
        }
        return jax.vmap(functools.partial(exact, problem))(points), index < grid.size, jnp.ones(shape, bool)
    indices = [starts[i] + jnp.arange(size) for i, size in enumerate(shape)]
    places = [jnp.minimum(index, axis.size - 1) for axis, index in zip(grid.axes, indices)]
    values = {axis.name: axis.value(place).astype(tiling.dtype) for axis, place in zip(grid.axes[:-1], places)}
    values[grid.names[-1]] = interpolant.values[places[-1]].astype(tiling.dtype)
    inside = functools.reduce(jnp.logical_and, _spread([index < size for index, size in zip(indices, grid.shape)]))
    slow, direct = _slow_on_tile(problem, grid, interpolant, values, indices[-1], tiling.tolerance)
    return _over_product(problem.fast, grid.names, values, slow), inside, direct


def flat_index(grid: Grid | Sample, starts: Int[Array, " axes"], shape: tuple[int, ...]) -> Int[Array, "..."]:
    """The flat grid index of every point of a tile (of no meaning beyond the grid)."""
    strides = [math.prod(grid.shape[i + 1 :]) for i in range(len(shape))]
    return sum(_spread([(starts[i] + jnp.arange(size)) * strides[i] for i, size in enumerate(shape)]))


def _spread(vectors: list[Array]) -> list[Array]:
    """Vectors turned each to its own axis of a common rank."""
    rank = len(vectors)
    return [vector.reshape((1,) * i + (-1,) + (1,) * (rank - 1 - i)) for i, vector in enumerate(vectors)]


def _slow_on_tile(
    problem: AbstractProblem,
    grid: Grid,
    interpolant: interpolants.Interpolant,
    values: dict[str, Array],
    last: Int[Array, " n"],
    tolerance: float,
) -> tuple[Float[Array, "... n k"], Bool[Array, "..."]]:
    slow = functools.partial(_over_product, problem.slow, grid.names)
    like = jax.eval_shape(slow, values)
    if not like.shape[-1]:  # nothing is slow
        return jnp.zeros(like.shape, like.dtype), jnp.zeros(like.shape[:-1], bool)
    if interpolant.weights is None:
        return slow(values), jnp.ones(like.shape[:-1], bool)
    name = grid.names[-1]
    fast, number = values[name], interpolant.nodes.size
    whole = (
        fast.size == grid.shape[-1]
    )  # the same weights for every tile, and pieces, which are those of the whole axis
    finer = interpolant.finer if whole else ()
    every = jnp.pad(fast, (0, -fast.size % number), mode="edge").reshape(-1, number)
    levels = [each.astype(fast.dtype) for each in (interpolant.nodes[None], *(pieces.nodes for pieces in finer), every)]
    owners = [_owners(fast.size, grid.shape[-1], len(each)) for each in levels[:-1]] + [np.arange(fast.size) // number]
    found, bad = _in_blocks(slow, values, name, levels, owners, interpolant, tolerance)
    weights = interpolant.weights if whole else interpolant.weights[:, jnp.minimum(last, grid.shape[-1] - 1)]
    result = interpolants.apply(weights.astype(found.dtype), found[0])
    ends = np.cumsum([len(level) for level in levels])
    pieces = [*(each.weights.astype(found.dtype) for each in finer), None]

    def described(level: int, result: Float[Array, "... n k"], open_: Bool[Array, "... n k"]) -> tuple[Array, Array]:
        blocks = slice(ends[level - 1], ends[level])
        result, open_ = _replaced(pieces[level - 1], owners[level], result, open_, found[blocks], bad[blocks])
        if level + 1 == len(levels):
            return result, jnp.any(open_, axis=-1)
        return jax.lax.cond(
            jnp.any(open_), functools.partial(described, level + 1), lambda result, _: (result, nowhere), result, open_
        )

    nowhere = jnp.zeros(result.shape[:-1], bool)
    return jax.lax.cond(
        jnp.any(bad[0]),
        lambda result: described(1, result, jnp.broadcast_to(bad[0][..., None, :], result.shape)),
        lambda result: (result, nowhere),
        result,
    )


def _owners(values: int, size: int, pieces: int) -> Int[np.ndarray, " values"]:
    """The piece of an axis of this size that each value of a tile belongs to."""
    return np.arange(values) // -(-size // pieces)


def _replaced(
    weights: Float[Array, "pieces n values"] | None,
    owners: Int[np.ndarray, " m"],
    result: Float[Array, "... m k"],
    open_: Bool[Array, "... m k"],
    blocks: Float[Array, "blocks ... n k"],
    bad: Bool[Array, "blocks ... k"],
) -> tuple[Array, Array]:
    """The values that are open from the blocks of a finer level, interpolated in each piece (the last level's are the
    values themselves), and which of them are open still.
    """
    better = blocks if weights is None else jnp.einsum("pnv,p...nk->p...vk", weights, blocks, precision="highest")
    better = jnp.moveaxis(better, 0, -3)
    better = better.reshape(*better.shape[:-3], -1, better.shape[-1])[..., : result.shape[-2], :]
    return jnp.where(open_, better, result), open_ & jnp.moveaxis(bad[owners], 0, -2)


def _in_blocks(
    slow: Callable[[dict[str, Array]], Array],
    values: dict[str, Array],
    name: str,
    levels: list[Float[Array, "blocks n"]],
    owners: list[Int[np.ndarray, " m"]],
    interpolant: interpolants.Interpolant,
    tolerance: float,
) -> tuple[Float[Array, "blocks ... n k"], Bool[Array, "blocks ... k"]]:
    """`slow` with the last axis (name) at the nodes of the first level, one block, and at those blocks of each finer
    level, down to the axis' values, that lie where some line is not described by a coarser one. owners: of each level,
    the block of each value. Returns the blocks of all levels and where each does not describe a line (of the last
    level: where it was needed). One copy of `slow` is compiled for all.
    """
    blocks, parents, first = jnp.concatenate(levels), [np.zeros((1, 2), int)], 0
    for coarse, fine, level in zip(owners, owners[1:], levels[1:]):
        low = np.minimum(np.searchsorted(fine, np.arange(len(level))), len(fine) - 1)
        high = np.maximum(np.searchsorted(fine, np.arange(len(level)), side="right") - 1, low)
        parents.append(first + np.stack([coarse[low], coarse[high]], axis=1))
        first += len(levels[len(parents) - 2])
    above = jnp.asarray(np.concatenate(parents))
    numbers = np.repeat(np.arange(len(levels)), [len(each) for each in levels])
    exact_level, ends = jnp.asarray(numbers == len(levels) - 1), jnp.asarray(np.diff(numbers, append=len(levels)) != 0)
    like = jax.eval_shape(slow, {**values, name: blocks[0]})
    lines = (*like.shape[:-2], like.shape[-1])

    def step(state: tuple) -> tuple:
        i, found, bad, before, here, scale = state
        needed = (i == 0) | bad[above[i, 0]] | bad[above[i, 1]]
        part = jax.lax.cond(
            jnp.any(needed), lambda: slow({**values, name: blocks[i]}), lambda: jnp.zeros(like.shape, like.dtype)
        )
        scale = jnp.where(i == 0, interpolants.largest(part), scale)  # of the whole line, also for its pieces
        unresolved = interpolants.unresolved(interpolant, part, jnp.asarray(tolerance, part.dtype) * scale)
        unresolved = needed & (unresolved | exact_level[i])
        here = here | jnp.any(unresolved)
        return (
            i + 1,
            found.at[i].set(part),
            bad.at[i].set(unresolved),
            jnp.where(ends[i], here, before),
            here & ~ends[i],
            scale,
        )

    def unfinished(state: tuple) -> Bool[Array, ""]:
        i, _, _, before, _, _ = state
        return (i == 0) | ((i < len(blocks)) & before)

    start = (
        jnp.asarray(0),
        jnp.zeros((len(blocks), *like.shape), like.dtype),
        jnp.zeros((len(blocks), *lines), bool),
        jnp.asarray(True),
        jnp.asarray(False),
        jnp.zeros(lines, like.dtype),
    )
    _, found, bad, _, _, _ = jax.lax.while_loop(unfinished, step, start)
    return found, bad


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
