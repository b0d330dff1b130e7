"""Points spread over a box, at random or as a Sobol net, computed on the device from their index."""

from collections.abc import Iterable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from jaxmix.engine.points import Axis
from jaxmix.numerics.sobol import net

KINDS = {"sobol": net.sobol, "random": net.uniform}


class Sample(eqx.Module):
    """Points over the box that some axes span, even in each axis' own spacing; an axis of listed values gives each of
    them equally often.

    Attributes
    ----------
    axes
        The axes, with distinct names.
    number
        The number of points; a larger sample begins with the points of a smaller one.
    kind
        "sobol" or "random".
    seed
        The same seed gives the same points.
    """

    axes: tuple[Axis, ...]
    number: int = eqx.field(static=True)
    kind: str = eqx.field(static=True)
    seed: int = eqx.field(static=True)

    def __init__(self, axes: Iterable[Axis], number: int, kind: str = "sobol", seed: int = 0):
        self.axes, self.number, self.kind, self.seed = tuple(axes), int(number), kind, int(seed)
        if kind not in KINDS:
            raise ValueError(f"Sample: found kind {kind!r}; allowed: {', '.join(KINDS)}.")
        if not self.axes or len(set(self.names)) != len(self.axes) or self.number < 1:
            raise ValueError(
                f"Sample: needs axes with distinct names and at least one point, got {self.names} and {number}."
            )
        if kind == "sobol":
            net.directions(len(self.axes))

    @property
    def names(self) -> tuple[str, ...]:
        """The axes' names."""
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int]:
        """The shape of the points: one axis, in their order."""
        return (self.number,)

    @property
    def size(self) -> int:
        """The number of points."""
        return self.number

    def point(self, index: Int[Array, "*n"]) -> dict[str, Float[Array, "*n"]]:
        """The parameter values of the points with these indices."""
        index = jnp.asarray(index)
        unit = jax.vmap(lambda i: KINDS[self.kind](i, len(self.axes), self.seed))(index.reshape(-1))
        return {axis.name: _placed(axis, unit[:, i]).reshape(index.shape) for i, axis in enumerate(self.axes)}


def _placed(axis: Axis, unit: Float[Array, " n"]) -> Float[Array, " n"]:
    """Values of an axis at numbers in (0, 1)."""
    knots = jnp.asarray(axis.knots)
    if axis.kind == "values":
        return knots[jnp.minimum((unit * axis.size).astype(int), axis.size - 1)]
    first, last = knots[0], knots[1]
    value = first * (last / first) ** unit if axis.kind == "log" else first + (last - first) * unit
    return jnp.clip(value, jnp.minimum(first, last), jnp.maximum(first, last))
