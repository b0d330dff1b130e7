"""Quadrature rules against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from scipy import integrate

from jaxmix.numerics import quadrature
from jaxmix.numerics.sobol import scrambled


def integral(function, low, high, centre, width, n=56):
    distance, weights = quadrature.resonance_nodes(*(jnp.asarray(x) for x in (low, high, centre, width)), n)
    return jnp.sum(weights * function(distance))


def test_gauss_legendre_is_exact_for_polynomials():
    nodes, weights = quadrature.gauss_legendre(5)
    for power in range(10):
        np.testing.assert_allclose(np.sum(weights * nodes**power), 1 / (power + 1), rtol=1e-14)


@pytest.mark.parametrize("width", [1e-13, 1e-8, 1e-4, 0.03, 0.3])
@pytest.mark.parametrize("centre", [1.0, 4.9999, 5.0, 6.0, 14.0])
def test_resonance_with_background(width, centre):
    """int [w/(t^2 + w^2) + a] dt = atan(t/w) + a t over a range that may hold the resonance, or its edge, or not."""
    low, high, background = 5.0, 12.0, 0.01
    bottom, top = low - centre, high - centre
    exact = np.arctan2(top, width) - np.arctan2(bottom, width) + background * (high - low)
    # 1e-5: the accuracy that the Drell-Yan spectrum asks of the map
    np.testing.assert_allclose(
        integral(lambda t: width / (t * t + width**2) + background, low, high, centre, width), exact, rtol=1e-5
    )


def test_square_root_threshold():
    low, high, centre = 2.0, 9.0, 4.0
    exact = integrate.quad(lambda u: 2 * u**2 * np.exp(-u * u), 0, np.sqrt(high - low), epsabs=1e-12)[0]
    value = integral(lambda t: jnp.sqrt(t + centre - low) * jnp.exp(-(t + centre - low)), low, high, centre, 1e-6)
    np.testing.assert_allclose(value, exact, rtol=1e-5)


@pytest.mark.parametrize(("low", "high"), [(3.0, 3.0), (4.0, 3.0)])
def test_empty_range_is_zero_with_finite_slope(low, high):
    value, slope = jax.value_and_grad(lambda c: integral(jnp.cos, low, high, c, 1e-3))(2.0)
    assert value == 0.0
    assert np.isfinite(slope)


def test_gradients_are_those_of_the_closed_form():
    """d/dcentre, d/dlow and d/dhigh of int w/(t^2 + w^2)."""
    width = 0.02

    def lorentzian(low, high, centre):
        return integral(lambda t: width / (t * t + width**2), low, high, centre, width)

    low, high, centre = 1.0, 3.0, 1.9
    edges = [width / ((x - centre) ** 2 + width**2) for x in (low, high)]
    slopes = jax.grad(lorentzian, (0, 1, 2))(low, high, centre)
    np.testing.assert_allclose(slopes, [-edges[0], edges[1], edges[0] - edges[1]], rtol=1e-4)


def test_sobol_points_integrate_with_honest_errors():
    """The integral of prod 3 x^2 over the cube is one: off by no more than the scrambles say, less than half of random
    points' error; the same every time.
    """
    cube = scrambled.points(5, 10, 16)
    found, error = reference.mean_and_error(np.prod(3 * cube**2, axis=-1).mean(axis=-1))
    assert abs(found - 1) < 4 * error
    assert error < 0.4 * np.sqrt((9 / 5) ** 5 / 1024 / 16)
    assert np.all((cube > 0) & (cube < 1))
    scrambled.points.cache_clear()
    np.testing.assert_array_equal(cube, scrambled.points(5, 10, 16))
