"""What a particle of charge epsilon e meets between the interaction point and a detector: a solenoid's field and rock.

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
HIGHLAND = 13.6e-3  # GeV; PDG 2024, eq. (34.16)
SLOWEST = 0.05  # beta gamma, below which Bethe's formula is not meant
THINNEST = 1e-3  # x z^2/(X0 beta^2), below which Highland's formula was not fitted
_EDGE = 1 - 1e-6  # of the largest sine that leaves the field
_POWER = 1.8  # T^1.8 falls nearly linearly along the track of a slow particle, on which dE/dx ~ T^-0.8


def _float(value: float | tuple[float, ...] | Array) -> Array:
    """Numbers as floats, of the precision that they have."""
    value = jnp.asarray(value)
    return value.astype(jnp.result_type(value, float))


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
    density_effect: Float[Array, " 5"] = eqx.field(
        converter=_float, default=(3.7738, 0.0492, 3.0549, 0.08301, 3.4120)
    )  # C, x0, x1, a, k


def reaches(charge: Array, transverse_momentum: Array, path: Path) -> Bool[Array, "..."]:
    """Whether a particle leaves the solenoid: the diameter 2 R of its circle is larger than the field's radius.

    charge in e, transverse_momentum in GeV; R = pT/(0.299792458 |charge| B) in metres.
    """
    return jnp.abs(_half_turn_sine(charge, transverse_momentum, path)) < 1


def azimuth_of_exit(charge: Array, transverse_momentum: Array, path: Path, distance: Array) -> Float[Array, "..."]:
    """How far a particle's azimuth as seen from the beam, at `distance` (m) from it, is from that of its start, in rad.

    An exact circle of radius R (see `reaches`) up to a = min(field_radius, distance), then a straight line:
        -2 asin[a/(2 R)] + asin[a^2/(2 R distance)],   for small angles   -(0.3 charge B a/pT) (1 - a/(2 distance)),
    in that sense for charge B > 0: positive particles turn clockwise when looked at from +z, where the field points.
    One that curls up inside gets the value of one that grazes, with no slope in its momentum: ask `reaches`.
    """
    inner = jnp.minimum(path.field_radius, distance)
    sine = _half_turn_sine(charge, transverse_momentum, path) * inner / path.field_radius
    kept = jnp.where(jnp.abs(sine) < _EDGE, sine, _EDGE * jnp.sign(sine))
    return -2 * jnp.arcsin(kept) + jnp.arcsin(kept * inner / distance)


def angle_of_incidence(charge: Array, transverse_momentum: Array, path: Path, distance: Array) -> Float[Array, "..."]:
    """Angle between a track and the line from the interaction point, where the track is at `distance` (m) outside the
    field, rad.

    -asin[a^2/(2 R distance)], a = field_radius: bars that point at the interaction point see this tilt. Signs, and the
    particle that curls up, as in azimuth_of_exit.
    """
    sine = _half_turn_sine(charge, transverse_momentum, path)
    kept = jnp.where(jnp.abs(sine) < _EDGE, sine, _EDGE * jnp.sign(sine))
    return -jnp.arcsin(kept * path.field_radius / distance)


def stopping_power(charge: Array, momentum: Array, mass: Array, path: Path) -> Float[Array, "..."]:
    """Mean energy that a particle loses to electrons of the rock, GeV/m; Bethe's formula, PDG 2024, eq. (34.5).

    rho K charge^2 <Z/A>/beta^2 [ln(2 m_e beta^2 gamma^2 W/I^2)/2 - beta^2 - delta/2],
    W = 2 m_e beta^2 gamma^2/(1 + 2 gamma m_e/m + (m_e/m)^2) (34.4). The density effect delta is in, in Sternheimer's
    fit (34.7). charge in e, momentum and mass in GeV. Valid for beta gamma from 0.1 to 1e3, with worse accuracy down to
    0.05, below which it is held. Radiation is left out: it matters to muons above 100 GeV, and goes down with 1/m^2.
    """
    boost = jnp.maximum(momentum / mass, SLOWEST)
    return charge**2 * _loss_of_unit_charge(boost, mass, path)


def energy_after(
    charge: Array, energy: Array, mass: Array, path: Path, steps: int = 32
) -> tuple[Float[Array, "..."], Bool[Array, "..."]]:
    """Energy (GeV) of a particle behind the rock and whether it stops inside, losing energy by `stopping_power`.

    dE/dx = -S(E), by Runge-Kutta steps of fourth order in T^1.8, T = E - m, which falls nearly evenly however slow the
    particle; below beta gamma = 0.05 S goes on as T^-0.8. charge in e, energy and mass in GeV. With 32 steps T is good
    to 1e-4 for a particle with a tenth more than it takes to cross, to 10% for a muon with a hundredth more (to 1e-4
    for charge 0.3 and 1 GeV). A stopped particle has energy m, and no slopes in its energy and charge; fluctuations
    about the mean are left out.
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


