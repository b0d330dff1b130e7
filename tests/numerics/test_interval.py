"""Enclosures by interval arithmetic: they hold every value, claim nothing where there is none, and shrink with
the box.
"""

from fractions import Fraction

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from jax import lax

from jaxmix.numerics import interval
from jaxmix.numerics.interval import Interval, NoEnclosure, enclose

UNKNOWN = (-np.inf, np.inf)


@pytest.fixture
def random():
    return np.random.default_rng(20240917)


def one(function, *arguments):
    (found,) = enclose(function, *arguments)
    return found


def ends(found):
    return float(found.low), float(found.high)


def assert_holds(found, values):
    """values: any leading axes of samples over the interval's own."""
    low, high, values = np.asarray(found.low), np.asarray(found.high), np.asarray(values)
    assert np.all((low <= values) & (values <= high)), (low, high, values)


# every rule of a function of one variable, against mpmath

FUNCTIONS = {  # primitive: the function, the truth, where
    "neg": (jnp.negative, lambda x: -x, -3, 3),
    "abs": (jnp.abs, abs, -3, 3),
    "square": (jnp.square, lambda x: x * x, -3, 3),
    "sqrt": (jnp.sqrt, mpmath.sqrt, 0, 9),
    "rsqrt": (lax.rsqrt, lambda x: 1 / mpmath.sqrt(x), 0.01, 9),
    "cbrt": (jnp.cbrt, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), -9, 9),
    "exp": (jnp.exp, mpmath.exp, -600, 600),
    "exp2": (jnp.exp2, lambda x: mpmath.power(2, x), -900, 900),
    "expm1": (jnp.expm1, mpmath.expm1, -3, 3),
    "log": (jnp.log, mpmath.log, 0.001, 9),
    "log1p": (jnp.log1p, mpmath.log1p, -0.999, 3),
    "sin": (jnp.sin, mpmath.sin, -20, 20),
    "cos": (jnp.cos, mpmath.cos, -20, 20),
    "tan": (jnp.tan, mpmath.tan, -1.57, 1.57),
    "asin": (jnp.arcsin, mpmath.asin, -1, 1),
    "acos": (jnp.arccos, mpmath.acos, -1, 1),
    "atan": (jnp.arctan, mpmath.atan, -9, 9),
    "sinh": (jnp.sinh, mpmath.sinh, -600, 600),
    "cosh": (jnp.cosh, mpmath.cosh, -600, 600),
    "tanh": (jnp.tanh, mpmath.tanh, -9, 9),
    "asinh": (jnp.arcsinh, mpmath.asinh, -9, 9),
    "acosh": (jnp.arccosh, mpmath.acosh, 1, 9),
    "atanh": (jnp.arctanh, mpmath.atanh, -0.999, 0.999),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), -30, 30),
    "erf": (lax.erf, mpmath.erf, -4, 4),
    "erfc": (lax.erfc, mpmath.erfc, -4, 20),
    "sign": (jnp.sign, mpmath.sign, -3, 3),
    "floor": (jnp.floor, mpmath.floor, -3, 3),
    "ceil": (jnp.ceil, mpmath.ceil, -3, 3),
    "round": (jnp.round, mpmath.nint, -3, 3),
}
POWERS = (-3, -2, 0, 2, 3, 7)


def random_boxes(random, low, high, number=24):
    """Wide, narrow and degenerate ones."""
    centre, half = random.uniform(low, high, number), (high - low) * 10.0 ** random.uniform(-6, -0.5, number)
    half[::4] = 0.0
    return np.clip(centre - half, low, high), np.clip(centre + half, low, high)


