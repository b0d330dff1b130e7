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


class Sample(NamedTuple):
    """Where both particles cross the face and how they share the energy, with the volume per unit of the cube."""

    start: Float[Array, "n two"]  # (u, v) of the first in the face, over its distance
    end: Float[Array, "n two"]
    haversine: Float[Array, " n"]  # (1 - cos)/2 of the angle between them
    share: Float[Array, " n"]  # t = tanh(d)/beta in (-1, 1), d half the difference of their rapidities atanh(|p|/E)
    volume: Float[Array, " n"]  # dOmega1 dOmega2 dt per unit of the cube, sr^2


def sample(
    mass: Scalar,
    beta: Scalar,
    face: geometry.Face,
    sqrt_s: Scalar,
    cube: Float[Array, "n five"],
    across: Scalar | float = 1.0,
) -> Sample:
    """Directions and shares from points of the unit cube, by two maps for the two ways into a small face.

    (a) Both are fast: a pair that opens by theta has a momentum p ~ 2 M beta/theta, and rates fall as p^-6 (1 - 2
    p/sqrt_s)^8, hence towards the face's diagonal; equal shares are slowest. (b) A slow boson decays along its own
    direction, so that one particle is much slower: 1 - |t| about C (1 - beta^2)^2/(2 beta^2), C the haversine. Each
    point of the cube belongs to one map and has the density of both (balance heuristic; E. Veach and L. J. Guibas,
    SIGGRAPH 1995, 419). The maps change errors and no integral. across: number of bars along a side; above one both
    cross the same bar, any of them.
    """
    half = face.side / (2 * face.distance)
    bar = half / across
    is_fast = cube[:, 4] < 0.5
    fast, slow = _power(mass, beta, half, sqrt_s), jnp.asarray(1.0, cube.dtype)
    signed = 2 * cube[:, :2] - 1
    length = _length(
        jnp.abs(signed), jnp.where(is_fast, fast, slow)[:, None]
    )  # of the difference, per axis, over its largest
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
    area = jnp.prod(
        4 * half * bar * (1 - length), axis=-1
    )  # d(difference) d(middle) per unit of length and of the cube
    return Sample(start, end, haversine, share, area * solid * 2 / density)


def _power(mass: Scalar, beta: Scalar, half: Scalar, sqrt_s: Scalar) -> Scalar:
    """Power of each coordinate of the difference, plus one, with which the rate grows."""
    x = jnp.minimum(2 * mass * beta / (jnp.sqrt(2.0) * half * sqrt_s), 0.9)
    return 1.5 + _LARGE_X * x / (1 - x)


def _length(t: Array, power: Array) -> Array:
    """From (0, 1) with density rising as the power - 1 and falling linearly to one: t = 1 - (1 - length^power)^2."""
    t = jnp.clip(t, 1e-12, 1 - 1e-12)
    return (t / (1 + jnp.sqrt(1 - t))) ** (1 / power)


def _length_density(length: Float[Array, "n two"], power: Array) -> Float[Array, " n"]:
    return jnp.prod(2 * power * length ** (power - 1) * (1 - length**power) / 2, axis=-1)  # halved: either sign


def _central(t: Array, power: Array) -> Array:
    v = 2 * t - 1
    return v / jnp.sqrt(1 + power * (1 - v**2))


def _central_density(share: Array, power: Array) -> Array:
    return jnp.sqrt(1 + power) / (1 + power * share**2) ** 1.5 / 2


def _peripheral(t: Array, edge: Array) -> Array:
    """Either end, with density 1/(x + edge)^2 in x = 1 - |t|."""
    v = 2 * t - 1
    size = jnp.clip(jnp.abs(v), 1e-12, 1.0)  # (share of the distribution below x)
    x = edge * size / (1 + edge - size)
    return jnp.sign(v) * (1 - jnp.minimum(x, 1.0))


def _peripheral_density(share: Array, edge: Array) -> Array:
    x = 1 - jnp.abs(share)
    return edge * (1 + edge) / (x + edge) ** 2 / 2


def _opening(start: Float[Array, "n two"], end: Float[Array, "n two"]) -> tuple[Array, Array]:
    """(1 - cos)/2 of the angle between the lines to two points of the face, without cancellation, and dOmega1 dOmega2
    per areas.
    """
    sizes = [1 + jnp.sum(point**2, axis=-1) for point in (start, end)]
    across = jnp.sum((end - start) ** 2, axis=-1) + (start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]) ** 2
    product = sizes[0] * sizes[1]
    cosine = (1 + jnp.sum(start * end, axis=-1)) / jnp.sqrt(product)
    return across / product / (2 * (1 + cosine)), product**-1.5


class Pairs(NamedTuple):
    """The two particles' momenta (GeV) and the phase space dpT^2 dy dphi/(2 pi) dOmega*/(4 pi) of boson and decay per
    unit of the cube.
    """

    first: jet.Momentum
    second: jet.Momentum
    measure: Array


