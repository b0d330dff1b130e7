"""Drell-Yan production of millicharged pairs: q qbar -> photon, Z, Z' -> psi psibar, with all interference."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix import constants
from jaxmix.collider.parton_luminosity import AbstractLuminosity
from jaxmix.currents import neutral_currents
from jaxmix.numerics import quadrature, safe

LOWEST_MASS = 2.0  # GeV, of the pair: below, parton distributions have no meaning; paper A, figure 1
HIGHEST_MASS = 4000.0  # GeV
HIGHEST_FRACTION = 0.7  # of sqrt_s
FREEZING_MASS = 1.0  # GeV, of the mCP: the cross section is held below it; paper A, figure 1
Z_WIDTH = 0.0274  # Gamma_Z/m_Z, places the nodes only
NODES = 56  # per resonance; measured error below 1e-5, 4e-5 for a Z' broader than 0.3 on its own threshold
SPARSE_NODES = 20  # per resonance, for smooth functions of the mass: median error 1e-6, worst 2e-3

Region = tuple[Scalar, Scalar, Scalar]  # low end, high end and centre of a resonance, in ln s (GeV^2)


class Spectrum(eqx.Module):
    """Cross section per kappa^2 of pp -> psi psibar at quadrature nodes of the pair's mass; the sum is the integral."""

    mass: Float[Array, " nodes"]  # GeV
    up: Float[Array, " nodes"]  # pb, from u and c quarks
    down: Float[Array, " nodes"]  # pb, from d, s and b quarks
    sparse_mass: Float[Array, " sparse"]  # GeV, fewer nodes of the same map, for functions of the mass alone

    def spread(self, values: Float[Array, "sparse columns"]) -> Float[Array, "nodes columns"]:
        """Interpolate smooth functions of the pair's mass from sparse_mass to all nodes."""
        matrix = jnp.asarray(quadrature.between_nodes(SPARSE_NODES, len(self.mass) // 2), values.dtype)
        return jnp.concatenate([matrix @ half for half in jnp.split(values, 2)])

    @property
    def cross_section(self) -> Scalar:
        """sigma/kappa^2 in pb at leading order, without a K factor."""
        return jnp.sum(self.up + self.down)


def spectrum(
    currents: neutral_currents.NeutralCurrents,
    luminosity: AbstractLuminosity,
    nodes: int = NODES,
    freezing_mass: float = FREEZING_MASS,
) -> Spectrum:
    """Leading-order spectrum of the pair mass M at a proton-proton collider, over kappa^2.

    sigma = sum_q int dM^2/S L_q(M^2/S, mu_F) sigma^_q(M^2),  sigma^_q = s/(48 pi N_c) sum_c 2 |A_q,c|^2 beta (3 -
    beta^2)/2, beta = sqrt(1 - 4 m^2/s), over M > 2 m and 2 GeV up to 4 TeV and 0.7 sqrt_s. Accurate to 1e-5 for Z'
    widths from 1e-13 to 0.3 of its mass.

    Parameters
    ----------
    currents
        The parameter point.
    luminosity
        Parton luminosities.
    nodes
        Number of nodes about each of the Z and Z' resonances, twice that in all.
    freezing_mass
        Smallest mCP mass in the cross section, GeV, as in paper A; the Z' is that of the true mass.

    Returns
    -------
    The spectrum at 2 nodes masses, in pb.

    References
    ----------
    Paper A, figure 1 (the range of M and the freezing mass).
    """
    low, high = _limits(currents, luminosity, freezing_mass)
    shift, width = neutral_currents.resonance(currents)
    regions = _regions(currents, low, high, shift, width)
    distance, measure = _nodes(currents, regions, shift, width, nodes)
    sparse, _ = _nodes(currents, regions, shift, width, SPARSE_NODES)
    s, offset = currents.m2**2 * jnp.exp(distance), currents.m2**2 * jnp.expm1(distance)
    mass = jnp.sqrt(s)
    measure = measure * s / luminosity.sqrt_s**2 * constants.PICOBARN
    frozen = jnp.maximum(currents.mcp_mass, freezing_mass)
    partonic = [
        measure * value for value in _partonic(neutral_currents.pair_amplitudes(currents, s, offset), s, frozen)
    ]
    up, down = luminosity.columns(mass)
    return Spectrum(mass, partonic[0] * up, partonic[1] * down, currents.m2 * jnp.exp(sparse / 2))


def _nodes(
    currents: neutral_currents.NeutralCurrents,
    regions: tuple[Region, Region],
    shift: Scalar,
    width: Scalar,
    nodes: int,
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Nodes in ln(s/M2^2), and the weights in it.

    s - M2^2 = M2^2 expm1(.) keeps its digits on the narrowest Z'.
    """
    about_zprime, about_z = regions
    zprime, measure_zprime = quadrature.resonance_nodes(*about_zprime, width, nodes)
    z, measure_z = quadrature.resonance_nodes(*about_z, jnp.full_like(width, Z_WIDTH), nodes)
    distance = jnp.concatenate([shift + zprime, 2 * jnp.log(currents.m1 / currents.m2) + z])
    return distance, jnp.concatenate([measure_zprime, measure_z])


def _partonic(amplitudes: tuple[Array, Array], s: Float[Array, " n"], m_mcp: Scalar) -> tuple[Array, Array]:
    """sigma^_q/kappa^2 of up-type and down-type quarks, GeV^-2."""
    beta = safe.velocity(m_mcp**2 / s)
    phase_space = s / (48 * jnp.pi * 3) * beta * (3 - beta**2)
    return phase_space * amplitudes[0], phase_space * amplitudes[1]


def _limits(
    currents: neutral_currents.NeutralCurrents, luminosity: AbstractLuminosity, freezing_mass: float
) -> tuple[Scalar, Scalar]:
    """ln s of the lowest and the highest pair mass."""
    lowest = jnp.maximum(LOWEST_MASS, 2 * jnp.maximum(currents.mcp_mass, freezing_mass))
    return 2 * jnp.log(lowest), 2 * jnp.log(jnp.minimum(HIGHEST_MASS, HIGHEST_FRACTION * luminosity.sqrt_s))


def _regions(
    currents: neutral_currents.NeutralCurrents, low: Scalar, high: Scalar, shift: Scalar, width: Scalar
) -> tuple[Region, Region]:
    """(low, high, centre) in ln s of the parts of the range about the Z' and about the Z.

    They meet where the two complex poles t - i w are equally far, t = (t_Z + t_Z')/2 + (w_Z^2 - w_Z'^2)/(2 (t_Z -
    t_Z')): midway for poles well apart; the narrower takes all as they coincide, for its map resolves every distance.
    """
    centre_z, centre = 2 * jnp.log(currents.m1), 2 * jnp.log(currents.m2) + shift
    gap = centre_z - centre
    gap = jnp.where(gap < 0, jnp.minimum(gap, -1e-9), jnp.maximum(gap, 1e-9))
    meeting = jnp.clip(centre + gap / 2 + (Z_WIDTH**2 - width**2) / (2 * gap), low, jnp.maximum(low, high))
    below = gap > 0
    return (
        (jnp.where(below, low, meeting), jnp.where(below, meeting, high), centre),
        (jnp.where(below, meeting, low), jnp.where(below, high, meeting), centre_z),
    )
