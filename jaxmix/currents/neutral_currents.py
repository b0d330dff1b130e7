"""The waist: everything a neutral-current experiment can ask of one parameter point.

A model builds one `NeutralCurrents`; electroweak, collider and detector rooms read masses, couplings,
widths and amplitudes from it and never see the model. GeV throughout.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxmix import constants
from jaxmix.currents import decays, mixing
from jaxmix.numerics import safe

Scalar = Float[Array, ""]

_SMALLEST_WIDTH = 1e-20  # keeps the resonance map finite where a Z' has no open channel


class NeutralCurrents(eqx.Module):
    """One parameter point: L = -1/4 B^2 - 1/4 B'^2 - kappa/2 B B' with its two gauge sectors and the lightest mCP.

    kappa: kinetic mixing. m1, m2: Lagrangian masses of Z1, Z2 (GeV). weak, dark: theta_W and theta_W'.
    e, e_dark: gauge couplings of the massless states (Heaviside-Lorentz). m_mcp: mCP mass (GeV) or None when no mCP is
    given. charge_dark, isospin_dark: its Q' and T3' (vector-like Dirac). dark_width: width (GeV) put on Z2, or None for
    the width that the mCP current gives ("model"). m_zprime: the physical Z' mass (GeV) that was asked for, None where
    m2 was: what a fit of the Standard Model's parameters holds.
    """

    kappa: Scalar
    m1: Scalar
    m2: Scalar
    weak: mixing.Angle
    dark: mixing.Angle
    e: Scalar
    e_dark: Scalar
    m_mcp: Scalar | None
    charge_dark: Scalar
    isospin_dark: Scalar
    dark_width: Scalar | None
    m_zprime: Scalar | None = None

    @property
    def epsilon_gamma(self) -> Scalar:
        """Millicharge of the mCP in units of e: kappa_cc e' Q'/e, exact in kappa. Paper A, eq. (44)."""
        return self.kappa * self.weak.cos * self.dark.cos * self.e_dark * self.charge_dark / self.e

    @property
    def epsilon_z(self) -> Scalar:
        """Coupling of the Z' to J_EM in units of e, defined as kappa_cs. Paper A, eq. (45)."""
        return self.kappa * self.weak.cos * self.dark.sin

    @property
    def g1_dark(self) -> Scalar:
        """Gauge coupling g1' = e'/cW' of B'."""
        return safe.ratio(self.e_dark, self.dark.cos)


def states(currents: NeutralCurrents) -> tuple[mixing.Eigenstate, mixing.Eigenstate, mixing.Eigenstate]:
    """The physical photon, Z and Z' with the exact coefficients of their currents."""
    c = currents
    z, zprime = mixing.massive_states(c.kappa, c.m1, c.m2, c.weak, c.dark)
    return mixing.photon(c.kappa, c.weak, c.dark), z, zprime


def chiral_couplings(
    currents: NeutralCurrents, state: mixing.Eigenstate, fermion: constants.Fermion
) -> tuple[Scalar, Scalar]:
    """Left and right couplings of a physical boson to a Standard Model fermion:
    g_c = a1 e Q + z1 e/(sW cW) (T3_c - Q sW^2)."""
    neutral = currents.e / (currents.weak.sin * currents.weak.cos)
    vector = state.a1 * currents.e * fermion.charge - state.z1 * neutral * fermion.charge * currents.weak.sin**2
    return vector + state.z1 * neutral * fermion.isospin, vector


def dark_couplings(currents: NeutralCurrents) -> tuple[Scalar, Scalar]:
    """Vector couplings of the mCP to (A2, Z2): (e' Q', e'/(sW' cW') (T3' - Q' sW'^2))."""
    dark = currents.dark
    to_z = safe.ratio(currents.isospin_dark, dark.sin * dark.cos) - currents.charge_dark * safe.ratio(
        dark.sin, dark.cos
    )
    return currents.e_dark * currents.charge_dark, currents.e_dark * to_z


def mcp_coupling(currents: NeutralCurrents, state: mixing.Eigenstate) -> Scalar:
    """Vector coupling of a physical boson to the mCP, a2 g_A2 + z2 g_Z2."""
    to_a, to_z = dark_couplings(currents)
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


class _DarkResponse(NamedTuple):
    """The dark propagators as linear forms x offset + y s, (x, y) each, with offset = s - M2^2; see
    `_dark_response`.
    """

    numerator: tuple[Array, Array]
    feedback: tuple[Array, Array]
    denominator: tuple[Array, Array]

    def at(self, s: Array, offset: Array) -> tuple[Array, Array, Array]:
        """Values of the three forms."""
        return tuple(x * offset + y * s for x, y in self)


