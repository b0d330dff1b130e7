"""What every experiment on the shelf must offer."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxmix.currents import neutral_currents

Scalar = Float[Array, ""]


class AbstractConstraint(eqx.Module):
    """One experiment's verdict on one parameter point, in two steps so that a scan can interpolate the costly one.

    `slow` holds all that varies gently along the mixing (logarithms of rates over kappa^2); `test_statistic` is exact
    and cheap once `slow` is known. Settings that are numbers are leaves, by name in `values`, so that a gradient or a
    band with respect to any of them is one line; those that are words are static fields.
    """

    values: eqx.AbstractVar[dict[str, Scalar]]

    name: ClassVar[str]
    title: ClassVar[str]
    label: ClassVar[str] = ""  # a shorter title, for figures
    reference: ClassVar[str]
    kind: ClassVar[str]  # "measured", "projected", "published" or "theory"
    domain: ClassVar[str]
    settings: ClassVar[tuple[str, ...]]  # names of the numbers in `values`
    choices: ClassVar[tuple[str, ...]] = ()  # names of the words
    size: ClassVar[int]  # length of `slow`
    data_reference: ClassVar[str] = (
        ""  # publications of the tables that it rests on, where `reference` does not name them
    )
    only_cl: ClassVar[float | None] = None  # the one level at which it can be judged, where there is no other
    reasons: ClassVar[tuple[str, ...]] = ("no_statement",)  # why it may make no statement
    holds_swapped_labels: ClassVar[bool] = (
        False  # whether it judges a physical mass also where the pole asked for is the Z
    )

    @classmethod
    @abstractmethod
    def build(
        cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
    ) -> "AbstractConstraint":
        """The experiment with settings by name, others at their defaults; level is ("sigma", n) or ("cl", fraction)."""

    @abstractmethod
    def prepared(self) -> "AbstractConstraint":
        """The same experiment with everything tabulated that rests on its settings alone; done once, when a study is
        built.
        """

    @abstractmethod
    def at_level(self, mode: str, value: float) -> "AbstractConstraint":
        """The same experiment judged at another level: ("sigma", n) or ("cl", fraction)."""

    @abstractmethod
    def asimov(self) -> "AbstractConstraint":
        """The same experiment judged by data that equal their expectation without mixing; itself where it is
        projected.
        """

    @abstractmethod
    def with_settings(self, values: Mapping[str, Scalar]) -> "AbstractConstraint":
        """The same experiment with some of its numbers replaced."""

    @abstractmethod
    def movable(self) -> dict[str, Scalar]:
        """The numbers among its settings with respect to which a limit has a derivative, those left out that are
        parameters.
        """

    def sources(self) -> tuple[str, ...]:
        """Publications that its answer rests on."""
        return self.reference, self.data_reference

    def needs_hatted_kappa_alone(self) -> bool:
        """Whether q depends on kappa and theta_W' through kappa^ alone (with no mCP below m_Z/2), so that one table
        serves every theta_W'.
        """
        return False

    @abstractmethod
    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Values of the parameter `axis`, the others held, at which the statistic has a threshold or a narrow
        resonance: a contour finder places nodes there.
        """

    @abstractmethod
    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " k"]:
        """The gently varying logarithms that the statistic needs, finite wherever the currents are."""

    @abstractmethod
    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " k"]) -> Scalar:
        """q of the point; NaN where the experiment makes no statement."""

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Which of `reasons` stands where q is NaN."""
        return jnp.zeros((), dtype=int)

    @abstractmethod
    def critical_value(self) -> Scalar:
        """The value that q must exceed for an exclusion at the constraint's level."""
