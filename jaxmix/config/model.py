"""The model that a config names: its parameters, its phases, the words that stand for numbers, and the defaults."""

import copy
import math
from collections.abc import Mapping
from typing import Any

from jaxmix import parameters
from jaxmix.config import schema
from jaxmix.config.problems import Problem, joined, shown
from jaxmix.models import declarations


def with_numbers_for_words(raw: dict[str, Any]) -> dict[str, Any]:
    """Tables in which the words theta_w, pi/2 and e are numbers, at the held Standard Model inputs."""
    raw = copy.deepcopy(raw)
    held, axes = names(raw, "parameters"), names(raw, "axes")
    words = parameters.named_values(**_standard_model(held))
    for place in (held, dictionary(names(raw, "contours").get("at"))):
        for name in place:
            if name in parameters.PARAMETERS and name not in parameters.STANDARD_MODEL:
                place[name] = _replaced(place[name], words)
    for name, table in axes.items():
        axis = dictionary(table)
        for key in ("values", "min", "max"):
            if key in axis and name not in parameters.STANDARD_MODEL:
                axis[key] = _replaced(axis[key], words)
    return raw


def _replaced(found: Any, words: Mapping[str, float]) -> Any:
    if isinstance(found, list):
        return [words.get(item, item) if isinstance(item, str) else item for item in found]
    return words.get(found, found) if isinstance(found, str) else found


def _standard_model(held: Mapping[str, Any]) -> dict[str, Any]:
    """The held sin2_theta_w and alpha, at their defaults where those are absent or outside their domain."""
    inputs = {}
    for key in parameters.STANDARD_MODEL:
        parameter, value = parameters.PARAMETERS[key], held.get(key, math.nan)
        inputs[key] = value if schema.is_number(value) and parameter.contains(value) else parameter.default
    return inputs


def declared(raw: Mapping[str, Any]) -> declarations.Declaration:
    """The declaration of the model that [model] names, of the default one where it names none that there is."""
    kind = names(raw, "model").get("kind")
    if isinstance(kind, str) and kind in declarations.DECLARED:
        return declarations.DECLARED[kind]
    return declarations.MIXED_PHASE


def with_phase(raw: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Tables in which the parameter that [model] phase stands for has its value; problems where another is given."""
    phase, model = names(raw, "model").get("phase"), declared(raw)
    if phase is None:
        return raw
    if not isinstance(phase, str) or phase not in model.phases:
        allowed = ", ".join(model.phases) or f"none: {model.kind} has no phases"
        problems.append(Problem("model.phase", shown(phase), allowed))
        return raw
    name, value = model.phases[phase]
    held = names(raw, "parameters")
    ends = [end for _, end in model.phases.values() if end is not None]
    given = [each for each in values_of(name, held, names(raw, "axes")) if each is not None]
    wrong = [each for each in given if each != value and (value is not None or each in ends)]
    if wrong:
        what = "between its ends" if value is None else f"{value:.6g} or nothing"
        problems.append(Problem(joined("parameters", name), shown(wrong[0]), f"{what}, with model.phase = {phase!r}"))
    elif value is not None and not given:
        return {**raw, "parameters": {**held, name: value}}
    return raw


def with_defaults(
    given: dict[str, float],
    axes: Mapping[str, schema.Axis],
    model: declarations.Declaration = declarations.MIXED_PHASE,
) -> dict[str, float]:
    """Held values with the defaults of every parameter of the model that has one and is no axis."""
    found = model.defaults(**_standard_model(given)) | given
    return {name: found[name] for name in model.names if name in found and name not in axes}


def values_of(name: str, held: Mapping[str, Any], axes: Mapping[str, Any]) -> list[Any]:
    """The raw values that a parameter takes: held, listed, or the ends of a range."""
    axis = dictionary(axes.get(name))
    listed = axis.get("values")
    return [held.get(name), axis.get("min"), axis.get("max"), *(listed if isinstance(listed, list) else [])]


def names(raw: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return the raw table of this name, empty where there is none."""
    return dictionary(raw.get(table))


def dictionary(value: Any) -> dict[str, Any]:
    """Return a raw value if it is a table, and an empty table otherwise."""
    return value if isinstance(value, dict) else {}
