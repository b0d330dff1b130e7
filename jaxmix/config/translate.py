"""The errors of pydantic in the words of this package: key path, what was found, what is allowed."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from jaxmix import parameters
from jaxmix.config import schema
from jaxmix.config.problems import Problem, joined, shown, unknown


def table(model: type[schema.Table], raw: Any, path: str, problems: list[Problem], context: dict | None = None) -> Any:
    """The table at `path` as its model, or None with the problems added."""
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as fault:
        name = (context or {}).get("parameter")
        problems += [problem(model, error, path, name) for error in fault.errors(include_url=False)]
        return None


def problem(model: type[schema.Table], error: Mapping[str, Any], path: str, parameter: str | None = None) -> Problem:
    """One of pydantic's errors on a table at `path`; `parameter` is the one whose values the table holds, if any."""
    location = [part for part in error["loc"] if not (part == "values" and path.startswith("contours.at"))]
    owner, description = _owner(model, error["loc"])
    if error["type"] == "extra_forbidden":
        return unknown(joined(path, *location[:-1]), str(location[-1]), owner.model_fields)
    found = "nothing" if error["type"] == "missing" else shown(error["input"])
    name = location[-1] if owner is schema.Parameters else parameter
    if name in parameters.PARAMETERS and error["type"] in ("float_type", "finite_number"):
        allowed = _value_of(name)
    else:
        allowed = _allowed(error) + (f" ({description})" if description else "")
    return Problem(joined(path, *location), found, allowed)


def _value_of(name: str) -> str:
    """What is allowed for a parameter: its domain and unit, and the word that may stand for a value."""
    parameter = parameters.PARAMETERS[name]
    unit = f", in {parameter.unit}" if parameter.unit != "1" else ""
    word = f', or "{parameters.WORDS[name]}"' if name in parameters.WORDS else ""
    return parameter.domain + unit + word


def _owner(model: type[schema.Table], location: Sequence[str | int]) -> tuple[type[schema.Table], str | None]:
    """The model that holds the last key of a location, and that key's description."""
    description = None
    owner, inner = model, _inner(model)
    for part in location:
        if isinstance(part, str) and inner is not None:
            owner, field = inner, inner.model_fields.get(part)
            description = field.description if field else None
            inner = _inner(field.annotation) if field else None
    return owner, description


def _inner(annotation: Any) -> type[schema.Table] | None:
    """The model inside an annotation such as tuple[Level, ...] | None."""
    if isinstance(annotation, type) and issubclass(annotation, schema.Table):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part)) is not None), None)


_KINDS = {
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "string_type": "text in quotes",
    "string_pattern_mismatch": "another text",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "missing": "a value, which is required",
    "bool_type": "true or false",
}
_BOUNDS = {
    "greater_than": "a number > {gt}",
    "greater_than_equal": "a number >= {ge}",
    "less_than": "a number < {lt}",
    "less_than_equal": "a number <= {le}",
    "literal_error": "{expected}",
    "domain": "{allowed}",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
}


def _allowed(error: Mapping[str, Any]) -> str:
    kind = error["type"]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**error["ctx"])
    return _KINDS.get(kind, error["msg"])
