"""e+e- -> f fbar in helicity amplitudes, and how each sum of squares moves with the dark sector's feedback F.

A_ic(s) = g_{e,i}^T P g_{f,c} with P = P0 + F v v^T, so that every sum T = sum w_ic |A_ic|^2 is a quadratic in F: T = T0
+ a Re F + b Im F + c |F|^2, whose coefficients are the Standard Model's alone. Final states and helicities are axes of
arrays.
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


def weights(states: tuple[str, ...], helicities: Float[np.ndarray, "four"]) -> Float[np.ndarray, "states four"]:
    """Weights of a sum over some final states, all alike."""
    return np.array([[float(name in states)] for name in STATES]) * helicities


class Squares(NamedTuple):
    """|A_ic|^2 of each final state and helicity (GeV^-4), and its changes with (Re F, Im F, |F|^2)."""

    standard: Float[Array, "states four n"]
    change: Float[Array, "three states four n"]

    def sums(
        self, weight: Float[np.ndarray, "sums states four"]
    ) -> tuple[Float[Array, "sums n"], Float[Array, "three sums n"]]:
        """Weighted sums, and their changes."""
        return jnp.einsum("qfh,fhn->qn", weight, self.standard), jnp.einsum("qfh,kfhn->kqn", weight, self.change)


def squares(model: sm.StandardModel, p: sm.Propagators, z_scale: Array | float = 1.0) -> Squares:
    """Squared amplitudes of e+e- -> f fbar at the energies of the propagators; z_scale multiplies the exchange of Z1
    alone, for fits of the line shape.
    """
    (ea, ez), (fa, fz) = sm.couplings(model, ("e",)), sm.couplings(model, STATES)
    pairs = jnp.stack([_pairs(ea, fa), _pairs(ea, fz) + _pairs(ez, fa), z_scale * _pairs(ez, fz)])
    standard = jnp.einsum("pfh,pn->fhn", pairs, jnp.stack([p.aa, p.az, p.zz]))
    v = jnp.stack([p.va, p.vz])
    source = jnp.einsum("vi,vn->in", jnp.concatenate([ea, ez]), v)
    target = jnp.einsum("vfc,vn->fcn", jnp.stack([fa, fz]), v)
    slope = jnp.einsum("in,fcn->ficn", source, target).reshape(standard.shape)
    cross = jnp.conj(standard) * slope
    return Squares(_squared(standard), jnp.stack([2.0 * jnp.real(cross), -2.0 * jnp.imag(cross), _squared(slope)]))


def _pairs(electron: Float[Array, "one two"], fermion: Float[Array, "states two"]) -> Float[Array, "states four"]:
    return jnp.einsum("i,fc->fic", electron[0], fermion).reshape(fermion.shape[0], 4)


def _squared(z: Complex[Array, "..."]) -> Float[Array, "..."]:
    return jnp.real(z) ** 2 + jnp.imag(z) ** 2
