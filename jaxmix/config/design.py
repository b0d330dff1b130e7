"""What a search for a design is, as a TOML file: the ranges of the design parameters, the budget, the masses, all else
held.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from jaxmix import parameters
from jaxmix.config import checks, reading, schema, settings, text, translate
from jaxmix.config.problems import ConfigError, Problem, joined, shown, unknown

TABLES = ("design", "parameters", "axes", "constraints", "budget")
DETECTOR = "mcp_lhc"
MAX_MASSES = 1_000
LINEAR = ("eta",)  # all others move in their logarithm
DARK_COUNTS = ("window", "bars")  # without effect where the rate is zero
_LIGHT, _EFFICIENCY = "efficiency", 0.1  # photoelectrons per photon at which the price of light is given
_NO_DARK_COUNTS = {
    "rate": 0.0,
    **{name: float(schema.Background.model_fields[name].default) for name in ("window", "bars", "live_time")},
}
_PRICES = ("scintillator", "channel", "light")


class DesignParameter(NamedTuple):
    """A setting of the detector that may move: meaning, symbol, unit and domain (ends included)."""

    meaning: str
    symbol: str
    unit: str
    low: float
    high: float

    @property
    def domain(self) -> str:
        """The interval in words, as it stands in messages."""
        return f"a number in [{self.low:g}, {self.high:g}]" + (f", in {self.unit}" if self.unit != "1" else "")


_SMALL, _LARGE = 1e-12, 1e12
PARAMETERS = {
    "side": DesignParameter("side of the square face", "side", "m", 1e-3, 1e3),
    "distance": DesignParameter("from the interaction point to the face", "distance", "m", 1e-2, 1e4),
    "eta": DesignParameter("pseudorapidity of the face's centre", r"$\eta$", "1", -10.0, 10.0),
    "layers": DesignParameter("in coincidence, a real number here", "layers", "1", 1.0, 16.0),
    "thickness": DesignParameter("of a layer", "thickness", "m", 1e-4, 1e3),
    "light_yield": DesignParameter("of the scintillator", "light yield", "photons/MeV", 1.0, 1e7),
    "efficiency": DesignParameter("photoelectrons per photon", "efficiency", "1", 1e-6, 1.0),
    "rate": DesignParameter("of dark counts of one layer of one bar", "dark rate", "Hz", _SMALL, _LARGE),
    "window": DesignParameter("of the coincidence", "window", "s", _SMALL, 1.0),
    "bars": DesignParameter("that dark counts may make fire, a real number here", "bars", "1", 1.0, 1e9),
}


class Range(schema.Table):
    """[design.NAME]: where a design parameter may move, ends included, and from where (default: its setting's
    value).
    """

    min: schema.Finite
    max: schema.Finite
    start: schema.Finite | None = None


class Prices(schema.Table):
    """[budget.prices], in one currency: of a m^3 of scintillator, of a channel (bars x layers of them), and of the
    light sensor of a channel with an efficiency of 0.1 photoelectrons per photon, in proportion to it.
    """

    scintillator: Annotated[float, Field(ge=0, allow_inf_nan=False, description="of 1 m^3")] = 0.0
    channel: Annotated[float, Field(ge=0, allow_inf_nan=False, description="of one layer of one bar")] = 0.0
    light: Annotated[float, Field(ge=0, allow_inf_nan=False, description="of one channel, at an efficiency of 0.1")] = (
        0.0
    )


class Budget(schema.Table):
    """[budget]: at most this volume of scintillator, side^2 x thickness x layers (m^3), or at most this cost at
    [budget.prices].
    """

    volume: schema.Positive | None = None
    cost: schema.Positive | None = None
    prices: Prices | None = None


class Design(schema.Table):
    """[design]: the run's name, what is to be largest, and a range for each parameter that may move."""

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="letters, digits, _, - and ., at most 64")
    ]
    description: Annotated[str, Field(max_length=2000)] = ""
    objective: Literal["reach", "limit"] = "reach"
    cl: Annotated[float, Field(gt=0, lt=1, description="confidence level of the limits")] = 0.95
    side: Range | None = None
    distance: Range | None = None
    eta: Range | None = None
    layers: Range | None = None
    thickness: Range | None = None
    light_yield: Range | None = None
    efficiency: Range | None = None
    rate: Range | None = None
    window: Range | None = None
    bars: Range | None = None


