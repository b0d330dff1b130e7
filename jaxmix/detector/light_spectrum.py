"""How many photoelectrons an event gives in all layers together, where each of them saw one: what measures the
charge.
"""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Scalar

from jaxmix.detector import photoelectrons

# lowest count of each bin, of three layers; steps of a quarter lose some 3% of what the counts say of the charge
EDGES = (3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25, 30, 37, 45, 55, 70, 85, 105, 130, 160, 200, 250, 300)

# counts beyond the last edge, and in units of its root, past which nothing is left of a mean below it
_FAR, _SPREADS = 60, 12.0


def log_probability(
    counts: int,
    charge: Scalar | float,
    layers: int,
    charge_one: Scalar | float = photoelectrons.CHARGE_ONE_PHOTOELECTRON,
) -> Float[Array, " counts"]:
    """Logarithm of the probability of k photoelectrons in all n layers together, each of which sees at least one.

    P = sum_j (-1)^(n-j) C(n, j) exp(-n N) (j N)^k/k! = n! S(k, n) N^k exp(-n N)/k!, N the mean of one layer and S
    Stirling's number of the second kind: one term, so that nothing cancels where N is small.

    Parameters
    ----------
    counts
        How many values of k: n, n + 1, ..., n + counts - 1.
    charge
        Charge of the particle, in units of e.
    layers
        n.
    charge_one
        Charge that gives one photoelectron per layer on average, in units of e.

    Returns
    -------
    ln P of each k.

    References
    ----------
    DLMF, eq. (26.8.6).
    """
    k = np.arange(layers, layers + counts)
    log_mean = _log_mean(charge, charge_one)
    return (
        jnp.asarray(log_surjections(layers, layers + counts)[layers:])
        + jnp.asarray(k) * log_mean
        - layers * jnp.exp(log_mean)
    )


def log_bins(
    charge: Scalar | float,
    layers: int,
    edges: tuple[int, ...] = EDGES,
    charge_one: Scalar | float = photoelectrons.CHARGE_ONE_PHOTOELECTRON,
) -> Float[Array, " bins"]:
    """Logarithms of the probabilities of bins edges[i] <= k < edges[i+1] of photoelectrons in all layers together.

    Each layer sees at least one, and the last bin has no end. With edges[0] = layers the probabilities add up to
    photoelectrons.detection_probability; a larger one is a threshold. Finite at every charge, with finite slopes; at
    charge 0 as photoelectrons.log_layer_probability.

    Parameters
    ----------
    charge, layers, charge_one
        As in `log_probability`.
    edges
        Lowest count of each bin.

    Returns
    -------
    ln P of each bin.

    Raises
    ------
    ValueError
        For edges that do not rise, or begin below one photoelectron a layer.
    """
    check(edges, layers)
    last, below = edges[-1], edges[-1] - layers
    ends = (*edges[1:], last + _FAR + math.ceil(_SPREADS * math.sqrt(last)))
    each = log_probability(ends[-1] - layers, charge, layers, charge_one)
    bins = _log_sums(each, tuple(edge - layers for edge in (*edges, ends[-1])))
    detected = photoelectrons.log_detection_probability(jnp.asarray(charge), layers, charge_one)
    if below == 0:
        return bins.at[-1].set(detected)
    # above the last edge what lies below it is about half at most, and the sum above would have no end
    bright = layers * jnp.exp(_log_mean(charge, charge_one)) > last
    missed = jnp.where(bright, logsumexp(each[:below]) - detected, -1.0)
    return bins.at[-1].set(jnp.where(bright, detected + jnp.log1p(-jnp.exp(missed)), bins[-1]))


def _log_sums(each: Float[Array, " counts"], edges: tuple[int, ...]) -> Float[Array, " bins"]:
    """Logarithms of sums of exp(each) over edges[i] <= k < edges[i+1].

    The larger end of each bin is divided out: a distribution with one maximum rises little above both ends of a bin.
    """
    starts, ends = np.array(edges[:-1]), np.array(edges[1:])
    scale = jax.lax.stop_gradient(jnp.maximum(each[starts], each[ends - 1]))
    bins = np.repeat(np.arange(len(starts)), ends - starts)
    shares = jnp.exp(each[edges[0] : edges[-1]] - scale[bins])
    return scale + jnp.log(jax.ops.segment_sum(shares, bins, len(starts), indices_are_sorted=True))


def check(edges: tuple[int, ...], layers: int) -> None:
    """Raise ValueError for edges that do not rise or begin below one photoelectron a layer."""
    if edges[0] < layers or any(high <= low for low, high in itertools.pairwise(edges)):
        raise ValueError(
            f"light_spectrum: found the edges {edges}; "
            f"allowed: rising whole numbers from the number of layers, {layers}, on."
        )


@functools.cache
def log_surjections(layers: int, end: int) -> Float[np.ndarray, " end"]:
    """Table of ln[n! S(k, n)/k!] for k = 0 to end - 1, n the number of layers; minus infinity below n.

    n! S(k, n) is the number of ways in which k photoelectrons fall on all n layers. With u_n(k) = n! S(k, n)/k!,
    u_n(k) = n/k [u_n(k-1) + u_{n-1}(k-1)] from S(k, n) = n S(k-1, n) + S(k-1, n-1): positive terms alone.

    References
    ----------
    DLMF, eq. (26.8.22).
    """
    number = np.arange(1, layers + 1)
    row = np.full(layers + 1, -np.inf)
    row[0] = 0.0
    found = [row[layers]]
    for k in range(1, end):
        row = np.concatenate([[-np.inf], np.log(number / k) + np.logaddexp(row[1:], row[:-1])])
        found.append(row[layers])
    return np.array(found)


def _log_mean(charge: Scalar | float, charge_one: Scalar | float) -> Scalar:
    """Logarithm of the mean N of one layer; at charge 0 that of the smallest normal number, with zero slope."""
    size = jnp.abs(jnp.asarray(charge))
    smallest = jnp.finfo(size.dtype).tiny
    return 2 * (jnp.log(jnp.where(size > smallest, size, smallest)) - jnp.log(charge_one))
