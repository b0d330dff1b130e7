"""The mixed phase: hypercharge mixes kinetically with a boson that is part massless, part massive.

Its limits are the Holdom phase (theta_W' = 0, massless only) and the Okun phase (theta_W' = pi/2, massive only).
Paper A, section II.
"""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Scalar, ScalarLike

from jaxmix import constants
from jaxmix.currents import kinetic_mixing, mixing, neutral_currents
from jaxmix.models import base, declarations


class MixedPhase(base.AbstractModel):
    """One point of the mixed phase.

    Parameters
    ----------
    kappa : kinetic mixing, in (-1, 1).
    m_zprime, m2 : physical Z' mass and its Lagrangian mass, GeV; exactly one of them.
    theta_dark : theta_W' in [0, pi/2], rad.
    e_dark : e', coupling of the massless dark photon.
    m_mcp : mass of the lightest mCP, GeV, or None.
    m1 : Lagrangian Z mass, GeV.
    sin2_theta_w, alpha : Standard Model inputs. The Lagrangian's e is sqrt(4 pi alpha); the charge measured on the
        photon pole is larger by 1/sqrt(1 - kappa_cc^2), which only the precision observables resolve.
    dark_width : width of the Z2, GeV, or None for the one that the mCP gives.
    charge_dark, isospin_dark : Q' and T3' of the mCP.

    Raises
    ------
    ValueError
        Unless exactly one of m_zprime and m2 is given.
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
    charge_dark: Scalar
    isospin_dark: Scalar

    declaration: ClassVar[declarations.Declaration] = declarations.MIXED_PHASE

    def __init__(
        self,
        kappa: ScalarLike,
        *,
        m_zprime: ScalarLike | None = None,
        m2: ScalarLike | None = None,
        theta_dark: ScalarLike = constants.THETA_W,
        e_dark: ScalarLike = constants.E_CHARGE,
        m_mcp: ScalarLike | None = None,
        m1: ScalarLike = constants.M1,
        sin2_theta_w: ScalarLike = constants.SIN2_THETA_W,
        alpha: ScalarLike = constants.ALPHA,
        dark_width: ScalarLike | None = None,
        charge_dark: ScalarLike = 1.0,
        isospin_dark: ScalarLike = 0.0,
    ):
        """All numbers take kappa's precision."""
        given = base.numbers(
            "MixedPhase",
            kappa,
            m_zprime=m_zprime,
            m2=m2,
            theta_dark=theta_dark,
            e_dark=e_dark,
            m_mcp=m_mcp,
            m1=m1,
            sin2_theta_w=sin2_theta_w,
            alpha=alpha,
            dark_width=dark_width,
            charge_dark=charge_dark,
            isospin_dark=isospin_dark,
        )
        for name, value in given.items():
            setattr(self, name, value)

    @classmethod
    def from_values(cls, values: Mapping[str, ScalarLike]) -> "MixedPhase":
        """The point of a dict of parameters by name: kappa, epsilon_gamma or epsilon, and any form of the Z' mass."""
        own = ("theta_dark", "e_dark", "m1", "sin2_theta_w", "alpha")
        more = {name: values[name] for name in ("charge_dark", "isospin_dark", "m_mcp") if name in values}
        return cls(_kappa(values), **base.mass_of(values), **{name: values[name] for name in own}, **more)

    @property
    def dark(self) -> mixing.Angle:
        """theta_W' as a (cos, sin) pair."""
        return mixing.Angle(cos=jnp.cos(self.theta_dark), sin=jnp.sin(self.theta_dark))

    def currents(self) -> neutral_currents.NeutralCurrents:
        """What this point predicts for nature; NaN where a physical m_zprime lies in the forbidden gap."""
        weak, dark = self.weak, self.dark
        if self.m2 is None:
            assert self.m_zprime is not None  # by the constructor
            m2 = mixing.lagrangian_mass(self.kappa, self.m1, self.m_zprime, weak, dark)
        else:
            m2 = self.m2
        sector = kinetic_mixing.KineticMixing(
            kappa=self.kappa,
            m2=m2,
            dark=dark,
            e_dark=self.e_dark,
            charge_dark=self.charge_dark,
            isospin_dark=self.isospin_dark,
            m_mcp=self.m_mcp,
            dark_width=self.dark_width,
        )
        return neutral_currents.NeutralCurrents(m1=self.m1, weak=weak, e=self.e, sector=sector, m_zprime=self.m_zprime)


def _kappa(values: Mapping[str, ScalarLike]) -> ScalarLike:
    """Kinetic mixing of a point that gives kappa, epsilon_gamma or epsilon."""
    if "kappa" in values:
        return values["kappa"]
    if "epsilon" in values:
        return base.mixing_from_epsilon(values["epsilon"], values["sin2_theta_w"])
    kappa = mixing_from_charge(
        values["epsilon_gamma"], values["theta_dark"], values["e_dark"], values["sin2_theta_w"], values["alpha"]
    )
    return kappa / values["charge_dark"] if "charge_dark" in values else kappa


def mixing_from_charge(
    epsilon_gamma: ScalarLike, theta_dark: ScalarLike, e_dark: ScalarLike, sin2_theta_w: ScalarLike, alpha: ScalarLike
) -> Scalar:
    """kappa that gives the millicharge epsilon_gamma at Q' = 1: epsilon_gamma e/(e' cW cW'). Paper A, eq. (44)."""
    e_over_cosine = jnp.sqrt(4.0 * jnp.pi * alpha / (1.0 - sin2_theta_w))
    return jnp.asarray(epsilon_gamma) * e_over_cosine / (e_dark * jnp.cos(theta_dark))
