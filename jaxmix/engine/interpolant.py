"""Interpolation along the grid's last axis by one dense weight matrix: a polynomial through Chebyshev nodes.

The barycentric polynomial converges geometrically for the smooth steps met along a coupling (a cubic spline only as the
fourth power of the spacing), and its own last coefficients tell its error.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxmix.engine import points


class Interpolant(eqx.Module):
    """The nodes along an axis and the weights that carry values at the nodes to every value of the axis.

    nodes [n]: the axis' parameter at the nodes. weights [size, n], and tail [2, n], which gives the last two
    Chebyshev coefficients; both are None where the nodes are the axis' values themselves (size <= n).
    """

    nodes: Float[Array | np.ndarray, " n"]
    weights: Float[Array | np.ndarray, "size n"] | None
    tail: Float[Array | np.ndarray, "two n"] | None


def along(axis: points.Axis, number: int) -> Interpolant:
    """The interpolant of an axis with this number of nodes, in ln(value) where the axis is logarithmic.

    The nodes hold both ends of the axis (extrema of the Chebyshev polynomial of degree number - 1).
    """
    values = axis.values()
    if axis.size <= number:
        return Interpolant(values, None, None)
    forward, backward = (np.log, np.exp) if axis.logarithmic else (np.asarray, np.asarray)
    coordinate = forward(values)
    low, high = coordinate.min(), coordinate.max()
    unit = _extrema(number)
    nodes = np.clip(backward(0.5 * (high + low) + 0.5 * (high - low) * unit), values.min(), values.max())
    position = (2.0 * coordinate - high - low) / (high - low)
    return Interpolant(nodes, _cardinal_weights(position, unit), _last_coefficients(number))


def unresolved(interpolant: Interpolant, values: Float[Array, "... n k"], tolerance: Float[Array, ""]) -> Bool[Array, "... k"]:
    """Which lines the polynomial does not describe: the last two Chebyshev coefficients exceed tolerance times the
    largest node, or some (not all) nodes are not finite."""
    finite = jnp.isfinite(values)
    scale = jnp.max(jnp.abs(jnp.where(finite, values, 0.0)), axis=-2)
    last = jnp.sum(jnp.abs(apply(interpolant.tail, values)), axis=-2)
    resolved = (last <= tolerance * scale) | ~jnp.any(finite, axis=-2)
    return ~resolved


def apply(weights: Float[Array, "rows n"], values: Float[Array, "... n k"]) -> Float[Array, "... rows k"]:
    """weights @ values on the last axis but one, at full precision on every device."""
    return jnp.einsum("rn,...nk->...rk", weights, values, precision="highest")


def _extrema(number: int) -> np.ndarray:
    return -np.cos(np.pi * np.arange(number) / (number - 1))


def _cardinal_weights(position: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Barycentric weights (-1)^j, halved at the ends (Berrut and Trefethen, SIAM Review 46 (2004) 501, eq. 5.4)."""
    barycentric = (-1.0) ** np.arange(unit.size)
    barycentric[[0, -1]] *= 0.5
    distance = position[:, None] - unit[None, :]
    hit = np.abs(distance) < 4e-16
    weights = barycentric[None, :] / np.where(hit, 1.0, distance)
    weights = np.where(hit.any(axis=1)[:, None], hit.astype(float), weights)
    return weights / weights.sum(axis=1)[:, None]


def _last_coefficients(number: int) -> np.ndarray:
    degree = np.array([number - 2, number - 1])
    rows = np.cos(np.pi * degree[:, None] * (number - 1 - np.arange(number))[None, :] / (number - 1)) * 2.0 / (number - 1)
    rows[:, [0, -1]] *= 0.5
    rows[1] *= 0.5
    return rows
