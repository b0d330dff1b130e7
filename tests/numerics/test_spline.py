"""Uniform cubic splines against scipy's not-a-knot splines and against polynomials that they must reproduce."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import interpolate

from jaxmix.numerics import spline


def wave(x):
    return np.sin(2.3 * x) + 0.3 * x**2


def test_reproduces_a_cubic_in_every_dimension():
    axes = [(-1.0, 2.0), (0.5, 1.5), (3.0, 9.0)]
    rng = np.random.default_rng(0)
    points = [rng.uniform(*axis, 20) for axis in axes]
    for dimensions in (1, 2, 3):

        def cubic(*x):
            return sum((k + 1) * value**3 - value for k, value in enumerate(x)) + np.prod(np.stack(x), axis=0)

        knots = np.meshgrid(*[np.linspace(*axis, 6 + k) for k, axis in enumerate(axes[:dimensions])], indexing="ij")
        fitted = spline.fit(cubic(*knots), *axes[:dimensions])
        np.testing.assert_allclose(fitted(*points[:dimensions]), cubic(*points[:dimensions]), rtol=1e-11)


def test_agrees_with_scipy_not_a_knot():
    knots = np.linspace(-2.0, 3.0, 23)
    x = np.linspace(-2.0, 3.0, 301)
    oracle = interpolate.CubicSpline(knots, wave(knots), bc_type="not-a-knot")
    fitted = spline.fit(wave(knots), (-2.0, 3.0))
    np.testing.assert_allclose(fitted(x), oracle(x), atol=1e-13)
    np.testing.assert_allclose(jax.vmap(jax.grad(fitted))(x[1:-1]), oracle(x[1:-1], 1), atol=1e-12)


def test_two_axes_agree_with_scipy():
    a, b = np.linspace(0.0, 2.0, 15), np.linspace(-1.0, 1.0, 12)
    values = np.exp(a[:, None]) * np.cos(3 * b[None, :])
    x, y = np.random.default_rng(1).uniform(-1, 1, (2, 50))
    fitted = spline.fit(values, (0.0, 2.0), (-1.0, 1.0))
    np.testing.assert_allclose(
        fitted(x + 1, y), interpolate.RectBivariateSpline(a, b, values).ev(x + 1, y), rtol=1e-10, atol=1e-12
    )


def test_components_and_shapes():
    knots = np.linspace(0.0, 1.0, 9)
    fitted = spline.fit(np.stack([knots, knots**2], axis=-1), (0.0, 1.0))
    assert fitted(jnp.asarray(0.3)).shape == (2,)
    assert fitted(jnp.full((4, 5), 0.3)).shape == (4, 5, 2)
    np.testing.assert_allclose(fitted(0.3), [0.3, 0.09], rtol=1e-12)


@pytest.mark.parametrize(("outside", "end"), [(-5.0, 0.0), (7.0, 1.0)])
def test_held_at_the_end_outside(outside, end):
    fitted = spline.fit(wave(np.linspace(0.0, 1.0, 12)), (0.0, 1.0))
    np.testing.assert_allclose(fitted(outside), wave(end), rtol=1e-12, atol=1e-14)
    assert jax.grad(fitted)(outside) == 0.0


def test_gradient_with_respect_to_the_values():
    """The spline is linear in its table: the derivative is the response to a unit change of one entry."""
    values, x = wave(np.linspace(0.0, 1.0, 10)), 0.37
    gradient = jax.grad(lambda v: spline.fit(v, (0.0, 1.0))(x))(jnp.asarray(values))
    for k in (0, 3, 9):
        raised = spline.fit(values + np.eye(10)[k], (0.0, 1.0))(x) - spline.fit(values, (0.0, 1.0))(x)
        np.testing.assert_allclose(gradient[k], raised, atol=1e-12)


def test_jit_and_vmap_agree_with_eager():
    fitted = spline.fit(wave(np.linspace(0.0, 1.0, 30)), (0.0, 1.0))
    x = jnp.linspace(-0.1, 1.1, 17)
    np.testing.assert_allclose(jax.jit(lambda table, at: table(at))(fitted, x), fitted(x), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(jax.vmap(fitted)(x), fitted(x), rtol=1e-13, atol=1e-15)


def test_refuses_too_few_or_uneven_knots():
    with pytest.raises(ValueError, match="at least 4 knots, got shape"):
        spline.fit(np.ones(3), (0.0, 1.0))
    with pytest.raises(ValueError, match="knots must rise in equal steps"):
        spline.ends(np.array([0.0, 1.0, 2.5, 3.0]))
    assert spline.ends(np.linspace(1.0, 2.0, 7)) == (1.0, 2.0)
