"""Searches for millicharged particles: a charge against the mCP's mass."""

from collections.abc import Mapping
from typing import ClassVar, Self

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.constraints.base import closed_form
from jaxmix.constraints.published import search
from jaxmix.currents import neutral_currents
from jaxmix.data import searches
from jaxmix.numerics import safe

_BESIDE = 1e-9  # relative distance from the experiment's reach
_PAIR_MASS = (
    2.5  # of typical pairs, over the mCP's mass: beyond the threshold's velocity, before the fall of every spectrum
)
_WORST_INTERFERENCE = 0.5  # amplitude with the Z' over the photon's alone, below which nothing is said


class MillichargeSearch(search.PublishedSearch):
    """A limit on the charge of an mCP against its mass; the signal is |epsilon_gamma| min(1, |r|).

    r is the tree-level amplitude with the Z' over that of the photon alone, from D_psi = e' Q' cW'/s - sW' g_Z',psi/(s
    - M2^2):
        r = 1 + tan^2(theta_W') M^2/(M^2 - M2^2)   (T3' = 0), at the pair mass M = 2.5 m_mcp, at most `reach`.
    It counts where the Z' is heavier than all pairs that the experiment makes, M2 > reach; where it is not, resonant
    pairs add to what was searched for, and below threshold r > 1: both are left out, which is conservative. Where |r| <
    1/2 the photon and the Z' nearly cancel and the spectrum of the publication is not that of the model: no statement.
    """

    domain: ClassVar[str] = (
        "m_mcp on the published curve; a Z' above the experiment's reach may weaken the signal (by half at most, "
        "else no "
        "statement), one below it only adds and is left out"
    )
    needs: ClassVar[tuple[str, ...]] = ("m_mcp",)
    size: ClassVar[int] = 0
    reasons: ClassVar[tuple[str, ...]] = ("no_statement", "outside_published_range", "photon_and_zprime_cancel")

    @classmethod
    def of(cls, found: searches.Search, pdf: str | None = None) -> Self:
        """Build the search of a table; pdf is not used."""
        return cls(curve=search.published_curve(found), values={}, search=found)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """The ends of the curve, and the Z' mass at the experiment's reach."""
        if axis == "m_mcp":
            return self.ends()
        return tuple(self.reach * (1 + sign * _BESIDE) for sign in (-1, 1)) if axis in ("m_zprime", "m2") else ()

    @property
    def reach(self) -> float:
        """Largest mass of a pair that the experiment makes, GeV."""
        if self.search.reach is None:
            raise ValueError(f"{self.search.name}: found no reach; allowed: a table of millicharges")
        return self.search.reach

    def interference(self, currents: neutral_currents.NeutralCurrents) -> Scalar:
        """r^2, one where the Z' is not heavier than the experiment's reach; of any T3' (class docstring)."""
        reach = self.reach
        square = jnp.minimum(_PAIR_MASS * currents.mcp_mass, reach) ** 2
        beyond = currents.m2 > reach
        distance = jnp.where(beyond, square - currents.m2**2, 1.0)
        contact, resonant = currents.sector.residues().source
        ratio = safe.ratio(resonant, contact)
        return jnp.where(beyond, (1.0 + ratio * square / distance) ** 2, 1.0)

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " nothing"]:
        """Return an empty array: the statistic is a closed form."""
        return closed_form.empty(currents)

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " nothing"]) -> Scalar:
        """Return critical (signal/limit)^2; NaN where there is no statement."""
        seen = self.seen(currents, search.zprime_of(currents))
        return jnp.where(seen.unmet, jnp.nan, self.curve.test_statistic((seen.mass, seen.signal)))

    def seen(self, currents: neutral_currents.NeutralCurrents, zprime: search.Zprime) -> search.Seen:
        """epsilon_gamma^2 min(1, r^2) at the mCP's mass."""
        interference = self.interference(currents)
        signal = currents.epsilon_gamma**2 * jnp.minimum(interference, 1.0)
        return search.Seen(currents.mcp_mass, signal, interference < _WORST_INTERFERENCE**2)
