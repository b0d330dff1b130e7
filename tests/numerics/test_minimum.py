"""The damped Newton search between bounds against closed forms and scipy, and the profile's derivatives against closed
forms and differences.
"""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxmix.numerics.minimum import Bounds, minimise, profiled

STEPS, TOLERANCE = 60, 1e-14


def anywhere(size):
    return Bounds(jnp.full(size, -jnp.inf), jnp.full(size, jnp.inf))


def between(low, high):
    return Bounds(jnp.asarray(low, float), jnp.asarray(high, float))


def search(function, start, bounds=None, steps=STEPS, tolerance=TOLERANCE):
    start = jnp.asarray(start, float)
    return _compiled(minimise, function)(start, bounds or anywhere(start.shape[0]), steps=steps, tolerance=tolerance)


def profile(function, start, bounds=None, steps=STEPS, tolerance=TOLERANCE):
    """A function of the place."""
    start = jnp.asarray(start, float)
    return lambda place: _compiled(profiled, function)(
        place, start, bounds or anywhere(start.shape[0]), steps=steps, tolerance=tolerance
    )


@cache
def _compiled(search, function):
    return jax.jit(partial(search, function))


def all_finite(result):
    return all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves(result))


def rosenbrock(x):
    return jnp.sum((1.0 - x[:-1]) ** 2 + 100.0 * (x[1:] - x[:-1] ** 2) ** 2)


def double_well(x):
    return jnp.sum((x**2 - 1.0) ** 2) + 0.1 * x[0] * x[1]


def logarithm(x):
    return jnp.sum(jnp.log1p(x**2))


def banana(place, nuisance):
    """Profiled it is (1 - a)^2 + (y - 1)^2, at b = a^2 and c = (a + y) / 2."""
    (a, y), (b, c) = place, nuisance
    bent = c - 0.5 * (a + y)
    return (1.0 - a) ** 2 + 100.0 * (b - a**2) ** 2 + (y - 1.0) ** 2 + bent**2 + bent**4


OBSERVED = jnp.array([12.0, 3.0, 0.0, 7.0])
SIGNAL, BACKGROUND = jnp.array([5.0, 2.0, 1.0, 3.0]), jnp.array([4.0, 4.0, 1.0, 2.0])


def counting(strength, nuisance):
    """Twice the negative log likelihood of four counts with uncertain efficiency and background; NaN where a mean is
    negative.
    """
    mean = strength[0] * SIGNAL * jnp.exp(0.1 * nuisance[0]) + BACKGROUND * (1.0 + 0.3 * nuisance[1])
    return 2.0 * jnp.sum(mean - OBSERVED * jnp.log(mean)) + jnp.sum(nuisance**2)


QUADRATIC = np.array([[3.0, 0.4, -0.7, 1.1], [0.4, 2.0, 0.3, -0.2], [-0.7, 0.3, 4.0, 0.9], [1.1, -0.2, 0.9, 5.0]])
LINEAR = np.array([0.3, -1.0, 2.0, 0.7])


def quadratic(place, nuisance):
    joint = jnp.concatenate([place, nuisance])
    return 0.5 * joint @ QUADRATIC @ joint + LINEAR @ joint


