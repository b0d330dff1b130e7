"""The mass from an opening angle against sampled decays: four-vectors boosted in NumPy, which share no formula with the
nodes.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix.collider import kinematics
from jaxmix.detector import mass_estimate

BARS = (0.1 / 20, 1.0 / 20, 0.1, 0.1 / np.sqrt(6) / 20)  # smallest and largest angle, resolutions of jet and angle


def pair(mass, m, momentum, cosine):
    """Both products' (E, p_along, p_across) in the laboratory, by a matrix of the boost."""
    p = np.sqrt(mass**2 / 4 - m**2)
    gamma, boost = np.hypot(momentum, mass) / mass, momentum / mass
    matrix = np.array([[gamma, boost, 0], [boost, gamma, 0], [0, 0, 1]])
    half = np.full_like(cosine, mass / 2)
    return [matrix @ np.array([half, sign * p * cosine, sign * p * np.sqrt(1 - cosine**2)]) for sign in (1, -1)]


def angle_between(first, second):
    """From the scalar product of unit vectors, as a half angle from their difference: no loss of digits."""
    units = [each[1:] / np.hypot(each[1], each[2]) for each in (first, second)]
    return 2 * np.arcsin(np.minimum(1, np.hypot(*(units[0] - units[1])) / 2))


def sampled(mass, m, momentum, window, *, flat=False, ratio=0.0, size=1_000_000):
    """Median, half-width and share of the estimate over the truth, cosines by rejection on the matrix element of a
    transverse vector.
    """
    low, high, jet, spread = window
    rng = np.random.default_rng(3)
    beta = np.sqrt(1 - 4 * (m / mass) ** 2)
    cosine = rng.uniform(-1, 1, size)
    matrix = (1 - beta * cosine) ** 2 + (1 + beta * cosine) ** 2 + 2 * (1 - beta**2)
    cosine = cosine if flat else cosine[rng.uniform(0, 4, size) < matrix]
    measured = angle_between(*pair(mass, m, momentum, cosine)) + spread * rng.normal(size=len(cosine))
    kept = (measured > low) & (measured < high)
    jets = momentum * (1 + jet * rng.normal(size=kept.sum()))
    estimates = jets * np.tan(measured[kept] / 2) / np.sqrt(1 - 4 * ratio**2) / mass
    lower, median, upper = np.percentile(estimates, [15.8655, 50, 84.1345])
    return median, (upper - lower) / 2, kept.mean()


@pytest.mark.parametrize(
    ("mass", "m", "momentum"), [(3.0, 1.0, 100.0), (1.0, 1e-3, 5.0), (10.0, 4.9, 3.0), (2.0, 0.3, 2.0)]
)
def test_opening_angle_is_that_of_boosted_four_vectors(mass, m, momentum):
    cosine = np.array([-0.95, -0.3, 0.0, 0.6, 0.999])
    angles = mass_estimate.opening_angle(mass, m, momentum, jnp.asarray(cosine))
    np.testing.assert_allclose(angles, angle_between(*pair(mass, m, momentum, cosine)), rtol=1e-7)


