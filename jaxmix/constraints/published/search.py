"""What searches share whose curve is a table of the package's data, and the Z' that they look for."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple, Self

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Scalar

from jaxmix import constants, statistics
from jaxmix.constraints.base import closed_form
from jaxmix.constraints.base.setting import Setting
from jaxmix.currents import decays, mixing, neutral_currents
from jaxmix.data import searches

_INSIDE = 1e-9  # relative distance from the end of a curve at which it is surely covered
_RESOLVED, _OUTSIDE, _UNMET = 0, 1, 2  # positions in `reasons`
_SAME_LEVEL = 1e-9
_CHARGES = np.array([fermion.charge for fermion in constants.FERMIONS])
_ISOSPINS = np.array([fermion.isospin for fermion in constants.FERMIONS])


class Zprime(NamedTuple):
    """The Z' of a point, with what every search asks of it: its widths (GeV) into each Standard Model pair and into
    mCPs, and those of a dark photon of its mass per epsilon^2 e^2.
    """

    state: mixing.Eigenstate
    widths: Float[Array, " fermions"]
    dark: Scalar
    photon: Float[Array, " fermions"]

    @property
    def total(self) -> Scalar:
        """Total width, GeV."""
        return jnp.sum(self.widths) + self.dark


def zprime_of(currents: neutral_currents.NeutralCurrents) -> Zprime:
    """The physical Z' of a point."""
    _, _, state = neutral_currents.states(currents)
    charge, isospin = (jnp.asarray(each, state.mass.dtype) for each in (_CHARGES, _ISOSPINS))
    fermions = neutral_currents.Charges(charge, isospin)
    widths = decays.fermion_widths(state.mass, *neutral_currents.chiral_couplings(currents, state, fermions))
    photon = decays.fermion_widths(state.mass, charge, charge)
    return Zprime(state, widths, neutral_currents.width_to_mcp(currents, state), photon)


class Seen(NamedTuple):
    """What a search makes of a point: the mass on its abscissa (GeV), the signal squared, and whether its assumptions
    fail.
    """

    mass: Scalar
    signal: Scalar
    unmet: Bool[Array, ""]


class PublishedSearch(closed_form.Untabulated):
    """A curve of the largest signal that a search allows: q/critical = (signal/limit)^2, so that the curve is the
    exclusion contour.

    The published level is the only one: nothing tells how a contour moves with it. There is no statement outside the
    published masses, between two pieces of the curve, and where the publication's assumptions fail.
    """

    curve: statistics.PublishedLimit  # of the signal squared
    values: dict[str, Scalar]
    search: searches.Search = eqx.field(static=True)

    settings: ClassVar[Mapping[str, Setting]] = {}

    def at_level(self, mode: str, value: float) -> Self:
        """Return the search itself.

        Raises
        ------
        ValueError
            Unless the level is the published one.
        """
        check_level(self.search, (mode, value))
        return self

    def asimov(self) -> Self:
        """Return the search itself if it is projected.

        Raises
        ------
        ValueError
            For a search that took data, of which no expected curve is tabulated.
        """
        if self.search.kind == "projected":
            return self
        raise ValueError(
            f"{self.search.name}: found a request for the expected limit; the package has the published observed curve "
            "alone."
        )

    def sources(self) -> tuple[str, ...]:
        """Return the publication, and where its numbers are from."""
        return self.search.reference, self.search.read_off

    def critical_value(self) -> Scalar:
        """Return Delta chi^2 of one parameter at the published level, a convention: only q/critical has a meaning."""
        return self.curve.critical_value()

    @abstractmethod
    def seen(self, currents: neutral_currents.NeutralCurrents, zprime: Zprime) -> Seen:
        """Return the signal of a point whose Z' is known."""

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the position in `reasons` of "outside the published masses", or of an assumption that fails."""
        seen = self.seen(currents, zprime_of(currents))
        return reason(self.curve.covers(seen.mass), seen.unmet)

    def ends(self) -> tuple[float, ...]:
        """Return masses (GeV) just inside both ends of every piece of the curve."""
        mass, _, segment = searches.curve(self.search)
        first, last = (
            np.unique(segment, return_index=True)[1],
            len(mass) - 1 - np.unique(segment[::-1], return_index=True)[1],
        )
        return tuple(float(x) for x in np.concatenate([mass[first] * (1 + _INSIDE), mass[last] * (1 - _INSIDE)]))


def check_level(search: searches.Search, level: tuple[str, float]) -> None:
    """Raise ValueError unless the level is the one at which a search was published."""
    mode, value = level
    if mode != "cl" or abs(value - search.cl) > _SAME_LEVEL:
        raise ValueError(
            f"{search.name}: level: found {mode} = {value:g}; allowed: cl = {search.cl:g}, at which the limit was "
            "published."
        )


def published_curve(search: searches.Search) -> statistics.PublishedLimit:
    """Return the table's curve, squared."""
    mass, lower, segment = searches.curve(search)
    return statistics.PublishedLimit(mass, lower**2, power=1.0, cl=search.cl, segment=segment)


def reason(covered: Bool[Array, ""], unmet: Bool[Array, ""]) -> Int[Array, ""]:
    """Position in `reasons` of a search."""
    return jnp.where(covered, jnp.where(unmet, _UNMET, _RESOLVED), _OUTSIDE)
