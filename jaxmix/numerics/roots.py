"""A root of a function of one variable inside a bracket, by safeguarded Newton steps.

The method is rtsafe of W. H. Press et al., Numerical Recipes, section 9.4: bisection where a Newton step leaves the
bracket or shrinks too slowly. It is stepped here or by the caller, on JAX or NumPy arrays.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Scalar

ITERATIONS = 120

if TYPE_CHECKING:
    AnyArray = Array  # NumPy's have what is used of JAX's
else:
    AnyArray = Array | np.ndarray | np.number


class Root(eqx.Module):
    """Where a search ended.

    `position`, `value` and `slope` are the best position seen and the function there; `near` and `near_sign` the end of
    the last bracket on the near side and the function's sign there; `beyond` is the function at the bracket's far end
    (NaN: the edge of its domain); `evaluations` their number."""

    position: Float[AnyArray, "..."]
    value: Float[AnyArray, "..."]
    slope: Float[AnyArray, "..."]
    near: Float[AnyArray, "..."]
    near_sign: Float[AnyArray, "..."]
    beyond: Float[AnyArray, "..."]
    evaluations: Int[AnyArray, "..."]


class Search(eqx.Module):
    """A search in progress.

    `near` and `far` bracket the root, `trial` is where the function is wanted next, `step` the length of the last step,
    `best` the best so far, and `done` whether the search has ended.
    """

    near: Float[AnyArray, "..."]
    far: Float[AnyArray, "..."]
    trial: Float[AnyArray, "..."]
    step: Float[AnyArray, "..."]
    best: Root
    done: Bool[AnyArray, "..."]


def safeguarded_newton(
    function: Callable[[Scalar], tuple[Scalar, Scalar]],
    near: Scalar,
    far: Scalar,
    *,
    tolerance: float = 1e-12,
    iterations: int = ITERATIONS,
) -> Root:
    """Find a root between two positions, for any order of the two. May be vmapped.

    A Newton step is taken where it stays inside the bracket and is less than half of the last one, else the bracket is
    halved.

    Parameters
    ----------
    function
        Returns its value and slope. It is finite at `near`; at `far` it has the other sign, or is NaN (the edge of its
        domain, on whose far side nothing is sought).
    near, far
        Ends of the bracket.
    tolerance
        |value| at which the search ends.
    iterations
        Largest number of evaluations.

    Returns
    -------
    Root
        The search also ends where the bracket or the step is down to rounding. At a jump or at the domain's edge the
        value then tells that there is no root.

    References
    ----------
    W. H. Press et al., Numerical Recipes, 3rd edition (2007), section 9.4 (rtsafe).
    """
    near, far = jnp.asarray(near, float), jnp.asarray(far, float)
    (first, beyond), (rise, rise_beyond) = jax.vmap(function)(
        jnp.stack([near, far])
    )  # one copy of the function, compiled once
    start = begin(near, far, (first, rise), (beyond, rise_beyond), tolerance)

    def unfinished(search: Search) -> Bool[Array, ""]:
        return ~search.done & (search.best.evaluations < iterations)

    return jax.lax.while_loop(
        unfinished, lambda search: advance(search, *function(search.trial), tolerance), start
    ).best


def begin(
    near: AnyArray,
    far: AnyArray,
    at_near: tuple[AnyArray, AnyArray],
    at_far: tuple[AnyArray, AnyArray],
    tolerance: float,
) -> Search:
    """Start a search from (value, slope) at both ends of a bracket.

    Arrays are JAX's or NumPy's, of any shape; `tolerance` is that of |value|.
    """
    xp = _namespace(near)
    (first, _), (beyond, _) = at_near, at_far
    sign, met = xp.where(first >= 0, 1.0, -1.0), xp.abs(beyond) <= tolerance
    position, value, slope = (xp.where(met, last, first) for last, first in zip((far, *at_far), (near, *at_near)))
    best = Root(position, value, slope, near, sign, beyond, xp.asarray(2))
    return Search(near, far, 0.5 * (near + far), xp.abs(far - near), best, met | (xp.abs(first) <= tolerance))


def advance(search: Search, value: AnyArray, slope: AnyArray, tolerance: float) -> Search:
    """Advance a search by one evaluation, from value and slope at its trial.

    Arrays are JAX's or NumPy's, of any shape; `tolerance` is that of |value|.
    """
    xp, sign = _namespace(search.near), search.best.near_sign
    same = (value > 0) & (sign > 0) | (value < 0) & (sign < 0)
    near, far = xp.where(same, search.trial, search.near), xp.where(same, search.far, search.trial)
    better = xp.abs(value) < xp.abs(search.best.value)
    newton = search.trial - value / xp.where(slope == 0, xp.nan, slope)
    taken = ((newton - near) * (newton - far) < 0) & (xp.abs(newton - search.trial) < 0.5 * search.step)
    trial = xp.where(taken, newton, 0.5 * (near + far))
    step, floor = xp.abs(trial - search.trial), 2.0 * xp.finfo(search.near.dtype).eps * xp.abs(search.trial)
    seen = search.best.position, search.best.value, search.best.slope
    position, lowest, slope = (xp.where(better, new, old) for new, old in zip((search.trial, value, slope), seen))
    beyond = xp.where(same, search.best.beyond, value)
    best = Root(position, lowest, slope, near, sign, beyond, search.best.evaluations + 1)
    done = (xp.abs(value) <= tolerance) | (xp.abs(far - near) <= 2.0 * floor) | (step <= 0.5 * floor)
    return Search(near, far, trial, step, best, done)


def _namespace(array: AnyArray):
    return np if isinstance(array, np.ndarray) else jnp
