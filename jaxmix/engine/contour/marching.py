"""Topology: the crossed stretches of the cells' boundaries, which of them each cell joins, and the chains that they
form.

A cell's boundary is cut into stretches by the corners of all cells beside it, so that two neighbours have the same
stretches in common however finely each is divided. The sign of f at the ends of a stretch tells whether the level
crosses it.
"""

import dataclasses

import numpy as np

from jaxmix.engine.contour.subdivide import Cells, Lattice


@dataclasses.dataclass(frozen=True)
class Points:
    """The lattice points that have values: along v as the lattice sorts them, and along u (places in that order); their
    side of the level.
    """

    lattice: Lattice
    across: np.ndarray  # places in the lattice's order, sorted by (plane, j, i)
    across_keys: np.ndarray
    positive: np.ndarray
    valid: np.ndarray

    @classmethod
    def of(cls, lattice: Lattice, positive: np.ndarray, valid: np.ndarray) -> "Points":
        """positive, valid [m]: of all points in the lattice's order."""
        keys = _across_key(lattice, lattice.from_key(lattice.keys))
        across = np.argsort(keys)
        return cls(lattice, across, keys[across], positive, valid)

    def ends(self, edges: np.ndarray) -> np.ndarray:
        """The two places [n, 2] of the points that each stretch joins: number 2 k runs along v from the k-th point, 2 k
        + 1 along u.
        """
        first = edges // 2
        across = self.across[np.stack([first, np.minimum(first + 1, len(self.across) - 1)], axis=-1)]
        return np.where((edges % 2)[:, None] == 1, across, np.stack([first, first + 1], axis=-1))


@dataclasses.dataclass(frozen=True)
class Crossings:
    """The crossed stretches of cells, counterclockwise for each: owner [k] (cell), edge [k], whether f is positive
    behind it [k]; number [cells]: how many each has.
    """

    owner: np.ndarray
    edge: np.ndarray
    positive: np.ndarray
    number: np.ndarray


def crossings(points: Points, cells: Cells) -> Crossings:
    """All crossed stretches of the boundaries of cells."""
    corners = cells.corners()
    found = [
        _stretches(points, corners[:, a], corners[:, b], across)
        for a, b, across in ((0, 1, True), (1, 2, False), (3, 2, True), (0, 3, False))
    ]
    parts = []
    for side, (owner, edge, rank) in enumerate(found):
        ends = points.ends(edge)
        crossed = points.valid[ends].all(axis=1) & (points.positive[ends[:, 0]] != points.positive[ends[:, 1]])
        backwards = side >= 2  # the top and the left side are gone through against their points' order
        behind = points.positive[ends[:, 0 if backwards else 1]]
        parts.append(
            np.stack([owner, np.full_like(owner, side), -rank if backwards else rank, edge, behind], axis=1)[crossed]
        )
    every = np.concatenate(parts)
    every = every[np.lexsort((every[:, 2], every[:, 1], every[:, 0]))]
    return Crossings(
        every[:, 0], every[:, 3], every[:, 4].astype(bool), np.bincount(every[:, 0], minlength=len(corners))
    )


def pairs(points: Points, cells: Cells, found: Crossings) -> np.ndarray:
    """Pairs of stretches [n, 2], one for each passage of the level through a cell.

    Where a cell has more than two, f at its centre tells: stretches of the boundary of the other sign are cut off, each
    by itself.
    """
    start = np.concatenate([[0], np.cumsum(found.number)])
    two = np.nonzero(found.number == 2)[0]
    plain = np.stack([found.edge[start[two]], found.edge[start[two] + 1]], axis=1)
    many = np.nonzero(found.number > 2)[0]
    if not many.size:
        return plain
    place = points.lattice.place(cells.corners()[many])
    centre = points.lattice.sampler(cells.corner[many, 0], place[:, [0, 2]].mean(axis=1))[:, 0] >= 0
    others = [
        _cut_off(found.edge[start[cell] : start[cell + 1]], found.positive[start[cell] : start[cell + 1]], sign)
        for cell, sign in zip(many, centre)
    ]
    return np.concatenate([plain, *others])


def on_boundary(points: Points, edges: np.ndarray) -> np.ndarray:
    """Whether each stretch lies on the boundary of the box."""
    where = points.lattice.from_key(points.lattice.keys[points.ends(edges)])[..., 1:]
    fixed = where[:, 0] == where[:, 1]
    last = np.array(points.lattice.shape)[None] - 1
    return np.any(fixed & ((where[:, 0] == 0) | (where[:, 0] == last)), axis=1)


def chains(pairs: np.ndarray, size: int) -> list[tuple[np.ndarray, bool]]:
    """Chains of vertices 0 to size - 1, each in order with whether it is closed, from the pairs that are joined.

    A vertex is in one pair (the end of an open chain) or in two; one in none is a chain of its own.
    """
    neighbours: list[list[int]] = [[] for _ in range(size)]
    for a, b in pairs.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    used = np.zeros(size, bool)
    ends = [vertex for vertex in range(size) if len(neighbours[vertex]) < 2]
    found = [(_walk(start, neighbours, used), False) for start in ends if not used[start]]
    found += [(_walk(start, neighbours, used), True) for start in range(size) if not used[start]]
    return [(np.array(chain), closed) for chain, closed in found if chain]


def _walk(start: int, neighbours: list[list[int]], used: np.ndarray) -> list[int]:
    chain, here = [], None if used[start] else start
    while here is not None:
        chain.append(here)
        used[here] = True
        here = next((vertex for vertex in neighbours[here] if not used[vertex]), None)
    return chain


def _across_key(lattice: Lattice, points: np.ndarray) -> np.ndarray:
    return (points[..., 0] * lattice.shape[1] + points[..., 2]) * lattice.shape[0] + points[..., 1]


def _stretches(
    points: Points, first: np.ndarray, last: np.ndarray, across: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the sides from first to last [n, 3]: the side, the number and the rank of every stretch."""
    lattice = points.lattice
    keys = points.across_keys if across else lattice.keys
    begin, end = (
        np.searchsorted(keys, _across_key(lattice, point) if across else lattice.key(point)) for point in (first, last)
    )
    owner = np.repeat(np.arange(len(first)), end - begin)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
    return owner, 2 * (begin[owner] + rank) + across, rank


def _cut_off(edges: np.ndarray, positive: np.ndarray, centre: bool) -> np.ndarray:
    """Neighbouring stretches around boundary arcs whose sign is not the centre's; positive: of the arc behind each."""
    following = np.roll(edges, -1)
    wanted = positive != centre
    if len(edges) % 2:  # f ends inside the cell: the arcs do not alternate
        return np.stack([edges[:1], following[:1]], axis=1)
    return np.stack([edges[wanted], following[wanted]], axis=1)
