"""Partons of the proton at leading order: their densities as splines, and the strong coupling that goes with them."""

import math
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxmix import constants
from jaxmix.data import parton_grids, tables
from jaxmix.numerics import safe, spline

# of the set of the package's tables: NNPDF, R.D. Ball et al., Eur. Phys. J. C 77 (2017) 663, table 1 and section 2
ALPHA_S = 0.130  # at the Z's mass
THRESHOLDS = (1.51, 4.92, 172.5)  # GeV, of charm, bottom and top

_GLUON = parton_grids.PARTONS.index("g")


class Pairs(NamedTuple):
    """Products x1 f(x1) x2 f(x2) of the initial states of V + jet, each (up type, down type)."""

    annihilation: tuple[Array, Array]  # quark and antiquark, either way round
    from_first: tuple[Array, Array]  # quark or antiquark with x1, gluon with x2
    from_second: tuple[Array, Array]  # gluon with x1


class PartonDensities(eqx.Module):
    """x f(x, mu) of one set of parton distributions, from a table; x from 1e-8 to 1, mu held at 1.65 GeV and 8.2 TeV.

    Cubic in (sqrt(-ln x), ln mu): below x = 0.3 to 2e-3 of the set's own interpolation or 1e-4 of all partons' sum, ten
    times that at 2 GeV.
    """

    density: spline.UniformSpline  # x f/(1 - x)^3 over sqrt(-ln x), ln mu; components as parton_distributions.PARTONS

    def __call__(self, x: Float[Array, "*n"], mu: Float[Array, "*n"]) -> Float[Array, "*n parton"]:
        """x f of every parton at scales mu (GeV); zero from x = 1 on, with zero slope."""
        inside = x < 1
        x = jnp.where(inside, x, 0.5)
        fall = jnp.where(inside, (1 - x) ** parton_grids.LARGE_X_POWER, 0.0)
        return self.density(safe.sqrt(-jnp.log(x)), jnp.log(mu)) * fall[..., None]

    def pairs(self, x1: Float[Array, "*n"], x2: Float[Array, "*n"], mu: Float[Array, "*n"]) -> Pairs:
        """Products of densities, summed over u and c and over d, s and b, whose couplings are alike.

        Parameters
        ----------
        x1, x2
            Momentum fractions in the two protons.
        mu
            Factorisation scale, GeV.
        """
        both = self(jnp.stack([x1, x2]), jnp.stack([mu, mu]))
        g, u, u_bar, d, d_bar, s, s_bar, c, b = (both[..., k] for k in range(len(parton_grids.PARTONS)))
        up, down = u + u_bar + 2 * c, d + d_bar + s + s_bar + 2 * b
        return Pairs(
            (_crossed(u, u_bar) + 2 * c[0] * c[1], _crossed(d, d_bar) + _crossed(s, s_bar) + 2 * b[0] * b[1]),
            (up[0] * g[1], down[0] * g[1]),
            (g[0] * up[1], g[0] * down[1]),
        )


def _crossed(quark: Float[Array, "protons=2 *n"], antiquark: Float[Array, "protons=2 *n"]) -> Float[Array, "*n"]:
    """q(x1) qbar(x2) + qbar(x1) q(x2)."""
    return quark[0] * antiquark[1] + antiquark[0] * quark[1]


def parton_densities(folder: str | Path | None = None) -> PartonDensities:
    """Read the parton densities of the package's own table, or of the LHAPDF6 set in `folder`.

    Raises
    ------
    ValueError
        For a set in the folder that cannot be read.
    """
    table = tables.parton_densities(folder)
    axes = [spline.ends(table[name]) for name in ("root_log_x", "log_scale")]
    return PartonDensities(spline.fit(jnp.asarray(table["density"].astype(float)), *axes))


def strong_coupling(mu: Float[Array, "..."]) -> Float[Array, "..."]:
    """Strong coupling alpha_s(mu) at one loop with three to six flavours, continuous at the quarks' thresholds.

    d(1/alpha_s)/d ln mu = (33 - 2 n_f)/(6 pi) from alpha_s(m_Z) = 0.130, for mu (GeV) above 0.5.

    References
    ----------
    PDG 2024, QCD review, eq. (9.3).
    """
    steps = [(33 - 2 * flavours) / (6 * math.pi) for flavours in (3, 4, 5, 6)]
    edges = [-np.inf, *np.log(THRESHOLDS), np.inf]
    start, log_mu = math.log(constants.M1), jnp.log(mu)
    inverse: Array | float = 1 / ALPHA_S
    for slope, low, high in zip(steps, edges[:-1], edges[1:]):
        inverse = inverse + slope * (jnp.clip(log_mu, low, high) - np.clip(start, low, high))
    return jnp.asarray(1 / inverse)