def assert_holds_exactly(random, function, truth, low, high):
    """Compared as numbers of 40 digits, at both ends and between; and the width is that of the samples, nearly."""
    found = one(function, Interval(low, high))
    share = np.concatenate([[0.0, 1.0], random.uniform(size=40)])[:, None]
    points = np.clip(low + share * (high - low), low, high)
    with mpmath.workdps(40):
        values = np.array([[truth(mpmath.mpf(x)) for x in row] for row in points.tolist()])
        for values_of_box, *bounds in zip(values.T, found.low.tolist(), found.high.tolist()):
            least, most = min(values_of_box), max(values_of_box)
            assert bounds[0] <= least <= most <= bounds[1]
            slack = 1e-12 * max(abs(least), abs(most)) + 0.35 * (most - least) + 1e-300
            assert bounds[1] - bounds[0] <= most - least + slack


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_one_variable_is_enclosed_tightly(name, random):
    function, truth, low, high = FUNCTIONS[name]
    assert f"= {name}" in str(jax.make_jaxpr(function)(1.0))
    assert_holds_exactly(random, function, truth, *random_boxes(random, low, high))


@pytest.mark.parametrize("power", POWERS)
def test_an_integer_power_is_enclosed_tightly(power, random):
    low, high = random_boxes(random, -3, 3) if power >= 0 else random_boxes(random, 0.1, 3)
    assert_holds_exactly(random, lambda x: lax.integer_pow(x, power), lambda x: x**power, low, high)
    assert_holds_exactly(random, lambda x: lax.integer_pow(-x, power), lambda x: (-x) ** power, low, high)


def test_a_wave_knows_its_crests_and_troughs():
    assert ends(one(jnp.sin, Interval(1.5, 1.6)))[1] == 1.0
    assert ends(one(jnp.sin, Interval(1.6, 4.7)))[0] > -1.0
    assert ends(one(jnp.cos, Interval(3.1, 6.3))) == (-1.0, 1.0)
    assert ends(one(jnp.sin, Interval(1e15, 1e15 + 8))) == (-1.0, 1.0)


# arithmetic, against exact fractions

NUMBERS = st.floats(-1e3, 1e3, allow_subnormal=False) | st.sampled_from([0.0, -0.0, 1.0, 0.1, 1e-200, -1e-200, 1e200])
BOX = st.tuples(NUMBERS, NUMBERS).map(sorted)
OPERATIONS = {
    "add": (lambda x, y: x + y, lambda x, y: x + y),
    "sub": (lambda x, y: x - y, lambda x, y: x - y),
    "mul": (lambda x, y: x * y, lambda x, y: x * y),
    "div": (lambda x, y: x / y, lambda x, y: x / y),
    "max": (jnp.maximum, max),
    "min": (jnp.minimum, min),
}
COMPILED = {name: jax.jit(lambda a, b, f=function: enclose(f, a, b)) for name, (function, _) in OPERATIONS.items()}


@pytest.mark.parametrize("name", OPERATIONS)
@hypothesis.settings(max_examples=60)
@hypothesis.given(a=BOX, b=BOX)
def test_arithmetic_is_rigorous_to_the_last_digit(name, a, b):
    (found,) = COMPILED[name](Interval(*a), Interval(*b))
    low, high = ends(found)
    if name == "div" and b[0] <= 0 <= b[1]:
        assert (low, high) == UNKNOWN
        return
    truth = OPERATIONS[name][1]
    corners = [truth(Fraction(x), Fraction(y)) for x in (*a, sum(a) / 2) for y in (*b, sum(b) / 2)]
    assert low <= min(corners) and max(corners) <= high
    tolerance = Fraction(1, 10**15) * max(map(abs, corners)) + Fraction(1, 10**300)
    assert np.isinf(low) or np.isinf(high) or high - low <= max(corners) - min(corners) + 2 * tolerance


def test_what_overflows_or_underflows_is_held():
    assert ends(one(lambda x: x * x, Interval(1e200, 1e200))) == (pytest.approx(np.finfo(float).max, rel=1e-15), np.inf)
    low, high = ends(one(lambda x, y: x * y, Interval(1e-200, 1e-200), Interval(1e-200, 1e-200)))
    assert low == 0.0 and high > Fraction(1, 10**400)


