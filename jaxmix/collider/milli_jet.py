"""The "milli-jet": Z' bosons that a millicharged particle radiates when the dark coupling is strong, and that decay to
more of them.

The mixed-phase proposal (its section IV.A) names this signature for large e' and light Z'. Here is its rate to first
order in the coupling, from the collinear splitting psi -> psi Z' with all masses in; emissions are counted as
independent of each other. This module is a library: no command calls it.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.numerics import quadrature, safe

NODES = 32  # of each of the two panels of the energy share

Real = Float[Array, "..."] | float  # a number, or an array


def coupling(e_dark: Real, theta_dark: Real, charge: Real = 1.0) -> Float[Array, "..."]:
    """Vector coupling of the Z' to a particle of dark charge Q' and no dark isospin: -e' tan(theta_W') Q'.

    From e'/(s_W' c_W') (T3' - Q' s_W'^2) with T3' = 0, e' = g1' c_W'; unbounded at theta_W' = pi/2 with e' held.
    """
    return -e_dark * jnp.tan(theta_dark) * charge


def mean_emissions(
    vector_coupling: Scalar | float,
    m_zprime: Scalar | float,
    m_mcp: Scalar | float,
    energy: Scalar | float,
    nodes: int = NODES,
) -> Scalar:
    """Mean number of Z' that one mCP of a pair of invariant mass M = 2 energy radiates.

    N = alpha'/(2 pi) int dz int dk^2/D {[1 + (1 - z)^2]/z - (2 m^2 + m_Z'^2) z (1 - z)/D},  alpha' = coupling^2/(4 pi),
    D = k^2 + (1 - z) m_Z'^2 + z^2 m^2, z the Z' share of the light-cone momentum, k its transverse momentum. This is
    the sum of a transverse Z', k^2 [1 + (1 - z)^2]/(z D^2), a longitudinal one, 2 (1 - z)^2 m_Z'^2/(z D^2), without
    which the single logarithm is wrong, and a flip of the mCP's spin, z^3 m^2/D^2. The Z' goes into the mCP's
    hemisphere, k^2 + m_Z'^2 < (z M)^2, and has with it a mass below M - m: N is zero, with zero slopes, up to the
    threshold M = m_Z' + 2 m.

    For m = 0 the exact first order at M >> m_Z' is alpha'/(4 pi) [L^2 - 3 L + 5 - pi^2/3], L = ln(M^2/m_Z'^2); both
    logarithms are met, and N is larger by 0.53 alpha', which is 8%, 16% and 51% at M = 200, 50 and 10 m_Z'. The pair
    comes from a vector current. No emission takes energy from the next, alpha' does not run, and virtual corrections
    are those of a Poisson law of mean N: where N nears 1 it says that there is a shower, not what is in it.

    Parameters
    ----------
    vector_coupling
        Coupling of the Z' to the mCP, see `coupling`.
    m_zprime, m_mcp
        Masses, GeV; m_zprime > 0, m_mcp >= 0.
    energy
        Energy of the mCP in the pair's rest frame, GeV.
    nodes
        Quadrature nodes of each of two panels; the default is good to 1e-6.

    Returns
    -------
    Mean number of emissions.

    References
    ----------
    S. Catani, S. Dittmaier, M.H. Seymour, Z. Trocsanyi, Nucl. Phys. B 627 (2002) 189 (massive fermion).
    J. Chen, T. Han, B. Tweedie, JHEP 11 (2017) 093 (D, and the helicities of a massive vector).
    M. Buschmann, J. Kopp, J. Liu, P.A.N. Machado, JHEP 07 (2015) 045 (the shower of light dark photons).
    """
    threshold = m_zprime + 2 * m_mcp
    is_open = 2 * energy > threshold
    pair = jnp.where(is_open, 2 * energy, 2 * threshold)
    heaviest = pair - m_mcp  # mass of mCP and Z', as far as the other mCP lets it
    ends = _ends(pair, heaviest, m_zprime, m_mcp)
    u, weight = (jnp.asarray(array, ends[0].dtype) for array in quadrature.gauss_legendre(nodes))
    smooth, slope = u * u * (3 - 2 * u), 6 * u * (1 - u)
    soft = ends[0] * (ends[1] / ends[0]) ** smooth
    hard = ends[1] + (ends[2] - ends[1]) * smooth
    per_soft = soft * jnp.log(ends[1] / ends[0]) * _per_share(soft, pair, heaviest, m_zprime, m_mcp)
    per_hard = (ends[2] - ends[1]) * _per_share(hard, pair, heaviest, m_zprime, m_mcp)
    total = jnp.sum(weight * slope * (per_soft + per_hard))
    return vector_coupling**2 / (8 * math.pi**2) * jnp.where(is_open, total, 0.0)


def leading_logarithm(vector_coupling: Real, m_zprime: Real, m_mcp: Real, energy: Real) -> Float[Array, "..."]:
    """The double logarithm of `mean_emissions`: (alpha'/pi) [ln^2(M/h) + 2 ln(M/h) ln(h/m_Z')], h = max(m_Z', m).

    M = 2 energy. An emitter heavier than the Z' does not radiate at angles below m/energy: the second term is what is
    left of softer emissions. Zero below M = h. Without single logarithms, -(3/2) ln(M/m_Z') for a light emitter, it is
    26% above mean_emissions at M = 200 m_Z'. Arguments as in `mean_emissions`.
    """
    heavier = jnp.maximum(m_zprime, m_mcp)
    wide = jnp.log(jnp.maximum(2 * energy / heavier, 1.0))
    return vector_coupling**2 / (4 * math.pi**2) * (wide**2 + 2 * wide * jnp.log(heavier / m_zprime))


def mcp_multiplicity(emissions: Real, branching_ratio: Real) -> Real:
    """Mean number of mCPs of an event with one pair, 2 (1 + 2 N B).

    N is mean_emissions and B the branching ratio of Z' -> psi psi. An estimate: emissions are independent (Poisson), a
    Z' makes two mCPs, which radiate no more. Dark photons make none.
    """
    return 2 * (1 + 2 * emissions * branching_ratio)


def _ends(
    pair: Scalar, heaviest: Scalar, m_zprime: Scalar | float, m_mcp: Scalar | float
) -> tuple[Scalar, Scalar, Scalar]:
    """Lowest and highest share z at which k^2 can be positive, and between them (second) the share at which the limit
    of k^2 changes from that of the hemisphere to that of the mass.
    """
    centre = heaviest**2 + m_zprime**2 - m_mcp**2
    reach = safe.sqrt((heaviest**2 - (m_zprime + m_mcp) ** 2) * (heaviest**2 - (m_zprime - m_mcp) ** 2))
    upper = jnp.minimum((centre + reach) / (2 * heaviest**2), 1.0)
    lower = jnp.minimum(jnp.maximum(2 * m_zprime**2 / (centre + reach), m_zprime / pair), upper)
    return lower, jnp.clip(centre / (pair**2 + heaviest**2), lower, upper), upper


def _per_share(z: Array, pair: Scalar, heaviest: Scalar, m_zprime: Scalar | float, m_mcp: Scalar | float) -> Array:
    """The integrand of mean_emissions at a share z, integrated over k^2 in closed form."""
    screen = (1 - z) * m_zprime**2 + (z * m_mcp) ** 2
    limit = z * (1 - z) * heaviest**2 - (1 - z) * m_zprime**2 - z * m_mcp**2
    largest = jnp.maximum(jnp.minimum(limit, (z * pair) ** 2 - m_zprime**2), 0.0)
    ratio = safe.ratio(largest, screen)  # both vanish at z = 1 where a massless mCP is at threshold
    screened = safe.ratio((2 * m_mcp**2 + m_zprime**2) * z * (1 - z), screen) * ratio / (1 + ratio)
    return (1 + (1 - z) ** 2) / z * jnp.log1p(ratio) - screened
