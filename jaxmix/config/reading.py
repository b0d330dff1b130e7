"""From a TOML file and --set overrides to a validated Config, with all problems reported at once."""

import copy
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxmix import fingerprint, parameters
from jaxmix.config import checks, constraint_tables, model, schema, text, translate
from jaxmix.config.problems import ConfigError, Problem, joined, shown, unknown
from jaxmix.constraints import shelf
from jaxmix.constraints.base.kind import Kind
from jaxmix.models import declarations

_KIND = re.compile(r"""\s*constraints\.(?P<name>\w+)\.kind\s*=\s*["']?(?P<kind>\w+)["']?\s*""")
TABLES = (
    "scan",
    "model",
    "parameters",
    "axes",
    "sampling",
    "constraints",
    "summary",
    "refinement",
    "contours",
    "figure",
)


class Config(NamedTuple):
    """A study: held values (defaults filled in), axes in the file's order (the last is the fast one), constraints by
    name.
    """

    scan: schema.Scan
    held: dict[str, float]
    axes: dict[str, schema.Axis]
    constraints: dict[str, constraint_tables.ConstraintTable]
    contours: schema.Contours | None
    figure: schema.Figure
    sampling: schema.Sampling | None = None
    summary: schema.Summary = schema.Summary()
    refinement: schema.Refinement | None = None
    model: str = declarations.DEFAULT

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each axis; of a sample the number of points."""
        if self.sampling is not None:
            return (self.sampling.points,)
        return tuple(axis.size for axis in self.axes.values())

    @property
    def points(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    def coordinates(self) -> dict[str, np.ndarray]:
        """The values of each axis, increasing, in the parameter's unit."""
        return {name: axis.array() for name, axis in self.axes.items()}

    def planes(self) -> list[dict[str, float]]:
        """The held values besides x and y of every plane in which contours are traced: the product of `at`, last
        fastest.
        """
        if self.contours is None:
            return []
        lists = {name: list(axis.values) for name, axis in self.axes.items() if axis.values is not None}
        lists |= {name: list(values) for name, values in self.contours.at.items()}
        planes: list[dict[str, float]] = [{}]
        for name, values in lists.items():
            planes = [plane | {name: value} for plane in planes for value in values]
        return planes

    @property
    def traced(self) -> schema.Contours:
        """The table [contours].

        Raises
        ------
        ValueError
            Where the study has none.
        """
        if self.contours is None:
            raise ValueError("Config: found no table [contours]; expected the plane in which levels are traced")
        return self.contours

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical config."""
        return fingerprint.digest(self.canonical())

    def canonical(self) -> dict[str, Any]:
        """The config as JSON types, with every default written out."""
        return {
            "scan": self.scan.model_dump(mode="json"),
            "model": {"kind": self.model},
            "parameters": self.held,
            "axes": [[name, axis.model_dump(mode="json", exclude_none=True)] for name, axis in self.axes.items()],
            "constraints": {name: settings.model_dump(mode="json") for name, settings in self.constraints.items()},
            "contours": None if self.contours is None else self.contours.model_dump(mode="json"),
            "figure": self.figure.model_dump(mode="json"),
            "sampling": None if self.sampling is None else self.sampling.model_dump(mode="json"),
            "summary": self.summary.model_dump(mode="json"),
            "refinement": None if self.refinement is None else self.refinement.model_dump(mode="json"),
        }


def load(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """The study of a TOML file; raises ConfigError with every problem."""
    return validate(apply_overrides(text.read_toml(Path(path)), overrides))


def apply_overrides(raw: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Raw tables with `dotted.key=value` applied; a parameter's or a constraint's name may stand first."""
    tables, problems = copy.deepcopy(constraint_tables.expanded(raw)), []
    kinds = _kinds(tables, overrides)
    for override in overrides:
        key, equals, value = override.partition("=")
        parts = [part.strip() for part in key.split(".")]
        if not equals or not all(parts) or len(parts) > text.MAX_KEY_PARTS:
            problems.append(Problem("--set", shown(override), f"dotted.key=value, at most {text.MAX_KEY_PARTS} parts"))
            continue
        problems += _assign(tables, _route(parts, kinds), _parsed(value.strip(), "--set " + joined("", *parts)))
    if problems:
        raise ConfigError(problems)
    return tables


def _kinds(raw: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Kind]:
    """Kinds by the names that may stand first in an override: those of the shelf, and those of the study."""
    tables = raw.get("constraints")
    asked = (
        {name: constraint_tables.kind_name(name, table) for name, table in tables.items()}
        if isinstance(tables, dict)
        else {}
    )
    for override in overrides:
        match = _KIND.fullmatch(override)
        if match:
            asked[match["name"]] = match["kind"]
    named = {name: shelf.SHELF[kind] for name, kind in asked.items() if isinstance(kind, str) and kind in shelf.SHELF}
    return {**shelf.SHELF, **{name: kind for name, kind in named.items() if name not in shelf.SHELF}}


