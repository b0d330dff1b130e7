"""Intervals that surely hold what a function takes on over a box, by interpreting its jaxpr with interval arithmetic.

Every operation of the function is replaced by one on intervals whose result holds all values that its operands allow,
rounded outward; R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009, ch. 2 and 5. An
interval holds the exact value and the computed one, for constants as they are stored. [-inf, inf] says that nothing is
known, not even that there is a number: it is what comes of any operation that some point of the box could make NaN.
Boolean intervals are (surely true, possibly true). The excess over the true range is linear in the box's width; it is
the smaller, the less often a variable occurs.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core
from jaxtyping import Array, Bool

# Errors of XLA's functions in units of the last place, doubled at least. Hardware rounds +, -, * and / to half a unit.
# On a CPU in float64 most functions were seen within 4 units of mpmath; those that XLA composes from others lose with
# the argument: sinh and cosh up to 250, exp2 400, erfc 260, log1p 100, atanh and cbrt 60.
CLOSE, COMPOSED = 8, 1024


class Interval(NamedTuple):
    """All numbers from low to high, for each element of two arrays of one shape."""

    low: Array
    high: Array


class NoEnclosure(ValueError):
    """The function uses a primitive that no rule encloses."""


def enclose(function: Callable, *arguments: Any) -> list[Interval]:
    """Intervals that hold each output of a function, flattened, for all values of its arguments.

    Arguments are pytrees whose leaves are Intervals (all values between) or arrays and numbers (exact). Outputs that
    depend on no interval have equal ends. Where a condition is not certain both branches count, each over the whole
    box.
    """
    leaves, structure = jax.tree.flatten(arguments, is_leaf=_is_interval)
    leaves = [_checked(leaf) if _is_interval(leaf) else jnp.asarray(leaf) for leaf in leaves]
    lows = [leaf.low if _is_interval(leaf) else leaf for leaf in leaves]
    traced = jax.make_jaxpr(function)(*jax.tree.unflatten(structure, lows))
    return [_lift(value) for value in _interpret(traced.jaxpr, traced.consts, leaves)]


def _checked(x: Interval) -> Interval:
    """x as two floating-point arrays of one shape, nothing known where an end is NaN or low is above high."""
    low, high = jnp.broadcast_arrays(*(jnp.asarray(end, jnp.result_type(float, x.low, x.high)) for end in x))
    return _known(jnp.where(low > high, jnp.nan, low), high)


def _is_interval(value: Any) -> bool:
    return isinstance(value, Interval)


def _aval(atom: core.Var | core.Literal) -> Any:
    """Type and shape of a jaxpr's variable: Any, as jax declares neither of its abstract values."""
    return atom.aval


def _interpret(jaxpr: core.Jaxpr, constants: Sequence, arguments: Sequence) -> list:
    """A jaxpr's outputs from its inputs, each an Interval or an exact array."""
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments]))
    extrema: dict[int, tuple[str, list]] = {}  # id of a maximum or minimum: its primitive's name and its operands

    def read(atom: Any) -> Any:
        return jnp.asarray(atom.val, _aval(atom).dtype) if isinstance(atom, core.Literal) else values[atom]

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        results = _evaluate(equation, operands, extrema)
        values.update(zip(equation.outvars, results))
        if equation.primitive.name in ("max", "min"):
            extrema[id(results[0])] = equation.primitive.name, operands
    return [read(atom) for atom in jaxpr.outvars]


def _evaluate(equation: core.JaxprEqn, operands: list, extrema: dict) -> Sequence:
    """An equation's results: of the inner jaxpr if it calls one, as it stands if all operands are exact, else by its
    rule.
    """
    if equation.primitive.name in INNER:
        inner = equation.params[INNER[equation.primitive.name]]
        if isinstance(inner, core.ClosedJaxpr):
            return _interpret(inner.jaxpr, inner.consts, operands)
        return _interpret(inner, [], operands)
    if any(map(_is_interval, operands)):
        rule, operands = _rule(equation, operands, extrema)
        results = rule(equation, *map(_lift, operands))
    else:
        results = equation.primitive.bind(*operands, **equation.params)
    return results if equation.primitive.multiple_results else [results]


