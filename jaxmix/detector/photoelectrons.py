"""Light of a small charge: photoelectrons per layer, and the chance that every layer sees one."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.detector.proposal import CHARGE_ONE_PHOTOELECTRON, EFFICIENCY, LIGHT_YIELD, THICKNESS

ENERGY_LOSS = 2.0  # MeV/cm of unit charge in scintillator, as it states


def relative_light(thickness: Scalar | float, light_yield: Scalar | float, efficiency: Scalar | float) -> Scalar:
    """Photoelectrons over those of the proposal's layer (1.4 m, 1e4 photons/MeV, 10%): all three enter as factors."""
    return jnp.asarray(thickness / THICKNESS * light_yield / LIGHT_YIELD * efficiency / EFFICIENCY)


def charge_of_one_photoelectron(
    thickness: Scalar | float = THICKNESS,
    energy_loss: Scalar | float = ENERGY_LOSS,
    light_yield: Scalar | float = LIGHT_YIELD,
    efficiency: Scalar | float = EFFICIENCY,
) -> Scalar:
    """Charge in units of e that gives one photoelectron per layer on average.

    1/sqrt(thickness x dE/dx x light yield x efficiency), dE/dx being that of unit charge and scaling as
    the charge squared. Units: m, MeV/cm, photons/MeV, photoelectrons per photon. The defaults give
    2.8e5 photoelectrons at unit charge, hence 1.9e-3.
    """
    photoelectrons = jnp.asarray(thickness * 100 * energy_loss * light_yield * efficiency)
    return 1 / jnp.sqrt(photoelectrons)


def photoelectrons(
    charge: Float[Array, "..."], charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON
) -> Float[Array, "..."]:
    """Mean photoelectrons per layer, N = (charge/charge_one)^2; both charges in units of e."""
    return (charge / charge_one) ** 2


def log_layer_probability(
    charge: Float[Array, "..."], charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON
) -> Float[Array, "..."]:
    """ln of the probability that a layer sees at least one photoelectron, P = 1 - exp(-N).

    Formed as ln N + ln[(1 - exp(-N))/N], so that it holds where N itself underflows. At charge 0 it is
    the logarithm at the smallest normal number, with zero slope: finite for an optimiser.
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
    charge: Float[Array, "..."], layers: Scalar | float = 3.0, charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON
) -> Float[Array, "..."]:
    """ln of the probability that n layers in coincidence all see light, n ln(1 - exp(-N)); finite at every charge."""
    return layers * log_layer_probability(charge, charge_one)


def detection_probability(
    charge: Float[Array, "..."], layers: Scalar | float = 3.0, charge_one: Scalar | float = CHARGE_ONE_PHOTOELECTRON
) -> Float[Array, "..."]:
    """Probability that n layers in coincidence all see light, (1 - exp(-N))^n; about N^n for small charges.

    Two particles that cross different bars are both seen with its square.
    """
    return jnp.exp(log_detection_probability(charge, layers, charge_one))
