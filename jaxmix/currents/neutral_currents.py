"""The waist: everything a neutral-current experiment can ask of one parameter point.

A model builds one `NeutralCurrents`; electroweak, collider and detector rooms read masses, couplings,
widths and amplitudes from it and never see the model. GeV throughout.
"""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Inexact, Scalar

from jaxmix import constants
from jaxmix.currents import decays, mixing
from jaxmix.currents.sector import AbstractSector

_SMALLEST_WIDTH = 1e-20  # keeps the resonance map finite where a Z' has no open channel


class NeutralCurrents(eqx.Module):
    """One parameter point: the Standard Model's neutral sector, and the dark sector that couples to its hypercharge.

    Parameters
    ----------
    m1 : Lagrangian mass of Z1, GeV.
    weak : theta_W.
    e : gauge coupling of A1 (Heaviside-Lorentz).
    sector : the dark sector: its response at s, its massive boson and its mCP.
    m_zprime : the physical Z' mass (GeV) that was asked for, None where m2 was: what a fit of the Standard Model's
        parameters holds.
    """

    m1: Scalar
    weak: mixing.Angle
    e: Scalar
    sector: AbstractSector
    m_zprime: Scalar | None = None

    @property
    def strength(self) -> Scalar:
        """The mixing that rates are divided by; kappa in the mixed phase."""
        return self.sector.strength

    @property
    def m2(self) -> Scalar:
        """Lagrangian mass of the sector's massive boson, GeV."""
        return self.sector.m2

    @property
    def m_mcp(self) -> Scalar | None:
        """Mass of the mCP, GeV, or None."""
        return self.sector.m_mcp

    @property
    def mcp_mass(self) -> Scalar:
        """Mass of the mCP, GeV, for who cannot do without.

        Raises
        ------
        ValueError
            Where no mCP is given.
        """
        if self.sector.m_mcp is None:
            raise ValueError("NeutralCurrents: found no mass of an mCP; give m_mcp.")
        return self.sector.m_mcp

    @property
    def epsilon_gamma(self) -> Scalar:
        """Millicharge of the mCP in units of e."""
        return self.sector.epsilon_gamma(self.weak, self.e)

    @property
    def epsilon_z(self) -> Scalar:
        """Coupling of the Z' to J_EM in units of e, to first order in the mixing and far below the Z."""
        return self.sector.epsilon_z(self.weak)

    def at_least(self, smallest: float) -> "NeutralCurrents":
        """The same point with |strength| >= smallest, where a quantity over strength^2 is asked for."""
        return dataclasses.replace(self, sector=self.sector.at_least(smallest))


def states(currents: NeutralCurrents) -> tuple[mixing.Eigenstate, mixing.Eigenstate, mixing.Eigenstate]:
    """The physical photon, Z and Z' with the exact coefficients of their currents."""
    return currents.sector.states(currents.m1, currents.weak)


class Charges(NamedTuple):
    """Electric charge and weak isospin T3 of several fermions at once."""

    charge: Float[Array, " fermions"]
    isospin: Float[Array, " fermions"]


def chiral_couplings(
    currents: NeutralCurrents, state: mixing.Eigenstate, fermion: constants.Fermion | Charges
) -> tuple[Float[Array, "*fermions"], Float[Array, "*fermions"]]:
    """Left and right couplings of a physical boson to a Standard Model fermion:
    g_c = a1 e Q + z1 e/(sW cW) (T3_c - Q sW^2)."""
    neutral = currents.e / (currents.weak.sin * currents.weak.cos)
    vector = state.a1 * currents.e * fermion.charge - state.z1 * neutral * fermion.charge * currents.weak.sin**2
    return vector + state.z1 * neutral * fermion.isospin, vector


def mcp_coupling(currents: NeutralCurrents, state: mixing.Eigenstate) -> Scalar:
    """Vector coupling of a physical boson to the mCP, a2 g_A2 + z2 g_Z2."""
    to_a, to_z = currents.sector.couplings()
    return state.a2 * to_a + state.z2 * to_z


def width_to_mcp(currents: NeutralCurrents, state: mixing.Eigenstate) -> Scalar:
    """Width (GeV) of a massive boson into a pair of mCPs; zero below threshold or with no mCP."""
    if currents.m_mcp is None:
        return jnp.zeros_like(state.mass)
    coupling = mcp_coupling(currents, state)
    return decays.partial_width(state.mass, currents.m_mcp, coupling, coupling, 1.0)


def widths_to_fermions(currents: NeutralCurrents, state: mixing.Eigenstate) -> dict[str, Scalar]:
    """Widths (GeV) of a massive boson into each Standard Model fermion pair, by name."""
    return {
        f.name: decays.fermion_width(state.mass, f, *chiral_couplings(currents, state, f)) for f in constants.FERMIONS
    }


def _absorption(currents: NeutralCurrents, s: Float[Array, "*n"]) -> tuple:
    return mixing.absorptive(s, currents.e, currents.weak)


