"""Relative deviations of a list of measurements from the Standard Model, delta_th = X_th/X_th,SM(theta_ref) - 1 (paper
B, eq. 15).

What depends on the Standard Model's two parameters alone is tabulated once as a polynomial in theta; a parameter point
then needs the feedback F at the collider energies, and a quadratic in F per measurement. Deviations are sums of small
terms, never differences of large ones.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Scalar

from jaxmix.currents import neutral_currents
from jaxmix.electroweak import bhabha, feedback, helicity, line_shape, response
from jaxmix.electroweak import standard_model as sm
from jaxmix.numerics import expansion

_LEPTON, _HADRONS, _B, _C = (
    helicity.weights(states, helicity.TOTAL) for states in (helicity.LEPTON, helicity.HADRONS, ("b",), ("c",))
)
# weights of the numerator and of the denominator of what is measured off the pole; a rate has no denominator
_Weights = Float[np.ndarray, "states helicities=4"]
_OFF_POLE: dict[str, tuple[_Weights, _Weights | None]] = {
    "sigma_had": (_HADRONS, None),
    "sigma_l": (_LEPTON, None),
    "afb_l": (_LEPTON * helicity.FORWARD, _LEPTON),
    "r_b": (_B, _HADRONS),
    "r_c": (_C, _HADRONS),
    "afb_b": (_B * helicity.FORWARD, _B),
    "afb_c": (_C * helicity.FORWARD, _C),
}
# weak charges: how often each fermion's vector coupling enters, beside the electron's axial one
_WEAK_CHARGES = {
    "q_weak_cs": {"u": 2 * 55 + 78, "d": 55 + 2 * 78},
    "q_weak_p": {"u": 2, "d": 1},
    "a_pv_e": {"e": 1},
}
POLE = (*line_shape.NAMES, "sin2_lept", "m_w", "alpha")

_KINDS = ("pole", "rates", "ratios", "bhabha", "weak")  # of predictions, in their order
_KIND = {
    **dict.fromkeys(POLE, "pole"),
    **{name: "rates" if below is None else "ratios" for name, (_, below) in _OFF_POLE.items()},
    "bhabha": "bhabha",
    **dict.fromkeys(_WEAK_CHARGES, "weak"),
}

_STEP = 1e-3  # of theta, where the tables' expansion is anchored: the size of displacements that the data allow

# d ln(sin^2)/d ln(A) of A = 2 x/(1 + x^2), x = 1 - 4 sin^2, at the reference point
_X = 1.0 - 4.0 * sm.SIN2_REF
_ANGLE_OVER_ASYMMETRY = -_X * (1.0 + _X**2) / (4.0 * sm.SIN2_REF * (1.0 - _X**2))


class Pole(NamedTuple):
    """Quantities of the Standard Model that depend strongly on theta."""

    standard: Float[Array, " predictions"]  # its own relative deviations from theta = 0
    line: line_shape.LineShape  # the response of the line shape to F
    width: Scalar  # GeV, Gamma_Z


class Responses(NamedTuple):
    """Quantities of the Standard Model that depend weakly on theta: relative responses to (Re F, Im F, |F|^2) off the
    pole, and the hypercharge propagator h (GeV^-2).
    """

    rates: Float[Array, "terms=3 rates"]
    ratios: Float[Array, "parts=2 terms=3 ratios"]  # numerators and denominators, relative to their standard values
    bhabha: bhabha.Bhabha
    weak: Float[Array, " weak"]
    h_real: Float[Array, " energies"]
    h_imaginary: Float[Array, " energies"]
    h_bins: Float[Array, "nodes bins"]  # at momentum transfers
    h_weak: Float[Array, " weak"]


class Conditions(NamedTuple):
    """Conditions of a prediction, beside the parameter point."""

    width_over_mass: Scalar | None  # dark width over m_Z'; None for the one that the mCP gives
    spread: Float[Array, " energies"]  # relative, of each energy
    resonance: float  # weight of |F|^2: 1, or 0 for the interference with the Standard Model alone, as in paper B


class Predictions(eqx.Module):
    """Measurements as functions of theta and a parameter point."""

    rates: tuple[tuple[str, int], ...] = eqx.field(static=True)  # distinct (observable, place in `energy`) off the pole
    ratios: tuple[tuple[str, int], ...] = eqx.field(static=True)  # the same
    weak: tuple[str, ...] = eqx.field(static=True)  # distinct weak charges
    energy: Float[Array | np.ndarray, " energies"]  # GeV: the scan at the pole, then every other
    bins: bhabha.Bins
    at_bhabha: Int[Array | np.ndarray, " bins"]  # places in `energy` of the bins
    t_weak: Float[Array | np.ndarray, " weak"]  # GeV^2, squared momentum transfers
    order: Int[Array | np.ndarray, " rows"]  # places of the measurements in (pole, rates, ratios, bhabha, weak)
    pole: expansion.Expansion | None = None  # of Pole in theta, to second order, from `tabulated`
    responses: expansion.Expansion | None = None  # of Responses in theta, to first order

    def tabulated(self) -> "Predictions":
        """Add the expansions in theta; costly, done once."""
        pole, responses = expansion.expand(lambda theta: _tables(self, theta), 2, _STEP, (2, 1))
        return dataclasses.replace(self, pole=pole, responses=responses)

    def deviations(
        self, theta: Float[Array, " parameters=2"], currents: neutral_currents.NeutralCurrents, conditions: Conditions
    ) -> Float[Array, " rows"]:
        """Relative deviation delta_th of every measurement from the Standard Model at theta = 0.

        Exact in kappa; to second order in theta, and to first in its effect on responses to F off the pole.

        Parameters
        ----------
        theta
            Displacement of the Standard Model's parameters, see `standard_model.standard_model`.
        currents
            The parameter point.
        conditions
            Dark width, spread of energies and weight of |F|^2.

        Raises
        ------
        ValueError
            Without the expansions of `tabulated`.
        """
        pole, tables = _made(self.pole)(theta), _made(self.responses)(theta)
        model = sm.standard_model(theta)
        dark = feedback.feedback(currents, model.m1, model.weak, conditions.width_over_mass)
        h = tables.h_real + 1j * tables.h_imaginary
        seen = response.response(dark, model, jnp.asarray(self.energy), conditions.spread, h)
        seen = seen._replace(square=conditions.resonance * seen.square)
        above, below = (seen.at(_places(self.ratios)).change(part) for part in tables.ratios)
        at_bins = feedback.spacelike(dark, jnp.asarray(self.bins.t), tables.h_bins)
        mixed = jnp.concatenate(
            [
                self._pole(pole, model, currents, conditions, seen.at(slice(len(line_shape.ENERGIES)))),
                seen.at(_places(self.rates)).change(tables.rates),
                (above - below) / (1.0 + below),
                bhabha.changes(tables.bhabha, seen.at(self.at_bhabha), at_bins),
                tables.weak * feedback.spacelike(dark, jnp.asarray(self.t_weak), tables.h_weak),
            ]
        )
        return (pole.standard + mixed + pole.standard * mixed)[self.order]

    def standard(self, theta: Float[Array, " parameters=2"]) -> Float[Array, " rows"]:
        """Relative deviation delta_th of every measurement without mixing."""
        return _made(self.pole)(theta).standard[self.order]

    def _pole(
        self,
        pole: Pole,
        model: sm.StandardModel,
        currents: neutral_currents.NeutralCurrents,
        conditions: Conditions,
        seen: response.Response,
    ) -> Float[Array, " pole"]:
        """Relative changes of POLE by mixing."""
        change = line_shape.shifts(pole.line, seen)
        if conditions.width_over_mass is not None:
            wider = 1.0 + feedback.z_width_to_mcp(currents, model.m1, model.weak) / pole.width
            change["gamma_z"] = (1.0 + change["gamma_z"]) * wider - 1.0
            change["sigma_had_0"] = (1.0 + change["sigma_had_0"]) / wider**2 - 1.0
        # the charge asymmetry of hadrons gives sin^2 through A_e
        change["sin2_lept"] = _ANGLE_OVER_ASYMMETRY * change["a_l_tau"]
        return jnp.stack([change.get(name, jnp.zeros_like(model.m1)) for name in POLE])


class _Prediction(NamedTuple):
    """One distinct prediction."""

    kind: str
    name: str
    where: int = 0  # place in `energy`, or the row of a bin; 0 for what has neither


def predictions(
    observables: Sequence[str],
    sqrt_s: Float[np.ndarray, " rows"],
    cos_min: Float[np.ndarray, " rows"],
    cos_max: Float[np.ndarray, " rows"],
) -> Predictions:
    """Arrange the predictions of a list of measurements, yet to be tabulated.

    Parameters
    ----------
    observables
        Observable of each measurement.
    sqrt_s
        Energies, GeV; the momentum transfer for weak charges, not used at the pole.
    cos_min, cos_max
        Bins of Bhabha scattering; not used elsewhere.

    Raises
    ------
    ValueError
        For an observable that is not known.
    """
    unknown = sorted(set(observables) - set(_KIND))
    if unknown:
        raise ValueError(f"electroweak: unknown observables {', '.join(unknown)}; allowed: {', '.join(_KIND)}.")
    off_pole = sorted(
        {float(s) for name, s in zip(observables, sqrt_s) if _KIND[name] in ("rates", "ratios", "bhabha")}
    )
    place = {value: len(line_shape.ENERGIES) + k for k, value in enumerate(off_pole)}
    rows = []
    for row, (name, s) in enumerate(zip(observables, sqrt_s)):
        kind = _KIND[name]
        where = row if kind == "bhabha" else place[float(s)] if kind in ("rates", "ratios") else 0
        rows.append(_Prediction(kind, name, where))
    distinct = dict.fromkeys([_Prediction("pole", name) for name in POLE] + rows)
    of_kind = {kind: [each for each in distinct if each.kind == kind] for kind in _KINDS}
    position = {each: k for k, each in enumerate(each for kind in _KINDS for each in of_kind[kind])}
    binned = [each.where for each in of_kind["bhabha"]]
    momentum = {name: float(s) for name, s in zip(observables, sqrt_s) if _KIND[name] == "weak"}
    return Predictions(
        rates=tuple((each.name, each.where) for each in of_kind["rates"]),
        ratios=tuple((each.name, each.where) for each in of_kind["ratios"]),
        weak=tuple(each.name for each in of_kind["weak"]),
        energy=np.concatenate([line_shape.ENERGIES, off_pole]),
        bins=bhabha.bins(sqrt_s[binned].astype(float), cos_min[binned].astype(float), cos_max[binned].astype(float)),
        at_bhabha=np.array([place[float(sqrt_s[row])] for row in binned], int),
        t_weak=-(np.array([momentum[each.name] for each in of_kind["weak"]]) ** 2),
        order=np.array([position[each] for each in rows], int),
    )


def _made(table: expansion.Expansion | None) -> expansion.Expansion:
    """An expansion that `tabulated` has made."""
    if table is None:
        raise ValueError("electroweak: the predictions have no expansions; use those that `tabulated` returns.")
    return table


def _tables(known: Predictions, theta: Float[Array, " parameters=2"]) -> tuple[Pole, Responses]:
    """Everything that depends on theta alone."""
    model, reference = sm.standard_model(theta), sm.standard_model(jnp.zeros(2))
    pole, pole_reference = sm.pole_observables(model), sm.pole_observables(reference)
    rates, rates_reference = (_off_pole(known, known.rates, each) for each in (model, reference))
    ratios, ratios_reference = (_off_pole(known, known.ratios, each) for each in (model, reference))
    bins, total = bhabha.bhabha(model, known.bins)
    weak, charge = _weak_charges(known, model)
    standard = jnp.concatenate(
        [
            jnp.stack([pole[name] / pole_reference[name] for name in POLE]),
            rates[0][0] / rates_reference[0][0],
            ratios[0][0] / ratios[0][1] * ratios_reference[0][1] / ratios_reference[0][0],
            total / bhabha.bhabha(reference, known.bins)[1],
            charge / _weak_charges(known, reference)[1],
        ]
    )
    p, p_bins, p_weak = (sm.propagators(model, jnp.asarray(s)) for s in (known.energy**2, known.bins.t, known.t_weak))
    responses = Responses(
        rates[1][0], ratios[1], bins, weak, jnp.real(p.h), jnp.imag(p.h), jnp.real(p_bins.h), jnp.real(p_weak.h)
    )
    return Pole(standard - 1.0, line_shape.line_shape(model), pole["gamma_z"]), responses


def _off_pole(known: Predictions, wanted: tuple[tuple[str, int], ...], model: sm.StandardModel) -> tuple[Array, Array]:
    """Numerators and denominators of off-pole observables.

    Returns their standard values [part, n] and relative changes with (Re F, Im F, |F|^2) [part, term, n].
    """
    squares = helicity.squares(model, sm.propagators(model, jnp.asarray(known.energy**2)))
    names = list(_OFF_POLE)
    which, at = np.array([names.index(name) for name, _ in wanted], int), _places(wanted)
    standard, relative = [], []
    for k in range(2):
        # the denominator of a rate is never used: its own numerator stands in
        weights = [above if k == 0 or below is None else below for above, below in _OFF_POLE.values()]
        sums, changes = squares.sums(np.stack(weights))
        standard.append(sums[which, at])
        relative.append(changes[:, which, at] / sums[None, which, at])
    return jnp.stack(standard), jnp.stack(relative)


def _weak_charges(known: Predictions, model: sm.StandardModel) -> tuple[Float[Array, " weak"], Float[Array, " weak"]]:
    """Relative change of each weak charge with F, and its standard value up to a constant.

    It is the parity-violating part of the exchange at t: the electron's axial coupling times a sum of vector couplings.
    """
    p = sm.propagators(model, jnp.asarray(known.t_weak))
    (electron,) = sm.couplings(model, ("e",))[1]
    axial = electron[0] - electron[1]  # the photon has none
    slopes, values = [], []
    for k, name in enumerate(known.weak):
        numbers = jnp.asarray(list(_WEAK_CHARGES[name].values()), axial.dtype)
        to_a, to_z = (numbers @ jnp.sum(pair, axis=1) for pair in sm.couplings(model, tuple(_WEAK_CHARGES[name])))
        charge = axial * jnp.real(p.az[k] * to_a + p.zz[k] * to_z)
        values.append(charge)
        slopes.append(axial * jnp.real(p.vz[k] * (p.va[k] * to_a + p.vz[k] * to_z)) / charge)
    if not values:
        return jnp.zeros(0), jnp.zeros(0)
    return jnp.stack(slopes), jnp.stack(values)


def _places(wanted: tuple[tuple[str, int], ...]) -> Int[np.ndarray, " n"]:
    """Places in `energy` of off-pole observables."""
    return np.array([place for _, place in wanted], int)
