"""How a grid is cut up: tiles of one fixed shape, and chunks of whole tiles."""

import dataclasses
import itertools
import math

import numpy as np
from jaxtyping import Int

from jaxmix.engine.points import Grid
from jaxmix.engine.samples import Sample


@dataclasses.dataclass(frozen=True)
class Tiling:
    """How a grid is cut up and interpolated.

    Attributes
    ----------
    tile_points
        Points of a tile, about; the working set is to be 1 to 10 MB on a CPU.
    chunk_points
        Points of a chunk, about.
    nodes
        Evaluations of `slow` along the last axis.
    tolerance
        Of the interpolation, relative to the largest value on a line; lines beyond it are evaluated point by point.
    dtype
        "float64" or "float32".
    """

    tile_points: int = 1024
    chunk_points: int = 2**20
    nodes: int = 24
    tolerance: float = 1e-5
    dtype: str = "float64"


@dataclasses.dataclass(frozen=True)
class Layout:
    """The shapes of a grid, of its tiles, and of its chunks (a multiple of the tile's on every axis)."""

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
    """Tile and chunk shapes: whole axes from the last one inwards until the number of points is reached.

    Parameters
    ----------
    grid
        A grid, or a sample of points.
    tiling
        How many points tiles and chunks have.
    """
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
