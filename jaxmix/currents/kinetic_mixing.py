"""The dark sector of the mixed phase: B' is part massless, part massive, and mixes kinetically with hypercharge."""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Bool, Scalar

from jaxmix.currents import mixing, sector
from jaxmix.numerics import safe

_OKUN = 1e-9  # cosine of theta_W' = pi/2, rounded


class KineticMixing(sector.AbstractSector):
    """L = -1/4 B'^2 - kappa/2 B B' with B' = cW' A2 - sW' Z2; the Okun phase at cW' = 0, the Holdom phase at sW' = 0.

    Parameters
    ----------
    kappa : kinetic mixing.
    m2 : Lagrangian mass of Z2, GeV.
    dark : theta_W'.
    e_dark : e', gauge coupling of the massless A2 (Heaviside-Lorentz).
    charge_dark, isospin_dark : Q' and T3' of the mCP.
    m_mcp, dark_width : as in `AbstractSector`; the width stands on Z2 alone.
    """

    kappa: Scalar
    m2: Scalar
    dark: mixing.Angle
    e_dark: Scalar
    charge_dark: Scalar
    isospin_dark: Scalar
    m_mcp: Scalar | None
    dark_width: Scalar | None

    @property
    def strength(self) -> Scalar:
        """kappa."""
        return self.kappa

    def at_least(self, smallest: float) -> "KineticMixing":
        """The same with kappa = smallest where |kappa| is smaller."""
        kappa = jnp.where(jnp.abs(self.kappa) < smallest, smallest, self.kappa)
        return dataclasses.replace(self, kappa=kappa)

    def couplings(self) -> tuple[Scalar, Scalar]:
        """Vector couplings of the mCP to (A2, Z2): (e' Q', e'/(sW' cW') (T3' - Q' sW'^2))."""
        dark = self.dark
        to_z = safe.ratio(self.isospin_dark, dark.sin * dark.cos) - self.charge_dark * safe.ratio(dark.sin, dark.cos)
        return self.e_dark * self.charge_dark, self.e_dark * to_z

    def residues(self) -> sector.Residues:
        """T/kappa = cW' gA - sW' gZ s/(s - M2^2) and Pi/(kappa^2 s) = cW'^2 + sW'^2 s/(s - M2^2), with the `couplings`.

        The mCP's absorptive part adds i a (cW' gZ + sW' gA)^2 s to the linear form of Pi.
        """
        g_a, g_z = self.couplings()
        cos, sin = self.dark.cos, self.dark.sin
        return sector.Residues(
            source=(cos * g_a, -(sin * g_z)),
            self_energy=(cos**2, sin**2),
            block=(g_a**2, g_z**2),
            absorbed=(None, (cos * g_z + sin * g_a) ** 2),
        )

    def states(self, m1: Scalar, weak: mixing.Angle) -> tuple[mixing.Eigenstate, mixing.Eigenstate, mixing.Eigenstate]:
        """The physical photon, Z and Z'; signs as in paper A, eqs. (31), (32) and (38)."""
        z, zprime = mixing.massive_states(self.kappa, m1, self.m2, weak, self.dark)
        return mixing.photon(self.kappa, weak, self.dark), z, zprime

    def forbidden_gap(self, m1: Scalar, weak: mixing.Angle) -> tuple[Scalar, Scalar]:
        """M1^2/K11 < m_Z'^2 < M1^2 K22/det K of the kinetic matrix K."""
        return mixing.forbidden_gap(self.kappa, m1, weak, self.dark)

    def epsilon_gamma(self, weak: mixing.Angle, e: Scalar) -> Scalar:
        """kappa_cc e' Q'/e, exact in kappa. Paper A, eq. (44)."""
        return self.kappa * weak.cos * self.dark.cos * self.e_dark * self.charge_dark / e

    def epsilon_z(self, weak: mixing.Angle) -> Scalar:
        """kappa_cs. Paper A, eq. (45)."""
        return self.kappa * weak.cos * self.dark.sin

    @property
    def g1_dark(self) -> Scalar:
        """Gauge coupling g1' = e'/cW' of B'."""
        return safe.ratio(self.e_dark, self.dark.cos)

    @property
    def gauge_coupling(self) -> Scalar:
        """g1'; zero in the Okun phase without an mCP, where there is no massless boson for e' to belong to."""
        if self.m_mcp is not None:
            return self.g1_dark
        return jnp.where(self.dark.cos < _OKUN, 0.0, self.g1_dark)

    @property
    def hypercharge_dark(self) -> Scalar:
        """g1' (Q' - T3')."""
        return self.g1_dark * (self.charge_dark - self.isospin_dark)

    @property
    def decoupled(self) -> Bool[Array, ""]:
        """The Holdom phase."""
        return self.dark.sin == 0.0

    @property
    def hatted(self) -> Scalar:
        """kappa sW'/sqrt(1 - kappa^2 cW'^2), of the sign of kappa."""
        return mixing.hatted(self.kappa, self.dark)


def okun_angle(like: Scalar) -> mixing.Angle:
    """theta_W' = pi/2, exactly, in the precision of `like`."""
    return mixing.Angle(cos=jnp.zeros_like(like), sin=jnp.ones_like(like))


def okun(kappa: Scalar, m2: Scalar) -> KineticMixing:
    """The Okun phase (theta_W' = pi/2) without an mCP; m2 in GeV."""
    none, one = jnp.zeros_like(kappa), jnp.ones_like(kappa)
    return KineticMixing(
        kappa=kappa,
        m2=m2,
        dark=okun_angle(kappa),
        e_dark=none,
        charge_dark=one,
        isospin_dark=none,
        m_mcp=None,
        dark_width=None,
    )
