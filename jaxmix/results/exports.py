"""Contours in the forms that other programs read: HEPData tables, and two columns of text for each limit."""

import importlib
import io
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

import numpy as np
from jaxtyping import Float

from jaxmix import atomic, parameters
from jaxmix.results.contours import Side, Trace

TEXTS = "limits"
HEPDATA = "contours.yaml"
_DIGITS = 8  # of an exported number


def write_texts(folder: Path, plane: tuple[Side, Side], kinds: Mapping[str, str], traces: Iterable[Trace]) -> list[str]:
    """Write one file for each constraint, level and plane: x and y of its contours.

    An empty line stands between components, and closed ones end where they begin.

    Parameters
    ----------
    folder
        The scan's folder.
    plane
        Sides x and y.
    kinds
        "published", "projected" or another kind of each constraint.
    traces
        The components.

    Returns
    -------
    list of str
        The files' names, relative to the folder.

    Raises
    ------
    CannotWrite
        The disk refuses.
    ValueError
        A vertex is not finite.
    """
    names = []
    atomic.make_folder(folder / TEXTS)
    for number, (trace, parts) in enumerate(_limits(traces)):
        name = f"{TEXTS}/{trace.constraint}_{_plain(trace.level)}_{number}.txt"
        text = io.StringIO()
        text.writelines(f"# {line}\n" for line in _header(plane, kinds, trace))
        for part in parts:
            np.savetxt(text, part, fmt=f"%.{_DIGITS}g")
            text.write("\n")
        atomic.write_bytes(folder / name, text.getvalue().encode())
        names.append(name)
    return names


def write_hepdata(
    folder: Path, plane: tuple[Side, Side], kinds: Mapping[str, str], traces: Iterable[Trace]
) -> list[str]:
    """Write all contours as one multi-document HEPData file.

    There is one table for each constraint, level and plane; its components follow each other, told apart by a column.
    Returns the file's name in a list, which is empty where hepdata_lib (extra `hepdata`) is not installed. Arguments
    and errors are those of `write_texts`."""
    try:
        hepdata_lib, yaml = (importlib.import_module(name) for name in ("hepdata_lib", "yaml"))
    except ModuleNotFoundError:
        return []
    documents = []
    for trace, parts in _limits(traces):
        x, y = (np.concatenate([part[:, k] for part in parts]) for k in (0, 1))
        component = np.concatenate([np.full(len(part), number) for number, part in enumerate(parts)])
        columns = [_variable(hepdata_lib, side, values, k == 0) for k, (side, values) in enumerate(zip(plane, (x, y)))]
        label = hepdata_lib.Variable("component", is_independent=False, is_binned=False, units="")
        label.values = [int(value) for value in component]
        for column in (columns[1], label):
            for word, value, unit in _qualifiers(kinds, trace):
                column.add_qualifier(word, value, unit)
        documents.append(
            {
                "name": f"{trace.constraint}, {trace.level}, "
                + ", ".join(f"{name} = {value:g}" for name, value in trace.held.items()),
                "description": "; ".join(_header(plane, kinds, trace)),
                "independent_variables": [columns[0].make_dict()],
                "dependent_variables": [columns[1].make_dict(), label.make_dict()],
            }
        )
    content = yaml.safe_dump_all(
        [_plain_types(document) for document in documents], explicit_start=True, sort_keys=False
    )
    atomic.write_bytes(folder / HEPDATA, content.encode())
    return [HEPDATA]


def _limits(traces: Iterable[Trace]) -> list[tuple[Trace, list[Float[np.ndarray, "n 2"]]]]:
    """The first trace of each constraint, level and plane with the vertices of all of its components."""
    drawn = [trace for trace in traces if len(trace.x)]
    groups = groupby(drawn, key=lambda trace: (trace.constraint, trace.level, tuple(sorted(trace.held.items()))))
    found = [list(group) for _, group in groups]
    return [(group[0], [_vertices(trace) for trace in group]) for group in found]


def _vertices(trace: Trace) -> Float[np.ndarray, "n 2"]:
    place = np.column_stack([trace.x, trace.y])
    if not np.all(np.isfinite(place)):
        raise ValueError(f"{trace.constraint}, {trace.level}: a vertex is not finite; nothing is exported.")
    return np.concatenate([place, place[:1]]) if trace.closed else place


def _header(plane: tuple[Side, Side], kinds: Mapping[str, str], trace: Trace) -> list[str]:
    held = ", ".join(f"{name} = {value!r} [{parameters.PARAMETERS[name].unit}]" for name, value in trace.held.items())
    columns = ", ".join(f"{side.name} [{parameters.PARAMETERS[side.name].unit}]" for side in plane)
    return [
        f"limit of {trace.constraint} ({_seen(kinds, trace)}), {trace.level}",
        f"held: {held}",
        f"columns: {columns}",
    ]


def _seen(kinds: Mapping[str, str], trace: Trace) -> str:
    return "expected" if kinds[trace.constraint] == "projected" else "observed"


def _qualifiers(kinds: Mapping[str, str], trace: Trace) -> list[tuple[str, str | float, str]]:
    held = [(name, value, _unit(name)) for name, value in trace.held.items()]
    return [("Limit", _seen(kinds, trace), ""), ("Constraint", trace.constraint, ""), ("Level", trace.level, ""), *held]


def _variable(library, side: Side, values: np.ndarray, independent: bool):
    variable = library.Variable(side.name, is_independent=independent, is_binned=False, units=_unit(side.name))
    variable.digits = _DIGITS
    variable.values = [float(value) for value in values]
    return variable


def _unit(name: str) -> str:
    unit = parameters.PARAMETERS[name].unit
    return "" if unit == "1" else unit


def _plain(level: str) -> str:
    return level.replace("=", "").replace(".", "p")


def _plain_types(item):
    """Convert to dictionaries, lists and numbers of Python alone, which is all that safe YAML knows."""
    if isinstance(item, Mapping):
        return {str(key): _plain_types(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [_plain_types(value) for value in item]
    return item.item() if isinstance(item, np.generic) else item
