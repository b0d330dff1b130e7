"""Evaluation of a problem on a grid, chunk by chunk, on one or several devices of the machine."""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxmix.engine import compiling
from jaxmix.engine import interpolant as interpolants
from jaxmix.engine import summary as summaries
from jaxmix.engine.points import Grid
from jaxmix.engine.problem import AbstractProblem, exact, place
from jaxmix.engine.summary import Summary
from jaxmix.engine.tiles import Layout, Tiling, evaluate_tile, flat_index, layout

_IN_FLIGHT = 2  # chunks a device works on while the host takes earlier ones


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A finished block of the grid: its number, its place in the grid, its summary, and its outputs as NumPy arrays
    of the block's shape (None where only the summary was asked for)."""

    index: int
    slices: tuple[slice, ...]
    summary: Summary
    outputs: dict[str, np.ndarray] | None


def evaluate(problem: AbstractProblem, grid: Grid, tiling: Tiling = Tiling(), *, chunks: Iterable[int] | None = None,
             keep: bool = True, progress: Callable[[int, int], None] | None = None,
             devices: Sequence[jax.Device] | None = None) -> Iterator[Chunk]:
    """Yields the chunks of a grid in the order asked for (all by default: skip some to resume, or to share a job).

    keep=False leaves the outputs on the device and yields summaries alone: memory and traffic then do not grow with
    the number of points. progress(done points, total points) is called before each chunk is yielded. The numbers
    are the same bit for bit for every chunk size, order and number of devices at one tile shape.
    """
    shapes = layout(grid, tiling)
    asked = list(range(shapes.chunks)) if chunks is None else list(chunks)
    if any(not 0 <= index < shapes.chunks for index in asked):
        raise ValueError(f"evaluate: chunks must be among 0 to {shapes.chunks - 1}, got {asked}.")
    homes = list(devices or jax.local_devices()[:1])
    placed = [_place(problem, grid, tiling, home) for home in homes]
    total = sum(_points(shapes.slices(index)) for index in asked)
    waiting, done = collections.deque(), 0
    for order, index in enumerate(asked):
        waiting.append((index, _start(placed[order % len(homes)], shapes, index, tiling, keep)))
        if len(waiting) == _IN_FLIGHT * len(homes):
            done = yield from _finish(*waiting.popleft(), shapes, progress, done, total)
    while waiting:
        done = yield from _finish(*waiting.popleft(), shapes, progress, done, total)


def summarise(problem: AbstractProblem, grid: Grid, tiling: Tiling = Tiling(), **options) -> Summary:
    """Summary of a whole grid (or of some chunks), reduced on the device; options as in `evaluate`."""
    return summaries.merge_all(chunk.summary for chunk in evaluate(problem, grid, tiling, keep=False, **options))


