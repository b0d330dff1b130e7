"""How much transverse momentum a Drell-Yan pair has: the first parton that it radiates, and the partons' own motion.

The spectrum is that of the hardest emission, d sigma/dpT^2 = sigma r(pT^2) exp[-R(pT)] with R(pT) = int_{pT^2} r, r the
leading-order spectrum of a boson with a jet over the Drell-Yan cross section: the leading-order tail at high pT, a
Sudakov suppression at low pT, and the Drell-Yan cross section in all. P. Nason, JHEP 11 (2004) 040, eqs. (4.18) and
(5.2). Scales are pT in it, held at the lowest of the tables. To this the intrinsic motion of partons adds in the plane,
as a Gaussian.
"""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix import constants
from jaxmix.collider import jet, parton_luminosity, partons
from jaxmix.data import parton_grids
from jaxmix.numerics import quadrature, safe, spline

LOWEST_MASS, HIGHEST_MASS = 2.0, 4000.0  # GeV
HIGHEST_FRACTION = 0.7  # of sqrt_s
LOWEST_MOMENTUM = 0.2  # GeV, below which nothing is resolved
INTRINSIC = constants.INTRINSIC_MOMENTUM
MASS_KNOTS, MOMENTUM_KNOTS = 16, 28
_PIECES = 2  # Gauss-Legendre nodes between two knots of the momentum
_RAPIDITIES, _JET_RAPIDITIES = 8, 12  # nodes
_QUANTILES = 256


class Recoil(eqx.Module):
    """Mean number R(pT) of emissions harder than pT, tabulated; exp(-R) is the share of pairs below pT."""

    emissions: spline.UniformSpline  # R over ln M and ln(pT/lowest)/ln(highest/lowest), components (up, down)
    sqrt_s: Scalar  # GeV

    def below(self, mass: Scalar, transverse_momentum: Float[Array, "*n"]) -> tuple[Array, Array]:
        """Share of pairs with less than a transverse momentum from radiation, the Sudakov form factor.

        mass: of the pair, GeV. transverse_momentum: GeV. Returns (up, down), by the type of the quarks.
        """
        place = jnp.log(transverse_momentum / LOWEST_MOMENTUM) / _range(mass, self.sqrt_s)
        values = jnp.exp(-self.emissions.at_first(jnp.log(mass))(place))
        return values[..., 0], values[..., 1]

    def quantiles(self, mass: Scalar, share: Float[Array, " n"]) -> Float[Array, "n quarks=2"]:
        """Transverse momentum from radiation (GeV) below which a share of the pairs lies, columns (up, down).

        mass: of the pair, GeV. share: from 0 to 1.
        """
        place = jnp.linspace(0.0, 1.0, _QUANTILES, dtype=share.dtype)
        shares = jnp.exp(-self.emissions.at_first(jnp.log(mass))(place))
        found = jax.vmap(lambda below: jnp.interp(share, below, place), in_axes=1, out_axes=1)(
            jax.lax.cummax(shares, axis=0)
        )
        return LOWEST_MOMENTUM * jnp.exp(found * _range(mass, self.sqrt_s))


def _range(mass: Scalar, sqrt_s: Scalar) -> Scalar:
    """Logarithm of the largest transverse momentum, (S - M^2)/(2 sqrt_s), over the lowest."""
    return jnp.log((sqrt_s**2 - mass**2) / (2 * sqrt_s) / LOWEST_MOMENTUM)


def tabulate(luminosity: parton_luminosity.PartonLuminosity, densities: partons.PartonDensities) -> Recoil:
    """Tabulate the recoil of pairs from 2 GeV to 4 TeV and 0.7 sqrt_s, at the luminosity's sqrt_s.

    Parameters
    ----------
    luminosity
        Parton luminosities; their factorisation scale is not used.
    densities
        Parton distributions of the same set.
    """
    sqrt_s = luminosity.sqrt_s
    ends = (
        jnp.log(jnp.asarray(LOWEST_MASS, sqrt_s.dtype)),
        jnp.log(jnp.minimum(HIGHEST_MASS, HIGHEST_FRACTION * sqrt_s)),
    )
    masses = jnp.exp(jnp.linspace(*ends, MASS_KNOTS))
    emissions = jax.lax.map(lambda mass: _emissions(mass, luminosity, densities), masses)
    return Recoil(spline.fit(emissions, ends, (0.0, 1.0)), sqrt_s)


