"""Sets of quasi-random points in the unit cube, made once on the host and stored.

The integrals are the same every time; independent scrambles give their error.
"""

import functools

import numpy as np
from jaxtyping import Float, Integer

from jaxmix.numerics.sobol import net

_SEED = 20_141_104  # any; another gives other points and the same integrals within their errors
_BITS = 30  # of a coordinate


@functools.cache
def points(dimensions: int, log2_points: int, scrambles: int) -> Float[np.ndarray, "scramble n dimension"]:
    """Make independent scrambles of Sobol points in (0, 1)^dimensions.

    Random lower triangular matrices and a digital shift scramble them. Each set equals the points of
    scipy.stats.qmc.Sobol bit for bit (a test compares them). No point lies on a face of the cube, where maps to
    infinite ranges would be singular.

    Parameters
    ----------
    dimensions
        Number of coordinates.
    log2_points
        Each scramble holds 2^log2_points points.
    scrambles
        Number of independent sets.

    Returns
    -------
    Array
        [scramble, point, coordinate], the points of a scramble in the order of a Gray code.

    References
    ----------
    I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86; J. Matousek, J. Complexity 14 (1998) 527.
    """
    generators = [np.random.default_rng([_SEED, k]).spawn(1)[0] for k in range(scrambles)]  # as SciPy takes them
    found = [_scrambled(dimensions, log2_points, generator) for generator in generators]
    return np.clip(np.stack(found), 2.0**-40, 1 - 2.0**-40)


def _scrambled(dimensions: int, log2_points: int, generator: np.random.Generator) -> Float[np.ndarray, "n dimension"]:
    """Return one scramble, its points in the order of a Gray code."""
    powers = 2 ** np.arange(_BITS, dtype=np.uint32)
    shift = generator.integers(0, 2, (dimensions, _BITS), np.uint32) @ powers
    matrices = np.tril(generator.integers(0, 2, (dimensions, _BITS, _BITS), np.uint32), -1) | np.eye(
        _BITS, dtype=np.uint32
    )
    directions = (net.directions(dimensions)[:, :_BITS] >> (net.BITS - _BITS)).astype(np.uint32)
    leading = powers[::-1]  # the most significant bit is row 0 of a matrix
    bits = (directions[..., None] & leading != 0).astype(np.uint32)
    scrambled = (np.einsum("drc,dvc->dvr", matrices, bits) % 2) @ leading
    index = np.arange(2**log2_points)
    return _combined(index ^ (index >> 1), scrambled[:, :log2_points], shift) * 2.0**-_BITS


def _combined(
    code: Integer[np.ndarray, " n"],
    directions: Integer[np.ndarray, "dimension bit"],
    shift: Integer[np.ndarray, " dimension"],
) -> Integer[np.ndarray, "n dimension"]:
    """Add without carry the shift and the direction numbers that each code's bits choose."""
    chosen = (code[:, None] >> np.arange(directions.shape[1]) & 1)[:, None, :] * directions[None]
    return np.bitwise_xor.reduce(chosen, axis=-1) ^ shift
