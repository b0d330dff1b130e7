"""Meson decays to millicharged pairs against measured Dalitz decays, published totals and scipy's integrator."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from jaxmix import constants
from jaxmix.collider import mesons
from jaxmix.currents import neutral_currents
from jaxmix.models import mixed_phase

COS2 = 1 - constants.SIN2_THETA_W
TABLE = mesons.load()


def currents(kappa=1e-4, m_zprime=500.0, m_mcp=1.0, **others):
    return mixed_phase.MixedPhase(kappa, m_zprime=m_zprime, m_mcp=m_mcp, **others).currents()


@jax.jit
def rates(point, sqrt_s=14000.0):
    return mesons.rates(point, sqrt_s, TABLE)


@jax.jit
def ratios(point):
    return mesons.branching_ratios(point, TABLE)


def per_charge(values):
    """From kappa^2 to epsilon_gamma^2 in the Holdom phase with e' = e."""
    return dict(zip(TABLE.names, np.asarray(values) / COS2, strict=True))


def holdom(m_mcp):
    return currents(m_mcp=m_mcp, theta_dark=0.0)


@pytest.mark.parametrize(
    ("name", "lepton", "measured", "error"),
    [
        ("pi0", constants.M_ELECTRON, 1.174e-2, 0.035e-2),
        ("eta", constants.M_ELECTRON, 6.9e-3, 0.4e-3),
        ("eta", constants.M_MUON, 3.1e-4, 0.4e-4),
        ("eta_prime", constants.M_ELECTRON, 4.91e-4, 0.27e-4),
        ("eta_prime", constants.M_MUON, 1.13e-4, 0.28e-4),
        ("omega_to_pi0", constants.M_ELECTRON, 7.7e-4, 0.6e-4),
        ("omega_to_pi0", constants.M_MUON, 1.34e-4, 0.18e-4),
    ],
)
def test_dalitz_decays_meet_the_measured_lepton_ones(name, lepton, measured, error):
    """At unit charge and a lepton's mass these are the measured branching ratios (PDG 2024), within two of their
    errors.
    """
    assert abs(per_charge(ratios(holdom(lepton)))[name] - measured) < 2 * error


@pytest.mark.parametrize(
    ("name", "lepton", "measured"),
    [("jpsi", constants.M_MUON, 5.961e-2), ("phi", constants.M_MUON, 2.85e-4), ("psi2s", constants.M_TAU, 3.1e-3)],
)
def test_two_body_decays_meet_the_measured_lepton_ones(name, lepton, measured):
    """BR(V -> mu mu) and psi(2S) -> tau tau of PDG 2024, within 13%: the last is measured to that."""
    np.testing.assert_allclose(
        per_charge(ratios(holdom(lepton)))[name], measured, rtol=0.13 if name == "psi2s" else 0.05
    )


def test_phase_space_of_two_body_decays():
    x = (1.2 / 3.0969) ** 2
    ratio = per_charge(ratios(holdom(1.2)))["jpsi"]
    np.testing.assert_allclose(ratio, 5.97e-2 * (1 + 2 * x) * np.sqrt(1 - 4 * x), rtol=1e-3)


def test_closed_above_threshold():
    values = per_charge(rates(holdom(2.0)).total)
    assert all((value > 0) == (name.startswith("upsilon")) for name, value in values.items())


def test_sum_below_one_gev_meets_the_known_total():
    """All channels at m = 0.35 GeV in |eta| < 2 make about 1.07e7 pb/epsilon^2; 25%, the light yields' own
    uncertainty.
    """
    plateau = per_charge(rates(holdom(0.35)).plateau)
    momentum = np.linspace(1e-3, 60.0, 20001)
    total = 0.0
    for k, name in enumerate(TABLE.names):
        weight = momentum * (1 + (momentum / float(TABLE.p0[k])) ** 2) ** -float(TABLE.n[k])
        # rapidity at pseudorapidity 2
        edge = np.arcsinh(momentum / np.hypot(momentum, float(TABLE.mass[k])) * np.sinh(2.0))
        total += plateau[name] * 2 * np.sum(weight * edge) / np.sum(weight)
    np.testing.assert_allclose(total, 1.07e7, rtol=0.25)


