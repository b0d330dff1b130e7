"""The adaptive pass: a box divided into rectangles, small where the level runs or may hide, large where it surely does
not.

A rectangle is left alone where it is *empty* (the level does not enter it) or *simple* (f's gradient keeps to one side
in it, so that no closed curve fits in and the signs at the corners tell the topology), the two tests of S. Plantinga
and G. Vegter, Isotopic approximation of implicit curves and surfaces, Proc. SGP (2004) 245. Either is known for sure
from an enclosure, or is judged from values and gradients at the corners. Others are halved, along the side on which f
varies more, down to the lattice.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from jaxmix.engine.contour.box import Sampler

# Corners of a cell counterclockwise, and the direction from each into the cell.
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
_INWARDS = 1 - 2 * CORNERS
_EDGES = (((0, 1), (3, 2)), ((0, 3), (1, 2)))  # along u and along v
_CONE = 0.5  # least cosine between gradients of a simple cell, in units of the cell
_MISMATCH = 0.3  # largest distance of a difference of f from the mean slope, over the gradient
_FREE = {"leap": 3, "other": 7}  # halvings that every cell is granted, where f leaps between its corners and else
_MOST = 4000  # cells of a plane that are divided at once, beyond the coarse ones
_CROWD = (
    6  # open cells that once were one after so many halvings: more of them hold a line on which f jumps, and no point
)


class Lattice:
    """Points of a box, for many planes at once, where coarse nodes are each divided into 2^depth steps; values are
    computed once, on demand.

    nodes: box coordinates of the coarse nodes along u and v. A lattice point has integer coordinates (plane, i, j).
    """

    def __init__(self, sampler: Sampler, nodes: tuple[np.ndarray, np.ndarray], depth: int, planes: int):
        self.sampler, self.nodes, self.depth, self.planes = sampler, nodes, depth, planes
        self.shape = tuple((len(along) - 1) * 2**depth + 1 for along in nodes)
        self.keys, self.values = np.zeros(0, np.int64), np.zeros((0, 3))

    def key(self, points: np.ndarray) -> np.ndarray:
        """One integer for each lattice point [..., 3], ascending along v, then u, then with the plane."""
        return (points[..., 0] * self.shape[0] + points[..., 1]) * self.shape[1] + points[..., 2]

    def from_key(self, key: np.ndarray) -> np.ndarray:
        """The lattice point [..., 3] of each key."""
        rest, j = np.divmod(key, self.shape[1])
        plane, i = np.divmod(rest, self.shape[0])
        return np.stack([plane, i, j], axis=-1)

    def place(self, points: np.ndarray) -> np.ndarray:
        """Box coordinates [..., 2] of lattice points [..., 3]."""
        return np.stack([self._along(axis, points[..., 1 + axis]) for axis in (0, 1)], axis=-1)

    def _along(self, axis: int, index: np.ndarray) -> np.ndarray:
        nodes, step = self.nodes[axis], 2**self.depth
        first = np.minimum(index // step, len(nodes) - 2)
        part = (index - first * step) / step
        return np.where(part == 1, nodes[first + 1], nodes[first] + part * (nodes[first + 1] - nodes[first]))

    def at(self, points: np.ndarray) -> np.ndarray:
        """(f, df/du, df/dv) at lattice points [..., 3], as [..., 3]."""
        keys = self.key(points)
        missing = np.setdiff1d(keys, self.keys)
        if missing.size:
            where = self.from_key(missing)
            found = self.sampler(where[:, 0], self.place(where))
            joined = np.concatenate([self.keys, missing])
            order = np.argsort(joined)
            self.keys, self.values = joined[order], np.concatenate([self.values, found])[order]
        return self.values[np.searchsorted(self.keys, keys)]


@dataclasses.dataclass(frozen=True)
class Cells:
    """Rectangles of a lattice: lower corner [n, 3] (plane, i, j), and log2 of their sizes along u and v [n, 2]."""

    corner: np.ndarray
    size: np.ndarray

    def __getitem__(self, which: np.ndarray) -> "Cells":
        return Cells(self.corner[which], self.size[which])

    def corners(self) -> np.ndarray:
        """Lattice points [n, 4, 3], counterclockwise."""
        steps = np.concatenate([np.zeros((len(CORNERS), 1), int), CORNERS], axis=1)
        return self.corner[:, None] + steps[None] * np.pad(2**self.size, ((0, 0), (1, 0)))[:, None]

    def divided(self, along: np.ndarray) -> "Cells":
        """The halves, or quarters, of cells that are cut along u, along v, or both [n, 2]."""
        size = self.size - along
        shifts = [self.corner + np.pad(step * along * 2**size, ((0, 0), (1, 0))) for step in CORNERS]
        wanted = [np.all((step == 0) | along, axis=1) for step in CORNERS]
        return Cells(
            np.concatenate([shift[where] for shift, where in zip(shifts, wanted)]),
            np.concatenate([size[where] for where in wanted]),
        )


def joined(parts: list[Cells]) -> Cells:
    """Cells of several lists in one."""
    return Cells(np.concatenate([part.corner for part in parts]), np.concatenate([part.size for part in parts]))


@dataclasses.dataclass(frozen=True)
class Leaves:
    """The finished cells; open [n]: neither empty nor simple, but not divided any more; sure [n]: empty or simple by an
    enclosure.
    """

    cells: Cells
    open: np.ndarray
    sure: np.ndarray


def plateau(values: np.ndarray, tolerance: float) -> np.ndarray:
    """Where f keeps to the level over an area: |f| within the tolerance and no gradient, of (f, df/du, df/dv)
    [..., 3].
    """
    return (np.abs(values[..., 0]) <= tolerance) & np.all(values[..., 1:] == 0, axis=-1)


def one_sided(slopes: np.ndarray, cone: float = _CONE) -> np.ndarray:
    """Whether the cosine between any two of some gradients [..., m, 2] is above the cone's."""
    size = np.linalg.norm(slopes, axis=-1)
    products = np.einsum("...ak,...bk->...ab", slopes, slopes)
    return np.all(products > cone * size[..., :, None] * size[..., None, :], axis=(-2, -1))