def _route(parts: list[str], kinds: Mapping[str, Kind]) -> list[str]:
    """Where a key of --set stands in the file: luminosity is parameters.luminosity, and so is NAME.luminosity of a
    constraint that reads it.
    """
    if parts[0] in kinds:
        if len(parts) == 2 and parts[1] in kinds[parts[0]].parameters:
            return ["parameters", parts[1]]
        return ["constraints", *parts]
    return ["parameters", *parts] if len(parts) == 1 and parts[0] in parameters.PARAMETERS else parts


def _parsed(value: str, name: str) -> Any:
    """The value of an override as TOML, or else as the text that it is."""
    excess = text.guard(value, name)
    if excess:
        raise ConfigError(excess)
    try:
        document = text.parse(f"value = {value}".encode("utf-8", "surrogateescape"), name)
    except ConfigError:
        return value
    return document["value"] if list(document) == ["value"] else value


def _assign(tables: dict[str, Any], parts: list[str], value: Any) -> list[Problem]:
    """Set a key in nested tables, making those that are absent; a problem if something on the way is no table."""
    for depth, part in enumerate(parts[:-1]):
        tables = tables.setdefault(part, {})
        if not isinstance(tables, dict):
            return [Problem(joined("", *parts[: depth + 1]), shown(tables), "a table, for --set " + joined("", *parts))]
    tables[parts[-1]] = value
    return []


def validate(raw: Mapping[str, Any]) -> Config:
    """The study of raw tables; raises ConfigError with every problem, each once."""
    text.check(raw)
    problems = [unknown("", key, TABLES) for key in raw if key not in TABLES]
    raw = constraint_tables.expanded(raw)
    raw = model.with_numbers_for_words({name: _table(raw, name, problems) for name in TABLES if name in raw})
    raw = model.with_phase(raw, problems)
    scan = translate.table(schema.Scan, raw.get("scan", {}), "scan", problems)
    translate.table(schema.Model, raw.get("model", {}), "model", problems)
    given = translate.table(schema.Parameters, raw.get("parameters", {}), "parameters", problems)
    axes = {
        name: axis for name, table in raw.get("axes", {}).items() if (axis := _axis(name, table, problems)) is not None
    }
    constraints = {
        name: constraint_tables.read(name, table, problems) for name, table in raw.get("constraints", {}).items()
    }
    contours = _contours(raw["contours"], problems) if "contours" in raw else None
    figure = translate.table(schema.Figure, raw.get("figure", {}), "figure", problems)
    sampling = translate.table(schema.Sampling, raw["sampling"], "sampling", problems) if "sampling" in raw else None
    summary = translate.table(schema.Summary, raw.get("summary", {}), "summary", problems)
    refinement = (
        translate.table(schema.Refinement, raw["refinement"], "refinement", problems) if "refinement" in raw else None
    )
    problems += checks.across(raw)
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    declared = model.declared(raw)
    held = model.with_defaults(given.model_dump(exclude_none=True), axes, declared)
    known = {name: table for name, table in constraints.items() if table is not None}
    return Config(scan, held, axes, known, contours, figure, sampling, summary, refinement, declared.kind)


def _table(raw: Mapping[str, Any], name: str, problems: list[Problem]) -> dict[str, Any]:
    if isinstance(raw[name], dict):
        return raw[name]
    words = f", or one of {', '.join(constraint_tables.SELECTIONS)}" if name == "constraints" else ""
    problems.append(Problem(name, shown(raw[name]), f"a table{words}"))
    return {}


def _axis(name: str, table: Any, problems: list[Problem]) -> schema.Axis | None:
    if name not in parameters.PARAMETERS:
        problems.append(unknown("axes", name, parameters.PARAMETERS))
        return None
    return translate.table(schema.Axis, table, joined("axes", name), problems, {"parameter": name})


def _contours(table: dict[str, Any], problems: list[Problem]) -> schema.Contours | None:
    """[contours], with the values of `at` checked against their parameters' domains."""
    contours = translate.table(schema.Contours, table, "contours", problems)
    raw_at, at = table.get("at", {}), {}
    for name, values in raw_at.items() if isinstance(raw_at, dict) else ():
        if name not in parameters.PARAMETERS:
            problems.append(unknown("contours.at", name, parameters.PARAMETERS))
            continue
        axis = translate.table(
            schema.Axis, {"values": values}, joined("contours", "at", name), problems, {"parameter": name}
        )
        at[name] = None if axis is None else axis.values
    return None if contours is None else contours.model_copy(update={"at": at})
