"""An independent check of contours: the level is bisected for across each vertex and each segment, from values
alone.
"""

from typing import NamedTuple

import numpy as np

from jaxmix.engine.contour import box, pieces

_ABOUT_VERTEX = 1e-6  # of the box, to either side
_ABOUT_CURVE = 1.0  # times the accuracy asked for
_STEPS = np.linspace(-1.0, 1.0, 41)  # where f's sign is looked at first, over the reach: the level may come by twice
_HALVINGS = 40


class Check(NamedTuple):
    """The result of the check of a contour.

    Places are vertices and the middles of segments. A place is not counted where f is undefined on one side and has no
    change of sign on the other.

    Attributes
    ----------
    vertices, curve
        The largest distance, in the box, of a vertex and of a segment's middle from a change of f's sign.
    lost
        The number of places near which f's sign does not change.
    looked_at
        The number of places.
    """

    vertices: float
    curve: float
    lost: int
    looked_at: int


def checked(sampler: box.Sampler, parts: list[pieces.Piece], accuracy: float) -> list[Check]:
    """The check of each piece: on the line from place - r n to place + r n, n the unit normal, the change of f's sign
    that is nearest is bisected for; r = 1e-6 of the box at vertices and the accuracy asked for in the middle of
    segments.
    """
    places = [_places(piece, accuracy) for piece in parts]
    plane = np.concatenate(
        [np.full(len(place), piece.plane) for (place, _, _), piece in zip(places, parts)] or [np.zeros(0, int)]
    )
    if not len(plane):
        return [Check(0.0, 0.0, 0, 0) for _ in parts]
    place, normal, vertex = (np.concatenate(arrays) for arrays in zip(*places))
    reach = np.where(vertex, _ABOUT_VERTEX, _ABOUT_CURVE * accuracy)
    distance = _distances(sampler, plane, place, normal * reach[:, None]) * reach
    stops = np.cumsum([len(each) for each, _, _ in places])[:-1]
    return [_summed(*each) for each in zip(np.split(distance, stops), np.split(vertex, stops))]


def _places(piece: pieces.Piece, accuracy: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices and middles of segments longer than the accuracy [m, 2], the unit normals there, and which are
    vertices.
    """
    if not len(piece.place):
        return np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, bool)
    place, (tangent, _) = piece.place, pieces.tangents(piece)
    ring = [np.concatenate([array, array[:1]]) if piece.closed else array for array in (place, tangent)]
    around = pieces.hermite(ring[0], ring[1], np.array([0.45, 0.5, 0.55]))
    around = around[np.linalg.norm(np.diff(ring[0], axis=0), axis=1) > accuracy]
    along = around[:, 2] - around[:, 0]
    along = along / np.maximum(np.linalg.norm(along, axis=1), 1e-300)[:, None]
    left = np.concatenate([tangent, along]) @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    return np.concatenate([place, around[:, 1]]), left, np.arange(len(place) + len(along)) < len(place)


def _distances(sampler: box.Sampler, plane: np.ndarray, place: np.ndarray, across: np.ndarray) -> np.ndarray:
    """How far, in units of `across`, f's sign changes from each place; infinite where it does not, NaN where it does
    not and f is undefined.
    """

    def positive(t: np.ndarray) -> np.ndarray:
        value = sampler.values(plane, place + t[:, None] * across)
        return np.where(np.isnan(value), np.nan, value >= 0)

    signs = np.stack([positive(np.full(len(plane), t)) for t in _STEPS], axis=1)
    changes = signs[:, 1:] + signs[:, :-1] == 1
    near = np.argmin(np.where(changes, np.abs(_STEPS[1:] + _STEPS[:-1])[None], np.inf), axis=1)
    low, high, below = _STEPS[near], _STEPS[near + 1], signs[np.arange(len(plane)), near]
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        same = positive(middle) == below
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    none = np.where(np.isnan(signs).any(axis=1), np.nan, np.inf)
    return np.where(changes.any(axis=1), np.abs(0.5 * (low + high)), none)


def _summed(distance: np.ndarray, vertex: np.ndarray) -> Check:
    met = np.isfinite(distance)
    vertices, curve = (float(np.max(distance[met & which], initial=0.0)) for which in (vertex, ~vertex))
    return Check(vertices, curve, int(np.isinf(distance).sum()), int((~np.isnan(distance)).sum()))
