"""Contours of a function of two parameters: every component, its vertices on the level, its tangents, and curves between."""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, PyTree, Scalar

from jaxmix.engine import cells, marching, pieces, polish
from jaxmix.engine.box import OutputLevel, Sampler, Side
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem


BATCH = 96  # points evaluated together: their memory stays below what an allocator gives back to the system each time


@dataclasses.dataclass(frozen=True, eq=False)
class Contour:
    """One component of a contour, its vertices in order, f > 0 on the left; the first is not repeated if closed.

    x, y: the parameters [n]. tangent_x, tangent_y: the unit tangent in box coordinates (0 to 1 across the box, in
    the logarithm where a side is logarithmic). residual: |f| [n]. ends: of an open one, "box", "invalid" (f is NaN
    beyond) or "jump" each. status: "converged"; "flat" (the gradient vanishes at a vertex, whose tangent is that of
    its neighbours); "jump" (f leaps over the level: the vertices that would violate the tolerance are left out,
    perhaps all). calls: evaluations of f and its gradient; a trace's total is shared among its contours.
    """

    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    tangent_x: Float[np.ndarray, " n"]
    tangent_y: Float[np.ndarray, " n"]
    residual: Float[np.ndarray, " n"]
    closed: bool
    ends: tuple[str, str] | None
    status: str
    calls: int
    sides: tuple[Side, Side]

    @property
    def max_residual(self) -> float:
        """The largest |f| of all vertices."""
        return float(np.max(self.residual, initial=0.0))

    def in_box(self) -> Float[np.ndarray, "n 2"]:
        """The vertices in box coordinates."""
        return np.column_stack([side.to_box(value) for side, value in zip(self.sides, (self.x, self.y))])

    def points_between(self, number: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """The curve with `number` points for each segment: cubic Hermite pieces in box coordinates."""
        place, tangent = self.in_box(), np.column_stack([self.tangent_x, self.tangent_y])
        if self.closed:
            place, tangent = np.concatenate([place, place[:1]]), np.concatenate([tangent, tangent[:1]])
        curve = np.concatenate([pieces.hermite(place, tangent, np.arange(number) / number).reshape(-1, 2), place[-1:]])
        return self.sides[0].from_box(curve[:, 0]), self.sides[1].from_box(curve[:, 1])


def trace_contours(function: Callable[..., Scalar] | AbstractProblem, x_axis: Axis, y_axis: Axis, held: PyTree = None, *,
                   output: str | None = None, level: float = 0.0, depth: int = 3, x_nodes: tuple[float, ...] = (),
                   y_nodes: tuple[float, ...] = (), tolerance: float = 1e-9, caution: float = 1.5, turn: float = 0.5,
                   batch: int = BATCH) -> list[Contour]:
    """The contours f = level of a differentiable f(x, y), or f(x, y, held), or of output = 1 of a problem.

    The axes give the box and its coarse cells, each divided into 2^depth per side where the level may pass; x_nodes
    and y_nodes add lines where f is known to have narrow features, which the coarse cells could miss. A problem is
    traced in ln(output), its other parameters in `held`. caution: how much steeper than a corner's tangent f may be
    before a crossing that hides inside a cell is missed; an island smaller than a finest cell may be missed. turn:
    the angle (in box coordinates) between neighbouring tangents above which vertices are put in between. NaN is
    outside f's domain: contours end there. Other held numbers or another box reuse the compiled batch.
    """
    sampler, sides = _sampler(function, x_axis, y_axis, held, output, level, batch)
    nodes = (sides[0].nodes(x_axis, x_nodes), sides[1].nodes(y_axis, y_nodes))
    lattice = cells.Lattice(sampler, nodes, depth)
    pairs = marching.segments(lattice, cells.crossed(lattice, caution))
    edges, pairs = np.unique(pairs, return_inverse=True)
    vertices = _vertices(lattice, edges, tolerance)
    chains = marching.chains(pairs.reshape(-1, 2), len(edges))
    cut = [piece for chain, closed in chains for piece in pieces.split(chain, closed, vertices)]
    parts = [pieces.oriented(piece) for piece in pieces.densified(cut, sampler, turn, tolerance)]
    shares = _shares(sampler.calls, [len(piece.place) for piece in parts])
    return [_contour(piece, share, sides) for piece, share in zip(parts, shares)]


def compile_contours(function: Callable[..., Scalar] | AbstractProblem, x_axis: Axis, y_axis: Axis, held: PyTree = None, *,
                     output: str | None = None) -> None:
    """Compile what trace_contours will need for arguments of this kind, so that another thread may do it beforehand."""
    sampler, _ = _sampler(function, x_axis, y_axis, held, output, 0.0, BATCH)
    sampler(np.array([0.5]), np.array([0.5]))


def _sampler(function: Callable[..., Scalar] | AbstractProblem, x_axis: Axis, y_axis: Axis, held: PyTree, output: str | None,
             level: float, batch: int) -> tuple[Sampler, tuple[Side, Side]]:
    if isinstance(function, AbstractProblem):
        if output is None:
            raise ValueError("trace_contours: a problem needs output=, the name of the output whose level one is traced.")
        function = OutputLevel(function, output, (x_axis.name, y_axis.name))
        held = {name: float(value) for name, value in (held or {}).items()}
    sides = (Side.of(x_axis), Side.of(y_axis))
    return Sampler(function, sides, held, level, batch), sides


def _vertices(lattice: cells.Lattice, edges: np.ndarray, tolerance: float) -> pieces.Vertices:
    ends = marching.edge_ends(lattice, edges)
    place, found = polish.onto_level(lattice.sampler, lattice.place(ends), lattice.at(ends), _widths(lattice, ends), tolerance)
    return pieces.Vertices(place, found, marching.on_boundary(lattice, edges), np.abs(found[:, 0]) <= tolerance)


def _widths(lattice: cells.Lattice, ends: np.ndarray) -> np.ndarray:
    """Cell sizes along u and v at the first end of each edge."""
    steps = [np.append(np.diff(along), np.diff(along)[-1]) for along in lattice.positions]
    return np.column_stack([step[ends[:, 0, axis]] for axis, step in enumerate(steps)])


def _contour(piece: pieces.Piece, calls: int, sides: tuple[Side, Side]) -> Contour:
    x, y = (side.from_box(place) for side, place in zip(sides, piece.place.T))
    tangent, flat = pieces.tangents(piece)
    status = "jump" if piece.jump else "flat" if flat.any() else "converged"
    return Contour(x, y, *tangent.T, np.abs(piece.found[:, 0]), piece.closed, piece.ends, status, calls, sides)


def _shares(total: int, sizes: list[int]) -> list[int]:
    """The total in whole numbers in proportion to the sizes (evenly where all are zero)."""
    weights = np.array(sizes, float) if any(sizes) else np.ones(len(sizes))
    return np.diff(np.floor(total * np.concatenate([[0.0], np.cumsum(weights)]) / max(weights.sum(), 1.0) + 0.5)).astype(int).tolist()