def empty_but_for_a_cusp(values: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Cells that are empty if along one of their sides f differs by no more than between their corners: what slopes say
    there is of a cusp.
    """
    f, slopes = values[..., 0], values[..., 1:] * widths[:, None]
    sign = np.where(f >= 0, 1.0, -1.0)
    falls = np.maximum(0.0, -sign[..., None] * slopes * _INWARDS[None])
    found = np.zeros(len(f), bool)
    for axis, edges in enumerate(_EDGES):
        with np.errstate(invalid="ignore"):
            seen = np.max([np.abs(f[:, b] - f[:, a]) for a, b in edges], axis=0)
            found |= np.all(np.abs(f) > falls[..., 1 - axis] + seen[:, None], axis=1)
    return found & np.all(sign == sign[:, :1], axis=1)


class Tree:
    """The division of all planes' boxes.

    caution: how much steeper than a corner's tangent f may be before a crossing that hides inside a cell is missed.
    enclosure(plane, low [n, 2], high [n, 2]): (empty [n], simple [n]) for sure; None: corners alone tell.
    """

    def __init__(self, lattice: Lattice, caution: float, tolerance: float, enclosure: Callable | None = None):
        self.lattice, self.caution, self.tolerance, self.enclosure = lattice, caution, tolerance, enclosure

    def leaves(self) -> Leaves:
        """The coarse cells, divided until all leaves are empty, simple, or as small as the lattice."""
        return self.grown(self._coarse())

    def grown(self, cells: Cells) -> Leaves:
        """These cells and their descendants, divided where needed."""
        none = np.zeros(0, int)
        done = [Leaves(cells[none], np.zeros(0, bool), np.zeros(0, bool))]
        while len(cells.corner):
            corners = cells.corners()
            values, place = self.lattice.at(corners), self.lattice.place(corners)
            accepted, along = self._judged(values, place[:, 2] - place[:, 0])
            sure = np.zeros(len(accepted), bool)
            if self.enclosure is not None and accepted.any():
                sure[accepted] = np.any(
                    self.enclosure(corners[accepted, 0, 0], place[accepted, 0], place[accepted, 2]), axis=0
                )
                accepted &= sure
            leaps = self._leaps(values, place[:, 2] - place[:, 0])
            crowded = [
                self._crowded(cells, ~accepted & kind, _FREE[name])
                for name, kind in (("leap", leaps), ("other", ~leaps))
            ]
            along &= (cells.size > 0) & ~(accepted | crowded[0] | crowded[1])[:, None]
            along &= self._affordable(cells, np.any(along, axis=1))[:, None]
            stays = ~np.asarray(along.any(axis=1))
            done.append(Leaves(cells[stays], ~accepted[stays], sure[stays]))
            cells = cells[~stays].divided(along[~stays])
        return Leaves(
            joined([part.cells for part in done]),
            np.concatenate([part.open for part in done]),
            np.concatenate([part.sure for part in done]),
        )

    def _coarse(self) -> Cells:
        step = 2**self.lattice.depth
        ranges = [np.arange(self.lattice.planes), *(np.arange(0, size - 1, step) for size in self.lattice.shape)]
        corner = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
        return Cells(corner, np.full((len(corner), 2), self.lattice.depth))

    def _crowded(self, cells: Cells, wanted: np.ndarray, free: int) -> np.ndarray:
        """Cells not to go on with: after the first divisions, those with many others in what was one cell then. A point
        on which f is never simple (a saddle, a kink, an end) keeps a few, a line on which f jumps ever more.
        """
        base = max(self.lattice.depth - free, 0)
        deep = wanted & (np.min(cells.size, axis=1) < base)
        _, where, counts = np.unique(self._ancestors(cells[deep], base), return_inverse=True, return_counts=True)
        crowded = np.zeros(len(deep), bool)
        crowded[deep] = counts[where] > _CROWD
        return crowded

    def _affordable(self, cells: Cells, wanted: np.ndarray) -> np.ndarray:
        """Of too many cells to go on with, those in coarse cells that have the fewest: in the others f is rough over an
        area.
        """
        if wanted.sum() <= _MOST * self.lattice.planes or np.all(cells.size == self.lattice.depth):
            return wanted
        ancestor = self._ancestors(cells, self.lattice.depth)
        _, where, counts = np.unique(ancestor[wanted], return_inverse=True, return_counts=True)
        order = np.argsort(counts, kind="stable")
        kept = np.zeros(len(counts), bool)
        kept[order] = np.cumsum(counts[order]) <= _MOST * self.lattice.planes
        affordable = wanted.copy()
        affordable[wanted] = kept[where]
        return affordable

    def _ancestors(self, cells: Cells, base: int) -> np.ndarray:
        """Keys of what each cell was part of when sizes were 2^base."""
        return self.lattice.key(np.concatenate([cells.corner[:, :1], cells.corner[:, 1:] >> base << base], axis=1))

    def _leaps(self, values: np.ndarray, widths: np.ndarray) -> np.ndarray:
        """Cells along a side of which f differs by far more than its slopes tell, or that have a corner on a
        plateau.
        """
        f, slopes = values[..., 0], values[..., 1:] * widths[:, None]
        with np.errstate(invalid="ignore"):
            leaps = [
                np.abs(f[:, b] - f[:, a]) > 4.0 * np.maximum(np.abs(slopes[:, a, axis]), np.abs(slopes[:, b, axis]))
                for axis, edges in enumerate(_EDGES)
                for a, b in edges
            ]
        return np.any(leaps, axis=0) | np.any(plateau(values, self.tolerance), axis=1)

    def _judged(self, values: np.ndarray, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cells that are empty or simple as far as their corners tell [n], and along which sides others are to be cut
        [n, 2].
        """
        f, slopes = values[..., 0], values[..., 1:] * widths[:, None]  # changes of f across the cell
        finite = np.isfinite(f)
        with np.errstate(all="ignore"):
            empty = (
                self._is_empty(f, slopes, finite)
                | np.all(plateau(values, self.tolerance), axis=1)
                | ~finite.any(axis=1)
            )
            variation, mismatch = self._variation(f, slopes)
            steepest = np.linalg.norm(slopes, axis=-1).max(axis=1)
            simple = finite.all(axis=1) & one_sided(slopes) & np.all(mismatch <= _MISMATCH * steepest[:, None], axis=1)
            along = variation >= 0.5 * variation.max(axis=1)[:, None]
        along |= ~np.isfinite(variation).all(axis=1)[:, None] & ~np.isfinite(variation)
        along[~along.any(axis=1)] = True
        return empty | simple, along

    def _is_empty(self, f: np.ndarray, slopes: np.ndarray, finite: np.ndarray) -> np.ndarray:
        """All corners where f exists are on one side, and no corner's tangent plane, steepened, comes to zero inside
        the cell.
        """
        sign = np.where(f >= 0, 1.0, -1.0)
        falls = np.maximum(0.0, -sign[..., None] * slopes * _INWARDS[None]).sum(axis=-1)
        far = (np.abs(f) > self.caution * falls) | ~finite
        return np.all(far, axis=1) & (np.all((sign > 0) | ~finite, axis=1) | np.all((sign < 0) | ~finite, axis=1))

    def _variation(self, f: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How much f's gradient varies along u and v [n, 2], infinite where f ends, and how far differences of f are
        from the mean slope.
        """
        variation, mismatch = [], []
        for axis, edges in enumerate(_EDGES):
            first, second = (np.array(each) for each in zip(*edges))
            away = np.abs(f[:, second] - f[:, first] - 0.5 * (slopes[:, first, axis] + slopes[:, second, axis]))
            turned = np.linalg.norm(slopes[:, second] - slopes[:, first], axis=-1)
            ends = np.isfinite(f[:, second]) != np.isfinite(f[:, first])
            variation.append(np.max(np.where(ends, np.inf, np.nan_to_num(away + turned)), axis=1))
            mismatch.append(np.max(np.nan_to_num(away), axis=1))
        return np.stack(variation, axis=1), np.stack(mismatch, axis=1)
