"""Transverse momentum of pairs, and what it does to the acceptance, against Pythia 8's parton shower and an independent
Monte Carlo.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import pythia

from jaxmix.collider import jet, kinematics, parton_luminosity, partons, recoil
from jaxmix.detector import acceptance, acceptance_table, geometry, recoiling
from jaxmix.numerics.sobol import scrambled

FACE = geometry.Face()
EM = np.array([4.0, 1.0])  # c_q^2 of J_EM, up to a factor


@pytest.fixture(scope="module")
def luminosity() -> parton_luminosity.PartonLuminosity:
    return parton_luminosity.parton_luminosity()


@pytest.fixture(scope="module")
def densities() -> partons.PartonDensities:
    return partons.parton_densities()


@pytest.fixture(scope="module")
def spectrum(luminosity, densities) -> recoil.Recoil:
    return jax.jit(recoil.tabulate)(luminosity, densities)


def cube(dimensions: int, log2_points: int) -> jnp.ndarray:
    return jnp.asarray(scrambled.points(dimensions, log2_points, 1)[0])


def shares(luminosity, mass: float) -> np.ndarray:
    """Of J_EM, by type of quark."""
    columns = EM * np.array([float(column[0]) for column in luminosity.columns(jnp.asarray([mass]))])
    return columns / columns.sum()


@pytest.fixture(scope="module")
def momenta(spectrum):
    """Transverse momenta of pairs of each mass that Pythia was asked for, columns (up, down)."""
    plane = recoil.Plane(*cube(5, 12).T[:3])
    masses = sorted(MEAN)
    found = jax.jit(lambda mass: jax.lax.map(lambda each: recoil.transverse_momenta(spectrum, each, plane)[1], mass))(
        jnp.array(masses)
    )
    return dict(zip(masses, np.asarray(found), strict=True))


MEAN = {row.m_zprime: row for row in pythia.rows("recoil_mean")}


@pytest.mark.parametrize("mass", sorted(MEAN))
def test_mean_recoil_is_the_showers(luminosity, momenta, mass):
    """To 12%: the shower's own coupling and intrinsic motion move it by 5 and 11%."""
    assert momenta[mass].mean(axis=0) @ shares(luminosity, mass) == pytest.approx(MEAN[mass].value, rel=0.12)


@pytest.mark.parametrize("row", pythia.rows("recoil_below"), ids=lambda row: f"{row.m_zprime:g}-{row.pt_min:g}")
def test_share_of_slow_pairs_is_the_showers(luminosity, momenta, row):
    """Fraction of Z' with less than a transverse momentum from 1 to 100 GeV; within 0.06, and 0.1 at 1 and 2 GeV, which
    intrinsic motion fills.
    """
    found = (momenta[row.m_zprime] < row.pt_min).mean(axis=0) @ shares(luminosity, row.m_zprime)
    assert found == pytest.approx(row.value, abs=0.1 if row.pt_min < 5 else 0.06)


@pytest.mark.parametrize(("mass", "momentum"), [(9.0, 20.0), (90.0, 60.0), (300.0, 100.0)])
def test_emissions_add_up_to_the_spectrum_with_a_jet(luminosity, densities, spectrum, mass, momentum):
    """-dR/dpT^2 = r, the rate of jet.density by an independent, finer quadrature, over the Drell-Yan cross section."""
    step = 1e-3 * momentum
    above, below = (recoil_of(spectrum, mass, momentum + sign * step) for sign in (1, -1))
    rate = (below - above) / (4 * step * momentum)
    node, weight = np.polynomial.legendre.leggauss(60)
    transverse = np.hypot(mass, momentum)
    edge = np.arccosh((14000.0**2 + mass**2) / (2 * 14000.0 * transverse))
    y = jnp.asarray(edge * node)
    low, high = jet.jet_rapidity_limits(jnp.asarray(mass), jnp.asarray(momentum), y, luminosity.sqrt_s)
    y_jet = (low + high)[:, None] / 2 + (high - low)[:, None] / 2 * node[None, :]
    event = jet.Event(
        jnp.full_like(y_jet, mass),
        jnp.full_like(y_jet, momentum),
        jnp.broadcast_to(y[:, None], y_jet.shape),
        y_jet,
        luminosity.sqrt_s,
    )
    columns = jet.density(event, densities, jnp.full_like(y_jet, momentum))
    at_scale = parton_luminosity.parton_luminosity(scale=momentum / mass)
    direct = [
        float(edge * weight @ ((high - low) / 2 * (column @ weight)) / born[0])
        for column, born in zip(columns, jet.drell_yan(jnp.asarray([mass]), at_scale), strict=True)
    ]
    np.testing.assert_allclose(rate, direct, rtol=0.02)


