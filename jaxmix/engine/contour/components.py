"""Components of the level on a divided box: where it passes, which passages join, and the pieces that they form."""

import dataclasses
from collections.abc import Callable

import numpy as np

from jaxmix.engine.contour import marching, pieces, polish, subdivide


def resolved(grown: subdivide.Tree, leaves: subdivide.Leaves) -> tuple[subdivide.Leaves, marching.Crossings]:
    """The leaves, divided further where the level passes more than once, or where finer neighbours see it turn; and
    where it crosses.
    """
    while True:
        points = _points(grown.lattice, _plateaus(grown.lattice, leaves, grown.tolerance))
        crossed = marching.crossings(points, leaves.cells)
        again = ((crossed.number > 2) | (_turns(points, leaves.cells, crossed) & ~leaves.open)) & np.any(
            leaves.cells.size > 0, axis=1
        )
        if not again.any():
            return leaves, crossed
        new = grown.grown(leaves.cells[again].divided(leaves.cells.size[again] > 0))
        kept = [
            dataclasses.replace(leaves, cells=leaves.cells[~again], open=leaves.open[~again], sure=leaves.sure[~again]),
            new,
        ]
        leaves = subdivide.Leaves(
            subdivide.joined([part.cells for part in kept]),
            *(np.concatenate([getattr(part, name) for part in kept]) for name in ("open", "sure")),
        )


def _turns(points: marching.Points, cells: subdivide.Cells, crossed: marching.Crossings) -> np.ndarray:
    """Cells on whose two crossed stretches f's gradient does not keep to one side."""
    two = np.nonzero(crossed.number == 2)[0]
    first = np.searchsorted(crossed.owner, two)
    ends = np.concatenate([points.ends(crossed.edge[first + k]) for k in (0, 1)], axis=1)
    corners = points.lattice.place(cells[two].corners()[:, [0, 2]])
    turns = np.zeros(len(crossed.number), bool)
    turns[two] = ~subdivide.one_sided(points.lattice.values[ends][..., 1:] * (corners[:, 1] - corners[:, 0])[:, None])
    return turns


