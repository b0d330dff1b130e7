"""Tiles: blocks of a grid of one fixed shape, each evaluated as a product of its axes.

A chunk is a block of whole tiles; a sample of points is a grid of one axis, their index. Numbers depend on the tile shape alone, never on how tiles are grouped.
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

from jaxmix.engine import interpolant as interpolants
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


def evaluate_tile(problem: AbstractProblem, grid: Grid | Sample, interpolant: interpolants.Interpolant | None, starts: Int[Array, " axes"],
                  shape: tuple[int, ...], tiling: Tiling) -> tuple[dict[str, Array], Bool[Array, "..."], Bool[Array, "..."]]:
    """Outputs of the tile of a shape at starts, which of its points are inside the grid (values repeat beyond), and
    which lie on a line that was evaluated point by point (the last axis has length one there).

    1. `slow` at the nodes of the last axis, for every combination of the others, nested so that what does not depend
       on an axis is computed once. 2. Weights carry it to every value of the last axis; lines that the interpolant
       does not describe are replaced by exact ones, at a cost only in tiles that hold some. 3. `fast` at every point.
    A sample's points are all evaluated exactly.
    """
    if isinstance(grid, Sample):
        index = starts[0] + jnp.arange(shape[0])
        points = {name: value.astype(tiling.dtype) for name, value in grid.point(jnp.minimum(index, grid.size - 1)).items()}
        return jax.vmap(functools.partial(exact, problem))(points), index < grid.size, jnp.ones(shape, bool)
    indices = [starts[i] + jnp.arange(size) for i, size in enumerate(shape)]
    values = {axis.name: axis.value(jnp.minimum(index, axis.size - 1)).astype(tiling.dtype)
              for axis, index in zip(grid.axes, indices)}
    inside = functools.reduce(jnp.logical_and, _spread([index < size for index, size in zip(indices, grid.shape)]))
    slow, direct = _slow_on_tile(problem, grid, interpolant, values, indices[-1], tiling.tolerance)
    return _over_product(problem.fast, grid.names, values, slow), inside, direct[..., None]


def flat_index(grid: Grid | Sample, starts: Int[Array, " axes"], shape: tuple[int, ...]) -> Int[Array, "..."]:
    """The flat grid index of every point of a tile (of no meaning beyond the grid)."""
    strides = [math.prod(grid.shape[i + 1 :]) for i in range(len(shape))]
    return sum(_spread([(starts[i] + jnp.arange(size)) * strides[i] for i, size in enumerate(shape)]))


def _spread(vectors: list[Array]) -> list[Array]:
    """Vectors turned each to its own axis of a common rank."""
    rank = len(vectors)
    return [vector.reshape((1,) * i + (-1,) + (1,) * (rank - 1 - i)) for i, vector in enumerate(vectors)]


def _slow_on_tile(problem: AbstractProblem, grid: Grid, interpolant: interpolants.Interpolant, values: dict[str, Array],
                  last: Int[Array, " n"], tolerance: float) -> tuple[Float[Array, "... n k"], Bool[Array, "..."]]:
    slow = functools.partial(_over_product, problem.slow, grid.names)
    like = jax.eval_shape(slow, values)
    if not like.shape[-1]:  # nothing is slow
        return jnp.zeros(like.shape, like.dtype), jnp.zeros(like.shape[:-2], bool)
    if interpolant.weights is None:
        return slow(values), jnp.ones(like.shape[:-2], bool)
    name = grid.names[-1]
    fast, number = values[name], interpolant.nodes.size
    finer = interpolant.finer if _whole(fast, grid) else ()
    every = jnp.pad(fast, (0, -fast.size % number), mode="edge").reshape(-1, number)
    nodes = [interpolant.nodes[None], *(pieces.nodes for pieces in finer)]
    found, bad = _in_blocks(slow, values, name, [*(each.astype(fast.dtype) for each in nodes), every], interpolant, tolerance)
    weights = interpolant.weights[jnp.minimum(last, grid.shape[-1] - 1)].astype(found.dtype)
    result, start = interpolants.apply(weights, found[0]), 1
    for level, size in enumerate([*(len(each) for each in nodes[1:]), len(every)]):
        pieces = finer[level].weights.astype(found.dtype) if level < len(finer) else None
        blocks = found[start : start + size]
        result = jax.lax.cond(jnp.any(bad[level]), functools.partial(_replaced, pieces), lambda result, *_: result, result, blocks, bad[level])
        start += size
    return result, jnp.any(bad[-1], axis=-1)


def _whole(fast: Float[Array, " n"], grid: Grid) -> bool:
    """Whether a tile holds every value of the last axis."""
    return fast.size >= grid.shape[-1]


def _replaced(weights: Float[Array, "pieces values n"] | None, result: Float[Array, "... m k"], blocks: Float[Array, "blocks ... n k"],
              bad: Bool[Array, "... k"]) -> Float[Array, "... m k"]:
    """The lines that are bad from the blocks of a finer level, interpolated in each piece; the last level's are the values themselves."""
    better = blocks if weights is None else jnp.einsum("pvn,p...nk->p...vk", weights, blocks, precision="highest")
    better = jnp.moveaxis(better, 0, -3)
    better = better.reshape(*better.shape[:-3], -1, better.shape[-1])
    missing = max(result.shape[-2] - better.shape[-2], 0)  # values beyond the grid
    better = jnp.pad(better, [(0, 0)] * (better.ndim - 2) + [(0, missing), (0, 0)], mode="edge")[..., : result.shape[-2], :]
    return jnp.where(bad[..., None, :], better, result)


