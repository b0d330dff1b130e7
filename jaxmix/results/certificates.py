"""certificates.csv: how sure each traced contour is, one row a contour."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from jaxmix import atomic
from jaxmix.results import contours

_HEADER = (
    "How sure each contour is, one row a contour, in the order of contours.csv",
    "constraint, level, component, closed: as there",
)
_COLUMNS = (
    "status: converged; flat: the gradient vanishes at a vertex; saddle: branches so close that "
    "which of them join is not told apart;",
    "  imprecise: the residual is above what was asked for; coarse: the deviation is; jump: the test "
    "statistic leaps over the level and",
    "  plateau: it keeps to the level over an area, both without vertices and thus without a row in contours.csv",
    "ends: of an open one, of its first; last vertex, once if alike: box, invalid (no statement "
    "beyond), jump or plateau",
    "vertices: rows in contours.csv [1]; brackets: pairs of points on either side of a jump or a plateau's edge [1]",
    "residual: the largest of contours.csv [1]",
    "deviation: estimated largest distance of the curve from the level [1, where x and y each run "
    "from 0 to 1 over their range]",
    "evaluations: of the test statistic with its gradient, spent on this contour [1]",
    "trace_status: of all contours that were traced together with this one; certified: none is "
    "missed, proved by enclosures;",
    "  sampled: judged from values and gradients at corners of cells; unresolved: of some of the "
    "finest cells it is not known whether one runs there",
    "trace_evaluations: for all of them [1]; trace_coarse: of these, to divide the plane into cells [1]",
    "verified_vertices, verified_curve: largest distance of vertices and of the curve from the "
    "level, by bisection across it [1, as deviation]",
    "verified_places: places looked at [1]; verified_lost: places near which there is no level, or "
    "no statement on one side [1];",
    "  these four are empty without --verify",
)


def write_certificates(path: Path, held: Sequence[str], traces: Iterable[contours.Trace]) -> None:
    """Write the certificates of traces, all of which have one, with the parameters named in `held`.

    Raises CannotWrite on failure.
    """
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in (*_HEADER, *contours.described(held), *_COLUMNS))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*contours.FIRST, *held, *contours.Certificate._fields])
    for trace in traces:
        writer.writerow([*contours.first_cells(trace, held), *map(_cell, trace.certificate or ())])
    atomic.write_bytes(path, text.getvalue().encode())


def _cell(value: str | int | float | None) -> str:
    """Format a number in full precision; None is empty."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
