"""Measured electroweak observables with their errors, correlations and Standard Model predictions, from the package's
tables.

A residual is (X - X_SM)/X_SM with the prediction that belongs to the measurement, its error sigma/|X_SM| (A. Hook, E.
Izaguirre, J.G. Wacker, arXiv:1006.0973, eqs. 16 and 18). A table stops the run, with the file and the line, if anything
in it is not as it must be: no fit may rest on a typing error.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np

from jaxmix.data import tables

COLUMNS = (
    "name",
    "observable",
    "sqrt_s",
    "cos_min",
    "cos_max",
    "value",
    "error",
    "norm",
    "group",
    "unit",
    "sm_prediction",
    "reference",
)
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
    """n measurements with their predictions (sm) in each one's unit, sqrt_s in GeV, nan where a quantity has no energy
    or no bin; correlation is that of the residuals [n, n]; tables holds the name of each one's table.
    """

    names: tuple[str, ...]
    observables: tuple[str, ...]
    tables: tuple[str, ...]
    references: tuple[str, ...]
    sqrt_s: np.ndarray
    cos_min: np.ndarray
    cos_max: np.ndarray
    value: np.ndarray
    error: np.ndarray
    sm: np.ndarray
    correlation: np.ndarray

    @property
    def residual(self) -> np.ndarray:
        """Relative deviations from the Standard Model, (X - X_SM)/X_SM; arXiv:1006.0973, eq. 16."""
        return (self.value - self.sm) / self.sm

    @property
    def relative_error(self) -> np.ndarray:
        """Errors of the residuals, sigma/|X_SM|; arXiv:1006.0973, eq. 18."""
        return self.error / np.abs(self.sm)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the residuals, correlation_ij sigma_i sigma_j/|X_SM,i X_SM,j|."""
        return self.correlation * np.outer(self.relative_error, self.relative_error)

    def chi2(self) -> float:
        """chi^2 of the Standard Model column, r^T V^-1 r with the residuals r and their covariance V."""
        pulls = self.residual / self.relative_error
        return float(pulls @ np.linalg.solve(self.correlation, pulls))

    def select(self, table: str) -> "Measurements":
        """The measurements of one table."""
        if table not in self.tables:
            raise ValueError(
                f"measurements: there is no table {table!r}; it is one of {', '.join(dict.fromkeys(self.tables))}."
            )
        here = [k for k, name in enumerate(self.tables) if name == table]
        words = {key: tuple(getattr(self, key)[k] for k in here) for key in _fields(tuple[str, ...])}
        numbers = {key: getattr(self, key)[here] for key in _fields(np.ndarray)}
        return Measurements(**words, **numbers | {"correlation": self.correlation[np.ix_(here, here)]})


def load(data: str, m_w: str) -> Measurements:
    """All measurements of a set ("2010": those of the time of arXiv:1006.0973, or "current") with the W mass of either
    time.

    Each table stands in one piece; tables are uncorrelated with each other.
    """
    for word, found, allowed in (("data", data, TABLES), ("m_w", m_w, W_MASS)):
        if found not in allowed:
            raise ValueError(f"measurements: {word} is {found!r}, allowed: {', '.join(map(repr, allowed))}.")
    return _joined([read(name) for name in (W_MASS[m_w], *TABLES[data])])


def read(name: str) -> Measurements:
    """The measurements of one of the package's tables, with the correlations that its header names; ValueError as
    `parse`.
    """
    rows = tables.read_rows(name)
    named = rows.header.get("correlation", "")
    return parse(rows, tables.read_rows(named) if named.endswith(".csv") else None)


def parse(rows: tables.Rows, correlation: tables.Rows | None = None) -> Measurements:
    """The measurements of a table at hand, with its table of correlations if its header names one.

    A value that is not as it must be raises ValueError with the file, the line, what was found and what is allowed.
    """
    missing = [column for column in COLUMNS if column not in rows.names]
    if missing:
        found = ", ".join(rows.names)
        raise ValueError(
            f"{_at(rows, rows.lines[0])}: the column {missing[0]} is missing among {found}; it needs {', '.join(COLUMNS)}."
        )
    if not rows.entries:
        raise ValueError(
            f"{_at(rows, rows.lines[0])}: no rows follow the names of the columns, expected one a measurement."
        )
    checked = []
    for line, entries in zip(rows.lines[1:], rows.entries, strict=True):
        row = dict(zip(rows.names, (entry.strip() for entry in entries), strict=True))
        checked.append(_checked(row, _at(rows, line)))
        if row["name"] in (other["name"] for other in checked[:-1]):
            raise ValueError(
                f"{_at(rows, line)}: the name {row['name']} stands twice; every row needs a name of its own."
            )
    columns = {column: [row[column] for row in checked] for column in COLUMNS}
    sm = np.array(columns["sm_prediction"])
    signs = np.sign(sm)  # dividing by a negative prediction turns the sign of a correlation
    return Measurements(
        names=tuple(columns["name"]),
        observables=tuple(columns["observable"]),
        tables=(rows.name,) * len(checked),
        references=tuple(columns["reference"]),
        sm=sm,
        **{key: np.array(columns[key]) for key in ("sqrt_s", "cos_min", "cos_max", "value", "error")},
        correlation=_correlation(rows, columns, correlation) * np.outer(signs, signs),
    )