class TestSearch:
    @pytest.mark.parametrize("start", [[0.0, 0.0, 0.0, 0.0], [30.0, -400.0, 5.0, 1e5]])
    def test_a_quadratic_needs_one_step(self, start):
        found = search(lambda x: quadratic(x[:1], x[1:]), start, tolerance=1e-9)
        assert found.converged and found.steps <= 1
        np.testing.assert_allclose(
            found.place, -np.linalg.solve(QUADRATIC, LINEAR), rtol=0.0, atol=1e-9
        )  # 1e5 in rounding

    @settings(max_examples=20)
    @given(
        entries=st.lists(st.floats(-1.0, 1.0), min_size=9, max_size=9),
        exponents=st.lists(st.integers(-6, 6), min_size=3, max_size=3),
    )
    def test_positive_definite_quadratics_in_any_units(self, entries, exponents):
        root, units = np.array(entries).reshape(3, 3), 10.0 ** np.array(exponents)
        matrix, centre = root @ root.T + 0.1 * np.eye(3), np.array([1.0, -2.0, 0.5])
        found = _quadratic_minimum(jnp.asarray(matrix / np.outer(units, units)), jnp.asarray(centre * units))
        assert found.converged
        np.testing.assert_allclose(found.place / units, centre, rtol=1e-6)  # the tolerance's root

    @pytest.mark.parametrize("start", [[-1.2, 1.0], [3.0, -5.0], [0.0, 0.0]])
    def test_a_curved_valley(self, start):
        found = search(rosenbrock, start)
        assert found.converged and found.steps < 40
        np.testing.assert_allclose(found.place, 1.0, atol=1e-6)

    def test_the_units_of_the_parameters_do_not_matter(self):
        units = jnp.array([1e-6, 1e3])
        found = search(lambda x: rosenbrock(x / units), jnp.array([-1.2, 1.0]) * units)
        assert found.converged and found.steps < 40
        np.testing.assert_allclose(found.place / units, 1.0, atol=1e-6)

    @pytest.mark.parametrize(
        "function, start",
        [
            (logarithm, [10.0, -3.0]),
            (logarithm, [1e6, 2.0]),
            (double_well, [0.1, -0.01]),
            (double_well, [-5.0, 0.3]),
            (lambda x: x[0] * x[1] + jnp.sum(x**4), [0.01, 0.02]),
            (lambda x: jnp.exp(x[0]) - 1000.0 * x[0], [-20.0]),
            (lambda x: 1.0 - jnp.exp(-0.5 * jnp.sum(x**2)), [2.0, 1.5]),
        ],
    )
    def test_from_where_the_function_is_not_convex_to_a_local_minimum(self, function, start):
        found = search(function, start)
        assert found.converged and found.value < function(jnp.asarray(start))
        slope, curvature = jax.jit(lambda x: (jax.grad(function)(x), jax.hessian(function)(x)))(found.place)
        np.testing.assert_allclose(slope, 0.0, atol=1e-4)
        assert np.linalg.eigvalsh(curvature).min() > 0.0

    def test_a_saddle_is_no_minimum(self):
        found = search(double_well, [0.0, 0.0])
        assert not found.converged and all_finite(found)

    @pytest.mark.parametrize(
        "function",
        [lambda x: x[0] - 2.0 * x[1], lambda x: -jnp.sum(x**2), lambda x: x[0] ** 2 + x[1], lambda x: x[0] * x[1]],
    )
    @pytest.mark.parametrize("steps", [10, 400])
    def test_no_minimum(self, function, steps):
        """400 steps reach the largest numbers."""
        found = search(function, [0.3, 0.5], steps=steps)
        assert not found.converged and all_finite(found) and found.value < function(jnp.array([0.3, 0.5]))

    def test_a_flat_direction(self):
        found = search(lambda x: (x[0] + x[1] - 1.0) ** 2, [5.0, -3.0])
        assert found.converged and found.value < TOLERANCE

    def test_a_constant(self):
        found = search(lambda x: 0.0 * x[0] + 7.0, [5.0])
        assert found.converged and found.value == 7.0 and found.place == 5.0

    def test_beside_a_region_without_value(self):
        """Newton's step from 0.9 leads to the far side of zero."""
        found = search(lambda x: x[0] - 0.1 * jnp.log(x[0]) + (x[1] - x[0]) ** 2, [0.9, -3.0])
        assert found.converged
        np.testing.assert_allclose(found.place, 0.1, atol=1e-6)

    def test_a_start_without_value(self):
        found = search(lambda x: jnp.log(x[0]), [-1.0])
        assert not found.converged and jnp.isnan(found.value) and found.place == -1.0

    def test_goes_on_below_the_rounding_of_the_value(self):
        """At 1e8 the value is rounded to 1.5e-8, at which the place would be known to 1e-4."""
        found = search(lambda x: 1e8 + jnp.sum(jnp.cosh(x - 0.3)), [1.0, -1.0])
        assert found.converged
        np.testing.assert_allclose(found.place, 0.3, atol=2e-7)

    def test_no_more_steps_than_allowed(self):
        found = search(rosenbrock, [-1.2, 1.0], steps=5)
        assert found.steps == 5 and not found.converged and found.value < rosenbrock(jnp.array([-1.2, 1.0]))

    def test_in_single_precision(self):
        start = jnp.array([-1.2, 1.0], jnp.float32)
        found = minimise(rosenbrock, start, Bounds(start - jnp.inf, start + jnp.inf), steps=STEPS, tolerance=1e-8)
        assert found.converged and found.place.dtype == jnp.float32
        np.testing.assert_allclose(found.place, 1.0, atol=1e-3)


@jax.jit
def _quadratic_minimum(matrix, centre):
    return minimise(
        lambda x: 0.5 * (x - centre) @ matrix @ (x - centre),
        jnp.zeros(3),
        anywhere(3),
        steps=STEPS,
        tolerance=TOLERANCE,
    )


