"""All contours of a study: each level of each constraint in each plane."""

import math
from collections.abc import Callable

from jaxmix import config, results, study
from jaxmix.engine import contour, points


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
    traces = []
    for plane in settings.planes():
        held = {name: value for name, value in settings.held.items() if name not in (x.name, y.name)} | plane
        for name, levels in critical.items():
            unit = next(iter(levels.values()))
            nodes = {f"{side}_nodes": problem.constraints[name].features(axis.name, held) for side, axis in (("x", x), ("y", y))}
            for label, value in levels.items():
                found = contour.trace_contours(
                    problem, x, y, plane, output=name, level=math.log(value / unit), depth=settings.contours.depth, **nodes
                )
                bad = sorted({piece.status for piece in found if piece.status != "converged"})
                if bad:
                    tell(f"contour of {name} at {label}, {plane}: {', '.join(bad)}")
                traces += [_trace(name, label, i, held, piece) for i, piece in enumerate(found)]
                advance()
    return traces


def count(settings: config.Config) -> int:
    """Number of contours that `trace_all` traces."""
    return len(settings.planes()) * sum(len(table.levels) for table in settings.constraints.values())


def compile_all(problem: study.Study, settings: config.Config) -> None:
    """Compile what `trace_all` needs, for a thread beside the grid's evaluation."""
    for plane in settings.planes()[:1]:
        x, y = (_axis(settings, name) for name in (settings.contours.x, settings.contours.y))
        for name in problem.constraints:
            contour.compile_contours(problem, x, y, plane, output=name)


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
