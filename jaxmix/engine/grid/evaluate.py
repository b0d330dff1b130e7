"""Evaluation of a problem on a grid, chunk by chunk, on one or several devices of the machine."""

import collections
import dataclasses
import functools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from jaxmix.engine.compile import options as compiling
from jaxmix.engine.compile.options import CompileLevel
from jaxmix.engine.grid import interpolant as interpolants
from jaxmix.engine.grid import maps as mapping
from jaxmix.engine.grid import summary as summaries
from jaxmix.engine.grid.layout import Layout, Tiling, layout
from jaxmix.engine.grid.summary import Summary
from jaxmix.engine.grid.tiles import evaluate_tile, flat_index, placed
from jaxmix.engine.points import Grid
from jaxmix.engine.problem import AbstractProblem
from jaxmix.engine.samples import Sample

_IN_FLIGHT = 2  # chunks a device works on while the host takes earlier ones


@dataclasses.dataclass(frozen=True)
class Reduction:
    """What is reduced besides the summary.

    Attributes
    ----------
    kept
        The axes of the maps, all others reduced; empty: no maps.
    histogram
        Whether values are counted in a histogram.
    """

    kept: tuple[str, ...] = ()
    histogram: bool = False


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A finished block of the grid.

    Attributes
    ----------
    index
        Its number.
    slices
        Its place in the grid.
    summary
        The summary of its points.
    outputs
        By name arrays of the block's shape; None where only summaries were asked for.
    maps
        By name the maps of the block; empty where none were asked for.
    """

    index: int
    slices: tuple[slice, ...]
    summary: Summary
    outputs: dict[str, np.ndarray] | None
    maps: dict[str, np.ndarray]


def evaluate(
    problem: AbstractProblem,
    grid: Grid | Sample,
    tiling: Tiling = Tiling(),
    *,
    chunks: Iterable[int] | None = None,
    keep: bool = True,
    reduction: Reduction = Reduction(),
    progress: Callable[[int, int], None] | None = None,
    devices: Sequence[jax.Device] | None = None,
    compile_level: CompileLevel = "fast_run",
) -> Iterator[Chunk]:
    """Evaluate a problem on a grid or a sample of points, chunk by chunk.

    One program runs on all devices, which share the tiles of each chunk. At one tile shape the numbers are the same bit
    for bit for every chunk size, order and number of devices (two or more; one alone differs in the last digits).

    Parameters
    ----------
    problem
        What is evaluated.
    grid
        The points.
    tiling
        How the grid is cut up and interpolated.
    chunks
        The numbers of the chunks, in the order wanted (default: all); some are left out to resume or to share a job.
    keep
        False: the outputs stay on the devices, so that memory and traffic do not grow with the number of points.
    reduction
        What is reduced besides the summary.
    progress
        Called before each chunk is yielded with the points done and their total.
    devices
        Those that evaluate (default: all of this process).
    compile_level
        "balanced" compiles in less time, for some 1e5 points.

    Yields
    ------
    Chunk
        The chunks in the order asked for.

    Raises
    ------
    ValueError
        For maps of a sample, and for a chunk that the grid does not have.
    """
    if reduction.kept and not isinstance(grid, Grid):
        raise ValueError("evaluate: maps are over the axes of a grid; a sample of points has none.")
    shapes = layout(grid, tiling)
    asked = list(range(shapes.chunks)) if chunks is None else list(chunks)
    if any(not 0 <= index < shapes.chunks for index in asked):
        raise ValueError(f"evaluate: chunks must be among 0 to {shapes.chunks - 1}, got {asked}.")
    mesh = jax.sharding.Mesh(np.array(list(devices or jax.local_devices())), ("device",))
    plan = _Plan(
        shapes,
        tiling,
        keep,
        tuple(i for i, name in enumerate(grid.names) if reduction.kept and name not in reduction.kept),
        bool(reduction.kept),
        reduction.histogram,
        compile_level,
    )
    ready = placed(problem, grid, tiling, jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec()))
    total = sum(_points(shapes.slices(index)) for index in asked)
    waiting: collections.deque[tuple[int, tuple]] = collections.deque()
    done = 0
    for index in asked:
        waiting.append((index, _start(ready, plan, index, mesh)))
        if len(waiting) == _IN_FLIGHT:
            first, answer = waiting.popleft()
            done = yield from _finish(first, answer, plan, progress, done, total)
    for first, answer in waiting:
        done = yield from _finish(first, answer, plan, progress, done, total)


def summarise(problem: AbstractProblem, grid: Grid | Sample, tiling: Tiling = Tiling(), **options: Any) -> Summary:
    """The summary of a whole grid, or of some of its chunks, reduced on the device.

    Parameters
    ----------
    problem, grid, tiling
        As for `evaluate`.
    **options
        The options of `evaluate`, without `keep`.
    """
    return summaries.merge_all(chunk.summary for chunk in evaluate(problem, grid, tiling, keep=False, **options))


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What a program of chunks is compiled for: the shapes, and what is kept."""

    shapes: Layout
    tiling: Tiling
    keep: bool
    reduced: tuple[int, ...]
    mapped: bool
    histogram: bool
    compile_level: CompileLevel

    @property
    def block(self) -> tuple[int, ...]:
        """Shape of a chunk's maps."""
        return tuple(1 if axis in self.reduced else size for axis, size in enumerate(self.shapes.chunk))

    def kept(self, slices: tuple[slice, ...]) -> tuple[slice, ...]:
        """A chunk's place in the maps."""
        return tuple(slice(0, 1) if axis in self.reduced else part for axis, part in enumerate(slices))


