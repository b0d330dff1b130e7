"""Labels on curves: along the curve, beside it, where no curve and no other label is in the way."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

Curve = Float[np.ndarray, "n 2"]

_MARGIN = 4.0  # points free around a word
_STEEPEST = np.deg2rad(60)
_BENT = 3.0  # points by which the curve may leave its chord along a word


class _Place(NamedTuple):
    """Centre, angle (rad) and half size of a word, pixels."""

    centre: np.ndarray
    angle: float
    half: np.ndarray
    cost: float

    def holds(self, points: Curve) -> bool:
        """Tell whether a point lies in it."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        along = (points - self.centre) @ np.array([[cos, -sin], [sin, cos]])
        return bool(np.any(np.all(np.abs(along) < self.half, axis=1)))

    def outline(self) -> Curve:
        """Return points in and around it, some pixels apart."""
        grid = np.stack(np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 5)), axis=-1).reshape(-1, 2) * self.half
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return self.centre + grid @ np.array([[cos, sin], [-sin, cos]])


def write(
    axes: Axes, words: Sequence[tuple[str, str, Sequence[Curve]]], obstacles: Sequence[Curve]
) -> list[Text | None]:
    """Write words on their curves.

    Parameters
    ----------
    axes
        The panel; its figure's layout must be settled.
    words
        Text, colour and the curves that it may stand on, in data coordinates.
    obstacles
        All curves of the panel.

    Returns
    -------
    list
        The Text of each word, None for a word that found no room.
    """
    pixel = axes.figure.dpi / 72.0
    box = axes.get_window_extent()
    # in the box alone, and dense enough that no word fits between two points
    blocked = [_dense(axes.transData.transform(curve), 2.0 * pixel) for curve in obstacles if len(curve) > 1]
    taken: list[_Place] = []
    found = []
    for text, colour, curves in words:
        artist = axes.text(0.5, 0.5, text, color=colour, fontsize="small", ha="center", va="center", transform=None)
        artist.set_in_layout(False)
        extent = artist.get_window_extent()
        half = 0.5 * np.array([extent.width, extent.height])
        lines = [_dense(axes.transData.transform(curve), 2.0 * pixel) for curve in curves if len(curve) > 1]
        places = [place for line in lines for place in _places(line, half, pixel, box)]
        free = (
            place
            for place in sorted(places, key=lambda place: place.cost)
            if _is_free(place, blocked, taken, box, pixel)
        )
        best = next(free, None)
        found.append(None if best is None else artist)
        if best is None:
            artist.remove()
            continue
        taken.append(best)
        artist.set(position=axes.transAxes.inverted().transform(best.centre), transform=axes.transAxes)
        artist.set(rotation=np.rad2deg(best.angle), rotation_mode="anchor")
    return found


def _dense(line: Curve, step: float) -> Curve:
    """The line at equal steps of its length, pixels."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0.0, length[-1], max(int(length[-1] / step), 2))
    return np.column_stack([np.interp(at, length, line[:, axis]) for axis in (0, 1)])


def _places(line: Curve, half: np.ndarray, pixel: float, box: Bbox) -> list[_Place]:
    """Where a word could stand on a line, on either side of it; straight, level and central places cost least."""
    reach = max(int(half[0] / (2.0 * pixel)), 1)
    places = []
    for middle in range(reach, len(line) - reach, 3):
        part = line[middle - reach : middle + reach + 1]
        chord = part[-1] - part[0]
        chord = chord if chord[0] >= 0 else -chord
        angle = float(np.arctan2(chord[1], chord[0]))
        normal = np.array([-np.sin(angle), np.cos(angle)])
        away = (part - part[reach]) @ normal
        if abs(angle) > _STEEPEST or np.ptp(away) > _BENT * pixel:
            continue
        off_centre = abs(line[middle, 0] - 0.5 * (box.x0 + box.x1)) / box.width
        for side, room in ((-1.0, -away.min()), (1.0, away.max())):
            centre = part[reach] + side * (half[1] + room + 0.6 * _MARGIN * pixel) * normal
            places.append(
                _Place(centre, angle, half, np.ptp(away) / pixel + 2 * abs(angle) + 4 * off_centre + (side > 0))
            )
    return places


def _is_free(place: _Place, blocked: Sequence[Curve], taken: Sequence[_Place], box: Bbox, pixel: float) -> bool:
    """Whether a word is inside the panel, clear of all curves and of all words before it."""
    outline = place.outline()
    inside = np.all((outline > box.p0 + _MARGIN * pixel) & (outline < box.p1 - _MARGIN * pixel))
    close, wide = (place._replace(half=place.half + margin * _MARGIN * pixel) for margin in (0.5, 2.0))
    return (
        bool(inside)
        and not any(close.holds(line) for line in blocked)
        and not any(wide.holds(other.outline()) for other in taken)
    )