def pair_amplitudes(
    currents: NeutralCurrents, s: Float[Array, "*n"], offset: Float[Array, "*n"]
) -> tuple[Array, Array]:
    """Squared amplitudes of q qbar -> psi psibar through photon, Z and Z' with all interference, over strength^2.

    A_q,c = -S_q,c T/(1 - h Pi),  S_q,c = g_{q,c}^T P0 b; summed over the quark's chiralities. Exact in the mixing.

    Parameters
    ----------
    s : squared mass of the pair, GeV^2.
    offset : s - M2^2, GeV^2, given apart so that no digits are lost on a narrow resonance.

    Returns
    -------
    up, down : the sums for up-type and for down-type quarks, GeV^-4.
    """
    to_a, to_z, h, determinant = mixing.hypercharge_numerators(s, currents.m1, currents.weak, _absorption(currents, s))
    numerator, feedback, _, denominator = currents.sector.forms(s).at(s, offset)
    response = _squared(numerator) / _squared(determinant * denominator - currents.strength**2 * s * h * feedback)
    neutral = currents.e / (currents.weak.sin * currents.weak.cos)

    def source(charge: float, isospin: float) -> Float[Array, "*n"]:
        right = charge * (currents.e * to_a - neutral * currents.weak.sin**2 * to_z)
        left = right + neutral * isospin * to_z
        return (_squared(left) + _squared(right)) * response

    return source(2 / 3, 0.5), source(-1 / 3, -0.5)


def _squared(z: Inexact[Array, "*n"]) -> Float[Array, "*n"]:
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2


def resonance(currents: NeutralCurrents) -> tuple[Scalar, Scalar]:
    """Where the Z' peaks in pair_amplitudes: ln(Re s_pole/M2^2) and its total width over its mass, both dimensionless.

    s_pole is the zero next to M2^2 of the exact denominator, a quadratic in s once the absorptive parts are held at
    Re s_pole (two passes); dark and Standard Model widths are both in it, also where Z and Z' overlap.
    """
    # the first pass only says where to take the absorptive parts, whose slopes do not matter here
    first = _pole_distance(jax.lax.stop_gradient(currents), jax.lax.stop_gradient(currents.m2**2))
    pole = _pole_distance(currents, currents.m2**2 * (1.0 + jnp.maximum(jnp.real(first), -0.9)))
    distance = jnp.maximum(jnp.real(pole), -0.9)  # an overdamped resonance is not followed through s = 0
    return jnp.log1p(distance), jnp.maximum(-jnp.imag(pole) / (1.0 + distance), _SMALLEST_WIDTH)


def _pole_distance(currents: NeutralCurrents, s: Scalar) -> Complex[Array, ""]:
    """s_pole/M2^2 - 1 with the absorptive parts of s: the smaller root of a x^2 + b x + c, without cancellation.

    Each factor of the exact denominator 1 - h Pi, (sh denominator)(Pi denominator) - strength^2 (sh numerator)(Pi
    numerator), is linear in x.
    """
    absorption = _absorption(currents, s)
    (source_slope, source), (response_slope, response) = mixing.hypercharge_forms(
        currents.m1 / currents.m2, currents.weak, absorption
    )
    source, response = source_slope + source, response_slope + response
    _, (feedback_slope, feedback), _, (dark_slope, dark) = currents.sector.forms(s)
    # over the slope of the dark denominator, which runs away with g1' in the Okun phase
    scale = 1.0 / (dark_slope + dark)
    dark, feedback_slope, feedback = scale * dark, scale * (feedback_slope + feedback), scale * feedback
    mixing2 = currents.strength**2
    a = response_slope - mixing2 * source_slope * feedback_slope
    b = response + response_slope * dark - mixing2 * (source_slope * feedback + source * feedback_slope)
    c = response * dark - mixing2 * source * feedback
    scale = 1.0 / b
    return -2.0 * scale * c / (1.0 + jnp.sqrt(1.0 - 4.0 * (scale * a) * (scale * c)))


def meson_coupling(
    currents: NeutralCurrents, mass: Float[Array, "*mesons"], width: Float[Array, "*mesons"]
) -> Float[Array, "*mesons"]:
    """Squared charge, over strength^2 and in units of e^2, with which a neutral vector meson decays to mCPs.

    |cW T/(e [1 - h Pi])|^2 of the exact amplitude at s = m_V^2 - i m_V Gamma_V. In the mixed phase that is
    epsilon_gamma^2/kappa^2 far below the Z', (cW g1' Q'/e)^2 far above it, and a resonance between.

    Parameters
    ----------
    mass, width : of the meson, GeV.
    """
    s = mass**2 - 1j * mass * width
    absorption = _absorption(currents, mass**2)
    *_, h, determinant = mixing.hypercharge_numerators(mass**2, currents.m1, currents.weak, absorption)
    numerator, feedback, _, denominator = currents.sector.forms(mass**2).at(s, s - currents.m2**2)
    whole = determinant * denominator - currents.strength**2 * s * h * feedback
    return _squared(numerator) * _squared(determinant) / _squared(whole) * (currents.weak.cos / currents.e) ** 2
