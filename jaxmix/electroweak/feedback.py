"""What a dark sector feeds back into Standard Model amplitudes: one function F(s), exact in the mixing.

The Standard Model is taken with hatted couplings, g1^ = g1/sqrt(1 - contact) with the contact part of Pi/s (kappa^2
cW'^2 in the mixed phase), so that the charge measured on the photon pole is e. Then P_SM,SM = P0 + F v v^T with
v = P0 b, and F needs the sector only through kappa^ and M2 where the dark width is given.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Float, Scalar, ScalarLike

from jaxmix.currents import decays, mixing, neutral_currents, sector
from jaxmix.numerics import safe


class Feedback(eqx.Module):
    """F(s) = X/(1 - h X), X = (Pi - contact s)/(1 - contact): the contact part of Pi/s only renormalises g1.

    In the mixed phase X = s (s d - cW'^2) kappa^2/(1 - kappa^2 cW'^2).

    Parameters
    ----------
    strength : strength^2/(1 - strength^2 contact); kappa^2/(1 - kappa^2 cW'^2) in the mixed phase.
    square : m_Z'^2 of the pole that is held, or M2^2, GeV^2.
    scale, shift : M2^2 = square + shift/scale with scale = (M1^2 - m_Z'^2)/(M1^2 + m_Z'^2) (or 1), so that nothing is
        singular where M2 runs away.
    width : Gamma2/M2 where a dark width is given, else None.
    residues : the sector without absorptive parts.
    m_mcp : mass of the mCP (GeV) whose absorptive part counts: None where the width is given.
    """

    strength: Scalar
    square: Scalar
    scale: Scalar
    shift: Scalar
    width: Scalar | None
    residues: sector.Residues
    m_mcp: Scalar | None

    @property
    def exists(self) -> Bool[Array, ""]:
        """Whether a Lagrangian mass M2 exists: false inside the forbidden gap of a physical m_Z'."""
        return (self.scale * self.square + self.shift) * self.scale > 0.0

    @property
    def pole(self) -> Scalar:
        """m_Z'^2 or M2^2, about which a resonance lies (GeV^2)."""
        return self.square

    def forms(self, s: Array, distance: Array, absorption: Array | None) -> tuple[Array, Array]:
        """Numerator and denominator of X, each times `scale`.

        Parameters
        ----------
        s : squared momentum, GeV^2, of either sign.
        distance : s - square, GeV^2, given apart to keep its digits.
        absorption : beta (3 - beta^2)/(24 pi) of the mCP at s, None for none.
        """
        offset = distance * self.scale - self.shift  # (s - M2^2) scale
        width = None if self.width is None else jnp.where(jnp.real(s) > 0.0, self.width, 0.0)
        *_, massive, denominator = sector.forms(self.residues, absorption, width).at(s * self.scale, offset)
        return self.strength * s * massive, denominator

    def absorption(self, s: Float[Array, "*n"]) -> Float[Array, "*n"] | None:
        """beta (3 - beta^2)/(24 pi) of the mCP; zero below threshold and for spacelike s, None with no mCP."""
        return None if self.m_mcp is None else sector.absorptive_part(s, self.m_mcp)


def feedback(
    currents: neutral_currents.NeutralCurrents, m1: Scalar, weak: mixing.Angle, width_over_mass: ScalarLike | None
) -> Feedback:
    """The feedback of a parameter point on a Standard Model with hatted couplings.

    The physical Z' mass that the point asks for is held, M2^2 = m^2 + m^2 kappa^^2 (m^2 - cW^2 M1^2)/(M1^2 - m^2), or
    M2 where that was given.

    Parameters
    ----------
    currents : the point.
    m1, weak : the Standard Model's M1 (GeV) and theta_W, hatted.
    width_over_mass : width of the massive field over m_Z', or None for the one that the mCP's current gives.
    """
    dark = currents.sector
    strength, hatted2 = dark.hatted_squared()
    if currents.m_zprime is None:
        square, scale, shift = dark.m2**2, jnp.ones_like(dark.m2), jnp.zeros_like(dark.m2)
    else:
        square = currents.m_zprime**2
        larger = square + m1**2
        scale = (m1 - currents.m_zprime) * (m1 + currents.m_zprime) / larger
        shift = square * hatted2 * (square - (weak.cos * m1) ** 2) / larger
    width, m_mcp = None, dark.m_mcp
    if width_over_mass is not None:
        # Gamma2/M2 = width_over_mass m_Z'/M2
        width = jnp.asarray(width_over_mass) * safe.sqrt(safe.ratio(square * scale, square * scale + shift))
        m_mcp = None
    return Feedback(strength, square, scale, shift, width, dark.residues(), m_mcp)


def spacelike(dark: Feedback, t: Float[Array, "*n"], h: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """F(t) for t < 0 (GeV^2), real; h: the Standard Model's hypercharge propagator there, GeV^-2."""
    numerator, denominator = dark.forms(t, t - dark.square, None)
    numerator, denominator = jnp.real(numerator), jnp.real(denominator)
    return numerator / (denominator - h * numerator)


def timelike(
    dark: Feedback, s: Float[Array, "*n"], distance: Float[Array, "*n"], h: Complex[Array, "*n"]
) -> Complex[Array, "*n"]:
    """F(s) for s > 0 (GeV^2) at one exact energy; distance: s - m_Z'^2; h as in `spacelike`."""
    numerator, denominator = dark.forms(s, distance, dark.absorption(s))
    return numerator / (denominator - h * numerator)


def z_width_to_mcp(currents: neutral_currents.NeutralCurrents, m1: Scalar, weak: mixing.Angle) -> Scalar:
    """Width (GeV) of the Z into mCPs through the contact part of T, which is its A2 content in the mixed phase.

    Gamma = kappa^2 sW^2 cW'^2 (e' Q')^2 m_Z/(12 pi) (1 + 2 x) sqrt(1 - 4 x), x = (m_mcp/m_Z)^2, in the mixed phase. For
    a given dark width, which stands on the massive field alone; with the mCP's own current F holds it. Zero
    with no mCP.
    """
    if currents.m_mcp is None:
        return jnp.zeros_like(m1)
    coupling = currents.strength * weak.sin * currents.sector.residues().source[0]
    return decays.partial_width(m1, currents.m_mcp, coupling, coupling, 1.0)
