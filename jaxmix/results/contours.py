"""contours.csv: the traced contours, one row a vertex, with the tangents that autodiff gives."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxmix import atomic, faults, parameters

FIRST = ("constraint", "level", "component", "closed")
_LAST = ("x", "y", "tangent_x", "tangent_y", "residual")


class Side(NamedTuple):
    """An axis of the plane: the parameter's name, its range, and whether it is logarithmic."""

    name: str
    low: float
    high: float
    logarithmic: bool

    def described(self, column: str) -> str:
        """Describe the side in a line of the header."""
        parameter = parameters.PARAMETERS[self.name]
        scale = "ln" if self.logarithmic else "linear"
        return (
            f"{column}: {self.name} [{parameter.unit}], {parameter.meaning}; {scale}, from "
            f"{self.low!r} to {self.high!r}"
        )


class Certificate(NamedTuple):
    """How sure a contour is: the columns of certificates.csv, where None is an empty cell.

    Distances are fractions of the plane, of which each side runs from 0 to 1. What is `verified` was found by bisection
    across the contour, and is None where nobody asked for it.
    """

    status: str
    ends: str
    vertices: int
    brackets: int
    residual: float | None
    deviation: float | None
    evaluations: int
    trace_status: str
    trace_evaluations: int
    trace_coarse: int
    verified_vertices: float | None = None
    verified_curve: float | None = None
    verified_places: int | None = None
    verified_lost: int | None = None


class Trace(NamedTuple):
    """One component of a contour: which constraint and level, the values held, its vertices [n] and their tangents [n].

    The tangent is the unit vector along the contour where each side of the plane runs from 0 to 1 (in the logarithm
    where it is logarithmic); the residual is |q/q_crit - 1|.
    """

    constraint: str
    level: str
    component: int
    closed: bool
    held: dict[str, float]
    x: np.ndarray
    y: np.ndarray
    tangent_x: np.ndarray
    tangent_y: np.ndarray
    residual: np.ndarray
    certificate: Certificate | None = None  # not part of contours.csv


def write_contours(path: Path, plane: tuple[Side, Side], held: Sequence[str], traces: Iterable[Trace]) -> int:
    """Write the vertices of all traces.

    Parameters
    ----------
    path
        The file.
    plane
        Sides x and y.
    held
        Names of the parameters whose values stand in each row.
    traces
        The components.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    CannotWrite
        The disk refuses.
    """
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in _header(plane, held))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIRST, *held, *_LAST])
    rows = 0
    for trace in traces:
        front = first_cells(trace, held)
        for vertex in zip(*(getattr(trace, name) for name in _LAST), strict=True):
            writer.writerow([*front, *(repr(float(number)) for number in vertex)])
            rows += 1
    atomic.write_bytes(path, text.getvalue().encode())
    return rows


def first_cells(trace: Trace, held: Sequence[str]) -> list[str | int]:
    """Return the first cells of a row, which name the contour."""
    return [
        trace.constraint,
        trace.level,
        trace.component,
        int(trace.closed),
        *(repr(float(trace.held[name])) for name in held),
    ]


def described(held: Sequence[str]) -> list[str]:
    """Return one line of a header for each parameter held."""
    return [f"{name}: [{parameters.PARAMETERS[name].unit}], {parameters.PARAMETERS[name].meaning}" for name in held]


def _header(plane: tuple[Side, Side], held: Sequence[str]) -> list[str]:
    """Describe every column in a line: its meaning and unit."""
    return [
        "Contours on which test statistic / critical value = 1, one row a vertex, in the order of travel",
        "constraint: name; level: sigma=n or cl=fraction; component: number within the plane; closed: 1 or 0",
        *described(held),
        plane[0].described("x"),
        plane[1].described("y"),
        "tangent_x, tangent_y: unit vector along the contour where x and y each run from 0 to 1 over their range [1]",
        "residual: |test statistic / critical value - 1| [1]",
    ]


def read_contours(path: Path) -> tuple[tuple[str, str], list[Trace]]:
    """Read a file that `write_contours` wrote.

    Returns the names of x and y, and the traces. Raises BadInput for any other file.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise faults.BadInput(f"{path}: cannot be read as a contour table ({fault})") from fault
    comments = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
    columns = rows[0] if rows else []
    held = columns[len(FIRST) : -len(_LAST)]
    if columns != [*FIRST, *held, *_LAST] or not {"x", "y"} <= set(comments):
        raise faults.BadInput(
            f"{path}: found the columns {', '.join(columns)[:400]}; expected {', '.join([*FIRST, '...', *_LAST])}"
        )
    try:
        traces = [
            _trace(front, list(part), held)
            for front, part in groupby(rows[1:], key=lambda row: row[: len(FIRST) + len(held)])
        ]
    except (ValueError, IndexError) as fault:
        raise faults.BadInput(f"{path}: a row that is no vertex ({str(fault)[:400]})") from fault
    return (comments["x"].split(" ")[0], comments["y"].split(" ")[0]), traces


def _trace(front: Sequence[str], rows: Sequence[Sequence[str]], held: Sequence[str]) -> Trace:
    numbers = np.array([row[-len(_LAST) :] for row in rows], dtype=np.float64)
    values: Mapping[str, float] = dict(zip(held, map(float, front[len(FIRST) :]), strict=True))
    return Trace(front[0], front[1], int(front[2]), front[3] == "1", dict(values), *numbers.T)