class DesignConfig(NamedTuple):
    """A search for a design: ranges with every start filled in, the detector's settings (the starts among them), the
    budget as a limit on `cost` at prices (a volume is a cost at unit price), and the parameters and masses of the mCP
    (GeV, increasing).
    """

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
        described = self.design.model_dump(mode="json", exclude=set(PARAMETERS))
        ranges = {name: each.model_dump(mode="json") for name, each in self.ranges.items()}
        budget = {"kind": self.kind, "allowed": self.allowed, "prices": self.prices}
        return {
            "design": {**described, **ranges},
            "parameters": self.held,
            "m_mcp": list(self.masses),
            "constraints": {DETECTOR: self.settings},
            "budget": budget,
        }


def cost(prices: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """scintillator side^2 thickness layers + bars layers (channel + light efficiency/0.1), of numbers or of arrays."""
    volume = values["side"] ** 2 * values["thickness"] * values["layers"]
    channels = values["bars"] * values["layers"]
    return prices["scintillator"] * volume + channels * (
        prices["channel"] + prices["light"] * values[_LIGHT] / _EFFICIENCY
    )


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
    raw = checks.with_numbers_for_words({name: raw[name] for name in TABLES if isinstance(raw.get(name), dict)})
    design = translate.table(Design, raw.get("design", {}), "design", problems)
    given = translate.table(schema.Parameters, raw.get("parameters", {}), "parameters", problems)
    axis = _masses(raw, problems)
    budget = translate.table(Budget, raw.get("budget", {}), "budget", problems)
    detector = _detector(raw.get("constraints", {}), problems)
    problems += _across(raw) + _of_ranges(raw)
    if budget is not None:
        problems += _of_budget(budget)
    if not problems:
        values, ranges = _started(design, {**_NO_DARK_COUNTS, **detector})
        kind, allowed, prices = _bill(budget)
        problems += _of_designs(ranges, values, design, axis)
        problems += _of_cost(kind, allowed, prices, ranges, values)
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    held = checks.with_defaults(given.model_dump(exclude_none=True), {"m_mcp": axis})
    return DesignConfig(design, ranges, values, kind, allowed, prices, held, tuple(map(float, axis.array())))


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


def _detector(tables: Mapping[str, Any], problems: list[Problem]) -> dict[str, float | str]:
    """The settings in [constraints.mcp_lhc]."""
    problems += [
        Problem(joined("constraints", name), "another constraint", DETECTOR) for name in tables if name != DETECTOR
    ]
    table = tables.get(DETECTOR, {})
    if isinstance(table, dict) and "levels" in table:
        problems.append(Problem(f"constraints.{DETECTOR}.levels", "levels", "none here: the level is design.cl"))
    found = reading.constraint(DETECTOR, table, problems)
    return {} if found is None else settings.flat(found)


def _across(raw: Mapping[str, Any]) -> list[Problem]:
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
    found = checks.across({"parameters": held, "axes": axes, "constraints": {DETECTOR: {}}})
    return problems + [each for each in found if axes or each.key != "axes"]


def _of_budget(budget: Budget) -> list[Problem]:
    """Exactly one of volume and cost; prices, one of them positive, with a cost alone."""
    forms = [name for name in ("volume", "cost") if getattr(budget, name) is not None]
    problems = (
        []
        if len(forms) == 1
        else [Problem("budget", " and ".join(forms) or "nothing", "exactly one of volume (m^3) and cost")]
    )
    if "cost" in forms and (budget.prices is None or not any(getattr(budget.prices, name) for name in _PRICES)):
        problems.append(Problem("budget.prices", "no price", f"at least one of {', '.join(_PRICES)}, > 0"))
    if forms == ["volume"] and budget.prices is not None:
        problems.append(Problem("budget.prices", "prices beside a volume", "prices with a cost"))
    return problems


def _bill(budget: Budget) -> tuple[str, float, dict[str, float]]:
    """What the budget limits, to how much, and the prices."""
    if budget.volume is not None:
        return "volume", budget.volume, {name: float(name == "scintillator") for name in _PRICES}
    return "cost", budget.cost, {name: getattr(budget.prices, name) for name in _PRICES}


def _of_ranges(raw: Mapping[str, Any]) -> list[Problem]:
    """Of each raw table [design.NAME]: ends inside the domain and in order, a start between them that is not said
    twice.
    """
    tables = {
        name: table
        for name, table in _dictionary(raw.get("design")).items()
        if name in PARAMETERS and isinstance(table, dict)
    }
    named = f"at least one table [design.NAME] of {', '.join(PARAMETERS)}"
    problems = [] if tables else [Problem("design", "no parameter that may move", named)]
    given = _settings_given(raw)
    for name, table in tables.items():
        path, known = f"design.{name}", PARAMETERS[name]
        ends = {end: table[end] for end in ("min", "max") if schema.is_number(table.get(end))}
        beyond = {end: value for end, value in ends.items() if not known.low <= value <= known.high}
        outside = [Problem(f"{path}.{end}", shown(value), known.domain) for end, value in beyond.items()]
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


def _settings_given(raw: Mapping[str, Any]) -> dict[str, str]:
    """Path of every design parameter that [constraints.mcp_lhc] names."""
    table = _dictionary(_dictionary(raw.get("constraints")).get(DETECTOR))
    inner = _dictionary(table.get("background"))
    found = {name: f"constraints.{DETECTOR}.{name}" for name in table if name in PARAMETERS}
    return found | {name: f"constraints.{DETECTOR}.background.{name}" for name in inner if name in PARAMETERS}


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _started(design: Design, values: dict[str, float | str]) -> tuple[dict[str, float | str], dict[str, Range]]:
    """All settings with the starts among them, and the ranges with every start filled in."""
    given = {name: found for name in PARAMETERS if (found := getattr(design, name)) is not None}
    starts = {name: float(values[name] if found.start is None else found.start) for name, found in given.items()}
    return {**values, **starts}, {
        name: found.model_copy(update={"start": starts[name]}) for name, found in given.items()
    }


def _of_designs(
    ranges: Mapping[str, Range], values: Mapping[str, Any], design: Design, axis: schema.Axis
) -> list[Problem]:
    """A start between the ends where it is the setting's; dark counts where their settings move; a face that the beam
    misses.
    """
    problems = [
        each for name, found in ranges.items() for each in _start(f"design.{name}", found.start, found.min, found.max)
    ]
    for name in DARK_COUNTS:
        if name in ranges and values["rate"] == 0:
            found = "a setting of dark counts, of which there are none"
            problems.append(Problem(f"design.{name}", found, "with a rate > 0 of dark counts"))
    ends = {
        name: (ranges[name].min, ranges[name].max) if name in ranges else (values[name],) * 2
        for name in ("side", "distance", "eta")
    }
    side, distance, eta = ends["side"][1], ends["distance"][0], max(map(abs, ends["eta"]))
    if side * math.cosh(eta) >= 2 * distance:
        found = f"a face of up to {side:g} m at {distance:g} m and |eta| up to {eta:g}, which could hold the beam"
        problems.append(Problem("design", found, "side cosh(eta) < 2 distance for every design in the ranges"))
    if design.objective == "reach" and axis.size < 2:
        problems.append(Problem("axes.m_mcp", "one mass", 'at least two for the objective "reach"; or "limit"'))
    return problems


def _of_cost(
    kind: str, allowed: float, prices: Mapping[str, float], ranges: Mapping[str, Range], values: Mapping[str, Any]
) -> list[Problem]:
    """A budget that leaves room: cost rises with every parameter that enters it, so that all at their least
    cost least.
    """
    least = cost(prices, {**values, **{name: each.min for name, each in ranges.items()}})
    if least >= allowed:
        return [
            Problem(
                f"budget.{kind}",
                shown(allowed),
                f"a number > {least:.6g}, which the smallest design in the ranges takes",
            )
        ]
    return []
