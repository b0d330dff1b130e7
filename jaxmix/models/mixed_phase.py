"""The mixed phase: hypercharge mixes kinetically with a boson that is part massless, part massive.

Its limits are the Holdom phase (theta_W' = 0, massless only) and the Okun phase (theta_W' = pi/2, massive only).
Paper A, section II.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxmix import constants
from jaxmix.currents import mixing, neutral_currents

Scalar = Float[Array, ""]


class MixedPhase(eqx.Module):
    """One point of the mixed phase.

    kappa: kinetic mixing, in (-1, 1). m_zprime: physical Z' mass, GeV, or m2: its Lagrangian mass; exactly one of them.
    theta_dark: theta_W' in [0, pi/2], rad. e_dark: e', coupling of the massless dark photon. m_mcp: mass of the
    lightest mCP, GeV, or None. m1: Lagrangian Z mass, GeV. sin2_theta_w, alpha: Standard Model inputs. dark_width:
    width of the Z2 in GeV, or None for the one that the mCP gives. The Lagrangian's e is sqrt(4 pi alpha); the charge
    measured on the photon pole is larger by 1/sqrt(1 - kappa_cc^2), which only the precision observables resolve.
    """

    kappa: Scalar
    m_zprime: Scalar | None
    m2: Scalar | None
    theta_dark: Scalar
    e_dark: Scalar
    m_mcp: Scalar | None
    m1: Scalar
    sin2_theta_w: Scalar
    alpha: Scalar
    dark_width: Scalar | None

    def __init__(
        self,
        kappa: Scalar,
        *,
        m_zprime: Scalar | None = None,
        m2: Scalar | None = None,
        theta_dark: Scalar = constants.THETA_W,
        e_dark: Scalar = constants.E_CHARGE,
        m_mcp: Scalar | None = None,
        m1: Scalar = constants.M1,
        sin2_theta_w: Scalar = constants.SIN2_THETA_W,
        alpha: Scalar = constants.ALPHA,
        dark_width: Scalar | None = None,
    ):
        """Raises ValueError unless exactly one of m_zprime and m2 is given. All numbers take kappa's precision."""
        if (m_zprime is None) == (m2 is None):
            raise ValueError(
                "MixedPhase: give exactly one of m_zprime (physical mass) and m2 (Lagrangian mass), in GeV."
            )

        dtype = jnp.result_type(kappa, float)

        def number(value: float | Array | None) -> Scalar | None:
            return None if value is None else jnp.asarray(value, dtype=dtype)

        self.kappa, self.m_zprime, self.m2 = number(kappa), number(m_zprime), number(m2)
        self.theta_dark, self.e_dark, self.m_mcp = number(theta_dark), number(e_dark), number(m_mcp)
        self.m1, self.sin2_theta_w, self.alpha = number(m1), number(sin2_theta_w), number(alpha)
        self.dark_width = number(dark_width)

    @property
    def weak(self) -> mixing.Angle:
        """theta_W as a (cos, sin) pair."""
        return mixing.Angle(cos=jnp.sqrt(1.0 - self.sin2_theta_w), sin=jnp.sqrt(self.sin2_theta_w))

    @property
    def dark(self) -> mixing.Angle:
        """theta_W' as a (cos, sin) pair."""
        return mixing.Angle(cos=jnp.cos(self.theta_dark), sin=jnp.sin(self.theta_dark))

    def currents(self) -> neutral_currents.NeutralCurrents:
        """What this point predicts for nature; NaN where a physical m_zprime lies in the forbidden gap."""
        weak, dark = self.weak, self.dark
        m2 = mixing.lagrangian_mass(self.kappa, self.m1, self.m_zprime, weak, dark) if self.m2 is None else self.m2
        return neutral_currents.NeutralCurrents(
            kappa=self.kappa,
            m1=self.m1,
            m2=m2,
            weak=weak,
            dark=dark,
            e=jnp.sqrt(4.0 * jnp.pi * self.alpha),
            e_dark=self.e_dark,
            m_mcp=self.m_mcp,
            charge_dark=jnp.ones_like(self.kappa),
            isospin_dark=jnp.zeros_like(self.kappa),
            dark_width=self.dark_width,
            m_zprime=self.m_zprime,
        )


def mixing_from_charge(
    epsilon_gamma: Scalar, theta_dark: Scalar, e_dark: Scalar, sin2_theta_w: Scalar, alpha: Scalar
) -> Scalar:
    """kappa that gives the millicharge epsilon_gamma: epsilon_gamma e/(e' cW cW'). Paper A, eq. (44)."""
    return epsilon_gamma * jnp.sqrt(4.0 * jnp.pi * alpha / (1.0 - sin2_theta_w)) / (e_dark * jnp.cos(theta_dark))