def test_table_holds_the_agreed_quarkonium_totals():
    totals = dict(zip(TABLE.names, TABLE.cross_section.tolist(), strict=True))
    expected = {"jpsi": 7.9e7, "psi2s": 1.24e7, "upsilon1s": 1.06e6, "upsilon2s": 2.8e5, "upsilon3s": 2.7e5}
    assert {name: totals[name] for name in expected} == expected
    plateau = dict(zip(TABLE.names, TABLE.plateau.tolist(), strict=True))
    # FONLL in |eta| < 1 at mean pT of 3.9 GeV: |y| < 0.86
    np.testing.assert_allclose(plateau["jpsi_from_b"] * 2 * 0.86, 2e6, rtol=0.05)
    np.testing.assert_allclose(plateau["psi2s_from_b"] * 2 * 0.85, 2 * 2.64e5, rtol=0.05)
    # ALICE arXiv:2108.01906, inclusive at 13 TeV: 8.97e6 pb at y = 0
    inclusive = sum(plateau[n] * (13 / 14) ** p for n, p in (("jpsi", 0.6), ("jpsi_from_b", 0.95)))
    np.testing.assert_allclose(inclusive, 8.97e6, rtol=0.1)


def test_every_uncertainty_is_stated():
    assert jnp.all(TABLE.up > 0) and jnp.all((TABLE.down > 0) & (TABLE.down < 1))
    assert set(TABLE.families) == {"charmonium", "beauty", "bottomonium", "light"}
    bands = {f: (u, d) for f, u, d in zip(TABLE.families, TABLE.up.tolist(), TABLE.down.tolist(), strict=True)}
    assert bands["charmonium"] == (0.33, 0.33) and bands["bottomonium"] == (2.0, 0.3)


@pytest.mark.parametrize(("p0", "n", "mean"), [(4.2, 3.5, (2.5, 3.0)), (9.0, 3.5, (5.5, 6.5)), (1.4, 3.5, (0.85, 1.0))])
def test_mean_transverse_momentum(p0, n, mean):
    """The shapes of J/psi, Upsilon(1S) and rho give the stated means."""
    rows = np.flatnonzero((np.asarray(TABLE.p0) == p0) & (np.asarray(TABLE.n) == n))
    assert rows.size
    moments = [integrate.quad(lambda x, k=k: x**k * (1 + (x / p0) ** 2) ** -n, 0, np.inf)[0] for k in (1, 2)]
    assert mean[0] < moments[1] / moments[0] < mean[1]


def test_energy_dependence():
    """b -> J/psi grows nearly as sqrt_s: LHCb 7 to 13 TeV; at 14 TeV the table itself."""
    point = holdom(1.0)
    high, low = (per_charge(rates(point, s).total) for s in (13000.0, 7000.0))
    # LHCb 2 < y < 4.5: prompt J/psi 15.0/10.5 microbarn (arXiv:1509.00771, 1103.0423), Upsilon(1S) 1.87
    # (arXiv:1804.09214)
    np.testing.assert_allclose(high["jpsi"] / low["jpsi"], 15.0 / 10.5, rtol=0.05)
    np.testing.assert_allclose(high["upsilon1s"] / low["upsilon1s"], 1.87, rtol=0.05)


def test_zprime_near_a_quarkonium_resonates():
    """The charge seen at the J/psi peaks for m_Z' at its mass, and the branching ratio stays below one."""
    near, far = (currents(1e-3, m, 1.0, theta_dark=0.8) for m in (3.0969, 30.0))
    jpsi = TABLE.names.index("jpsi")
    assert ratios(near)[jpsi] > 1e3 * ratios(far)[jpsi]
    share = 1e-6 * rates(near).total[jpsi] / TABLE.cross_section[jpsi]
    assert 0 < share < 1


