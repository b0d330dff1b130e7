"""The area that contours bound: oriented curves in the unit box, closed along its boundary."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.path import Path as Outline

from jaxmix import engine

Curve = Float[np.ndarray, "n 2"]

_EDGE = 1e-3  # how near the boundary an end lies on it: a vertex may sit a little off its edge
_BREAK = 5e-3  # between an end and a start inside the box that are joined: a gap too narrow to be seen
_CORNERS = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])  # at perimeter 1, 2, 3, 4


def area(sides: Sequence[engine.Side], curves: Sequence[Curve], closed: Sequence[bool]) -> Outline | None:
    """Return the area on the left of curves in the parameters of two sides, to be filled; None without curves."""
    inside = [np.column_stack([side.to_box(along) for side, along in zip(sides, curve.T)]) for curve in curves]
    rings = [np.column_stack([side.from_box(u) for side, u in zip(sides, ring.T)]) for ring in enclosed(inside, closed)]
    return Outline.make_compound_path(*map(Outline, rings)) if rings else None


def enclosed(curves: Sequence[Curve], closed: Sequence[bool]) -> list[Curve]:
    """Return rings around the area on the left of all curves of one contour, to be filled by the winding rule.

    The end of an open curve is joined to the next start that comes counterclockwise along the box's boundary. An end
    inside the box (where the function ceases) is joined to a start that is very near it, or else led straight to the
    edge that the area lies towards.
    """
    rings = [curve for curve, whole in zip(curves, closed, strict=True) if whole and len(curve) > 2]
    waiting = [
        _to_boundary(curve)
        for curve in _joined([curve for curve, whole in zip(curves, closed) if not whole and len(curve) > 1])
    ]
    starts = [_perimeter(curve[0]) for curve in waiting]
    left = list(range(len(waiting)))
    while left:
        first = here = left.pop(0)
        ring = [waiting[first]]
        while True:
            end = _perimeter(waiting[here][-1])
            here = min([first, *left], key=lambda i: (starts[i] - end) % 4.0)
            ring.append(_walk(end, starts[here]))
            if here == first:
                break
            left.remove(here)
            ring.append(waiting[here])
        rings.append(np.concatenate(ring))
    return rings


def _joined(curves: list[Curve]) -> list[Curve]:
    """The curves with narrow breaks inside the box closed."""
    for i, before in enumerate(curves):
        for j, after in enumerate(curves):
            near = np.linalg.norm(after[0] - before[-1]) < _BREAK
            if i != j and near and not _on_boundary(before[-1]) and not _on_boundary(after[0]):
                rest = [curve for k, curve in enumerate(curves) if k not in (i, j)]
                return _joined([*rest, np.concatenate([before, after])])
    return curves


def _on_boundary(point: np.ndarray) -> bool:
    return bool(np.min(np.abs(np.concatenate([point, 1.0 - point]))) < _EDGE)


def _to_boundary(curve: Curve) -> Curve:
    """The curve with its ends on the boundary."""
    before, after = _edge(curve[0], curve[1] - curve[0]), _edge(curve[-1], curve[-1] - curve[-2])
    return np.concatenate([before, curve, after])


def _edge(end: np.ndarray, direction: np.ndarray) -> Curve:
    """The point [0 or 1, 2] of the box's edge on the left of the direction, straight up or down; none if it is on an
    edge.
    """
    if _on_boundary(end):
        return np.zeros((0, 2))
    return np.array([[end[0], 1.0 if direction[0] >= 0 else 0.0]])


def _perimeter(point: np.ndarray) -> float:
    """Length along the boundary, counterclockwise from the lower left corner, 0 to 4, of the nearest point on it."""
    u, v = np.clip(point, 0.0, 1.0)
    side = int(np.argmin([v, 1.0 - u, 1.0 - v, u]))
    return side + (u, v, 1.0 - u, 1.0 - v)[side]


def _walk(start: float, stop: float) -> Curve:
    """The corners [k, 2] passed on the way counterclockwise from one place on the boundary to another."""
    stop = start + (stop - start) % 4.0
    passed = np.arange(np.floor(start) + 1.0, np.ceil(stop)).astype(int)
    return _CORNERS[(passed - 1) % 4]
