"""Decay kinematics against traces, explicit four-vector boosts and scipy integration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import integrate

from jaxmix.collider import kinematics


def four_vector(mass, transverse, azimuth, rapidity):
    """(E, px, py, pz) of a particle."""
    mt = np.hypot(mass, transverse)
    return np.array(
        [mt * np.cosh(rapidity), transverse * np.cos(azimuth), transverse * np.sin(azimuth), mt * np.sinh(rapidity)]
    )


@pytest.mark.parametrize("beta", [1e-3, 0.4, 0.9, 1.0])
def test_vector_angular_density_is_the_trace_of_massless_quarks_to_massive_fermions(beta):
    """sum |M|^2 ~ (t - m^2)^2 + (u - m^2)^2 + 2 m^2 s with t - m^2 = -s (1 - beta c)/2: Peskin and Schroeder, eq.
    (5.11).
    """
    c = np.linspace(-1, 1, 7)
    squared_mass = (1 - beta**2) / 4  # s = 1
    matrix = ((1 - beta * c) / 2) ** 2 + ((1 + beta * c) / 2) ** 2 + 2 * squared_mass
    density = kinematics.vector_angular_density(jnp.asarray(c), jnp.asarray(beta))
    np.testing.assert_allclose(density / density[3], matrix / matrix[3], rtol=1e-13)
    total, _ = integrate.quad(
        lambda x: float(kinematics.vector_angular_density(jnp.asarray(x), jnp.asarray(beta))), -1, 1
    )
    assert total == pytest.approx(1, rel=1e-12)


def test_isotropic_density_is_one_half():
    values = kinematics.isotropic_angular_density(jnp.linspace(-1, 1, 5), jnp.asarray(0.3))
    np.testing.assert_array_equal(values, np.full(5, 0.5))


@given(some.floats(0.1, 10), some.floats(1e-2, 30), some.floats(-3, 3))
def test_rapidity_and_its_slope_at_a_pseudorapidity(mass, transverse, y):
    energy, px, py, pz = four_vector(mass, transverse, 0.3, y)
    momentum = np.sqrt(px**2 + py**2 + pz**2)
    eta = jnp.arctanh(pz / momentum)
    ratio = jnp.asarray(transverse) / kinematics.transverse_mass(jnp.asarray(mass), jnp.asarray(transverse))
    assert kinematics.rapidity(eta, ratio) == pytest.approx(y, rel=1e-6, abs=1e-9)
    assert kinematics.rapidity_slope(eta, ratio) == pytest.approx(momentum / energy, rel=1e-6)
    assert jax.grad(kinematics.rapidity)(eta, ratio) == pytest.approx(momentum / energy, rel=1e-6)


def test_boosted_transverse_momentum_against_a_lorentz_boost():
    rng = np.random.default_rng(1)
    mass, m, parent = 3.1, 0.8, 4.2
    c, phi = rng.uniform(-1, 1, 50), rng.uniform(0, 2 * np.pi, 50)
    p = np.sqrt(mass**2 / 4 - m**2)
    rest = np.array(
        [np.full(50, mass / 2), p * c, p * np.sqrt(1 - c**2) * np.cos(phi), p * np.sqrt(1 - c**2) * np.sin(phi)]
    )
    gamma, gamma_beta = np.hypot(mass, parent) / mass, parent / mass
    px = gamma * rest[1] + gamma_beta * rest[0]
    values = kinematics.boosted_transverse_momentum(*map(jnp.asarray, (mass, 2 * p / mass, parent, c, phi)))
    np.testing.assert_allclose(values, np.hypot(px, rest[2]), rtol=1e-12)


def test_derivatives_are_finite_at_threshold_and_at_rest():
    assert jax.grad(kinematics.velocity_above)(0.25, 1e-4) == 0
    assert float(kinematics.velocity_above(jnp.asarray(0.1), 1e-4)) == pytest.approx(np.sqrt(0.6), rel=1e-15)
    slopes = jax.grad(kinematics.boosted_transverse_momentum, argnums=(0, 1, 2, 3))(
        *map(jnp.asarray, (3.0, 0.0, 0.0, 0.5, 0.1))
    )
    assert np.all(np.isfinite(slopes))
