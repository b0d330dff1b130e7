"""Both particles of a pair in the face: the boson recoils against a jet, and what it decays to stays together.

The integration variables are the two directions in the face, the share of the energy and the jet's rapidity; at a given
mass M of the pair they fix everything. So every sample is accepted, none is wasted, and the integral is differentiable
in the geometry: no edge of the face is crossed by a sample.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.collider import jet, partons
from jaxmix.detector import geometry, transport

DIMENSIONS = 6
_WIDER = 3.0  # the face in which directions start, over the face, where a field turns them
_LARGE_X = 8.0  # power of (1 - x) with which a recoil falls near the kinematic limit, for the maps alone
_EDGE = 0.999999  # largest |t|: what lies beyond has no phase space


class Source(NamedTuple):
    """Where pairs come from: bosons with a jet in proton collisions."""

    densities: partons.PartonDensities
    sqrt_s: Scalar  # GeV
    scale: Scalar | float = 1.0  # renormalisation and factorisation scale over the transverse mass of the boson
    # factors (up, down) at a transverse momentum of the boson (GeV), as a veto or a Sudakov form factor
    weigh: Callable[[Array], tuple[Array, Array]] | None = None


class Tracks(NamedTuple):
    """What bends and stops the particles on their way: a field and rock, and the charge (in e) of either, of both
    signs.
    """

    path: transport.Path
    charge: Scalar | float


class Sample(NamedTuple):
    """Where both particles cross the face and how they share the energy, with the volume per unit of the cube."""

    start: Float[Array, "n uv=2"]  # (u, v) of the first in the face, over its distance
    end: Float[Array, "n uv=2"]  # of the second
    haversine: Float[Array, " n"]  # (1 - cos)/2 of the angle between them
    share: Float[Array, " n"]  # t = tanh(d)/beta in (-1, 1), d half the difference of their rapidities atanh(|p|/E)
    volume: Float[Array, " n"]  # dOmega1 dOmega2 dt per unit of the cube, sr^2


def sample(
    mass: Scalar,
    beta: Scalar,
    face: geometry.Face,
    sqrt_s: Scalar,
    cube: Float[Array, "n dimensions=5"],
    across: Scalar | float = 1.0,
) -> Sample:
    """Map points of the unit cube to directions and shares, by two maps for the two ways into a small face.

    (a) Both are fast: a pair that opens by theta has a momentum p ~ 2 M beta/theta, and rates fall as p^-6 (1 - 2
    p/sqrt_s)^8, hence towards the face's diagonal; equal shares are slowest. (b) A slow boson decays along its own
    direction, so that one particle is much slower: 1 - |t| about C (1 - beta^2)^2/(2 beta^2), C the haversine. Each
    point of the cube belongs to one map and has the density of both (balance heuristic). The maps change errors and no
    integral.

    Parameters
    ----------
    mass
        Mass M of the pair, GeV.
    beta
        Velocity of the particles in the pair's rest frame.
    face
        Front face of the detector.
    sqrt_s
        Collision energy, GeV.
    cube
        Points of the unit cube.
    across
        Number of bars along a side; above one, both particles cross the same bar, any of them.

    References
    ----------
    E. Veach and L. J. Guibas, SIGGRAPH 1995, 419 (the balance heuristic).
    """
    half = face.side / (2 * face.distance)
    bar = half / across
    is_fast = cube[:, 4] < 0.5
    fast, slow = _power(mass, beta, half, sqrt_s), jnp.asarray(1.0, cube.dtype)
    signed = 2 * cube[:, :2] - 1
    # of the difference, per axis, over its largest
    length = _length(jnp.abs(signed), jnp.where(is_fast, fast, slow)[:, None])
    difference = jnp.sign(signed) * bar * length
    place = cube[:, 2:4] * across
    index = jnp.floor(jax.lax.stop_gradient(place))
    middle = bar * (2 * index + 1 - across + (1 - length) * (2 * (place - index) - 1))
    start, end = middle - difference, middle + difference
    haversine, solid = _opening(start, end)
    edge = haversine * (1 - beta**2) ** 2 / (2 * beta**2)
    t = 2 * jnp.where(is_fast, cube[:, 4], cube[:, 4] - 0.5)
    share = jnp.clip(jnp.where(is_fast, _central(t, fast), _peripheral(t, edge)), -_EDGE, _EDGE)
    density = _central_density(share, fast) * _length_density(length, fast) + _peripheral_density(
        share, edge
    ) * _length_density(length, slow)
    # d(difference) d(middle) per unit of length and of the cube
    area = jnp.prod(4 * half * bar * (1 - length), axis=-1)
    return Sample(start, end, haversine, share, area * solid * 2 / density)


def _power(mass: Scalar, beta: Scalar, half: Scalar, sqrt_s: Scalar) -> Scalar:
    """Power of each coordinate of the difference, plus one, with which the rate grows."""
    x = jnp.minimum(2 * mass * beta / (jnp.sqrt(2.0) * half * sqrt_s), 0.9)
    return 1.5 + _LARGE_X * x / (1 - x)


def _length(t: Array, power: Array) -> Array:
    """Map of (0, 1) to lengths with density rising as the power - 1 and falling linearly to one.

    t = 1 - (1 - length^power)^2.
    """
    t = jnp.clip(t, 1e-12, 1 - 1e-12)
    return (t / (1 + jnp.sqrt(1 - t))) ** (1 / power)


def _length_density(length: Float[Array, "n uv=2"], power: Array) -> Float[Array, " n"]:
    """Density of the lengths of both axes, with either sign."""
    return jnp.prod(2 * power * length ** (power - 1) * (1 - length**power) / 2, axis=-1)  # halved: either sign


def _central(t: Array, power: Array) -> Array:
    """Map of (0, 1) to shares with density 1/(1 + power share^2)^(3/2)."""
    v = 2 * t - 1
    return v / jnp.sqrt(1 + power * (1 - v**2))


def _central_density(share: Array, power: Array) -> Array:
    """Density of `_central`."""
    return jnp.sqrt(1 + power) / (1 + power * share**2) ** 1.5 / 2


def _peripheral(t: Array, edge: Array) -> Array:
    """Map of (0, 1) to shares near either end, with density 1/(x + edge)^2 in x = 1 - |share|."""
    v = 2 * t - 1
    size = jnp.clip(jnp.abs(v), 1e-12, 1.0)  # (share of the distribution below x)
    x = edge * size / (1 + edge - size)
    return jnp.sign(v) * (1 - jnp.minimum(x, 1.0))


def _peripheral_density(share: Array, edge: Array) -> Array:
    """Density of `_peripheral`."""
    x = 1 - jnp.abs(share)
    return edge * (1 + edge) / (x + edge) ** 2 / 2


def _opening(start: Float[Array, "n uv=2"], end: Float[Array, "n uv=2"]) -> tuple[Array, Array]:
    """(1 - cos)/2 of the angle between the lines to two points of the face, without cancellation, and dOmega1 dOmega2
    per areas.
    """
    sizes = [1 + jnp.sum(point**2, axis=-1) for point in (start, end)]
    across = jnp.sum((end - start) ** 2, axis=-1) + (start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]) ** 2
    product = sizes[0] * sizes[1]
    cosine = (1 + jnp.sum(start * end, axis=-1)) / jnp.sqrt(product)
    return across / product / (2 * (1 + cosine)), product**-1.5


class Pairs(NamedTuple):
    """Momenta of both particles, with the phase space of boson and decay."""

    first: jet.Momentum  # GeV
    second: jet.Momentum  # GeV
    measure: Array  # dpT^2 dy dphi/(2 pi) dOmega*/(4 pi) per unit of the cube, GeV^2


def pairs(mass: Scalar, beta: Scalar, face: geometry.Face, directions: Sample) -> Pairs:
    """Momenta of both particles, given their directions and how they share the energy.

    With rapidities r = a +- d along each one's direction, m sinh(r) = p: M^2 = 2 m^2 [1 + cosh(2d) (1 - C) + cosh(2a)
    C], C = (1 - cos theta)/2, so that m^2 [cosh(2a) - cosh(2d)] = (M^2/2) beta^2 (1 - t^2)/[(1 - beta^2 t^2) C]. At
    fixed M the phase space is (p1 p2)^2/(2 pi^2 beta m^2 C sinh 2a) dd dOmega1 dOmega2. Regular from the threshold to
    massless particles.

    Parameters
    ----------
    mass
        Mass M of the pair, GeV.
    beta
        Velocity of the particles, of equal mass m, in the pair's rest frame.
    face
        Front face of the detector.
    directions
        Points of the face and shares, from `sample`.
    """
    t, haversine = directions.share, directions.haversine
    room = 1 - (beta * t) ** 2
    m2 = mass**2 * (1 - beta**2) / 4
    excess = mass**2 / 2 * beta**2 * (1 - t**2) / (room * haversine)  # m^2 (cosh 2a - cosh 2d) = 2 p1 p2
    even = excess + m2 * (1 + (beta * t) ** 2) / room  # m^2 cosh 2a
    odd = jnp.sqrt(excess + 2 * m2 * (beta * t) ** 2 / room) * jnp.sqrt(even + m2)  # m^2 sinh 2a
    energy = jnp.sqrt(2 * (even + m2) / room)  # of both
    speed = odd / (even + m2)  # tanh a
    faster = energy / 2 * (speed + beta * jnp.abs(t))
    slower = excess / (2 * faster)
    momenta = jnp.where(t > 0, faster, slower), jnp.where(t > 0, slower, faster)
    energies = [energy / 2 * (1 + sign * beta * t * speed) for sign in (1, -1)]
    units = [geometry.direction(face, point[:, 0], point[:, 1]) for point in (directions.start, directions.end)]
    measure = (excess / 2) ** 2 / (2 * jnp.pi**2 * haversine * odd * room) * directions.volume
    first, second = ((e, p * x, p * y, p * z) for e, p, (x, y, z) in zip(energies, momenta, units))
    return Pairs(first, second, measure)


def cross_section(
    mass: Scalar,
    beta: Scalar,
    source: Source,
    face: geometry.Face,
    cube: Float[Array, "n dimensions=6"],
    across: Scalar | float = 1.0,
    tracks: Tracks | None = None,
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Cross section of V + jet with both particles of V -> psi psibar in the face, for c_q^2 = 1.

    The mean over the cube is the integral of `jet.density` over all jets and all directions in the face, with the spin
    correlations of the decay.

    Parameters
    ----------
    mass
        Mass M of the pair, GeV.
    beta
        Velocity of the particles in the pair's rest frame.
    source
        Collisions that make the pairs.
    face
        Front face of the detector.
    cube
        Points of the unit cube.
    across
        Number of bars along a side; above one, both particles cross the same bar.
    tracks
        A field and rock on the way; None for straight tracks. With them directions start in a face three times as wide
        and count if they arrive, in any bars: many more points are needed, and the geometry has no derivative.

    Returns
    -------
    Samples at the points of the cube, of pairs made by up-type and by down-type quarks, pb.
    """
    start = face if tracks is None else eqx.tree_at(lambda each: each.side, face, _WIDER * face.side)
    both = pairs(mass, beta, start, sample(mass, beta, start, source.sqrt_s, cube[:, :5], across))
    if tracks is not None:
        both = both._replace(measure=both.measure * _arrive(mass, beta, face, both, tracks))
    (e1, x1, y1, z1), (e2, x2, y2, z2) = both.first, both.second
    x, y, z = x1 + x2, y1 + y2, z1 + z2
    pt = jnp.sqrt(x**2 + y**2)
    rapidity = jnp.arcsinh(z / jnp.sqrt(mass**2 + pt**2))
    low, high = jet.jet_rapidity_limits(mass, pt, rapidity, source.sqrt_s)
    v = 2 * cube[:, 5] - 1  # dense where the jet is central
    event = jet.Event(mass, pt, rapidity, (low + high) / 2 + (high - low) / 4 * v * (1 + v**2), source.sqrt_s)
    difference = (e1 - e2, (x * (x1 - x2) + y * (y1 - y2)) / pt, jnp.zeros_like(x), z1 - z2)
    decay = jet.Decay(difference, beta)
    up, down = jet.density(event, source.densities, source.scale * event.transverse_mass, decay)
    factors = (1.0, 1.0) if source.weigh is None else source.weigh(pt)
    measure = both.measure * (high - low) * (1 + 3 * v**2) / 2
    return measure * up * factors[0], measure * down * factors[1]


def _arrive(mass: Scalar, beta: Scalar, face: geometry.Face, both: Pairs, tracks: Tracks) -> Float[Array, " n"]:
    """One where both particles of a pair cross the face on their way through a field and rock, else zero."""
    path, charge = tracks
    m = mass * jnp.sqrt(1 - beta**2) / 2
    arrive = jnp.ones_like(both.measure, dtype=bool)
    for sign, (energy, x, y, z) in ((1, both.first), (-1, both.second)):
        momentum = jnp.sqrt(x**2 + y**2)
        azimuth = transport.azimuth_of_exit(sign * charge, momentum, path, face.distance / jnp.cosh(face.eta))
        cosine, sine = jnp.cos(azimuth), jnp.sin(azimuth)
        inside = geometry.crosses(face, cosine * x - sine * y, sine * x + cosine * y, z)
        _, stops = transport.energy_after(sign * charge, energy, m, path)
        arrive = arrive & inside & ~stops & transport.reaches(charge, momentum, path)
    return jnp.where(arrive, 1.0, 0.0)
