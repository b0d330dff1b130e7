"""Mesons that decay to millicharged pairs: how many are made at a hadron collider, and how often they do it.

Vector mesons decay as V -> psi psi, the others as P -> gamma psi psi or omega -> pi0 psi psi. The rates and their
uncertainties are data (data/mesons.csv), kept by family.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Scalar

from jaxmix.currents import neutral_currents
from jaxmix.data import tables
from jaxmix.numerics import quadrature, safe

TABLE = "mesons.csv"
ANCHOR = 14000.0  # GeV, sqrt(s) of the table
ALPHA_LOW = 1 / 137.035999  # electromagnetic coupling at zero momentum; CODATA 2018
NODES = 40  # of a Dalitz integral; measured error 1e-4, at worst 4e-3


class Mesons(eqx.Module):
    """Table of decay channels, one row each, with rates at sqrt(s) = 14 TeV; two-body channels stand first."""

    names: tuple[str, ...] = eqx.field(static=True)
    families: tuple[str, ...] = eqx.field(static=True)  # channels of one family share an uncertainty
    two_body: int = eqx.field(static=True)  # number of two-body channels
    mass: Float[Array, " channels"]  # GeV
    width: Float[Array, " channels"]  # GeV
    branching_ratio: Float[Array, " channels"]  # to ee, to gamma gamma or to companion gamma
    companion: Float[Array, " channels"]  # GeV, what a Dalitz decay leaves besides the pair
    photons: Float[Array, " channels"]  # in the decay whose branching ratio is given
    pole: Float[Array, " channels"]  # GeV, of a Dalitz decay's form factor
    pole_width: Float[Array, " channels"]  # GeV
    cross_section: Float[Array, " channels"]  # pb, all rapidities
    plateau: Float[Array, " channels"]  # pb, dsigma/dy at y = 0
    sqrt_s_power: Float[Array, " channels"]
    up: Float[Array, " channels"]  # fractional uncertainty of the rate
    down: Float[Array, " channels"]
    p0: Float[Array, " channels"]  # GeV: dsigma/dpT^2 ~ (1 + (pT/p0)^2)^-n
    n: Float[Array, " channels"]


class MesonRates(eqx.Module):
    """Cross section times branching ratio into psi psibar over kappa^2 of each channel, pb."""

    total: Float[Array, " channels"]  # all rapidities
    plateau: Float[Array, " channels"]  # dsigma/dy at y = 0


def load() -> Mesons:
    """Read the package's table of channels.

    Raises
    ------
    ValueError
        If a two-body channel follows another one.
    """
    columns = tables.read_csv(TABLE).columns
    photons = columns["photons"]
    two_body = int((photons == 0).sum())
    if photons[:two_body].any():
        raise ValueError(
            f"{TABLE}: two-body channels (photons = 0) must stand first, found photons = {photons.tolist()}."
        )
    numbers = {
        k: jnp.asarray(v, dtype=float) for k, v in columns.items() if k not in ("name", "meson", "family", "source")
    }
    return Mesons(tuple(columns["name"].tolist()), tuple(columns["family"].tolist()), two_body, **numbers)


def sources() -> tuple[str, ...]:
    """The publications that the table's header and rows cite."""
    table = tables.read_csv(TABLE)
    return *table.header.values(), *table.columns["source"].tolist()


def rates(currents: neutral_currents.NeutralCurrents, sqrt_s: Scalar | float, mesons: Mesons) -> MesonRates:
    """Rates of all channels at one parameter point, over kappa^2.

    sigma BR/kappa^2 with sigma = sigma(14 TeV) (sqrt_s/14 TeV)^p and BR = b/(1 + b), b the branching_ratios to lowest
    order: it saturates where the pair would dominate the meson's width.

    Parameters
    ----------
    currents
        The parameter point.
    sqrt_s
        Collision energy, GeV.
    mesons
        Table of channels.

    Returns
    -------
    Cross sections times branching ratios, pb.
    """
    decays = branching_ratios(currents, mesons)
    observed = decays / (1 + currents.strength**2 * decays)
    growth = (sqrt_s / ANCHOR) ** mesons.sqrt_s_power
    return MesonRates(mesons.cross_section * growth * observed, mesons.plateau * growth * observed)


def branching_ratios(currents: neutral_currents.NeutralCurrents, mesons: Mesons) -> Float[Array, " channels"]:
    """Width of each channel into psi psibar over kappa^2 and the meson's Standard Model width; zero below threshold."""
    k = mesons.two_body
    vectors = _two_body(currents, mesons.mass[:k], mesons.width[:k], mesons.branching_ratio[:k])
    rows = [x[k:] for x in (mesons.mass, mesons.companion, mesons.pole, mesons.pole_width)]
    dalitz = jax.vmap(_dalitz, (None, 0, 0, 0, 0))(currents, *rows) * mesons.photons[k:] * mesons.branching_ratio[k:]
    return jnp.concatenate([vectors, dalitz])


def _two_body(currents: neutral_currents.NeutralCurrents, mass: Array, width: Array, to_electrons: Array) -> Array:
    """BR = r BR(V -> ee) (1 + 2x) sqrt(1 - 4x), x = m^2/m_V^2, r the squared charge at the meson's pole."""
    x = (currents.mcp_mass / mass) ** 2
    return neutral_currents.meson_coupling(currents, mass, width) * to_electrons * (1 + 2 * x) * safe.velocity(x)


def _dalitz(
    currents: neutral_currents.NeutralCurrents, mass: Scalar, companion: Scalar, pole: Scalar, pole_width: Scalar
) -> Scalar:
    """Branching ratio of P -> gamma psi psi or V -> P psi psi over that of the radiative decay and its number of
    photons, with the Z' in it.

    BR/(N BR(radiative)) = alpha/(3 pi) int dq^2/q^2 r(q^2) [lambda(M^2, m^2, q^2)/(M^2 - m^2)^2]^{3/2} |F|^2 (1 + 2x)
    sqrt(1 - 4x), x = m_psi^2/q^2, |F|^2 = L^4/((L^2 - q^2)^2 + L^2 G^2). L.G. Landsberg, Phys. Rept. 128 (1985) 301,
    section 3.
    """
    low, high = 2 * jnp.log(2 * currents.mcp_mass), 2 * jnp.log(mass - companion)
    shift, width = neutral_currents.resonance(currents)
    centre = 2 * jnp.log(currents.m2) + shift
    distance, weights = quadrature.resonance_nodes(low, high, centre, width, NODES)
    square = jnp.exp(centre + distance)
    x = currents.mcp_mass**2 / square
    span = ((mass + companion) ** 2 - square) * ((mass - companion) ** 2 - square) / (mass**2 - companion**2) ** 2
    form_factor = pole**4 / ((pole**2 - square) ** 2 + (pole * pole_width) ** 2)
    charge = neutral_currents.meson_coupling(currents, jnp.sqrt(square), jnp.zeros_like(square))
    integrand = charge * span * safe.sqrt(span) * form_factor * (1 + 2 * x) * safe.velocity(x)
    return ALPHA_LOW / (3 * jnp.pi) * jnp.sum(weights * integrand)
