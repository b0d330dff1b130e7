"""What every experiment on the shelf must offer."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from jaxmix import neutral_currents

Scalar = Float[Array, ""]


class AbstractConstraint(eqx.Module):
    """One experiment's verdict on one parameter point, in two steps so that a scan can interpolate the costly one.

    `slow` holds all that varies gently along the mixing (logarithms of rates over kappa^2); `test_statistic` is exact and
    cheap once `slow` is known. Settings are scalar fields, so that a gradient or a band with respect to any of them is one
    line.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    kind: ClassVar[str]  # "measured", "projected" or "published"
    domain: ClassVar[str]
    settings: ClassVar[tuple[str, ...]]  # names of the scalar fields
    size: ClassVar[int]  # length of `slow`

    @classmethod
    @abstractmethod
    def build(cls, settings: Mapping[str, float], level: tuple[str, float], pdf: str | None = None) -> "AbstractConstraint":
        """The experiment with settings by name, others at their defaults; level is ("sigma", n) or ("cl", fraction)."""

    @abstractmethod
    def prepared(self) -> "AbstractConstraint":
        """The same experiment with everything tabulated that rests on its settings alone; done once, when a study is built."""

    @abstractmethod
    def at_level(self, mode: str, value: float) -> "AbstractConstraint":
        """The same experiment judged at another level: ("sigma", n) or ("cl", fraction)."""

    @abstractmethod
    def with_settings(self, values: Mapping[str, Scalar]) -> "AbstractConstraint":
        """The same experiment with some of its settings replaced."""

    @abstractmethod
    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Values of the parameter `axis`, the others held, at which the statistic has a threshold or a narrow resonance: a
        contour finder places nodes there."""

    @abstractmethod
    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " k"]:
        """The gently varying logarithms that the statistic needs, finite wherever the currents are."""

    @abstractmethod
    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " k"]) -> Scalar:
        """q of the point; NaN where the experiment makes no statement."""

    @abstractmethod
    def critical_value(self) -> Scalar:
        """The value that q must exceed for an exclusion at the constraint's level."""
