"""All contours of a study: each level of each constraint in each plane."""

import collections
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from jaxmix import config, engine, results, study

_BATCH = 64  # points evaluated together


class Traced(NamedTuple):
    """Every component of every contour, what the engine traced together, and whether all was checked by bisection."""

    traces: list[results.Trace]
    families: list[engine.Contours]
    verified: bool


def trace_all(
    problem: study.Study,
    settings: config.Config,
    critical: dict[str, dict[str, float]],
    tell: Callable[[str], None],
    advance: Callable[[], None] = lambda: None,
    verify: bool = False,
) -> Traced:
    """Every component of every contour.

    critical: the critical value by constraint and level; the first level of each is the problem's unit. tell: gets a
    line if something is in doubt. advance: called after each contour. verify: check all by bisection across them.
    """
    if settings.contours is None:
        return Traced([], [], verify)
    x, y = (_axis(settings, name) for name in (settings.traced.x, settings.traced.y))
    found: dict[tuple, list[results.Trace]] = {}
    families = []
    for group in _groups(problem, settings, critical):
        levels = [math.log(level / group.unit) for _, _, level in group.members]
        helds = [dict(plane) for _, plane, _ in group.members]
        family = engine.trace_family(
            problem,
            x,
            y,
            helds,
            output=group.name,
            levels=levels,
            depth=settings.traced.depth,
            x_nodes=group.nodes["x_nodes"],
            y_nodes=group.nodes["y_nodes"],
            verify=verify,
            batch=_BATCH,
        )
        families.append(family)
        for i, (label, plane, _) in enumerate(group.members):
            pieces, held = [piece for piece in family if piece.plane == i], _held(settings, plane)
            found[group.name, label, *plane.values()] = [
                _trace(group.name, label, k, held, piece, family) for k, piece in enumerate(pieces)
            ]
            advance()
    order = [
        (name, label, *plane.values())
        for plane in settings.planes()
        for name, levels in critical.items()
        for label in levels
    ]
    traced = Traced([trace for key in order for trace in found[key]], families, verify)
    doubts = _doubts(traced)
    if doubts:
        tell(f"contours: {', '.join(doubts)}")
    return traced


def summary(traced: Traced) -> dict[str, Any]:
    """What a manifest says of all contours."""
    certificates = [trace.certificate for trace in traced.traces if trace.certificate is not None]
    found: dict[str, Any] = {
        "number": len(certificates),
        "by_status": dict(collections.Counter(each.status for each in certificates)),
        "traces_by_status": dict(collections.Counter(family.status for family in traced.families)),
        "largest_residual": _largest(each.residual for each in certificates),
        "largest_deviation": _largest(each.deviation for each in certificates),
        "evaluations": sum(family.calls for family in traced.families),
    }
    if traced.verified:
        found["verified"] = {
            "vertices": _largest(each.verified_vertices for each in certificates),
            "curve": _largest(each.verified_curve for each in certificates),
            "places": sum(each.verified_places or 0 for each in certificates),
            "lost": sum(each.verified_lost or 0 for each in certificates),
        }
    return found


def _doubts(traced: Traced) -> list[str]:
    """What did not converge, of which constraint, and cells of which it is not known whether a contour runs there."""
    counted = collections.Counter(
        (trace.certificate.status, trace.constraint) for trace in traced.traces if trace.certificate is not None
    )
    cells = sum(len(family.unresolved) for family in traced.families)
    doubts = [f"{count} {status} of {name}" for (status, name), count in counted.items() if status != "converged"]
    return doubts + ([f"{cells} cells through which one may run or not"] if cells else [])


def _largest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


class _Group(NamedTuple):
    """Contours of one constraint that have the same nodes, traced together: (label, plane, critical value) each."""

    name: str
    unit: float
    nodes: dict[str, tuple[float, ...]]
    members: list[tuple[str, dict[str, float], float]]


def _groups(problem: study.Study, settings: config.Config, critical: dict[str, dict[str, float]]) -> list[_Group]:
    groups: dict[tuple, _Group] = {}
    for plane in settings.planes():
        for name, levels in critical.items():
            sides = (("x", settings.traced.x), ("y", settings.traced.y))
            nodes = {
                f"{side}_nodes": tuple(problem.constraints[name].features(axis, _held(settings, plane)))
                for side, axis in sides
            }
            group = groups.setdefault((name, *nodes.values()), _Group(name, next(iter(levels.values())), nodes, []))
            group.members.extend((label, plane, value) for label, value in levels.items())
    return list(groups.values())


def _held(settings: config.Config, plane: dict[str, float]) -> dict[str, float]:
    """All that a plane holds."""
    return {
        name: value for name, value in settings.held.items() if name not in (settings.traced.x, settings.traced.y)
    } | plane


def count(settings: config.Config) -> int:
    """Number of contours that `trace_all` traces."""
    return len(settings.planes()) * sum(len(table.levels) for table in settings.constraints.values())


def compile_all(problem: study.Study, settings: config.Config) -> None:
    """Compile what `trace_all` needs, for a thread beside the grid's evaluation."""
    for plane in settings.planes()[:1]:
        helds = [plane] if count(settings) == 1 else [plane, dict(plane)]
        x, y = (_axis(settings, name) for name in (settings.traced.x, settings.traced.y))
        for name in problem.constraints:
            engine.compile_contours(problem, x, y, helds, output=name, batch=_BATCH)


def table(settings: config.Config, traces: list[results.Trace]) -> tuple[tuple[results.Side, results.Side], list[str]]:
    """The plane and the names of the held parameters, as contours.csv takes them."""
    sides = [settings.axes[name] for name in (settings.traced.x, settings.traced.y)]
    plane = [
        results.Side(name, *axis.ends, axis.is_log) for name, axis in zip((settings.traced.x, settings.traced.y), sides)
    ]
    return (plane[0], plane[1]), sorted({name for trace in traces for name in trace.held})


def _axis(settings: config.Config, name: str) -> engine.Axis:
    axis, cells = settings.axes[name], settings.traced.cells + 1
    return (engine.Axis.log if axis.is_log else engine.Axis.linear)(name, *axis.ends, cells)


def _trace(
    name: str, label: str, component: int, held: dict[str, float], piece: engine.Contour, family: engine.Contours
) -> results.Trace:
    columns = (piece.x, piece.y, piece.tangent_x, piece.tangent_y, piece.residual)
    return results.Trace(name, label, component, piece.closed, held, *columns, _certificate(piece, family))


def _certificate(piece: engine.Contour, family: engine.Contours) -> results.Certificate:
    """The certificate of one contour; of one without vertices there is no distance to tell."""
    ends = ";".join(dict.fromkeys(piece.ends or ()))
    sizes = [
        float(size) if len(piece.x) and np.isfinite(size) else None for size in (piece.max_residual, piece.deviation)
    ]
    found = results.Certificate(
        piece.status,
        ends,
        len(piece.x),
        len(piece.brackets),
        sizes[0],
        sizes[1],
        int(piece.calls.sum()),
        family.status,
        family.calls,
        family.coarse_calls,
    )
    if piece.check is None:
        return found
    vertices, curve = (size if len(piece.x) else None for size in (piece.check.vertices, piece.check.curve))
    return found._replace(
        verified_vertices=vertices,
        verified_curve=curve,
        verified_places=piece.check.looked_at,
        verified_lost=piece.check.lost,
    )