def test_a_power_of_two_variables(random):
    base, exponent = Interval(*random_boxes(random, 0.1, 5, 40)), Interval(*random_boxes(random, -4, 4, 40))
    share = random.uniform(size=(2, 50, 1))
    x, y = (a.low + s * (a.high - a.low) for a, s in zip((base, exponent), share))
    assert_holds(one(jnp.power, base, exponent), x**y)
    assert ends(one(lambda x: x**2.5, Interval(0.0, 4.0))) == pytest.approx((0.0, 32.0), abs=1e-12)
    assert ends(one(lambda x: x**2.5, Interval(-0.1, 4.0))) == UNKNOWN


def test_a_variable_times_itself_is_a_square():
    assert ends(one(lambda x: x * x, Interval(-1.0, 2.0))) == pytest.approx((0.0, 4.0), abs=1e-12)
    assert ends(one(lambda x, y: x * y, Interval(-1.0, 2.0), Interval(-1.0, 2.0))) == pytest.approx(
        (-2.0, 4.0), abs=1e-12
    )


# nothing is claimed where some of the box has no value


@pytest.mark.parametrize(
    "function",
    [
        jnp.log,
        jnp.sqrt,
        lax.rsqrt,
        lambda x: jnp.log1p(x - 1),
        lambda x: jnp.arcsin(x + 1),
        lambda x: jnp.arccosh(x + 1),
        lambda x: jnp.arctanh(x + 1),
        lambda x: x**0.5,
        lambda x: 1 / x,
        lambda x: x**-2,
        lambda x: jnp.tan(x + 1.5),
        lambda x: jnp.tanh(jnp.log(x)),
        lambda x: jnp.sqrt(x) ** 2,
        lambda x: jnp.abs(1 / x),
        lambda x: 0 * (1 / x),
        lambda x: jnp.maximum(jnp.log(x), 1.0),
        lambda x: jnp.clip(jnp.log(x), 0.0, 1.0),
        lambda x: jnp.sin(1 / x),
        lambda x: jnp.sign(1 / x),
        lambda x: jnp.max(jnp.stack([jnp.log(x), 1.0 + x])),
        lambda x: jnp.cosh(jnp.sqrt(x)),
        lambda x: jnp.nan * x,
        lambda x: jnp.exp(1e4 + x) - jnp.exp(1e4 + x),
        lambda x: (x + 2) * jnp.inf * (x - x),
    ],
)
def test_where_some_of_the_box_may_be_nan_nothing_is_known(function):
    assert ends(one(function, Interval(-0.5, 0.5))) == UNKNOWN


def test_at_either_zero_an_inverse_root_is_unknown():
    assert ends(one(lax.rsqrt, Interval(-0.0, 1.0))) == ends(one(lax.rsqrt, Interval(0.0, 1.0))) == UNKNOWN


def test_bounds_that_are_not_numbers_say_nothing():
    assert ends(one(jnp.tanh, Interval(jnp.nan, 1.0))) == UNKNOWN
    assert ends(one(jnp.tanh, Interval(2.0, 1.0))) == UNKNOWN


def test_comparisons_are_never_sure_of_what_may_be_nan():
    for compare in (jnp.greater, jnp.greater_equal, jnp.less, jnp.less_equal, jnp.equal):
        for bound in (-np.inf, 0.0, np.inf):
            assert not one(lambda x: compare(jnp.log(x), bound), Interval(-1.0, 1.0)).low  # noqa: B023
            assert not one(lambda x: compare(bound, jnp.log(x)), Interval(-1.0, 1.0)).low  # noqa: B023
    assert ends(one(lambda x: jnp.log(x) != jnp.log(x), Interval(-1.0, 1.0))) == (False, True)
    unknown = one(lambda x: (lambda y: y == y)(jnp.log(x)), Interval(-1.0, 1.0))
    assert ends(unknown) == (False, True)


# conditions


@pytest.mark.parametrize(
    ("compare", "below", "touching", "above"),
    [
        (jnp.less, (1, 1), (0, 1), (0, 0)),
        (jnp.less_equal, (1, 1), (1, 1), (0, 0)),
        (jnp.greater, (0, 0), (0, 0), (1, 1)),
        (jnp.greater_equal, (0, 0), (0, 1), (1, 1)),
        (jnp.equal, (0, 0), (0, 1), (0, 0)),
        (jnp.not_equal, (1, 1), (0, 1), (1, 1)),
    ],
)
def test_comparisons(compare, below, touching, above):
    for box, expected in (((-1.0, 1.0), below), ((1.0, 2.0), touching), ((2.5, 3.0), above), ((1.0, 3.0), (0, 1))):
        assert ends(one(lambda x: compare(x, 2.0), Interval(*box))) == expected


