"""Topology by marching squares: which crossed edges of which cells join, and the chains that they form."""

import numpy as np

from jaxmix.engine.cells import CORNERS, Lattice, crossing_edges

# Edge k of a cell runs between its corners k and k + 1: bottom, right, top, left.
_EDGE_CORNERS = np.array([[[0, 0], [1, 0]], [[1, 0], [1, 1]], [[0, 1], [1, 1]], [[0, 0], [0, 1]]])
_UPRIGHT = np.array([0, 1, 0, 1])


def segments(lattice: Lattice, cells: np.ndarray) -> np.ndarray:
    """Pairs of edge numbers [n, 2], one for each passage of the level through a crossed cell.

    Where all four edges are crossed (a saddle), f at the cell's centre tells which corners are joined.
    """
    corners = cells[:, None, :] + CORNERS[None, :, :]
    f = lattice.at(corners)[..., 0]
    crossed = crossing_edges(f)
    number = 2 * lattice.key(cells[:, None, :] + _EDGE_CORNERS[None, :, 0, :]) + _UPRIGHT[None, :]
    plain, saddle = crossed.sum(axis=1) == 2, crossed.sum(axis=1) == 4
    pairs = [number[plain][crossed[plain]].reshape(-1, 2)]
    if saddle.any():
        centre = lattice.place(corners[saddle])[:, [0, 2]].mean(axis=1)
        joined = (lattice.sampler(*centre.T)[0] >= 0) == (f[saddle, 0] >= 0)  # corners 0 and 2 through the centre
        edges = number[saddle]
        shifted = np.where(joined[:, None], edges, np.roll(edges, 1, axis=1))
        pairs.append(shifted.reshape(-1, 2))
    return np.concatenate(pairs)


def edge_ends(lattice: Lattice, edges: np.ndarray) -> np.ndarray:
    """The two lattice points [n, 2, 2] of each edge number."""
    first = lattice.from_key(edges // 2)
    upright = (edges % 2)[:, None]
    return np.stack([first, first + np.concatenate([1 - upright, upright], axis=1)], axis=1)


def on_boundary(lattice: Lattice, edges: np.ndarray) -> np.ndarray:
    """Whether each edge lies on the boundary of the box."""
    ends = edge_ends(lattice, edges)
    fixed = ends[:, 0, :] == ends[:, 1, :]
    last = np.array(lattice.shape)[None, :] - 1
    return np.any(fixed & ((ends[:, 0, :] == 0) | (ends[:, 0, :] == last)), axis=1)


def chains(pairs: np.ndarray, size: int) -> list[tuple[np.ndarray, bool]]:
    """Chains of vertices 0 to size - 1, each in order with whether it is closed, from the pairs that are joined.

    A vertex is in one pair (the end of an open chain) or in two.
    """
    neighbours = [[] for _ in range(size)]
    for a, b in pairs.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    ends = [vertex for vertex in range(size) if len(neighbours[vertex]) == 1]
    used, found = np.zeros(size, bool), []
    for start in [*ends, *range(size)]:
        if not used[start]:
            chain = _walk(start, neighbours, used)
            found.append((np.array(chain), len(neighbours[start]) == 2))
    return found


def _walk(start: int, neighbours: list[list[int]], used: np.ndarray) -> list[int]:
    chain, here = [], start
    while here is not None:
        chain.append(here)
        used[here] = True
        here = next((vertex for vertex in neighbours[here] if not used[vertex]), None)
    return chain
