"""Quasi-random points in the unit cube, fixed and stored: the same integrals every time, with an error from independent scrambles."""

import functools

import numpy as np
from jaxtyping import Array, Float
from scipy.stats import qmc

_SEED = 20_141_104  # any; another gives other points and the same integrals within their errors


@functools.cache
def points(dimensions: int, log2_points: int, scrambles: int) -> Float[np.ndarray, "scramble n dimension"]:
    """Sobol points in (0, 1)^dimensions: `scrambles` independent scrambles of 2^log2_points each.

    I. M. Sobol, USSR Comput. Math. Math. Phys. 7 (1967) 86, scrambled as in A. B. Owen, J. Complexity 14 (1998) 466 (by
    scipy.stats.qmc). None lies on a face of the cube, where maps to infinite ranges would be singular.
    """
    found = [qmc.Sobol(dimensions, rng=np.random.default_rng([_SEED, k])).random_base2(log2_points) for k in range(scrambles)]
    return np.clip(np.stack(found), 2.0**-40, 1 - 2.0**-40)


def mean_and_error(values: Float[Array, "scramble *component"]) -> tuple[Float[Array, "*component"], Float[Array, "*component"]]:
    """Mean over scrambles of each one's integral, and the standard error of that mean."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(values.shape[0])
