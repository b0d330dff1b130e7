"""The detector against an independent NumPy Monte Carlo, published acceptances and closed forms.

The Monte Carlo boosts four-vectors and asks whether the straight line crosses the flat square; it shares no formula
with the quadrature.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from jaxmix.collider import parton_luminosity
from jaxmix.detector import acceptance, background, geometry, photoelectrons

SQRT_S = 14000.0
FACE = geometry.Face()


def smooth_density(mass, y):
    """Two densities normalised on |y| < ln(sqrt_s/M): an even one, and one that leans to positive rapidity."""
    limit = jnp.log(SQRT_S / mass)
    z = jnp.clip(y / limit, -1.0, 1.0)
    even = 35 / 32 * (1 - z**2) ** 3 / limit
    return even, even * (1 + 0.8 * z)


def crosses(face, momenta):
    """Whether lines from the origin along momenta (3, n) cross the square that points at the origin."""
    theta = 2 * np.arctan(np.exp(-float(face.eta)))
    normal = np.array([np.sin(theta), 0, np.cos(theta)])
    up, aside = np.array([np.cos(theta), 0, -np.sin(theta)]), np.array([0.0, 1.0, 0.0])
    ahead = normal @ momenta
    scale = float(face.distance) / np.where(ahead > 0, ahead, np.inf)
    half = float(face.side) / 2
    return (ahead > 0) & (np.abs(up @ momenta * scale) < half) & (np.abs(aside @ momenta * scale) < half)


def sampled_rapidities(rng, mass, size):
    """Rapidities of the two densities of smooth_density, by inversion of the tabulated cumulative."""
    grid = np.linspace(-1, 1, 20001)
    for tilt in (0.0, 0.8):
        cumulative = integrate.cumulative_trapezoid((1 - grid**2) ** 3 * (1 + tilt * grid), grid, initial=0)
        yield np.log(SQRT_S / mass) * np.interp(rng.uniform(size=size), cumulative / cumulative[-1], grid)


def sampled_cosines(rng, beta, size):
    """Decay cosines by rejection on the squared matrix element in t and u."""
    c = rng.uniform(-1, 1, 2 * size)
    weight = (1 - beta * c) ** 2 + (1 + beta * c) ** 2 + 2 * (1 - beta**2)
    kept = c[rng.uniform(0, 4, 2 * size) < weight]
    return kept[:size]


def sampled_acceptance(face, mass, m, sector, size=2_000_000):
    """Hits per pair in the face: azimuths in |phi| < sector only, weighted by sector/pi."""
    rng = np.random.default_rng(7)
    p = np.sqrt(mass**2 / 4 - m**2)
    c = sampled_cosines(rng, 2 * p / mass, size)
    phi = rng.uniform(-sector, sector, len(c))
    across = p * np.sqrt(1 - c**2)
    for y in sampled_rapidities(rng, mass, len(c)):
        hits = 0
        for direction in (1, -1):  # the partner, turned by pi about the beam
            pz = np.cosh(y) * direction * p * c + np.sinh(y) * mass / 2
            hits += crosses(face, np.array([across * np.cos(phi), across * np.sin(phi), pz])).sum()
        yield hits / len(c) * sector / np.pi, np.sqrt(hits) / len(c) * sector / np.pi


@pytest.mark.parametrize(
    ("mass", "m", "side", "distance", "eta", "sector"),
    [
        (9.0, 3.0, 1.0, 20.0, 0.0, 0.04),
        (90.0, 1.0, 2.0, 4.0, 0.0, 0.4),
        (2.1, 1.0, 2.0, 8.0, 0.1, 0.2),
        (10.0, 2.0, 1.0, 5.0, 1.0, 0.25),
        (300.0, 20.0, 1.0, 8.0, -1.5, 0.25),
    ],
)
def test_pair_acceptance_is_the_monte_carlo(mass, m, side, distance, eta, sector):
    face = geometry.Face(side, distance, eta)
    values = acceptance.pair_acceptance(jnp.asarray(mass), jnp.asarray(m), smooth_density, face, jnp.asarray(SQRT_S))
    for value, (sampled, error) in zip(values, sampled_acceptance(face, mass, m, sector), strict=True):
        assert error < 0.01 * sampled
        assert value == pytest.approx(sampled, rel=0.02, abs=3 * error)


def sampled_plateau(face, mass, m, scale, power, sector, size=4_000_000):
    """Hits per unit of dN/dy of mesons spread flat over +-5 about the face, with transverse momentum, decaying
    isotropically.
    """
    rng = np.random.default_rng(11)
    reach = 5.0
    y = float(face.eta) + rng.uniform(-reach, reach, size)
    parent = scale * np.sqrt(rng.uniform(size=size) ** (-1 / (power - 1)) - 1)
    p = np.sqrt(mass**2 / 4 - m**2)
    c, azimuth = rng.uniform(-1, 1, size), rng.uniform(0, 2 * np.pi, size)
    px, py, pz = p * np.sqrt(1 - c**2) * np.cos(azimuth), p * np.sqrt(1 - c**2) * np.sin(azimuth), p * c
    px = np.hypot(1, parent / mass) * px + parent / mass * mass / 2
    mt = np.sqrt(m**2 + px**2 + py**2 + pz**2)
    energy = np.hypot(1, parent / mass) * mass / 2 + parent / mass * (p * np.sqrt(1 - c**2) * np.cos(azimuth))
    assert np.allclose(mt, energy)
    pz = np.cosh(y) * pz + np.sinh(y) * energy
    phi = rng.uniform(-sector, sector, size)
    pt = np.hypot(px, py)
    hits = crosses(face, np.array([pt * np.cos(phi), pt * np.sin(phi), pz])).sum()
    return 2 * hits / size * 2 * reach * sector / np.pi


@pytest.mark.parametrize(
    ("mass", "m", "scale", "power", "eta"),
    [(3.0969, 1.0, 4.0, 4.0, 0.0), (9.46, 4.6, 6.0, 3.0, 0.1), (0.775, 0.2, 0.7, 4.0, 0.5)],
)
def test_plateau_acceptance_is_the_monte_carlo(mass, m, scale, power, eta):
    face = geometry.Face(1.0, 5.0, eta)
    value = acceptance.plateau_acceptance(*map(jnp.asarray, (mass, m, scale, power)), face)
    assert value == pytest.approx(sampled_plateau(face, mass, m, scale, power, 0.15), rel=0.02)
    many = acceptance.plateau_acceptance(*map(jnp.asarray, (mass, m, scale, power)), face, nodes=64)
    assert value == pytest.approx(float(many), rel=2e-4)


@pytest.mark.parametrize("eta", [0.0, 2.0])
@pytest.mark.parametrize(("mass", "scale", "power"), [(3.0969, 4.2, 3.5), (0.547862, 1.2, 3.5)])
def test_tabulated_plateau_is_the_direct_one(mass, scale, power, eta):
    face = geometry.Face(1.0, 20.0, eta)
    masses = mass / 2 * jnp.array([0.01, 0.1, 0.5, 0.9, 0.999])
    table = acceptance.tabulate_plateau(jnp.asarray(mass), jnp.asarray(scale), jnp.asarray(power))
    direct = jax.vmap(
        lambda m: acceptance.plateau_acceptance(jnp.asarray(mass), m, jnp.asarray(scale), jnp.asarray(power), face)
    )(masses)
    np.testing.assert_allclose(jax.vmap(lambda m: table(m, face))(masses), direct, rtol=4e-3 if eta else 1e-3)


@pytest.mark.parametrize(("mass", "published"), [(9.0, 4.5e-5), (90.0, 6.5e-5)])
def test_acceptance_of_an_inclusive_vector_at_twenty_metres(mass, published):
    """Vector of mass 3 m, pT = 0, J_EM weights: the project's physics notes, section 5, and Pythia 8 without a shower
    (test_recoil).
    """
    luminosity = parton_luminosity.parton_luminosity(SQRT_S)
    values = acceptance.pair_acceptance(
        jnp.asarray(mass), jnp.asarray(mass / 3), luminosity.rapidity_density, FACE, jnp.asarray(SQRT_S)
    )
    weights = np.array([4.0, 1.0]) * np.array([float(column[0]) for column in luminosity.columns(jnp.array([mass]))])
    assert weights @ np.array(values) / weights.sum() == pytest.approx(published, rel=0.02)


def test_acceptance_falls_with_the_square_of_the_distance():
    near, far = (
        acceptance.pair_acceptance(
            jnp.asarray(9.0), jnp.asarray(3.0), smooth_density, geometry.Face(1, d), jnp.asarray(SQRT_S)
        )[0]
        for d in (20, 33)
    )
    assert far / near == pytest.approx(0.367, abs=5e-4)


@partial(jax.jit, static_argnums=2)
def pair(mass, m, nodes=20):
    return acceptance.pair_acceptance(mass, m, smooth_density, FACE, SQRT_S, nodes)[0]


@pytest.mark.parametrize(("mass", "m"), [(2.0001, 1.0), (2.5, 1.0), (9.0, 3.0), (90.0, 1e-3), (3000.0, 1.0)])
def test_twenty_nodes_are_enough(mass, m):
    assert pair(mass, m) == pytest.approx(float(pair(mass, m, 400)), rel=2e-5)


@pytest.mark.parametrize(("mass", "m"), [(2.05, 1.0), (9.0, 3.0), (400.0, 3.0)])
def test_slopes_of_the_acceptance_are_finite_differences(mass, m):
    for argument, size in ((0, 1e-6 * mass), (1, 1e-6 * m)):
        shift = np.eye(2)[argument] * size
        difference = (pair(mass + shift[0], m + shift[1]) - pair(mass - shift[0], m - shift[1])) / (2 * size)
        for derivative in (jax.jacfwd, jax.jacrev):
            assert derivative(pair, argnums=argument)(mass, m) == pytest.approx(float(difference), rel=1e-5)


def test_acceptance_vanishes_as_the_velocity_with_finite_slopes():
    masses = np.array([1.5, 2.0, 2.0 * (1 + 1e-10), 2.0 * (1 + 1e-6), 2.0 * (1 + 1e-4)])
    values = np.array([float(pair(mass, 1.0)) for mass in masses])
    assert np.all(values[:2] == 0)
    np.testing.assert_allclose(
        values[3:] / np.sqrt(1 - 4 / masses[3:] ** 2), values[4] / np.sqrt(1 - 4 / masses[4] ** 2), rtol=1e-3
    )
    assert np.all(np.isfinite([jax.grad(pair, argnums=(0, 1))(mass, 1.0) for mass in masses]))
    assert np.all(np.isfinite(jax.grad(pair, argnums=(0, 1))(100.0, 1e-8)))


@pytest.mark.parametrize(
    ("side", "distance", "eta", "tolerance"),
    [(1, 20, 0, 3e-6), (1, 20, 0.1, 3e-6), (1, 4, 1.0, 3e-4), (1, 20, 3, 3e-4)],
)
def test_nodes_of_the_face_hold_its_solid_angle(side, distance, eta, tolerance):
    """Omega = 4 asin(a^2/(a^2 + 4 d^2)) of a square seen from its axis; deta dphi = cosh(eta)^2 dOmega."""
    nodes, weights = geometry.pseudorapidity_nodes(geometry.Face(side, distance, eta))
    exact = 4 * np.arcsin(side**2 / (side**2 + 4 * distance**2))
    assert jnp.sum(2 * jnp.pi * weights / jnp.cosh(nodes) ** 2) == pytest.approx(exact, rel=tolerance)


def test_nodes_of_the_face_span_its_pseudorapidities():
    nodes, _ = geometry.pseudorapidity_nodes(geometry.Face(2.0, 10.0, 0.7), nodes=9)
    theta = 2 * np.arctan(np.exp(-0.7))
    edges = [-np.log(np.tan((theta + sign * np.arctan(0.1)) / 2)) for sign in (1, -1)]
    assert edges[0] < nodes.min() < edges[0] + 0.01
    assert edges[1] - 0.01 < nodes.max() < edges[1]


@pytest.mark.parametrize(("charge", "probability"), [(1e-3, 1.08e-2), (2e-3, 0.253), (3e-3, 0.716), (5e-3, 0.994)])
def test_detection_probability_of_three_layers(charge, probability):
    """The project's physics notes, section 5, from paper A, eq. (46)."""
    assert photoelectrons.detection_probability(jnp.asarray(charge)) == pytest.approx(probability, rel=5e-3)


