"""Bhabha scattering in bins of cos(theta): s- and t-channel with the dark sector's feedback in both."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxmix.electroweak import response
from jaxmix.electroweak import standard_model as sm
from jaxmix.numerics import quadrature

NODES = 3  # Gauss-Legendre nodes of a bin; the widest bins are integrated to 1e-6 of the changes


class Bins(NamedTuple):
    """Bins at energies [n] (GeV) and their nodes: t (GeV^2, negative) and the weights over cos(theta), each [k, n]."""

    energy: np.ndarray
    cos: np.ndarray
    weight: np.ndarray

    @property
    def t(self) -> np.ndarray:
        """Squared momentum transfer at the nodes, t = -s (1 - cos)/2."""
        return -(self.energy[None] ** 2) * (1.0 - self.cos) / 2.0


def bins(energy: np.ndarray, low: np.ndarray, high: np.ndarray, nodes: int = NODES) -> Bins:
    """The bins low < cos(theta) < high at their energies (GeV)."""
    place, weight = quadrature.gauss_legendre(nodes)
    return Bins(energy, low + (high - low) * place[:, None], (high - low) * weight[:, None])


class Bhabha(NamedTuple):
    """Relative changes of bins, over the Standard Model's: with (Re F, Im F, |F|^2) of the s-channel [3, n], and at
    each node with (F(t), F(t)^2, Re F F(t), Im F F(t)) [4, k, n].
    """

    annihilation: Float[Array, "three n"]
    exchange: Float[Array, "four k n"]


def bhabha(model: sm.StandardModel, table: Bins) -> tuple[Bhabha, Float[Array, " n"]]:
    """Coefficients of the bins for one Standard Model, and its own integrals over the bins up to their energy's 1/(32
    pi s).

    d sigma/d cos = 1/(32 pi s) {u^2 sum_i |A_ii(s) + A_ii(t)|^2 + t^2 (|A_LR(s)|^2 + |A_RL(s)|^2) + s^2 (|A_LR(t)|^2 +
    |A_RL(t)|^2)}, massless electrons.
    """
    s = jnp.asarray(table.energy**2)[None]
    t = jnp.asarray(table.t)
    squares = ((s + t) ** 2, t**2, s**2)  # u^2, t^2, s^2
    here = _amplitudes(model, s)
    there = _amplitudes(model, t)
    diagonal = {i: here[i][0] + there[i][0] for i in ("LL", "RR")}
    u2, t2, s2 = squares
    standard = (
        u2 * sum(_squared(a) for a in diagonal.values())
        + 2.0 * t2 * _squared(here["LR"][0])
        + 2.0 * s2 * _squared(there["LR"][0])
    )
    total = jnp.sum(table.weight * standard, axis=0)

    direct = (
        u2 * sum(jnp.conj(a) * here[i][1] for i, a in diagonal.items())
        + 2.0 * t2 * jnp.conj(here["LR"][0]) * here["LR"][1]
    )
    direct_square = u2 * sum(_squared(here[i][1]) for i in diagonal) + 2.0 * t2 * _squared(here["LR"][1])
    annihilation = [
        jnp.sum(table.weight * each, axis=0) / total
        for each in (2.0 * jnp.real(direct), -2.0 * jnp.imag(direct), direct_square)
    ]

    linear = u2 * sum(jnp.real(a) * jnp.real(there[i][1]) for i, a in diagonal.items())
    linear += 2.0 * s2 * jnp.real(there["LR"][0]) * jnp.real(there["LR"][1])
    square = u2 * sum(jnp.real(there[i][1]) ** 2 for i in diagonal) + 2.0 * s2 * jnp.real(there["LR"][1]) ** 2
    cross = u2 * sum(here[i][1] * jnp.real(there[i][1]) for i in diagonal)
    exchange = [
        table.weight * each / total[None]
        for each in (2.0 * linear, square, 2.0 * jnp.real(cross), -2.0 * jnp.imag(cross))
    ]
    return Bhabha(jnp.stack(annihilation), jnp.stack(exchange)), total


def changes(table: Bhabha, annihilation: response.Response, exchange: Float[Array, "k n"]) -> Float[Array, " n"]:
    """Relative changes of the bins: the response at each bin's energy, and F(t) at its nodes."""
    linear, square, cross_real, cross_imaginary = table.exchange
    nodes = exchange * (
        linear
        + square * exchange
        + cross_real * annihilation.real[None]
        + cross_imaginary * annihilation.imaginary[None]
    )
    return annihilation.change(table.annihilation) + jnp.sum(nodes, axis=0)


def _amplitudes(model: sm.StandardModel, s: Float[Array, "*n"]) -> dict[str, tuple[Array, Array]]:
    """A_ij(s) (GeV^-2) and its slope with F, for LL, RR and LR = RL."""
    p = sm.propagators(model, s)
    (a,), (z,) = sm.couplings(model, ("e",))
    source = [a[i] * p.va + z[i] * p.vz for i in range(2)]

    def one(i: int, j: int) -> tuple[Array, Array]:
        return a[i] * a[j] * p.aa + (a[i] * z[j] + z[i] * a[j]) * p.az + z[i] * z[j] * p.zz, source[i] * source[j]

    return {"LL": one(0, 0), "RR": one(1, 1), "LR": one(0, 1)}


def _squared(z: Array) -> Array:
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2
