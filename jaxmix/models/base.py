"""What every model of the dark sector offers: a frozen point of parameters that says what it predicts for nature."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int, Scalar, ScalarLike

from jaxmix.currents import mixing, neutral_currents
from jaxmix.models import declarations

OK, KAPPA_OUTSIDE, FORBIDDEN_GAP, LABELS_SWAPPED, NUMERICAL_FAILURE = 0, 1, 2, 3, 4
STATUS = {
    OK: "ok",
    KAPPA_OUTSIDE: "kappa_outside_domain",
    FORBIDDEN_GAP: "forbidden_gap",  # of m_zprime: no Lagrangian M2
    LABELS_SWAPPED: "labels_swapped",  # of m_zprime: the pole asked for has the larger J_Z coefficient, so it is the Z
    NUMERICAL_FAILURE: "numerical_failure",
}

_LARGEST_KAPPA = 0.999  # where the gently varying part is continued from, beyond the domain


class AbstractModel(eqx.Module):
    """One point of a model with kinetic mixing kappa and one Z', given by its physical or its Lagrangian mass.

    Parameters
    ----------
    kappa : kinetic mixing, in (-1, 1).
    m_zprime, m2 : physical and Lagrangian mass of the Z', GeV; exactly one of them.
    m1 : Lagrangian Z mass, GeV.
    sin2_theta_w, alpha : Standard Model inputs. The Lagrangian's e is sqrt(4 pi alpha).
    """

    kappa: eqx.AbstractVar[Scalar]
    m_zprime: eqx.AbstractVar[Scalar | None]
    m2: eqx.AbstractVar[Scalar | None]
    m1: eqx.AbstractVar[Scalar]
    sin2_theta_w: eqx.AbstractVar[Scalar]
    alpha: eqx.AbstractVar[Scalar]

    declaration: ClassVar[declarations.Declaration]

    @classmethod
    @abstractmethod
    def from_values(cls, values: Mapping[str, ScalarLike]) -> "AbstractModel":
        """The point of a dict of parameters by name, in any of their forms, all others at hand."""

    @abstractmethod
    def currents(self) -> neutral_currents.NeutralCurrents:
        """What the point predicts for nature; NaN where a physical m_zprime lies in the forbidden gap."""

    @property
    def weak(self) -> mixing.Angle:
        """theta_W as a (cos, sin) pair."""
        return mixing.Angle(cos=jnp.sqrt(1.0 - self.sin2_theta_w), sin=jnp.sqrt(self.sin2_theta_w))

    @property
    def e(self) -> Scalar:
        """sqrt(4 pi alpha)."""
        return jnp.sqrt(4.0 * jnp.pi * self.alpha)

    def currents_and_status(self) -> tuple[neutral_currents.NeutralCurrents, Int[Array, ""]]:
        """The currents of the point, and its status code.

        Outside the domain the currents are a finite stand-in (kappa at the domain's edge, the Lagrangian mass equal to
        the mass asked for), so that nothing computed from them is NaN: the status tells.
        """
        outside = jnp.abs(self.kappa) >= 1.0
        clipped = jnp.clip(self.kappa, -_LARGEST_KAPPA, _LARGEST_KAPPA)
        currents = eqx.tree_at(lambda point: point.kappa, self, clipped).currents()
        gap = jnp.isnan(currents.m2)
        if self.m_zprime is None:
            return currents, jnp.where(outside, KAPPA_OUTSIDE, OK)
        m2 = jnp.where(gap, self.m_zprime, currents.m2)
        currents = eqx.tree_at(lambda each: each.sector.m2, currents, m2)
        _, z, zprime = neutral_currents.states(currents)
        swapped = jnp.abs(zprime.mass - self.m_zprime) > jnp.abs(z.mass - self.m_zprime)
        # nested, as jnp.select is a reduction, inside of which a compiler forms the four conditions anew
        return currents, jnp.where(
            outside, KAPPA_OUTSIDE, jnp.where(gap, FORBIDDEN_GAP, jnp.where(swapped, LABELS_SWAPPED, OK))
        )


def mass_of(values: Mapping[str, ScalarLike]) -> dict[str, ScalarLike]:
    """The Z' mass as m_zprime or m2 (GeV) from whichever of its forms the values give."""
    masses = {}
    for name in ("m_zprime", "m2"):
        if name in values:
            masses[name] = values[name]
        elif f"{name}_over_m_mcp" in values:
            masses[name] = values[f"{name}_over_m_mcp"] * values["m_mcp"]
    return masses


def mixing_from_epsilon(epsilon: ScalarLike, sin2_theta_w: ScalarLike) -> Scalar:
    """kappa = epsilon/cos(theta_W): the mixing of a dark photon with electromagnetism."""
    return jnp.asarray(epsilon) / jnp.sqrt(1.0 - jnp.asarray(sin2_theta_w))


def numbers(name: str, kappa: ScalarLike, **given: ScalarLike | None) -> dict[str, Scalar | None]:
    """The numbers given to the model of this name in the precision of kappa, which is among them; None stays None.

    Raises
    ------
    ValueError
        Unless exactly one of m_zprime and m2 is given.
    """
    if (given["m_zprime"] is None) == (given["m2"] is None):
        raise ValueError(f"{name}: give exactly one of m_zprime (physical mass) and m2 (Lagrangian mass), in GeV.")
    dtype = jnp.result_type(kappa, float)
    everything = {"kappa": kappa, **given}
    return {name: None if value is None else jnp.asarray(value, dtype=dtype) for name, value in everything.items()}
