"""Measured electroweak observables with their errors, correlations and Standard Model predictions, from the package's
tables.

A residual is (X - X_SM)/X_SM with the prediction that belongs to the measurement, its error sigma/|X_SM| (A. Hook, E.
Izaguirre, J.G. Wacker, arXiv:1006.0973, eqs. 16 and 18). A table stops the run, with the file and the line, if anything
in it is not as it must be: no fit may rest on a typing error.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from jaxmix.data import tables


class Row(NamedTuple):
    """One measurement as a row of a table holds it; the names of the fields are those of the columns."""

    name: str
    observable: str
    sqrt_s: float  # GeV, nan where a quantity has no energy
    cos_min: float  # nan without a bin
    cos_max: float
    value: float  # with `error`, `norm` and `sm_prediction` in the row's unit
    error: float
    norm: float  # part of the error that is common to the group
    group: str
    unit: str
    sm_prediction: float
    reference: str


COLUMNS = Row._fields
# units that an observable may come in; 1 for a cross section: over the muons' point cross section, or over its
# prediction
UNITS = {
    "m_z": ("GeV",),
    "gamma_z": ("GeV",),
    "sigma_had_0": ("nb",),
    **dict.fromkeys(
        ("r_l_0", "afb_l_0", "a_l", "a_l_tau", "sin2_lept", "r_b_0", "r_c_0", "afb_b_0", "afb_c_0", "a_b", "a_c"),
        ("1",),
    ),
    "m_w": ("GeV",),
    "alpha": ("1",),
    "sigma_had": ("pb", "1"),
    "sigma_l": ("pb", "1"),
    **dict.fromkeys(("afb_l", "r_b", "r_c", "afb_b", "afb_c"), ("1",)),
    "bhabha": ("pb",),
    **dict.fromkeys(("q_weak_cs", "q_weak_p", "a_pv_e"), ("1",)),
}
WITHOUT_ENERGY = ("m_w", "alpha")
BINNED = ("bhabha",)
SINGULAR = 1e-9  # smaller eigenvalues of a correlation are rounding
NO_CORRELATION = "none"
NORMS = "norms of groups"

_ALWAYS = (
    "ew_hadrons_lep2.csv",
    "ew_leptons_lep2_afb_low.csv",
    "ew_bhabha_lep2.csv",
    "ew_hadrons_low_energy.csv",
    "ew_alpha.csv",
)
# the tables of each set but for the W mass; none repeats a measurement of another
TABLES = {
    "2010": (
        "ew_zpole_line_shape_2005.csv",
        "ew_zpole_heavy_flavour.csv",
        "ew_zpole_tau_polarisation_universal.csv",
        "ew_zpole_charge_asymmetry.csv",
        "ew_leptons_lep2_preliminary.csv",
        *_ALWAYS,
    ),
    "current": (
        "ew_zpole_line_shape_2019.csv",
        "ew_zpole_heavy_flavour.csv",
        "ew_zpole_tau_polarisation.csv",
        "ew_zpole_charge_asymmetry.csv",
        "ew_leptons_lep2_sigma.csv",
        "ew_leptons_lep2_afb.csv",
        "ew_heavy_flavour_lep2.csv",
        "ew_low_energy_parity.csv",
        *_ALWAYS,
    ),
}
W_MASS = {"2010": "ew_w_mass_2010.csv", "current": "ew_w_mass_current.csv"}


@dataclasses.dataclass(frozen=True, eq=False)
class Measurements:
    """Measurements with the Standard Model's predictions, each in its own unit."""

    names: tuple[str, ...]
    observables: tuple[str, ...]
    tables: tuple[str, ...]  # name of the table of each
    references: tuple[str, ...]
    sqrt_s: Float[np.ndarray, " n"]  # GeV, nan where a quantity has no energy
    cos_min: Float[np.ndarray, " n"]  # nan without a bin
    cos_max: Float[np.ndarray, " n"]
    value: Float[np.ndarray, " n"]
    error: Float[np.ndarray, " n"]
    sm: Float[np.ndarray, " n"]  # the predictions
    correlation: Float[np.ndarray, "n n"]  # of the residuals

    @property
    def residual(self) -> Float[np.ndarray, " n"]:
        """Relative deviations from the Standard Model, (X - X_SM)/X_SM; arXiv:1006.0973, eq. 16."""
        return (self.value - self.sm) / self.sm

    @property
    def relative_error(self) -> Float[np.ndarray, " n"]:
        """Errors of the residuals, sigma/|X_SM|; arXiv:1006.0973, eq. 18."""
        return self.error / np.abs(self.sm)

    @property
    def covariance(self) -> Float[np.ndarray, "n n"]:
        """Covariance of the residuals, correlation_ij sigma_i sigma_j/|X_SM,i X_SM,j|."""
        return self.correlation * np.outer(self.relative_error, self.relative_error)


