"""Interpolation on uniform knots by cubic B-splines, in any small number of dimensions.

The function and its first two derivatives are continuous inside the table; outside it is held at the end, with zero
slope. Coefficients are arrays in a Module (leaves), so that a table may be edited, cast or differentiated without
retracing.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, ScalarLike

# Powers of the position t in a cell (rows 1, t, t^2, t^3) against its four B-spline coefficients, times 6
BASIS = np.array([[1.0, 4.0, 1.0, 0.0], [-3.0, 0.0, 3.0, 0.0], [3.0, -6.0, 3.0, 0.0], [-1.0, 3.0, -3.0, 1.0]])


class UniformSpline(eqx.Module):
    """A cubic spline over a uniform grid of one or more axes; trailing axes of the coefficients are components.

    Its error is of order h^4 f''''/384 in the step h. End conditions are not-a-knot, so that no derivative is assumed
    there.
    """

    coefficients: Float[Array, "..."]  # one more than the knots at either end of each axis, then components
    first: Float[Array, " axes"]
    step: Float[Array, " axes"]

    def __call__(self, *position: Float[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Evaluate the spline.

        Parameters
        ----------
        *position
            One array an axis, all of one shape. Beyond an end of the table the value there is held.

        Returns
        -------
        Array
            The values, with the components as trailing axes.
        """
        cells = [self._cell(axis, jnp.asarray(value)) for axis, value in enumerate(position)]
        shape = cells[0][0].shape[:-1]
        axes, components = len(cells), self.coefficients.ndim - len(cells)
        values = jnp.asarray(self.coefficients)[
            tuple(_along(index, axis, axes) for axis, (index, _) in enumerate(cells))
        ]
        for axis, (_, weights) in reversed(list(enumerate(cells))):
            weights = weights.reshape(shape + (1,) * axis + (4,) + (1,) * components)
            values = jnp.sum(weights * values, axis=len(shape) + axis)
        return values

    def at_first(self, position: Float[ArrayLike, ""]) -> "UniformSpline":
        """Return the spline over the remaining axes at one position along the first, for many points that share it."""
        index, weights = self._cell(0, jnp.asarray(position))
        coefficients = jnp.tensordot(weights, jnp.asarray(self.coefficients)[index], axes=1)
        return UniformSpline(coefficients, self.first[1:], self.step[1:])

    def _cell(self, axis: int, position: Float[Array, "..."]) -> tuple[Array, Array]:
        """Return indices and weights of the four coefficients that matter at a position; both [..., 4]."""
        cells = self.coefficients.shape[axis] - 3
        scaled = jnp.clip((position - self.first[axis]) / self.step[axis], 0.0, cells)
        index = jnp.minimum(scaled.astype(jnp.int32), cells - 1)
        t = scaled - index
        powers = jnp.stack([jnp.ones_like(t), t, t * t, t * t * t], axis=-1)
        return index[..., None] + _range(4, t.ndim + 1), powers @ (jnp.asarray(BASIS, t.dtype) / 6)


def fit(values: Float[ArrayLike, "..."], *axes: tuple[ScalarLike, ScalarLike]) -> UniformSpline:
    """Fit a spline through values on uniform knots.

    The coefficients are linear in the values, which may be traced: c = A^-1 f with (c_{i-1} + 4 c_i + c_{i+1})/6 = f_i
    and a vanishing fourth difference of c at either end. A^-1 is a dense matrix, which serves up to some 500 knots an
    axis.

    Parameters
    ----------
    values
        f[axis, ..., component, ...].
    *axes
        (first, last) position of the knots of each axis.

    Returns
    -------
    UniformSpline
        The spline through all values.

    Raises
    ------
    ValueError
        An axis has fewer than 4 knots.
    """
    values = jnp.asarray(values)
    knots = values.shape[: len(axes)]
    if min(knots, default=0) < 4:
        raise ValueError(f"spline: every axis needs at least 4 knots, got shape {values.shape} for {len(axes)} axes.")
    for axis, n in enumerate(knots):
        solution = _solution(n)
        values = jnp.moveaxis(jnp.tensordot(solution, values, axes=(1, axis)), 0, axis)
    first = jnp.stack([jnp.asarray(low, dtype=values.dtype) for low, _ in axes])
    last = jnp.stack([jnp.asarray(high, dtype=values.dtype) for _, high in axes])
    return UniformSpline(values, first, (last - first) / jnp.asarray([n - 1 for n in knots], dtype=values.dtype))


def ends(knots: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Return the first and the last knot of an axis, in the form that `fit` takes.

    Raises ValueError unless the knots rise in equal steps.
    """
    steps = np.diff(knots)
    if not (np.all(steps > 0) and np.ptp(steps) <= 1e-6 * np.max(steps)):
        raise ValueError(f"spline: knots must rise in equal steps, got steps from {np.min(steps)} to {np.max(steps)}.")
    return float(knots[0]), float(knots[-1])


def _solution(n: int) -> np.ndarray:
    """Return the matrix that gives coefficients[n + 2] from values[n]."""
    matrix = np.zeros((n + 2, n + 2))
    for row in range(n):
        matrix[row + 1, row : row + 3] = (1 / 6, 4 / 6, 1 / 6)
    matrix[0, :5] = matrix[-1, -5:] = (1, -4, 6, -4, 1)
    return np.linalg.inv(matrix)[:, 1:-1]


def _along(index: Array, axis: int, axes: int) -> Array:
    """Place index[..., 4] on its own axis of the axes-dimensional cell."""
    return index.reshape(index.shape[:-1] + (1,) * axis + (4,) + (1,) * (axes - 1 - axis))


def _range(n: int, rank: int) -> np.ndarray:
    return np.arange(n).reshape((1,) * (rank - 1) + (n,))