def test_saturates_below_one():
    point = currents(0.5, 3.0969, 1.0, theta_dark=0.8, dark_width=1e-6)
    share = 0.25 * rates(point).total / TABLE.cross_section
    assert jnp.all((share >= 0) & (share < 1))


@pytest.mark.parametrize("width", [3e-2, 3e-5])
def test_on_shell_zprime_in_a_dalitz_decay(width):
    """eta -> gamma Z' -> gamma psi psi through the resonance, against scipy with breakpoints and the formula written
    out.
    """
    point = currents(1e-4, None, 0.05, m2=0.3, theta_dark=0.8, dark_width=width * 0.3)
    shift, relative = (float(x) for x in neutral_currents.resonance(point))
    pole = np.log(0.3**2) + shift
    charge = jax.jit(lambda q: neutral_currents.meson_coupling(point, q, jnp.zeros_like(q)))

    def integrand(t):
        square, eta = np.exp(t), 0.547862
        form = 1 / (1 - square / 0.716**2) ** 2
        x = 0.05**2 / square
        return (
            float(charge(jnp.asarray(np.sqrt(square))))
            * (1 - square / eta**2) ** 3
            * form
            * (1 + 2 * x)
            * np.sqrt(1 - 4 * x)
        )

    low, high = np.log(0.01), np.log(0.547862**2)
    inner = sorted(pole + sign * relative * step for sign in (-1, 1) for step in (2, 20, 200))
    cuts = [low, *(cut for cut in inner if low < cut < high), high]
    pieces = [integrate.quad(integrand, a, b, epsrel=1e-7, limit=100)[0] for a, b in zip(cuts, cuts[1:], strict=False)]
    expected = 0.3936 * 2 / (3 * np.pi * 137.035999) * sum(pieces)
    # 1e-3: far below the 30% of the eta yield
    np.testing.assert_allclose(ratios(point)[TABLE.names.index("eta")], expected, rtol=1e-3)


@jax.jit
def summed(x):
    """ln of all rates at x = (kappa, m_Z', m_mcp, theta_W')."""
    return jnp.log(jnp.sum(rates(currents(x[0], x[1], x[2], theta_dark=x[3])).total))


REVERSE, FORWARD = jax.jit(jax.grad(summed)), jax.jit(jax.jacfwd(summed))


@pytest.mark.parametrize("point", [(1e-3, 30.0, 0.03, 0.5), (3e-3, 5.0, 0.3, 1.0), (1e-2, 90.0, 2.0, 0.3)])
def test_gradients_are_finite_differences(point):
    x = jnp.asarray(point)
    reverse, forward = REVERSE(x), FORWARD(x)
    steps = 1e-5 * x
    finite = jnp.stack([(summed(x.at[k].add(h)) - summed(x.at[k].add(-h))) / (2 * h) for k, h in enumerate(steps)])
    np.testing.assert_allclose(reverse * x, finite * x, rtol=1e-4, atol=1e-5)
    # near the Z the Lagrangian mass M2 amplifies rounding by m_Z^2/|m_Z^2 - m_Z'^2|
    np.testing.assert_allclose(forward, reverse, rtol=1e-6, atol=1e-10)


SLOPE = jax.jit(jax.grad(lambda m: jnp.sum(rates(currents(m_mcp=m)).total)))


@pytest.mark.parametrize("m_mcp", [0.1349768 / 2, 0.547862 / 2, 3.0969 / 2, 10.3551 / 2, 40.0])
def test_gradients_are_finite_at_thresholds(m_mcp):
    assert np.isfinite(SLOPE(m_mcp))


def test_vmap_agrees_with_a_loop():
    masses = jnp.asarray([0.05, 0.4, 2.0])
    loop = jnp.stack([rates(currents(m_mcp=m)).plateau for m in masses])
    np.testing.assert_allclose(jax.vmap(lambda m: rates(currents(m_mcp=m)).plateau)(masses), loop, rtol=1e-10)
