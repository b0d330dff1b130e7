"""What one table alone cannot tell: ranges, forms of one quantity, names given twice, planes of contours.

These checks read the raw tables and step over values of a wrong type (the schema reports those), so that one run
reports everything.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from jaxmix import parameters
from jaxmix.config import constraint_tables, model, schema
from jaxmix.config.problems import Problem, joined, shown
from jaxmix.constraints import shelf
from jaxmix.models import declarations

MAX_POINTS = 10**12
MAX_CHUNKS = 5_000_000
MAX_PLANES = 10_000
MAX_CELLS = 10_000_000  # of maps
MAX_DIMENSIONS = 13  # of a Sobol net
_RANGE = ("min", "max", "count")
_LARGEST_LOGARITHM = 700.0


def across(raw: Mapping[str, Any]) -> list[Problem]:
    """Every problem that needs more than one key to be seen."""
    held, constraints = model.names(raw, "parameters"), model.names(raw, "constraints")
    axes = {name: table for name, table in model.names(raw, "axes").items() if name in parameters.PARAMETERS}
    problems = [] if model.names(raw, "axes") else [Problem("axes", "no axis", "at least one table [axes.NAME]")]
    if not constraints:
        problems.append(Problem("constraints", "no constraint", f"at least one of {', '.join(shelf.SHELF)}"))
    for name, table in axes.items():
        problems += _axis(joined("axes", name), table, "sampling" in raw) if isinstance(table, dict) else []
    for name, table in constraints.items():
        problems += _levels(joined("constraints", name, "levels"), model.dictionary(table).get("levels"))
    problems += _forms(held, axes, constraints, model.declared(raw))
    problems += _size(
        axes,
        model.dictionary(model.names(raw, "scan").get("tiling")).get("chunk_points"),
        model.names(raw, "sampling").get("points"),
    )
    problems += _reductions(raw, axes)
    if isinstance(raw.get("contours"), dict):
        problems += _contours(raw["contours"], held, axes)
    return problems


def _axis(path: str, table: Mapping[str, Any], sampled: bool) -> list[Problem]:
    """One form, complete (a count is that of a grid); min < max; a logarithm of positive numbers; values that
    increase.
    """
    if "values" in table:
        both = [key for key in (*_RANGE, "spacing") if key in table]
        mixed = (
            [Problem(path, f"values beside {', '.join(both)}", "values, or min, max, count and spacing")]
            if both
            else []
        )
        return mixed + increasing(f"{path}.values", table["values"])
    missing = [key for key in _RANGE if key not in table and not (sampled and key == "count")]
    problems = (
        [Problem(path, f"no {', no '.join(missing)}", "min, max and count (and spacing), or values")] if missing else []
    )
    if "spacing" not in table:
        problems.append(Problem(f"{path}.spacing", "nothing", "'log' or 'linear', for a range"))
    low, high = table.get("min"), table.get("max")
    if schema.is_number(low) and schema.is_number(high) and low >= high:
        problems.append(Problem(path, f"an empty range, min = {shown(low)} and max = {shown(high)}", "min < max"))
    if table.get("spacing") == "log" and schema.is_number(low) and low <= 0:
        problems.append(Problem(f"{path}.min", shown(low), "a number > 0, for spacing = 'log'"))
    return problems + _resolution(path, table)


def _resolution(path: str, table: Mapping[str, Any]) -> list[Problem]:
    """Of a range that is well formed otherwise: values that double precision tells apart, and a width that it holds."""
    low, high, count = (table.get(key) for key in _RANGE)
    logarithmic = table.get("spacing") == "log"
    if not (schema.is_number(low) and schema.is_number(high) and schema.is_number(count)):
        return []
    if not low < high or (logarithmic and low <= 0):
        return []
    wide = math.log(high) - math.log(low) > _LARGEST_LOGARITHM if logarithmic else math.isinf(high - low)
    if wide or high - low < 2 * count * math.ulp(max(abs(low), abs(high))):
        found = f"{shown(count)} values from {shown(low)} to {shown(high)}"
        return [Problem(path, found, "values that double precision tells apart, over a width that it holds")]
    return []


def increasing(path: str, values: Any) -> list[Problem]:
    """The first pair of a list that does not increase."""
    numbers = filter(schema.is_number, _list(values))
    for before, after in pairwise(numbers):
        if before >= after:
            what = "a value twice" if before == after else "values out of order"
            return [Problem(path, f"{what}, {shown(before)} before {shown(after)}", "values that increase, each once")]
    return []


def _levels(path: str, levels: Any) -> list[Problem]:
    """Exactly one of sigma and cl in each level, and no level twice."""
    problems, seen = [], []
    for position, level in enumerate(_list(levels)[: constraint_tables.MAX_LEVELS]):
        keys = [key for key in ("sigma", "cl") if key in model.dictionary(level)]
        if isinstance(level, dict) and len(keys) != 1:
            problems.append(
                Problem(joined(path, position), " and ".join(keys) or "neither", "exactly one of sigma and cl")
            )
        if level in seen:
            problems.append(Problem(joined(path, position), "a level twice", "each level once"))
        seen.append(level)
    kinds = {key for level in seen for key in ("sigma", "cl") if key in model.dictionary(level)}
    if len(kinds) > 1:
        # they judge by different statistics as soon as there is a background
        problems.append(Problem(path, "levels in sigma and in cl", "all of one kind; write two configs"))
    return problems


def _forms(
    held: Mapping[str, Any], axes: Mapping[str, Any], constraints: Mapping[str, Any], declared: declarations.Declaration
) -> list[Problem]:
    """One spelling of each quantity, in one place, of the model's; what a ratio, a charge and a constraint need."""
    given = [*held, *axes]
    problems = [
        Problem(
            joined("parameters" if name in held else "axes", name),
            "a parameter of another model",
            f"those of {declared.kind}: {', '.join(declared.names)}",
        )
        for name in declared.unknown(name for name in given if name in parameters.PARAMETERS)
    ]
    problems += [
        Problem(joined("axes", name), "a name that [parameters] holds too", "one of the two")
        for name in axes
        if name in held
    ]
    problems += [
        Problem("parameters", f"{' and '.join(found) or 'nothing'} for {what}", f"exactly one of {', '.join(forms)}")
        for what, found, forms in declared.wrong_forms(given)
    ]
    needs = [(name, "m_mcp") for name in parameters.MCP_RATIOS if name in given]
    needs += [(f"constraints.{name}", need) for name, need in _needs(constraints)]
    problems += [
        Problem(joined("parameters", need), "nothing", f"a value or an axis, for {who}")
        for who, need in needs
        if need not in given
    ]
    for name in declarations.CHARGE_RESTS_ON if "epsilon_gamma" in given else ():
        if any(_is_without_charge(name, value) for value in model.values_of(name, held, axes)):
            found, allowed = ("pi/2", "less than pi/2") if name == "theta_dark" else ("0", "another value")
            problems.append(Problem(name, found, f"{allowed} with epsilon_gamma, which is zero there: give kappa"))
    return problems


