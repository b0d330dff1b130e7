"""The one coding of a sector's functions of s: consistent forms, real below thresholds, of the sign of unitarity."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from jaxmix.currents import neutral_currents, sector
from jaxmix.models import mixed_phase, stueckelberg

M2, M_MCP = 40.0, 3.0
POINTS = {
    "holdom": mixed_phase.MixedPhase(0.2, m2=M2, theta_dark=0.0, m_mcp=M_MCP),
    "mixed": mixed_phase.MixedPhase(0.2, m2=M2, theta_dark=0.7, m_mcp=M_MCP, charge_dark=0.5, isospin_dark=-0.5),
    "okun": mixed_phase.MixedPhase(0.2, m2=M2, theta_dark=np.pi / 2, e_dark=0.0, m_mcp=M_MCP),
    "stueckelberg": stueckelberg.Stueckelberg(0.2, -0.1, m2=M2, m_mcp=M_MCP),
}
EACH = pytest.mark.parametrize("name", POINTS)
S = np.array([-4e4, -3.0, 4.0, 30.0, 35.9, 37.0, 900.0, 2500.0, 8315.0])


def functions(point: neutral_currents.NeutralCurrents, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T/strength, Pi/(strength^2 s), and the latter less its contact part."""
    source, feedback, massive, denominator = point.sector.forms(jnp.asarray(s)).at(
        jnp.asarray(s), jnp.asarray(s - M2**2)
    )
    return tuple(np.asarray(each / denominator) for each in (source, feedback, massive))


def with_width(point: neutral_currents.NeutralCurrents, width: float) -> neutral_currents.NeutralCurrents:
    return dataclasses.replace(point, sector=dataclasses.replace(point.sector, dark_width=jnp.asarray(width)))


@EACH
@pytest.mark.parametrize("width", [None, 0.8])
def test_the_massive_part_is_pi_less_its_contact_part(name: str, width: float | None) -> None:
    """The form without the cancellation against the difference of the two numbers."""
    point = POINTS[name].currents()
    point = point if width is None else with_width(point, width)
    _, pi, massive = functions(point, S)
    contact = float(point.sector.residues().self_energy[0])
    np.testing.assert_allclose(massive, pi - contact, rtol=1e-12, atol=1e-15)


@EACH
def test_all_is_real_below_the_threshold_and_absorptive_above(name: str) -> None:
    """4 m_mcp^2 = 36: real below and for spacelike s; -Im Pi >= 0 above (Im of Pi/s <= 0), as unitarity asks."""
    source, pi, _ = functions(POINTS[name].currents(), S)
    below = S < 4 * M_MCP**2
    assert np.all(np.imag(source)[below] == 0.0) and np.all(np.imag(pi)[below] == 0.0)
    assert np.all(np.imag(pi) <= 1e-16)
    given = functions(with_width(POINTS[name].currents(), 0.8), S)[1]
    assert np.all(np.imag(given)[S > 0] <= 1e-16) and np.all(np.imag(given)[S < 0] == 0.0)


@EACH
def test_absorption_is_what_the_source_feeds(name: str) -> None:
    """Unitarity: -Im(Pi/s) = a |T|^2 above threshold, where the mCP is the only channel of the sector."""
    point = POINTS[name].currents()
    source, pi, _ = functions(point, S)
    above = S > 4 * M_MCP**2
    beta = np.sqrt(1 - 4 * M_MCP**2 / S[above])
    a = beta * (3 - beta**2) / (24 * np.pi)
    np.testing.assert_allclose(-np.imag(pi)[above], a * np.abs(source[above]) ** 2, rtol=1e-12, atol=1e-16)
    assert sector.absorptive_part(jnp.asarray(S[above]), jnp.asarray(M_MCP)) == pytest.approx(a, rel=1e-14)


@EACH
def test_a_given_width_replaces_the_mcps_own(name: str) -> None:
    """Nothing is counted twice: with a width that is given the sector has no absorptive part of the mCP."""
    point = POINTS[name].currents()
    assert point.sector.absorption(jnp.asarray(S)) is not None
    assert with_width(point, 0.8).sector.absorption(jnp.asarray(S)) is None


@EACH
def test_the_mixing_kept_from_zero(name: str) -> None:
    """Rates are divided by strength^2: a point without mixing gets the smallest one, another is left as it is."""
    point = POINTS[name].currents()
    assert float(point.at_least(1e-9).strength) == float(point.strength)
    assert abs(float(point.at_least(0.5).strength)) >= 0.5
