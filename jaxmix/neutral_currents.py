"""The waist: everything a neutral-current experiment can ask of one parameter point.

A model builds one `NeutralCurrents`; electroweak, collider and detector rooms read masses, couplings,
widths and amplitudes from it and never see the model. GeV throughout.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from jaxmix import constants, decays, mixing
from jaxmix.numerics import safe

Scalar = Float[Array, ""]

_SMALLEST_WIDTH = 1e-13  # keeps the resonance map finite where a Z' has no open channel


class NeutralCurrents(eqx.Module):
    """One parameter point: L = -1/4 B^2 - 1/4 B'^2 - kappa/2 B B' with its two gauge sectors and the lightest mCP.

    kappa: kinetic mixing. m1, m2: Lagrangian masses of Z1, Z2 (GeV). weak, dark: theta_W and theta_W'.
    e, e_dark: gauge couplings of the massless states (Heaviside-Lorentz). m_mcp: mCP mass (GeV) or None when no mCP is
    given. charge_dark, isospin_dark: its Q' and T3' (vector-like Dirac). dark_width: width (GeV) put on Z2, or None for
    the width that the mCP current gives ("model").
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


def chiral_couplings(currents: NeutralCurrents, state: mixing.Eigenstate, fermion: constants.Fermion) -> tuple[Scalar, Scalar]:
    """Left and right couplings of a physical boson to a Standard Model fermion:
    g_c = a1 e Q + z1 e/(sW cW) (T3_c - Q sW^2)."""
    neutral = currents.e / (currents.weak.sin * currents.weak.cos)
    vector = state.a1 * currents.e * fermion.charge - state.z1 * neutral * fermion.charge * currents.weak.sin**2
    return vector + state.z1 * neutral * fermion.isospin, vector


def dark_couplings(currents: NeutralCurrents) -> tuple[Scalar, Scalar]:
    """Vector couplings of the mCP to (A2, Z2): (e' Q', e'/(sW' cW') (T3' - Q' sW'^2))."""
    dark = currents.dark
    to_z = safe.ratio(currents.isospin_dark, dark.sin * dark.cos) - currents.charge_dark * safe.ratio(dark.sin, dark.cos)
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
    return {f.name: decays.fermion_width(state.mass, f, *chiral_couplings(currents, state, f)) for f in constants.FERMIONS}


def _hypercharge(currents: NeutralCurrents, s: Float[Array, "*n"]) -> tuple:
    absorption = mixing.absorptive(s, currents.e, currents.weak)
    return mixing.hypercharge_vector(s, currents.m1, currents.weak, absorption)


def _dark_response(currents: NeutralCurrents, s: Float[Array, "*n"], offset: Array, h: Array) -> tuple[Array, Array]:
    """Numerator and denominator of the dark side of q qbar -> psi psibar, regular at every s and every phase.

    With offset = s - M2^2, (gA, gZ) the mCP's couplings, N_bb = offset + sW'^2 M2^2, N_bg = cW' gA offset - sW' gZ s,
    N_gg = gA^2 offset + gZ^2 s, w = cW' gZ + sW' gA and a = beta (3 - beta^2)/(24 pi),
        s D_psi/(1 - kappa^2 s^2 h d) = N_bg/[offset + i a N_gg - kappa^2 s h (N_bb + i a s w^2)].
    """
    g_a, g_z = dark_couplings(currents)
    cos, sin = currents.dark.cos, currents.dark.sin
    if currents.dark_width is None:
        beta = 0.0 if currents.m_mcp is None else safe.velocity(currents.m_mcp**2 / jnp.real(s))
        a = beta * (3.0 - beta**2) / (24.0 * jnp.pi)
    else:
        a = 0.0
        offset = offset + 1j * s * currents.dark_width / currents.m2
    n_bb = cos**2 * offset + sin**2 * s
    n_bg = cos * g_a * offset - sin * g_z * s
    n_gg = g_a**2 * offset + g_z**2 * s
    feedback = n_bb + 1j * a * s * (cos * g_z + sin * g_a) ** 2
    return n_bg, offset + 1j * a * n_gg - currents.kappa**2 * s * h * feedback


def pair_amplitudes(currents: NeutralCurrents, s: Float[Array, "*n"], offset: Float[Array, "*n"]) -> tuple[Array, Array]:
    """Squared amplitudes of q qbar -> psi psibar through photon, Z and Z' with all interference, over kappa^2, in GeV^-4.

    A_q,c = -kappa s S_q,c D_psi/(1 - kappa^2 s^2 h d),  S_q,c = g_{q,c}^T P0 b; summed over the quark's chiralities.
    Exact in kappa, in every phase.

    Args:
        s: squared mass of the pair, GeV^2.
        offset: s - M2^2, GeV^2, given apart so that no digits are lost on a narrow resonance.
    Returns:
        the sums for up-type and for down-type quarks.
    """
    to_a, to_z, h = _hypercharge(currents, s)
    numerator, denominator = _dark_response(currents, s, offset, h)
    response = (jnp.real(numerator) ** 2 + jnp.imag(numerator) ** 2) / (jnp.real(denominator) ** 2 + jnp.imag(denominator) ** 2)
    neutral = currents.e / (currents.weak.sin * currents.weak.cos)

    def source(charge: float, isospin: float) -> Float[Array, "*n"]:
        right = charge * (currents.e * to_a - neutral * currents.weak.sin**2 * to_z)
        left = right + neutral * isospin * to_z
        return jnp.real(left) ** 2 + jnp.imag(left) ** 2 + jnp.real(right) ** 2 + jnp.imag(right) ** 2

    return source(2 / 3, 0.5) * response, source(-1 / 3, -0.5) * response


def resonance(currents: NeutralCurrents) -> tuple[Scalar, Scalar]:
    """Where the Z' peaks in pair_amplitudes: ln(Re s_pole/M2^2) and its total width over its mass, both dimensionless.

    s_pole is the zero of the exact denominator next to M2^2, by three fixed-point steps; dark and Standard Model
    widths are both in it.
    """
    square = currents.m2**2
    offset = jnp.zeros_like(square)
    for _ in range(3):
        s = square + jnp.real(offset)
        h = _hypercharge(currents, s)[2]
        real = s - square
        # the denominator is offset + f(offset): at the pole offset = -f
        offset = real - _dark_response(currents, s, real, h)[1]
        # far above threshold the step is O(kappa^2); never let it cross s = 0
        offset = jnp.maximum(jnp.real(offset), -0.9 * square) + 1j * jnp.imag(offset)
    pole = square + jnp.real(offset)
    return jnp.log1p(jnp.real(offset) / square), jnp.maximum(-jnp.imag(offset) / pole, _SMALLEST_WIDTH)


def meson_coupling(currents: NeutralCurrents, mass: Scalar, width: Scalar) -> Scalar:
    """Squared charge, over kappa^2 and in units of e^2, with which a neutral vector meson decays to mCPs.

    |cW N_bg/(e [..])|^2 of the exact amplitude at s = m_V^2 - i m_V Gamma_V: epsilon_gamma^2/kappa^2 far below the Z',
    (cW g1' Q'/e)^2 far above it, and a resonance between.

    Args:
        mass, width: of the meson, GeV.
    """
    s = mass**2 - 1j * mass * width
    h = _hypercharge(currents, mass**2)[2]
    numerator, denominator = _dark_response(currents, s, s - currents.m2**2, h)
    squared = (jnp.real(numerator) ** 2 + jnp.imag(numerator) ** 2) / (jnp.real(denominator) ** 2 + jnp.imag(denominator) ** 2)
    return squared * (currents.weak.cos / currents.e) ** 2
