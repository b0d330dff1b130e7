"""The box of two parameters in which contours are traced, and f with its gradient at many points of it.

Box coordinates u and v run from 0 to 1 across the box, in the parameter or, for a logarithmic axis, in its logarithm.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree, Scalar

from jaxmix.engine.compile import options
from jaxmix.engine.points import Axis
from jaxmix.engine.problem import AbstractProblem, exact, place

_BETWEEN = 0.382  # of the way, so that no symmetry meets it
_LOGARITHM_FROM = 1e-3  # where ln(output) is continued by a straight line, so that outputs <= 0 have a value


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of the box.

    Attributes
    ----------
    name
        The parameter's name.
    low, high
        The ends, in the parameter.
    logarithmic
        Whether box coordinates are even in the parameter's logarithm.
    """

    name: str
    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, axis: Axis) -> "Side":
        """The side that an axis spans."""
        values = _values(axis)
        return cls(axis.name, float(values.min()), float(values.max()), axis.logarithmic)

    def to_box(self, value: np.ndarray) -> np.ndarray:
        """The box coordinate of a parameter value."""
        forward: Any = np.log if self.logarithmic else np.asarray
        return (forward(value) - forward(self.low)) / (forward(self.high) - forward(self.low))

    def from_box(self, u: Any) -> Any:
        """The parameter value at a box coordinate (NumPy or JAX)."""
        return _from_box(u, self.low, self.high, self.logarithmic)

    def nodes(self, axis: Axis, extra: tuple[float, ...]) -> np.ndarray:
        """Box coordinates of the axis' values, of extra ones inside the box, and of one between two extra ones that
        have none between (f may look alike on both), ascending, without repeats.
        """
        regular = np.clip(self.to_box(_values(axis)), 0.0, 1.0)
        special = np.sort(self.to_box(np.array([value for value in extra if self.low < value < self.high])))
        alone = np.searchsorted(regular, special[1:]) == np.searchsorted(regular, special[:-1])
        nodes = np.sort(np.concatenate([regular, special, (special[:-1] + _BETWEEN * np.diff(special))[alone]]))
        return nodes[np.concatenate([[True], np.diff(nodes) > 1e-12])]


def _values(axis: Axis) -> np.ndarray:
    """An axis' values, without the device."""
    knots = np.asarray(axis.knots, float)
    if axis.kind == "values":
        return knots
    return (np.linspace if axis.kind == "linear" else np.geomspace)(knots[0], knots[1], axis.size)


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


