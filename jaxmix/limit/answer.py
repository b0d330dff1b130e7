"""Limits of one constraint, as the command `limit` reports them."""

import argparse
import dataclasses

from jaxmix import engine, faults, parameters, study
from jaxmix.command import answers, backend, inputs
from jaxmix.config import Instance
from jaxmix.constraints import shelf
from jaxmix.constraints.base import abstract
from jaxmix.constraints.base.kind import PROJECTED, THEORY, Kind
from jaxmix.models import declarations

_CL = 0.95


def run(arguments: argparse.Namespace) -> int:
    """The command's work: read the arguments, find the limits, print them."""
    lists = inputs.at_values(arguments.at)
    settings = inputs.settings_of(arguments.set, lists)
    single = all(len(values) == 1 for values in lists.values())
    name = arguments.constraint
    instance = settings.get(name, Instance(name, {}))
    kind = shelf.SHELF.of(instance.kind)
    _check(name, kind, arguments.on, lists)
    asked = repr(kind.only_cl or _CL) if arguments.cl is None else arguments.cl
    level = inputs.level(asked, arguments.sigma)
    model = inputs.declared(arguments.model, arguments.phase, lists, arguments.on)
    points = inputs.points(lists, arguments.on, model)
    for point in points:
        inputs.check_forms(point, arguments.on, model)
    backend.start()
    constraint = shelf.build(instance.kind, instance.settings, level, arguments.pdf)
    expected = arguments.expected or kind.kind == PROJECTED
    judged = shelf.expected(constraint) if expected else constraint
    found = find(name, judged, arguments.on, points, model.kind)
    head = {"constraint": name, "parameter": arguments.on, **_level(kind, level), "expected": expected}
    answers.show([head | _document(point, answer) for point, answer in zip(points, found)], single, arguments.json)
    return 0


def find(
    name: str,
    constraint: abstract.AbstractConstraint,
    on: str,
    points: list[dict[str, float]],
    model: str = declarations.DEFAULT,
) -> list[engine.Limit]:
    """Return the limit on a parameter at every point; its derivatives reach the constraint's settings too.

    Parameters
    ----------
    name
        What the constraint is called in derivatives, "NAME.SETTING".
    constraint
        The experiment, as the shelf builds it.
    on
        The parameter that is limited.
    points
        Parameters by name, the same names in each; units as in `parameters`.
    model
        Kind of the model.
    """
    common = {key: value for key, value in points[0].items() if all(point[key] == value for point in points)}
    varied = [{key: value for key, value in point.items() if key not in common} for point in points]
    problem = study.Study(common, {name: constraint}, model)
    held = {f"{name}.{key}": float(value) for key, value in problem.constraints[name].movable().items()}
    span, samples = parameters.LIMIT_RANGES[on], parameters.LIMIT_SAMPLES
    found = engine.find_limit(problem, name, on, varied, span.ends, span.spacing, around=common | held, samples=samples)
    return found if isinstance(found, list) else [found]


def _check(name: str, kind: Kind, on: str, lists: dict[str, inputs.Values]) -> None:
    known = parameters.LIMIT_RANGES
    if on not in known:
        raise faults.BadInput(f"--on: found {on[:60]!r}; allowed: {', '.join(known)}" + faults.did_you_mean(on, known))
    if on in lists:
        raise faults.BadInput(f"--at: {on} is the parameter to be limited; hold others")
    for need in kind.needs:
        if need != on and need not in lists:
            raise faults.BadInput(
                f"{need}: found nothing; {name} makes no statement without it: give --at {need}=VALUE"
            )


def _level(kind: Kind, level: tuple[str, float]) -> dict[str, float | None]:
    mode, value = level
    meant = mode if kind.kind != THEORY else None  # which has no level
    return {"cl": value if meant == "cl" else None, "sigma": value if meant == "sigma" else None}


def _document(point: dict[str, float], found: engine.Limit) -> dict:
    return {
        "at": point,
        "limit": found.limit,
        "status": found.status,
        "residual": found.residual,
        "d_log_limit": found.d_log_limit,
        "branches": [dataclasses.asdict(branch) for branch in found.branches],
    }
