"""Intervals of floating-point numbers, and how their ends are rounded outward."""

import functools
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.extend import core
from jaxtyping import Array, Bool


class Interval(NamedTuple):
    """All numbers from `low` to `high`, for each element of two arrays of one shape."""

    low: Array
    high: Array


class NoEnclosure(ValueError):
    """Error: the function uses a primitive that no rule encloses."""


def is_interval(value: Any) -> bool:
    """Tell whether a value is an Interval."""
    return isinstance(value, Interval)


def abstract_value(atom: core.Var | core.Literal) -> Any:
    """Type and shape of a jaxpr's variable: Any, as jax declares neither of its abstract values."""
    return atom.aval


def no_enclosure(equation: core.JaxprEqn) -> NoEnclosure:
    """Make the error of an equation that no rule encloses."""
    kinds = ", ".join(str(abstract_value(out).dtype) for out in equation.outvars)
    return NoEnclosure(
        f"enclose: no rule for the primitive '{equation.primitive.name}' (giving {kinds}) of an interval; write the "
        "function without it, or leave the bounds out: then the function is sampled."
    )


def as_interval(value: Any) -> Interval:
    """Return an Interval as it is, and an exact array as an Interval of equal ends."""
    if is_interval(value):
        return value
    return known(value, value) if jnp.issubdtype(value.dtype, jnp.floating) else Interval(value, value)


def unknown(x: Interval) -> Bool[Array, "..."]:
    """Tell where nothing is known of x."""
    return (x.low == -jnp.inf) & (x.high == jnp.inf)


def known(low: Array, high: Array, *operands: Interval) -> Interval:
    """Return [low, high], but [-inf, inf] where an end is NaN or nothing is known of an operand."""
    lost = functools.reduce(jnp.logical_or, map(unknown, operands), jnp.isnan(low) | jnp.isnan(high))
    return Interval(jnp.where(lost, -jnp.inf, low), jnp.where(lost, jnp.inf, high))


def down(x: Array, units: int = 0) -> Array:
    """Lower x by one to two units in the last place, by `units` more, and by the smallest normal number.

    Smaller numbers are flushed to zero. nextafter would do with one unit, but is many operations long. Infinity comes
    down to the largest number."""
    info = jnp.finfo(x.dtype)
    x = jnp.minimum(x, float(info.max))
    return x - ((units + 1) * float(info.eps) * jnp.abs(x) + float(info.tiny))


def up(x: Array, units: int = 0) -> Array:
    """Raise x as `down` lowers it."""
    return -down(-x, units)


def signed(low: Array, high: Array, positive: Array, negative: Array) -> tuple[Array, Array]:
    """Return the ends, not rounded past zero where the sign is sure."""
    return jnp.where(positive, jnp.maximum(low, 0.0), low), jnp.where(negative, jnp.minimum(high, 0.0), high)


def holds_zero(x: Interval) -> Bool[Array, "..."]:
    """Tell where an interval holds zero."""
    return (x.low <= 0) & (x.high >= 0)


def magnitude(x: Interval) -> Interval:
    """Return the least and the largest |x|; the mark that nothing is known of x is lost."""
    low, high = jnp.abs(x.low), jnp.abs(x.high)
    return Interval(jnp.where(holds_zero(x), 0.0, jnp.minimum(low, high)), jnp.maximum(low, high))