def recoil_of(spectrum, mass, momentum):
    return -np.log(np.array([float(share) for share in spectrum.below(jnp.asarray(mass), jnp.asarray(momentum))]))


def test_quantiles_invert_the_share(spectrum):
    share = jnp.array([0.2, 0.5, 0.9, 0.999])
    momenta = spectrum.quantiles(jnp.asarray(30.0), share)
    for column in (0, 1):
        np.testing.assert_allclose(spectrum.below(jnp.asarray(30.0), momenta[:, column])[column], share, rtol=1e-3)


ONE = pythia.rows("acceptance_one")
STILL = {(row.m_zprime, row.m_mcp): row for row in pythia.rows("acceptance_one_no_recoil")}


@pytest.fixture(scope="module")
def one_mcp(luminosity, spectrum):
    """Acceptance of one mCP of mass m from pairs of mass M with recoil, and without, columns (up, down)."""
    table, points = luminosity.tabulate(), cube(5, 9)

    @jax.jit
    def both(mass, m):
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        moving = recoiling.recoiling_acceptance(mass, beta, recoiling.Source(table, spectrum), FACE, points)
        return moving, acceptance.pair_acceptance_at(mass, beta, table.rapidity_density, FACE, table.sqrt_s)

    return both


@pytest.mark.parametrize("row", ONE, ids=lambda row: f"{row.m_zprime:g}-{row.m_mcp:.3g}")
def test_acceptance_of_one_mcp_is_pythias(luminosity, one_mcp, row):
    """Inclusive Z' with a parton shower, 1 m at 20 m, eta = 0: eleven masses, stated 5%. Recoil adds 2 to 54% to pT =
    0.
    """
    found, still = one_mcp(row.m_zprime, row.m_mcp)
    assert found @ shares(luminosity, row.m_zprime) == pytest.approx(row.value, rel=0.05)
    assert still @ shares(luminosity, row.m_zprime) == pytest.approx(STILL[row.m_zprime, row.m_mcp].value, rel=0.015)