class TestBounds:
    CASES = [
        (rosenbrock, [-1.2, 1.0], between([-2.0, -2.0], [0.5, 2.0])),
        (rosenbrock, [-1.2, 1.0], between([-2.0, -2.0], [2.0, 0.25])),
        (rosenbrock, [-1.2, 1.0], between([-2.0, -2.0], [2.0, 2.0])),
        (rosenbrock, [5.0, -5.0], between([1.5, -1.0], [2.0, 1.0])),
        (lambda x: quadratic(x[:1], x[1:]), [0.0] * 4, between([0.0] * 4, [1.0] * 4)),
        (
            lambda x: quadratic(x[:1], x[1:]),
            [0.0] * 4,
            between([-jnp.inf, 0.7, -0.3, -jnp.inf], [-0.4, jnp.inf, jnp.inf, jnp.inf]),
        ),
        (lambda x: x[0] - 2.0 * x[1] + x[0] * x[1], [0.3, 0.4], between([0.0, 0.0], [1.0, 1.0])),
        (lambda x: counting(x[:1], x[1:]), [0.3, 0.0, 0.0], between([0.0, -1.0, -0.2], [0.7, 1.0, 1.0])),
    ]

    @pytest.mark.parametrize("function, start, bounds", CASES)
    def test_as_scipy_finds_it_and_by_kuhn_and_tucker(self, function, start, bounds):
        found = search(function, start, bounds)
        evaluate = jax.jit(jax.value_and_grad(function))
        known = scipy.optimize.minimize(
            lambda x: [np.asarray(part) for part in evaluate(x)],
            np.clip(start, *bounds),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(*bounds)),
            options={"ftol": 1e-15, "gtol": 1e-10},
        )
        assert found.converged
        np.testing.assert_allclose(found.value, known.fun, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found.place, known.x, atol=1e-5)  # L-BFGS-B's
        place, slope, low, high = (np.asarray(array) for array in (found.place, evaluate(found.place)[1], *bounds))
        assert np.all((place >= low) & (place <= high))
        inwards = np.where(place == low, np.minimum(slope, 0.0), np.where(place == high, np.maximum(slope, 0.0), slope))
        np.testing.assert_allclose(inwards, 0.0, atol=1e-5)

    def test_a_bound_closes_what_has_no_minimum(self):
        found = search(lambda x: x[0] - 2.0 * x[1], [0.3, 0.4], between([-3.0, -1.0], [5.0, 7.0]))
        assert found.converged and found.place.tolist() == [-3.0, 7.0]

    def test_a_parameter_is_let_go_from_its_bound(self):
        found = search(lambda x: (x[0] - 2.0) ** 2 + (x[1] - x[0]) ** 2, [0.0, 0.0], between([0.0, 0.0], [3.0, 3.0]))
        np.testing.assert_allclose(found.place, 2.0, atol=1e-6)

    def test_a_parameter_without_room_stays(self):
        found = search(rosenbrock, [0.3, 0.9], between([-jnp.inf, 0.5], [jnp.inf, 0.5]))
        assert found.converged and found.place[1] == 0.5
        known = scipy.optimize.minimize_scalar(
            lambda a: float(rosenbrock(np.array([a, 0.5]))), bracket=(0.5, 0.9), options={"xtol": 1e-12}
        )
        np.testing.assert_allclose(found.place[0], known.x, atol=1e-6)


PLACES = [[0.7, -0.4], [1.6, 2.0], [-1.3, 0.2]]


