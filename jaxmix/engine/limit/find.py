"""The limit on one parameter, where an output crosses one, and how the limit moves with every other parameter."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, Scalar

from jaxmix.engine.compile import options
from jaxmix.engine.problem import AbstractProblem, exact, place
from jaxmix.numerics import roots

_BATCH, _FEW = 64, 1  # points whose f and slope, and whose derivatives with every parameter, are computed together
_MET = 1e-6  # |ln(output)| beyond which the end of a search is a jump, not a crossing
_ZOOMS = 3  # rescans of an interval in which a pair of crossings may hide


@dataclasses.dataclass(frozen=True)
class Branch:
    """One crossing of output = 1.

    Attributes
    ----------
    value
        The parameter there.
    excluded
        The side with output > 1: "above" or "below".
    residual
        output - 1 there.
    d_log_limit
        By parameter p, d ln(value)/dp.
    status
        "crossing", or "jump" where the output leaps over one.
    """

    value: float
    excluded: str
    residual: float
    d_log_limit: dict[str, float]
    status: str


@dataclasses.dataclass(frozen=True)
class Limit:
    """The limit on a parameter, and all crossings of output = 1 along it.

    Attributes
    ----------
    parameter
        The parameter that is limited.
    at
        The others' values.
    limit
        The smallest value above which the output exceeds one; None unless found.
    status
        "found"; "no_crossing_below" (nothing is excluded up to the domain's end); "no_crossing_before_edge" (nothing is
        excluded where the output is defined, which is not everywhere); "always_excluded"; "excluded_below" (only values
        below a crossing are excluded); "no_statement" (the output is NaN throughout).
    residual
        output - 1 at the limit.
    d_log_limit
        By parameter p, d ln(limit)/dp.
    branches
        All crossings, ascending.
    """

    parameter: str
    at: dict[str, float]
    limit: float | None
    status: str
    residual: float | None
    d_log_limit: dict[str, float] | None
    branches: tuple[Branch, ...]


def find_limit(
    problem: AbstractProblem,
    output: str,
    parameter: str,
    at: Mapping[str, float] | Sequence[Mapping[str, float]],
    domain: tuple[float, float],
    spacing: str = "log",
    *,
    around: Mapping[str, float] | None = None,
    samples: int = 64,
    tolerance: float = 1e-12,
) -> Limit | list[Limit]:
    """Where output = 1 along one parameter, with the others held.

    1. The output at `samples` values over the domain (equal ratios, or steps where spacing is "linear"); intervals
    whose end slopes admit a hidden pair of crossings are sampled again. 2. Every crossing is polished to
    abs(output - 1) <= tolerance, or to rounding. 3. With f = ln(output) the implicit function theorem gives
    d ln(x)/dp = -(df/dp)/(df/dln x) for every parameter p in `at` and in `around`. Nothing compiles again for other
    numbers.

    Parameters
    ----------
    problem
        What is evaluated.
    output
        The name of its output.
    parameter
        The name of the parameter x along which the crossing is sought.
    at
        The other parameters' values; a list of points gives a list of limits.
    domain
        The ends of the search, ascending.
    spacing
        "log" or "linear".
    around
        Further parameters, at the values that the problem holds anyway; they enter the derivatives alone.
    samples
        The number of values over the domain.
    tolerance
        Of abs(output - 1).

    Returns
    -------
    Limit or list of Limit
        The limit at the point, or at each point of a list.

    Raises
    ------
    ValueError
        For a spacing, domain or points that do not fit.
    """
    points = [at] if isinstance(at, Mapping) else at
    limits = find_limits(
        problem, output, parameter, points, domain, spacing, around=around, samples=samples, tolerance=tolerance
    )
    return limits[0] if isinstance(at, Mapping) else limits


def find_limits(
    problem: AbstractProblem,
    output: str,
    parameter: str,
    at: Sequence[Mapping[str, float]],
    domain: tuple[float, float],
    spacing: str = "log",
    *,
    around: Mapping[str, float] | None = None,
    samples: int = 64,
    tolerance: float = 1e-12,
) -> list[Limit]:
    """The limits of `find_limit` at a list of points."""
    points = [dict(point) for point in at]
    _check(points, parameter, domain, spacing)
    line = _Line(place(problem), output, parameter, spacing == "log")
    evaluator = _Evaluator(line, points, dict(around or {}))
    low, high = map(math.log, domain) if line.logarithmic else domain
    rows = np.tile(np.linspace(low, high, samples), (len(points), 1))
    signs, brackets = _brackets(evaluator, rows)
    crossings = _polish(evaluator, len(points), brackets, tolerance)
    return [_limit(line, point, sign, found) for point, sign, found in zip(points, signs, crossings)]


class _Line(eqx.Module):
    """f(u) = ln(output) along one parameter x, u = ln x or x; -infinity where the output is not positive."""

    problem: AbstractProblem
    output: str = eqx.field(static=True)
    parameter: str = eqx.field(static=True)
    logarithmic: bool = eqx.field(static=True)

    def __call__(self, at: dict[str, Scalar], u: Scalar) -> Scalar:
        value = exact(self.problem, {**at, self.parameter: self.position(u)})[self.output]
        positive = value > 0
        return jnp.where(
            positive, jnp.log(jnp.where(positive, value, 1.0)), jnp.where(jnp.isnan(value), jnp.nan, -jnp.inf)
        )

    def position(self, u: Scalar) -> Scalar:
        """The parameter's value at u."""
        return jnp.exp(u) if self.logarithmic else u


