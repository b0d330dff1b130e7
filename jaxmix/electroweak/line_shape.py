"""What experiments at the Z pole call m_Z, Gamma_Z, sigma_had^0, R and the asymmetries, in a theory that is not the
Standard Model.

They are fits to cross sections and asymmetries at fixed energies. The exact change of these is projected, at every m_Z'
alike, onto the derivatives with respect to the fitted parameters: far from the pole this gives the eigenvalue, at the
pole what a fit returns.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar

from jaxmix.electroweak import helicity, response
from jaxmix.electroweak import standard_model as sm

# GeV: a scan of seven points of equal luminosity within 3 GeV of the peak, and the energy of polarised beams
ENERGIES = np.array([88.2, 89.2, 90.2, 91.2, 92.2, 93.2, 94.2, 91.26])
SCAN = slice(0, 7)
_PEAK, _POLARISED = slice(3, 4), slice(7, 8)
_LEPTON, _HADRONS, _B, _C = (
    helicity.weights(states, helicity.TOTAL) for states in (helicity.LEPTON, helicity.HADRONS, ("b",), ("c",))
)

# what is measured beside the hadronic line shape: weights of the numerator and of the denominator, and where
RATIOS = {
    "r_l_0": (_HADRONS, _LEPTON, SCAN),
    "afb_l_0": (_LEPTON * helicity.FORWARD, _LEPTON, SCAN),
    "a_l": (_LEPTON * helicity.POLARISED, _LEPTON, _POLARISED),
    "a_l_tau": (_LEPTON * helicity.FINAL, _LEPTON, _PEAK),
    "r_b_0": (_B, _HADRONS, _PEAK),
    "r_c_0": (_C, _HADRONS, _PEAK),
    "afb_b_0": (_B * helicity.FORWARD, _B, _PEAK),
    "afb_c_0": (_C * helicity.FORWARD, _C, _PEAK),
    "a_b": (_B * helicity.POLARISED_FORWARD, _B, _POLARISED),
    "a_c": (_C * helicity.POLARISED_FORWARD, _C, _POLARISED),
}
NAMES = ("m_z", "gamma_z", "sigma_had_0", *RATIOS)


class Ratio(NamedTuple):
    """A ratio or an asymmetry N/D at n energies, relative to a unit: a ratio to itself, an asymmetry to its value at
    the pole.

    Terms are Re F, Im F and |F|^2; the fitted parameters are ln m, ln Gamma/m and the logarithm of the Z amplitude.
    """

    standard: Float[Array, " n"]  # its value in the Standard Model
    numerator: Float[Array, "terms=3 n"]  # changes of N/(D0 unit)
    denominator: Float[Array, "terms=3 n"]  # changes of D/D0
    slope: Float[Array, "n fitted=3"]
    weight: Float[Array, " n"]  # of the energies, with sum one


class LineShape(NamedTuple):
    """Relative hadronic line shape on the scan, and all that is measured beside it; terms and fitted parameters as in
    `Ratio`.
    """

    hadrons: Float[Array, "terms=3 scan=7"]  # changes of the cross section
    fit: Float[Array, "fitted=3 scan=7"]  # matrix of the fit to it
    curvature: Float[Array, "fitted=3 fitted=3 fitted=3"]  # the fit's response to products of two fitted parameters
    ratios: dict[str, Ratio]


def line_shape(model: sm.StandardModel) -> LineShape:
    """Project changes of cross sections on pseudo-observables, for one Standard Model.

    Least squares with the statistical weights of equal luminosity, the photon held.
    """
    weight = np.stack([_HADRONS, *(part for above, below, _ in RATIOS.values() for part in (above, below))])

    def standard(shape: Float[Array, " fitted=3"]) -> Float[Array, "sums energies=8"]:
        return _sums(model, weight, shape)[0]

    start = jnp.zeros(3)
    values, changes = _sums(model, weight, start)
    slopes, bends = jax.jacfwd(standard)(start), jax.jacfwd(jax.jacfwd(lambda shape: standard(shape)[0, SCAN]))(start)
    counts = ENERGIES[SCAN] ** 2 * values[0, SCAN]
    slope = slopes[0, SCAN] / values[0, SCAN, None]
    fit = jnp.linalg.solve(slope.T @ (counts[:, None] * slope), slope.T * counts[None])
    # p: fitted parameter of the result; a, b: fitted parameters by which it is moved; e: energy of the scan
    curvature = jnp.einsum("pe,eab->pab", fit, bends / values[0, SCAN, None, None])
    pole = sm.pole_observables(model)
    ratios = {}
    for k, (name, (_, _, at)) in enumerate(RATIOS.items()):
        above, below = 1 + 2 * k, 2 + 2 * k
        ratio = values[above, at] / values[below, at]
        # ratios of cross sections relative to themselves; asymmetries, which pass through zero, to their pole value
        unit = ratio if name.startswith("r_") else jnp.full_like(ratio, pole[name])
        move = (slopes[above, at] - ratio[:, None] * slopes[below, at]) / (values[below, at] * unit)[:, None]
        seen = jnp.asarray(counts) if at == SCAN else jnp.ones(1)
        numerator, denominator = (
            changes[:, above, at] / (values[below, at] * unit)[None],
            changes[:, below, at] / values[None, below, at],
        )
        ratios[name] = Ratio(ratio / unit, numerator, denominator, move, seen / jnp.sum(seen))
    return LineShape(changes[:, 0, SCAN] / values[None, 0, SCAN], fit, curvature, ratios)


def shifts(line: LineShape, seen: response.Response) -> dict[str, Scalar]:
    """Relative changes of the pole observables by the dark sector.

    The change of the line shape is fitted by (m, Gamma, sigma^0) to second order; every other quantity is corrected for
    the fitted m and Gamma, as experiments do.

    Parameters
    ----------
    line
        The projection, from `line_shape`.
    seen
        The response at ENERGIES.

    Returns
    -------
    Changes by name, of all NAMES.
    """
    first = line.fit @ seen.at(SCAN).change(line.hadrons)
    # p, a, b: fitted parameters; a Z moved by half its mass is as excluded as one moved further
    shape = jnp.clip(first - 0.5 * jnp.einsum("pab,a,b->p", line.curvature, first, first), -0.5, 0.5)
    mass, width, scale = shape
    relative = {
        "m_z": jnp.expm1(mass),
        "gamma_z": jnp.expm1(mass + width),
        "sigma_had_0": jnp.expm1(2.0 * (scale - width - mass)),
    }
    for name, (_, _, energies) in RATIOS.items():
        ratio, at_energies = line.ratios[name], seen.at(energies)
        numerator, denominator = at_energies.change(ratio.numerator), at_energies.change(ratio.denominator)
        change = (numerator - ratio.standard * denominator) / (1.0 + denominator)
        relative[name] = jnp.sum(ratio.weight * (change - ratio.slope @ shape))
    return relative


def _sums(
    model: sm.StandardModel, weight: Float[np.ndarray, "sums states helicities=4"], shape: Float[Array, " fitted=3"]
) -> tuple[Array, Array]:
    """Weighted sums of squares at ENERGIES and their changes with F, with the Z's mass, width and amplitude moved by
    `shape`.
    """
    p = sm.propagators(model, jnp.asarray(ENERGIES**2), model.m1 * jnp.exp(shape[0]), jnp.exp(shape[1]))
    return helicity.squares(model, p, jnp.exp(shape[2])).sums(weight)
