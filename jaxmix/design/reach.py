"""The reach of a detector as a function of its design: how small a charge it excludes, over a range of masses."""

import math
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Scalar

from jaxmix import engine, parameters, study
from jaxmix.constraints.base.abilities import Designable
from jaxmix.numerics import roots

PARAMETER = "epsilon_gamma"
DOMAIN = parameters.LIMIT_RANGES[PARAMETER].ends
_SAMPLES = parameters.LIMIT_SAMPLES
_BRACKET = 6.0  # of ln(epsilon_gamma) to either side of a start: a factor of 400
_MET = 1e-9  # |ln(q/q_crit)| at a limit
_TOLERANCE = 1e-12  # to which the search goes


class Reach(eqx.Module):
    """R = -sum_i w_i ln(limit on epsilon_gamma at mass i): with w the trapezoidal rule in ln m over the masses' span,
    the excluded area in the plane (ln m, ln epsilon_gamma) below epsilon_gamma = 1, for each unit of ln m.

    A limit u = ln(epsilon_gamma) solves f(u, p) = ln(q/q_crit) = 0 by a safeguarded Newton search that no derivative
    passes through; then du/dp = -(df/dp)/(df/du). Masses pass one after another, so that memory stays that of one;
    tables that rest on the design alone are made once for all of them.
    """

    problem: study.Study  # of one experiment, a designable one
    masses: Float[Array, " n"]  # GeV
    weights: Float[Array, " n"]

    def __call__(self, design: dict[str, Scalar], starts: Float[Array, " n"]) -> tuple[Scalar, Float[Array, " n"]]:
        """R of a design (settings by name), and ln(limit) at each mass, NaN where there is none; starts: ln(limit) to
        within a factor of 400."""
        limits = self.log_limits(design, starts)
        return -jnp.dot(self.weights, limits), jax.lax.stop_gradient(limits)

    def log_limits(self, design: Mapping[str, Scalar], starts: Float[Array, " n"]) -> Float[Array, " n"]:
        """ln(limit) at each mass."""
        whole = designed(self.problem, design)
        still = jax.tree.map(lambda leaf: jax.lax.stop_gradient(leaf) if eqx.is_array(leaf) else leaf, whole)
        places, slopes = jax.lax.map(lambda pair: _crossing(still, *pair), (self.masses, jax.lax.stop_gradient(starts)))
        off = jax.lax.map(jax.checkpoint(lambda pair: log_ratio(whole, *pair)), (self.masses, places))
        return places - off / slopes


def experiment(whole: study.Study) -> str:
    """Return the name of the study's experiment."""
    (name,) = whole.constraints
    return name


def designed(whole: study.Study, design: Mapping[str, Scalar]) -> study.Study:
    """Return the study with an experiment of other settings, its tables made anew where they rest on them."""
    name = experiment(whole)
    changed = whole.constraints[name].with_settings(design)
    if not isinstance(changed, Designable):
        raise TypeError(f"{name} has no designs")
    return eqx.tree_at(
        lambda each: each.constraints,
        whole,
        {**whole.constraints, name: changed.with_tables()},
        is_leaf=lambda leaf: leaf is None,
    )


def log_ratio(whole: study.Study, mass: Scalar, u: Scalar) -> Scalar:
    """f = ln(q/q_crit) at one mass and u = ln(epsilon_gamma), -infinity where q is not positive."""
    value = engine.exact(whole, {"m_mcp": mass, PARAMETER: jnp.exp(u)})[experiment(whole)]
    positive = value > 0
    return jnp.where(positive, jnp.log(jnp.where(positive, value, 1.0)), jnp.where(jnp.isnan(value), jnp.nan, -jnp.inf))


def _crossing(whole: study.Study, mass: Scalar, start: Scalar) -> tuple[Scalar, Scalar]:
    """Where f rises through zero near the start, NaN where it does not, and its slope there."""

    def function(u: Scalar) -> tuple[Scalar, Scalar]:
        return jax.jvp(lambda u: log_ratio(whole, mass, u), (u,), (jnp.ones_like(u),))

    def unfinished(search: roots.Search) -> Bool[Array, ""]:
        return ~search.done & (search.best.evaluations < roots.ITERATIONS)

    # the signs at the ends are taken for granted, which saves two evaluations: a search that they mislead ends at an
    # end, off zero
    far, one = jnp.asarray(jnp.inf, start.dtype), jnp.ones_like(start)
    search = roots.begin(start - _BRACKET, start + _BRACKET, (-far, one), (far, one), _TOLERANCE)
    best = jax.lax.while_loop(
        unfinished, lambda search: roots.advance(search, *function(search.trial), _TOLERANCE), search
    ).best
    return jnp.where(jnp.abs(best.value) <= _MET, best.position, jnp.nan), best.slope


def starts(whole: study.Study, masses: Sequence[float]) -> Float[np.ndarray, " n"]:
    """ln of the smallest epsilon_gamma of a coarse scan above which each mass is excluded, NaN where there is none."""
    u = np.linspace(math.log(DOMAIN[0]), math.log(DOMAIN[1]), _SAMPLES)
    places = {"m_mcp": np.repeat(masses, _SAMPLES), PARAMETER: np.tile(np.exp(u), len(masses))}
    found = engine.evaluate_points(whole, places, batch=_SAMPLES, compile_level="fast_compile")
    q = found[experiment(whole)].reshape(len(masses), _SAMPLES)
    rises = (q[:, :-1] <= 1) & (q[:, 1:] > 1)
    first = np.argmax(rises, axis=1)
    return np.where(rises.any(axis=1), 0.5 * (u[first] + u[first + 1]), np.nan)
