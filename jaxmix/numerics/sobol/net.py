"""Points in the unit cube from an index alone, so that no list of them is ever stored.

They are those of a Sobol net, or independent uniform numbers.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

BITS = 52  # of a coordinate
# degree of the primitive polynomial over GF(2), its inner coefficients as bits, and the first direction integers: S.
# Joe, F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008) 2635, the set new-joe-kuo-6; the first dimension is van der Corput's
# sequence
_JOE_KUO = (
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
    (5, 4, (1, 1, 5, 5, 5)),
    (5, 7, (1, 1, 7, 11, 19)),
    (5, 11, (1, 1, 5, 1, 1)),
    (5, 13, (1, 1, 1, 3, 11)),
    (5, 14, (1, 3, 5, 5, 31)),
)
DIMENSIONS = len(_JOE_KUO) + 1


@functools.cache
def directions(dimensions: int) -> Int[np.ndarray, "dimension bit"]:
    """Return the direction numbers v_j 2^52 of a Sobol net.

    I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86. Raises ValueError beyond DIMENSIONS.
    """
    if not 1 <= dimensions <= DIMENSIONS:
        raise ValueError(
            f"a Sobol net: found {dimensions} dimensions; there are direction numbers for 1 to {DIMENSIONS}."
        )
    rows = [[1] * BITS]
    for degree, inner, first in _JOE_KUO[: dimensions - 1]:
        m = list(first)
        for k in range(degree, BITS):
            new = m[k - degree] ^ (m[k - degree] << degree)
            for i in range(1, degree):
                if inner >> (degree - 1 - i) & 1:
                    new ^= m[k - i] << i
            m.append(new)
        rows.append(m)
    return np.array([[m << (BITS - 1 - k) for k, m in enumerate(row)] for row in rows], dtype=np.int64)


def sobol(index: Int[Array, ""], dimensions: int, seed: int) -> Float[Array, " dimension"]:
    """Return the point of a digitally shifted Sobol net with a given index.

    The shift depends on the seed alone: it is the same for every point.
    """
    bits = (jnp.asarray(index, jnp.int64) >> jnp.arange(BITS)) & 1
    chosen = jnp.where(bits[None, :] == 1, jnp.asarray(directions(dimensions)), 0)
    integer = jax.lax.reduce(chosen, jnp.asarray(0, jnp.int64), jax.lax.bitwise_xor, (1,)) ^ _shift(dimensions, seed)
    return (integer.astype(float) + 0.5) * 2.0**-BITS


def uniform(index: Int[Array, ""], dimensions: int, seed: int) -> Float[Array, " dimension"]:
    """Return independent uniform numbers for a given index, by a counter-based generator.

    J. K. Salmon et al., SC11 (2011) 16.
    """
    low, high = jnp.asarray(index, jnp.uint64) & 0xFFFFFFFF, jnp.asarray(index, jnp.uint64) >> 32
    key = jax.random.fold_in(
        jax.random.fold_in(jax.random.PRNGKey(seed), high.astype(jnp.uint32)), low.astype(jnp.uint32)
    )
    return jax.random.uniform(key, (dimensions,), dtype=float)


def _shift(dimensions: int, seed: int) -> Int[np.ndarray, " dimension"]:
    return np.random.default_rng([seed, dimensions]).integers(0, 2**BITS, dimensions, dtype=np.int64)
