"""The box of two parameters in which contours are traced, and f with its gradient at many points of it.

Box coordinates u and v run from 0 to 1 across the box, in the parameter or, for a logarithmic axis, in its logarithm.
"""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, Scalar

from jaxmix.engine import compiling
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem, exact, place

_LOGARITHM_FROM = 1e-3  # where ln(output) is continued by a straight line, so that outputs <= 0 have a value


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of the box: its parameter's name, its ends (in the parameter), and whether it runs in the logarithm."""

    name: str
    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, axis: Axis) -> "Side":
        """The side that an axis spans."""
        values = axis.values()
        return cls(axis.name, float(values.min()), float(values.max()), axis.logarithmic)

    def to_box(self, value: np.ndarray) -> np.ndarray:
        """The box coordinate of a parameter value."""
        forward = np.log if self.logarithmic else np.asarray
        return (forward(value) - forward(self.low)) / (forward(self.high) - forward(self.low))

    def from_box(self, u):
        """The parameter value at a box coordinate (NumPy or JAX)."""
        return _from_box(u, self.low, self.high, self.logarithmic)

    def nodes(self, axis: Axis, extra: tuple[float, ...]) -> np.ndarray:
        """Box coordinates of the axis' values and of extra ones inside the box, ascending, without repeats."""
        values = np.concatenate([axis.values(), [value for value in extra if self.low < value < self.high]])
        nodes = np.sort(np.clip(self.to_box(values), 0.0, 1.0))
        return nodes[np.concatenate([[True], np.diff(nodes) > 1e-12])]


class OutputLevel(eqx.Module):
    """f(x, y, held) = ln(output) of a problem, with x and y named: the level 0 is where the output is one.

    Below 1e-3 it is continued by its tangent, so that outputs that are zero or negative are ordinary values.
    """

    problem: AbstractProblem
    output: str = eqx.field(static=True)
    names: tuple[str, str] = eqx.field(static=True)

    def __call__(self, x: Scalar, y: Scalar, held: dict[str, Scalar]) -> Scalar:
        value = exact(self.problem, {**held, self.names[0]: x, self.names[1]: y})[self.output]
        large = value > _LOGARITHM_FROM
        line = np.log(_LOGARITHM_FROM) + (value / _LOGARITHM_FROM - 1.0)
        return jnp.where(large, jnp.log(jnp.where(large, value, 1.0)), line)


class Sampler:
    """f and its gradient in box coordinates at any number of points, in batches of one size; it counts its calls.

    function(x, y), or function(x, y, held) where held is a pytree: other numbers in held, in the box or in the
    function's own leaves compile nothing again.
    """

    def __init__(self, function: Callable[..., Scalar], sides: tuple[Side, Side], held: PyTree, level: float, batch: int):
        self.function, self.held = place(function), place(held)
        self.ends = jnp.array([[side.low, side.high] for side in sides])
        self.logarithmic = tuple(side.logarithmic for side in sides)
        self.level, self.batch, self.calls = jnp.asarray(float(level)), batch, 0

    def __call__(self, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f [n] and (df/du, df/dv) [n, 2]; an infinite f becomes a huge one of its sign, an undefined slope zero."""
        size = len(u)
        padded = np.pad(np.stack([u, v]), ((0, 0), (0, -size % self.batch)), mode="edge") if size else np.zeros((2, 0))
        pending = [compiling.plainly(_value_and_gradient)(self.function, self.held, self.ends, self.logarithmic, self.level, jnp.asarray(part))
                   for part in np.split(padded, range(self.batch, padded.shape[1], self.batch), axis=1) if part.size]
        found = np.concatenate([np.asarray(part) for part in pending] or [np.zeros((0, 3))])[:size]
        self.calls += size
        value = np.nan_to_num(found[:, 0], nan=np.nan, posinf=1e300, neginf=-1e300)
        return value, np.where(np.isfinite(found[:, 1:]), found[:, 1:], 0.0)


def _from_box(u, low, high, logarithmic: bool):
    return low * (high / low) ** u if logarithmic else low + (high - low) * u


def _value_and_gradient(function: Callable[..., Scalar], held: PyTree, ends: Float[Array, "2 2"], logarithmic: tuple[bool, bool],
                        level: Scalar, points: Float[Array, "2 n"]) -> Float[Array, "n 3"]:
    def plain(u, v):
        x, y = (_from_box(at, *end, log) for at, end, log in zip((u, v), ends, logarithmic))
        return (function(x, y) if held is None else function(x, y, held)) - level

    # traced once for one point, then differentiated and mapped: a third less time than doing all three to every operation at once
    traced = jax.make_jaxpr(plain)(*points[:, 0])

    def value(u, v):
        (f,) = jax.extend.core.jaxpr_as_fun(traced)(u, v)
        return f, f

    def one(u, v):
        slopes, f = jax.jacfwd(value, argnums=(0, 1), has_aux=True)(u, v)
        return jnp.stack([f, *slopes])

    return jax.vmap(one)(*points)
