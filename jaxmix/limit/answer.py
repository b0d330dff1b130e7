"""Limits of one constraint, as the command `limit` reports them."""

import argparse
import dataclasses
import math

from jaxmix import config, engine, faults, study
from jaxmix.command import answers, backend, inputs
from jaxmix.constraints import shelf
from jaxmix.constraints.base import abstract

# Where a limit is looked for, and in which spacing; beyond it a limit would be of no use to anybody
_DOMAINS = {
    "kappa": (1e-8, 0.999, "log"),
    "epsilon_gamma": (1e-8, 1.0, "log"),
    "m_zprime": (0.05, 3000.0, "log"),
    "m2": (0.05, 3000.0, "log"),
    "m_zprime_over_m_mcp": (0.1, 1e3, "log"),
    "m2_over_m_mcp": (0.1, 1e3, "log"),
    "theta_dark": (1e-4, math.pi / 2 - 1e-4, "linear"),
    "e_dark": (1e-4, 4 * math.pi, "log"),
    "m_mcp": (0.01, 2000.0, "log"),
    "luminosity": (1e-3, 1e7, "log"),
    "sqrt_s": (2000.0, 1e5, "log"),
}
_SAMPLES = 128
_CL = 0.95


def run(arguments: argparse.Namespace) -> int:
    """The command's work: read the arguments, find the limits, print them."""
    lists = inputs.at_values(arguments.at)
    settings = inputs.settings_of(arguments.set, lists)
    single = all(len(values) == 1 for values in lists.values())
    _check(arguments.constraint, arguments.on, lists)
    kind = shelf.SHELF[arguments.constraint]
    asked = repr(kind.only_cl or _CL) if arguments.cl is None else arguments.cl
    level = inputs.level(asked, arguments.sigma)
    points = inputs.points(lists, free=arguments.on)
    for point in points:
        inputs.check_forms(point, free=arguments.on)
    backend.start()
    constraint = shelf.build(arguments.constraint, settings.get(arguments.constraint, {}), level, arguments.pdf)
    expected = arguments.expected or kind.kind == "projected"
    found = find(shelf.expected(constraint) if expected else constraint, arguments.on, points)
    head = {"constraint": arguments.constraint, "parameter": arguments.on, **_level(kind, level), "expected": expected}
    answers.show([head | _document(point, answer) for point, answer in zip(points, found)], single, arguments.json)
    return 0


def find(constraint: abstract.AbstractConstraint, on: str, points: list[dict[str, float]]) -> list[engine.Limit]:
    """The limit on the parameter `on` at every point; the derivatives reach the constraint's settings too."""
    common = {key: value for key, value in points[0].items() if all(point[key] == value for point in points)}
    varied = [{key: value for key, value in point.items() if key not in common} for point in points]
    name = constraint.name
    problem = study.Study(common, {name: constraint})
    held = {f"{name}.{key}": float(value) for key, value in problem.constraints[name].movable().items()}
    low, high, spacing = _DOMAINS[on]
    return engine.find_limit(problem, name, on, varied, (low, high), spacing, around=common | held, samples=_SAMPLES)


def _check(name: str, on: str, lists: dict[str, list[float]]) -> None:
    if name not in shelf.SHELF:
        raise faults.BadInput(
            f"constraint: found {name[:60]!r}; allowed: {', '.join(shelf.SHELF)}"
            + faults.did_you_mean(name, shelf.SHELF)
        )
    if on not in _DOMAINS:
        raise faults.BadInput(
            f"--on: found {on[:60]!r}; allowed: {', '.join(_DOMAINS)}" + faults.did_you_mean(on, _DOMAINS)
        )
    if on in lists:
        raise faults.BadInput(f"--at: {on} is the parameter to be limited; hold others")
    for need in config.NEEDS.get(name, ()):
        if need != on and need not in lists:
            raise faults.BadInput(
                f"{need}: found nothing; {name} makes no statement without it: give --at {need}=VALUE"
            )


def _level(kind: type[abstract.AbstractConstraint], level: tuple[str, float]) -> dict[str, float | None]:
    mode, value = level
    meant = mode if kind.kind != "theory" else None  # which has no level
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
