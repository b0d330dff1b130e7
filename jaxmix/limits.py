"""Limits of one constraint, as the command `limit` reports them."""

import argparse
import math
from collections.abc import Mapping

import jax

from jaxmix import config, faults, flags, parameters, study
from jaxmix.constraints import shelf
from jaxmix.engine import limit

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


def run(arguments: argparse.Namespace) -> int:
    """The command's work: read the arguments, find the limits, print them."""
    lists = flags.at_values(arguments.at)
    settings = flags.settings_of(arguments.set, lists)
    single = all(len(values) == 1 for values in lists.values())
    level = flags.level(arguments.cl, arguments.sigma)
    _check(arguments.constraint, arguments.on, lists)
    points = flags.points(lists, free=arguments.on)
    for point in points:
        flags.check_forms(point, free=arguments.on)
    if arguments.constraint in study.PLANNED:
        answers = [_unbuilt(arguments.constraint, arguments.on, point, level) for point in points]
    else:
        answers = find(arguments.constraint, arguments.on, points, settings.get(arguments.constraint, {}), level, arguments.pdf)
    flags.show(answers, single, arguments.json)
    return 0


def find(
    name: str, on: str, points: list[dict[str, float]], settings: Mapping[str, float], level: tuple[str, float], pdf: str | None = None
) -> list[dict]:
    """The limit at every point as a JSON object; the derivatives reach the constraint's settings too."""
    jax.config.update("jax_enable_x64", True)
    common = {key: value for key, value in points[0].items() if all(point[key] == value for point in points)}
    varied = [{key: value for key, value in point.items() if key not in common} for point in points]
    problem = study.Study(common, {name: shelf.build(name, settings, level, pdf)})
    held = {f"{name}.{key}": float(value) for key, value in _movable(problem.constraints[name].values).items()}
    low, high, spacing = _DOMAINS[on]
    found = limit.find_limit(problem, name, on, varied, (low, high), spacing, around=common | held, samples=_SAMPLES)
    return [_document(name, on, point, level, answer) for point, answer in zip(points, found)]


def _movable(values: Mapping[str, float]) -> dict[str, float]:
    """Settings with respect to which a limit has a derivative: not the parameters, and no dark counts where there are none."""
    dark = {"rate", "window", "bars", "live_time"} if values["rate"] == 0 else set()
    return {key: value for key, value in values.items() if key not in parameters.PARAMETERS and key not in dark}


def _check(name: str, on: str, lists: dict[str, list[float]]) -> None:
    known = [*shelf.SHELF, *study.PLANNED]
    if name not in known:
        raise faults.BadInput(f"constraint: found {name[:60]!r}; allowed: {', '.join(known)}" + flags.nearest(name, known))
    if on not in _DOMAINS:
        raise faults.BadInput(f"--on: found {on[:60]!r}; allowed: {', '.join(_DOMAINS)}" + flags.nearest(on, _DOMAINS))
    if on in lists:
        raise faults.BadInput(f"--at: {on} is the parameter to be limited; hold others")
    for need in config.NEEDS.get(name, ()):
        if need != on and need not in lists:
            raise faults.BadInput(f"{need}: found nothing; {name} makes no statement without it: give --at {need}=VALUE")


def _document(name: str, on: str, point: dict[str, float], level: tuple[str, float], found: limit.Limit) -> dict:
    return {
        **_head(name, on, point, level),
        "limit": found.limit,
        "status": found.status,
        "residual": found.residual,
        "d_log_limit": found.d_log_limit,
        "branches": [
            {"value": b.value, "excluded": b.excluded, "residual": b.residual, "status": b.status, "d_log_limit": b.d_log_limit}
            for b in found.branches
        ],
    }


def _unbuilt(name: str, on: str, point: dict[str, float], level: tuple[str, float]) -> dict:
    nothing = {"limit": None, "status": "not_built", "residual": None, "d_log_limit": None, "branches": []}
    return {**_head(name, on, point, level), **nothing}


def _head(name: str, on: str, point: dict[str, float], level: tuple[str, float]) -> dict:
    mode, value = level
    return {"constraint": name, "parameter": on, "cl": value if mode == "cl" else None, "sigma": value if mode == "sigma" else None, "at": point}
