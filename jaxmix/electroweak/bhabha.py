"""Bhabha scattering in bins of cos(theta): s- and t-channel with the dark sector's feedback in both."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from jaxmix.electroweak import response
from jaxmix.electroweak import standard_model as sm
from jaxmix.numerics import quadrature

NODES = 3  # Gauss-Legendre nodes of a bin; the widest bins are integrated to 1e-6 of the changes


class Bins(NamedTuple):
    """Bins of cos(theta) and their quadrature nodes."""

    energy: Float[Array | np.ndarray, " bins"]  # GeV
    cos: Float[Array | np.ndarray, "nodes bins"]
    weight: Float[Array | np.ndarray, "nodes bins"]  # of the nodes, over cos(theta)

    @property
    def t(self) -> Float[Array | np.ndarray, "nodes bins"]:
        """Squared momentum transfer at the nodes, t = -s (1 - cos)/2, GeV^2."""
        return -(self.energy[None] ** 2) * (1.0 - self.cos) / 2.0


def bins(
    energy: Float[np.ndarray, " bins"],
    low: Float[np.ndarray, " bins"],
    high: Float[np.ndarray, " bins"],
    nodes: int = NODES,
) -> Bins:
    """Build the bins low < cos(theta) < high at their energies (GeV), each with Gauss-Legendre nodes."""
    place, weight = quadrature.gauss_legendre(nodes)
    return Bins(energy, low + (high - low) * place[:, None], (high - low) * weight[:, None])


class Bhabha(NamedTuple):
    """Coefficients of the relative changes of bins."""

    annihilation: Float[Array, "terms=3 bins"]  # of Re F, Im F and |F|^2 in the s-channel
    exchange: Float[Array, "terms=4 nodes bins"]  # of F(t), F(t)^2, Re F F(t) and Im F F(t) at each node


def bhabha(model: sm.StandardModel, table: Bins) -> tuple[Bhabha, Float[Array, " bins"]]:
    """Coefficients of the changes of bins for one Standard Model, and its own cross sections.

    d sigma/d cos = 1/(32 pi s) {u^2 sum_i |A_ii(s) + A_ii(t)|^2 + t^2 (|A_LR(s)|^2 + |A_RL(s)|^2) + s^2 (|A_LR(t)|^2 +
    |A_RL(t)|^2)}, massless electrons.

    Parameters
    ----------
    model
        The Standard Model.
    table
        The bins.

    Returns
    -------
    The coefficients, and the Standard Model's integrals over the bins in units of their energy's 1/(32 pi s).
    """
    s = jnp.asarray(table.energy**2)[None]
    t = jnp.asarray(table.t)
    u2, t2, s2 = (s + t) ** 2, t**2, s**2
    at_s = _amplitudes(model, s)
    at_t = _amplitudes(model, t)
    diagonal = {i: at_s[i][0] + at_t[i][0] for i in ("LL", "RR")}
    standard = (
        u2 * sum(_squared(a) for a in diagonal.values())
        + 2.0 * t2 * _squared(at_s["LR"][0])
        + 2.0 * s2 * _squared(at_t["LR"][0])
    )
    total = jnp.sum(table.weight * standard, axis=0)

    direct = (
        u2 * sum(jnp.conj(a) * at_s[i][1] for i, a in diagonal.items())
        + 2.0 * t2 * jnp.conj(at_s["LR"][0]) * at_s["LR"][1]
    )
    direct_square = u2 * sum(_squared(at_s[i][1]) for i in diagonal) + 2.0 * t2 * _squared(at_s["LR"][1])
    annihilation = [
        jnp.sum(table.weight * each, axis=0) / total
        for each in (2.0 * jnp.real(direct), -2.0 * jnp.imag(direct), direct_square)
    ]

    linear = u2 * sum(jnp.real(a) * jnp.real(at_t[i][1]) for i, a in diagonal.items())
    linear += 2.0 * s2 * jnp.real(at_t["LR"][0]) * jnp.real(at_t["LR"][1])
    square = u2 * sum(jnp.real(at_t[i][1]) ** 2 for i in diagonal) + 2.0 * s2 * jnp.real(at_t["LR"][1]) ** 2
    cross = u2 * sum(at_s[i][1] * jnp.real(at_t[i][1]) for i in diagonal)
    exchange = [
        table.weight * each / total[None]
        for each in (2.0 * linear, square, 2.0 * jnp.real(cross), -2.0 * jnp.imag(cross))
    ]
    return Bhabha(jnp.stack(annihilation), jnp.stack(exchange)), total


def changes(
    table: Bhabha, annihilation: response.Response, exchange: Float[Array, "nodes bins"]
) -> Float[Array, " bins"]:
    """Relative changes of the bins by the dark sector.

    Parameters
    ----------
    table
        Coefficients, from `bhabha`.
    annihilation
        Response F(s) at each bin's energy.
    exchange
        F(t) at the nodes of each bin.
    """
    linear, square, cross_real, cross_imaginary = table.exchange
    nodes = exchange * (
        linear
        + square * exchange
        + cross_real * annihilation.real[None]
        + cross_imaginary * annihilation.imaginary[None]
    )
    return annihilation.change(table.annihilation) + jnp.sum(nodes, axis=0)


def _amplitudes(model: sm.StandardModel, s: Float[Array, "*n"]) -> dict[str, tuple[Array, Array]]:
    """Amplitudes A_ij(s) (GeV^-2) and their slopes with F, for LL, RR and LR = RL."""
    p = sm.propagators(model, s)
    (a,), (z,) = sm.couplings(model, ("e",))
    source = [a[i] * p.va + z[i] * p.vz for i in range(2)]

    def one(i: int, j: int) -> tuple[Array, Array]:
        return a[i] * a[j] * p.aa + (a[i] * z[j] + z[i] * a[j]) * p.az + z[i] * z[j] * p.zz, source[i] * source[j]

    return {"LL": one(0, 0), "RR": one(1, 1), "LR": one(0, 1)}


def _squared(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    """|z|^2."""
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2
