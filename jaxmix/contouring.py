"""All contours of a study: each level of each constraint in each plane."""

import math
from collections.abc import Callable
from typing import NamedTuple

from jaxmix import config, results, study
from jaxmix.engine import contour, points

_BATCH = 64  # points evaluated together


def trace_all(
    problem: study.Study,
    settings: config.Config,
    critical: dict[str, dict[str, float]],
    tell: Callable[[str], None],
    advance: Callable[[], None] = lambda: None,
) -> list[results.Trace]:
    """Every component of every contour.

    critical: the critical value by constraint and level; the first level of each is the problem's unit. tell: gets a line
    for a contour that did not converge everywhere. advance: called after each contour.
    """
    if settings.contours is None:
        return []
    x, y = (_axis(settings, name) for name in (settings.contours.x, settings.contours.y))
    found = {}
    for group in _groups(problem, settings, critical):
        levels = [math.log(level / group.unit) for _, _, level in group.members]
        helds = [dict(plane) for _, plane, _ in group.members]
        traced = contour.trace_family(problem, x, y, helds, output=group.name, levels=levels, depth=settings.contours.depth, batch=_BATCH, **group.nodes)
        for i, (label, plane, _) in enumerate(group.members):
            pieces = [piece for piece in traced if piece.plane == i]
            bad = sorted({piece.status for piece in pieces if piece.status != "converged"})
            if bad:
                tell(f"contour of {group.name} at {label}, {plane}: {', '.join(bad)}")
            held = _held(settings, plane)
            found[group.name, label, *plane.values()] = [_trace(group.name, label, k, held, piece) for k, piece in enumerate(pieces)]
            advance()
    order = [(name, label, *plane.values()) for plane in settings.planes() for name, levels in critical.items() for label in levels]
    return [trace for key in order for trace in found[key]]


class _Group(NamedTuple):
    """Contours of one constraint that have the same nodes, traced together: (label, plane, critical value) each."""

    name: str
    unit: float
    nodes: dict[str, tuple[float, ...]]
    members: list[tuple[str, dict[str, float], float]]


def _groups(problem: study.Study, settings: config.Config, critical: dict[str, dict[str, float]]) -> list[_Group]:
    groups = {}
    for plane in settings.planes():
        for name, levels in critical.items():
            sides = (("x", settings.contours.x), ("y", settings.contours.y))
            nodes = {f"{side}_nodes": tuple(problem.constraints[name].features(axis, _held(settings, plane))) for side, axis in sides}
            group = groups.setdefault((name, *nodes.values()), _Group(name, next(iter(levels.values())), nodes, []))
            group.members.extend((label, plane, value) for label, value in levels.items())
    return list(groups.values())


def _held(settings: config.Config, plane: dict[str, float]) -> dict[str, float]:
    """All that a plane holds."""
    return {name: value for name, value in settings.held.items() if name not in (settings.contours.x, settings.contours.y)} | plane


def count(settings: config.Config) -> int:
    """Number of contours that `trace_all` traces."""
    return len(settings.planes()) * sum(len(table.levels) for table in settings.constraints.values())


def compile_all(problem: study.Study, settings: config.Config) -> None:
    """Compile what `trace_all` needs, for a thread beside the grid's evaluation."""
    for plane in settings.planes()[:1]:
        helds = [plane] if count(settings) == 1 else [plane, dict(plane)]
        x, y = (_axis(settings, name) for name in (settings.contours.x, settings.contours.y))
        for name in problem.constraints:
            contour.compile_contours(problem, x, y, helds, output=name, batch=_BATCH)


def table(settings: config.Config, traces: list[results.Trace]) -> tuple[tuple[results.Side, results.Side], list[str]]:
    """The plane and the names of the held parameters, as contours.csv takes them."""
    sides = [settings.axes[name] for name in (settings.contours.x, settings.contours.y)]
    plane = [results.Side(name, axis.min, axis.max, axis.is_log) for name, axis in zip((settings.contours.x, settings.contours.y), sides)]
    return (plane[0], plane[1]), sorted({name for trace in traces for name in trace.held})


def _axis(settings: config.Config, name: str) -> points.Axis:
    axis, cells = settings.axes[name], settings.contours.cells + 1
    return (points.Axis.log if axis.is_log else points.Axis.linear)(name, axis.min, axis.max, cells)


def _trace(name: str, label: str, component: int, held: dict[str, float], piece: contour.Contour) -> results.Trace:
    return results.Trace(
        name, label, component, piece.closed, held, piece.x, piece.y, piece.tangent_x, piece.tangent_y, piece.residual
    )
