"""What a dark sector answers to the waist, and the one coding of its propagators.

Only the hypercharge field B couples to the dark side, so a sector enters every amplitude through three functions of s:
its self-energy Pi of B, the source T that feeds its millicharged particle (mCP), and its absorptive part,
    P_SM,SM = P0 + (P0 b)(P0 b)^T Pi/(1 - h Pi),    P_SM,mCP = -(P0 b) T/(1 - h Pi),    h = b^T P0 b.
Masses in GeV, propagators in GeV^-2.
"""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Scalar

from jaxmix.currents import mixing
from jaxmix.numerics import safe

Pair = tuple[Array | float, Array | float]  # (x, y) of a linear form x (s - M2^2) + y s


class Residues(NamedTuple):
    """A sector with one massive boson without absorptive parts: f(s) = contact + resonant s/(s - M2^2), as pairs.

    Parameters
    ----------
    source : of T/strength. Its contact part over the strength is the millicharge's, the mCP's charge far below M2.
    self_energy : of Pi/(strength^2 s). The contact part only renormalises the hypercharge coupling.
    block : of s C, where C propagates the mCP's current inside of the sector; zero where no width can come from it.
    absorbed : what an absorptive part a of the mCP adds to the linear form of Pi, over i a; None stands for zero.
    """

    source: tuple[Array, Array]
    self_energy: tuple[Array, Array]
    block: tuple[Array, Array]
    absorbed: tuple[Array | None, Array]


class Forms(NamedTuple):
    """The sector's functions of s as linear forms (x, y), x offset + y s with offset = s - M2^2, regular at every s.

    T/strength = source/denominator and Pi/(strength^2 s) = feedback/denominator. `massive` is the numerator of the
    latter less its contact part, Pi/(strength^2 s) - contact = massive/denominator.
    """

    source: Pair
    feedback: Pair
    massive: Pair
    denominator: Pair

    def at(self, s: Array, offset: Array) -> tuple[Array, Array, Array, Array]:
        """Values of the four forms at s (GeV^2), with offset = s - M2^2 given apart to keep its digits."""
        source, feedback, massive, denominator = (x * offset + y * s for x, y in self)
        return source, feedback, massive, denominator


def forms(residues: Residues, absorption: Array | None, width: Array | None) -> Forms:
    """The exact functions of s of one massive boson, with the mCP's absorptive part or with a width that is given.

    With C, T0 and Pi0 those without absorptive parts, Pi = Pi0 - i a s T0^2/(1 + i a s C) and T = T0/(1 + i a s C). The
    residue at s = M2^2 has rank one, so that all are ratios of forms that are linear in s.

    Parameters
    ----------
    residues : the sector without absorptive parts.
    absorption : a = beta (3 - beta^2)/(24 pi) of the mCP at s; None for none.
    width : Gamma2/M2 on the massive field alone, i s Gamma2/M2 beside s - M2^2, at s; None for none.
    """
    (contact, resonant), (light, heavy), (block_light, block_heavy) = residues[:3]
    absorbed_light, absorbed_heavy = residues.absorbed
    feedback: Pair = (light, heavy)
    massive: Pair = (0.0, heavy)
    source: Pair = (contact, resonant)
    denominator: Pair = (1.0, 0.0)
    if width is not None:
        source = (contact, 1j * width * contact + resonant)
        feedback = (light, heavy + 1j * (width * light))
        denominator = (1.0, 1j * width)
    if absorption is not None:
        a = 1j * absorption
        lighter = 0.0 if absorbed_light is None else absorbed_light
        massive = (a * (lighter - light * block_light), heavy + a * (absorbed_heavy - light * block_heavy))
        light_form = light if absorbed_light is None else light + a * absorbed_light
        feedback = (light_form, feedback[1] + a * absorbed_heavy)
        denominator = (1.0 + a * block_light, denominator[1] + a * block_heavy)
    return Forms(source, feedback, massive, denominator)


def absorptive_part(s: Float[Array, "*n"], m_mcp: Scalar) -> Float[Array, "*n"]:
    """beta (3 - beta^2)/(24 pi) of a Dirac fermion of mass m_mcp (GeV) at s (GeV^2).

    Zero below threshold and for spacelike s.
    """
    timelike = s > 0.0
    beta = safe.velocity(m_mcp**2 / jnp.where(timelike, s, 1.0))
    return jnp.where(timelike, beta * (3.0 - beta**2) / (24.0 * jnp.pi), 0.0)


