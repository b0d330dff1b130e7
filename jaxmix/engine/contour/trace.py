"""Contours of a function of two parameters: every component, its vertices on the level, its tangents, and curves
between.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

import jax
import numpy as np
from jaxtyping import Float, Int, PyTree, Scalar

from jaxmix.engine.contour import (
    bezier,
    components,
    enclose,
    pieces,
    spacing,
    subdivide,
)
from jaxmix.engine.contour import (
    profile as profiling,
)
from jaxmix.engine.contour import (
    verify as verifying,
)
from jaxmix.engine.contour.box import OutputLevel, Sampler, Side
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem

# points evaluated together in one plane: a round may have few, and a problem is costly
BATCH = {"problem": 16, "function": 64, "accelerator": 1024}
_LARGEST_BATCH = 1024
_SAFETY = 0.5  # of the accuracy asked for, as the error of a segment is an estimate


@dataclasses.dataclass(frozen=True, eq=False)
class Contour:
    """One component of a contour, its vertices in order, f > 0 on the left; the first is not repeated if closed.

    x, y: the parameters [n]. tangent_x, tangent_y: the unit tangent in box coordinates (0 to 1 across the box, in
    the logarithm where a side is logarithmic). residual: |f| [n]. calls: evaluations of f and its gradient spent on
    each vertex and the segment after it [n]. ends: of an open one, "box", "invalid" (f is NaN beyond), "jump" or
    "plateau" each. deviation: the largest distance of the curve of `points_between` from the level, as estimated, in
    box coordinates. plane: which of the planes traced together. displacement: by held parameter, how far a vertex moves
    along the normal to the side of f > 0, in box coordinates for a change by one [n] (with derivatives=True). profiled:
    where along the profiled parameters the minimum is [n]. check: what the independent check found (with verify=True).

    status: "converged"; "flat" (the gradient vanishes at a vertex, whose tangent is that of its neighbours); "saddle"
    (branches come so close that which of them join is not told apart); "imprecise" (|f| is above the tolerance at a
    vertex, though f does not jump: it is rounded by as much); "coarse" (the curve between vertices could not be brought
    as near to the level as was asked for, or was not found to be by the check); "jump" (f leaps over the level) and
    "plateau" (f keeps to the level over an area, of which this is the boundary): these two have no vertices, but
    brackets [n, 2, 2], pairs of points (x, y) within 1e-9 of the box on either side.
    """

    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    tangent_x: Float[np.ndarray, " n"]
    tangent_y: Float[np.ndarray, " n"]
    residual: Float[np.ndarray, " n"]
    calls: Int[np.ndarray, " n"]
    closed: bool
    ends: tuple[str, str] | None
    status: str
    deviation: float
    brackets: Float[np.ndarray, "m 2 2"]
    plane: int
    sides: tuple[Side, Side]
    displacement: dict[str, Float[np.ndarray, " n"]]
    profiled: dict[str, Float[np.ndarray, " n"]]
    check: verifying.Check | None

    @property
    def max_residual(self) -> float:
        """The largest |f| of all vertices."""
        return float(np.max(self.residual, initial=0.0))

    def in_box(self) -> Float[np.ndarray, "n 2"]:
        """The vertices in box coordinates."""
        return np.column_stack([side.to_box(value) for side, value in zip(self.sides, (self.x, self.y))])

    def tangents(self) -> Float[np.ndarray, "n 2"]:
        """The unit tangents in box coordinates."""
        return np.column_stack([self.tangent_x, self.tangent_y])

    def points_between(self, number: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """The curve with `number` points for each segment: cubic Hermite pieces in box coordinates."""
        curve = pieces.curve(self.in_box(), self.tangents(), self.closed, number)
        return self.sides[0].from_box(curve[:, 0]), self.sides[1].from_box(curve[:, 1])

    def path(self) -> tuple[np.ndarray, np.ndarray]:
        """The curve as a path of one cubic Bezier piece a segment: points (x, y) [m, 2], and codes [m] as
        matplotlib's.
        """
        return bezier.path(self.sides, self.in_box(), self.tangents(), self.closed)

    def svg(self, width: float, height: float) -> str:
        """The same path as attribute d of an SVG path in a box so wide and high, to 1e-6 of it."""
        return bezier.svg(self.in_box(), self.tangents(), self.closed, width, height)

    def moved(self, parameter: str, change: float) -> tuple[np.ndarray, np.ndarray]:
        """The vertices (x, y) once a held parameter has changed, to first order: they move along the normal."""
        normal = self.tangents() @ np.array([[0.0, 1.0], [-1.0, 0.0]])
        place = self.in_box() + change * self.displacement[parameter][:, None] * normal
        return self.sides[0].from_box(place[:, 0]), self.sides[1].from_box(place[:, 1])

    def d_log_limit(self, parameter: str) -> Float[np.ndarray, " n"]:
        """d ln(y)/d(parameter) at fixed x: how a limit on y moves; NaN where the contour runs along y."""
        with np.errstate(all="ignore"):
            change = np.where(self.tangent_x == 0, np.nan, self.displacement[parameter] / self.tangent_x)
        side = self.sides[1]
        return change * np.log(side.high / side.low) if side.logarithmic else change * (side.high - side.low) / self.y


@dataclasses.dataclass(frozen=True, eq=False)
class Contours(Sequence):
    """All contours of a trace, and how sure it is that there are no others.

    status: "certified" (every part of the box has been proved to be empty, or to hold no closed curve, by enclosures);
    "sampled" (the same, judged from values and gradients at the corners of cells: an island between them on which no
    corner's gradient points may be missed); "unresolved" (in some cells neither was found, down to the finest).
    unresolved: the lower and upper corners of those cells in box coordinates [m, 2, 2]. calls: evaluations of f and its
    gradient in all; coarse_calls: of these, those that divided the box.
    """

    contours: tuple[Contour, ...]
    status: str
    unresolved: Float[np.ndarray, "m 2 2"]
    calls: int
    coarse_calls: int

    def __len__(self) -> int:
        return len(self.contours)

    def __getitem__(self, index):
        return self.contours[index]

    def __iter__(self) -> Iterator[Contour]:
        return iter(self.contours)


def trace_contours(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    held: PyTree = None,
    *,
    output: str | None = None,
    level: float = 0.0,
    **options,
) -> Contours:
    """The contours f = level of a differentiable f(x, y), or f(x, y, held), or of output = 1 of a problem.

    The axes give the box and its coarse cells. A problem is traced in ln(output), its other parameters in `held`. NaN
    is outside f's domain: contours end there. Options: those of `trace_family`.
    """
    return trace_family(function, x_axis, y_axis, [held], output=output, levels=[level], **options)


def trace_family(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    helds: Sequence[PyTree],
    *,
    output: str | None = None,
    levels: Sequence[float] | None = None,
    depth: int = 16,
    x_nodes: tuple[float, ...] = (),
    y_nodes: tuple[float, ...] = (),
    tolerance: float = 1e-9,
    accuracy: float = 1e-5,
    caution: float = 1.5,
    turn: float = 1.0,
    certify: bool = False,
    verify: bool = False,
    derivatives: bool = False,
    around: Mapping[str, float] | None = None,
    profile: Mapping[str, tuple[float, float, float]] | None = None,
    batch: int | None = None,
) -> Contours:
    """The contours of many planes at once, in the same batches: one for each of helds, of equal structure, and of
    levels (default zero).

    x_nodes, y_nodes: values where f is known to have narrow features, which the coarse cells could miss. depth: how
    often a coarse cell may be halved along either side; contours end within a finest cell of the edge of f's domain.
    tolerance: of |f| at a vertex. accuracy: of the curve between vertices, a fraction of the box. caution: how much
    steeper than a corner's tangent f may be before a crossing that hides inside a cell is missed. turn: largest angle
    (rad, in box coordinates) between neighbouring tangents. certify: prove by interval arithmetic that no component is
    missed (NoEnclosure if f uses an operation that has no rule). verify: check every vertex and segment by bisection
    across it. derivatives: how the contours move with each number in helds, dicts of numbers, and in around: further
    numbers, at values that f has anyway, which enter the derivatives alone. profile: parameters by name, in what f(x,
    y, held) holds, over which f is minimised at every point, with (start, low, high) each. Other held numbers or
    another box reuse the compiled batch.

    Raises RuntimeError when jax_enable_x64 is off (f is to be met to 1e-9), ValueError for options that do not fit
    together.
    """
    if not jax.config.jax_enable_x64:
        raise RuntimeError("trace_contours: float64 is off; set jax.config.update('jax_enable_x64', True) first.")
    if not len(helds) or (levels is not None and len(levels) != len(helds)):
        raise ValueError(
            f"trace_family: found {len(helds)} planes and {len(levels or ())} levels; give one level for each plane, or none."
        )
    if certify and profile:
        raise ValueError(
            "trace_contours: certify= asks for an enclosure of f, and of a function profiled over parameters there is none; leave one out."
        )
    sampler, sides = _sampler(function, x_axis, y_axis, helds, output, levels, batch, profile)
    nodes = (sides[0].nodes(x_axis, x_nodes), sides[1].nodes(y_axis, y_nodes))
    lattice = subdivide.Lattice(sampler, nodes, depth, len(helds))
    grown = subdivide.Tree(lattice, caution, tolerance, enclose.Enclosure(sampler) if certify else None)
    leaves, crossed = components.resolved(grown, grown.leaves())
    coarse = sampler.calls
    parts = components.found(lattice, leaves, crossed, tolerance)
    parts = spacing.spaced([pieces.oriented(piece) for piece in parts], sampler, _SAFETY * accuracy, turn, tolerance)
    plane, unresolved = components.unresolved(lattice, leaves, crossed, tolerance)
    status = "unresolved" if len(plane) else "certified" if leaves.sure.all() else "sampled"
    calls = sampler.calls
    near = [_beside(piece, unresolved[plane == piece.plane]) for piece in parts]
    moved = _displacements(sampler, parts, dict(around or {})) if derivatives else [{} for _ in parts]
    checks = verifying.checked(sampler, parts, accuracy) if verify else [None for _ in parts]
    minima = [_minima(sampler, piece) if profile else {} for piece in parts]
    found = tuple(_contour(*each, sides, tolerance, accuracy) for each in zip(parts, near, moved, minima, checks))
    return Contours(found, status, unresolved, calls, coarse)


def compile_contours(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    helds: Sequence[PyTree],
    *,
    output: str | None = None,
    batch: int | None = None,
) -> None:
    """Compile what trace_family will need for arguments of this kind, so that another thread may do it beforehand."""
    sampler, _ = _sampler(function, x_axis, y_axis, helds, output, None, batch)
    sampler(np.zeros(1, int), np.full((1, 2), 0.5))


def _sampler(
    function: Callable[..., Scalar] | AbstractProblem,
    x_axis: Axis,
    y_axis: Axis,
    helds: Sequence[PyTree],
    output: str | None,
    levels: Sequence[float] | None,
    batch: int | None = None,
    profile: Mapping | None = None,
) -> tuple[Sampler, tuple[Side, Side]]:
    if isinstance(function, AbstractProblem):
        if output is None:
            raise ValueError(
                "trace_contours: a problem needs output=, the name of the output whose level one is traced."
            )
        function = OutputLevel(function, output, (x_axis.name, y_axis.name))
        helds = [{name: float(value) for name, value in (held or {}).items()} for held in helds]
    sides = (Side.of(x_axis), Side.of(y_axis))
    least = BATCH["accelerator" if jax.default_backend() != "cpu" else "problem" if output is not None else "function"]
    batch = batch or min(max(_LARGEST_BATCH, least), least * 2 ** (len(helds) - 1).bit_length())
    levels = levels if levels is not None else [0.0] * len(helds)
    if profile:
        return profiling.ProfileSampler(function, sides, helds, levels, batch, profile), sides
    return Sampler(function, sides, helds, levels, batch), sides


def _beside(piece: pieces.Piece, boxes: np.ndarray) -> bool:
    """Whether a vertex lies in one of these boxes or beside it, as near as the box is large."""
    middle, reach = boxes.mean(axis=1), 1.5 * (boxes[:, 1] - boxes[:, 0])
    if not len(piece.place):
        return False
    near = np.all((middle + reach >= piece.place.min(axis=0)) & (middle - reach <= piece.place.max(axis=0)), axis=1)
    return any(
        np.any(np.all(np.abs(piece.place[:, None] - middle[None, part]) <= reach[part], axis=2))
        for part in _parts(np.nonzero(near)[0])
    )


def _parts(numbers: np.ndarray, most: int = 500) -> list[np.ndarray]:
    return np.split(numbers, range(most, len(numbers), most)) if len(numbers) else []


def _displacements(
    sampler: Sampler, parts: list[pieces.Piece], around: dict[str, float]
) -> list[dict[str, np.ndarray]]:
    """Of each piece how far every vertex moves along the level's normal, to the side of f > 0, with each held
    number.
    """
    if not parts:
        return []
    plane = np.concatenate([np.full(len(piece.place), piece.plane) for piece in parts])
    found = np.concatenate([piece.found for piece in parts])
    slopes = sampler.by_held(plane, np.concatenate([piece.place for piece in parts]), around)
    stops = np.cumsum([len(piece.place) for piece in parts])[:-1]
    with np.errstate(all="ignore"):
        moved = {name: np.split(-slope / np.linalg.norm(found[:, 1:], axis=1), stops) for name, slope in slopes.items()}
    return [{name: arrays[k] for name, arrays in moved.items()} for k in range(len(parts))]


def _minima(sampler: profiling.ProfileSampler, piece: pieces.Piece) -> dict[str, np.ndarray]:
    found = sampler.minimiser(np.full(len(piece.place), piece.plane), piece.place)
    return dict(zip(sampler.names, found.T))


def _contour(
    piece: pieces.Piece,
    near: bool,
    displacement: dict[str, np.ndarray],
    profiled: dict[str, np.ndarray],
    check: verifying.Check | None,
    sides: tuple[Side, Side],
    tolerance: float,
    accuracy: float,
) -> Contour:
    x, y = (side.from_box(place) for side, place in zip(sides, piece.place.T))
    tangent, flat = pieces.tangents(piece)
    residual = np.abs(piece.found[:, 0])
    coarse = piece.deviation > accuracy or (check is not None and check.lost > 0)
    judged = {"saddle": near, "flat": flat.any(), "imprecise": np.any(residual > tolerance), "coarse": coarse}
    status = (
        piece.kind if piece.kind != "level" else next((name for name, holds in judged.items() if holds), "converged")
    )
    brackets = np.stack([side.from_box(piece.bracket[..., axis]) for axis, side in enumerate(sides)], axis=-1)
    return Contour(
        x,
        y,
        *tangent.T,
        residual,
        piece.calls,
        piece.closed,
        piece.ends,
        status,
        piece.deviation,
        brackets,
        piece.plane,
        sides,
        displacement,
        profiled,
        check,
    )
