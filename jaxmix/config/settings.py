"""A constraint's settings as the flat numbers and words that its Module takes."""

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from jaxmix.config import reading, schema, text
from jaxmix.config.problems import ConfigError, Problem, shown


def constraint_settings(tables: Mapping[str, Any]) -> dict[str, dict[str, float | str]]:
    """The settings by constraint in raw tables that hold [constraints.NAME] alone; raises ConfigError."""
    problems: list[Problem] = [
        Problem(name, "a table", "a parameter or a constraint's setting") for name in tables if name != "constraints"
    ]
    found = {name: reading.constraint(name, table, problems) for name, table in tables.get("constraints", {}).items()}
    if problems:
        raise ConfigError(problems)
    return {name: flat(settings) for name, settings in found.items()}


def flat(settings: schema.Table) -> dict[str, float | str]:
    """Every number and word of a settings table by its name, those of inner tables among them; what is absent is left
    out.
    """
    found: dict[str, float | str] = {}
    for name, value in settings:
        if isinstance(value, schema.Table):
            found |= flat(value)
        elif schema.is_number(value):
            found[name] = float(value)
        elif isinstance(value, str):
            found[name] = value
    return found


def described(settings: type[schema.Table]) -> dict[str, dict[str, Any]]:
    """Default and meaning of every setting, and of a word those allowed; settings of inner tables stand under dotted
    names.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, field in settings.model_fields.items():
        if name == "levels":  # an argument of the commands, no setting
            continue
        inner = [
            kind
            for kind in (field.annotation, *get_args(field.annotation))
            if isinstance(kind, type) and issubclass(kind, schema.Table)
        ]
        if inner:
            found |= {f"{name}.{key}": entry for key, entry in described(inner[0]).items()}
        else:
            default = None if field.is_required() else field.default
            words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            found[name] = {"default": default, "meaning": field.description or ""} | (
                {"allowed": list(words)} if words else {}
            )
    return found


def restored(canonical: Any) -> reading.Config:
    """The study that `Config.canonical` wrote down; raises ConfigError if it does not hold."""
    text.check(canonical)
    axes = canonical.get("axes") if isinstance(canonical, dict) else None
    if not isinstance(axes, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in axes
    ):
        raise ConfigError([Problem("axes", shown(axes), "a list of pairs, the name of an axis and its table")])
    return reading.validate(_without_none({**canonical, "axes": dict(axes)}))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value
