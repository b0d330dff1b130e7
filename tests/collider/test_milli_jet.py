"""Radiated Z' bosons against scipy's double integral over helicities, the exact three-body rate and textbook limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from jaxmix.collider import milli_jet

UNIT = np.sqrt(8 * np.pi**2)  # the coupling with alpha'/(2 pi) = 1
mean_emissions = jax.jit(milli_jet.mean_emissions, static_argnums=4)


def doubly_integrated(m_zprime, m_mcp, energy):
    """int dz dk^2 over transverse, longitudinal and spin-flip emission, in k^2 + m_Z'^2 < (z M)^2 and
    (k^2 + m_Z'^2)/z + (k^2 + m^2)/(1 - z) < (M - m)^2."""
    pair = 2 * energy

    def helicities(k2, z):
        denominator = k2 + (1 - z) * m_zprime**2 + z**2 * m_mcp**2
        transverse = k2 * (1 + (1 - z) ** 2) / z
        return (transverse + 2 * (1 - z) ** 2 * m_zprime**2 / z + z**3 * m_mcp**2) / denominator**2

    def largest(z):
        by_mass = z * (1 - z) * ((pair - m_mcp) ** 2 - m_zprime**2 / z - m_mcp**2 / (1 - z))
        return max(min(by_mass, (z * pair) ** 2 - m_zprime**2), 0.0)

    def in_logarithm(ln_k2, z):
        return np.exp(ln_k2) * helicities(np.exp(ln_k2), z)

    smallest = 1e-6 * m_zprime**2
    whole = integrate.dblquad(
        in_logarithm, 0, 1, np.log(smallest), lambda z: np.log(max(largest(z), smallest)), epsrel=1e-5
    )[0]
    return whole + integrate.dblquad(helicities, 0, 1, 0.0, lambda z: min(largest(z), smallest), epsrel=1e-5)[0]


def exactly_radiated(m_zprime, pair):
    """Rate of vector current -> massless pair and vector over that of the pair, halved, in alpha'/(2 pi).

    int dx1 dx2 {[(x1 + r)^2 + (x2 + r)^2]/[(1 - x1)(1 - x2)] - r/(1 - x1)^2 - r/(1 - x2)^2}, x = 2 E/M, r = m_Z'^2/M^2,
    in ln(1 - x).
    """
    r = (m_zprime / pair) ** 2

    def integrand(second, first):
        a, b = np.exp(first), np.exp(second)
        return (1 - a + r) ** 2 + (1 - b + r) ** 2 - r * b / a - r * a / b

    return (
        integrate.dblquad(
            integrand, np.log(r), 0, lambda a: np.log(r) - a, lambda a: np.log(1 + r - np.exp(a)), epsrel=1e-7
        )[0]
        / 2
    )


@pytest.mark.parametrize(
    ("m_zprime", "m_mcp", "energy"), [(1.0, 0.33, 100.0), (1.0, 3.0, 10.0), (2.0, 0.5, 4.0), (1.0, 0.4, 0.95)]
)
def test_mean_emissions_is_the_double_integral(m_zprime, m_mcp, energy):
    assert mean_emissions(UNIT, m_zprime, m_mcp, energy) == pytest.approx(
        doubly_integrated(m_zprime, m_mcp, energy), rel=3e-4
    )


@pytest.mark.parametrize(("ratio", "excess"), [(10, 0.51), (50, 0.16), (200, 0.08), (2e4, 0.024)])
def test_a_light_emitter_radiates_as_the_exact_three_body_rate_says(ratio, excess):
    """The exact rate is (L^2 - 3 L + 5 - pi^2/3)/2; what the collinear one adds is a constant, no logarithm."""
    exact = exactly_radiated(1.0, ratio)
    logarithm = 2 * np.log(ratio)
    if ratio >= 50:
        assert exact == pytest.approx((logarithm**2 - 3 * logarithm + 5 - np.pi**2 / 3) / 2, abs=0.03)
        assert mean_emissions(UNIT, 1.0, 0.0, ratio / 2) - exact == pytest.approx(0.53 * 2 * np.pi, abs=0.2)
    assert mean_emissions(UNIT, 1.0, 0.0, ratio / 2) / exact - 1 == pytest.approx(excess, abs=0.01)


def test_a_heavy_emitter_radiates_soft_bosons_as_a_classical_charge():
    """(alpha/pi) [ln(M^2/m^2) - 1] per particle and per unit of ln(1/m_Z'): D.R. Yennie et al., Ann. Phys. 13 (1961)
    379.
    """
    slope = jax.grad(milli_jet.mean_emissions, argnums=1)(UNIT, 1e-4, 1.0, 500.0) * 1e-4
    assert -slope == pytest.approx(2 * (np.log(1000.0**2) - 1), rel=1e-3)


@pytest.mark.parametrize(("m_zprime", "m_mcp"), [(1e-2, 0.0), (1e-2, 1e-3), (1e-4, 1e-1)])
def test_double_logarithm(m_zprime, m_mcp):
    """Second differences in ln M take single logarithms and constants out."""
    energies = 1e4 * np.array([0.1, 1.0, 10.0])
    for number in (mean_emissions, milli_jet.leading_logarithm):
        low, middle, high = (float(number(UNIT, m_zprime, m_mcp, energy)) for energy in energies)
        assert high - 2 * middle + low == pytest.approx(4 * np.log(10.0) ** 2, rel=1e-3)
    if m_mcp > m_zprime:  # mixed differences see how the emitter's mass screens
        for number in (mean_emissions, milli_jet.leading_logarithm):
            corners = [float(number(UNIT, m, m_mcp, energy)) for m in (1e-4, 1e-5) for energy in (1e3, 1e4)]
            assert corners[0] - corners[1] - corners[2] + corners[3] == pytest.approx(4 * np.log(10.0) ** 2, rel=1e-3)


def test_nothing_is_radiated_below_threshold_and_slopes_are_finite():
    for m_zprime, m_mcp in ((1.0, 0.4), (1.0, 0.0), (0.1, 3.0)):
        threshold = m_zprime / 2 + m_mcp
        for energy in (
            1e-3,
            0.5 * threshold,
            threshold,
            threshold * (1 + 1e-14),
            threshold * (1 + 1e-9),
            1.01 * threshold,
            1e6,
        ):
            value, slopes = jax.value_and_grad(milli_jet.mean_emissions, argnums=(0, 1, 2, 3))(
                1.0, m_zprime, m_mcp, energy
            )
            assert np.all(np.isfinite([value, *slopes]))
            assert (value > 0) == (energy > threshold)
            if energy <= threshold:
                assert slopes == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("point", [(1.3, 1.0, 0.33, 100.0), (1.3, 1.0, 5.0, 20.0), (0.5, 2.0, 0.5, 1.6)])
def test_slopes_are_finite_differences(point):
    slopes = jax.grad(milli_jet.mean_emissions, argnums=(0, 1, 2, 3))(*point)
    forward = jax.jacfwd(milli_jet.mean_emissions, argnums=(0, 1, 2, 3))(*point)
    for k in range(4):
        shift = np.eye(4)[k] * 1e-5 * point[k]
        difference = (mean_emissions(*(point + shift)) - mean_emissions(*(point - shift))) / (2 * shift[k])
        assert slopes[k] == pytest.approx(float(difference), rel=1e-5)
        assert forward[k] == pytest.approx(float(slopes[k]), rel=1e-9)


def test_more_coupling_and_more_energy_give_more():
    numbers = [float(mean_emissions(g, 1.0, 0.33, 100.0)) for g in (0.0, 0.1, 0.2, 1.0)]
    assert numbers[0] == 0
    np.testing.assert_allclose(np.array(numbers[1:]) / numbers[1], [1, 4, 100], rtol=1e-12)
    energies = [float(mean_emissions(1.0, 1.0, 0.33, energy)) for energy in np.geomspace(0.84, 1e4, 20)]
    assert np.all(np.diff(energies) > 0)


def test_coupling_is_that_of_the_massive_dark_boson():
    """e'/(s c) (T3' - Q' s^2) with T3' = 0."""
    sine, cosine = np.sin(1.2), np.cos(1.2)
    assert milli_jet.coupling(0.7, 1.2, 2.0) == pytest.approx(0.7 / (sine * cosine) * (0 - 2.0 * sine**2), rel=1e-13)
    assert milli_jet.coupling(0.7, 0.0) == 0


def test_multiplicity_is_the_mean_of_sampled_events():
    rng = np.random.default_rng(2)
    emitted = rng.poisson(0.8, (400_000, 2)).sum(axis=1)
    mcps = 2 + 2 * rng.binomial(emitted, 0.6)
    assert milli_jet.mcp_multiplicity(jnp.asarray(0.8), 0.6) == pytest.approx(mcps.mean(), rel=3e-3)


def test_milli_jet_of_a_strong_dark_coupling():
    """e' = 1, theta_W' = 1.2, m_Z' = 1 GeV, m = 0.33 GeV, E = 100 GeV: alpha' = 0.53, and several Z' from each mCP."""
    strength = milli_jet.coupling(1.0, 1.2)
    emissions = mean_emissions(strength, 1.0, 0.33, 100.0)
    assert strength**2 / (4 * np.pi) == pytest.approx(0.526, abs=1e-3)
    assert emissions == pytest.approx(3.70, abs=0.01)
    assert milli_jet.mcp_multiplicity(emissions, 1.0) == pytest.approx(16.8, abs=0.05)
