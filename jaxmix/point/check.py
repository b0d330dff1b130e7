"""`jaxmix.check`: in Python what `jaxmix point` says: excluded by what and by how much, within reach of what, and where
no statement is made.
"""

import dataclasses
import html
from collections.abc import Mapping

import numpy as np
from jaxtyping import ArrayLike, Float, Int

from jaxmix import config, faults, parameters, study
from jaxmix.command import backend, inputs
from jaxmix.constraints import shelf
from jaxmix.constraints.base.kind import OBSERVED, PROJECTED
from jaxmix.models import declarations
from jaxmix.models.declarations import Declaration
from jaxmix.point import description

_SHOWN = 4  # names in a line
EXCLUDED, NOT_EXCLUDED, NO_STATEMENT = 1, 0, -1


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What one constraint says of the points.

    Parameters
    ----------
    name, title, kind
        The constraint, as `jaxmix constraints` lists it.
    ratio
        q/critical value of each point: above one the point is excluded (or within reach of a projection); NaN where
        there is no statement.
    excluded
        1, 0 or, where there is no statement, -1.
    status
        "ok", or why there is no statement, of each point.
    """

    name: str
    title: str
    kind: str
    ratio: Float[np.ndarray, " points"]
    excluded: Int[np.ndarray, " points"]
    status: np.ndarray


@dataclasses.dataclass(frozen=True)
class Checked:
    """What all constraints say of one point or of several; printed it is five lines, in a notebook a table.

    Parameters
    ----------
    parameters
        Values by name, one a point (GeV, rad, 1/fb), defaults among them.
    status
        Status of each point: "ok", or why it does not exist.
    verdicts
        By the constraint's name.
    """

    parameters: dict[str, np.ndarray]
    status: np.ndarray
    verdicts: dict[str, Verdict]

    @property
    def excluded(self) -> Int[np.ndarray, " points"]:
        """1 where a measurement or a published search excludes the point, 0 where none does, -1 where none speaks."""
        found = [verdict.excluded for verdict in self.verdicts.values() if verdict.kind in OBSERVED]
        return np.max(found, axis=0)

    @property
    def excluded_by(self) -> list[str]:
        """Measurements and published searches that exclude a point (any of several), the strongest first."""
        return self._above(OBSERVED)

    @property
    def within_reach_of(self) -> list[str]:
        """Projections that would exclude a point (any of several), the strongest first."""
        return self._above((PROJECTED,))

    @property
    def no_statement(self) -> dict[str, str]:
        """Constraints that say nothing of any point, each with the reason at the first point."""
        return {
            name: str(verdict.status[0])
            for name, verdict in self.verdicts.items()
            if np.all(verdict.excluded == NO_STATEMENT)
        }

    def _above(self, kinds: tuple[str, ...]) -> list[str]:
        found = [each for each in self.verdicts.values() if each.kind in kinds and np.any(each.excluded == EXCLUDED)]
        return [each.name for each in sorted(found, key=lambda each: -np.nanmax(each.ratio))]

    def _nearest(self) -> list[str]:
        """Measurements and searches that come nearest to excluding a point without doing so."""
        quiet = [
            each
            for each in self.verdicts.values()
            if each.kind in OBSERVED and np.all(each.excluded != EXCLUDED) and np.any(np.isfinite(each.ratio))
        ]
        return [each.name for each in sorted(quiet, key=lambda each: -np.nanmax(each.ratio))]

    def _told(self, names: list[str]) -> str:
        """Names with q/critical value, the largest of several points."""
        told = [f"{name} ({np.nanmax(self.verdicts[name].ratio):.3g})" for name in names[:_SHOWN]]
        return ", ".join(told) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")

    def __str__(self) -> str:
        number = len(self.status)
        if number == 1:
            shown = {name: value[0] for name, value in self.parameters.items()}
            head = ", ".join(
                f"{name} = {value:.4g}{_unit(name)}" for name, value in shown.items() if _is_told(name, value)
            )
            head += "" if self.status[0] == "ok" else f"; {self.status[0]}"
        else:
            head = (
                f"{number} points: {np.sum(self.excluded == EXCLUDED)} excluded by measurements and published searches"
            )
        silent = self.no_statement
        reasons = sorted(set(silent.values()), key=list(silent.values()).count, reverse=True)
        counted = [f"{list(silent.values()).count(reason)} {reason}" for reason in reasons[:_SHOWN]]
        lines = (
            ("", head),
            ("excluded by", self._told(self.excluded_by) or "none"),
            ("nearest of the others", self._told(self._nearest()) or "none"),
            ("within reach of", self._told(self.within_reach_of) or "none"),
            ("no statement", ", ".join(counted) or "none"),
        )
        return "\n".join(f"{word}: {text}" if word else text for word, text in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table that a notebook shows: a row a constraint, q/critical value and status of up to eight points."""
        columns = range(min(len(self.status), 8))
        head = "".join(f"<th>{f'point {k}' if len(self.status) > 1 else 'q/critical'}</th>" for k in columns)
        rows = []
        for each in sorted(self.verdicts.values(), key=lambda each: each.kind):
            cells = [
                f"{each.ratio[k]:.3g}" if np.isfinite(each.ratio[k]) else html.escape(str(each.status[k]))
                for k in columns
            ]
            bold = [f"<b>{cell}</b>" if each.excluded[k] == EXCLUDED else cell for k, cell in enumerate(cells)]
            rows.append(
                f"<tr><td>{html.escape(each.name)}</td><td>{html.escape(each.title)}</td><td>{each.kind}</td>"
                + "".join(f"<td>{cell}</td>" for cell in bold)
                + "</tr>"
            )
        return f"<table><tr><th>constraint</th><th></th><th>kind</th>{head}</tr>{''.join(rows)}</table>"


