"""The Standard Model at tree level, fixed by two numbers: alpha(m_Z) and sin^2 theta_W, with G_F held by muon decay.

All quantities are hatted (feedback.py): alpha is the residue of the photon pole. A point of the fit is the displacement
theta = (ln alpha/alpha_ref, ln sin^2/sin^2_ref).
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Scalar

from jaxmix import constants
from jaxmix.currents import decays, mixing

ALPHA_REF = 1 / 128.94  # alpha(m_Z), light-by-light and top included; reference point of the deviations
SIN2_REF = 0.2315  # effective leptonic sin^2 theta_W; reference point of the deviations
M1_REF = 91.1875  # GeV; ALEPH et al., Phys. Rept. 427 (2006) 257: the pole lies where it is measured when kappa = 0

_HADRONS = ("u", "d", "s", "c", "b")
BY_NAME = {fermion.name: fermion for fermion in constants.FERMIONS}


class StandardModel(eqx.Module):
    """The Standard Model at one point of the fit."""

    e: Scalar  # electromagnetic coupling
    weak: mixing.Angle  # theta_W
    m1: Scalar  # GeV, Lagrangian mass of the Z


def standard_model(theta: Float[Array, " parameters=2"]) -> StandardModel:
    """Build the Standard Model at a displacement theta = (ln alpha/alpha_ref, ln sin^2/sin^2_ref).

    M1^2 = pi alpha/(sqrt2 G_F sW^2 cW^2) up to a constant factor (radiative corrections), so that M1 = 91.1875 GeV at
    theta = 0.
    """
    alpha, sin2 = ALPHA_REF * jnp.exp(theta[0]), SIN2_REF * jnp.exp(theta[1])
    weak = mixing.Angle(cos=jnp.sqrt(1.0 - sin2), sin=jnp.sqrt(sin2))
    m1 = M1_REF * jnp.exp(0.5 * (theta[0] - theta[1])) * jnp.sqrt((1.0 - SIN2_REF) / (1.0 - sin2))
    return StandardModel(jnp.sqrt(4.0 * jnp.pi * alpha), weak, m1)


def couplings(
    model: StandardModel, names: Sequence[str]
) -> tuple[Float[Array, "n chiralities=2"], Float[Array, "n chiralities=2"]]:
    """Couplings (left, right) of n fermions, by name, to A1 and to Z1: e Q and e/(sW cW) (T3 - Q sW^2)."""
    charge, isospin = (
        jnp.asarray([getattr(BY_NAME[name], kind) for name in names], model.e.dtype) for kind in ("charge", "isospin")
    )
    neutral = model.e / (model.weak.sin * model.weak.cos)
    right = -neutral * charge * model.weak.sin**2
    return jnp.stack([charge, charge], axis=1) * model.e, jnp.stack([right + neutral * isospin, right], axis=1)


class Propagators(NamedTuple):
    """P0 on (A1, Z1), the vector v = P0 b and the hypercharge propagator h = b^T P0 b, at squared momenta, GeV^-2."""

    aa: Complex[Array, "*n"]
    az: Complex[Array, "*n"]
    zz: Complex[Array, "*n"]
    va: Complex[Array, "*n"]
    vz: Complex[Array, "*n"]
    h: Complex[Array, "*n"]


def propagators(
    model: StandardModel, s: Float[Array, "*n"], m1: Scalar | None = None, width_scale: Scalar | float = 1.0
) -> Propagators:
    """Propagators P0 = [s 1 - diag(0, M1^2) + i s A]^-1 of the photon and the Z.

    Parameters
    ----------
    model
        The Standard Model.
    s
        Squared momenta of either sign, GeV^2; P0 is real for s < 0.
    m1
        Another Z mass, GeV, for fits of the line shape.
    width_scale
        Factor on the Z's absorptive part (its width over its mass), for the same fits.
    """
    m1 = model.m1 if m1 is None else m1
    aa, az, zz = mixing.absorptive(s, model.e, model.weak)
    photon_part, z_part, mixed = s * (1.0 + 1j * aa), s - m1**2 + 1j * s * width_scale * zz, 1j * s * az
    inverse = 1.0 / (photon_part * z_part - mixed**2)
    cos, sin = model.weak.cos, model.weak.sin
    to_a, to_z = cos * z_part + sin * mixed, -(sin * photon_part + cos * mixed)
    va, vz = inverse * to_a, inverse * to_z
    return Propagators(inverse * z_part, -inverse * mixed, inverse * photon_part, va, vz, cos * va - sin * vz)


def pole_observables(model: StandardModel) -> dict[str, Scalar]:
    """Pseudo-observables at the Z pole in the Standard Model at tree level, and m_W and alpha, by name.

    sigma_had^0 = 12 pi Gamma_ee Gamma_had/(m Gamma)^2, R = Gamma_had/Gamma_l or Gamma_q/Gamma_had, A_f = (gL^2 -
    gR^2)/(gL^2 + gR^2), A_FB^{0,f} = 3/4 A_e A_f, m_W^2 ~ alpha/sW^2 (relative to its reference).

    References
    ----------
    Paper B (its observables).
    """
    z = dict(zip(BY_NAME, couplings(model, tuple(BY_NAME))[1]))
    width = {name: decays.fermion_width(model.m1, BY_NAME[name], *pair) for name, pair in z.items()}
    asymmetry = {name: (pair[0] ** 2 - pair[1] ** 2) / (pair[0] ** 2 + pair[1] ** 2) for name, pair in z.items()}
    hadrons, total = sum(width[name] for name in _HADRONS), sum(width.values())
    lepton = asymmetry["mu"]
    return {
        "m_z": model.m1,
        "gamma_z": total,
        "sigma_had_0": 12.0 * jnp.pi * width["mu"] * hadrons / (model.m1 * total) ** 2,
        "r_l_0": hadrons / width["mu"],
        "afb_l_0": 0.75 * lepton**2,
        "a_l": lepton,
        "a_l_tau": lepton,
        "sin2_lept": model.weak.sin**2,
        "r_b_0": width["b"] / hadrons,
        "r_c_0": width["c"] / hadrons,
        "afb_b_0": 0.75 * lepton * asymmetry["b"],
        "afb_c_0": 0.75 * lepton * asymmetry["c"],
        "a_b": asymmetry["b"],
        "a_c": asymmetry["c"],
        "m_w": model.e / model.weak.sin,
        "alpha": model.e**2 / (4.0 * jnp.pi),
    }