def pairs(mass: Scalar, beta: Scalar, face: geometry.Face, found: Sample) -> Pairs:
    """Momenta of both particles, of equal mass m and velocity beta in the rest frame of the pair of mass M.

    With rapidities r = a +- d along each one's direction, m sinh(r) = p: M^2 = 2 m^2 [1 + cosh(2d) (1 - C) + cosh(2a)
    C], C = (1 - cos theta)/2, so that m^2 [cosh(2a) - cosh(2d)] = (M^2/2) beta^2 (1 - t^2)/[(1 - beta^2 t^2) C]. At
    fixed M the phase space is (p1 p2)^2/(2 pi^2 beta m^2 C sinh 2a) dd dOmega1 dOmega2. Regular from the threshold to
    massless particles.
    """
    t, haversine = found.share, found.haversine
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
    units = [geometry.direction(face, point[:, 0], point[:, 1]) for point in (found.start, found.end)]
    measure = (excess / 2) ** 2 / (2 * jnp.pi**2 * haversine * odd * room) * found.volume
    first, second = ((e, *(p * n for n in unit)) for e, p, unit in zip(energies, momenta, units))
    return Pairs(first, second, measure)


def cross_section(
    mass: Scalar,
    beta: Scalar,
    densities: partons.PartonDensities,
    face: geometry.Face,
    sqrt_s: Scalar,
    cube: Float[Array, "n six"],
    scale: Scalar | float = 1.0,
    across: Scalar | float = 1.0,
    weigh: Callable[[Array], tuple[Array, Array]] | None = None,
    path: transport.Path | None = None,
    charge: Scalar | float = 0.0,
) -> tuple[Array, Array]:
    """sigma(V + jet, both particles in the face) for c_q^2 = 1, in pb: (up, down), its samples at points of the unit
    cube.

    The mean over the cube is the integral of jet.density over all jets and all directions in the face, with the spin
    correlations of the decay; scale: mu over the transverse mass of V; across: bars along a side, above one both cross
    the same. weigh: factors (up, down) at a transverse momentum of V (GeV), as a veto or a Sudakov form factor. path: a
    field and rock on the way, for particles of this charge (in e) and its opposite, of any bars; without it tracks are
    straight. Then directions start in a face three times as wide and count if they arrive: many more points are needed,
    and the geometry has no derivative.
    """
    start = face if path is None else eqx.tree_at(lambda each: each.side, face, _WIDER * face.side)
    found = pairs(mass, beta, start, sample(mass, beta, start, sqrt_s, cube[:, :5], across))
    if path is not None:
        found = found._replace(measure=found.measure * _arrive(mass, beta, face, found, path, charge))
    (e1, x1, y1, z1), (e2, x2, y2, z2) = found.first, found.second
    x, y, z = x1 + x2, y1 + y2, z1 + z2
    pt = jnp.sqrt(x**2 + y**2)
    rapidity = jnp.arcsinh(z / jnp.sqrt(mass**2 + pt**2))
    low, high = jet.jet_rapidity_limits(mass, pt, rapidity, sqrt_s)
    v = 2 * cube[:, 5] - 1  # dense where the jet is central
    event = jet.Event(mass, pt, rapidity, (low + high) / 2 + (high - low) / 4 * v * (1 + v**2), sqrt_s)
    difference = (e1 - e2, (x * (x1 - x2) + y * (y1 - y2)) / pt, jnp.zeros_like(x), z1 - z2)
    up, down = jet.density(event, densities, scale * event.transverse_mass, difference, beta)
    veto = (1.0, 1.0) if weigh is None else weigh(pt)
    measure = found.measure * (high - low) * (1 + 3 * v**2) / 2
    return measure * up * veto[0], measure * down * veto[1]


def _arrive(
    mass: Scalar, beta: Scalar, face: geometry.Face, found: Pairs, path: transport.Path, charge: Scalar | float
) -> Array:
    """Whether both particles of each pair cross the face on their way through a field and rock."""
    m = mass * jnp.sqrt(1 - beta**2) / 2
    arrive = jnp.ones_like(found.measure, dtype=bool)
    for sign, (energy, x, y, z) in ((1, found.first), (-1, found.second)):
        momentum = jnp.sqrt(x**2 + y**2)
        azimuth = transport.azimuth_of_exit(sign * charge, momentum, path, face.distance / jnp.cosh(face.eta))
        cosine, sine = jnp.cos(azimuth), jnp.sin(azimuth)
        inside = geometry.crosses(face, cosine * x - sine * y, sine * x + cosine * y, z)
        _, stops = transport.energy_after(sign * charge, energy, m, path)
        arrive = arrive & inside & ~stops & transport.reaches(charge, momentum, path)
    return jnp.where(arrive, 1.0, 0.0)