def unresolved(
    lattice: subdivide.Lattice, leaves: subdivide.Leaves, crossed: marching.Crossings, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Planes [m] and lower and upper corners [m, 2, 2] of open cells through which the level does not just pass; not
    those at f's edge or on a plateau's.
    """
    cells, number = leaves.cells[leaves.open], crossed.number[leaves.open]
    corners = cells.corners()
    values = lattice.at(corners)
    folded = np.all(cells.size == 0, axis=1) & ~subdivide.one_sided(values[..., 1:], 0.0)
    flat = np.isin(lattice.key(corners), lattice.keys[_plateaus(lattice, leaves, tolerance)]).any(axis=1)
    place = lattice.place(corners[:, [0, 2]])
    empty = (number == 0) & subdivide.empty_but_for_a_cusp(values, place[:, 1] - place[:, 0])
    inside = np.isfinite(values[..., 0]).all(axis=1) & ~flat & ((number != 2) | folded) & ~empty
    return cells.corner[inside, 0], lattice.place(corners[inside][:, [0, 2]])


def _points(lattice: subdivide.Lattice, flat: np.ndarray) -> marching.Points:
    """Sides of the level at all lattice points: f >= 0, and plateaus [m], are positive."""
    return marching.Points.of(lattice, (lattice.values[:, 0] >= 0) | flat, np.isfinite(lattice.values[:, 0]))


def _plateaus(lattice: subdivide.Lattice, leaves: subdivide.Leaves, tolerance: float) -> np.ndarray:
    """Which lattice points belong to an area on which f keeps to the level: it does at two or more corners of a cell
    (at one alone: a saddle).
    """
    corners = leaves.cells.corners()
    flat = subdivide.plateau(lattice.at(corners), tolerance)
    return np.isin(lattice.keys, lattice.key(corners)[flat & (flat.sum(axis=1) > 1)[:, None]])


def found(
    lattice: subdivide.Lattice, leaves: subdivide.Leaves, crossed: marching.Crossings, tolerance: float
) -> list[pieces.Piece]:
    """All pieces of the level, and of the boundaries of plateaus, of all planes."""
    flat = _plateaus(lattice, leaves, tolerance)
    points = _points(lattice, flat)
    parts = _chained(points, leaves, crossed, lambda edges, scale: _on_level(points, edges, scale, flat, tolerance))
    if flat.any():
        within = marching.Points.of(lattice, flat, np.isfinite(lattice.values[:, 0]))
        parts = [piece for piece in parts if piece.kind != "plateau"]
        parts += _chained(
            within,
            leaves,
            marching.crossings(within, leaves.cells),
            lambda edges, scale: _around_plateau(within, edges, scale, tolerance),
        )
    return parts


def _chained(
    points: marching.Points, leaves: subdivide.Leaves, crossed: marching.Crossings, vertices: Callable
) -> list[pieces.Piece]:
    pairs, edges = marching.pairs(points, leaves.cells, crossed), np.unique(crossed.edge)
    placed = vertices(edges, _scales(points.lattice, leaves.cells, crossed, edges))
    boundary = marching.on_boundary(points, edges)
    chains = marching.chains(np.searchsorted(edges, pairs), len(edges))
    return [piece for chain, closed in chains for piece in pieces.split(chain, closed, boundary, placed)]


def _scales(
    lattice: subdivide.Lattice, cells: subdivide.Cells, crossed: marching.Crossings, edges: np.ndarray
) -> np.ndarray:
    """The size [n, 2] of the largest cells beside each stretch."""
    place = lattice.place(cells[crossed.owner].corners()[:, [0, 2]])
    scale = np.zeros((len(edges), 2))
    np.maximum.at(scale, np.searchsorted(edges, crossed.edge), place[:, 1] - place[:, 0])
    return scale


def _on_level(
    points: marching.Points, edges: np.ndarray, scale: np.ndarray, plateaus: np.ndarray, tolerance: float
) -> pieces.Vertices:
    """A vertex on each crossed stretch, or a bracket where f jumps or keeps to the level."""
    plane, ends, values = _ends(points, edges)
    flat = plateaus[points.ends(edges)].any(axis=1)
    root = polish.onto_level(points.lattice.sampler, plane[~flat], ends[~flat], values[~flat], tolerance)
    edge = polish.bisected(
        points.lattice.sampler,
        plane[flat],
        _ordered(ends[flat], values[flat, 1, 0] < 0),
        lambda found: found[:, 0] >= -tolerance,
    )
    kind = np.where(flat, "plateau", "level")
    kind[~flat] = np.where(root.jump, "jump", "level")
    merged = [
        np.zeros((len(edges), *getattr(root, name).shape[1:]), getattr(root, name).dtype)
        for name in ("place", "found", "calls", "bracket")
    ]
    for array, name in zip(merged, ("place", "found", "calls", "bracket")):
        array[~flat], array[flat] = getattr(root, name), getattr(edge, name)
    place, found, calls, bracket = merged
    return pieces.Vertices(plane, place, found, calls, kind, bracket, scale)


def _around_plateau(points: marching.Points, edges: np.ndarray, scale: np.ndarray, tolerance: float) -> pieces.Vertices:
    """Brackets of the boundary of the area on which f keeps to the level."""
    plane, ends, values = _ends(points, edges)
    inside = subdivide.plateau(values[:, 0], tolerance)
    root = polish.bisected(
        points.lattice.sampler, plane, _ordered(ends, inside), lambda found: subdivide.plateau(found, tolerance)
    )
    return pieces.Vertices(
        plane, root.place, root.found, root.calls, np.full(len(edges), "plateau"), root.bracket, scale
    )


def _ends(points: marching.Points, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plane [n], box coordinates [n, 2, 2] and (f, gradient) [n, 2, 3] of the ends of stretches."""
    ends = points.ends(edges)
    where = points.lattice.from_key(points.lattice.keys[ends])
    return where[:, 0, 0], points.lattice.place(where), points.lattice.values[ends]


def _ordered(ends: np.ndarray, swapped: np.ndarray) -> np.ndarray:
    return np.where(swapped[:, None, None], ends[:, ::-1], ends)
