"""What constraints share whose statistic is a closed form: no tables, nothing to interpolate, no data that a projection
could replace.
"""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxmix.constraints.base import abstract
from jaxmix.currents import neutral_currents

Scalar = Float[Array, ""]


class ClosedForm(abstract.AbstractConstraint):
    """A constraint without a slow part."""

    settings: ClassVar[tuple[str, ...]] = ()
    size: ClassVar[int] = 0

    def prepared(self) -> "ClosedForm":
        """Itself: nothing is tabulated."""
        return self

    def with_settings(self, values: Mapping[str, Scalar]) -> "ClosedForm":
        """The same with some of its numbers replaced."""
        return dataclasses.replace(self, values={**self.values, **values}) if values else self

    def movable(self) -> dict[str, Scalar]:
        """All its numbers."""
        return dict(self.values)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """None."""
        return ()

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " none"]:
        """Nothing."""
        return jnp.zeros(0, currents.m1.dtype)
