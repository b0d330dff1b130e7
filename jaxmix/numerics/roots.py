"""A root of a function of one variable inside a bracket: Newton's method that bisection keeps from going astray."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Scalar


class Root(eqx.Module):
    """Where the search ended: the best position seen, the function and its slope there, the function's sign on the
    near side and its value at the bracket's far end (NaN: the edge of its domain), the number of evaluations."""

    position: Float[Array, ""]
    value: Float[Array, ""]
    slope: Float[Array, ""]
    near: Float[Array, ""]
    near_sign: Float[Array, ""]
    beyond: Float[Array, ""]
    evaluations: Int[Array, ""]


class _State(eqx.Module):
    near: Float[Array, ""]
    far: Float[Array, ""]
    trial: Float[Array, ""]
    step: Float[Array, ""]
    best: Root
    done: Bool[Array, ""]


def safeguarded_newton(function: Callable[[Scalar], tuple[Scalar, Scalar]], near: Scalar, far: Scalar, *,
                       tolerance: float = 1e-12, iterations: int = 120) -> Root:
    """The root of `function` (value, slope) between near and far, for any order of the two.

    The function is finite at near; at far it has the other sign, or none (NaN: the edge of its domain, on whose far
    side nothing is sought). A Newton step is taken where it stays inside the bracket and is less than half of the
    last one, else the bracket is halved. Ends at |value| <= tolerance, or where the bracket or the step is down to
    rounding: at a jump or at the domain's edge the value then tells that there is no root. May be vmapped.
    """
    near, far = jnp.asarray(near, float), jnp.asarray(far, float)
    (first, beyond), (rise, rise_beyond) = jax.vmap(function)(jnp.stack([near, far]))  # one copy of the function, compiled once
    sign, at_far = jnp.where(first >= 0, 1.0, -1.0), jnp.abs(beyond) <= tolerance
    ends = (jnp.where(at_far, there, here) for there, here in zip((far, beyond, rise_beyond), (near, first, rise)))
    best = Root(*ends, near, sign, beyond, jnp.asarray(2))
    start = _State(near, far, 0.5 * (near + far), jnp.abs(far - near), best, at_far | (jnp.abs(first) <= tolerance))
    rounding = 2.0 * jnp.finfo(near.dtype).eps

    def advance(state: _State) -> _State:
        value, slope = function(state.trial)
        same = (value > 0) & (sign > 0) | (value < 0) & (sign < 0)
        near, far = jnp.where(same, state.trial, state.near), jnp.where(same, state.far, state.trial)
        better = jnp.abs(value) < jnp.abs(state.best.value)
        newton = state.trial - value / jnp.where(slope == 0, jnp.nan, slope)
        taken = ((newton - near) * (newton - far) < 0) & (jnp.abs(newton - state.trial) < 0.5 * state.step)
        trial = jnp.where(taken, newton, 0.5 * (near + far))
        step, floor = jnp.abs(trial - state.trial), rounding * jnp.abs(state.trial)
        seen = state.best.position, state.best.value, state.best.slope
        kept = (jnp.where(better, new, old) for new, old in zip((state.trial, value, slope), seen))
        best = Root(*kept, near, sign, jnp.where(same, state.best.beyond, value), state.best.evaluations + 1)
        done = (jnp.abs(value) <= tolerance) | (jnp.abs(far - near) <= 2.0 * floor) | (step <= 0.5 * floor)
        return _State(near, far, trial, step, best, done)

    def unfinished(state: _State) -> Bool[Array, ""]:
        return ~state.done & (state.best.evaluations < iterations)

    return jax.lax.while_loop(unfinished, advance, start).best
