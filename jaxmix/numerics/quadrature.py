"""Gauss-Legendre quadrature, as it stands and mapped onto a resonance of any width."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

DEPTH = 2.0  # c of the resonance map; measured: fewest nodes over widths from 1e-13 to 0.3
FLOOR = 0.03  # smallest core of the map, over the width; measured


def gauss_legendre(n: int) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Return nodes and weights of the n-point Gauss-Legendre rule on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2


def resonance_nodes(
    low: Scalar, high: Scalar, centre: Scalar, width: Scalar, n: int
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Compute nodes and weights of an integral over a Lorentzian of any width.

    t = centre + w sinh(c sinh y) resolves every distance from the resonance between w and the range, on either side,
    with a fixed number of nodes; y = y_low + (y_high - y_low) u^2 (3 - 2 u), u a Gauss-Legendre node, makes square
    roots at the ends smooth. A resonance on the lower end is taken as narrow as its distance, for a width that opens
    there varies as fast.

    Parameters
    ----------
    low, high
        Ends of the integral over t. It is exactly zero when high <= low.
    centre, width
        Place and half-width of the Lorentzian, in units of t.
    n
        Number of nodes.

    Returns
    -------
    distance
        The nodes as t - centre, which keeps its digits however narrow the resonance.
    weights
        Their weights, in units of t.
    """
    u, weights = (jnp.asarray(array, dtype=jnp.result_type(low, width)) for array in gauss_legendre(n))
    width = jnp.clip(jnp.abs(centre - low), FLOOR * width, width)
    bottom, top = (jnp.arcsinh(jnp.arcsinh((end - centre) / width) / DEPTH) for end in (low, jnp.maximum(low, high)))
    extent = jnp.where(high > low, top - bottom, 0.0)  # a compiler may round the two ends of an empty range differently
    y = bottom + extent * (u * u * (3 - 2 * u))
    v = DEPTH * jnp.sinh(y)
    slope = width * jnp.cosh(v) * DEPTH * jnp.cosh(y)
    return width * jnp.sinh(v), weights * 6 * u * (1 - u) * extent * slope


def between_nodes(few: int, many: int) -> Float[np.ndarray, "many few"]:
    """Return the matrix that carries values at `few` Gauss-Legendre nodes to `many` Gauss-Legendre nodes.

    Polynomial interpolation in barycentric form; J.-P. Berrut and L. N. Trefethen, SIAM Review 46 (2004) 501, eq.
    (4.2)."""
    nodes, weights = np.polynomial.legendre.leggauss(few)
    barycentric = (-1.0) ** np.arange(few) * np.sqrt((1 - nodes**2) * weights)
    targets = np.polynomial.legendre.leggauss(many)[0]
    distance = targets[:, None] - nodes[None, :]
    hit = distance == 0
    cardinal = barycentric[None, :] / np.where(hit, 1.0, distance)
    cardinal = np.where(hit.any(axis=1)[:, None], hit.astype(float), cardinal)
    return cardinal / cardinal.sum(axis=1)[:, None]