def test_equal_numbers_are_equal():
    assert ends(one(jnp.equal, Interval(1.0, 1.0), 1.0)) == (True, True)
    assert ends(one(lambda x: x == x, Interval(0.0, 1.0))) == (True, True)
    assert ends(one(lambda x: x != x, Interval(0.0, 1.0))) == (False, False)
    assert ends(one(jnp.isfinite, Interval(0.0, 1.0))) == (True, True)
    assert ends(one(lambda x: jnp.isfinite(1 / x), Interval(0.0, 1.0))) == (False, True)


def test_logic():
    x = Interval(jnp.array([1.0, -1.0, -2.0]), jnp.array([2.0, 1.0, -1.0]))
    both, either, neither = enclose(lambda x: ((x > 0) & (x < 3), (x > 0) | (x < -3), ~(x > 0)), x)
    assert (both.low.tolist(), both.high.tolist()) == ([True, False, False], [True, True, False])
    assert (either.low.tolist(), either.high.tolist()) == ([True, False, False], [True, True, False])
    assert (neither.low.tolist(), neither.high.tolist()) == ([False, False, True], [False, True, True])
    some, every = enclose(lambda x: (jnp.any(x > 0), jnp.all(x > 0)), x)
    assert (ends(some), ends(every)) == ((True, True), (False, False))


def test_a_choice_is_one_branch_or_the_union_of_both():
    def function(x):
        return jnp.where(x > 0, x + 10, x - 10)

    x = Interval(jnp.array([1.0, -1.0, -2.0]), jnp.array([2.0, 1.0, -1.0]))
    found = one(function, x)
    np.testing.assert_allclose(found.low, [11, -11, -12], rtol=1e-15)
    np.testing.assert_allclose(found.high, [12, 11, -11], rtol=1e-15)
    exact = one(lambda x: lax.select_n(jnp.array([2, 0, 1]), x, x + 1, x + 2), x)
    np.testing.assert_allclose(exact.low, [3, -1, -1], rtol=1e-15)
    masked = one(lambda x: jnp.where(jnp.array([True, False, True]), x, 0.0), x)
    assert (masked.low.tolist(), masked.high.tolist()) == ([1.0, 0.0, -2.0], [2.0, 0.0, -1.0])


def test_the_branch_that_is_not_taken_does_not_matter():
    def function(x):
        return jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0)

    value, slope = enclose(lambda x: (function(x), jax.grad(function)(x)), Interval(-2.0, -1.0))
    assert ends(value) == (0.0, 0.0) and ends(slope) == pytest.approx((0.0, 0.0), abs=1e-300)
    value, slope = enclose(lambda x: (function(x), jax.grad(function)(x)), Interval(4.0, 4.41))
    assert ends(value) == pytest.approx((2.0, 2.1)) and ends(slope) == pytest.approx((0.5 / 2.1, 0.25))


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (lambda x: jnp.maximum(x, 1.0), (2.0, 3.0), 1.0),
        (lambda x: jnp.maximum(x, 1.0), (0.0, 0.5), 0.0),
        (lambda x: jnp.minimum(1.0, x), (0.0, 0.5), 1.0),
        (lambda x: jnp.minimum(x, x**2 + 5), (0.0, 0.5), 1.0),
        (lambda x: jnp.clip(x, 0.0, 1.0), (0.2, 0.5), 1.0),
        (lambda x: jnp.clip(x, 0.0, 1.0), (1.5, 2.0), 0.0),
        (jax.nn.relu, (0.2, 0.5), 1.0),
        (jnp.abs, (-2.0, -1.0), -1.0),
    ],
)
def test_the_slope_of_a_maximum_is_certain_where_one_side_surely_wins(function, x, expected):
    assert ends(one(jax.grad(function), Interval(*x))) == pytest.approx((expected, expected), abs=1e-300, rel=1e-14)