def check(
    point: Mapping[str, ArrayLike | str] | None = None,
    /,
    *,
    cl: float = 0.95,
    settings: Mapping[str, Mapping[str, float | str]] | None = None,
    pdf: str | None = None,
    model: str = declarations.DEFAULT,
    **values: ArrayLike | str,
) -> Checked:
    """Ask every constraint of the shelf about one parameter point, or about several.

    Parameters
    ----------
    point, **values
        Parameters by name (GeV, rad, 1/fb), numbers or arrays that broadcast to one axis of points, or the words
        "theta_w", "pi/2" and "e"; what is absent has its default. Constraints that need an absent parameter make no
        statement.
    cl
        Confidence level of the verdicts; published limits keep their own.
    settings
        Settings of constraints that are not at their defaults, by the constraint's name; an entry "kind" makes another
        instance of a kind.
    pdf
        An LHAPDF6 folder in place of the package's parton luminosities.
    model
        Kind of the model of the dark sector.

    Returns
    -------
    Checked
        Verdicts by constraint.

    Raises
    ------
    RuntimeError
        When jax_enable_x64 is off.
    ValueError
        For an unknown name (the nearest one is offered), a value outside its domain, two forms of one quantity, or
        arrays that do not broadcast to one axis.

    Examples
    --------
    >>> print(jaxmix.check(kappa=3e-3, m_zprime=30.0, m_mcp=10.0, theta_dark=0.5))  # doctest: +SKIP
    """
    backend.keep_programs()
    try:
        declared = inputs.declared(model, None, {})
        columns = _columns({**(point or {}), **values}, declared)
        instances = config.instances({"constraints": {name: dict(each) for name, each in (settings or {}).items()}})
        cl = inputs.fraction(repr(cl), "cl")
        rows = [dict(zip(columns, row)) for row in zip(*(column.tolist() for column in columns.values()))]
        for row in (rows[0], rows[-1]):
            inputs.check_forms(row, model=declared)
        numbers, kinds = description.evaluated(rows, instances, cl, pdf, model)
    except faults.BadInput as fault:
        raise ValueError(f"check: {fault}") from fault
    status = np.array([study.STATUS[int(code)] for code in numbers["status"]])
    verdicts = {name: _verdict(name, word, numbers, status) for name, word in kinds.items()}
    return Checked(columns, status, verdicts)


def _columns(given: Mapping[str, ArrayLike | str], declared: Declaration) -> dict[str, np.ndarray]:
    """Every parameter as one value a point; BadInput for names, values and shapes that are not allowed."""
    for name in declared.unknown(given):
        hint = faults.did_you_mean(name, declared.names)
        raise faults.BadInput(f"found the name {name!r}; allowed: {', '.join(declared.names)}{hint}")
    plain = {name: value for name, value in given.items() if not isinstance(value, str)}
    inputs_of = {name: float(np.ravel(plain[name])[0]) for name in parameters.STANDARD_MODEL if name in plain}
    defaults = declared.defaults(**inputs_of)
    words = parameters.named_values(**{name: defaults[name] for name in parameters.STANDARD_MODEL})
    for name, value in given.items():
        if isinstance(value, str) and value not in words:
            raise faults.BadInput(f"{name}: found {value[:60]!r}; allowed: a number, or {', '.join(words)}")
    numbers = defaults | {name: words[value] if isinstance(value, str) else value for name, value in given.items()}
    try:
        arrays = {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in numbers.items()}
        columns = dict(zip(arrays, np.broadcast_arrays(*arrays.values())))
    except (TypeError, ValueError) as fault:
        raise faults.BadInput(f"found values that are no numbers of one shape ({fault})") from fault
    size = next(iter(columns.values())).shape
    if len(size) > 1 or 0 in size:
        raise faults.BadInput(f"found arrays of shape {size}; allowed: numbers, or arrays of one axis")
    for name, column in columns.items():
        wrong = next((each for each in column.tolist() if not parameters.PARAMETERS[name].contains(each)), None)
        if wrong is not None:
            raise faults.BadInput(parameters.complaint(name, wrong) or name)
    return columns


def _verdict(name: str, word: str, numbers: Mapping[str, np.ndarray], status: np.ndarray) -> Verdict:
    """What the constraint of a kind says of every point, from the numbers of a description."""
    kind, size = shelf.SHELF[word], len(status)
    prefix = f"constraints.{name}."
    if f"{prefix}test_statistic" not in numbers:
        silent = np.full(size, f"needs_{kind.needs[0]}")
        return Verdict(name, kind.title, kind.kind, np.full(size, np.nan), np.full(size, NO_STATEMENT), silent)
    q, critical = numbers[f"{prefix}test_statistic"], numbers[f"{prefix}critical_value"]
    judged = np.asarray(study.is_judged(kind, numbers["status"].astype(int)))
    reasons = np.array(kind.reasons)[numbers[f"{prefix}reason"].astype(int)]
    reasons = np.where(numbers[f"{prefix}computed"].astype(bool), reasons, "numerical_failure")
    spoken = judged & np.isfinite(q)
    words = np.where(judged, np.where(spoken, "ok", reasons), status)
    ratio = np.where(spoken, q / critical, np.nan)
    excluded = np.where(spoken, np.where(q > critical, EXCLUDED, NOT_EXCLUDED), NO_STATEMENT)
    return Verdict(name, kind.title, kind.kind, ratio, excluded, words)


def _unit(name: str) -> str:
    unit = parameters.PARAMETERS[name].unit
    return "" if unit == "1" else f" {unit}"


def _is_told(name: str, value: float) -> bool:
    """True for a parameter that is not at its default."""
    default = parameters.PARAMETERS[name].default
    return default is None or bool(abs(value - default) > 1e-12 * abs(default))
