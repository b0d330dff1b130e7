"""Cells that surely are empty, or simple, by interval arithmetic on f and its gradient."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, Scalar

from jaxmix.engine.contour import box
from jaxmix.numerics import interval


class Enclosure:
    """For cells of planes: whether f surely keeps off the level (empty), and whether any two gradients in the cell
    surely differ by less than a right angle (simple: no closed curve fits in cells that are all simple; S. Plantinga
    and G. Vegter, 2004, condition C1).
    """

    def __init__(self, sampler: box.FunctionSampler):
        self._sampler = sampler

    def __call__(self, plane: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """empty [n], simple [n]; low, high [n, 2] are the cells' corners in the box. NoEnclosure where f has an
        operation without a rule.
        """
        found = self._sampler.batches(_enclosed, plane, np.concatenate([low, high], axis=1))
        level = self._sampler.levels[plane]
        return (found[:, 0] > level) | (found[:, 1] < level), found[:, 2] > 0


def _enclosed(
    function: Callable[..., Scalar],
    held: PyTree,
    ends: Float[Array, "2 2"],
    logarithmic: tuple[bool, bool],
    alone: bool,
    cells: Float[Array, "n 4"],
) -> Float[Array, "n 3"]:
    """The ends of f's enclosure, and the least inner product of any two gradients."""

    def one(cell, held):
        def all_of(u, v):
            def f(u, v):
                return box.in_box(function, ends, logarithmic, u, v, held)

            return f(u, v), *jax.grad(f, (0, 1))(u, v)

        value, *gradient = interval.enclose(
            all_of, interval.Interval(cell[0], cell[2]), interval.Interval(cell[1], cell[3])
        )
        return jnp.stack([value.low, value.high, sum(_least_product(slope) for slope in gradient)])

    return jax.vmap(one, in_axes=(0, None if alone else 0))(cells, held)


def _least_product(slope: interval.Interval) -> Scalar:
    """The least product of two numbers of an interval."""
    same = jnp.minimum(slope.low**2, slope.high**2)
    return jnp.where((slope.low < 0) & (slope.high > 0), slope.low * slope.high, same)
