"""What a search for a design is, as a TOML file: the ranges of the design parameters, the budget, the masses, all else
held.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxmix import parameters
from jaxmix.config import checks, constraint_tables, model, reading, schema, text, translate
from jaxmix.config.design_tables import Budget, Design, Range, Target, budget_model, design_model, target
from jaxmix.config.problems import ConfigError, Problem, joined, shown, unknown
from jaxmix.constraints.base import setting
from jaxmix.constraints.base.abilities import Designable

TABLES = ("design", "parameters", "axes", "constraints", "budget")
MAX_MASSES = 1_000


class DesignConfig(NamedTuple):
    """A search for a design: ranges with every start filled in, the detector's settings (the starts among them), the
    budget as a limit on the cost at prices (a volume is a cost at fixed prices), and the parameters and masses of the
    mCP (GeV, increasing).
    """

    target: Target
    design: Design
    ranges: dict[str, Range]
    settings: dict[str, float | str]
    kind: str
    allowed: float
    prices: dict[str, float]
    held: dict[str, float]
    masses: tuple[float, ...]

    def weights(self) -> np.ndarray:
        """Of the masses, one in all: equal, or for the objective "reach" those of the trapezoidal rule in ln m."""
        if self.design.objective == "limit":
            return np.full(len(self.masses), 1.0 / len(self.masses))
        steps = np.diff(np.log(self.masses))
        return 0.5 * (np.append(steps, 0.0) + np.append(0.0, steps)) / steps.sum()

    def canonical(self) -> dict[str, Any]:
        """The config as JSON types, with every default written out."""
        described = self.design.model_dump(mode="json", exclude=set(self.target.movable))
        ranges = {name: each.model_dump(mode="json") for name, each in self.ranges.items()}
        budget = {"kind": self.kind, "allowed": self.allowed, "prices": self.prices}
        return {
            "design": {**described, **ranges},
            "parameters": self.held,
            "m_mcp": list(self.masses),
            "constraints": {self.target.name: {"kind": self.target.kind.name, **self.settings}},
            "budget": budget,
        }


def load(path: str | Path, overrides: Sequence[str] = ()) -> DesignConfig:
    """The search of a TOML file; raises ConfigError with every problem."""
    return validate(reading.apply_overrides(text.read_toml(Path(path)), overrides))


def validate(raw: Mapping[str, Any]) -> DesignConfig:
    """The search of raw tables; raises ConfigError with every problem, each once."""
    text.check(raw)
    problems = [unknown("", key, TABLES) for key in raw if key not in TABLES]
    problems += [
        Problem(name, shown(raw[name]), "a table") for name in TABLES if not isinstance(raw.get(name, {}), dict)
    ]
    raw = model.with_numbers_for_words({name: raw[name] for name in TABLES if isinstance(raw.get(name), dict)})
    chosen = _chosen(raw, problems)
    design = translate.table(design_model(chosen), raw.get("design", {}), "design", problems)
    given = translate.table(schema.Parameters, raw.get("parameters", {}), "parameters", problems)
    axis = _masses(raw, problems)
    budget = translate.table(budget_model(chosen), raw.get("budget", {}), "budget", problems)
    settings = _settings(chosen, raw.get("constraints", {}).get(chosen.name, {}), problems)
    problems += _across(chosen, raw) + _of_ranges(chosen, raw)
    if budget is not None:
        problems += _of_budget(chosen, budget)
    if not problems and axis is not None and budget is not None:
        values, ranges = _started(chosen, design, {**setting.defaults(chosen.kind.settings), **settings})
        kind, allowed, prices = _bill(chosen, budget)
        problems += _of_designs(chosen, ranges, values, design, axis)
        problems += _of_cost(chosen, kind, allowed, prices, ranges, values)
        if not problems:
            held = model.with_defaults(given.model_dump(exclude_none=True), {"m_mcp": axis})
            masses = tuple(map(float, axis.array()))
            return DesignConfig(chosen, design, ranges, values, kind, allowed, prices, held, masses)
    raise ConfigError(dict.fromkeys(problems))


def _chosen(raw: Mapping[str, Any], problems: list[Problem]) -> Target:
    """The experiment of [constraints.NAME], of which there is one at most; the default where it has no designs."""
    tables = raw.get("constraints", {})
    designable = [
        name for name, table in tables.items() if isinstance(constraint_tables.kind_of(name, table), Designable)
    ]
    chosen = target(designable[0], tables[designable[0]]) if designable else target()
    problems += [
        Problem(joined("constraints", name), "another constraint", chosen.name)
        for name in tables
        if name != chosen.name
    ]
    return chosen


def _masses(raw: Mapping[str, Any], problems: list[Problem]) -> schema.Axis | None:
    """[axes.m_mcp], the only axis."""
    axes = raw.get("axes", {})
    problems += [
        Problem(joined("axes", name), "another axis than the masses", "m_mcp alone") for name in axes if name != "m_mcp"
    ]
    if "m_mcp" not in axes:
        problems.append(Problem("axes.m_mcp", "nothing", "min, max, count and spacing, or values"))
        return None
    axis = translate.table(schema.Axis, axes["m_mcp"], "axes.m_mcp", problems, {"parameter": "m_mcp"})
    if axis is not None and max(axis.count or 0, len(axis.values or ())) > MAX_MASSES:
        problems.append(Problem("axes.m_mcp", "more masses than a search can follow", f"at most {MAX_MASSES}"))
    return axis


def _settings(chosen: Target, table: Any, problems: list[Problem]) -> dict[str, float | str]:
    """The settings in [constraints.NAME]."""
    if isinstance(table, dict) and "levels" in table:
        problems.append(Problem(f"{chosen.path}.levels", "levels", "none here: the level is design.cl"))
    found = constraint_tables.read(chosen.name, table, problems)
    return {} if found is None else constraint_tables.flat(found)


def _across(chosen: Target, raw: Mapping[str, Any]) -> list[Problem]:
    """The axis, the Z' mass and the mixing, in a scan's words: a limit on epsilon_gamma is what a design is
    judged by.
    """
    held = raw.get("parameters", {})
    problems = [
        Problem(
            joined("parameters", name), "the parameter that is limited", "none of " + ", ".join(parameters.KAPPA_FORMS)
        )
        for name in parameters.KAPPA_FORMS
        if name in held
    ]
    held = {name: value for name, value in held.items() if name not in parameters.KAPPA_FORMS} | {"epsilon_gamma": 1e-3}
    axes = {name: axis for name, axis in raw.get("axes", {}).items() if name == "m_mcp"}
    found = checks.across({"parameters": held, "axes": axes, "constraints": {chosen.name: {"kind": chosen.kind.name}}})
    return problems + [each for each in found if axes or each.key != "axes"]


def _of_budget(chosen: Target, budget: Budget) -> list[Problem]:
    """Exactly one of volume and cost; prices, one of them positive, with a cost alone."""
    forms = [name for name in ("volume", "cost") if getattr(budget, name) is not None]
    problems = (
        []
        if len(forms) == 1
        else [Problem("budget", " and ".join(forms) or "nothing", "exactly one of volume (m^3) and cost")]
    )
    if "cost" in forms and (
        budget.prices is None or not any(getattr(budget.prices, name) for name in chosen.costs.prices)
    ):
        problems.append(Problem("budget.prices", "no price", f"at least one of {', '.join(chosen.costs.prices)}, > 0"))
    if forms == ["volume"] and budget.prices is not None:
        problems.append(Problem("budget.prices", "prices beside a volume", "prices with a cost"))
    return problems


def _bill(chosen: Target, budget: Budget) -> tuple[str, float, dict[str, float]]:
    """What the budget limits, to how much, and the prices."""
    if budget.volume is not None:
        return "volume", budget.volume, dict(chosen.costs.volume)
    return "cost", budget.cost or 0.0, {name: getattr(budget.prices, name) for name in chosen.costs.prices}


def _of_ranges(chosen: Target, raw: Mapping[str, Any]) -> list[Problem]:
    """Of each raw table [design.NAME]: ends inside the domain and in order, a start between them that is not said
    twice.
    """
    tables = {
        name: table
        for name, table in _dictionary(raw.get("design")).items()
        if name in chosen.movable and isinstance(table, dict)
    }
    named = f"at least one table [design.NAME] of {', '.join(chosen.movable)}"
    problems = [] if tables else [Problem("design", "no parameter that may move", named)]
    given = _settings_given(chosen, raw)
    for name, table in tables.items():
        path, known = f"design.{name}", chosen.movable[name]
        ends = {end: table[end] for end in ("min", "max") if schema.is_number(table.get(end))}
        beyond = {end: value for end, value in ends.items() if not known.low <= value <= known.high}
        outside = [
            Problem(f"{path}.{end}", shown(value), known.domain(chosen.kind.settings[name].unit))
            for end, value in beyond.items()
        ]
        problems += outside
        if len(ends) == 2 and ends["min"] >= ends["max"]:
            problems.append(
                Problem(path, f"an empty range, min = {shown(ends['min'])} and max = {shown(ends['max'])}", "min < max")
            )
        elif len(ends) == 2 and schema.is_number(table.get("start")) and not outside:
            problems += _start(path, table["start"], ends["min"], ends["max"])
        if "start" in table and name in given:
            problems.append(Problem(f"{path}.start", shown(table["start"]), f"one of it and {given[name]}"))
    return problems


def _start(path: str, start: float, low: float, high: float) -> list[Problem]:
    inside = low <= start <= high
    return (
        [] if inside else [Problem(f"{path}.start", shown(start), f"a number in [{low:g}, {high:g}], from min to max")]
    )


def _settings_given(chosen: Target, raw: Mapping[str, Any]) -> dict[str, str]:
    """Path of every setting that may move and that [constraints.NAME] gives."""
    table = _dictionary(_dictionary(raw.get("constraints")).get(chosen.name))
    found = {}
    for name in chosen.movable:
        inner = chosen.kind.settings[name].table
        if name in (_dictionary(table.get(inner)) if inner else table):
            found[name] = joined(chosen.path, *([inner] if inner else []), name)
    return found


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _started(
    chosen: Target, design: Design, values: dict[str, float | str]
) -> tuple[dict[str, float | str], dict[str, Range]]:
    """All settings with the starts among them, and the ranges with every start filled in."""
    given = {name: found for name in chosen.movable if (found := getattr(design, name)) is not None}
    starts = {name: float(values[name] if found.start is None else found.start) for name, found in given.items()}
    return {**values, **starts}, {
        name: found.model_copy(update={"start": starts[name]}) for name, found in given.items()
    }


def _of_designs(
    chosen: Target, ranges: Mapping[str, Range], values: Mapping[str, Any], design: Design, axis: schema.Axis
) -> list[Problem]:
    """A start between the ends where it is the setting's; a range of a setting that has an effect; designs that there
    can be.
    """
    problems = [
        each
        for name, found in ranges.items()
        for each in _start(f"design.{name}", float(values[name]), found.min, found.max)
    ]
    for name in ranges:
        need = chosen.kind.settings[name].needs
        if need and values[need] == 0:
            about = chosen.kind.settings[need].meaning
            problems.append(
                Problem(f"design.{name}", f"a setting without effect at {need} = 0", f"with a {need} > 0, {about}")
            )
    numbers = [name for name, each in chosen.kind.settings.items() if not each.is_word]
    ends = {name: (ranges[name].min, ranges[name].max) if name in ranges else (values[name],) * 2 for name in numbers}
    problems += [Problem("design", *each) for each in chosen.designs.impossible_designs(ends)]
    if design.objective == "reach" and axis.size < 2:
        problems.append(Problem("axes.m_mcp", "one mass", 'at least two for the objective "reach"; or "limit"'))
    return problems


def _of_cost(
    chosen: Target,
    kind: str,
    allowed: float,
    prices: Mapping[str, float],
    ranges: Mapping[str, Range],
    values: Mapping[str, Any],
) -> list[Problem]:
    """A budget that leaves room: cost rises with every parameter that enters it, so that all at their least
    cost least.
    """
    least = chosen.costs.cost(prices, {**values, **{name: each.min for name, each in ranges.items()}})
    if least >= allowed:
        return [
            Problem(
                f"budget.{kind}",
                shown(allowed),
                f"a number > {least:.6g}, which the smallest design in the ranges takes",
            )
        ]
    return []