@pytest.mark.parametrize(("mass", "m"), [(9.0, 3.0), (3.0, 1.45), (90.0, 1.0)])
def test_recoiling_products_are_boosted_four_vectors(mass, m):
    """Transverse momentum and rapidity of a product, and its cosines to the beams, against matrices of boosts."""
    rng = np.random.default_rng(1)
    beta, recoil_momentum = np.sqrt(1 - 4 * m**2 / mass**2), 0.7 * mass
    c, phi = rng.uniform(-1, 1, 20), rng.uniform(0, 2 * np.pi, 20)
    rest = (
        mass
        / 2
        * np.array(
            [np.ones(20), *(beta * np.array([np.sqrt(1 - c**2) * np.cos(phi), np.sqrt(1 - c**2) * np.sin(phi), c]))]
        )
    )
    gamma, slide = np.hypot(mass, recoil_momentum) / mass, recoil_momentum / mass
    boost = np.array([[gamma, slide, 0, 0], [slide, gamma, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    e, x, y, z = boost @ rest
    transverse, along = kinematics.recoiling_product(*map(jnp.asarray, (mass, beta, recoil_momentum, c, phi)))
    np.testing.assert_allclose(transverse, np.hypot(x, y), rtol=1e-12)
    np.testing.assert_allclose(along, np.arctanh(z / e), rtol=1e-9, atol=1e-12)
    beams = np.linalg.inv(boost) @ np.array([[1, 1], [0, 0], [0, 0], [1, -1]])
    cosines = (beams[1:] / beams[0]).T @ rest[1:] / (beta * mass / 2)
    weight = 1.5 * (2 - beta**2 + beta**2 * (cosines**2).mean(axis=0)) / (3 - beta**2)
    found = kinematics.recoiling_angular_density(*map(jnp.asarray, (c, phi, beta, recoil_momentum / mass)))
    np.testing.assert_allclose(found, weight, rtol=1e-12)


@pytest.mark.parametrize(("mass", "momentum"), [(9.0, 5.0), (9.0, 20.0), (90.0, 20.0)])
def test_rapidities_of_recoiling_bosons(luminosity, densities, mass, momentum):
    """dN/dy at y = 0 of a boson with a jet, up type, is that of a pair of mass m_T + pT to 3%; of a pair of mass M it
    is not.
    """
    node, weight = np.polynomial.legendre.leggauss(120)
    y, y_jet = (jnp.asarray(each) for each in np.meshgrid(np.array([0.0, *(7 * node)]), 7 * node, indexing="ij"))
    event = jet.Event(jnp.full_like(y, mass), jnp.full_like(y, momentum), y, y_jet, luminosity.sqrt_s)
    up = np.asarray(jet.density(event, densities, jnp.full_like(y, momentum))[0]) @ weight
    direct = up[0] / (7 * weight @ up[1:])
    partonic = np.hypot(mass, momentum) + momentum
    found = luminosity.rapidity_density(jnp.asarray(partonic), jnp.zeros(1))[0][0]
    assert found == pytest.approx(direct, rel=0.03)


@pytest.mark.parametrize("m", [0.3, 1.0, 30.0, 500.0])
def test_tabulated_acceptance_is_the_direct_one(luminosity, spectrum, m):
    table = luminosity.tabulate()
    masses = jnp.geomspace(max(2 * m, 2.0) * 1.02, 3900.0, 12)

    def direct(mass):
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        return recoiling.recoiling_acceptance(mass, beta, recoiling.Source(table, spectrum), FACE, cube(5, 8))

    fast = jax.jit(lambda mass: jnp.exp(acceptance_table.one(table, spectrum, FACE)(mass, jnp.asarray(m))))(masses)
    np.testing.assert_allclose(fast, jax.jit(jax.vmap(direct))(masses), rtol=6e-3)


def test_slopes_of_the_acceptance(luminosity, spectrum):
    """With masses, the geometry and the intrinsic motion, against finite differences."""
    table = luminosity.tabulate()

    @jax.jit
    def total(place):
        mass, m, side, distance, eta, intrinsic = place
        beta = jnp.sqrt(1 - 4 * (m / mass) ** 2)
        face = geometry.Face(side, distance, eta)
        source = recoiling.Source(table, spectrum, intrinsic)
        return jnp.log(recoiling.recoiling_acceptance(mass, beta, source, face, cube(5, 6))[0])

    place = jnp.array([9.0, 3.0, 1.0, 20.0, 0.1, 0.87])
    reverse = jax.jit(jax.grad(total))(place)
    for axis in range(6):
        step = 1e-4 * jnp.eye(6)[axis]
        assert reverse[axis] == pytest.approx(
            float(total(place + step) - total(place - step)) / 2e-4, rel=1e-4, abs=1e-5
        )


def test_acceptance_at_threshold_is_that_of_the_boson(luminosity, spectrum):
    """Both particles follow the boson: finite there, with finite slopes."""
    table = jax.jit(lambda: acceptance_table.one(luminosity.tabulate(), spectrum, FACE))()

    def at(m):
        return table(jnp.asarray([9.0]), m)[0, 0]

    assert np.all(np.isfinite(jax.vmap(jax.value_and_grad(at))(jnp.array([4.4999, 4.5, 4.6, 1e-6]))))
    assert np.exp(at(jnp.asarray(4.5))) > 0.3 * np.exp(at(jnp.asarray(4.0)))
