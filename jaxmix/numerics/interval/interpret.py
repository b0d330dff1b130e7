"""Interprets a function's jaxpr with intervals in place of numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from jaxmix.numerics.interval import bounds, rules
from jaxmix.numerics.interval.bounds import Interval

# primitives that call an inner jaxpr, and the parameter that holds it
INNER = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}


def enclose(function: Callable, *arguments: Any) -> list[Interval]:
    """Enclose each output of a function for all values of its arguments.

    Where a condition is not certain both branches count, each over the whole box.

    Parameters
    ----------
    function
        Any function that JAX can trace.
    *arguments
        Pytrees whose leaves are Intervals (all values between) or arrays and numbers (exact).

    Returns
    -------
    list of Interval
        One for each output, flattened. Outputs that depend on no interval have equal ends.

    Raises
    ------
    NoEnclosure
        The function uses a primitive without a rule.
    """
    leaves, structure = jax.tree.flatten(arguments, is_leaf=bounds.is_interval)
    leaves = [_checked(leaf) if bounds.is_interval(leaf) else jnp.asarray(leaf) for leaf in leaves]
    lows = [leaf.low if bounds.is_interval(leaf) else leaf for leaf in leaves]
    traced = jax.make_jaxpr(function)(*jax.tree.unflatten(structure, lows))
    return [bounds.as_interval(value) for value in _interpret(traced.jaxpr, traced.consts, leaves)]


def _checked(x: Interval) -> Interval:
    """Return x as two floating-point arrays of one shape, [-inf, inf] where an end is NaN or low is above high."""
    low, high = jnp.broadcast_arrays(*(jnp.asarray(end, jnp.result_type(float, x.low, x.high)) for end in x))
    return bounds.known(jnp.where(low > high, jnp.nan, low), high)


def _interpret(jaxpr: core.Jaxpr, constants: Sequence, arguments: Sequence) -> list:
    """Evaluate a jaxpr's outputs from its inputs, each an Interval or an exact array."""
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*map(jnp.asarray, constants), *arguments]))
    extrema: dict[int, tuple[str, list]] = {}  # id of a maximum or minimum: its primitive's name and its operands

    def read(atom: Any) -> Any:
        return (
            jnp.asarray(atom.val, bounds.abstract_value(atom).dtype) if isinstance(atom, core.Literal) else values[atom]
        )

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        results = _evaluate(equation, operands, extrema)
        values.update(zip(equation.outvars, results))
        if equation.primitive.name in ("max", "min"):
            extrema[id(results[0])] = equation.primitive.name, operands
    return [read(atom) for atom in jaxpr.outvars]


def _evaluate(equation: core.JaxprEqn, operands: list, extrema: dict) -> Sequence:
    """Evaluate an equation: its inner jaxpr if it calls one, itself if all operands are exact, else its rule."""
    if equation.primitive.name in INNER:
        inner = equation.params[INNER[equation.primitive.name]]
        if isinstance(inner, core.ClosedJaxpr):
            return _interpret(inner.jaxpr, inner.consts, operands)
        return _interpret(inner, [], operands)
    if any(map(bounds.is_interval, operands)):
        rule, operands = _rule(equation, operands, extrema)
        results = rule(equation, *map(bounds.as_interval, operands))
    else:
        results = equation.primitive.bind(*operands, **equation.params)
    return results if equation.primitive.multiple_results else [results]


def _rule(equation: core.JaxprEqn, operands: list, extrema: dict) -> tuple[Callable, list]:
    """Return an equation's rule and the operands it takes.

    The rule is tighter where both operands are the same, and for x == max(x, y), which the gradient of a maximum asks
    and which is x >= y."""
    name = equation.primitive.name
    if name not in rules.RULES or not all(
        bounds.abstract_value(out).dtype == bool or jnp.issubdtype(bounds.abstract_value(out).dtype, jnp.floating)
        for out in equation.outvars
    ):
        raise bounds.no_enclosure(equation)
    if name in rules.OF_ITSELF and operands[0] is operands[1]:
        return rules.OF_ITSELF[name], operands[:1]
    for value, extremum in (operands, operands[::-1]) if name == "eq" else ():
        kind, pair = extrema.get(id(extremum), ("", []))
        others = [other for other in pair if other is not value]
        if len(pair) - len(others) == 1:
            return rules.RULES["ge" if kind == "max" else "le"], [value, *others]
    return rules.RULES[name], operands