def test_charge_of_one_photoelectron_is_that_of_the_layer():
    """The proposal's layer gives 2.8e5 photoelectrons at unit charge, with 2 MeV/cm lost; its 2e-3 is 1.9e-3."""
    layer = photoelectrons.THICKNESS * 100 * 2.0 * photoelectrons.LIGHT_YIELD * photoelectrons.EFFICIENCY
    assert layer == pytest.approx(2.8e5)
    assert round(1 / np.sqrt(layer), 3) == photoelectrons.CHARGE_ONE_PHOTOELECTRON


@pytest.mark.parametrize("charge", [1e-9, 1e-5, 6.3e-5, 6.4e-5, 1e-3, 0.1])
def test_log_detection_probability_and_its_slopes(charge):
    mean = (charge / 2e-3) ** 2
    exact = 2.5 * np.log(-np.expm1(-mean))
    assert photoelectrons.log_detection_probability(jnp.asarray(charge), 2.5) == pytest.approx(
        exact, rel=1e-12, abs=1e-15
    )
    by_charge, by_layers = jax.grad(photoelectrons.log_detection_probability, argnums=(0, 1))(charge, 2.5)
    assert by_charge == pytest.approx(2.5 * np.exp(-mean) / -np.expm1(-mean) * 2 * mean / charge, rel=1e-6)
    assert by_layers == pytest.approx(exact / 2.5, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("charge", [0.0, 1e-300, 1e-200, 1e-12, 1.0, 1e3])
def test_detection_has_finite_slopes_at_every_charge(charge):
    for function in (photoelectrons.log_detection_probability, photoelectrons.detection_probability):
        assert np.all(np.isfinite(jax.grad(function, argnums=(0, 1, 2))(charge, 3.0, 2e-3)))
        assert np.isfinite(function(jnp.asarray(charge)))


def test_detection_survives_single_precision():
    single = photoelectrons.log_detection_probability(jnp.asarray(1e-25, dtype=jnp.float32))
    assert single.dtype == jnp.float32
    assert float(single) == pytest.approx(6 * np.log(1e-25 / 2e-3), rel=1e-6)


def test_dark_counts_are_those_of_random_pulses():
    """Pulses of three layers at random times; a coincidence is a pulse after which both others fire within the
    window.
    """
    rng = np.random.default_rng(5)
    rate, window, live_time = 1e4, 1e-6, 400.0
    layers = [np.sort(rng.uniform(0, live_time, rng.poisson(rate * live_time))) for _ in range(3)]
    coincidences = 0
    for opener in range(3):
        times = layers[opener]
        others = [layers[k] for k in range(3) if k != opener]
        fired = [np.searchsorted(other, times + window) > np.searchsorted(other, times) for other in others]
        coincidences += np.sum(fired[0] & fired[1])
    expected = background.dark_count_events(rate, window, 1.0, 3.0, live_time)
    assert expected == pytest.approx(coincidences, rel=0.01 + 3 / np.sqrt(coincidences))


def test_dark_counts_scale_and_have_finite_slopes():
    base = background.dark_count_events(500.0, 1.5e-8, 400.0, 3.0, 1e7)
    assert base == pytest.approx(400 * 3 * 500**3 * (1.5e-8) ** 2 * 1e7, rel=1e-12)
    assert background.dark_count_events(500.0, 1.5e-8, 400.0, 1.0, 1e7) == pytest.approx(400 * 500 * 1e7, rel=1e-12)
    slopes = jax.grad(background.dark_count_events, argnums=(0, 1, 2, 3, 4))(500.0, 1.5e-8, 400.0, 3.0, 1e7)
    assert slopes[0] == pytest.approx(float(3 * base / 500.0), rel=1e-12)
    assert slopes[3] == pytest.approx(float(base * (1 / 3 + np.log(500 * 1.5e-8))), rel=1e-9)
    assert background.dark_count_events(0.0, 1.5e-8, 400.0, 3.0, 1e7) == 0
    assert np.all(np.isfinite(jax.grad(background.dark_count_events, argnums=(0, 3))(0.0, 1.5e-8, 400.0, 3.0, 1e7)))
