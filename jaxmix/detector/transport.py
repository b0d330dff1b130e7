"""What a particle of charge epsilon e meets between the interaction point and a detector: a solenoid's field and rock.

This module is a library: no command calls it, and `pair.cross_section` takes it as an option.

With the default `Path` and m = 1 GeV, 20 m from the beam and behind all rock:

    epsilon   p (GeV)   moved by the field (m)   tilted against the radius (mrad)   energy lost (GeV)   scattered (mrad)
    3e-3        1              0.19                       0.77                          1.0e-4              0.59
    3e-3       10              0.019                      0.077                         7.3e-5              0.040
    3e-3       60              0.0032                     0.013                         8.6e-5              0.0067
    3e-2        1              1.9                        7.7                           1.1e-2              7.2
    3e-2       10              0.19                       0.77                          7.3e-3              0.50
    3e-2       60              0.032                      0.13                          8.6e-3              0.082
    0.3         1             20                         77                             stops              85
    0.3        10              1.9                        7.7                           0.73                5.9
    0.3        60              0.32                       1.3                           0.86                0.98

This is why straight tracks are the default. Production does not depend on the azimuth, so that turning all tracks of
one momentum about the beam brings as many into a face as it takes out: what counts is the tilt, to be held against the
angle under which a detector's bars see each other (0.1 m over 4 m, 24 mrad). Only the two tracks of a pair, of opposite
charge, move apart by twice the first column.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Scalar

from jaxmix import constants
from jaxmix.numerics import safe

BENDING = 0.299792458  # GeV/(T m), pT = BENDING |charge| B R; the speed of light, exact
LOSS = 0.307075e-3  # GeV cm^2/mol, K = 4 pi N_A r_e^2 m_e; PDG 2024, table 34.1
SLOWEST = 0.05  # beta gamma, below which Bethe's formula is not meant
_EDGE = 1 - 1e-6  # of the largest sine that leaves the field
_POWER = 1.8  # T^1.8 falls nearly linearly along the track of a slow particle, on which dE/dx ~ T^-0.8

Real = Float[Array, "..."] | float  # a number, or an array; those of one call broadcast


def _float(value: float | tuple[float, ...] | Array) -> Array:
    """Convert to floats; an array keeps its precision."""
    numbers = jnp.asarray(value)
    return numbers.astype(jnp.result_type(numbers, float))


class Path(eqx.Module):
    """A solenoid of uniform field along the beam, then rock; both are met at right angles to the beam.

    The default rock is "standard rock": D.E. Groom, N.V. Mokhov, S.I. Striganov, At. Data Nucl. Data Tables 78 (2001)
    183. The iron that returns the field, and bends back, is left out.
    """

    field: Scalar = eqx.field(converter=_float, default=3.8)  # T, along +z
    field_radius: Scalar = eqx.field(converter=_float, default=3.0)  # m
    rock: Scalar = eqx.field(converter=_float, default=17.0)  # m
    density: Scalar = eqx.field(converter=_float, default=2.65)  # g/cm^3
    electrons: Scalar = eqx.field(converter=_float, default=0.5)  # mol/g, <Z/A>
    excitation: Scalar = eqx.field(converter=_float, default=136.4)  # eV, mean excitation energy
    radiation_length: Scalar = eqx.field(converter=_float, default=26.54)  # g/cm^2
    density_effect: Float[Array, " parameters=5"] = eqx.field(
        converter=_float, default=(3.7738, 0.0492, 3.0549, 0.08301, 3.4120)
    )  # C, x0, x1, a, k


def reaches(charge: Real, transverse_momentum: Real, path: Path) -> Bool[Array, "..."]:
    """True where a particle leaves the solenoid: the diameter 2 R of its circle is larger than the field's radius.

    charge in e, transverse_momentum in GeV; R = pT/(0.299792458 |charge| B) in metres.
    """
    return jnp.abs(_half_turn_sine(charge, transverse_momentum, path)) < 1


def azimuth_of_exit(charge: Real, transverse_momentum: Real, path: Path, distance: Real) -> Float[Array, "..."]:
    """Azimuth of a particle, as seen from the beam at a distance from it, relative to that of its start.

    An exact circle of radius R (see `reaches`) up to a = min(field_radius, distance), then a straight line:
        -2 asin[a/(2 R)] + asin[a^2/(2 R distance)],   for small angles   -(0.3 charge B a/pT) (1 - a/(2 distance)),
    in that sense for charge B > 0: positive particles turn clockwise when looked at from +z, where the field points.
    A particle that curls up inside gets the value of one that grazes, with no slope in its momentum: see `reaches`.

    Parameters
    ----------
    charge
        In units of e, with its sign.
    transverse_momentum
        GeV.
    path
        Field on the way.
    distance
        From the beam, m.

    Returns
    -------
    Angle, rad.
    """
    inner = jnp.minimum(path.field_radius, distance)
    sine = _half_turn_sine(charge, transverse_momentum, path) * inner / path.field_radius
    kept = jnp.where(jnp.abs(sine) < _EDGE, sine, _EDGE * jnp.sign(sine))
    return -2 * jnp.arcsin(kept) + jnp.arcsin(kept * inner / distance)


def stopping_power(charge: Real, momentum: Real, mass: Real, path: Path) -> Float[Array, "..."]:
    """Mean energy that a particle loses to electrons of the rock, by Bethe's formula.

    rho K charge^2 <Z/A>/beta^2 [ln(2 m_e beta^2 gamma^2 W/I^2)/2 - beta^2 - delta/2],
    W = 2 m_e beta^2 gamma^2/(1 + 2 gamma m_e/m + (m_e/m)^2), with the density effect delta in Sternheimer's fit. Valid
    for beta gamma from 0.1 to 1e3, less accurate down to 0.05, below which it is held. Radiation is left out: it
    matters to muons above 100 GeV, and falls as 1/m^2.

    Parameters
    ----------
    charge
        In units of e.
    momentum, mass
        GeV.
    path
        Rock on the way.

    Returns
    -------
    -dE/dx, GeV/m.

    References
    ----------
    PDG 2024, eqs. (34.4), (34.5) and (34.7).
    """
    boost = jnp.maximum(momentum / mass, SLOWEST)
    return charge**2 * _loss_of_unit_charge(boost, mass, path)


def energy_after(
    charge: Real, energy: Real, mass: Real, path: Path, steps: int = 32
) -> tuple[Float[Array, "..."], Bool[Array, "..."]]:
    """Energy of a particle behind the rock, losing energy by `stopping_power`, and whether it stops inside.

    dE/dx = -S(E), by Runge-Kutta steps of fourth order in T^1.8, T = E - m, which falls nearly evenly however slow the
    particle; below beta gamma = 0.05 S goes on as T^-0.8. With 32 steps T is good to 1e-4 for a particle with a tenth
    more than it takes to cross, to 10% for a muon with a hundredth more (to 1e-4 for charge 0.3 and 1 GeV).
    Fluctuations about the mean are left out.

    Parameters
    ----------
    charge
        In units of e.
    energy, mass
        GeV.
    path
        Rock on the way.
    steps
        Number of Runge-Kutta steps.

    Returns
    -------
    Energy (GeV), and True for a particle that stops: it has energy m, and no slopes in its energy and charge.
    """
    kinetic = jnp.maximum(energy - mass, 0.0)
    slowest = mass * (jnp.sqrt(1 + SLOWEST**2) - 1)
    length = path.rock / steps

    def fall(power: Array) -> Array:
        kept = _root(jnp.maximum(power, slowest**_POWER))
        boost = safe.sqrt(kept * (kept + 2 * mass)) / mass
        return (
            -_POWER * kept ** (_POWER - 1) * charge**2 * _loss_of_unit_charge(jnp.maximum(boost, SLOWEST), mass, path)
        )

    def step(power: Array, _: None) -> tuple[Array, None]:
        first = fall(power)
        second = fall(power + length / 2 * first)
        third = fall(power + length / 2 * second)
        fourth = fall(power + length * third)
        return jnp.maximum(power + length / 6 * (first + 2 * second + 2 * third + fourth), 0.0), None

    start = jnp.broadcast_to(kinetic**_POWER, jnp.broadcast_shapes(*map(jnp.shape, (charge, energy, mass, path.rock))))
    left, _ = jax.lax.scan(step, _float(start), None, length=steps)
    return mass + _root(left), left <= 0


def _half_turn_sine(charge: Real, transverse_momentum: Real, path: Path) -> Array:
    """Sine of half of the angle by which the field turns the track, field_radius/(2 R), with the sign of charge times
    field.
    """
    return BENDING * charge * path.field * path.field_radius / (2 * transverse_momentum)


def _root(power: Array) -> Array:
    """Kinetic energy T of T^1.8, zero with zero slope where nothing is left."""
    positive = power > 0
    return jnp.where(positive, jnp.where(positive, power, 1.0) ** (1 / _POWER), 0.0)


def _loss_of_unit_charge(boost: Array, mass: Real, path: Path) -> Array:
    """Stopping power at charge 1, GeV/m, as a function of beta gamma."""
    electron = constants.M_ELECTRON
    gamma = jnp.sqrt(1 + boost**2)
    beta_squared = (boost / gamma) ** 2
    largest = 2 * electron * boost**2 / (1 + 2 * gamma * electron / mass + (electron / mass) ** 2)  # (34.4)
    logarithm = jnp.log(2 * electron * boost**2 * largest / (1e-9 * path.excitation) ** 2)
    bracket = logarithm / 2 - beta_squared - _density_correction(boost, path) / 2
    return 100 * path.density * LOSS * path.electrons / beta_squared * bracket


def _density_correction(boost: Array, path: Path) -> Array:
    """Density effect delta, a fit in x = log10(beta gamma): R.M. Sternheimer, M.J. Berger, S.M. Seltzer, At.
    Data Nucl. Data Tables 30 (1984) 261; PDG 2024, eq. (34.7).
    """
    constant, first, last, factor, power = path.density_effect
    x = jnp.log10(boost)
    below = x < last
    bend = jnp.where(below, factor * jnp.where(below, last - x, 1.0) ** power, 0.0)
    return jnp.where(x > first, 2 * jnp.log(10.0) * x - constant + bend, 0.0)
