"""Least squares in a few parameters, for use inside a batch: Gauss-Newton steps.

The derivative of the minimum follows from the envelope theorem: it needs no derivative of the minimiser.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int


class Fit(NamedTuple):
    """Where a search ended, and whether its last step was expected to lower the sum by less than the tolerance."""

    place: Float[Array, " n"]
    converged: Bool[Array, ""]


def gauss_newton(
    residuals: Callable[[Float[Array, " n"]], Float[Array, " m"]],
    weights: Float[Array, " m"],
    start: Float[Array, " n"],
    *,
    steps: int,
    tolerance: float,
) -> Fit:
    """Find the minimum of sum w r(x)^2 by a fixed number of Gauss-Newton steps.

    The number is fixed so that a batch never waits for one point. Steps converge almost quadratically: where the last
    one lowered the sum by 0.1, the next would lower it by some 1e-6.

    Parameters
    ----------
    residuals
        r(x), an array [m] of parameters [n].
    weights
        w, at least 0.
    start
        The parameters before the first step.
    steps
        Number of steps.
    tolerance
        Largest expected decrease of the sum in the last step that counts as converged.

    Returns
    -------
    Fit
        The parameters at the end, and whether they converged.
    """

    def advance(_: Int[ArrayLike, ""], state: tuple[Array, Array]) -> tuple[Array, Array]:
        place = state[0]
        step, decrement = linear_step(*_with_tangents(residuals, place), weights)
        return place + step, decrement

    place, decrement = jax.lax.fori_loop(0, steps, advance, (start, jnp.zeros((), start.dtype)))
    return Fit(place, decrement <= tolerance)


def _with_tangents(
    residuals: Callable[[Float[Array, " n"]], Float[Array, " m"]], place: Float[Array, " n"]
) -> tuple[Array, Array]:
    """Return r(x) [m] and dr/dx [n, m] by finite differences.

    Their error costs a step some of its convergence and the minimum nothing. Derivatives of a large function in two
    directions take twice the time of three values, and three times the compilation.
    """
    width = math.sqrt(jnp.finfo(place.dtype).eps)
    values = jax.vmap(residuals)(place[None] + width * jnp.eye(place.shape[0] + 1, place.shape[0], -1, place.dtype))
    return values[0], (values[1:] - values[:1]) / width


def linear_step(
    value: Float[Array, " m"], tangents: Float[Array, "n m"], weights: Float[Array, " m"]
) -> tuple[Float[Array, " n"], Float[Array, ""]]:
    """Compute the step to the minimum of sum w (r + step J)^2.

    Parameters
    ----------
    value
        Residuals r.
    tangents
        J = dr/dx, one row a parameter.
    weights
        w, at least 0.

    Returns
    -------
    step
        Displacement of the parameters.
    decrease
        By how much the step lowers the sum.
    """
    weighted = tangents * weights[None]
    gradient = weighted @ value
    step = -solve(weighted @ tangents.T, gradient)
    return step, -(gradient @ step)


def solve(matrix: Float[Array, "n n"], right: Float[Array, " n"]) -> Float[Array, " n"]:
    """Solve matrix x = right for a small positive definite matrix.

    Elimination is written out, so that a batch calls no library for each of its points.
    """
    size = right.shape[0]
    rows = [[matrix[i, j] for j in range(size)] + [right[i]] for i in range(size)]
    for k in range(size):
        for i in range(k + 1, size):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k])]
    solution: list[Array] = [right[0]] * size
    for k in reversed(range(size)):
        rest = rows[k][size] - sum(rows[k][j] * solution[j] for j in range(k + 1, size))
        solution[k] = rest / rows[k][k]
    return jnp.stack(solution)
