"""What constraints share that tabulate nothing, and those among them whose statistic is a closed form."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Self

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.constraints.base import abstract
from jaxmix.currents import neutral_currents


class Untabulated(abstract.AbstractConstraint):
    """A constraint that is ready as it was built, and whose numbers may all move."""

    def prepared(self) -> Self:
        """Return the constraint itself: it tabulates nothing."""
        return self

    def with_settings(self, values: Mapping[str, Scalar]) -> Self:
        """Return the constraint with some of its numbers replaced."""
        return dataclasses.replace(self, values={**self.values, **values}) if values else self

    def movable(self) -> dict[str, Scalar]:
        """Return all its numbers."""
        return dict(self.values)


class ClosedForm(Untabulated):
    """A constraint without a slow part: there is nothing to interpolate."""

    size: ClassVar[int] = 0

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " nothing"]:
        """Return an empty array."""
        return empty(currents)


def empty(currents: neutral_currents.NeutralCurrents) -> Float[Array, " nothing"]:
    """Return the slow part of a closed form, of no element."""
    return jnp.zeros(0, currents.m1.dtype)


def first_reason() -> Int[Array, ""]:
    """Return the position in `reasons` of a constraint that has one alone."""
    return jnp.zeros((), dtype=int)
