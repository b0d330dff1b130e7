"""Interpolation along the grid's last axis by one dense weight matrix: a polynomial through Chebyshev nodes.

The barycentric polynomial converges geometrically for the smooth steps met along a coupling (a cubic spline only as the
fourth power of the spacing), and its own last coefficients tell its error.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from jaxmix.engine import points

_FINER = 4  # pieces into which a piece of a line is divided where one polynomial does not describe it


class Pieces(eqx.Module):
    """An axis cut into pieces of equally many values, each with nodes of its own; nodes [pieces, n], weights [pieces,
    n, values].
    """

    nodes: Float[Array | np.ndarray, "pieces n"]
    weights: Float[Array | np.ndarray, "pieces n values"]


class Interpolant(eqx.Module):
    """The nodes along an axis and the weights that carry values at the nodes to every value of the axis.

    nodes [n]: the axis' parameter at the nodes; values [size]: at every place of the axis. weights [n, size], and tail
    [n, 2], which gives the last two Chebyshev coefficients; both are None where the nodes are the axis' values
    themselves (size <= n). finer: the axis in 4, 16, ... pieces, as long as their nodes are fewer than half of the
    values.
    """

    nodes: Float[Array | np.ndarray, " n"]
    values: Float[Array | np.ndarray, " size"]
    weights: Float[Array | np.ndarray, "n size"] | None
    tail: Float[Array | np.ndarray, "n two"] | None
    finer: tuple[Pieces, ...] = ()


def along(axis: points.Axis, number: int) -> Interpolant:
    """The interpolant of an axis with this number of nodes, in ln(value) where the axis is logarithmic.

    The nodes hold both ends of the axis (extrema of the Chebyshev polynomial of degree number - 1).
    """
    values = axis.values()
    if axis.size <= number:
        return Interpolant(values, values, None, None)
    whole = _pieces(axis, values, number, 1)
    pieces, finer = _FINER, []
    while 2 * pieces * number <= axis.size:
        finer.append(_pieces(axis, values, number, pieces))
        pieces *= _FINER
    return Interpolant(whole.nodes[0], values, whole.weights[0], _last_coefficients(number).T, tuple(finer))


def _pieces(axis: points.Axis, values: np.ndarray, number: int, pieces: int) -> Pieces:
    """Each piece reaches to the first value of the next; the last one is filled up with its last value."""
    forward, backward = (np.log, np.exp) if axis.logarithmic else (np.asarray, np.asarray)
    length, unit = -(-axis.size // pieces), _extrema(number)
    nodes, weights = [], []
    for piece in range(pieces):
        index = np.minimum(piece * length + np.arange(length + 1), axis.size - 1)
        coordinate = forward(values[index])
        low, high = coordinate.min(), coordinate.max()
        high = high if high > low else low + 1.0  # of a piece that holds the last value alone
        nodes.append(
            np.clip(backward(0.5 * (high + low) + 0.5 * (high - low) * unit), values[index].min(), values[index].max())
        )
        weights.append(_cardinal_weights((2.0 * coordinate[:-1] - high - low) / (high - low), unit).T)
    return Pieces(np.stack(nodes), np.stack(weights))


def largest(values: Float[Array, "... n k"]) -> Float[Array, "... k"]:
    """The largest finite size at the nodes of each line."""
    return jnp.max(jnp.abs(jnp.where(jnp.isfinite(values), values, 0.0)), axis=-2)


def unresolved(
    interpolant: Interpolant, values: Float[Array, "... n k"], bound: Float[Array, "... k"]
) -> Bool[Array, "... k"]:
    """Which lines the polynomial does not describe: the last two Chebyshev coefficients exceed the bound, or some (not
    all) nodes are not finite.
    """
    assert interpolant.tail is not None  # the nodes are fewer than the values
    last = jnp.sum(jnp.abs(apply(interpolant.tail, values)), axis=-2)
    return ~((last <= bound) | ~jnp.any(jnp.isfinite(values), axis=-2))


def apply(weights: Float[Array | np.ndarray, "n rows"], values: Float[Array, "... n k"]) -> Float[Array, "... rows k"]:
    """weights^T @ values on the last axis but one, at full precision on every device; in memory each component's values
    lie side by side.
    """
    product = jnp.einsum("...kn,nr->...kr", jnp.swapaxes(values, -1, -2), weights, precision="highest")
    return jnp.swapaxes(product, -1, -2)


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
    rows = (
        np.cos(np.pi * degree[:, None] * (number - 1 - np.arange(number))[None, :] / (number - 1)) * 2.0 / (number - 1)
    )
    rows[:, [0, -1]] *= 0.5
    rows[1] *= 0.5
    return rows