def _in_blocks(slow: Callable[[dict[str, Array]], Array], values: dict[str, Array], name: str, levels: list[Float[Array, "blocks n"]],
               interpolant: interpolants.Interpolant, tolerance: float) -> tuple[Float[Array, "blocks ... n k"], Bool[Array, "levels ... k"]]:
    """`slow` with the last axis (name) at the nodes of the first level, one block; at those of the next one where some line is not described,
    and so on to the last level, which is the axis' values. Returns the blocks of all levels and, for each level but the last, the lines
    that neither it nor a coarser one describes. One copy of `slow` is compiled for all."""
    blocks = jnp.concatenate(levels)
    numbers = np.repeat(np.arange(len(levels)), [len(each) for each in levels])
    level, ends = jnp.asarray(numbers), jnp.asarray(np.diff(numbers, append=len(levels)) != 0)
    like = jax.eval_shape(slow, {**values, name: blocks[0]})
    lines = (*like.shape[:-2], like.shape[-1])

    def step(state: tuple) -> tuple:
        i, found, bad, here, scale = state
        part = slow({**values, name: blocks[i]})
        scale = jnp.where(i == 0, interpolants.largest(part), scale)  # of the whole line, also for its pieces
        here = here | interpolants.unresolved(interpolant, part, jnp.asarray(tolerance, part.dtype) * scale)
        at = jnp.minimum(level[i], len(levels) - 2)
        before = jnp.where(at > 0, bad[jnp.maximum(at - 1, 0)], True)
        closes = ends[i] & (level[i] < len(levels) - 1)
        bad = bad.at[at].set(jnp.where(closes, here & before, bad[at]))
        return i + 1, found.at[i].set(part), bad, here & ~ends[i], scale

    def unfinished(state: tuple) -> Bool[Array, ""]:
        i, _, bad, _, _ = state
        at = level[jnp.minimum(i, len(blocks) - 1)]
        return (i == 0) | ((i < len(blocks)) & jnp.any(bad[jnp.maximum(at - 1, 0)]))

    none = jnp.zeros(lines, bool), jnp.zeros(lines, like.dtype)
    start = jnp.asarray(0), jnp.zeros((len(blocks), *like.shape), like.dtype), jnp.zeros((len(levels) - 1, *lines), bool), *none
    _, found, bad, _, _ = jax.lax.while_loop(unfinished, step, start)
    return found, bad


def _over_product(function: Callable[..., PyTree], names: tuple[str, ...], values: dict[str, Array], *batched: Array) -> PyTree:
    """function(point, *batched) over the product of the values: one vmap an axis, the last name innermost."""

    def at(point: dict[str, Scalar], remaining: tuple[str, ...], *arrays: Array) -> PyTree:
        if not remaining:
            return function(point, *arrays)
        return jax.vmap(lambda value, *parts: at({**point, remaining[0]: value}, remaining[1:], *parts))(
            values[remaining[0]], *arrays
        )

    return at({}, names, *batched)
