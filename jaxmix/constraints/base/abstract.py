"""What every experiment on the shelf must offer."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import equinox as eqx
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.constraints.base.setting import Setting
from jaxmix.currents import neutral_currents


class AbstractConstraint(eqx.Module):
    """One experiment's verdict on one parameter point, in two steps so that a scan can interpolate the costly one.

    `slow` holds all that varies gently along the mixing (logarithms of rates over kappa^2); `test_statistic` is exact
    and cheap once `slow` is known. Settings that are numbers are leaves, by name in `values`, so that a gradient or a
    band with respect to any of them is one line; those that are words are static fields.

    A class that the shelf shall know (`jaxmix.register`) has the class variables of `kind.Kind` too.
    """

    values: eqx.AbstractVar[dict[str, Scalar]]

    settings: ClassVar[Mapping[str, Setting]]
    parameters: ClassVar[tuple[str, ...]] = ()  # parameters of the study that stand in `values` too
    size: ClassVar[int]  # length of `slow`
    reasons: ClassVar[tuple[str, ...]] = ("no_statement",)  # why it may make no statement
    holds_swapped_labels: ClassVar[bool] = False

    @abstractmethod
    def prepared(self) -> Self:
        """Return the experiment with everything tabulated that rests on its settings alone; done once a study."""

    @abstractmethod
    def at_level(self, mode: str, value: float) -> Self:
        """Return the experiment judged at another level: ("sigma", n) or ("cl", fraction)."""

    @abstractmethod
    def asimov(self) -> Self:
        """Return the experiment judged by data that equal their expectation without mixing."""

    @abstractmethod
    def with_settings(self, values: Mapping[str, Scalar]) -> Self:
        """Return the experiment with some of its numbers replaced."""

    @abstractmethod
    def movable(self) -> dict[str, Scalar]:
        """Return the settings with respect to which a limit has a derivative, without those that are parameters."""

    @abstractmethod
    def sources(self) -> tuple[str, ...]:
        """Return the publications that its answer rests on."""

    @abstractmethod
    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Return values of the parameter `axis`, the others held, at which the statistic has a threshold or a narrow
        resonance: a contour finder places nodes there.
        """

    @abstractmethod
    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " k"]:
        """Return the gently varying logarithms that the statistic needs, finite wherever the currents are."""

    @abstractmethod
    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " k"]) -> Scalar:
        """Return q of the point; NaN where the experiment makes no statement."""

    @abstractmethod
    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the position in `reasons` that holds where q is NaN."""

    @abstractmethod
    def critical_value(self) -> Scalar:
        """Return the value that q must exceed for an exclusion at the constraint's level."""
