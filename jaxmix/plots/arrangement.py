"""The layout of a figure: the contours of a scan sorted into panels, series and levels."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from jaxmix import config, engine, parameters, results
from jaxmix.constraints.base.kind import Kind

_BETWEEN = 6  # points on each cubic piece between two vertices, of which those needed are kept
_FLAT = 1e-4  # of the box, by which a line of points may miss the cubic pieces


class Curve(NamedTuple):
    """One drawn component.

    Its panel, series and level by number; its points [n] and its path of cubic pieces, as points [m, 2] and codes [m]
    (engine.bezier), in the parameters' units.
    """

    panel: int
    series: int
    level: int
    trace: results.Trace
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    path: tuple[Float[np.ndarray, "m 2"], UInt8[np.ndarray, " m"]]


class Arrangement(NamedTuple):
    """Which curve is drawn in which panel.

    Attributes
    ----------
    sides
        x and y.
    panels
        The held values that tell the panels apart.
    series
        The constraint and the values that tell the curves of a panel apart.
    kinds
        What the shelf knows of each series' constraint.
    levels
        Labels of each series' levels.
    common
        The values that all share.
    curves
        All that is drawn.
    """

    sides: tuple[engine.Side, engine.Side]
    panels: list[dict[str, float]]
    series: list[tuple[str, dict[str, float]]]
    kinds: list[Kind]
    levels: list[list[str]]
    common: dict[str, float]
    curves: list[Curve]

    def of(self, panel: int, series: int | None = None, level: int | None = None) -> list[Curve]:
        """List the curves of a panel, or of one series or level in it."""
        wanted = (panel, series, level)
        return [curve for curve in self.curves if all(ask in (None, has) for ask, has in zip(wanted, curve))]


def arrange(settings: config.Config, traces: list[results.Trace]) -> Arrangement:
    """Sort the values held of all planes into panels, series and common ones, and the traces to them.

    Curves of a panel differ by the constraint, or, where there is one constraint alone, by what is held beside a mass
    ratio. Raises ValueError for a config without [contours].
    """
    x, y = (_side(name, settings.axes[name]) for name in (settings.traced.x, settings.traced.y))
    planes = settings.planes()
    varied = [name for name in planes[0] if len({plane[name] for plane in planes}) > 1]
    apart = [name for name in varied if name in parameters.MCP_RATIOS or len(settings.constraints) > 1]
    within = [name for name in varied if name not in apart]
    panels = _distinct({name: plane[name] for name in apart} for plane in planes)
    held = _distinct({name: plane[name] for name in within} for plane in planes)
    series = [(name, values) for name in settings.constraints for values in held]
    kinds = [config.about(settings.constraints[name]) for name, _ in series]
    levels = [[level.label for level in settings.constraints[name].levels] for name, _ in series]
    common = {name: value for name, value in (settings.held | planes[0]).items() if name not in varied}
    empty = Arrangement((x, y), panels, series, kinds, levels, common, [])
    curves = [_curve(trace, empty) for trace in traces if len(trace.x) > 1]
    return empty._replace(curves=sorted(curves, key=lambda curve: curve[:3] + (curve.trace.component,)))


def _distinct(dictionaries: Iterable[dict[str, float]]) -> list[dict[str, float]]:
    return [dict(items) for items in dict.fromkeys(tuple(each.items()) for each in dictionaries)]


def _side(name: str, axis: config.Axis) -> engine.Side:
    return engine.Side(name, *axis.ends, axis.is_log)


def _curve(trace: results.Trace, arrangement: Arrangement) -> Curve:
    """A trace with its place in the figure, and its cubic pieces as points and as a path."""
    panel = next(i for i, values in enumerate(arrangement.panels) if _agrees(values, trace.held))
    series = next(
        i
        for i, (name, values) in enumerate(arrangement.series)
        if name == trace.constraint and _agrees(values, trace.held)
    )
    place = np.column_stack([side.to_box(along) for side, along in zip(arrangement.sides, (trace.x, trace.y))])
    tangent = np.column_stack([trace.tangent_x, trace.tangent_y])
    x, y = _drawn(arrangement.sides, engine.pieces.curve(place, tangent, trace.closed, _BETWEEN)).T
    path = engine.bezier.path(arrangement.sides, place, tangent, trace.closed)
    return Curve(panel, series, arrangement.levels[series].index(trace.level), trace, x, y, path)


def drawn(piece: engine.Contour) -> Float[np.ndarray, "n 2"]:
    """Return the points of a contour's cubic pieces that a drawing needs, in its parameters."""
    return _drawn(piece.sides, engine.pieces.curve(piece.in_box(), piece.tangents(), piece.closed, _BETWEEN))


def _drawn(sides: tuple[engine.Side, engine.Side], curve: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    needed = curve[_needed(curve)]
    return np.column_stack([side.from_box(along) for side, along in zip(sides, needed.T)])


def _needed(line: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
    """Tell which points of a line, in box coordinates, are needed to draw it within _FLAT.

    U. Ramer, Comput. Graph. Image Process. 1 (1972) 244.
    """
    keep = np.zeros(len(line), bool)
    keep[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        off = _distance(line[first + 1 : last], line[first], line[last])
        if off.size and off.max() > _FLAT:
            middle = first + 1 + int(np.argmax(off))
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
    return keep


def _distance(
    points: Float[np.ndarray, "n 2"], start: Float[np.ndarray, " 2"], end: Float[np.ndarray, " 2"]
) -> Float[np.ndarray, " n"]:
    """Distance of points from the segment between two points."""
    chord = end - start
    along = np.clip((points - start) @ chord / max(chord @ chord, 1e-300), 0.0, 1.0)
    return np.hypot(*(points - start - along[:, None] * chord[None, :]).T)


def _agrees(values: dict[str, float], held: dict[str, float]) -> bool:
    return all(math.isclose(held[name], value, rel_tol=1e-12) for name, value in values.items())