def load(data: str, m_w: str) -> Measurements:
    """Read all measurements of a set, each table in one piece and uncorrelated with the others.

    Parameters
    ----------
    data
        "2010", the measurements of the time of arXiv:1006.0973, or "current".
    m_w
        The set from which the W mass is taken.

    Raises
    ------
    ValueError
        For another set, and as `parse`.
    """
    for word, found, allowed in (("data", data, TABLES), ("m_w", m_w, W_MASS)):
        if found not in allowed:
            raise ValueError(f"measurements: {word} is {found!r}, allowed: {', '.join(map(repr, allowed))}.")
    return _joined([read(name) for name in (W_MASS[m_w], *TABLES[data])])


def read(name: str) -> Measurements:
    """Read one of the package's tables, with the correlations that its header names; ValueError as `parse`."""
    rows = tables.read_rows(name)
    named = rows.header.get("correlation", "")
    return parse(rows, tables.read_rows(named) if named.endswith(".csv") else None)


def parse(rows: tables.Rows, correlation: tables.Rows | None = None) -> Measurements:
    """Check the rows of a table and make measurements of them.

    Parameters
    ----------
    rows
        The table.
    correlation
        The table of its correlations, if its header names one.

    Raises
    ------
    ValueError
        For a value that is not as it must be, with the file, the line, what was found and what is allowed.
    """
    missing = [column for column in COLUMNS if column not in rows.names]
    if missing:
        found, needed = ", ".join(rows.names), ", ".join(COLUMNS)
        raise ValueError(
            f"{_at(rows, rows.lines[0])}: the column {missing[0]} is missing among {found}; it needs {needed}."
        )
    if not rows.entries:
        raise ValueError(
            f"{_at(rows, rows.lines[0])}: no rows follow the names of the columns, expected one a measurement."
        )
    checked: list[Row] = []
    for line, entries in zip(rows.lines[1:], rows.entries, strict=True):
        row = _checked(dict(zip(rows.names, (entry.strip() for entry in entries), strict=True)), _at(rows, line))
        if row.name in (other.name for other in checked):
            raise ValueError(f"{_at(rows, line)}: the name {row.name} stands twice; every row needs a name of its own.")
        checked.append(row)
    sm = np.array([row.sm_prediction for row in checked])
    signs = np.sign(sm)  # dividing by a negative prediction turns the sign of a correlation
    return Measurements(
        names=tuple(row.name for row in checked),
        observables=tuple(row.observable for row in checked),
        tables=(rows.name,) * len(checked),
        references=tuple(row.reference for row in checked),
        sqrt_s=np.array([row.sqrt_s for row in checked]),
        cos_min=np.array([row.cos_min for row in checked]),
        cos_max=np.array([row.cos_max for row in checked]),
        value=np.array([row.value for row in checked]),
        error=np.array([row.error for row in checked]),
        sm=sm,
        correlation=_correlation(rows, checked, correlation) * np.outer(signs, signs),
    )


def _joined(parts: Sequence[Measurements]) -> Measurements:
    """Parts one after the other, uncorrelated with each other."""
    ends = np.cumsum([len(part.names) for part in parts])
    correlation = np.zeros((ends[-1], ends[-1]))
    for part, end in zip(parts, ends, strict=True):
        block = slice(end - len(part.names), end)
        correlation[block, block] = part.correlation

    def words(field: str) -> tuple[str, ...]:
        return tuple(word for part in parts for word in getattr(part, field))

    def numbers(field: str) -> np.ndarray:
        return np.concatenate([getattr(part, field) for part in parts])

    return Measurements(
        names=words("names"),
        observables=words("observables"),
        tables=words("tables"),
        references=words("references"),
        sqrt_s=numbers("sqrt_s"),
        cos_min=numbers("cos_min"),
        cos_max=numbers("cos_max"),
        value=numbers("value"),
        error=numbers("error"),
        sm=numbers("sm"),
        correlation=correlation,
    )


def _at(rows: tables.Rows, line: int) -> str:
    """Where a line stands, for messages."""
    return f"package data: {rows.name}, line {line}"