class AbstractSector(eqx.Module):
    """A dark sector with one massive boson, with or without a massless one, and one mCP (vector-like Dirac fermion).

    Parameters
    ----------
    kappa : kinetic mixing of the dark boson with B.
    m2 : Lagrangian mass of the massive boson, GeV; resonances are counted from M2^2.
    m_mcp : mass of the mCP, GeV, or None where the point gives none.
    dark_width : width of the massive field, GeV, or None for the one that the mCP gives. Where it is given, the mCP's
        own absorptive part leaves, so that nothing is counted twice.
    """

    kappa: eqx.AbstractVar[Scalar]
    m2: eqx.AbstractVar[Scalar]
    m_mcp: eqx.AbstractVar[Scalar | None]
    dark_width: eqx.AbstractVar[Scalar | None]

    @property
    @abstractmethod
    def strength(self) -> Scalar:
        """The mixing that rates are divided by: they are about quadratic in it."""

    @abstractmethod
    def at_least(self, smallest: float) -> "AbstractSector":
        """The same sector with |strength| >= smallest, where a quantity over strength^2 is asked for."""

    @abstractmethod
    def residues(self) -> Residues:
        """The sector's functions of s without absorptive parts."""

    @abstractmethod
    def couplings(self) -> tuple[Scalar, Scalar]:
        """Vector couplings of the mCP to the fields of `Eigenstate.a2` (massless) and `Eigenstate.z2` (massive)."""

    @abstractmethod
    def states(self, m1: Scalar, weak: mixing.Angle) -> tuple[mixing.Eigenstate, mixing.Eigenstate, mixing.Eigenstate]:
        """The physical photon, Z and Z', exactly in the mixing; m1 is the Lagrangian mass of Z1, GeV."""

    @abstractmethod
    def forbidden_gap(self, m1: Scalar, weak: mixing.Angle) -> tuple[Scalar, Scalar]:
        """Ends (GeV) of the interval of physical Z' masses for which no Lagrangian M2 exists."""

    @abstractmethod
    def epsilon_gamma(self, weak: mixing.Angle, e: Scalar) -> Scalar:
        """Millicharge of the mCP in units of e."""

    @abstractmethod
    def epsilon_z(self, weak: mixing.Angle) -> Scalar:
        """Coupling of the Z' to J_EM in units of e, to first order in the mixing and far below the Z."""

    @property
    @abstractmethod
    def gauge_coupling(self) -> Scalar:
        """Coupling of the dark boson that mixes with hypercharge; zero where nothing of the point rests on it."""

    @property
    @abstractmethod
    def hypercharge_dark(self) -> Scalar:
        """Coupling of the mCP to the dark boson that mixes with hypercharge, which runs."""

    @property
    @abstractmethod
    def decoupled(self) -> Bool[Array, ""]:
        """Whether the massive boson does not couple to the Standard Model at all."""

    @property
    @abstractmethod
    def hatted(self) -> Scalar:
        """kappa^: mixing of the Okun phase with the same M2 and the same Standard Model amplitudes.

        Exact where the width is given (the hatted theorem); its square is that of `hatted_squared`.
        """

    def hatted_squared(self) -> tuple[Scalar, Scalar]:
        """strength^2/(1 - strength^2 contact), and kappa^^2, which is that times the resonant part of Pi."""
        light, heavy = self.residues().self_energy
        square = self.strength**2
        factor = square / (1.0 - square * light)
        return factor, factor * heavy

    def absorption(self, s: Float[Array, "*n"]) -> Float[Array, "*n"] | None:
        """a = beta (3 - beta^2)/(24 pi) of the mCP at s (GeV^2), None where the width is given or there is no mCP."""
        if self.m_mcp is None or self.dark_width is not None:
            return None
        return absorptive_part(s, self.m_mcp)

    def forms(self, s: Float[Array, "*n"]) -> Forms:
        """The sector's functions at s (GeV^2, of either sign) as linear forms; no absorptive part for spacelike s."""
        width = None if self.dark_width is None else jnp.where(s > 0.0, self.dark_width / self.m2, 0.0)
        return forms(self.residues(), self.absorption(s), width)