def _rule(equation: core.JaxprEqn, operands: list, extrema: dict) -> tuple[Callable, list]:
    """An equation's rule and what it takes; a tighter one where both operands are one and the same, and of x == max(x,
    y), which the gradient of a maximum asks and which is x >= y.
    """
    name = equation.primitive.name
    if name not in RULES or not all(
        _aval(out).dtype == bool or jnp.issubdtype(_aval(out).dtype, jnp.floating) for out in equation.outvars
    ):
        raise _no_enclosure(equation)
    if name in OF_ITSELF and operands[0] is operands[1]:
        return OF_ITSELF[name], operands[:1]
    for value, extremum in (operands, operands[::-1]) if name == "eq" else ():
        kind, pair = extrema.get(id(extremum), ("", []))
        others = [other for other in pair if other is not value]
        if len(pair) - len(others) == 1:
            return RULES["ge" if kind == "max" else "le"], [value, *others]
    return RULES[name], operands


def _no_enclosure(equation: core.JaxprEqn) -> NoEnclosure:
    kinds = ", ".join(str(_aval(out).dtype) for out in equation.outvars)
    return NoEnclosure(
        f"enclose: no rule for the primitive '{equation.primitive.name}' (giving {kinds}) of an interval; write the "
        "function without it, or leave the bounds out: then the function is sampled."
    )


# ends and their rounding


def _lift(value: Any) -> Interval:
    if _is_interval(value):
        return value
    return _known(value, value) if jnp.issubdtype(value.dtype, jnp.floating) else Interval(value, value)


def _nothing(x: Interval) -> Bool[Array, "..."]:
    """Where nothing is known of x."""
    return (x.low == -jnp.inf) & (x.high == jnp.inf)


def _known(low: Array, high: Array, *operands: Interval) -> Interval:
    """[low, high], but [-inf, inf] where an end is NaN or nothing is known of an operand."""
    lost = functools.reduce(jnp.logical_or, map(_nothing, operands), jnp.isnan(low) | jnp.isnan(high))
    return Interval(jnp.where(lost, -jnp.inf, low), jnp.where(lost, jnp.inf, high))


def _down(x: Array, units: int = 0) -> Array:
    """Below x by one to two units in the last place, `units` more, and the smallest normal number (what is smaller is
    flushed to zero); nextafter would do with one unit, but is many operations long. Infinity comes down to the largest
    number.
    """
    info = jnp.finfo(x.dtype)
    x = jnp.minimum(x, float(info.max))
    return x - ((units + 1) * float(info.eps) * jnp.abs(x) + float(info.tiny))


def _up(x: Array, units: int = 0) -> Array:
    return -_down(-x, units)


def _signed(low: Array, high: Array, positive: Array, negative: Array) -> tuple[Array, Array]:
    """The ends, not rounded past zero where the sign is sure."""
    return jnp.where(positive, jnp.maximum(low, 0.0), low), jnp.where(negative, jnp.minimum(high, 0.0), high)


def _holds_zero(x: Interval) -> Bool[Array, "..."]:
    return (x.low <= 0) & (x.high >= 0)


def _size(x: Interval) -> Interval:
    """The least and the largest |x|; that nothing is known of x is lost."""
    low, high = jnp.abs(x.low), jnp.abs(x.high)
    return Interval(jnp.where(_holds_zero(x), 0.0, jnp.minimum(low, high)), jnp.maximum(low, high))


# rules, each of an equation and its operands


def _at_ends(equation: core.JaxprEqn, *operands: Interval) -> Any:
    """Both ends of what only moves elements, or rises in every operand without rounding."""
    low, high = (equation.primitive.bind(*ends, **equation.params) for ends in zip(*operands))
    return list(map(Interval, low, high)) if equation.primitive.multiple_results else Interval(low, high)


