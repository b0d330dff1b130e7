"""The rule of each primitive on intervals: from an equation of a jaxpr and its operands to its result."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core
from jaxtyping import Array, Bool

from jaxmix.numerics.interval import bounds
from jaxmix.numerics.interval.bounds import Interval

# Errors of XLA's functions in units of the last place, doubled at least. Hardware rounds +, -, * and / to half a unit.
# On a CPU in float64 most functions were seen within 4 units of mpmath; those that XLA composes from others lose with
# the argument: sinh and cosh up to 250, exp2 400, erfc 260, log1p 100, atanh and cbrt 60.
CLOSE, COMPOSED = 8, 1024


def _at_ends(equation: core.JaxprEqn, *operands: Interval) -> Any:
    """Apply to both ends a primitive that only moves elements, or that rises in every operand without rounding."""
    low, high = (equation.primitive.bind(*ends, **equation.params) for ends in zip(*operands))
    return list(map(Interval, low, high)) if equation.primitive.multiple_results else Interval(low, high)


def _extremum(equation: core.JaxprEqn, x: Interval) -> Interval:
    low, high = _at_ends(equation, x)
    return bounds.known(jnp.where(jnp.any(bounds.unknown(x), axis=equation.params["axes"]), jnp.nan, low), high)


def _monotone(
    first: float = -np.inf,
    last: float = np.inf,
    least: float = -np.inf,
    most: float = np.inf,
    *,
    units: int = CLOSE,
    falling: bool = False,
) -> Callable:
    """Make the rule of a rising (or falling) function on [first, last], with values in [least, most]."""

    def rule(equation: core.JaxprEqn, x: Interval) -> Interval:
        low, high = (equation.primitive.bind(end, **equation.params) for end in (x[::-1] if falling else x))
        low, high = jnp.clip(bounds.down(low, units), least, most), jnp.clip(bounds.up(high, units), least, most)
        return bounds.known(jnp.where((x.low < first) | (x.high > last), jnp.nan, low), high, x)

    return rule


def _add(_: Any, a: Interval, b: Interval) -> Interval:
    ends = bounds.down(a.low + b.low), bounds.up(a.high + b.high)
    return bounds.known(*bounds.signed(*ends, (a.low >= 0) & (b.low >= 0), (a.high <= 0) & (b.high <= 0)))


def _corners(operation: Callable, a: Interval, b: Interval, units: int = 0) -> tuple[Array, Array]:
    """Return the ends of an operation that is monotone in either operand while the other is held.

    Its extremes are at the corners.
    """
    values = [operation(x, y) for x in a for y in b]
    return bounds.down(functools.reduce(jnp.minimum, values), units), bounds.up(
        functools.reduce(jnp.maximum, values), units
    )


def _multiply(_: Any, a: Interval, b: Interval, operation: Callable = jnp.multiply) -> Interval:
    same, opposite = (
        (a.low >= 0) & (c.low >= 0) | (a.high <= 0) & (c.high <= 0) for c in (b, Interval(-b.high, -b.low))
    )
    return bounds.known(*bounds.signed(*_corners(operation, a, b), same, opposite))


def _divide(_: Any, a: Interval, b: Interval) -> Interval:
    low, high = _multiply(_, a, b, jnp.divide)
    return bounds.known(jnp.where(bounds.holds_zero(b), jnp.nan, low), high)


def _square(_: Any, x: Interval) -> Interval:
    low, high = bounds.magnitude(x)
    return bounds.known(jnp.maximum(bounds.down(low * low), 0.0), bounds.up(high * high), x)


def _integer_power(equation: core.JaxprEqn, x: Interval) -> Interval:
    power = equation.params["y"]
    number = abs(power)  # of multiplications at most, each rounded
    low, high = x if power % 2 else bounds.magnitude(x)
    ends = bounds.down(lax.integer_pow(low, number), number), bounds.up(lax.integer_pow(high, number), number)
    value = bounds.known(*bounds.signed(*ends, low >= 0, high <= 0), x)
    return value if power >= 0 else _divide(equation, bounds.as_interval(jnp.ones_like(low)), value)


def _power(_: Any, base: Interval, exponent: Interval) -> Interval:
    """Enclose base^exponent of a base that is not negative; the exponents may be exact integers."""
    exponent = Interval(*(end.astype(base.low.dtype) for end in exponent))
    low, high = _corners(jnp.power, Interval(*map(jnp.abs, base)), exponent, CLOSE)
    return bounds.known(jnp.where(base.low < 0, jnp.nan, jnp.maximum(low, 0.0)), high, base, exponent)


def _meets(x: Interval, offset: float, period: float) -> Bool[Array, "..."]:
    """Tell whether a finite x may hold (offset + k) period for an integer k."""
    turns = [end / period for end in x]
    slack = [4 * float(jnp.finfo(turn.dtype).eps) * (1 + jnp.abs(turn)) for turn in turns]
    held = jnp.floor(turns[1] - offset + slack[1]) >= jnp.ceil(turns[0] - offset - slack[0])
    return held & jnp.isfinite(turns[0]) & jnp.isfinite(turns[1])


def _wave(peak: float) -> Callable:
    """Make the rule of a wave of period 2 pi between -1 and 1, whose crests lie at (peak + k) 2 pi."""

    def rule(equation: core.JaxprEqn, x: Interval) -> Interval:
        ends = [equation.primitive.bind(end, **equation.params) for end in x]
        low, high = (
            jnp.maximum(bounds.down(jnp.minimum(*ends), CLOSE), -1.0),
            jnp.minimum(bounds.up(jnp.maximum(*ends), CLOSE), 1.0),
        )
        crest, trough = _meets(x, peak, 2 * np.pi), _meets(x, peak + 0.5, 2 * np.pi)
        return bounds.known(jnp.where(trough, -1.0, low), jnp.where(crest, 1.0, high), x)

    return rule


def _tangent(equation: core.JaxprEqn, x: Interval) -> Interval:
    low, high = _monotone()(equation, x)
    return bounds.known(jnp.where(_meets(x, 0.5, np.pi), jnp.nan, low), high)


def _sum(total: Callable[[Array], Array], x: Interval) -> Interval:
    """Enclose a sum in any order: its rounding is below n eps sum |x|.

    N. J. Higham, Accuracy and Stability of Numerical Algorithms, SIAM 2002, eq. (4.4).
    """
    info, count = jnp.finfo(x.low.dtype), x.low.size
    slack = [count * (float(info.eps) * total(jnp.abs(end)) + float(info.tiny)) for end in x]
    signs = total(jnp.minimum(x.low, 0.0)) == 0, total(jnp.maximum(x.high, 0.0)) == 0
    return bounds.known(*bounds.signed(total(x.low) - slack[0], total(x.high) + slack[1], *signs))


def _dot(equation: core.JaxprEqn, a: Interval, b: Interval) -> Interval:
    """Enclose the sum of all products, which are formed on axes [batch, free of a, free of b, contracted]."""
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    result = bounds.abstract_value(equation.outvars[0])
    if not a.low.dtype == b.low.dtype == result.dtype:
        raise bounds.no_enclosure(equation)
    a, b = _arranged(a, left_batch, left), _arranged(b, right_batch, right)
    products = _multiply(equation, Interval(*(end[:, :, None] for end in a)), Interval(*(end[:, None] for end in b)))
    return Interval(*(end.reshape(result.shape) for end in _sum(functools.partial(jnp.sum, axis=-1), products)))


def _arranged(x: Interval, batch: Sequence[int], contracted: Sequence[int]) -> Interval:
    """Return x[batch, free, contracted]."""
    free = [axis for axis in range(x.low.ndim) if axis not in (*batch, *contracted)]
    lengths = [int(np.prod([x.low.shape[axis] for axis in axes])) for axes in (batch, free, contracted)]
    return Interval(*(end.transpose(*batch, *free, *contracted).reshape(lengths) for end in x))


def _select(_: Any, which: Interval, *cases: Interval) -> Interval:
    """Return the case that is chosen, or the union of both where that is not certain."""
    if which.low.dtype != bool:  # integers are exact
        return Interval(*(lax.select_n(which.low, *ends) for ends in zip(*cases)))
    no, yes = cases
    low = jnp.where(which.low, yes.low, jnp.where(which.high, jnp.minimum(no.low, yes.low), no.low))
    return Interval(low, jnp.where(which.low, yes.high, jnp.where(which.high, jnp.maximum(no.high, yes.high), no.high)))


def _convert(equation: core.JaxprEqn, x: Interval) -> Interval:
    old, new = x.low.dtype, equation.params["new_dtype"]
    if old == new:
        return x
    if new.kind == "b":
        raise bounds.no_enclosure(equation)
    low, high = (end.astype(new) for end in x)
    return (
        bounds.known(bounds.down(low), bounds.up(high))
        if old.kind != "b" and jnp.finfo(new).bits < jnp.finfo(old).bits
        else Interval(low, high)
    )


def _compare(surely: Callable, possibly: Callable) -> Callable:
    """Make the rule of a comparison, never sure where nothing is known: NaN would make it false."""
    return lambda _, a, b: Interval(surely(a, b) & ~bounds.unknown(a) & ~bounds.unknown(b), possibly(a, b))


def _is_number(_: Any, x: Interval) -> Interval:
    return Interval(~bounds.unknown(x), jnp.ones(x.low.shape, bool))


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
        lambda equation, *x: bounds.known(*_at_ends(equation, *x), *x),
    ),
    **dict.fromkeys(["copy", "copy_p", "stop_gradient"], lambda _, x: x),
    **dict.fromkeys(["reduce_max", "reduce_min"], _extremum),
    **dict.fromkeys(
        ["reduce_sum", "cumsum"],
        lambda equation, x: _sum(lambda y: equation.primitive.bind(y, **equation.params), x),
    ),
    "gather": lambda equation, *x: bounds.known(*_at_ends(equation, *x)),  # an index outside may fill with NaN
    "add": _add,
    "add_any": _add,
    "sub": lambda _, a, b: _add(_, a, Interval(-b.high, -b.low)),
    "mul": _multiply,
    "div": _divide,
    "neg": lambda _, x: Interval(-x.high, -x.low),
    "abs": lambda _, x: bounds.known(*bounds.magnitude(x), x),
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
    "cosh": lambda equation, x: bounds.known(*_monotone(least=1.0, units=COMPOSED)(equation, bounds.magnitude(x)), x),
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
OF_ITSELF: dict[str, Callable[..., Any]] = {
    "mul": _square,
    "eq": _is_number,
    "ne": lambda _, x: RULES["not"](_, _is_number(_, x)),
}
