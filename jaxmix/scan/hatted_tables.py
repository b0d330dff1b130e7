"""One table for every theta_W': on a grid, a constraint on Standard Model amplitudes needs kappa and theta_W' only
through kappa^.

With the dark width given and no mCP below m_Z/2, q is a function of kappa^ = kappa sW'/sqrt(1 - kappa^2 cW'^2) and the
Z' mass alone (the hatted theorem). It is evaluated once in the Okun phase, for the grid's masses and a range of kappa^,
whatever the other axes are.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from jaxmix import constants, engine, study
from jaxmix.constraints.base import abilities, abstract, hatted_table
from jaxmix.models import declarations
from jaxmix.numerics import spline

_KNOTS = 160
_DECADES = 4.0  # below the largest kappa^; smaller ones are continued as kappa^2
_WORTH = 2  # points of the grid for each of the table, from which it is made
_MASSES = ("m_zprime", "m2")


def with_tables(problem: study.Study, grid: engine.Grid | engine.Sample) -> study.Study:
    """The problem for this grid, with tables for the constraints and axes that allow them; itself where none does."""
    if not isinstance(grid, engine.Grid) or problem.model != declarations.MIXED_PHASE.kind:
        return problem  # its masses are not on a list, or its kappa^ rests on more
    axes = {axis.name: axis.values() for axis in grid.axes} | {
        name: np.asarray([float(value)]) for name, value in problem.held.items()
    }
    if not _allowed(axes) or grid.size <= _WORTH * _KNOTS * axes[_mass(axes)].size:
        return problem
    made = {name: _with_table(problem, name, constraint, axes) for name, constraint in problem.constraints.items()}
    return eqx.tree_at(lambda each: each.constraints, problem, made, is_leaf=lambda each: isinstance(each, dict))


def _allowed(axes: dict[str, np.ndarray]) -> bool:
    """Whether the points give kappa and one mass of the Z' themselves, and no mCP that the Z decays to."""
    light = "m_mcp" in axes and np.min(axes["m_mcp"]) < constants.M1 / 2
    return "kappa" in axes and any(name in axes for name in _MASSES) and not light


def _mass(axes: dict[str, np.ndarray]) -> str:
    return next(name for name in _MASSES if name in axes)


def _with_table(
    problem: study.Study, name: str, constraint: abstract.AbstractConstraint, axes: dict[str, np.ndarray]
) -> abstract.AbstractConstraint:
    """The constraint with its table, itself where none can serve it."""
    if not isinstance(constraint, abilities.NeedsHattedKappa) or not constraint.needs_hatted_kappa_alone():
        return constraint
    mass = _mass(axes)
    top = np.log(np.max(np.abs(axes["kappa"])))  # kappa^ is at most kappa
    nodes = np.exp(np.linspace(top - _DECADES * np.log(10), top, _KNOTS))
    masses = np.unique(axes[mass])
    rest = {
        key: float(value) for key, value in problem.held.items() if key not in ("theta_dark", "m_mcp", "kappa", mass)
    }
    okun = study.Study(rest | {"theta_dark": np.pi / 2}, {name: problem.constraints[name]})
    rows, columns = np.meshgrid(masses, nodes, indexing="ij")
    found = engine.evaluate_points(okun, {mass: rows.ravel(), "kappa": columns.ravel()}, batch=256)[name].reshape(
        rows.shape
    )
    q = found * float(problem.constraints[name].critical_value())
    curve = spline.fit(np.arcsinh(_filled(q)).T, (np.log(nodes[0]), np.log(nodes[-1])))
    table = hatted_table.HattedTable(jnp.asarray(masses), curve.coefficients.T, curve.first[0], curve.step[0])
    return constraint.with_hatted_table(table)


def _filled(q: np.ndarray) -> np.ndarray:
    """Rows with the nodes inside the forbidden gap (where the point has no answer anyway) joined by straight lines."""
    filled = q.copy()
    for row in filled:
        known = np.isfinite(row)
        if not known.all():
            row[~known] = np.interp(np.flatnonzero(~known), np.flatnonzero(known), row[known]) if known.any() else 0.0
    return filled
