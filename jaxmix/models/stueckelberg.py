"""The Stueckelberg extension: hypercharge mixes with a massive boson X kinetically and through X's mass term.

L = -1/4 X^2 - kappa/2 B X + 1/2 (m X + mu B)^2, r = mu/m. With the massive field X' = X + r B this is a kinetic mixing
kappa - r of B with X', a kinetic term of B that is N^2 = 1 - 2 kappa r + r^2 times as large, and a coupling -r g_X of
X's current to hypercharge: a millicharge without a massless dark photon.
B. Kors, P. Nath, Phys. Lett. B 586 (2004) 366; D. Feldman, Z. Liu, P. Nath, Phys. Rev. D 75 (2007) 115001.
"""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Scalar, ScalarLike

from jaxmix import constants
from jaxmix.currents import kinetic_mixing, mixing, neutral_currents, sector
from jaxmix.models import base, declarations
from jaxmix.numerics import safe


class StueckelbergSector(sector.AbstractSector):
    """The sector of X with one Dirac fermion of charge q under it.

    Parameters
    ----------
    kappa : kinetic mixing. mass_mixing : r = mu/m.
    m2 : m, GeV.
    g_dark : g_X. charge_dark : q.
    m_mcp, dark_width : as in `AbstractSector`; the width stands on X' = X + r B.
    """

    kappa: Scalar
    mass_mixing: Scalar
    m2: Scalar
    g_dark: Scalar
    charge_dark: Scalar
    m_mcp: Scalar | None
    dark_width: Scalar | None

    @property
    def strength(self) -> Scalar:
        """sqrt(kappa^2 + r^2): rates are quadratic in the two together."""
        return safe.sqrt(self.kappa**2 + self.mass_mixing**2)

    def at_least(self, smallest: float) -> "StueckelbergSector":
        """The same with kappa = smallest where sqrt(kappa^2 + r^2) is smaller."""
        return dataclasses.replace(self, kappa=jnp.where(self.strength < smallest, smallest, self.kappa))

    def couplings(self) -> tuple[Scalar, Scalar]:
        """Vector couplings of the mCP: none to a massless boson, g_X q to X."""
        coupling = self.g_dark * self.charge_dark
        return jnp.zeros_like(coupling), coupling

    def residues(self) -> sector.Residues:
        """T = g q (r + (kappa - r) s/(s - m^2)) and Pi/s = 2 kappa r - r^2 + (kappa - r)^2 s/(s - m^2), over strength.

        From Pi = mu^2 + u^2 d and T = u d g q, u = kappa s - mu m, d = 1/(s - m^2). An absorptive part a of the current
        of X adds i a (r g q)^2 (s - (s - m^2)) = i a (r g q m)^2 to the linear form of Pi.
        """
        _, coupling = self.couplings()
        known = self.strength > 0.0
        inverse = 1.0 / jnp.where(known, self.strength, 1.0)
        # without any mixing the direction is that of kinetic mixing
        kinetic, mass = jnp.where(known, self.kappa * inverse, 1.0), self.mass_mixing * inverse
        contact = mass * coupling
        return sector.Residues(
            source=(contact, (kinetic - mass) * coupling),
            self_energy=(mass * (2.0 * kinetic - mass), (kinetic - mass) ** 2),
            block=(jnp.zeros_like(coupling), coupling**2),
            absorbed=(-(contact**2), contact**2),
        )

    @property
    def _norm(self) -> Scalar:
        """N = sqrt(1 - 2 kappa r + r^2), above sqrt(1 - kappa^2)."""
        return jnp.sqrt(1.0 - 2.0 * self.kappa * self.mass_mixing + self.mass_mixing**2)

    @property
    def hatted(self) -> Scalar:
        """kappa_eff = (kappa - r)/N."""
        return (self.kappa - self.mass_mixing) / self._norm

    def canonical(self, m1: Scalar, weak: mixing.Angle) -> tuple[Scalar, mixing.Angle]:
        """M1 (GeV) and theta_W of the Okun phase with the same physical bosons, whose g1 is smaller by N."""
        radius = jnp.sqrt((self._norm * weak.cos) ** 2 + weak.sin**2)
        cos = self._norm * weak.cos / radius
        return m1 * weak.cos / cos, mixing.Angle(cos=cos, sin=weak.sin / radius)

    def states(self, m1: Scalar, weak: mixing.Angle) -> tuple[mixing.Eigenstate, mixing.Eigenstate, mixing.Eigenstate]:
        """The physical photon, Z and Z', with z2 the coefficient of the current of X.

        From the Okun phase of X': B^ = N B there, and X = X' - r B.
        """
        canonical, rotated = self.canonical(m1, weak)
        # the Okun phase has B' = -Z2, here X' = Z2
        found = kinetic_mixing.okun(-self.hatted, self.m2).states(canonical, rotated)

        def rewritten(state: mixing.Eigenstate) -> mixing.Eigenstate:
            b = (rotated.cos * state.a1 - rotated.sin * state.z1) / self._norm
            w3 = rotated.sin * state.a1 + rotated.cos * state.z1
            return mixing.Eigenstate(
                mass=state.mass,
                a1=weak.cos * b + weak.sin * w3,
                z1=weak.cos * w3 - weak.sin * b,
                a2=jnp.zeros_like(b),
                z2=state.z2 - self.mass_mixing * b,
            )

        photon, z, zprime = map(rewritten, found)
        return photon, z, zprime

    def lagrangian_mass(self, m1: Scalar, m_zprime: Scalar, weak: mixing.Angle) -> Scalar:
        """m (GeV) for which the physical Z' has the mass m_zprime; NaN inside the forbidden gap."""
        canonical, rotated = self.canonical(m1, weak)
        return mixing.lagrangian_mass(self.hatted, canonical, m_zprime, rotated, kinetic_mixing.okun_angle(self.kappa))

    def forbidden_gap(self, m1: Scalar, weak: mixing.Angle) -> tuple[Scalar, Scalar]:
        """That of the Okun phase with the same physical bosons."""
        canonical, rotated = self.canonical(m1, weak)
        return mixing.forbidden_gap(self.hatted, canonical, rotated, kinetic_mixing.okun_angle(self.kappa))

    def epsilon_gamma(self, weak: mixing.Angle, e: Scalar) -> Scalar:
        """-r cW g_X q/e, of the Lagrangian's e."""
        return -self.mass_mixing * weak.cos * self.g_dark * self.charge_dark / e

    def epsilon_z(self, weak: mixing.Angle) -> Scalar:
        """(r - kappa) cW, of the Z' with a positive coupling to the current of X."""
        return (self.mass_mixing - self.kappa) * weak.cos

    @property
    def gauge_coupling(self) -> Scalar:
        """g_X."""
        return self.g_dark

    @property
    def hypercharge_dark(self) -> Scalar:
        """g_X q."""
        return self.g_dark * self.charge_dark

    @property
    def decoupled(self) -> Bool[Array, ""]:
        """kappa = r, where X' does not mix."""
        return self.kappa == self.mass_mixing


