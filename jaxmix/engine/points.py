"""Points of a product grid, computed on the device from an integer index: no list of points is ever stored."""

import math
from collections.abc import Iterable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

_KINDS = ("linear", "log", "values")


class Axis(eqx.Module):
    """One parameter's values on a grid.

    Build it with `Axis.linear`, `Axis.log` or `Axis.explicit`; the numbers are leaves, so moving an axis compiles
    nothing again.

    Attributes
    ----------
    name
        The parameter's name.
    kind
        "linear", "log" or "values".
    size
        The number of values.
    knots
        The first and the last value; of kind "values" every value.
    """

    name: str = eqx.field(static=True)
    kind: str = eqx.field(static=True)
    size: int = eqx.field(static=True)
    knots: Float[Array | np.ndarray, " knots"]

    @classmethod
    def linear(cls, name: str, first: float, last: float, size: int) -> "Axis":
        """size values in equal steps from first to last, both included."""
        return cls(name, "linear", *_checked(name, "linear", [first, last], size))

    @classmethod
    def log(cls, name: str, first: float, last: float, size: int) -> "Axis":
        """size values in equal ratios from first to last, both included and positive."""
        return cls(name, "log", *_checked(name, "log", [first, last], size))

    @classmethod
    def explicit(cls, name: str, values: Any) -> "Axis":
        """The values given, in their order."""
        return cls(name, "values", *_checked(name, "values", values, len(values)))

    @property
    def logarithmic(self) -> bool:
        """Whether the axis' own coordinate is ln(value): a log axis, or explicit values that are all positive."""
        return self.kind == "log" or (self.kind == "values" and bool(np.all(np.asarray(self.knots) > 0)))

    def value(self, index: Int[Array, "..."]) -> Float[Array, "..."]:
        """The value at an index 0 <= index < size; the first and the last are exactly the ends given."""
        knots = jnp.asarray(self.knots)
        if self.kind == "values":
            return knots[index]
        first, last = knots[0], knots[1]
        fraction = jnp.asarray(index).astype(knots.dtype) / max(self.size - 1, 1)
        inside = (
            first * (1.0 - fraction) + last * fraction if self.kind == "linear" else first * (last / first) ** fraction
        )
        return jnp.where(fraction == 1.0, last, inside)

    def values(self) -> Float[np.ndarray, " size"]:
        """Every value, as NumPy."""
        return np.asarray(self.value(jnp.arange(self.size)))


def _checked(name: str, kind: str, knots: Any, size: int) -> tuple[int, np.ndarray]:
    knots = np.asarray(knots, dtype=float)
    if size < 1 or not np.all(np.isfinite(knots)):
        raise ValueError(f"Axis {name}: needs at least one value and finite ones, got {knots} with size {size}.")
    if kind == "log" and not np.all(knots > 0):
        raise ValueError(f"Axis {name}: a log axis needs positive ends, got {knots}; use a linear axis.")
    if kind != "values" and size > 1 and knots[0] == knots[1]:
        raise ValueError(f"Axis {name}: {size} values between equal ends {knots[0]}; give one explicit value.")
    return int(size), knots


class Grid(eqx.Module):
    """The product of some axes. A flat index counts in C order: the last axis varies fastest.

    Attributes
    ----------
    axes
        The axes, with distinct names.
    """

    axes: tuple[Axis, ...]

    def __init__(self, axes: Iterable[Axis]):
        self.axes = tuple(axes)
        names = [axis.name for axis in self.axes]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"Grid: needs axes with distinct names, got {names}.")
        if self.size > np.iinfo(np.int32).max and jnp.result_type(int) != jnp.int64:
            raise ValueError(f"Grid: {self.size} points need 64-bit indices; set jax_enable_x64.")

    @property
    def names(self) -> tuple[str, ...]:
        """The axes' names, that of the fastest last."""
        return tuple(axis.name for axis in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes' sizes."""
        return tuple(axis.size for axis in self.axes)

    @property
    def size(self) -> int:
        """The number of points, as an exact Python integer."""
        return math.prod(self.shape)

    def unravel(self, index: Int[Array, "..."]) -> dict[str, Int[Array, "..."]]:
        """The index along each axis of the points with these flat indices."""
        positions, rest = {}, jnp.asarray(index)
        for axis in reversed(self.axes):
            rest, positions[axis.name] = jnp.divmod(rest, axis.size)
        return {name: positions[name] for name in self.names}

    def point(self, index: Int[Array, "..."]) -> dict[str, Float[Array, "..."]]:
        """The parameter values of the points with these flat indices."""
        positions = self.unravel(index)
        return {axis.name: axis.value(positions[axis.name]) for axis in self.axes}
