"""The Faddeeva function w(z) = exp(-z^2) erfc(-i z) in the upper half-plane."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Int

from jaxmix.numerics import safe

_TERMS = 20


@jax.custom_jvp
def faddeeva(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """Compute the Faddeeva function w(z) = exp(-z^2) erfc(-i z) for Im z >= 0.

    Also w(z) = (i/pi) int exp(-t^2)/(z - t) dt for Im z > 0. It is approximated by the rational function
    w = 2 p(Z)/(L - i z)^2 + pi^(-1/2)/(L - i z), Z = (L + i z)/(L - i z).

    Parameters
    ----------
    z
        Any complex numbers in the upper half-plane, the real axis included.

    Returns
    -------
    Array
        w(z), to 1.4e-8 relative.

    Notes
    -----
    jax.scipy.special.wofz is good to 3e-13, but takes several times longer (benchmarks/RESULTS.md).

    References
    ----------
    J. A. C. Weideman, SIAM J. Numer. Anal. 31 (1994) 1497, eq. (38).
    """
    return _with_slope(z)[0]


@faddeeva.defjvp
def _faddeeva_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    """Differentiate the approximation itself, in closed form.

    The identity w' = -2 z w + 2 i/sqrt(pi) loses all digits far from the origin.
    """
    value, slope = _with_slope(*primals)
    return value, slope * tangents[0]


def _with_slope(z: Complex[Array, "..."]) -> tuple[Complex[Array, "..."], Complex[Array, "..."]]:
    """Return w and dw/dz."""
    scale, coefficients = _weideman(_TERMS)
    inverse = safe.inverse(scale - 1j * z)
    ratio = (scale + 1j * z) * inverse
    known = jnp.asarray(coefficients, ratio.real.dtype)

    def horner(k: Int[ArrayLike, ""], state: tuple[Array, Array]) -> tuple[Array, Array]:
        value, slope = state
        return value * ratio + known[k], slope * ratio + value

    # a loop, not twenty steps written out: a compiler would fuse those into each of their uses and compute them many
    # times
    value, slope = jax.lax.fori_loop(1, _TERMS, horner, (jnp.full_like(ratio, coefficients[0]), jnp.zeros_like(ratio)))
    whole = 2.0 * value * inverse + 1.0 / math.sqrt(math.pi)
    return inverse * whole, 1j * inverse**2 * (whole + 2.0 * inverse * (slope * (1.0 + ratio) + value))


@functools.cache
def _weideman(terms: int) -> tuple[float, tuple[float, ...]]:
    """Return L and the coefficients of p, the highest power first."""
    number = 2 * terms
    scale = np.sqrt(terms / np.sqrt(2))
    angle = np.arange(-number + 1, number) * np.pi / number
    t = scale * np.tan(angle / 2)
    weight = np.concatenate([[0.0], np.exp(-(t**2)) * (scale**2 + t**2)])
    series = np.real(np.fft.fft(np.fft.fftshift(weight))) / (2 * number)
    return float(scale), tuple(float(value) for value in series[1 : terms + 1][::-1])
