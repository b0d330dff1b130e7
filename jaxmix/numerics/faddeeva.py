"""The Faddeeva function w(z) = exp(-z^2) erfc(-i z) in the upper half-plane."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex

from jaxmix.numerics import safe

_TERMS = 20


def faddeeva(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """w(z) for Im z >= 0, to 1e-8 relative; (i/pi) int exp(-t^2)/(z - t) dt for Im z > 0.

    Rational approximation w = 2 p(Z)/(L - i z)^2 + pi^(-1/2)/(L - i z), Z = (L + i z)/(L - i z);
    J.A.C. Weideman, SIAM J. Numer. Anal. 31 (1994) 1497, eq. (38).
    """
    scale, coefficients = _weideman(_TERMS)
    inverse = safe.inverse(scale - 1j * z)
    ratio = (scale + 1j * z) * inverse
    # p has real coefficients: its remainder on division by (Z - ratio)(Z - conj ratio) takes half the work of Horner's scheme
    twice, square = 2.0 * jnp.real(ratio), jnp.real(ratio) ** 2 + jnp.imag(ratio) ** 2
    upper, lower = jnp.zeros_like(twice), jnp.full_like(twice, coefficients[0])
    for coefficient in coefficients[1:-1]:
        upper, lower = lower, coefficient + twice * lower - square * upper
    total = jax.lax.complex(coefficients[-1] + jnp.real(ratio) * lower - square * upper, jnp.imag(ratio) * lower)
    return inverse * (2.0 * total * inverse + 1.0 / math.sqrt(math.pi))


@functools.cache
def _weideman(terms: int) -> tuple[float, tuple[float, ...]]:
    """L and the coefficients of p, the highest power first."""
    number = 2 * terms
    scale = np.sqrt(terms / np.sqrt(2))
    angle = np.arange(-number + 1, number) * np.pi / number
    t = scale * np.tan(angle / 2)
    weight = np.concatenate([[0.0], np.exp(-(t**2)) * (scale**2 + t**2)])
    series = np.real(np.fft.fft(np.fft.fftshift(weight))) / (2 * number)
    return float(scale), tuple(float(value) for value in series[1 : terms + 1][::-1])
