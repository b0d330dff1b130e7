"""Light of a small charge: photoelectrons per layer, and the chance that every layer sees one."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.detector.proposal import CHARGE_ONE_PHOTOELECTRON, EFFICIENCY, LIGHT_YIELD, THICKNESS

Charge = Float[Array, "..."] | float  # in units of e


def relative_light(thickness: Scalar | float, light_yield: Scalar | float, efficiency: Scalar | float) -> Scalar:
    """Photoelectrons over those of the proposal's layer (1.4 m, 1e4 photons/MeV, 10%): all three enter as factors."""
    return jnp.asarray(thickness / THICKNESS * light_yield / LIGHT_YIELD * efficiency / EFFICIENCY)


def photoelectrons(charge: Charge, charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON) -> Charge:
    """Mean photoelectrons per layer, N = (charge/charge_one)^2; both charges in units of e."""
    return (charge / charge_one) ** 2


def log_layer_probability(charge: Charge, charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON) -> Float[Array, "..."]:
    """Logarithm of the probability that a layer sees at least one photoelectron, P = 1 - exp(-N).

    Formed as ln N + ln[(1 - exp(-N))/N], so that it holds where N itself underflows. At charge 0 it is
    the logarithm at the smallest normal number, with zero slope: finite for an optimiser.

    Parameters
    ----------
    charge
        Charge of the particle, in units of e.
    charge_one
        Charge that gives one photoelectron per layer on average, in units of e.
    """
    size = jnp.abs(charge)
    smallest = jnp.finfo(size.dtype).tiny
    log_mean = 2 * (jnp.log(jnp.where(size > smallest, size, smallest)) - jnp.log(charge_one))
    mean = jnp.exp(log_mean)
    small = mean < 1e-3
    direct = jnp.where(small, 1.0, mean)
    series = -mean / 2 + mean**2 / 24
    return log_mean + jnp.where(small, series, jnp.log(-jnp.expm1(-direct) / direct))


def log_detection_probability(
    charge: Charge, layers: Scalar | float | int = 3.0, charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON
) -> Float[Array, "..."]:
    """Logarithm of the probability that n layers in coincidence all see light, n ln(1 - exp(-N)).

    Finite at every charge. Arguments as in `log_layer_probability`; layers is n.
    """
    return layers * log_layer_probability(charge, charge_one)


def detection_probability(
    charge: Charge, layers: Scalar | float | int = 3.0, charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON
) -> Float[Array, "..."]:
    """Probability that n layers in coincidence all see light, (1 - exp(-N))^n; about N^n for small charges.

    Two particles that cross different bars are both seen with its square. Arguments as in `log_layer_probability`;
    layers is n.
    """
    return jnp.exp(log_detection_probability(charge, layers, charge_one))