def _extremum(equation: core.JaxprEqn, x: Interval) -> Interval:
    low, high = _at_ends(equation, x)
    return _known(jnp.where(jnp.any(_nothing(x), axis=equation.params["axes"]), jnp.nan, low), high)


def _monotone(
    first: float = -np.inf,
    last: float = np.inf,
    least: float = -np.inf,
    most: float = np.inf,
    *,
    units: int = CLOSE,
    falling: bool = False,
) -> Callable:
    """The rule of a rising (or falling) function on [first, last], with values in [least, most]."""

    def rule(equation: core.JaxprEqn, x: Interval) -> Interval:
        low, high = (equation.primitive.bind(end, **equation.params) for end in (x[::-1] if falling else x))
        low, high = jnp.clip(_down(low, units), least, most), jnp.clip(_up(high, units), least, most)
        return _known(jnp.where((x.low < first) | (x.high > last), jnp.nan, low), high, x)

    return rule


def _add(_: Any, a: Interval, b: Interval) -> Interval:
    ends = _down(a.low + b.low), _up(a.high + b.high)
    return _known(*_signed(*ends, (a.low >= 0) & (b.low >= 0), (a.high <= 0) & (b.high <= 0)))


def _corners(operation: Callable, a: Interval, b: Interval, units: int = 0) -> tuple[Array, Array]:
    """The ends of what is monotone in either operand while the other is held, so that its extremes are at the
    corners.
    """
    values = [operation(x, y) for x in a for y in b]
    return _down(functools.reduce(jnp.minimum, values), units), _up(functools.reduce(jnp.maximum, values), units)


def _multiply(_: Any, a: Interval, b: Interval, operation: Callable = jnp.multiply) -> Interval:
    same, opposite = (
        (a.low >= 0) & (c.low >= 0) | (a.high <= 0) & (c.high <= 0) for c in (b, Interval(-b.high, -b.low))
    )
    return _known(*_signed(*_corners(operation, a, b), same, opposite))


def _divide(_: Any, a: Interval, b: Interval) -> Interval:
    low, high = _multiply(_, a, b, jnp.divide)
    return _known(jnp.where(_holds_zero(b), jnp.nan, low), high)


def _square(_: Any, x: Interval) -> Interval:
    low, high = _size(x)
    return _known(jnp.maximum(_down(low * low), 0.0), _up(high * high), x)


def _integer_power(equation: core.JaxprEqn, x: Interval) -> Interval:
    power = equation.params["y"]
    number = abs(power)  # of multiplications at most, each rounded
    low, high = x if power % 2 else _size(x)
    ends = _down(lax.integer_pow(low, number), number), _up(lax.integer_pow(high, number), number)
    value = _known(*_signed(*ends, low >= 0, high <= 0), x)
    return value if power >= 0 else _divide(equation, _lift(jnp.ones_like(low)), value)


def _power(_: Any, base: Interval, exponent: Interval) -> Interval:
    """base^exponent of a base that is not negative; the exponents may be exact integers."""
    exponent = Interval(*(end.astype(base.low.dtype) for end in exponent))
    low, high = _corners(jnp.power, Interval(*map(jnp.abs, base)), exponent, CLOSE)
    return _known(jnp.where(base.low < 0, jnp.nan, jnp.maximum(low, 0.0)), high, base, exponent)


def _meets(x: Interval, offset: float, period: float) -> Bool[Array, "..."]:
    """Whether a finite x may hold (offset + k) period for an integer k."""
    turns = [end / period for end in x]
    slack = [4 * float(jnp.finfo(turn.dtype).eps) * (1 + jnp.abs(turn)) for turn in turns]
    held = jnp.floor(turns[1] - offset + slack[1]) >= jnp.ceil(turns[0] - offset - slack[0])
    return held & jnp.isfinite(turns[0]) & jnp.isfinite(turns[1])


