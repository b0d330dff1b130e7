"""e+e- -> f fbar in helicity amplitudes, and how each sum of squares moves with the dark sector's feedback F.

A_ic(s) = g_{e,i}^T P g_{f,c} with P = P0 + F v v^T, so that every sum T = sum w_ic |A_ic|^2 is a quadratic in F: T = T0
+ a Re F + b Im F + c |F|^2, whose coefficients are the Standard Model's alone.

Axes of arrays, and the letters that einsum gives them: final states (f); helicities LL, LR, RL, RR, first the
electron's (h), or apart the electron's (i) and the fermion's (c); terms Re F, Im F, |F|^2 (k); energies (n);
photon and Z (v); pairs of propagators AA, AZ, ZZ (p); weighted sums (q).
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from jaxmix.electroweak import standard_model as sm

LEPTON, HADRONS = ("mu",), ("u", "d", "s", "c", "b")
STATES = LEPTON + HADRONS

# weights of (LL, LR, RL, RR), first the electron's helicity
TOTAL = np.array([1.0, 1.0, 1.0, 1.0])
FORWARD = 0.75 * np.array([1.0, -1.0, -1.0, 1.0])  # forward minus backward
POLARISED = np.array([1.0, 1.0, -1.0, -1.0])  # left- minus right-handed electrons
FINAL = np.array([1.0, -1.0, 1.0, -1.0])  # left- minus right-handed fermions
POLARISED_FORWARD = np.array([1.0, -1.0, 1.0, -1.0])  # forward minus backward, left minus right electrons, over 3/4


def weights(
    states: tuple[str, ...], helicities: Float[np.ndarray, " helicities=4"]
) -> Float[np.ndarray, "states helicities=4"]:
    """Weights of a sum over the named final states, each with the same weights of helicities."""
    return np.array([[float(name in states)] for name in STATES]) * helicities


class Squares(NamedTuple):
    """|A_ic|^2 of each final state and helicity (GeV^-4), and its changes with (Re F, Im F, |F|^2)."""

    standard: Float[Array, "states helicities=4 n"]
    change: Float[Array, "terms=3 states helicities=4 n"]

    def sums(
        self, weight: Float[np.ndarray, "sums states helicities=4"]
    ) -> tuple[Float[Array, "sums n"], Float[Array, "terms=3 sums n"]]:
        """Sums over final states and helicities with weights, and their changes."""
        # q: weighted sum, f: final state, h: helicities, n: energy, k: term
        return jnp.einsum("qfh,fhn->qn", weight, self.standard), jnp.einsum("qfh,kfhn->kqn", weight, self.change)


def squares(model: sm.StandardModel, p: sm.Propagators, z_scale: Array | float = 1.0) -> Squares:
    """Squared amplitudes of e+e- -> f fbar, and their changes with the feedback.

    Parameters
    ----------
    model
        The Standard Model.
    p
        Its propagators at n energies.
    z_scale
        Factor on the exchange of Z1 alone, for fits of the line shape.
    """
    (ea, ez), (fa, fz) = sm.couplings(model, ("e",)), sm.couplings(model, STATES)
    pairs = jnp.stack([_pairs(ea, fa), _pairs(ea, fz) + _pairs(ez, fa), z_scale * _pairs(ez, fz)])
    # p: AA, AZ, ZZ; v: photon, Z; f: final state; h: helicities, of the electron i and of the fermion c; n: energy
    standard = jnp.einsum("pfh,pn->fhn", pairs, jnp.stack([p.aa, p.az, p.zz]))
    v = jnp.stack([p.va, p.vz])
    source = jnp.einsum("vi,vn->in", jnp.concatenate([ea, ez]), v)
    target = jnp.einsum("vfc,vn->fcn", jnp.stack([fa, fz]), v)
    slope = jnp.einsum("in,fcn->ficn", source, target).reshape(standard.shape)
    cross = jnp.conj(standard) * slope
    return Squares(_squared(standard), jnp.stack([2.0 * jnp.real(cross), -2.0 * jnp.imag(cross), _squared(slope)]))


def _pairs(
    electron: Float[Array, "electron=1 chiralities=2"], fermion: Float[Array, "states chiralities=2"]
) -> Float[Array, "states helicities=4"]:
    """Products of the couplings of the electron (i) and of each fermion f (c)."""
    return jnp.einsum("i,fc->fic", electron[0], fermion).reshape(fermion.shape[0], 4)


def _squared(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    """|z|^2."""
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2
