"""The mixed phase: from its parameters to the currents, with its limits and its refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from jaxmix import constants
from jaxmix.currents import mixing, neutral_currents
from jaxmix.models import mixed_phase

HALF_PI = np.pi / 2


@pytest.mark.parametrize("masses", [{}, {"m_zprime": 10.0, "m2": 10.0}], ids=["none", "both"])
def test_exactly_one_zprime_mass_is_asked_for(masses: dict) -> None:
    """The message says what to give."""
    with pytest.raises(ValueError, match="exactly one of m_zprime .* and m2 "):
        mixed_phase.MixedPhase(1e-3, **masses)


def test_defaults_are_the_standard_model_inputs() -> None:
    """alpha = 1/127.9, sin^2 theta_W = 0.2312, M1 = 91.1876, theta_W' = theta_W and e' = e: e = 0.3134."""
    currents = mixed_phase.MixedPhase(1e-3, m2=10.0).currents()
    assert float(currents.e) == pytest.approx(np.sqrt(4 * np.pi / 127.9), rel=1e-15)
    assert float(currents.e) == pytest.approx(0.3134, abs=1e-4)
    assert float(currents.sector.e_dark) == pytest.approx(float(currents.e), rel=1e-15)
    assert float(currents.weak.sin) ** 2 == pytest.approx(0.2312, rel=1e-15)
    assert float(currents.sector.dark.sin) == pytest.approx(float(currents.weak.sin), rel=1e-15)
    assert (float(currents.m1), float(currents.m2)) == (91.1876, 10.0)
    assert (float(currents.sector.charge_dark), float(currents.sector.isospin_dark)) == (1.0, 0.0)
    assert currents.m_mcp is None and currents.sector.dark_width is None


@pytest.mark.parametrize("theta", [0.0, 0.5, HALF_PI])
@pytest.mark.parametrize("kappa", [-0.1, 1e-6, 0.3])
def test_physical_mass_is_the_mass_of_a_physical_state(kappa: float, theta: float) -> None:
    """m_zprime comes back as the Z' mass of the exact diagonalisation of the M2 that the currents carry."""
    for m_zprime in (0.5, 30.0, 400.0):
        m2 = float(mixed_phase.MixedPhase(kappa, m_zprime=m_zprime, theta_dark=theta).currents().m2)
        zprime = reference.states(reference.point(kappa, m2, theta))[2]
        assert float(zprime.mass) == pytest.approx(m_zprime, rel=1e-13)


def test_a_mass_inside_the_forbidden_gap_is_nan_and_just_outside_is_not() -> None:
    """No M2 gives these masses; the reference finds no solution there either."""
    kappa, theta = 0.3, 1.0
    weak = mixing.Angle(cos=jnp.sqrt(1 - constants.SIN2_THETA_W), sin=jnp.sqrt(constants.SIN2_THETA_W))
    dark = mixing.Angle(cos=jnp.cos(theta), sin=jnp.sin(theta))
    lower, upper = (float(x) for x in mixing.forbidden_gap(jnp.asarray(kappa), jnp.asarray(constants.M1), weak, dark))
    for mass, exists in ((lower - 1e-6, True), (0.5 * (lower + upper), False), (upper + 1e-6, True)):
        assert np.isfinite(mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=theta).currents().m2) == exists
        assert (reference.lagrangian_mass(reference.point(kappa, 1.0, theta), mass) is not None) == exists


def test_holdom_and_okun_phases_are_the_ends_of_the_angle() -> None:
    """At theta_W' = 0 the Z2 decouples from the Standard Model and the photon is millicharged; at pi/2 it is the other
    way about.
    """
    holdom, okun = (mixed_phase.MixedPhase(0.1, m2=20.0, theta_dark=theta).currents() for theta in (0.0, HALF_PI))
    _, _, zprime = neutral_currents.states(holdom)
    assert (float(zprime.a1), float(zprime.z1), float(zprime.mass)) == (0.0, 0.0, 20.0)
    assert float(holdom.epsilon_z) == 0.0
    assert float(holdom.epsilon_gamma) == pytest.approx(0.1 * np.sqrt(1 - constants.SIN2_THETA_W), rel=1e-14)
    photon, z, zprime = neutral_currents.states(okun)
    assert max(abs(float(x)) for x in (photon.a2, z.a2, zprime.a2, okun.epsilon_gamma)) < 1e-16
    assert float(zprime.a1) == pytest.approx(float(okun.epsilon_z), rel=0.02)


def test_mixing_from_charge_inverts_the_millicharge() -> None:
    """epsilon_gamma -> kappa -> epsilon_gamma (A44), away from the default inputs, in every argument."""
    kappa = mixed_phase.mixing_from_charge(2e-3, 0.9, 0.7, 0.22, 1 / 130)
    currents = mixed_phase.MixedPhase(
        kappa, m2=10.0, theta_dark=0.9, e_dark=0.7, sin2_theta_w=0.22, alpha=1 / 130
    ).currents()
    assert float(currents.epsilon_gamma) == pytest.approx(2e-3, rel=1e-14)
    assert float(kappa) == pytest.approx(
        2e-3 * np.sqrt(4 * np.pi / 130) / (0.7 * np.sqrt(0.78) * np.cos(0.9)), rel=1e-14
    )


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_a_point_has_the_precision_of_its_kappa(dtype: type) -> None:
    """Every leaf of the model and of its currents; numbers and defaults follow."""
    model = mixed_phase.MixedPhase(jnp.asarray(1e-3, dtype), m_zprime=10, m_mcp=1.0, dark_width=jnp.asarray(0.1))
    assert {leaf.dtype for leaf in jax.tree.leaves((model, model.currents()))} == {jnp.dtype(dtype)}


@pytest.mark.parametrize("mode", [jax.jacfwd, jax.jacrev])
def test_every_parameter_has_a_finite_slope_at_no_mixing(mode: type) -> None:
    """d(Z and Z' masses, epsilon_gamma)/d(every parameter) at kappa = 0, in the middle and at the ends of theta_W'."""

    def observables(*values: jax.Array) -> jax.Array:
        kappa, m_zprime, theta, e_dark, s2, alpha = values
        point = mixed_phase.MixedPhase(
            kappa, m_zprime=m_zprime, theta_dark=theta, e_dark=e_dark, sin2_theta_w=s2, alpha=alpha
        )
        currents = point.currents()
        return jnp.stack(
            [currents.epsilon_gamma, currents.m2, *(state.mass for state in neutral_currents.states(currents)[1:])]
        )

    slopes = jax.jit(mode(observables, argnums=tuple(range(6))))
    for theta in (0.0, 0.6, HALF_PI):
        found = slopes(*(jnp.asarray(x) for x in (0.0, 30.0, theta, 0.5, 0.2312, 1 / 128)))
        assert np.all(np.isfinite(found))
        expected = np.zeros((6, 4))
        expected[0, 0] = np.sqrt(1 - 0.2312) * np.cos(theta) * 0.5 / np.sqrt(4 * np.pi / 128)
        expected[1, 1] = expected[1, 3] = 1.0
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-16)