class Stueckelberg(base.AbstractModel):
    """One point of the Stueckelberg extension.

    Parameters
    ----------
    kappa : kinetic mixing, in (-1, 1).
    mass_mixing : r = mu/m, any number.
    m_zprime, m2 : physical Z' mass and m, GeV; exactly one of them.
    g_dark, charge_dark : g_X and the charge q of the mCP under X.
    m_mcp : mass of the mCP, GeV, or None.
    m1 : Lagrangian Z mass, GeV.
    sin2_theta_w, alpha : Standard Model inputs. The Lagrangian's e is sqrt(4 pi alpha).
    dark_width : width of X', GeV, or None for the one that the mCP gives.

    Raises
    ------
    ValueError
        Unless exactly one of m_zprime and m2 is given.
    """

    kappa: Scalar
    mass_mixing: Scalar
    m_zprime: Scalar | None
    m2: Scalar | None
    g_dark: Scalar
    charge_dark: Scalar
    m_mcp: Scalar | None
    m1: Scalar
    sin2_theta_w: Scalar
    alpha: Scalar
    dark_width: Scalar | None

    declaration: ClassVar[declarations.Declaration] = declarations.STUECKELBERG

    def __init__(
        self,
        kappa: ScalarLike,
        mass_mixing: ScalarLike = 0.0,
        *,
        m_zprime: ScalarLike | None = None,
        m2: ScalarLike | None = None,
        g_dark: ScalarLike = constants.E_CHARGE,
        charge_dark: ScalarLike = 1.0,
        m_mcp: ScalarLike | None = None,
        m1: ScalarLike = constants.M1,
        sin2_theta_w: ScalarLike = constants.SIN2_THETA_W,
        alpha: ScalarLike = constants.ALPHA,
        dark_width: ScalarLike | None = None,
    ):
        """All numbers take kappa's precision."""
        given = base.numbers(
            "Stueckelberg",
            kappa,
            mass_mixing=mass_mixing,
            m_zprime=m_zprime,
            m2=m2,
            g_dark=g_dark,
            charge_dark=charge_dark,
            m_mcp=m_mcp,
            m1=m1,
            sin2_theta_w=sin2_theta_w,
            alpha=alpha,
            dark_width=dark_width,
        )
        for name, value in given.items():
            setattr(self, name, value)

    @classmethod
    def from_values(cls, values: Mapping[str, ScalarLike]) -> "Stueckelberg":
        """The point of a dict of parameters by name: kappa or epsilon, and any form of the Z' mass."""
        own = ("mass_mixing", "g_dark", "charge_dark", "m1", "sin2_theta_w", "alpha")
        if "kappa" in values:
            kappa = values["kappa"]
        else:
            kappa = base.mixing_from_epsilon(values["epsilon"], values["sin2_theta_w"])
        return cls(kappa, **base.mass_of(values), m_mcp=values.get("m_mcp"), **{name: values[name] for name in own})

    def currents(self) -> neutral_currents.NeutralCurrents:
        """What this point predicts for nature; NaN where a physical m_zprime lies in the forbidden gap."""
        given = self.m_zprime if self.m2 is None else self.m2
        assert given is not None  # by the constructor
        dark = StueckelbergSector(
            kappa=self.kappa,
            mass_mixing=self.mass_mixing,
            m2=given,
            g_dark=self.g_dark,
            charge_dark=self.charge_dark,
            m_mcp=self.m_mcp,
            dark_width=self.dark_width,
        )
        if self.m2 is None:
            dark = dataclasses.replace(dark, m2=dark.lagrangian_mass(self.m1, given, self.weak))
        return neutral_currents.NeutralCurrents(
            m1=self.m1, weak=self.weak, e=self.e, sector=dark, m_zprime=self.m_zprime
        )
