"""The adaptive pass: the cells of a fine lattice that the level crosses, found without looking at all of them."""

import numpy as np

from jaxmix.engine.box import Sampler

# Corners of a cell counterclockwise, and the direction from each into the cell.
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
_INWARDS = 1 - 2 * CORNERS


class Lattice:
    """The points of a box where coarse nodes are each divided into 2^depth steps; values are computed once, on demand.

    nodes: box coordinates of the coarse nodes along u and v. A lattice point has integer coordinates (i, j).
    """

    def __init__(self, sampler: Sampler, nodes: tuple[np.ndarray, np.ndarray], depth: int):
        self.sampler, self.depth = sampler, depth
        steps = [np.arange((len(along) - 1) * 2**depth + 1) / 2**depth for along in nodes]
        self.positions = [np.interp(step, np.arange(len(along)), along) for step, along in zip(steps, nodes)]
        self.shape = tuple(len(along) for along in self.positions)
        self._keys, self._values = np.zeros(0, np.int64), np.zeros((0, 3))

    def key(self, ij: np.ndarray) -> np.ndarray:
        """One integer for each lattice point."""
        return ij[..., 0] * self.shape[1] + ij[..., 1]

    def from_key(self, key: np.ndarray) -> np.ndarray:
        """The lattice point of each key."""
        return np.stack(np.divmod(key, self.shape[1]), axis=-1)

    def place(self, ij: np.ndarray) -> np.ndarray:
        """Box coordinates of lattice points."""
        return np.stack([self.positions[0][ij[..., 0]], self.positions[1][ij[..., 1]]], axis=-1)

    def at(self, ij: np.ndarray) -> np.ndarray:
        """(f, df/du, df/dv) at lattice points [..., 2], as [..., 3]."""
        keys = self.key(ij)
        missing = np.setdiff1d(keys, self._keys)
        if missing.size:
            value, slope = self.sampler(*self.place(self.from_key(missing)).T)
            joined = np.concatenate([self._keys, missing])
            order = np.argsort(joined)
            self._keys = joined[order]
            self._values = np.concatenate([self._values, np.column_stack([value, slope])])[order]
        return self._values[np.searchsorted(self._keys, keys)]


def crossed(lattice: Lattice, caution: float) -> np.ndarray:
    """The lattice's finest cells (lower corners) that the level crosses, at all four corners of which f exists.

    1. Coarse cells whose corners differ in sign, or whose values and gradients let a crossing hide inside, are split
    in four, down to the finest. 2. Where the level leaves a crossed cell through an edge, the cell beyond is taken
    in as well, until each component is whole or ends at the box or at the edge of f's domain.
    """
    cells = _all_cells(lattice)
    for depth in reversed(range(lattice.depth + 1)):
        corners = cells[:, None, :] + CORNERS[None, :, :] * 2**depth
        values = lattice.at(corners)
        if depth:
            suspects = _suspect(values, lattice.place(corners[:, 2]) - lattice.place(corners[:, 0]), caution)
            cells = (cells[suspects][:, None, :] + CORNERS[None, :, :] * 2 ** (depth - 1)).reshape(-1, 2)
    return _flood(lattice, cells)


def crossing_edges(values: np.ndarray) -> np.ndarray:
    """Which edges (bottom, right, top, left) of cells with corner values f [n, 4] the level crosses; f = 0 is positive."""
    positive = values >= 0
    return positive != np.roll(positive, -1, axis=1)


def _all_cells(lattice: Lattice) -> np.ndarray:
    step = 2**lattice.depth
    i, j = np.meshgrid(*(np.arange(0, size - 1, step) for size in lattice.shape), indexing="ij")
    return np.column_stack([i.ravel(), j.ravel()])


def _suspect(values: np.ndarray, widths: np.ndarray, caution: float) -> np.ndarray:
    """Cells of some sizes that may hold a piece of the level: corner signs differ, or a corner's tangent plane,
    steepened by caution, reaches zero inside the cell."""
    f, slopes = values[..., 0], values[..., 1:]
    finite = np.isfinite(f)
    sign = np.where(f >= 0, 1.0, -1.0)
    changes = np.any(finite & (sign > 0), axis=1) & np.any(finite & (sign < 0), axis=1)
    falls = np.maximum(0.0, -sign[..., None] * slopes * _INWARDS[None, :, :] * widths[:, None, :]).sum(axis=-1)
    return changes | np.any(finite & (np.abs(f) <= caution * falls), axis=1)


def _flood(lattice: Lattice, cells: np.ndarray) -> np.ndarray:
    seen, kept = np.zeros(0, np.int64), []
    while len(cells):
        seen = np.union1d(seen, lattice.key(cells))
        f = lattice.at(cells[:, None, :] + CORNERS[None, :, :])[..., 0]
        edges = crossing_edges(f) & np.all(np.isfinite(f), axis=1)[:, None]
        kept.append(cells[edges.any(axis=1)])
        cells = _beyond(lattice, cells, edges, seen)
    return np.concatenate(kept) if kept else np.zeros((0, 2), np.int64)


def _beyond(lattice: Lattice, cells: np.ndarray, edges: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Cells on the other side of crossed edges that have not been seen yet."""
    outwards = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])
    row, edge = np.nonzero(edges)
    found = cells[row] + outwards[edge]
    found = found[np.all((found >= 0) & (found < np.array(lattice.shape)[None, :] - 1), axis=1)]
    return lattice.from_key(np.setdiff1d(lattice.key(found), seen))
