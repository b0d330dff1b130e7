"""Widths against closed forms, published numbers and the absorptive part that unitarity ties them to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from mpmath import mpf

from jaxmix import constants
from jaxmix.currents import decays, mixing, neutral_currents
from jaxmix.models import mixed_phase

QCD = 1 + constants.ALPHA_S / np.pi
HALF_PI = np.pi / 2
E2 = 4 * np.pi * constants.ALPHA
SIN2, COS2 = constants.SIN2_THETA_W, 1 - constants.SIN2_THETA_W


def _width(mass: float, product: float, left: float, right: float, colours: float = 1.0) -> float:
    return float(decays.partial_width(*(jnp.asarray(x) for x in (mass, product, left, right)), colours))


def _currents(kappa: float, theta: float, **numbers: float) -> neutral_currents.NeutralCurrents:
    return mixed_phase.MixedPhase(kappa, theta_dark=theta, **numbers).currents()


def _massless_widths(currents: neutral_currents.NeutralCurrents, state: mixing.Eigenstate) -> dict[str, float]:
    """Widths (GeV) to every fermion but the top, masses and the QCD factor left out."""
    return {
        f.name: _width(
            float(state.mass),
            0.0,
            *(float(g) for g in neutral_currents.chiral_couplings(currents, state, f)),
            f.colours,
        )
        for f in constants.FERMIONS
        if f.name != "t"
    }


def _qcd(name: str) -> float:
    return next(QCD if f.colours == 3 else 1.0 for f in constants.FERMIONS if f.name == name)


def _standard_model_z() -> tuple[neutral_currents.NeutralCurrents, mixing.Eigenstate]:
    currents = _currents(0.0, 0.5, m2=20.0)
    return currents, neutral_currents.states(currents)[1]


@pytest.mark.parametrize("fermion", constants.FERMIONS, ids=lambda f: f.name)
def test_partial_width_is_the_vector_and_axial_closed_form(fermion: constants.Fermion) -> None:
    """Gamma = N_c m/(12 pi) beta [gV^2 (1 + 2 x) + gA^2 (1 - 4 x)], gV = (gL + gR)/2, gA = (gL - gR)/2, at 400 GeV."""
    mass, left, right = 400.0, 0.3 * fermion.isospin + 0.1, -0.2 * fermion.charge
    x = mpf(fermion.mass) ** 2 / mpf(mass) ** 2
    vector, axial = (mpf(left) + mpf(right)) / 2, (mpf(left) - mpf(right)) / 2
    beta = (1 - 4 * x) ** mpf(0.5)
    exact = (
        fermion.colours
        * mpf(mass)
        / (12 * reference.mpmath.pi)
        * beta
        * (vector**2 * (1 + 2 * x) + axial**2 * (1 - 4 * x))
    )
    assert _width(mass, fermion.mass, left, right, fermion.colours) == pytest.approx(float(exact), rel=1e-13)
    expected = float(exact) * (QCD if fermion.colours == 3 else 1)
    found = decays.fermion_width(jnp.asarray(mass), fermion, jnp.asarray(left), jnp.asarray(right))
    assert float(found) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("mass", [9.999, 10.0])
def test_closed_channels_have_no_width_and_no_slope(mass: float) -> None:
    """At and below 2 m_f = 10 GeV: zero (not minus zero), with zero derivatives in every argument, both modes."""
    arguments = [jnp.asarray(x) for x in (mass, 5.0, 0.2, -0.3)]
    assert str(float(decays.partial_width(*arguments, 1.0))) == "0.0"
    for mode in (jax.jacfwd, jax.grad):
        assert [float(x) for x in mode(decays.partial_width, argnums=(0, 1, 2, 3))(*arguments, 1.0)] == [0.0] * 4


def test_width_of_the_standard_model_z() -> None:
    """2.504 GeV for massless fermions with the QCD factor (2.441 without), and 0.501 GeV of it into neutrinos.

    The b, c and tau masses take 3.8 MeV off the sum over channels, 3.3 MeV of it the b: x_b = 2e-3 and -6 x gA^2 of
    each width.
    """
    currents, z = _standard_model_z()
    widths = {name: float(w) for name, w in neutral_currents.widths_to_fermions(currents, z).items()}
    invisible = sum(widths[name] for name in ("nu_e", "nu_mu", "nu_tau"))
    massless = _massless_widths(currents, z)
    with_factor = sum(w * _qcd(name) for name, w in massless.items())
    assert sum(massless.values()) == pytest.approx(2.441, abs=5e-4)
    assert with_factor == pytest.approx(2.504, abs=5e-4)
    assert invisible == pytest.approx(3 * E2 / (SIN2 * COS2) / (96 * np.pi) * constants.M1, rel=1e-13)
    assert with_factor - sum(widths.values()) == pytest.approx(3.8e-3, abs=1e-4)
    assert widths["t"] == 0.0


def test_absorptive_part_of_the_z_is_the_sum_of_its_widths() -> None:
    """Unitarity: M1 A_ZZ(M1^2) = Gamma_Z channel by channel; only masses below 1 GeV differ (2e-5 of the width, muon
    and kaon).
    """
    currents, z = _standard_model_z()
    absorbed = constants.M1 * float(mixing.absorptive(jnp.asarray(constants.M1**2), currents.e, currents.weak)[2])
    summed = sum(float(w) for w in neutral_currents.widths_to_fermions(currents, z).values())
    assert absorbed == pytest.approx(summed, rel=1e-4)


@pytest.mark.parametrize("m_zprime, published", [(10.0, 1.34e-5), (40.0, 5.96e-5), (80.0, 7.9e-4)])
def test_widths_of_an_okun_zprime_to_the_standard_model(m_zprime: float, published: float) -> None:
    """kappa = 0.01: 1.34e-5, 5.96e-5, 7.9e-4 GeV for massless fermions without QCD (to their rounding, 0.5%); the QCD
    factor of the quarks adds up to 3% and the thresholds take up to 1.5% off, in the package's widths and in its pole
    alike.
    """
    currents = _currents(0.01, HALF_PI, m_zprime=m_zprime)
    zprime = neutral_currents.states(currents)[2]
    assert sum(_massless_widths(currents, zprime).values()) == pytest.approx(published, rel=5e-3)
    total = sum(float(w) for w in neutral_currents.widths_to_fermions(currents, zprime).values())
    assert total == pytest.approx(published, rel=0.035)
    assert m_zprime * float(neutral_currents.resonance(currents)[1]) == pytest.approx(published, rel=0.035)


def test_width_of_the_z_to_millicharged_particles_in_the_holdom_phase() -> None:
    """kappa^2 sW^2 e'^2 m_Z/(12 pi) for m_mCP << m_Z: 0.055 kappa^2 GeV for e' = e; exact in kappa through the Z mass
    M1/sqrt(K11).
    """
    for kappa, e_dark in ((1e-3, constants.E_CHARGE), (0.05, 0.9)):
        currents = _currents(kappa, 0.0, m2=20.0, m_mcp=1e-3, e_dark=e_dark)
        z = neutral_currents.states(currents)[1]
        expected = kappa**2 * SIN2 * e_dark**2 * constants.M1 / (12 * np.pi)
        assert float(neutral_currents.width_to_mcp(currents, z)) == pytest.approx(expected, rel=2 * kappa**2 + 1e-8)
    assert SIN2 * E2 * constants.M1 / (12 * np.pi) == pytest.approx(0.055, abs=5e-4)


def test_width_of_the_zprime_to_millicharged_particles() -> None:
    """g1'^2 sW'^2 m_Z'/(12 pi) = e'^2 tan^2 theta_W' m_Z'/(12 pi) as kappa -> 0 for a light mCP; closed for a heavy one
    or for none.
    """
    for theta in (0.3, 1.2):
        currents = _currents(1e-6, theta, m_zprime=40.0, m_mcp=1e-3)
        expected = E2 * np.tan(theta) ** 2 * 40.0 / (12 * np.pi)
        assert float(neutral_currents.width_to_mcp(currents, neutral_currents.states(currents)[2])) == pytest.approx(
            expected, rel=1e-8
        )
    for closed in ({"m_mcp": 20.5}, {}):
        currents = _currents(1e-6, 0.7, m_zprime=40.0, **closed)
        assert float(neutral_currents.width_to_mcp(currents, neutral_currents.states(currents)[2])) == 0.0


def test_total_width_is_the_width_of_the_pole() -> None:
    """Sum of the partial widths = -Im s_pole/m of the exact propagator, far from the Z, to the O(Gamma/m, kappa^2) of a
    Breit-Wigner.
    """
    for m2, m_mcp, theta in ((60.0, 10.0, 0.4), (300.0, 50.0, 0.2), (400.0, None, 0.8)):
        currents = _currents(3e-3, theta, m2=m2, m_mcp=m_mcp)
        zprime = neutral_currents.states(currents)[2]
        total = sum(float(w) for w in neutral_currents.widths_to_fermions(currents, zprime).values())
        total += float(neutral_currents.width_to_mcp(currents, zprime))
        assert float(neutral_currents.resonance(currents)[1]) == pytest.approx(total / float(zprime.mass), rel=2e-3)
