"""What a dark sector feeds back into Standard Model amplitudes: one function F(s), exact in kappa, in every phase.

The Standard Model is taken with hatted couplings, g1^ = g1/sqrt(1 - kappa^2 cW'^2), so that the charge measured on the
photon pole is e; then P_SM,SM = P0 + F v v^T with v = P0 b, and F needs kappa and theta_W' only through kappa^ where
the dark width is given.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float

from jaxmix.currents import decays, mixing, neutral_currents
from jaxmix.numerics import safe

Scalar = Float[Array, ""]


class Feedback(eqx.Module):
    """F(s) = X/(1 - h X), X = s (s d - cW'^2) kappa^2/(1 - kappa^2 cW'^2): the massless part of d only renormalises g1.

    strength: kappa^2/(1 - kappa^2 cW'^2). square: m_Z'^2 of the pole that is held, or M2^2 (GeV^2). scale, shift: M2^2
    = square + shift/scale, with scale = (M1^2 - m_Z'^2)/(M1^2 + m_Z'^2) (or 1), so that nothing is singular where M2
    runs away. width: Gamma2/M2 of a given dark width. g_a, g_z: couplings of an mCP of mass m_mcp to (A2, Z2), zero
    where the width is given.
    """

    strength: Scalar
    square: Scalar
    scale: Scalar
    shift: Scalar
    width: Scalar
    cos: Scalar
    sin: Scalar
    g_a: Scalar
    g_z: Scalar
    m_mcp: Scalar | None

    @property
    def exists(self) -> Bool[Array, ""]:
        """Whether a Lagrangian mass M2 exists: false inside the forbidden gap of a physical m_Z'."""
        return (self.scale * self.square + self.shift) * self.scale > 0.0

    @property
    def pole(self) -> Scalar:
        """m_Z'^2 or M2^2, about which a resonance lies (GeV^2)."""
        return self.square

    def forms(self, s: Array, distance: Array, absorption: Array) -> tuple[Array, Array]:
        """Numerator and denominator of X, each times `scale`.

        Args:
            s: squared momentum, GeV^2, of either sign. distance: s - square, GeV^2, given apart to keep its digits.
            absorption: beta (3 - beta^2)/(24 pi) of the mCP at s.
        """
        offset = distance * self.scale - self.shift  # (s - M2^2) scale
        span = s * self.scale
        spread = self.cos * self.g_z + self.sin * self.g_a
        numerator = (self.sin**2 + 1j * absorption * (spread**2 - (self.cos * self.g_z) ** 2)) * span
        numerator -= 1j * absorption * (self.cos * self.g_a) ** 2 * offset
        width = jnp.where(jnp.real(s) > 0.0, self.width, 0.0)
        denominator = (1.0 + 1j * absorption * self.g_a**2) * offset + 1j * (absorption * self.g_z**2 + width) * span
        return self.strength * s * numerator, denominator

    def absorption(self, s: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """beta (3 - beta^2)/(24 pi) of the mCP; zero below threshold, for spacelike s and with no mCP."""
        if self.m_mcp is None:
            return jnp.zeros_like(s)
        timelike = s > 0.0
        beta = safe.velocity(self.m_mcp**2 / jnp.where(timelike, s, 1.0))
        return jnp.where(timelike, beta * (3.0 - beta**2) / (24.0 * jnp.pi), 0.0)


def feedback(
    currents: neutral_currents.NeutralCurrents, m1: Scalar, weak: mixing.Angle, width_over_mass: Scalar | None
) -> Feedback:
    """The feedback of a parameter point on the Standard Model with M1, theta_W (hatted, GeV and (cos, sin)).

    The physical Z' mass that the point asks for is held, M2^2 = m^2 + m^2 kappa^^2 (m^2 - cW^2 M1^2)/(M1^2 - m^2), or
    M2 where that was given. Z2 has the width width_over_mass m_Z', or where that is None the one that the mCP's current
    gives.
    """
    c = currents
    strength = c.kappa**2 / (1.0 - (c.kappa * c.dark.cos) ** 2)
    hatted2 = strength * c.dark.sin**2
    if c.m_zprime is None:
        square, scale, shift = c.m2**2, jnp.ones_like(c.m2), jnp.zeros_like(c.m2)
    else:
        square = c.m_zprime**2
        larger = square + m1**2
        scale = (m1 - c.m_zprime) * (m1 + c.m_zprime) / larger
        shift = square * hatted2 * (square - (weak.cos * m1) ** 2) / larger
    none = jnp.zeros_like(strength)
    if width_over_mass is None:
        g_a, g_z, width, m_mcp = *neutral_currents.dark_couplings(c), none, c.m_mcp
    else:
        # Gamma2/M2 = width_over_mass m_Z'/M2
        width = width_over_mass * safe.sqrt(safe.ratio(square * scale, square * scale + shift))
        g_a, g_z, m_mcp = none, none, None
    return Feedback(strength, square, scale, shift, width, c.dark.cos, c.dark.sin, g_a, g_z, m_mcp)


def spacelike(dark: Feedback, t: Float[Array, "*n"], h: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """F(t) for t < 0 (GeV^2), real; h: the Standard Model's hypercharge propagator there, GeV^-2."""
    numerator, denominator = dark.forms(t, t - dark.square, jnp.zeros_like(t))
    numerator, denominator = jnp.real(numerator), jnp.real(denominator)
    return numerator / (denominator - h * numerator)


def timelike(
    dark: Feedback, s: Float[Array, "*n"], distance: Float[Array, "*n"], h: Complex[Array, "*n"]
) -> Complex[Array, "*n"]:
    """F(s) for s > 0 (GeV^2) at one exact energy; distance: s - m_Z'^2; h as in `spacelike`."""
    numerator, denominator = dark.forms(s, distance, dark.absorption(s))
    return numerator / (denominator - h * numerator)


def z_width_to_mcp(currents: neutral_currents.NeutralCurrents, m1: Scalar, weak: mixing.Angle) -> Scalar:
    """Width (GeV) of the Z into mCPs through its A2 content, kappa^2 sW^2 cW'^2 (e' Q')^2 m_Z/(12 pi) (1 + 2 x) sqrt(1
    - 4 x), x = (m_mcp/m_Z)^2.

    For a given dark width, which stands on Z2 alone; with the mCP's own current F holds it. Zero with no mCP.
    """
    if currents.m_mcp is None:
        return jnp.zeros_like(m1)
    coupling = currents.kappa * weak.sin * currents.dark.cos * currents.e_dark * currents.charge_dark
    return decays.partial_width(m1, currents.m_mcp, coupling, coupling, 1.0)