class _Sample(NamedTuple):
    """f and df/du at some u [n], as NumPy arrays (which `numerics.roots` takes as JAX's)."""

    value: Any
    slope: Any


class _Evaluator:
    """f at many u for some of the points, and its derivatives by the points' parameters and by those in `around`, in
    batches of one size.
    """

    def __init__(self, line: _Line, points: list[dict], around: dict):
        self.line, self.points = line, {name: np.array([float(point[name]) for point in points]) for name in points[0]}
        self.around = {name: np.full(len(points), float(value)) for name, value in around.items()} | self.points

    def __call__(self, owners: np.ndarray, u: Any) -> _Sample:
        return _Sample(*self._batches(_with_slope, _BATCH, self.points, owners, u))

    def derivatives(self, owners: np.ndarray, u: Any) -> dict[str, Float[np.ndarray, " n"]]:
        """df/dp of every parameter. (Derivatives by those in `around` cost more than f: an experiment is tabulated anew
        for each point.)
        """
        return self._batches(_gradient, _FEW, self.around, owners, u)

    def _batches(self, function: Callable, batch: int, at: dict[str, np.ndarray], owners: np.ndarray, u: Any) -> PyTree:
        size, compiled = len(u), options.fast_compile(function)
        padded = [np.pad(each, (0, -size % batch), mode="edge") for each in (owners, np.asarray(u, float))]
        parts = zip(*(np.split(each, range(batch, len(each), batch)) for each in padded))
        pending = [
            compiled(self.line, {name: value[owner] for name, value in at.items()}, place) for owner, place in parts
        ]
        return jax.tree.map(lambda *found: np.concatenate(found)[:size], *jax.device_get(pending))


def _with_slope(line: _Line, at: dict[str, Float[Array, " n"]], u: Float[Array, " n"]) -> tuple[Array, Array]:
    return jax.vmap(lambda at, u: jax.jvp(lambda u: line(at, u), (u,), (jnp.ones_like(u),)))(at, u)


def _gradient(line: _Line, at: dict[str, Float[Array, " n"]], u: Float[Array, " n"]) -> dict[str, Array]:
    return jax.vmap(jax.grad(lambda at, u: line(at, u)))(at, u)


def _check(points: list[dict], parameter: str, domain: tuple[float, float], spacing: str) -> None:
    if spacing not in ("log", "linear"):
        raise ValueError(f"find_limit: spacing is 'log' or 'linear', got {spacing!r}.")
    if not domain[0] < domain[1] or (spacing == "log" and domain[0] <= 0):
        raise ValueError(f"find_limit: domain must ascend (and be positive for spacing 'log'), got {domain}.")
    if any(parameter in point or set(point) != set(points[0]) for point in points):
        raise ValueError(f"find_limit: every point in `at` holds the same parameters, and not {parameter}.")


def _brackets(evaluator: _Evaluator, rows: np.ndarray) -> tuple[list[np.ndarray], list[tuple[int, float, float]]]:
    """For each point the signs seen (NaN where undefined), and every bracket (point number, valid end, other end)."""
    owners = np.arange(len(rows))
    signs: list[np.ndarray] = []
    brackets: list[tuple[int, float, float]] = []
    for _ in range(_ZOOMS + 1):
        found = evaluator(np.repeat(owners, rows.shape[1]), rows.ravel())
        value, slope = found.value.reshape(rows.shape), found.slope.reshape(rows.shape)
        signs = signs or list(np.sign(value))
        row, column = np.nonzero(_changes(value))
        for r, c in zip(row, column):
            valid = np.isfinite(value[r, c]) or value[r, c] == -np.inf
            near, far = (c, c + 1) if valid else (c + 1, c)
            brackets.append((int(owners[r]), float(rows[r, near]), float(rows[r, far])))
        row, column = np.nonzero(_may_hide(rows, value, slope))
        if not len(row):
            break
        owners = owners[row]
        rows = np.linspace(rows[row, column], rows[row, column + 1], rows.shape[1], axis=1)
    return signs, brackets