def _wave(peak: float) -> Callable:
    """The rule of a wave of period 2 pi between -1 and 1, whose crests lie at (peak + k) 2 pi."""

    def rule(equation: core.JaxprEqn, x: Interval) -> Interval:
        ends = [equation.primitive.bind(end, **equation.params) for end in x]
        low, high = (
            jnp.maximum(_down(jnp.minimum(*ends), CLOSE), -1.0),
            jnp.minimum(_up(jnp.maximum(*ends), CLOSE), 1.0),
        )
        crest, trough = _meets(x, peak, 2 * np.pi), _meets(x, peak + 0.5, 2 * np.pi)
        return _known(jnp.where(trough, -1.0, low), jnp.where(crest, 1.0, high), x)

    return rule


def _tangent(equation: core.JaxprEqn, x: Interval) -> Interval:
    low, high = _monotone()(equation, x)
    return _known(jnp.where(_meets(x, 0.5, np.pi), jnp.nan, low), high)


def _sum(total: Callable[[Array], Array], x: Interval) -> Interval:
    """A sum in any order: its rounding is below n eps sum |x|; N. J. Higham, Accuracy and Stability of Numerical
    Algorithms, SIAM 2002, eq. (4.4).
    """
    info, count = jnp.finfo(x.low.dtype), x.low.size
    slack = [count * (float(info.eps) * total(jnp.abs(end)) + float(info.tiny)) for end in x]
    signs = total(jnp.minimum(x.low, 0.0)) == 0, total(jnp.maximum(x.high, 0.0)) == 0
    return _known(*_signed(total(x.low) - slack[0], total(x.high) + slack[1], *signs))


def _dot(equation: core.JaxprEqn, a: Interval, b: Interval) -> Interval:
    """The sum of all products, which are formed on axes [batch, free of a, free of b, contracted]."""
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    result = _aval(equation.outvars[0])
    if not a.low.dtype == b.low.dtype == result.dtype:
        raise _no_enclosure(equation)
    a, b = _arranged(a, left_batch, left), _arranged(b, right_batch, right)
    products = _multiply(equation, Interval(*(end[:, :, None] for end in a)), Interval(*(end[:, None] for end in b)))
    return Interval(*(end.reshape(result.shape) for end in _sum(functools.partial(jnp.sum, axis=-1), products)))


def _arranged(x: Interval, batch: Sequence[int], contracted: Sequence[int]) -> Interval:
    """x[batch, free, contracted]."""
    free = [axis for axis in range(x.low.ndim) if axis not in (*batch, *contracted)]
    lengths = [int(np.prod([x.low.shape[axis] for axis in axes])) for axes in (batch, free, contracted)]
    return Interval(*(end.transpose(*batch, *free, *contracted).reshape(lengths) for end in x))


def _select(_: Any, which: Interval, *cases: Interval) -> Interval:
    """The case that is chosen, or the union of both where that is not certain."""
    if which.low.dtype != bool:  # integers are exact
        return Interval(*(lax.select_n(which.low, *ends) for ends in zip(*cases)))
    no, yes = cases
    low = jnp.where(which.low, yes.low, jnp.where(which.high, jnp.minimum(no.low, yes.low), no.low))
    return Interval(low, jnp.where(which.low, yes.high, jnp.where(which.high, jnp.maximum(no.high, yes.high), no.high)))


def _convert(equation: core.JaxprEqn, x: Interval) -> Interval:
    old, new = x.low.dtype, equation.params["new_dtype"]
    if old == new:
        return x
    if new == bool:
        raise _no_enclosure(equation)
    low, high = (end.astype(new) for end in x)
    return (
        _known(_down(low), _up(high))
        if old != bool and jnp.finfo(new).bits < jnp.finfo(old).bits
        else Interval(low, high)
    )


def _compare(surely: Callable, possibly: Callable) -> Callable:
    """The rule of a comparison, never sure where nothing is known: NaN would make it false."""
    return lambda _, a, b: Interval(surely(a, b) & ~_nothing(a) & ~_nothing(b), possibly(a, b))