def _emissions(
    mass: Scalar, luminosity: parton_luminosity.PartonLuminosity, densities: partons.PartonDensities
) -> Float[Array, "knots quarks=2"]:
    """R at the knots of the momentum: Gauss-Legendre of 2 pT^2 r over ln pT between knots, summed from above."""
    knots = jnp.linspace(0.0, 1.0, MOMENTUM_KNOTS, dtype=mass.dtype)
    node, weight = (jnp.asarray(each, mass.dtype) for each in quadrature.gauss_legendre(_PIECES))
    extent = _range(mass, luminosity.sqrt_s)
    place = knots[:-1, None] + (knots[1] - knots[0]) * node[None, :]
    momentum = LOWEST_MOMENTUM * jnp.exp(place * extent)
    rates = jax.vmap(lambda pt: emission_rate(mass, pt, luminosity, densities))(momentum.ravel()).reshape(
        *place.shape, 2
    )
    # k: interval between two knots, n: node in it, c: type of quark
    pieces = jnp.einsum("kn,knc,n->kc", 2 * momentum**2, rates, weight) * extent * (knots[1] - knots[0])
    return jnp.concatenate([jnp.cumsum(pieces[::-1], axis=0)[::-1], jnp.zeros((1, 2), mass.dtype)])


def emission_rate(
    mass: Scalar,
    transverse_momentum: Scalar,
    luminosity: parton_luminosity.PartonLuminosity,
    densities: partons.PartonDensities,
) -> Float[Array, " quarks=2"]:
    """Rate of emission r = (d sigma/dpT^2)/sigma of V + jet over Drell-Yan, with all scales at pT.

    Parameters
    ----------
    mass, transverse_momentum
        Of V, GeV.
    luminosity, densities
        Parton luminosities and distributions of one set.

    Returns
    -------
    r of (up-type, down-type) quarks, GeV^-2.
    """
    sqrt_s = luminosity.sqrt_s
    scale = jnp.maximum(transverse_momentum, parton_grids.SCALE_LIMITS[0])
    node, weight = (jnp.asarray(each, mass.dtype) for each in quadrature.gauss_legendre(_RAPIDITIES))
    jet_node, jet_weight = (jnp.asarray(each, mass.dtype) for each in quadrature.gauss_legendre(_JET_RAPIDITIES))
    transverse = jnp.hypot(mass, transverse_momentum)
    edge = jnp.arccosh(jnp.maximum((sqrt_s**2 + mass**2) / (2 * sqrt_s * transverse), 1.0 + 1e-12))
    rapidity = edge * node[:, None]  # both halves are alike
    low, high = jet.jet_rapidity_limits(mass, transverse_momentum, rapidity, sqrt_s)
    event = jet.Event(mass, transverse_momentum, rapidity, low + (high - low) * jet_node[None, :], sqrt_s)
    columns = jet.density(event, densities, jnp.broadcast_to(scale, event.jet_rapidity.shape))
    measure = 2 * edge * weight[:, None] * (high - low) * jet_weight[None, :]
    born = jet.drell_yan(mass, dataclasses.replace(luminosity, scale=scale / mass))
    return jnp.stack([jnp.sum(measure * column) / total for column, total in zip(columns, born)])


class Plane(NamedTuple):
    """Coordinates in the unit cube, one each, from which transverse momenta are made."""

    radiation: Float[Array, " n"]
    intrinsic: Float[Array, " n"]  # size of the intrinsic motion
    angle: Float[Array, " n"]  # of the intrinsic motion to the radiation


def transverse_momenta(
    recoil: Recoil, mass: Scalar, cube: Plane, intrinsic: Scalar | float = INTRINSIC
) -> tuple[Float[Array, "n quarks=2"], Float[Array, "n quarks=2"]]:
    """Transverse momenta of pairs from radiation alone, and with intrinsic motion added in the plane.

    Parameters
    ----------
    recoil
        Spectrum of radiation.
    mass
        Mass of the pairs, GeV.
    cube
        n points of the unit cube.
    intrinsic
        Root mean square of the intrinsic motion, GeV; a Gaussian in two dimensions.

    Returns
    -------
    Both momenta, GeV, columns (up, down) by the type of the quarks.
    """
    radiated = recoil.quantiles(mass, cube.radiation)
    own = (intrinsic * jnp.sqrt(-jnp.log(cube.intrinsic)))[:, None]
    cosine = jnp.cos(2 * jnp.pi * cube.angle)[:, None]
    return radiated, safe.sqrt(radiated**2 + own**2 + 2 * radiated * own * cosine)
