"""The likelihoods of the shelf together. Contours that were published without one do not join it: a point is excluded
by any of those or by none.
"""

import dataclasses
import functools
import operator
from collections.abc import Callable, Mapping
from typing import ClassVar, Self

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.constraints import g_minus_2, precision
from jaxmix.constraints.base import abstract, closed_form, setting
from jaxmix.currents import neutral_currents

_MOMENTS = {
    "mu": (g_minus_2.MuonMagneticMoment,),
    "e": (g_minus_2.ElectronMagneticMoment,),
    "both": (g_minus_2.MuonMagneticMoment, g_minus_2.ElectronMagneticMoment),
}


class Combined(abstract.AbstractConstraint):
    """q = sum of q_i of independent measurements of one parameter point: electroweak precision and anomalous magnetic
    moments.

    Each q_i is a difference of chi^2 to the point without mixing, and so is their sum; critical is Delta chi^2 of one
    parameter. The Z's invisible width is no member: the line shape holds it already.
    """

    parts: dict[str, abstract.AbstractConstraint]
    values: dict[str, Scalar]

    name: ClassVar[str] = "combined"
    title: ClassVar[str] = "Electroweak precision and magnetic moments together"
    reference: ClassVar[str] = precision.Precision.reference
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = precision.Precision.domain
    label: ClassVar[str] = ""
    data_reference: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, setting.Setting]] = {
        **precision.Precision.settings,
        "moments": setting.Setting("mu", "whose magnetic moments join electroweak precision", choices=tuple(_MOMENTS)),
    }
    needs: ClassVar[tuple[str, ...]] = ()
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("cl", 0.95),)
    only_cl: ClassVar[float | None] = None
    size: ClassVar[int] = 3  # of precision and up to two moments
    holds_swapped_labels: ClassVar[bool] = True
    members: ClassVar[tuple[str, ...]] = ("precision", "g_minus_2_mu")  # by default

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        """Build precision with its settings, and the moments of the setting `moments`: "mu", "e" or "both"."""
        word = setting.words(cls.name, cls.settings, settings)["moments"]
        fit = precision.Precision.build(
            {name: value for name, value in settings.items() if name != "moments"}, level, pdf
        )
        moments = {moment.name: moment.build({}, level) for moment in _MOMENTS[word]}
        return cls(parts={"precision": fit, **moments}, values=fit.values)

    def prepared(self) -> Self:
        """Return the combination with what precision tabulates."""
        return self._each(lambda part: part.prepared())

    def at_level(self, mode: str, value: float) -> Self:
        """Return the combination judged at another level."""
        return self._each(lambda part: part.at_level(mode, value))

    def asimov(self) -> Self:
        """Return the combination with all data equal to their expectation without mixing."""
        return self._each(lambda part: part.asimov())

    def with_settings(self, values: Mapping[str, Scalar]) -> Self:
        """Return the combination with some of precision's numbers replaced."""
        fit = self.parts["precision"].with_settings(values)
        return dataclasses.replace(self, parts={**self.parts, "precision": fit}, values=fit.values)

    def sources(self) -> tuple[str, ...]:
        """Return the publications of every member."""
        return tuple(text for part in self.parts.values() for text in part.sources())

    def movable(self) -> dict[str, Scalar]:
        """Return the numbers of precision with respect to which a limit has a derivative."""
        return self.parts["precision"].movable()

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the first reason; it makes a statement wherever the model does."""
        return closed_form.first_reason()

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Return the thresholds of every member."""
        return tuple(place for part in self.parts.values() for place in part.features(axis, held))

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " three"]:
        """Return the slow parts of the members, one after another, padded with zeros."""
        found = jnp.concatenate([part.slow(currents) for part in self.parts.values()])
        return jnp.pad(found, (0, self.size - found.shape[0]))

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " three"]) -> Scalar:
        """Return the sum of the members' q; NaN where one makes no statement."""
        parts = [part.test_statistic(currents, slow[k : k + 1]) for k, part in enumerate(self.parts.values())]
        return functools.reduce(operator.add, parts)

    def critical_value(self) -> Scalar:
        """Return Delta chi^2 of one parameter."""
        return self.parts["precision"].critical_value()

    def _each(self, change: Callable[[abstract.AbstractConstraint], abstract.AbstractConstraint]) -> Self:
        return dataclasses.replace(self, parts={name: change(part) for name, part in self.parts.items()})