def _points(slices: tuple[slice, ...]) -> int:
    return int(np.prod([part.stop - part.start for part in slices], dtype=np.int64))


def _start(ready: tuple, plan: _Plan, index: int, mesh: jax.sharding.Mesh) -> tuple:
    """Sends a chunk to the devices; the answer arrives later. Neighbouring tiles go to different devices, as costly
    tiles lie together.
    """
    devices, starts = mesh.devices.size, plan.shapes.tile_starts(index)
    most = -(-plan.shapes.tiles_in_chunk // devices)
    padded = (
        np.pad(starts, ((0, most * devices - len(starts)), (0, 0)), mode="edge")
        .reshape(most, devices, -1)
        .swapaxes(0, 1)
    )
    counts = np.array([len(range(device, len(starts), devices)) for device in range(devices)])
    run = compiling.at_level(_run, plan.compile_level)
    return run(*ready, jnp.asarray(padded), jnp.asarray(counts), jnp.asarray(starts[0]), plan, mesh)


def _finish(
    index: int, answer: tuple, plan: _Plan, progress: Callable[[int, int], None] | None, done: int, total: int
) -> Generator[Chunk, None, int]:
    """Yields a chunk once its answer is there; returns the number of points done."""
    buffers, rows = jax.device_get(answer)
    summary, maps = _merged(rows)
    slices = plan.shapes.slices(index)
    outputs = None if buffers is None else {name: _join(buffer, plan.shapes, index) for name, buffer in buffers.items()}
    inner = tuple(slice(0, part.stop - part.start) for part in plan.kept(slices))
    done += _points(slices)
    if progress is not None:
        progress(done, total)
    yield Chunk(index, slices, summary, outputs, {} if maps is None else mapping.as_arrays(maps, inner))
    return done


@jax.jit
def _of_rows(rows: tuple[Summary, mapping.Maps | None]) -> tuple[Summary, mapping.Maps | None]:
    parts = [jax.tree.map(lambda leaf, i=i: leaf[i], rows) for i in range(len(rows[0].points))]
    return functools.reduce(
        lambda left, right: (
            summaries.merge(left[0], right[0]),
            None if left[1] is None else mapping.merge(left[1], right[1]),
        ),
        parts,
    )


def _merged(rows: tuple[Summary, mapping.Maps | None]) -> tuple[Summary, mapping.Maps | None]:
    """Summary and maps of all devices, on the host: devices that do not wait for each other at a chunk's end are never
    idle.
    """
    if len(rows[0].points) == 1:
        return jax.tree.map(lambda leaf: leaf[0], rows)
    return jax.device_get(_of_rows(rows))


def _join(buffer: np.ndarray, shapes: Layout, index: int) -> np.ndarray:
    """The block of a chunk from its tiles [device, tile of the device], without what reaches beyond the grid."""
    slices, devices = shapes.slices(index), len(buffer)
    block = np.empty([part.stop - part.start for part in slices], buffer.dtype)
    for number, starts in enumerate(shapes.tile_starts(index)):
        where = tuple(
            slice(at - part.start, at - part.start + size) for at, part, size in zip(starts, slices, shapes.tile)
        )
        target = block[where]
        target[...] = buffer[number % devices, number // devices][tuple(slice(0, size) for size in target.shape)]
    return block


# The loop's length is an argument, not a shape: one program serves full and short chunks, and the compiler cannot
# unroll a single tile into something that rounds otherwise.
def _run(
    problem: AbstractProblem,
    grid: Grid | Sample,
    interpolant: interpolants.Interpolant | None,
    starts: Int[Array, "devices tiles axes"],
    counts: Int[Array, " devices"],
    corner: Int[Array, " axes"],
    plan: _Plan,
    mesh: jax.sharding.Mesh,
) -> tuple:
    arrays, static = eqx.partition((problem, grid, interpolant), eqx.is_array)
    split, whole = jax.sharding.PartitionSpec("device"), jax.sharding.PartitionSpec()

    def on_device(arrays, starts, count):
        answer = _tiles(*eqx.combine(arrays, static), starts[0], count[0], corner, plan)
        return jax.tree.map(lambda leaf: leaf[None], answer)

    shared = jax.shard_map(on_device, mesh=mesh, in_specs=(whole, split, split), out_specs=split, check_vma=False)
    return shared(arrays, starts, counts)


def _tiles(
    problem: AbstractProblem,
    grid: Grid | Sample,
    interpolant: interpolants.Interpolant | None,
    starts: Int[Array, "tiles axes"],
    count: Int[Array, ""],
    corner: Int[Array, " axes"],
    plan: _Plan,
) -> tuple:
    """Outputs of the tiles of one device where they are kept, their summary, and their maps."""
    evaluated = jax.jit(
        lambda start: evaluate_tile(problem, grid, interpolant, start, plan.shapes.tile, plan.tiling)
    )  # one trace for the shapes and the loop

    def step(i, carry):
        buffers, total, maps = carry
        outputs, inside, direct = jax.lax.fori_loop(
            0, jnp.minimum(count, 1), lambda _, __: evaluated(starts[i]), nothing
        )
        index = flat_index(grid, starts[i], plan.shapes.tile)
        if plan.keep:
            buffers = {name: buffers[name].at[i].set(value) for name, value in outputs.items()}
        if plan.mapped:
            maps = mapping.absorb(maps, outputs, index, inside, plan.reduced, starts[i] - corner)
        return buffers, summaries.absorb(total, outputs, index, inside, direct, plan.histogram), maps

    # A loop of one turn, of which the compiler does not know the number: its body is compiled by itself, so that no
    # rounding depends on what is done with its results, and these are formed once, not anew inside each of the
    # reductions.
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(evaluated, starts[0]))
    like = nothing[0]
    buffers = (
        {name: jnp.zeros((len(starts), *leaf.shape), leaf.dtype) for name, leaf in like.items()} if plan.keep else None
    )
    maps = mapping.empty_of(like, plan.block) if plan.mapped else None
    buffers, total, maps = jax.lax.fori_loop(0, count, step, (buffers, summaries.empty_of(like, plan.histogram), maps))
    return buffers, (total, maps)
