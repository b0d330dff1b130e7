"""Drell-Yan spectrum against brute-force integration, published check values and closed forms."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix import constants
from jaxmix.collider import drell_yan, parton_luminosity
from jaxmix.currents import neutral_currents
from jaxmix.models import mixed_phase
from jaxmix.numerics import quadrature

COS2 = 1 - constants.SIN2_THETA_W


@pytest.fixture(scope="module")
def luminosity():
    return parton_luminosity.parton_luminosity().tabulate()


def currents(kappa=1e-3, m_zprime=30.0, m_mcp=10.0, **others):
    return mixed_phase.MixedPhase(kappa, m_zprime=m_zprime, m_mcp=m_mcp, **others).currents()


@jax.jit
def cross_section(point, luminosity):
    return drell_yan.spectrum(point, luminosity).cross_section


@jax.jit
def integrand(point, luminosity, distance, shift):
    """dsigma/dln s over kappa^2, pb, at s = M2^2 exp(shift + distance); written out again from the formula."""
    s, offset = point.m2**2 * jnp.exp(shift + distance), point.m2**2 * jnp.expm1(shift + distance)
    up, down = neutral_currents.pair_amplitudes(point, s, offset)
    flux_up, flux_down = luminosity.columns(jnp.sqrt(s))
    beta = jnp.sqrt(jnp.maximum(1 - 4 * jnp.maximum(point.m_mcp, 1.0) ** 2 / s, 0.0))
    partonic = s / (48 * jnp.pi * 3) * 2 * beta * (3 - beta**2) / 2
    return (up * flux_up + down * flux_down) * partonic * s / luminosity.sqrt_s**2 * constants.PICOBARN


def brute_force(point, luminosity):
    """20-point Gauss-Legendre on some 500 panels in ln s, halving towards both poles and every threshold; no map."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    shift, width = (float(value) for value in neutral_currents.resonance(point))
    pole = 2 * np.log(float(point.m2)) + shift
    low = 2 * np.log(max(2.0, 2 * float(point.m_mcp))) - pole
    high = 2 * np.log(min(4000.0, 0.7 * float(luminosity.sqrt_s))) - pole
    z = 2 * np.log(float(point.m1)) - pole
    heavy = [2 * np.log(2 * f.mass) - pole for f in constants.FERMIONS if f.mass > 0.5]
    halving = 2.0 ** -np.arange(0, 40)
    edges = [[low, high, 0.0, z], low + halving, *(edge + sign * halving[:14] for edge in heavy for sign in (-1, 1))]
    for sign in (-1, 1):
        edges += [sign * width * 2.0 ** np.arange(-3, 60), z + sign * 0.0137 * 2.0 ** np.arange(-3, 12)]
    edges = np.unique(np.concatenate(edges))
    edges = edges[(edges >= low) & (edges <= high)]
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    distance = (middle[:, None] + half[:, None] * nodes[None, :]).ravel()
    padded = np.full(12000, distance[-1])
    padded[: len(distance)] = distance
    values = np.asarray(integrand(point, luminosity, padded, shift))[: len(distance)]
    return np.sum(values * (half[:, None] * weights[None, :]).ravel())