class TestProfile:
    @pytest.mark.parametrize("place", PLACES)
    def test_of_a_quadratic(self, place):
        """Schur complement: A_xx - A_xt A_tt^-1 A_tx."""
        x, (own, cross, inner) = np.array(place), (QUADRATIC[:2, :2], QUADRATIC[2:, :2], QUADRATIC[2:, 2:])
        slopes = -np.linalg.solve(inner, cross)
        schur, linear = own + cross.T @ slopes, LINEAR[:2] + slopes.T @ LINEAR[2:]
        found = profile(quadratic, [5.0, -8.0])(x)
        assert found.converged
        offset = -0.5 * LINEAR[2:] @ np.linalg.solve(inner, LINEAR[2:])
        np.testing.assert_allclose(found.value, 0.5 * x @ schur @ x + linear @ x + offset, rtol=1e-12)
        np.testing.assert_allclose(found.gradient, schur @ x + linear, rtol=1e-12)
        np.testing.assert_allclose(found.slopes, slopes, rtol=1e-12)
        np.testing.assert_allclose(found.minimiser, slopes @ x - np.linalg.solve(inner, LINEAR[2:]), rtol=1e-10)

    @pytest.mark.parametrize("place", PLACES)
    def test_of_a_valley(self, place):
        a, y = place
        found = profile(banana, [4.0, -3.0])(jnp.array(place))
        assert found.converged
        np.testing.assert_allclose(found.value, (1.0 - a) ** 2 + (y - 1.0) ** 2, rtol=1e-12)
        np.testing.assert_allclose(found.gradient, [2.0 * (a - 1.0), 2.0 * (y - 1.0)], atol=1e-8)
        np.testing.assert_allclose(found.minimiser, [a**2, 0.5 * (a + y)], atol=1e-7)
        np.testing.assert_allclose(found.slopes, [[2.0 * a, 0.0], [0.5, 0.5]], atol=1e-6)

    @pytest.mark.parametrize("strength", [0.05, 0.8, 3.0])
    def test_of_a_likelihood(self, strength):
        found = profile(counting, [0.0, 0.0])(jnp.array([strength]))
        bare = jax.jit(jax.value_and_grad(partial(counting, jnp.array([strength]))))
        known = scipy.optimize.minimize(
            lambda t: [np.asarray(part) for part in bare(t)],
            np.zeros(2),
            jac=True,
            method="BFGS",
            options={"gtol": 1e-7},
        )
        assert found.converged
        np.testing.assert_allclose(found.value, known.fun, rtol=1e-12)
        np.testing.assert_allclose(found.minimiser, known.x, atol=1e-6)

    @pytest.mark.parametrize("bounds", [anywhere(2), between([-9.0, -0.2], [9.0, 0.2])])
    @pytest.mark.parametrize("strength", [0.05, 0.8, 3.0])
    def test_derivatives_are_differences(self, strength, bounds):
        """Of the profiled value, and of the minimiser, also where a bound holds a part of it."""
        evaluate, width = profile(counting, [0.0, 0.0], bounds), 1e-4 * strength
        found, left, right = (evaluate(jnp.array([place])) for place in (strength, strength - width, strength + width))
        np.testing.assert_allclose(found.gradient[0], (right.value - left.value) / (2.0 * width), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            found.slopes[:, 0], (right.minimiser - left.minimiser) / (2.0 * width), rtol=1e-4, atol=1e-4
        )

    def test_held_parameters_have_no_slope(self):
        found = profile(counting, [0.0, 0.0], between([-9.0, 0.1], [9.0, 0.2]))(jnp.array([3.0]))
        assert found.minimiser[1] == 0.1 and found.slopes[1, 0] == 0.0 and found.slopes[0, 0] != 0.0

    def test_a_loose_tolerance_costs_the_gradient_its_own_order(self):
        """Not its root: the value is then wrong by some 1e-4, df/dx alone would be by some 1e-2."""
        exact, loose = (
            profile(counting, [0.0, 0.0], tolerance=tolerance)(jnp.array([2.0])) for tolerance in (TOLERANCE, 3e-2)
        )
        assert loose.converged and jnp.max(jnp.abs(loose.minimiser - exact.minimiser)) > 1e-3
        np.testing.assert_allclose(loose.gradient, exact.gradient, atol=1e-3)

    def test_a_singular_minimum_has_no_slopes(self):
        """Only t1 + t2 is known."""
        found = profile(lambda x, t: (t[0] + t[1] - x[0]) ** 2 + x[0] ** 2, [0.5, -3.0])(jnp.array([1.5]))
        assert found.converged and jnp.all(found.slopes == 0.0)
        np.testing.assert_allclose([found.value, found.gradient[0]], [2.25, 3.0], rtol=1e-12)

    def test_finite_where_there_is_no_minimum(self):
        found = profile(lambda x, t: x[0] * t[0] + t[1] ** 2, [0.5, -3.0])(jnp.array([1.5]))
        assert not found.converged and all_finite(found)

    def test_the_value_has_the_same_derivative_in_forward_mode(self):
        evaluate, place = profile(counting, [0.0, 0.0]), jnp.array([0.8])
        np.testing.assert_allclose(jax.jacfwd(lambda x: evaluate(x).value)(place), evaluate(place).gradient, rtol=1e-7)

    @pytest.mark.parametrize("function", [banana, quadratic])
    def test_a_batch_is_its_points_one_by_one(self, function):
        places = jnp.asarray(np.random.default_rng(5).uniform(-3.0, 3.0, (100, 2)))
        evaluate = profile(function, [4.0, -3.0])
        batch = jax.jit(jax.vmap(evaluate))(places)
        alone = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[evaluate(place) for place in places])
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-9), batch, alone)
        assert jnp.all(batch.converged)