def _needs(constraints: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each constraint with each parameter without which it makes no statement."""
    kinds = {name: constraint_tables.kind_of(name, table) for name, table in constraints.items()}
    return [(name, need) for name, kind in kinds.items() if kind is not None for need in kind.needs]


def _is_without_charge(name: str, value: Any) -> bool:
    return schema.is_number(value) and declarations.is_without_charge(name, value)


def _reductions(raw: Mapping[str, Any], axes: Mapping[str, Any]) -> list[Problem]:
    """What a sample cannot have; maps over axes that there are, each once, and of no more points than memory holds."""
    problems, asked = [], [name for name in _list(model.names(raw, "summary").get("axes")) if isinstance(name, str)]
    sampled = "sampling" in raw
    if sampled and len(axes) > MAX_DIMENSIONS:
        problems.append(Problem("sampling", f"{len(axes)} axes", f"at most {MAX_DIMENSIONS}"))
    if sampled and "refinement" in raw:
        problems.append(Problem("refinement", "a table beside [sampling]", "one of the two: cells are those of a grid"))
    if sampled and asked:
        problems.append(
            Problem("summary.axes", shown(asked), "none beside [sampling]: maps are over the axes of a grid")
        )
    for name in dict.fromkeys(asked):
        if name not in axes:
            problems.append(
                Problem("summary.axes", shown(name), f"axes of the grid: {', '.join(axes) or 'there is none'}")
            )
    if len(set(asked)) < len(asked):
        problems.append(Problem("summary.axes", "an axis twice", "each axis once"))
    cells = math.prod(_length(axes.get(name)) for name in dict.fromkeys(asked))
    if cells > MAX_CELLS:
        problems.append(Problem("summary.axes", f"maps of {cells} cells", f"at most {MAX_CELLS}"))
    return problems


def _length(table: Any) -> int:
    """The number of values of a raw axis, one where it does not tell."""
    table = model.dictionary(table)
    size = len(table["values"]) if isinstance(table.get("values"), list) else table.get("count")
    return size if isinstance(size, int) and size > 0 else 1


def _size(axes: Mapping[str, Any], chunk: Any, sampled: Any) -> list[Problem]:
    """The number of points, where every axis tells its own, and of chunks, each a file."""
    points = sampled if isinstance(sampled, int) else math.prod(map(_length, axes.values()))
    if points > MAX_POINTS:
        return [Problem("axes", f"{points} points", f"at most {MAX_POINTS}")]
    if isinstance(chunk, int) and points > MAX_CHUNKS * max(chunk, 1):
        return [
            Problem(
                "scan.tiling.chunk_points",
                f"{chunk} of {points} points",
                f"a number > {points // MAX_CHUNKS}, for at most {MAX_CHUNKS} chunks",
            )
        ]
    return []


def _contours(table: Mapping[str, Any], held: Mapping[str, Any], axes: Mapping[str, Any]) -> list[Problem]:
    """x and y are two range axes; every other range axis is held by `at`, which brings no second form of a quantity;
    not too many planes.
    """
    problems, plane = [], [table.get("x"), table.get("y")]
    ranges = [name for name, axis in axes.items() if "values" not in model.dictionary(axis)]
    for key, name in zip("xy", plane, strict=True):
        if isinstance(name, str) and name not in ranges:
            problems.append(
                Problem(f"contours.{key}", shown(name), f"an axis with a range: {', '.join(ranges) or 'there is none'}")
            )
    if isinstance(plane[0], str) and plane[0] == plane[1]:
        problems.append(Problem("contours.y", shown(plane[1]), "another axis than x"))
    at = model.dictionary(table.get("at"))
    for name, values in at.items():
        problems += increasing(joined("contours", "at", name), values) + _held_besides(name, plane, held, axes)
    lists = {name: model.dictionary(axis).get("values") for name, axis in axes.items()} | at
    planes = math.prod(len(values) or 1 for values in map(_list, lists.values()))
    if planes > MAX_PLANES:
        problems.append(
            Problem("contours", f"{planes} planes", f"at most {MAX_PLANES}, of which each has its contours")
        )
    loose = [name for name in ranges if name not in plane and name not in at]
    problems += [
        Problem(joined("contours", "at", name), "nothing", "a list of values: the axis is a range") for name in loose
    ]
    if "epsilon_gamma" in [*held, *axes] and any(
        _is_without_charge("theta_dark", value) for value in _list(at.get("theta_dark"))
    ):
        problems.append(
            Problem(
                "contours.at.theta_dark", "pi/2", "less than pi/2 with epsilon_gamma, which is zero there: give kappa"
            )
        )
    return problems


def _held_besides(name: str, plane: list[Any], held: Mapping[str, Any], axes: Mapping[str, Any]) -> list[Problem]:
    path = joined("contours", "at", name)
    if name in plane:
        return [Problem(path, "an axis of the plane", "a parameter other than x and y")]
    for forms in (parameters.KAPPA_FORMS, parameters.ZPRIME_FORMS):
        used = [form for form in forms if form in held or form in axes]
        if name in forms and used and name not in used:
            return [Problem(path, "a second form of a quantity", used[0])]
    return []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