@runtime_checkable
class Sampler(Protocol):
    """What contours are traced from: f - level and its gradient at points of planes, in box coordinates."""

    @property
    def calls(self) -> int:
        """The number of evaluations so far."""

    @property
    def levels(self) -> Float[np.ndarray, " planes"]:
        """What is subtracted from f in each plane."""

    def __call__(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """(f - level, df/du, df/dv); an infinite f becomes a huge one of its sign, an undefined slope zero."""

    def values(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
        """f - level."""

    def by_held(
        self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"], around: dict[str, float]
    ) -> dict[str, Float[np.ndarray, " n"]]:
        """df/dp of each number p held, and of those in `around`."""


class FunctionSampler:
    """f and its gradient in box coordinates at any number of points, in batches of one size; it counts its calls.

    function(x, y), or function(x, y, held) where held is a pytree; helds: one for each plane, of equal structure.
    levels: what is subtracted from f in each plane. Other numbers in helds, in the box or in the function's own leaves
    compile nothing again.
    """

    def __init__(
        self,
        function: Callable[..., Scalar],
        sides: tuple[Side, Side],
        helds: Sequence[PyTree],
        levels: Sequence[float],
        batch: int,
    ):
        self.function, self.batch, self.calls = place(function), batch, 0
        self.ends = jnp.array([[side.low, side.high] for side in sides])
        self.logarithmic = tuple(side.logarithmic for side in sides)
        # planes that hold the same object share it, whatever it is; else its numbers go with the points
        self.levels, self.alone = np.array(levels, float), all(held is helds[0] for held in helds)
        self.held = (
            place(helds[0])
            if self.alone
            else jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *helds)
        )

    def __call__(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
        """(f - level, df/du, df/dv) of points in their planes; an infinite f becomes a huge one of its sign, an
        undefined slope zero.
        """
        self.calls += len(where)
        found = self.batches(_value_and_gradient, plane, where).reshape(-1, 3)
        value = np.nan_to_num(found[:, 0] - self.levels[plane], nan=np.nan, posinf=1e300, neginf=-1e300)
        return np.column_stack([value, np.where(np.isfinite(found[:, 1:]), found[:, 1:], 0.0)])

    def values(self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, " n"]:
        """f - level, from a program without derivatives; not counted."""
        return self.batches(_value, plane, where) - self.levels[plane]

    def by_held(
        self, plane: Int[np.ndarray, " n"], where: Float[np.ndarray, "n 2"], around: dict[str, float]
    ) -> dict[str, Float[np.ndarray, " n"]]:
        """df/dp of each number p held, and of those in `around`, which f has from elsewhere when it is traced. (A
        derivative by these may cost far more than f: one point at a time.)
        """
        more = {name: np.full(len(where), float(value)) for name, value in around.items()}
        return self.batches(_by_held, plane, where, more, batch=1 if around else None) if len(where) else {}

    def batches(
        self,
        program: Callable,
        plane: Int[np.ndarray, " n"],
        where: Float[np.ndarray, "n d"],
        *others: PyTree,
        batch: int | None = None,
    ) -> PyTree:
        """The results of a program at places in their planes; others: pytrees of arrays [n, ...], one row a place."""
        size, compiled, batch = len(where), options.balanced(program), batch or self.batch
        if not size:
            return np.zeros(0)
        number = np.concatenate([np.arange(size), np.full(-size % batch, size - 1)])
        held = self.held if self.alone else jax.tree.map(lambda leaf: leaf[plane], self.held)
        pending = []
        for part in np.split(number, range(batch, len(number), batch)):
            own = held if self.alone else _rows(held, part)
            more = [_rows(other, part) for other in others]
            pending.append(
                compiled(self.function, own, self.ends, self.logarithmic, self.alone, jnp.asarray(where[part]), *more)
            )
        return jax.tree.map(lambda *found: np.concatenate(found)[:size], *jax.device_get(pending))


def _rows(tree: PyTree, part: Int[np.ndarray, " m"]) -> PyTree:
    """These rows of every array of a pytree, on the device."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf[part]), tree)


def in_box(
    function: Callable[..., Scalar],
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    u: Scalar,
    v: Scalar,
    held: PyTree,
) -> Scalar:
    """f at box coordinates u and v."""
    x, y = (_from_box(at, end[0], end[1], log) for at, end, log in zip((u, v), ends, logarithmic))
    return function(x, y) if held is None else function(x, y, held)


def _from_box(u: Any, low: Any, high: Any, logarithmic: bool) -> Any:
    return low * (high / low) ** u if logarithmic else low + (high - low) * u


def _value_and_gradient(
    function: Callable[..., Scalar],
    held: PyTree,
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    alone: bool,
    where: Float[Array, "n 2"],
) -> Float[Array, "n 3"]:
    """(f, df/du, df/dv) at places."""
    first = held if alone else jax.tree.map(lambda leaf: leaf[0], held)
    # traced once for one point, then differentiated and mapped: a third less time than doing all three to every
    # operation at once
    traced = jax.make_jaxpr(lambda u, v, held: in_box(function, ends, logarithmic, u, v, held))(*where[0], first)

    def one(at, held):
        def value(u, v):
            (f,) = jax.extend.core.jaxpr_as_fun(traced)(u, v, *jax.tree.leaves(held))
            return f, f

        slopes, f = jax.jacfwd(value, argnums=(0, 1), has_aux=True)(*at)
        return jnp.stack([f, *slopes])

    return jax.vmap(one, in_axes=(0, None if alone else 0))(where, held)


def _by_held(
    function: Callable[..., Scalar],
    held: PyTree,
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    alone: bool,
    where: Float[Array, "n 2"],
    around: dict[str, Float[Array, " n"]],
) -> PyTree:
    """df/dp at places for each number p held and in `around`."""

    def slopes(held, at, around):
        merged = {**held, **around} if around else held
        return jax.grad(lambda merged: in_box(function, ends, logarithmic, at[0], at[1], merged))(merged)

    return jax.vmap(slopes, in_axes=(None if alone else 0, 0, 0))(held, where, around)


def _value(
    function: Callable[..., Scalar],
    held: PyTree,
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    alone: bool,
    where: Float[Array, "n 2"],
) -> Float[Array, " n"]:
    """f alone at places."""

    def value(at, held):
        return in_box(function, ends, logarithmic, at[0], at[1], held)

    return jax.vmap(value, in_axes=(0, None if alone else 0))(where, held)
