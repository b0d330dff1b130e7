"""A constraint's settings as the flat numbers and words that its experiment takes, and studies from their manifests."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxmix.config import constraint_tables, reading, text
from jaxmix.config.problems import ConfigError, Problem, shown


class Instance(NamedTuple):
    """One experiment of a study: its kind on the shelf, and its settings that are not at their defaults."""

    kind: str
    settings: dict[str, float | str]


def instances(tables: Mapping[str, Any]) -> dict[str, Instance]:
    """Return the experiments by name in raw tables that hold [constraints.NAME] alone.

    Raises
    ------
    ConfigError
        With every problem.
    """
    problems: list[Problem] = [
        Problem(name, "a table", "a parameter or a constraint's setting") for name in tables if name != "constraints"
    ]
    raw = constraint_tables.expanded(tables).get("constraints", {})
    found = {name: constraint_tables.read(name, table, problems) for name, table in raw.items()}
    if problems:
        raise ConfigError(problems)
    return {name: Instance(table.kind, constraint_tables.flat(table)) for name, table in found.items() if table}


def restored(canonical: Any) -> reading.Config:
    """Return the study that `Config.canonical` wrote down.

    Raises
    ------
    ConfigError
        If it does not hold.
    """
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