@pytest.mark.parametrize("eta", [0.0, 0.7])
def test_even_sharing_gives_the_invariant_mass(eta):
    """Light products that share the energy; heavy ones with their mass ratio; E = 2 M/theta when all is small."""
    for mass, m, transverse in ((3.0, 0.0, 100.0), (3.0, 0.0, 2.0), (3.0, 1.0, 100.0), (10.0, 3.0, 5.0)):
        first, second = pair(mass, m, transverse * np.cosh(eta), np.zeros(1))
        total = first + second
        assert total[0] ** 2 - total[1] ** 2 - total[2] ** 2 == pytest.approx(mass**2)
        angle = angle_between(first, second)[0]
        assert mass_estimate.zprime_mass(transverse, angle, eta, m / mass) == pytest.approx(mass, rel=1e-9)
    assert mass_estimate.zprime_mass(100.0, 0.01) == pytest.approx(100.0 * 0.01 / 2, rel=1e-5)
    slopes = jax.grad(mass_estimate.zprime_mass, argnums=(0, 1, 2, 3))(100.0, 0.0, 0.0, 0.0)
    assert slopes == pytest.approx((0.0, 50.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("mass", "m", "momentum", "flat", "ratio"),
    [
        (3.0, 1.0, 100.0, False, 0.0),
        (3.0, 1e-3, 200.0, False, 0.0),
        (3.0, 1.4, 100.0, True, 0.0),
        (10.0, 3.0, 300.0, False, 0.3),
    ],
)
def test_resolution_is_that_of_sampled_decays(mass, m, momentum, flat, ratio):
    density = kinematics.isotropic_angular_density if flat else kinematics.vector_angular_density
    value = mass_estimate.mass_resolution(mass, m, momentum, mass_ratio=ratio, angular_density=density)
    median, width, share = sampled(mass, m, momentum, BARS, flat=flat, ratio=ratio)
    assert value.median == pytest.approx(median, rel=3e-3)
    assert value.half_width == pytest.approx(width, rel=1e-2)
    assert value.share == pytest.approx(share, rel=5e-3)


def test_good_instruments_leave_the_spread_of_the_energy_shares():
    """M << P, all angles: light products of an isotropic decay estimate M/sqrt(1 - c^2), median 2/sqrt(3) = 1.155."""
    window = (1e-4, 1.0, 5e-3, 1e-5)
    value = mass_estimate.mass_resolution(
        1.0, 0.0, 100.0, *window, angular_density=kinematics.isotropic_angular_density
    )
    assert value.median == pytest.approx(2 / np.sqrt(3), rel=1e-2)
    upper, lower = (1 / np.sqrt(1 - c**2) for c in (0.841345, 0.158655))
    assert value.half_width == pytest.approx((upper - lower) / 2, rel=2e-2)


def test_heavy_products_bias_the_mass_low_and_the_ratio_corrects_it():
    """At m = M/3 every decay with |c| < 0.7 opens within 2% of beta = 0.745 times the even angle of light ones."""
    plain = mass_estimate.mass_resolution(3.0, 1.0, 100.0)
    assert 0.68 < plain.median < 0.745
    corrected = mass_estimate.mass_resolution(3.0, 1.0, 100.0, mass_ratio=1 / 3)
    assert corrected.median == pytest.approx(float(plain.median) / np.sqrt(5 / 9), rel=1e-9)
    assert 0.93 < corrected.median < 1.0
    assert corrected.half_width < 0.15


def test_slopes_are_finite_differences():
    def numbers(*x):
        value = mass_estimate.mass_resolution(*x)
        return jnp.stack([value.median, value.half_width, value.share])

    point = np.array([3.0, 0.8, 120.0, 0.006, 0.055, 0.1, 0.002])
    forward, reverse = (jax.jit(kind(numbers, argnums=tuple(range(7))))(*point) for kind in (jax.jacfwd, jax.jacrev))
    compiled = jax.jit(numbers)
    for k in range(7):
        shift = np.eye(7)[k] * 1e-4 * point[k]
        difference = (compiled(*(point + shift)) - compiled(*(point - shift))) / (2 * shift[k])
        np.testing.assert_allclose(forward[k], difference, rtol=2e-4, atol=1e-7 / point[k])
        np.testing.assert_allclose(reverse[k], forward[k], rtol=1e-9, atol=1e-12)


def test_where_no_pair_fits_there_is_no_estimate():
    for mass, m, momentum in ((30.0, 1.0, 10.0), (3.0, 1.5, 100.0), (3.0, 2.0, 100.0)):
        value = mass_estimate.mass_resolution(mass, m, momentum)
        assert value.share == 0
        assert np.isnan(value.median)
        assert np.isnan(value.half_width)
        slopes = jax.grad(lambda *x: mass_estimate.mass_resolution(*x).share, argnums=(0, 1, 2))(mass, m, momentum)
        assert np.all(np.isfinite(slopes))
    light = jax.grad(lambda *x: mass_estimate.mass_resolution(*x).median, argnums=(0, 1, 2))(3.0, 0.0, 200.0)
    assert np.all(np.isfinite(light))