def random_points(number):
    """A Z' from 0.5 to 3000 GeV, every fourth within the Z's width, widths from 1e-13 to 0.25, thresholds near
    and far.
    """
    rng, points = np.random.default_rng(7), []
    for k in range(number):
        mass = (
            91.1876 + rng.normal() * 10 ** rng.uniform(-4, 0.7)
            if k % 4 == 1
            else np.exp(rng.uniform(np.log(0.5), np.log(3000)))
        )
        m_mcp = (
            mass / 3,
            np.exp(rng.uniform(np.log(0.1), np.log(500))),
            mass / 2 * (1 + rng.normal() * 10 ** rng.uniform(-6, -1)),
        )[k % 3]
        width = (None, 10 ** rng.uniform(-12.5, -0.6) * mass)[(k // 4) % 2]
        points.append(
            {
                "kappa": 10 ** rng.uniform(-4, -1.7),
                "m2": mass,
                "m_mcp": m_mcp,
                "theta_dark": rng.uniform(0.05, 1.5),
                "dark_width": width,
            }
        )
    return points


@pytest.mark.parametrize(
    "parameters", random_points(32), ids=lambda p: f"m2={p['m2']:.6g},m={p['m_mcp']:.4g},width={p['dark_width']}"
)
def test_meets_brute_force_at_every_width(luminosity, parameters):
    point = currents(m_zprime=None, **parameters)
    np.testing.assert_allclose(cross_section(point, luminosity), brute_force(point, luminosity), rtol=1e-5)


@pytest.mark.parametrize("relative_width", [1e-13, 1e-9, 1e-5, 1e-2, 0.3])
@pytest.mark.parametrize("m2", [0.5, 3.0, 91.1876, 91.2, 3000.0])
def test_widths_and_masses_at_the_ends_of_the_domain(luminosity, m2, relative_width):
    theta_dark = 0.01 if relative_width < 1e-9 else 0.7
    point = currents(1e-5, m_zprime=None, m2=m2, m_mcp=0.2, theta_dark=theta_dark, dark_width=relative_width * m2)
    np.testing.assert_allclose(cross_section(point, luminosity), brute_force(point, luminosity), rtol=1e-5)


@pytest.mark.parametrize(("m_mcp", "expected"), [(1.0, 9.21e4), (10.0, 2.37e3), (50.0, 24.0)])
def test_photon_and_z_alone(luminosity, m_mcp, expected):
    """sigma/epsilon_gamma^2 in pb in the Holdom phase at 14 TeV: couplings eps e to the photon, -eps e tan theta_W to
    the Z. Confirmed to 1% against Pythia 8.
    """
    point = currents(1e-4, 500.0, m_mcp, theta_dark=0.0)
    np.testing.assert_allclose(cross_section(point, luminosity) / COS2, expected, rtol=0.02)


def narrow_width(mass, luminosity):
    """sigma/eps_Z^2 = 4 pi^2 alpha/(3 S) sum_q L_q (|g_L|^2 + |g_R|^2)/2,
    g = Q + M^2/(cW^2 (m_Z^2 - M^2 - i M^2 Gamma_Z/m_Z)) (T3 - Q sW^2)."""
    mixing = mass**2 / (COS2 * (constants.M1**2 - mass**2 - 1j * mass**2 * 2.504 / constants.M1))

    def strength(charge, isospin):
        right = charge - mixing * charge * constants.SIN2_THETA_W
        return (abs(right) ** 2 + abs(right + mixing * isospin) ** 2) / 2

    up, down = (float(column[0]) for column in luminosity.columns(jnp.asarray([mass])))
    flux = up * strength(2 / 3, 0.5) + down * strength(-1 / 3, -0.5)
    return 4 * np.pi**2 * constants.ALPHA / (3 * 14000.0**2) * flux * constants.PICOBARN


@pytest.mark.parametrize(("mass", "expected"), [(10.0, 7.10e6), (91.0, 1.99e7), (300.0, 855.0)])
def test_narrow_zprime(luminosity, mass, expected):
    """The narrow-width formula meets the check values, and the full propagator meets the formula where the dark width
    wins.
    """
    np.testing.assert_allclose(narrow_width(mass, luminosity), expected, rtol=0.02)
    point = currents(1e-6, m_zprime=None, m2=mass, m_mcp=0.35 * mass, theta_dark=1.27, e_dark=0.05)
    shift, width = neutral_currents.resonance(point)
    pole = 2 * jnp.log(point.m2) + shift
    distance, weights = quadrature.resonance_nodes(pole - 200 * width, pole + 200 * width, pole, width, 80)
    peak = jnp.sum(weights * integrand(point, luminosity, distance, shift)) * np.pi / (2 * np.arctan(200))
    couplings = float(point.weak.cos * point.sector.dark.sin) ** 2
    # 2% holds the width's own O(Gamma_Z) uncertainty at 91 GeV
    np.testing.assert_allclose(peak / couplings, expected, rtol=0.02)
    np.testing.assert_allclose(cross_section(point, luminosity) / couplings, expected, rtol=0.03)


def test_only_kappa_squared_matters_at_small_mixing(luminosity):
    values = [cross_section(currents(kappa, 250.0, 40.0), luminosity) for kappa in (1e-4, -1e-4, 2e-4)]
    np.testing.assert_allclose(values, values[0], rtol=1e-5)


def test_frozen_below_the_freezing_mass(luminosity):
    """The mCP's mass is held in the kinematics at 1 GeV, or at another chosen mass; the pair mass stays above 2 GeV."""
    light, one = (cross_section(currents(1e-4, 500.0, m, theta_dark=0.0), luminosity) for m in (0.1, 1.0))
    # the mCP's part of the propagator keeps the mass asked for: of order alpha^2
    np.testing.assert_allclose(light, one, rtol=1e-5)
    lower = drell_yan.spectrum(currents(1e-4, 500.0, 0.1, theta_dark=0.0), luminosity, freezing_mass=0.1)
    assert lower.cross_section > 1.02 * one
    assert jnp.min(lower.mass) > 2.0


@pytest.mark.parametrize("m_zprime", [30.0, 91.2, 800.0])
def test_spectrum_lies_inside_the_range(luminosity, m_zprime):
    spectrum = drell_yan.spectrum(currents(1e-3, m_zprime, 12.0), luminosity)
    assert spectrum.mass.shape == (2 * drell_yan.NODES,)
    assert jnp.all((spectrum.mass > 24.0 * (1 - 1e-12)) & (spectrum.mass < 4000.0 * (1 + 1e-12)))
    assert jnp.all(spectrum.up >= 0) and jnp.all(spectrum.down >= 0)
    np.testing.assert_allclose(spectrum.cross_section, jnp.sum(spectrum.up) + jnp.sum(spectrum.down), rtol=1e-12)


def test_nothing_beyond_the_reach(luminosity):
    value, slope = jax.jit(jax.value_and_grad(lambda m: cross_section(currents(1e-3, 500.0, m), luminosity)))(2500.0)
    assert value == 0.0 and slope == 0.0


@jax.jit
def log_rate(x, luminosity):
    """ln sigma/kappa^2 at x = (kappa, m_Z', m_mcp, theta_W')."""
    return jnp.log(drell_yan.spectrum(currents(x[0], x[1], x[2], theta_dark=x[3]), luminosity).cross_section)


REVERSE, FORWARD = jax.jit(jax.grad(log_rate)), jax.jit(jax.jacfwd(log_rate))


@pytest.mark.parametrize(
    "point", [(1e-3, 30.0, 10.0, 0.5), (3e-3, 90.5, 5.0, 1.0), (1e-2, 700.0, 150.0, 0.3), (2e-3, 40.0, 30.0, 0.9)]
)
def test_gradients_are_finite_differences(luminosity, point):
    """In kappa, m_Z', m_mcp and theta_W'; forward and reverse."""
    x = jnp.asarray(point)
    reverse, forward = REVERSE(x, luminosity), FORWARD(x, luminosity)
    steps = 1e-4 * x
    finite = [
        (log_rate(x.at[k].add(h), luminosity) - log_rate(x.at[k].add(-h), luminosity)) / (2 * h)
        for k, h in enumerate(steps)
    ]
    # the slope of the quadrature error and of the difference itself; relative to 1/x, the natural size
    np.testing.assert_allclose(reverse * x, jnp.stack(finite) * x, rtol=1e-4, atol=2e-5)
    # near the Z the Lagrangian mass M2 amplifies rounding by m_Z^2/|m_Z^2 - m_Z'^2|
    np.testing.assert_allclose(forward, reverse, rtol=1e-6, atol=1e-10)


def test_gradient_at_the_resonant_threshold_is_finite(luminosity):
    for m_mcp in (15.0, 15.0 * (1 - 1e-9), 15.0 * (1 + 1e-9)):
        assert jnp.all(jnp.isfinite(REVERSE(jnp.asarray([1e-3, 30.0, m_mcp, 0.5]), luminosity)))


def test_slope_in_the_collision_energy():
    """The luminosity's own parameters are differentiable through the spectrum."""
    table = parton_luminosity.parton_luminosity()

    def value(sqrt_s):
        chosen = eqx.tree_at(lambda t: t.sqrt_s, table, sqrt_s)
        return jnp.log(cross_section(currents(), chosen))

    finite = (value(jnp.asarray(14010.0)) - value(jnp.asarray(13990.0))) / 20
    np.testing.assert_allclose(jax.grad(value)(jnp.asarray(14000.0)), finite, rtol=1e-5)


def test_vmap_and_jit_agree_with_a_loop(luminosity):
    masses = jnp.asarray([3.0, 30.0, 91.0, 400.0])

    def evaluate(m):
        return drell_yan.spectrum(currents(1e-3, m), luminosity).cross_section

    loop = jnp.stack([evaluate(m) for m in masses])
    np.testing.assert_allclose(jax.vmap(evaluate)(masses), loop, rtol=1e-10)
    np.testing.assert_allclose(jax.jit(jax.vmap(evaluate))(masses), loop, rtol=1e-10)


def test_single_precision_agrees_with_double(luminosity):
    """Broad Z': the whole chain in float32 keeps four digits."""
    point = currents(3e-3, 200.0, 10.0, dark_width=2.0)
    single = jax.tree.map(lambda x: x.astype(jnp.float32), (point, luminosity))
    np.testing.assert_allclose(cross_section(*single), cross_section(point, luminosity), rtol=3e-4)
