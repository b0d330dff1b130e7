"""Requirements on the model that no measurement makes: they have a boundary, q = 1, and no confidence level."""

from collections.abc import Mapping
from typing import ClassVar, Self

import jax.numpy as jnp
from jaxtyping import Scalar

from jaxmix.constraints.base import closed_form, setting


class Requirement(closed_form.ClosedForm):
    """A point fails it where q > 1, whatever the level that is asked for. At least one setting is a number."""

    values: dict[str, Scalar]

    kind: ClassVar[str] = "theory"
    reference: ClassVar[str]
    label: ClassVar[str] = ""
    data_reference: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ("m_mcp",)
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("cl", 0.95),)
    only_cl: ClassVar[float | None] = None
    holds_swapped_labels: ClassVar[bool] = True

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        """Build the requirement; `settings` overrides defaults by name, level and pdf are not used."""
        numbers = setting.values(cls.settings, settings)
        return cls({name: jnp.asarray(value, dtype=float) for name, value in numbers.items()})

    def at_level(self, mode: str, value: float) -> Self:
        """Return the requirement itself: it has no level."""
        return self

    def asimov(self) -> Self:
        """Return the requirement itself: there are no data."""
        return self

    def sources(self) -> tuple[str, ...]:
        """Return its reference."""
        return (self.reference,)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Return nothing: it is smooth."""
        return ()

    def critical_value(self) -> Scalar:
        """Return one, of the settings' precision."""
        return jnp.ones_like(next(iter(self.values.values())))
