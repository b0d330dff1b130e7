"""What an experiment may offer besides its verdict: a report for `jaxmix point`, a design that `jaxmix design` can
improve, counts of light for a forecast, a table in kappa^ for a scan. Whoever uses one asks the class for it.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self, runtime_checkable

from jaxtyping import Array, Float, Scalar

from jaxmix import statistics
from jaxmix.constraints.base import hatted_table
from jaxmix.currents import neutral_currents

Settings = Mapping[str, float | str]


@runtime_checkable
class Reports(Protocol):
    """An experiment that tells more of a point than its verdict.

    Attributes
    ----------
    blocks
        Names of the JSON objects that `jaxmix point` shows of it, null where it makes no statement.
    """

    @property
    def blocks(self) -> tuple[str, ...]: ...

    @staticmethod
    def companions(settings: Settings) -> dict[str, dict[str, float | str]]:
        """Return the settings of further experiments of this kind that its report compares with, by name."""
        ...

    def report(
        self, currents: neutral_currents.NeutralCurrents, companions: Mapping[str, Any]
    ) -> tuple[Float[Array, " k"], dict[str, Scalar]]:
        """Return the slow part of the verdict, and the numbers of the blocks, computed together; the companions are
        experiments of the same class, which a protocol cannot say.
        """
        ...

    @staticmethod
    def documents(numbers: Mapping[str, float]) -> dict[str, dict[str, Any]]:
        """Return the blocks as JSON objects, from the numbers of `report` on the host."""
        ...


@dataclasses.dataclass(frozen=True)
class Budget:
    """What a design costs, as the experiment sees it.

    Parameters
    ----------
    prices
        Meaning of each price, by name.
    cost
        Function of prices and settings, both by name, that gives the cost in the prices' currency.
    volume
        Prices at which the cost is the volume of the design in m^3.
    """

    prices: Mapping[str, str]
    cost: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
    volume: Mapping[str, float]


@runtime_checkable
class Designable(Protocol):
    """An experiment whose settings with a `design` range can be improved within a budget."""

    @property
    def budget(self) -> Budget: ...

    @staticmethod
    def impossible_designs(ends: Mapping[str, tuple[float, float]]) -> list[tuple[str, str]]:
        """Return what is wrong with ranges of the settings, (found, allowed) each; `ends`: both ends of each setting,
        equal where it is held.
        """
        ...

    def with_tables(self) -> Self:
        """Return the experiment with the tables that its present settings give, where it has none."""
        ...


@runtime_checkable
class CountsLight(Protocol):
    """A detector whose events can be binned in photoelectrons.

    Attributes
    ----------
    collider_settings
        Names of the settings on which tables rest that detectors may share.
    bars_hit, layers
        Bars that an event needs, and layers of each that must see light.
    """

    @property
    def collider_settings(self) -> frozenset[str]: ...

    @property
    def bars_hit(self) -> int: ...

    @property
    def layers(self) -> Scalar: ...

    def prepared(self) -> Self:
        """Return the detector with its tables."""
        ...

    def with_shared_tables(self, first: Self) -> Self:
        """Return the detector with the tables of another one that rest on the collider alone."""
        ...

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " k"]:
        """Return the slow part of the verdict."""
        ...

    def expected_events(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " k"]) -> Scalar:
        """Return the expected number of events."""
        ...

    def charge_one(self) -> Scalar:
        """Return the charge (e) that gives one photoelectron a layer."""
        ...

    def judge(self) -> statistics.Counting:
        """Return the count over the detector's own background."""
        ...


@runtime_checkable
class NeedsHattedKappa(Protocol):
    """An experiment whose q may depend on kappa and theta_W' through kappa^ alone, with no mCP below m_Z/2."""

    def needs_hatted_kappa_alone(self) -> bool:
        """Return True if it does with the present words, so that one table serves every theta_W'."""
        ...

    def with_hatted_table(self, table: hatted_table.HattedTable) -> Self:
        """Return the experiment with q from a table."""
        ...
