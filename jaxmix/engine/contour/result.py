"""Contours as results: every component with its vertices, tangents and status, and the curve between vertices."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from jaxmix.engine.contour import bezier, pieces, verify
from jaxmix.engine.contour.box import Side


@dataclasses.dataclass(frozen=True, eq=False)
class Contour:
    """One component of a contour: its vertices in order, f > 0 on the left.

    Attributes
    ----------
    x, y
        The parameters at the vertices [n]; the first vertex is not repeated if the contour is closed.
    tangent_x, tangent_y
        The unit tangent in box coordinates (0 to 1 across the box, in the logarithm where a side is logarithmic).
    residual
        abs(f) at each vertex.
    calls
        Evaluations of f and its gradient spent on each vertex and the segment after it.
    closed
        Whether the contour closes on itself.
    ends
        How each end of an open contour ends: "box", "invalid" (f is NaN beyond), "jump" or "plateau"; None if closed.
    status
        "converged"; "flat" (the gradient vanishes at a vertex, whose tangent is that of its neighbours); "saddle"
        (branches come so close that it is not decided which of them join); "imprecise" (abs(f) is above the tolerance
        at a vertex though f does not jump: it is rounded by as much); "coarse" (the curve between vertices could not
        be brought as near to the level as was asked for, or the check did not find it to be); "jump" (f leaps over the
        level) and "plateau" (f keeps to the level over an area, of which this is the boundary): these two have
        brackets in place of vertices.
    deviation
        The largest estimated distance of the curve of `points_between` from the level, in box coordinates.
    brackets
        Of a jump or plateau, pairs of points (x, y) [m, 2, 2] within 1e-9 of the box on either side.
    plane
        The number of the plane, among those traced together.
    sides
        The sides of the box.
    displacement
        By held parameter, how far each vertex moves along the normal to the side of f > 0, in box coordinates for a
        change by one (with derivatives=True).
    profiled
        By profiled parameter, its value at the minimum at each vertex.
    check
        The result of the independent check (with verify=True).
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
    check: verify.Check | None

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

    def points_between(self, number: int = 8) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """The curve x, y with `number` points for each segment: cubic Hermite pieces in box coordinates."""
        curve = pieces.curve(self.in_box(), self.tangents(), self.closed, number)
        return self.sides[0].from_box(curve[:, 0]), self.sides[1].from_box(curve[:, 1])

    def path(self) -> tuple[Float[np.ndarray, "m 2"], UInt8[np.ndarray, " m"]]:
        """The curve as a path of one cubic Bezier piece for each segment: points (x, y), and codes as matplotlib's."""
        return bezier.path(self.sides, self.in_box(), self.tangents(), self.closed)

    def svg(self, width: float, height: float) -> str:
        """The same path as attribute d of an SVG path, to 1e-6 of a box of this width and height."""
        return bezier.svg(self.in_box(), self.tangents(), self.closed, width, height)

    def moved(self, parameter: str, change: float) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """The vertices (x, y) when a held parameter changes, to first order: they move along the normal."""
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

    Attributes
    ----------
    contours
        The components.
    status
        "certified" (every part of the box has been proved to be empty, or to hold no closed curve, by enclosures);
        "sampled" (the same, judged from values and gradients at the corners of cells: an island between the corners
        to which no corner's gradient points may be missed); "unresolved" (some cells are neither, down to the finest).
    unresolved
        The lower and upper corners of these cells in box coordinates [m, 2, 2].
    calls
        Evaluations of f and its gradient in all.
    coarse_calls
        Those of them that divided the box.
    """

    contours: tuple[Contour, ...]
    status: str
    unresolved: Float[np.ndarray, "m 2 2"]
    calls: int
    coarse_calls: int

    def __len__(self) -> int:
        return len(self.contours)

    def __getitem__(self, index: Any) -> Any:
        return self.contours[index]

    def __iter__(self) -> Iterator[Contour]:
        return iter(self.contours)


def build(
    piece: pieces.Piece,
    near: bool,
    displacement: dict[str, np.ndarray],
    profiled: dict[str, np.ndarray],
    check: verify.Check | None,
    sides: tuple[Side, Side],
    tolerance: float,
    accuracy: float,
) -> Contour:
    """The contour of a piece: its vertices in the parameters of the sides, its tangents and its status.

    Parameters
    ----------
    piece
        Vertices and brackets in box coordinates.
    near
        Whether a cell that was not resolved lies beside it.
    displacement, profiled, check
        See `Contour`.
    sides
        The sides of the box.
    tolerance, accuracy
        Of abs(f) at vertices, and of the curve between them.
    """
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
        tangent[:, 0],
        tangent[:, 1],
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