def _changes(value: np.ndarray) -> np.ndarray:
    """Intervals whose ends differ in sign, or of which one end alone is defined."""
    left, right = np.where(value == 0, 1.0, np.sign(value))[:, :-1], np.where(value == 0, 1.0, np.sign(value))[:, 1:]
    return (left * right < 0) | (np.isnan(left) != np.isnan(right))


def _may_hide(rows: np.ndarray, value: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Intervals with f of one sign whose end tangents both fall towards zero and meet beyond it."""
    finite = np.isfinite(value) & np.isfinite(slope)
    value, slope = np.where(finite, value, 0.0), np.where(finite, slope, 0.0)
    sign = np.sign(value[:, :-1])
    height, down, up = np.abs(value), -sign * slope[:, :-1], sign * slope[:, 1:]
    falling = (sign * value[:, 1:] > 0) & (down > 0) & (up > 0)
    down, up = np.where(falling, down, 1.0), np.where(falling, up, 1.0)
    return falling & (height[:, :-1] / down + height[:, 1:] / up < np.diff(rows, axis=1))


def _polish(
    evaluator: _Evaluator, points: int, brackets: list[tuple[int, float, float]], tolerance: float
) -> list[list[Branch]]:
    """For each point its branches in ascending order; brackets that end at the edge of the domain give none."""
    found: list[list[Branch]] = [[] for _ in range(points)]
    if not brackets:
        return found
    owners, near, far = (np.array(each) for each in zip(*brackets))
    root = _roots(evaluator, owners, near, far, tolerance)
    by = evaluator.derivatives(owners, root.position)
    roots_and_slopes = jax.tree.map(lambda leaf: np.broadcast_to(leaf, owners.shape), (root, by))
    for i, owner in enumerate(owners):
        one, slopes = _row(roots_and_slopes, i)
        branch = _branch(one, slopes, bool(near[i] < far[i]), evaluator.line.logarithmic)
        found[owner] += [branch] if branch is not None else []
    return [sorted(branches, key=lambda branch: branch.value) for branches in found]


def _row(tree: PyTree, i: int) -> PyTree:
    return jax.tree.map(lambda leaf: leaf[i], tree)


def _roots(evaluator: _Evaluator, owners: np.ndarray, near: Any, far: Any, tolerance: float) -> roots.Root:
    """The roots inside brackets, f finite at `near` and of the other sign or undefined (NaN) at `far`; on the host, so
    that the compiled f that sampled the domain serves here too.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # f is -infinity where the output is not positive
        search = roots.begin(near, far, evaluator(owners, near), evaluator(owners, far), tolerance)
        for _ in range(roots.ITERATIONS):
            if search.done.all():
                break
            value, slope = evaluator(owners, search.trial)
            search = _going_on(search, roots.advance(search, value, slope, tolerance))
    return search.best


def _going_on(search: roots.Search, following: roots.Search) -> roots.Search:
    """The next state of searches; those that are done stay as they are."""
    return jax.tree.map(lambda old, new: np.where(search.done, old, new), search, following)


def _branch(root: roots.Root, by: dict[str, Any], forward: bool, logarithmic: bool) -> Branch | None:
    """The crossing at a root; None at the edge of the output's domain."""
    met = abs(root.value) <= _MET
    if not met and not np.isfinite(root.beyond) and root.beyond != -np.inf:
        return None
    u = root.position if met else root.near
    position = math.exp(u) if logarithmic else float(u)
    slope = root.slope if logarithmic else root.slope * position  # df/dln x
    moves = {name: float(-value / slope) for name, value in by.items()} if met and slope != 0 else {}
    excluded = "above" if (root.near_sign < 0) == forward else "below"
    return Branch(position, excluded, float(np.expm1(root.value)), moves, "crossing" if met else "jump")


def _limit(line: _Line, at: dict[str, float], signs: np.ndarray, branches: list[Branch]) -> Limit:
    rising = next((branch for branch in branches if branch.excluded == "above"), None)
    if rising is not None:
        return Limit(line.parameter, at, rising.value, "found", rising.residual, rising.d_log_limit, tuple(branches))
    seen = signs[~np.isnan(signs)]
    if branches:
        status = "excluded_below"
    elif not seen.size:
        status = "no_statement"
    elif np.all(seen >= 0):
        status = "always_excluded"
    else:
        status = "no_crossing_below" if seen.size == signs.size else "no_crossing_before_edge"
    return Limit(line.parameter, at, None, status, None, None, tuple(branches))
