"""Requirements on the model that no measurement makes: they have a boundary, q = 1, and no confidence level."""

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxmix.constraints.base import closed_form

Scalar = Float[Array, ""]


class Requirement(closed_form.ClosedForm):
    """A point fails it where q > 1, whatever the level that is asked for."""

    values: dict[str, Scalar]

    kind: ClassVar[str] = "theory"
    defaults: ClassVar[dict[str, float]]

    @classmethod
    def build(
        cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
    ) -> "Requirement":
        """The requirement with settings by name, others at their defaults; level and pdf are not used."""
        return cls(
            {name: jnp.asarray(settings.get(name, default), dtype=float) for name, default in cls.defaults.items()}
        )

    def at_level(self, mode: str, value: float) -> "Requirement":
        """Itself."""
        return self

    def asimov(self) -> "Requirement":
        """Itself: there are no data."""
        return self

    def critical_value(self) -> Scalar:
        """One."""
        return jnp.ones_like(next(iter(self.values.values())))