def _checked(row: dict[str, str], where: str) -> Row:
    """Read the numbers of a row and hold every entry against what it may be."""
    observable = _one_of(row["observable"], UNITS, "observable", where)
    _one_of(row["unit"], UNITS[observable], f"unit of {observable}", where)
    for column in ("name", "reference"):
        _demand(bool(row[column]), f"an empty {column}", "a text", where)
    numbers = {column: _number(row[column], column, where) for column in ("value", "error", "norm", "sm_prediction")}
    error, norm = numbers["error"], numbers["norm"]
    _demand(error > 0, f"error {error:g}", "above 0", where)
    _demand(0 <= norm <= error, f"norm {norm:g}", f"0 to the error, {error:g}", where)
    _demand(norm == 0 or bool(row["group"]), f"norm {norm:g} without a group", "a group, or norm 0", where)
    _demand(numbers["sm_prediction"] != 0, "sm_prediction 0", "any other number: residuals are relative to it", where)
    optional = observable in WITHOUT_ENERGY and not row["sqrt_s"]
    sqrt_s = math.nan if optional else _number(row["sqrt_s"], "sqrt_s", where)
    _demand(optional or sqrt_s > 0, f"sqrt_s {sqrt_s:g}", "above 0", where)
    edges = dict.fromkeys(("cos_min", "cos_max"), math.nan)
    if observable in BINNED:
        edges = {column: _number(row[column], column, where) for column in edges}
        found = f"a bin from {edges['cos_min']:g} to {edges['cos_max']:g}"
        _demand(-1 <= edges["cos_min"] < edges["cos_max"] <= 1, found, "-1 <= cos_min < cos_max <= 1", where)
    else:
        allowed = f"empty cos_min and cos_max but for {', '.join(BINNED)}"
        _demand(not row["cos_min"] + row["cos_max"], f"a bin of {observable}", allowed, where)
    return Row(
        name=row["name"],
        observable=observable,
        sqrt_s=sqrt_s,
        group=row["group"],
        unit=row["unit"],
        reference=row["reference"],
        **numbers,
        **edges,
    )


def _demand(fulfilled: bool | np.bool_, found: str, allowed: str, where: str) -> None:
    """Raise ValueError where a demand is not fulfilled."""
    if not fulfilled:
        raise ValueError(f"{where}: {found}, allowed: {allowed}.")


def _one_of(found: str, allowed: Iterable[str], what: str, where: str) -> str:
    """The word found, which must be one of those allowed."""
    _demand(found in allowed, f"{what} {found!r}", ", ".join(allowed), where)
    return found


def _number(text: str, column: str, where: str) -> float:
    """The finite number that an entry holds."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    _demand(math.isfinite(number), f"{column} {text!r}", "a finite number", where)
    return number


def _correlation(rows: tables.Rows, checked: Sequence[Row], given: tables.Rows | None) -> Float[np.ndarray, "n n"]:
    """Correlation of a table's values, by its header: none, from a table of its own, or norm_i norm_j/(error_i error_j)
    within each group.
    """
    own = f"{rows.name.removesuffix('.csv')}_correlation.csv"
    header = f"package data: {rows.name}, header above line {rows.lines[0]}"
    kind = _one_of(rows.header.get("correlation", ""), (NO_CORRELATION, NORMS, own), "correlation", header)
    if kind == own:
        if given is None:
            raise ValueError(f"{header}: correlation {own!r} was not given with it; `read` opens both.")
        matrix = _matrix(given, [row.name for row in checked])
    else:
        share = np.array([row.norm for row in checked]) / np.array([row.error for row in checked])
        groups = np.array([row.group for row in checked])
        matrix = np.where(groups[:, None] == groups, np.outer(share, share), 0.0)
        np.fill_diagonal(matrix, 1.0)
    for line, row in zip(rows.lines[1:], checked, strict=True):
        found = f"norm {row.norm:g} where the header says correlation: {kind}"
        _demand(kind == NORMS or row.norm == 0, found, "0", _at(rows, line))
    smallest = np.linalg.eigvalsh(matrix)[0]
    name = rows.name if given is None else given.name
    _demand(
        smallest > SINGULAR,
        f"a correlation with the eigenvalue {smallest:.3g}",
        "positive definite",
        f"package data: {name}",
    )
    return matrix


def _matrix(rows: tables.Rows, names: Sequence[str]) -> Float[np.ndarray, "n n"]:
    """Read a table of correlations; columns and rows must be the measurements in their order, the matrix symmetric with
    1 on the diagonal.
    """
    size, lines, order = len(names), rows.lines[1:], "the measurements in their order"
    heading = _at(rows, rows.lines[0])
    _demand(len(rows.names) == size + 1, f"{len(rows.names)} columns", f"{size + 1}, name and {order}", heading)
    for found, expected in zip(rows.names, ("name", *names), strict=True):
        _demand(found.strip() == expected, f"column {found!r}", f"{expected!r} ({order})", heading)
    _demand(len(lines) == size, f"{len(lines)} rows", f"{size}, {order}", heading)
    for line, entries, expected in zip(lines, rows.entries, names, strict=True):
        _demand(entries[0].strip() == expected, f"row {entries[0]!r}", f"{expected!r} ({order})", _at(rows, line))
    cells = zip(lines, rows.entries, strict=True)
    matrix = np.array(
        [[_number(entry, "correlation", _at(rows, line)) for entry in entries[1:]] for line, entries in cells]
    )
    for i in map(int, np.flatnonzero(np.diag(matrix) != 1)):
        _demand(False, f"correlation {matrix[i, i]:g} of {names[i]} with itself", "1", _at(rows, lines[i]))
    for i, j in np.argwhere(matrix != matrix.T).tolist():
        mirrored = f"{matrix[j, i]:g}, as that of {names[j]} and {names[i]}"
        _demand(False, f"correlation {matrix[i, j]:g} of {names[i]} and {names[j]}", mirrored, _at(rows, lines[i]))
    return matrix