def _fields(kind: object) -> list[str]:
    return [field.name for field in dataclasses.fields(Measurements) if field.type == kind]


def _joined(parts: Sequence[Measurements]) -> Measurements:
    """Parts one after the other, uncorrelated with each other."""
    ends = np.cumsum([len(part.names) for part in parts])
    correlation = np.zeros((ends[-1], ends[-1]))
    for part, end in zip(parts, ends, strict=True):
        block = slice(end - len(part.names), end)
        correlation[block, block] = part.correlation
    words = {key: sum((getattr(part, key) for part in parts), ()) for key in _fields(tuple[str, ...])}
    numbers = {
        key: np.concatenate([getattr(part, key) for part in parts])
        for key in _fields(np.ndarray)
        if key != "correlation"
    }
    return Measurements(**words, **numbers, correlation=correlation)


def _at(rows: tables.Rows, line: int) -> str:
    return f"package data: {rows.name}, line {line}"


def _checked(row: dict[str, str], where: str) -> dict[str, str | float]:
    """A row with its numbers read and every entry held against what it may be."""
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
    return row | numbers | edges | {"sqrt_s": sqrt_s}


def _demand(fulfilled: bool, found: str, allowed: str, where: str) -> None:
    if not fulfilled:
        raise ValueError(f"{where}: {found}, allowed: {allowed}.")


def _one_of(found: str, allowed: Iterable[str], what: str, where: str) -> str:
    _demand(found in allowed, f"{what} {found!r}", ", ".join(allowed), where)
    return found


def _number(text: str, column: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    _demand(math.isfinite(number), f"{column} {text!r}", "a finite number", where)
    return number


def _correlation(rows: tables.Rows, columns: dict[str, list], given: tables.Rows | None) -> np.ndarray:
    """Correlation of a table's values: none, from a table of its own, or norm_i norm_j/(error_i error_j) within each
    group.
    """
    own = f"{rows.name.removesuffix('.csv')}_correlation.csv"
    header = f"package data: {rows.name}, header above line {rows.lines[0]}"
    kind = _one_of(rows.header.get("correlation", ""), (NO_CORRELATION, NORMS, own), "correlation", header)
    if kind == own:
        if given is None:
            raise ValueError(f"{header}: correlation {own!r} was not given with it; `read` opens both.")
        matrix = _matrix(given, columns["name"])
    else:
        share = np.array(columns["norm"]) / np.array(columns["error"])
        groups = np.array(columns["group"])
        matrix = np.where(groups[:, None] == groups, np.outer(share, share), 0.0)
        np.fill_diagonal(matrix, 1.0)
    for line, norm in zip(rows.lines[1:], columns["norm"], strict=True):
        _demand(
            kind == NORMS or norm == 0, f"norm {norm:g} where the header says correlation: {kind}", "0", _at(rows, line)
        )
    smallest = np.linalg.eigvalsh(matrix)[0]
    name = rows.name if given is None else given.name
    _demand(
        smallest > SINGULAR,
        f"a correlation with the eigenvalue {smallest:.3g}",
        "positive definite",
        f"package data: {name}",
    )
    return matrix


def _matrix(rows: tables.Rows, names: Sequence[str]) -> np.ndarray:
    """A table of correlations: its columns and its rows the names of the measurements in their order, symmetric, 1 on
    the diagonal.
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
    for i in np.flatnonzero(np.diag(matrix) != 1):
        _demand(False, f"correlation {matrix[i, i]:g} of {names[i]} with itself", "1", _at(rows, lines[i]))
    for i, j in np.argwhere(matrix != matrix.T):
        mirrored = f"{matrix[j, i]:g}, as that of {names[j]} and {names[i]}"
        _demand(False, f"correlation {matrix[i, j]:g} of {names[i]} and {names[j]}", mirrored, _at(rows, lines[i]))
    return matrix
