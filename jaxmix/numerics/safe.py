"""Functions whose gradients stay finite where the textbook form has none.

`jnp.where` alone passes the unused branch's infinite slope on as NaN; here the argument of the
unused branch is replaced as well (the double where).
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Inexact


def sqrt(x: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """Return the square root of x for x > 0, and zero with zero slope for x <= 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1.0)), 0.0)


def ratio(numerator: Inexact[Array, "..."], denominator: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """Return numerator/denominator, and zero with zero slope where the denominator vanishes."""
    usable = denominator != 0
    return jnp.where(usable, numerator / jnp.where(usable, denominator, 1.0), 0.0)


def velocity(x: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """Return sqrt(1 - 4 x), the velocity of either product of a decay into two equal masses.

    x = (m/M)^2; the velocity is zero with zero slope below threshold, x >= 1/4.
    """
    return sqrt(1.0 - 4.0 * x)


def inverse(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """Return 1/z of a complex number of ordinary size.

    In a compiled loop this is several times faster than a division that guards against overflow.
    """
    return jnp.conj(z) / (jnp.real(z) ** 2 + jnp.imag(z) ** 2)