def _dark_response(currents: NeutralCurrents, s: Float[Array, "*n"]) -> _DarkResponse:
    """Dark side of the exact propagators, regular at every s and every phase.

    With b'^T D0 g_psi = D_psi and b'^T D0 b' = d: s D_psi = numerator/denominator, s d = feedback/denominator. For
    (gA, gZ) the mCP's couplings, w = cW' gZ + sW' gA and a = beta (3 - beta^2)/(24 pi) the forms are
        numerator cW' gA offset - sW' gZ s,  feedback cW'^2 offset + (sW'^2 + i a w^2) s,
        denominator (1 + i a gA^2) offset + i a gZ^2 s;
    with a width given, offset + i s Gamma2/M2 stands for offset and a = 0. No absorptive part for spacelike s.
    """
    g_a, g_z = dark_couplings(currents)
    cos, sin = currents.dark.cos, currents.dark.sin
    if currents.dark_width is None:
        beta = 0.0 if currents.m_mcp is None else safe.velocity(currents.m_mcp**2 / s)
        a, width = jnp.where(s > 0.0, beta * (3.0 - beta**2) / (24.0 * jnp.pi), 0.0), jnp.zeros_like(s)
    else:
        a, width = jnp.zeros_like(s), jnp.where(s > 0.0, currents.dark_width / currents.m2, 0.0)
    return _DarkResponse(
        numerator=(cos * g_a, 1j * width * cos * g_a - sin * g_z),
        feedback=(cos**2, sin**2 + 1j * (width * cos**2 + a * (cos * g_z + sin * g_a) ** 2)),
        denominator=(1.0 + 1j * a * g_a**2, 1j * (width + a * g_z**2)),
    )


def pair_amplitudes(
    currents: NeutralCurrents, s: Float[Array, "*n"], offset: Float[Array, "*n"]
) -> tuple[Array, Array]:
    """Squared amplitudes of q qbar -> psi psibar through photon, Z and Z' with all interference, over kappa^2, in
    GeV^-4.

    A_q,c = -kappa s S_q,c D_psi/(1 - kappa^2 s^2 h d),  S_q,c = g_{q,c}^T P0 b; summed over the quark's chiralities.
    Exact in kappa, in every phase.

    Args:
        s: squared mass of the pair, GeV^2.
        offset: s - M2^2, GeV^2, given apart so that no digits are lost on a narrow resonance.
    Returns:
        the sums for up-type and for down-type quarks.
    """
    to_a, to_z, h, determinant = mixing.hypercharge_numerators(s, currents.m1, currents.weak, _absorption(currents, s))
    numerator, feedback, denominator = _dark_response(currents, s).at(s, offset)
    response = _squared(numerator) / _squared(determinant * denominator - currents.kappa**2 * s * h * feedback)
    neutral = currents.e / (currents.weak.sin * currents.weak.cos)

    def source(charge: float, isospin: float) -> Float[Array, "*n"]:
        right = charge * (currents.e * to_a - neutral * currents.weak.sin**2 * to_z)
        left = right + neutral * isospin * to_z
        return (_squared(left) + _squared(right)) * response

    return source(2 / 3, 0.5), source(-1 / 3, -0.5)


def _squared(z: Complex[Array, "*n"]) -> Float[Array, "*n"]:
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2


def propagator_shift(
    currents: NeutralCurrents, s: Float[Array, "*n"], offset: Float[Array, "*n"]
) -> tuple[Array, Array, Array]:
    """What mixing adds to the Standard Model's propagator, P_SM,SM - P0 on (A1, Z1): components (AA, AZ, ZZ), GeV^-2.

    Exact in kappa and of order kappa^2, never a difference of large numbers; zero absorptive part for s < 0.

    Args:
        s: squared momentum, GeV^2, of either sign.
        offset: s - M2^2, GeV^2, given apart so that no digits are lost on a narrow resonance.
    """
    _, feedback, denominator = _dark_response(currents, s).at(s, offset)
    source = mixing.hypercharge_vector(s, currents.m1, currents.weak, _absorption(currents, s))
    return mixing.sm_propagator_shift(currents.kappa, s, source, feedback, denominator)


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

    Each factor of the exact denominator, (sh denominator)(sd denominator) - kappa^2 (sh numerator)(sd numerator), is
    linear in x.
    """
    absorption = _absorption(currents, s)
    (source_slope, source), (response_slope, response) = mixing.hypercharge_forms(
        currents.m1 / currents.m2, currents.weak, absorption
    )
    source, response = source_slope + source, response_slope + response
    _, (feedback_slope, feedback), (dark_slope, dark) = _dark_response(currents, s)
    # over the slope of the dark denominator, which runs away with g1' in the Okun phase
    scale = 1.0 / (dark_slope + dark)
    dark, feedback_slope, feedback = scale * dark, scale * (feedback_slope + feedback), scale * feedback
    mixing2 = currents.kappa**2
    a = response_slope - mixing2 * source_slope * feedback_slope
    b = response + response_slope * dark - mixing2 * (source_slope * feedback + source * feedback_slope)
    c = response * dark - mixing2 * source * feedback
    scale = 1.0 / b
    return -2.0 * scale * c / (1.0 + jnp.sqrt(1.0 - 4.0 * (scale * a) * (scale * c)))


def meson_coupling(currents: NeutralCurrents, mass: Scalar, width: Scalar) -> Scalar:
    """Squared charge, over kappa^2 and in units of e^2, with which a neutral vector meson decays to mCPs.

    |cW s D_psi/(e [1 - kappa^2 s^2 h d])|^2 of the exact amplitude at s = m_V^2 - i m_V Gamma_V:
    epsilon_gamma^2/kappa^2 far below the Z', (cW g1' Q'/e)^2 far above it, and a resonance between.

    Args:
        mass, width: of the meson, GeV.
    """
    s = mass**2 - 1j * mass * width
    absorption = _absorption(currents, mass**2)
    *_, h, determinant = mixing.hypercharge_numerators(mass**2, currents.m1, currents.weak, absorption)
    numerator, feedback, denominator = _dark_response(currents, mass**2).at(s, s - currents.m2**2)
    whole = determinant * denominator - currents.kappa**2 * s * h * feedback
    return _squared(numerator) * _squared(determinant) / _squared(whole) * (currents.weak.cos / currents.e) ** 2
