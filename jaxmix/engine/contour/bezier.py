"""Contours as paths of cubic Bezier pieces, which are exactly the Hermite pieces between the vertices: for drawings,
and as SVG.

Along a logarithmic side the control points are exponentials in the parameter, so that an axis in the logarithm draws
the same cubics.
"""

import math

import numpy as np
from jaxtyping import Float, UInt8

from jaxmix.engine.contour import pieces
from jaxmix.engine.contour.box import Side

MOVE, CURVE, CLOSE = 1, 4, 79  # as in matplotlib.path.Path
_ROUNDED = 1e-6  # of the box, at most, in an SVG


def path(
    sides: tuple[Side, Side], place: Float[np.ndarray, "n 2"], tangent: Float[np.ndarray, "n 2"], closed: bool
) -> tuple[Float[np.ndarray, "m 2"], UInt8[np.ndarray, " m"]]:
    """The path through vertices with unit tangents in box coordinates: points in the parameters of the sides, and their
    codes.

    MOVE at the first vertex; CURVE at both control points and the end of each piece; if closed, CLOSE at the first
    vertex again.
    """
    points = _points(place, tangent, closed)
    codes = np.full(len(points), CURVE, np.uint8)
    codes[:1] = MOVE
    if closed and len(points):
        points, codes = np.concatenate([points, place[:1]]), np.append(codes, np.uint8(CLOSE))
    return np.column_stack([side.from_box(along) for side, along in zip(sides, points.T)]), codes


def svg(
    place: Float[np.ndarray, "n 2"], tangent: Float[np.ndarray, "n 2"], closed: bool, width: float, height: float
) -> str:
    """The same path as attribute d of an SVG path: the box is so wide and high, y points down; empty without
    vertices.
    """
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ValueError(f"svg: width and height must be positive and finite, got {width} and {height}.")
    seen = [
        _text(u * width, width) + " " + _text((1.0 - v) * height, height) for u, v in _points(place, tangent, closed)
    ]
    curves = ["C" + " ".join(seen[i : i + 3]) for i in range(1, len(seen), 3)]
    return "".join(["M" + seen[0], *curves, "Z" * closed]) if seen else ""


def _points(place: np.ndarray, tangent: np.ndarray, closed: bool) -> np.ndarray:
    """The first vertex, then both control points and the end of each piece [3 pieces + 1, 2], in box coordinates."""
    around = np.arange(len(place) + closed) % len(place) if len(place) else np.zeros(0, int)
    return np.concatenate([place[:1], pieces.bezier(place[around], tangent[around]).reshape(-1, 2)])


def _text(value: float, size: float) -> str:
    """A number rounded by no more than _ROUNDED of the size, in as few digits as that takes."""
    digits = max(math.ceil(-math.log10(2.0 * _ROUNDED * size)), 0)
    return f"{round(value, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".") if digits else str(round(value))