def evaluate_points(problem: AbstractProblem, points: dict[str, Float[Array, " n"]], *, batch: int = 1024,
                    dtype: str = "float64", quick: bool = False) -> dict[str, Array]:
    """Exact outputs at a list of points (random, Sobol, or gathered from a grid), in batches of one size; quick: compiled in the least
    time, for a few of them."""
    size = len(next(iter(points.values())))
    padded = -(-size // batch) * batch
    arrays = {name: np.pad(np.asarray(value, dtype), (0, padded - size), mode="edge") for name, value in points.items()}
    ready = place(problem, dtype)
    evaluated = compiling.quickly(_few) if quick else _exact_batch
    parts = [jax.device_get(evaluated(ready, {name: value[at : at + batch] for name, value in arrays.items()}))
             for at in range(0, padded, batch)]
    return {name: np.concatenate([part[name] for part in parts])[:size] for name in parts[0]}


def interpolation_error(problem: AbstractProblem, grid: Grid, tiling: Tiling = Tiling(), *, samples: int = 1000,
                        seed: int = 0) -> dict[str, float]:
    """The largest |on the grid / exact - 1| of each float output over random grid points.

    "status" holds the number of samples whose status, or whose being defined, differs.
    """
    random = np.random.default_rng(seed)
    places = np.stack([random.integers(0, size, samples) for size in grid.shape], axis=1)
    found = jax.device_get(_at_places(*_place(problem, grid, tiling, None), jnp.asarray(places), tiling))
    values = {axis.name: np.asarray(axis.value(places[:, i])) for i, axis in enumerate(grid.axes)}
    truth = evaluate_points(problem, values, batch=min(samples, 1024), dtype=tiling.dtype)
    floats = [name for name in truth if np.issubdtype(truth[name].dtype, np.floating)]
    differs = np.zeros(samples, bool) if "status" not in truth else truth["status"] != found["status"]
    for name in floats:
        differs |= np.isnan(truth[name]) != np.isnan(found[name])
    return {name: _largest_deviation(found[name], truth[name]) for name in floats} | {"status": float(differs.sum())}


def _largest_deviation(found: np.ndarray, truth: np.ndarray) -> float:
    usable = np.isfinite(truth) & np.isfinite(found) & (truth != 0)
    return float(np.max(np.abs(found[usable] / truth[usable] - 1.0), initial=0.0))


def _place(problem: AbstractProblem, grid: Grid, tiling: Tiling, device: jax.Device | None) -> tuple:
    interpolant = interpolants.along(grid.axes[-1], tiling.nodes)
    return place(problem, tiling.dtype, device), place(grid, None, device), place(interpolant, None, device)


def _points(slices: tuple[slice, ...]) -> int:
    return int(np.prod([part.stop - part.start for part in slices], dtype=np.int64))


def _start(placed: tuple, shapes: Layout, index: int, tiling: Tiling, keep: bool) -> tuple:
    """Sends a chunk to its device; the answer arrives later."""
    starts = shapes.tile_starts(index)
    padded = np.pad(starts, ((0, shapes.tiles_in_chunk - len(starts)), (0, 0)), mode="edge")
    return _run(*placed, jnp.asarray(padded), jnp.asarray(len(starts)), shapes.tile, tiling, keep)


def _finish(index: int, answer: tuple, shapes: Layout, progress: Callable[[int, int], None] | None, done: int, total: int):
    buffers, summary = jax.device_get(answer)
    slices = shapes.slices(index)
    outputs = None if buffers is None else {name: _join(buffer, shapes, index) for name, buffer in buffers.items()}
    done += _points(slices)
    if progress is not None:
        progress(done, total)
    yield Chunk(index, slices, summary, outputs)
    return done


def _join(buffer: np.ndarray, shapes: Layout, index: int) -> np.ndarray:
    """The block of a chunk from its tiles, without what reaches beyond the grid."""
    slices = shapes.slices(index)
    block = np.empty([part.stop - part.start for part in slices], buffer.dtype)
    for tile, starts in zip(buffer, shapes.tile_starts(index)):
        where = tuple(slice(at - part.start, at - part.start + size) for at, part, size in zip(starts, slices, shapes.tile))
        target = block[where]
        target[...] = tile[tuple(slice(0, size) for size in target.shape)]
    return block


# The loop's length is an argument, not a shape: one program serves full and short chunks, and the compiler cannot
# unroll a single tile into something that rounds otherwise.
@eqx.filter_jit
def _run(problem: AbstractProblem, grid: Grid, interpolant: interpolants.Interpolant, starts: Int[Array, "tiles axes"],
         count: Int[Array, ""], shape: tuple[int, ...], tiling: Tiling, keep: bool) -> tuple:
    @jax.jit  # one trace for the shapes and for the loop
    def one(start):
        outputs, inside, direct = evaluate_tile(problem, grid, interpolant, start, shape, tiling)
        return outputs, summaries.summarise(outputs, flat_index(grid, start, shape), inside, direct)

    def step(i, carry):
        buffers, total = carry
        outputs, part = one(starts[i])
        if keep:
            buffers = {name: buffers[name].at[i].set(value) for name, value in outputs.items()}
        return buffers, summaries.merge(total, part)

    like, part = jax.eval_shape(one, starts[0])
    buffers = {name: jnp.zeros((len(starts), *leaf.shape), leaf.dtype) for name, leaf in like.items()} if keep else None
    return jax.lax.fori_loop(0, count, step, (buffers, summaries.empty(part)))


@eqx.filter_jit
def _at_places(problem: AbstractProblem, grid: Grid, interpolant: interpolants.Interpolant, places: Int[Array, "n axes"],
               tiling: Tiling) -> dict[str, Array]:
    single = (1,) * len(grid.shape)
    outputs = jax.lax.map(lambda start: evaluate_tile(problem, grid, interpolant, start, single, tiling)[0], places)
    return {name: value.reshape(-1) for name, value in outputs.items()}


def _few(problem: AbstractProblem, points: dict[str, Float[Array, " n"]]) -> dict[str, Array]:
    return jax.vmap(lambda point: exact(problem, point))(points)


_exact_batch = eqx.filter_jit(_few)
