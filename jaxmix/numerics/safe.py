"""Functions whose gradients stay finite where the textbook form has none.

`jnp.where` alone passes the unused branch's infinite slope on as NaN; here the argument of the
unused branch is replaced as well (the double where).
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Inexact


def sqrt(x: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """Square root of x for x > 0, zero with zero slope for x <= 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1.0)), 0.0)


def ratio(numerator: Inexact[Array, "..."], denominator: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """numerator/denominator, and zero with zero slope where the denominator vanishes."""
    usable = denominator != 0
    return jnp.where(usable, numerator / jnp.where(usable, denominator, 1.0), 0.0)


def velocity(x: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """sqrt(1 - 4 x), the velocity of either product of a decay into two equal masses with x = (m/M)^2;
    zero with zero slope below threshold."""
    return sqrt(1.0 - 4.0 * x)


def inverse(z: Complex[Array, "..."]) -> Complex[Array, "..."]:
    """1/z of a complex number of ordinary size: several times faster in a compiled loop than a division that guards
    against overflow.
    """
    return jnp.conj(z) / (jnp.real(z) ** 2 + jnp.imag(z) ** 2)