# arrays

ARRAYS = {
    "broadcast_in_dim": lambda x: jnp.broadcast_to(x, (2, 3, 4)),
    "reshape": lambda x: x.reshape(2, 6),
    "squeeze": lambda x: x[:1].squeeze(0),
    "transpose": lambda x: x.T,
    "slice": lambda x: x[1:, ::2],
    "dynamic_slice": lambda x: lax.dynamic_slice(x, (1, 1), (2, 2)),
    "concatenate": lambda x: jnp.concatenate([x, 1.0 - x]),
    "rev": lambda x: x[::-1],
    "stack": lambda x: jnp.stack([x[0], -x[1]]),
    "unstack": lambda x: sum(jnp.unstack(x)),
    "split": lambda x: jnp.split(x, 2, axis=1)[1],
    "pad": lambda x: jnp.pad(x, 1, constant_values=2.0),
    "gather": lambda x: x[jnp.array([2, 0]), jnp.array([1, 3])],
    "reduce_sum": lambda x: x.sum(axis=0),
    "reduce_max": lambda x: x.max(axis=1),
    "reduce_min": lambda x: x.min(axis=(0, 1)),
    "cumsum": lambda x: jnp.cumsum(x, axis=1),
    "clamp": lambda x: lax.clamp(-0.3, x, 0.4),
    "stop_gradient": lax.stop_gradient,
    "convert_element_type": lambda x: (x > 0).astype(float) + x,
    "dot_general": lambda x: x @ (x.T + 1.0),
    "scalar times array": lambda x: x[0, 0] * x,
    "matrix times vector": lambda x: jnp.array([[1.0, -2.0, 3.0]]) @ x,
    "batches of matrices": lambda x: jnp.einsum("bij,bkj->bik", jnp.stack([x, -x]), jnp.stack([x * 2, x])),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_operations_on_arrays(name, random):
    function = ARRAYS[name]
    if "_" in name:
        assert f"= {name}" in str(jax.make_jaxpr(function)(jnp.ones((3, 4))))
    low = random.uniform(-1, 1, (3, 4))
    high = low + random.uniform(0, 0.5, (3, 4))
    found = one(function, Interval(low, high))
    samples = low + random.uniform(size=(100, 3, 4)) * (high - low)
    values = np.array(jax.vmap(function)(jnp.concatenate([jnp.stack([low, high]), samples])))
    assert found.low.shape == found.high.shape == values.shape[1:]
    assert_holds(found, values)
    assert np.all(np.asarray(found.high) - np.asarray(found.low) <= 4.0 * np.ptp(values, axis=0) + 1e-14)


def test_a_sum_keeps_its_sign_and_its_rounding():
    tenths = one(jnp.sum, Interval(np.full(1000, 0.1), np.full(1000, 0.1)))
    assert ends(tenths)[0] <= 1000 * Fraction(0.1) <= ends(tenths)[1]
    assert ends(one(lambda x: jnp.sqrt(jnp.sum(x**2)), Interval(np.zeros(3), np.ones(3)))) == pytest.approx(
        (0.0, 3**0.5)
    )


def test_a_smaller_precision_is_rounded_outward():
    found = one(lambda x: x.astype(jnp.float32), Interval(0.1, 0.1))
    assert found.low.dtype == jnp.float32
    assert ends(found)[0] < 0.1 < ends(found)[1]


def test_what_depends_on_no_interval_stays_exact():
    third, integer, truth, held = enclose(
        lambda x, y: (y / 3, 7, y > 0, jnp.sort(jnp.array([y, 1.0]))[0]), Interval(0.0, 1.0), 1.0
    )
    assert third.low == third.high == 1.0 / 3.0
    assert integer.low == integer.high == 7 and truth.low and truth.high and held.low == held.high == 1.0


def test_arguments_are_pytrees():
    box = {"a": Interval(1.0, 2.0), "b": [3.0, Interval(-1.0, 1.0)]}
    found = enclose(lambda p, q: {"sum": p["a"] + p["b"][0], "product": p["a"] * p["b"][1] * q}, box, 2)
    assert [ends(x) for x in found] == [pytest.approx((-4.0, 4.0)), pytest.approx((4.0, 5.0))]


# whole functions and their gradients


def cassini(x, y):
    return ((x - 1) ** 2 + y**2) * ((x + 1) ** 2 + y**2) - 1.1


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2 - 3.0


def gaussians(x, y):
    centres, weights = jnp.array([[0.0, 0.5], [1.0, -0.3], [-1.0, 0.2]]), jnp.array([1.0, -0.7, 0.4])
    return jnp.dot(weights, jnp.exp(-jnp.sum((jnp.stack([x, y])[None, :] - centres) ** 2, axis=1)))


def log_of_sums(x, y):
    return (
        jax.scipy.special.logsumexp(jnp.stack([x, y, x * y])) + jax.nn.softplus(x - y) + jnp.log(1 + x**2 + jnp.exp(y))
    )


def power(x, y):
    return (3 + x) ** y - jnp.hypot(x + 4, y) + jnp.tanh(x) * jnp.cos(3 * y)


WHOLE = [cassini, rosenbrock, gaussians, log_of_sums, power]


def with_gradient(function):
    return lambda x, y: (function(x, y), *jax.grad(function, (0, 1))(x, y))


def cells(function):
    return jax.jit(jax.vmap(lambda x, y: enclose(with_gradient(function), x, y)))


@pytest.mark.parametrize("function", WHOLE)
def test_a_function_and_its_gradient_are_enclosed_and_the_excess_shrinks(function, random):
    """Boxes whose sides are 16 times smaller have enclosures 16 times narrower, up to the excess of second order."""
    compiled, number = cells(function), 64
    centre = random.uniform(-2, 2, (2, number))
    share = random.uniform(-1, 1, (2, 30, number))
    at_points = jax.jit(jax.vmap(with_gradient(function)))
    widths = []
    for half in (0.2, 0.2 / 16, 0.2 / 256):
        found = compiled(*(Interval(c - half, c + half) for c in centre))
        points = (centre[:, None] + half * share).reshape(2, -1)
        for bounds, values in zip(found, at_points(*points)):
            assert_holds(bounds, values.reshape(30, number))
        widths.append([np.asarray(bounds.high - bounds.low) for bounds in found])
    assert np.all(np.isfinite(widths))
    assert np.all(np.median(widths[1], axis=1) < np.median(widths[0], axis=1) / 12)
    ratio = np.median(widths[1], axis=1) / np.median(widths[2], axis=1)
    assert np.all((ratio > 14) & (ratio < 20))


def test_the_gradient_holds_the_closed_form(random):
    """Of the ovals: 4 x (x^2 + y^2 - 1) and 4 y (x^2 + y^2 + 1)."""
    x, y = (random.uniform(-2, 2, 200) for _ in range(2))
    _, along_x, along_y = cells(cassini)(Interval(x - 1e-3, x + 1e-3), Interval(y - 1e-3, y + 1e-3))
    assert_holds(along_x, 4 * x * (x**2 + y**2 - 1))
    assert_holds(along_y, 4 * y * (x**2 + y**2 + 1))


def test_a_cell_is_surely_empty_and_free_of_turning_points():
    def circle(x, y):
        return x**2 + y**2 - 1

    value, along_x, along_y = enclose(with_gradient(circle), Interval(1.1, 1.2), Interval(1.1, 1.2))
    assert ends(value) == pytest.approx((1.42, 1.88)) and ends(along_x) == ends(along_y) == pytest.approx((2.2, 2.4))
    crossed = one(circle, Interval(0.6, 0.8), Interval(0.6, 0.8))
    assert crossed.low < 0 < crossed.high


def test_most_cells_off_the_curve_are_excluded_and_none_on_it():
    corners = np.linspace(-2, 2, 65)
    x, y = (side.ravel() for side in np.meshgrid(corners[:-1], corners[:-1]))
    value, *_ = cells(cassini)(Interval(x, x + 1 / 16), Interval(y, y + 1 / 16))
    empty = (np.asarray(value.low) > 0) | (np.asarray(value.high) < 0)
    changes = np.ptp(np.sign([cassini(x + a / 16, y + b / 16) for a in (0, 1) for b in (0, 1)]), axis=0) > 0
    assert not np.any(empty & changes)
    assert np.sum(~empty) < 3 * np.sum(changes)


@pytest.mark.parametrize("function", [cassini, rosenbrock])
def test_compiled_and_mapped_it_gives_the_same_numbers(function):
    x, y = np.array([-1.3, 0.2]), np.array([0.7, -0.1])
    mapped = cells(function)(Interval(x, x + 0.1), Interval(y, y + 0.1))
    for index in range(2):
        alone = enclose(with_gradient(function), Interval(x[index], x[index] + 0.1), Interval(y[index], y[index] + 0.1))
        for many, single in zip(mapped, alone):  # fused operations round otherwise
            assert (float(many.low[index]), float(many.high[index])) == pytest.approx(
                ends(single), rel=1e-12, abs=1e-12
            )


@jax.custom_jvp
def cube_by_jvp(x):
    return x**3


cube_by_jvp.defjvp(lambda primal, tangent: (cube_by_jvp(*primal), 3 * primal[0] ** 2 * tangent[0]))


@jax.custom_vjp
def cube_by_vjp(x):
    return x**3


cube_by_vjp.defvjp(lambda x: (cube_by_vjp(x), x), lambda x, slope: (3 * x**2 * slope,))


@pytest.mark.parametrize("cube", [cube_by_jvp, cube_by_vjp, jax.checkpoint(lambda x: x**3), jax.jit(lambda x: x**3)])
def test_inner_functions_and_all_derivatives_are_followed(cube):
    x = Interval(1.0, 1.1)
    assert ends(one(cube, x)) == pytest.approx((1.0, 1.331))
    assert ends(one(jax.grad(cube), x)) == pytest.approx((3.0, 3.63))
    assert ends(one(jax.grad(lambda x: cube(2 * x)), x)) == pytest.approx((24.0, 29.04))
    assert ends(one(lambda x: jax.vjp(cube, x)[1](1.0)[0], x)) == pytest.approx((3.0, 3.63))
    if cube is not cube_by_vjp:
        value, slope = enclose(lambda x: jax.jvp(cube, (x,), (2.0,)), x)
        assert (ends(value), ends(slope)) == (pytest.approx((1.0, 1.331)), pytest.approx((6.0, 7.26)))
        assert one(jax.jacfwd(lambda x: jnp.stack([cube(x), -x])), x).low.tolist() == pytest.approx([3.0, -1.0])


# what is not known is refused


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: lax.while_loop(lambda y: y < 10, lambda y: 2 * y, x[0]), "while"),
        (jnp.sort, "sort"),
        (lambda x: jax.scipy.special.gammaln(x), "lgamma"),
        (lambda x: x.astype(int), "convert_element_type"),
        (lambda x: x.astype(bool), "convert_element_type"),
        (lambda x: lax.scan(lambda y, _: (2 * y, y), x[0], None, length=3), "scan"),
        (lambda x: jnp.argmax(x), "argmax"),
        (lambda x: lax.dot(x, x, preferred_element_type=jnp.float32), "dot_general"),
    ],
)
def test_a_primitive_without_a_rule_is_named(function, name):
    with pytest.raises(NoEnclosure, match=rf"no rule for the primitive '{name}' .*leave the bounds out"):
        enclose(function, Interval(jnp.ones(2), jnp.full(2, 1.5)))


def test_the_rules_are_all_tested():
    arithmetic = {*OPERATIONS, "add_any", "pow", "integer_pow"}
    conditions = {
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "and",
        "or",
        "not",
        "reduce_and",
        "reduce_or",
        "select_n",
        "is_finite",
    }
    assert set(interval.RULES) - {*FUNCTIONS, *ARRAYS} - arithmetic - conditions == {"copy", "copy_p", "expand_dims"}