def _is_number(_: Any, x: Interval) -> Interval:
    return Interval(~_nothing(x), jnp.ones(x.low.shape, bool))


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
RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        [
            "broadcast_in_dim",
            "reshape",
            "squeeze",
            "expand_dims",
            "transpose",
            "slice",
            "dynamic_slice",
            "concatenate",
            "rev",
            "stack",
            "unstack",
            "split",
            "pad",
            "and",
            "or",
            "reduce_and",
            "reduce_or",
        ],
        _at_ends,
    ),
    **dict.fromkeys(
        ["sign", "floor", "ceil", "round", "max", "min", "clamp"],
        lambda equation, *x: _known(*_at_ends(equation, *x), *x),
    ),
    **dict.fromkeys(["copy", "copy_p", "stop_gradient"], lambda _, x: x),
    **dict.fromkeys(["reduce_max", "reduce_min"], _extremum),
    **dict.fromkeys(
        ["reduce_sum", "cumsum"],
        lambda equation, x: _sum(lambda y: equation.primitive.bind(y, **equation.params), x),
    ),
    "gather": lambda equation, *x: _known(*_at_ends(equation, *x)),  # an index outside may fill with NaN
    "add": _add,
    "add_any": _add,
    "sub": lambda _, a, b: _add(_, a, Interval(-b.high, -b.low)),
    "mul": _multiply,
    "div": _divide,
    "neg": lambda _, x: Interval(-x.high, -x.low),
    "abs": lambda _, x: _known(*_size(x), x),
    "dot_general": _dot,
    "square": _square,
    "integer_pow": _integer_power,
    "pow": _power,
    "sqrt": _monotone(first=0.0, least=0.0),
    "rsqrt": _monotone(first=1e-37, least=0.0, falling=True),
    "cbrt": _monotone(units=COMPOSED),
    "exp": _monotone(least=0.0),
    "exp2": _monotone(least=0.0, units=COMPOSED),
    "expm1": _monotone(least=-1.0),
    "log": _monotone(first=0.0),
    "log1p": _monotone(first=-1.0, units=COMPOSED),
    "logistic": _monotone(least=0.0, most=1.0),
    "sin": _wave(0.25),
    "cos": _wave(0.0),
    "tan": _tangent,
    "atan": _monotone(),
    "asin": _monotone(-1.0, 1.0),
    "acos": _monotone(-1.0, 1.0, least=0.0, falling=True),
    "cosh": lambda equation, x: _known(*_monotone(least=1.0, units=COMPOSED)(equation, _size(x)), x),
    "sinh": _monotone(units=COMPOSED),
    "tanh": _monotone(least=-1.0, most=1.0),
    "asinh": _monotone(),
    "acosh": _monotone(first=1.0, least=0.0),
    "atanh": _monotone(-1.0, 1.0, units=COMPOSED),
    "erf": _monotone(least=-1.0, most=1.0),
    "erfc": _monotone(least=0.0, most=2.0, units=COMPOSED, falling=True),
    "select_n": _select,
    "convert_element_type": _convert,
    "not": lambda _, x: Interval(~x.high, ~x.low),
    "is_finite": lambda _, x: Interval(jnp.isfinite(x.low) & jnp.isfinite(x.high), jnp.ones(x.low.shape, bool)),
    "gt": _compare(lambda a, b: a.low > b.high, lambda a, b: a.high > b.low),
    "ge": _compare(lambda a, b: a.low >= b.high, lambda a, b: a.high >= b.low),
    "lt": _compare(lambda a, b: a.high < b.low, lambda a, b: a.low < b.high),
    "le": _compare(lambda a, b: a.high <= b.low, lambda a, b: a.low <= b.high),
    "eq": _compare(
        lambda a, b: (a.low >= b.high) & (a.high <= b.low), lambda a, b: (a.low <= b.high) & (a.high >= b.low)
    ),
    "ne": lambda _, a, b: RULES["not"](_, RULES["eq"](_, a, b)),
}
# of two operands that are one and the same
OF_ITSELF: dict[str, Callable[..., Any]] = {"mul": _square, "eq": _is_number, "ne": lambda _, x: RULES["not"](_, _is_number(_, x))}