def scattering_angle(charge: Array, momentum: Array, mass: Array, path: Path) -> Float[Array, "..."]:
    """Width of the angle, projected on a plane, by which the rock scatters a particle, rad; Highland, PDG 2024, eq.
    (34.16).

    theta_0 = (13.6 MeV/(beta p)) |charge| sqrt(x/X0) [1 + 0.038 ln(x charge^2/(X0 beta^2))], to 11% for x/X0 from 1e-3
    to 100; the logarithm's argument is held at 1e-3 below that. Momentum (GeV) as if nothing were lost on the way.
    """
    beta_squared = momentum**2 / (momentum**2 + mass**2)
    thickness = 100 * path.rock * path.density / path.radiation_length
    logarithm = jnp.log(jnp.maximum(thickness * charge**2 / beta_squared, THINNEST))
    return HIGHLAND * jnp.abs(charge) * jnp.sqrt(thickness / beta_squared) / momentum * (1 + 0.038 * logarithm)


def _half_turn_sine(charge: Array, transverse_momentum: Array, path: Path) -> Array:
    """field_radius/(2 R), the sine of half of the angle by which the field turns the track; with the sign of charge
    times field.
    """
    return BENDING * charge * path.field * path.field_radius / (2 * transverse_momentum)


def _root(power: Array) -> Array:
    """T of T^1.8, zero with zero slope where nothing is left."""
    positive = power > 0
    return jnp.where(positive, jnp.where(positive, power, 1.0) ** (1 / _POWER), 0.0)


def _loss_of_unit_charge(boost: Array, mass: Array, path: Path) -> Array:
    """Stopping power at charge 1, GeV/m, as a function of beta gamma."""
    electron = constants.M_ELECTRON
    gamma = jnp.sqrt(1 + boost**2)
    beta_squared = (boost / gamma) ** 2
    largest = 2 * electron * boost**2 / (1 + 2 * gamma * electron / mass + (electron / mass) ** 2)  # (34.4)
    logarithm = jnp.log(2 * electron * boost**2 * largest / (1e-9 * path.excitation) ** 2)
    bracket = logarithm / 2 - beta_squared - _density_correction(boost, path) / 2
    return 100 * path.density * LOSS * path.electrons / beta_squared * bracket


def _density_correction(boost: Array, path: Path) -> Array:
    """delta of the density effect, a fit in x = log10(beta gamma): R.M. Sternheimer, M.J. Berger, S.M. Seltzer, At.
    Data Nucl. Data Tables 30 (1984) 261; PDG 2024, eq. (34.7).
    """
    constant, first, last, factor, power = path.density_effect
    x = jnp.log10(boost)
    below = x < last
    bend = jnp.where(below, factor * jnp.where(below, last - x, 1.0) ** power, 0.0)
    return jnp.where(x > first, 2 * jnp.log(10.0) * x - constant + bend, 0.0)
