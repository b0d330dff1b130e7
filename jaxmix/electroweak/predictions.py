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
from jaxtyping import Array, Float, Int

from jaxmix.currents import neutral_currents
from jaxmix.electroweak import bhabha, feedback, helicity, line_shape, response
from jaxmix.electroweak import standard_model as sm
from jaxmix.numerics import expansion

Scalar = Float[Array, ""]

_LEPTON, _HADRONS, _B, _C = (
    helicity.weights(states, helicity.TOTAL) for states in (helicity.LEPTON, helicity.HADRONS, ("b",), ("c",))
)
# weights of the numerator and of the denominator of what is measured off the pole; a rate has no denominator
_OFF_POLE = {
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

_STEP = 1e-3  # of theta, where the tables' expansion is anchored: the size of displacements that the data allow

# d ln(sin^2)/d ln(A) of A = 2 x/(1 + x^2), x = 1 - 4 sin^2, at the reference point
_X = 1.0 - 4.0 * sm.SIN2_REF
_ANGLE_OVER_ASYMMETRY = -_X * (1.0 + _X**2) / (4.0 * sm.SIN2_REF * (1.0 - _X**2))


class Pole(NamedTuple):
    """What the Standard Model decides and theta moves much: its own deviations from theta = 0 (by kind), and the line
    shape's response to F; width: Gamma_Z, GeV.
    """

    standard: Float[Array, " kinds"]
    line: line_shape.LineShape
    width: Scalar


class Responses(NamedTuple):
    """What the Standard Model decides and theta moves little: relative responses to F off the pole, and the hypercharge
    propagator h (GeV^-2) at energies and momentum transfers. ratios: numerators and denominators, relative to their own
    standard values.
    """

    rates: Float[Array, "three rates"]
    ratios: Float[Array, "two three ratios"]
    bhabha: bhabha.Bhabha
    weak: Float[Array, " weak"]
    h_real: Float[Array, " energies"]
    h_imaginary: Float[Array, " energies"]
    h_bins: Float[Array, "nodes bins"]
    h_weak: Float[Array, " weak"]


class Conditions(NamedTuple):
    """What a prediction needs beside the point: the dark width over m_Z' (None: the mCP's own), the relative spread of
    each energy, and the weight of |F|^2 (1; 0 keeps the interference of Z' and Standard Model alone, as paper B does).
    """

    width_over_mass: Scalar | None
    spread: Float[Array, " energies"]
    resonance: float


class Predictions(eqx.Module):
    """Measurements as functions of theta and a parameter point.

    rates, ratios: the distinct (observable, place in `energy`) off the pole; weak: weak charges. energy (GeV): the scan
    at the pole, then every other. at_bhabha: places in `energy` of the bins. t_weak: squared momentum transfers, GeV^2.
    order: from (pole, rates, ratios, Bhabha, weak) to the measurements. pole, responses: expansions in theta, to second
    and to first order, from `tabulated`.
    """

    rates: tuple[tuple[str, int], ...] = eqx.field(static=True)
    ratios: tuple[tuple[str, int], ...] = eqx.field(static=True)
    weak: tuple[str, ...] = eqx.field(static=True)
    energy: Float[Array | np.ndarray, " energies"]
    bins: bhabha.Bins
    at_bhabha: Int[Array | np.ndarray, " bins"]
    t_weak: Float[Array | np.ndarray, " weak"]
    order: Int[Array | np.ndarray, " rows"]
    pole: expansion.Expansion | None = None
    responses: expansion.Expansion | None = None

    def tabulated(self) -> "Predictions":
        """The same with its expansions; costly, done once."""
        pole, responses = expansion.expand(lambda theta: _tables(self, theta), 2, _STEP, (2, 1))
        return dataclasses.replace(self, pole=pole, responses=responses)

    def deviations(
        self, theta: Float[Array, "two"], currents: neutral_currents.NeutralCurrents, conditions: Conditions
    ) -> Float[Array, " rows"]:
        """delta_th of every measurement: exact in kappa; in theta to second order, its effect on responses to F off the
        pole to first.
        """
        pole, tables, model = self.pole(theta), self.responses(theta), sm.standard_model(theta)
        dark = feedback.feedback(currents, model.m1, model.weak, conditions.width_over_mass)
        there = response.response(dark, model, self.energy, conditions.spread, tables.h_real + 1j * tables.h_imaginary)
        there = there._replace(square=conditions.resonance * there.square)
        above, below = (there.at(_places(self.ratios)).change(part) for part in tables.ratios)
        mixed = jnp.concatenate(
            [
                self._pole(pole, model, currents, conditions, there.at(slice(len(line_shape.ENERGIES)))),
                there.at(_places(self.rates)).change(tables.rates),
                (above - below) / (1.0 + below),
                bhabha.changes(
                    tables.bhabha, there.at(self.at_bhabha), feedback.spacelike(dark, self.bins.t, tables.h_bins)
                ),
                tables.weak * feedback.spacelike(dark, self.t_weak, tables.h_weak),
            ]
        )
        return (pole.standard + mixed + pole.standard * mixed)[self.order]

    def standard(self, theta: Float[Array, "two"]) -> Float[Array, " rows"]:
        """delta_th of every measurement without mixing."""
        return self.pole(theta).standard[self.order]

    def _pole(
        self,
        pole: Pole,
        model: sm.StandardModel,
        currents: neutral_currents.NeutralCurrents,
        conditions: Conditions,
        there: response.Response,
    ) -> Float[Array, " pole"]:
        """Relative changes of POLE by mixing."""
        found = line_shape.shifts(pole.line, there)
        if conditions.width_over_mass is not None:
            wider = 1.0 + feedback.z_width_to_mcp(currents, model.m1, model.weak) / pole.width
            found["gamma_z"] = (1.0 + found["gamma_z"]) * wider - 1.0
            found["sigma_had_0"] = (1.0 + found["sigma_had_0"]) / wider**2 - 1.0
        # the charge asymmetry of hadrons gives sin^2 through A_e
        found["sin2_lept"] = _ANGLE_OVER_ASYMMETRY * found["a_l_tau"]
        return jnp.stack([found.get(name, jnp.zeros_like(model.m1)) for name in POLE])


def predictions(
    observables: Sequence[str], sqrt_s: np.ndarray, cos_min: np.ndarray, cos_max: np.ndarray
) -> Predictions:
    """The predictions of a list of measurements, yet to be tabulated: their observables, energies (GeV; momentum
    transfer for weak charges) and bins.

    Raises ValueError for an observable that is not known.
    """
    known = {
        **dict.fromkeys(POLE, "pole"),
        **{name: "rates" if below is None else "ratios" for name, (_, below) in _OFF_POLE.items()},
    }
    known |= {"bhabha": "bhabha"} | dict.fromkeys(_WEAK_CHARGES, "weak")
    unknown = sorted(set(observables) - set(known))
    if unknown:
        raise ValueError(f"electroweak: unknown observables {', '.join(unknown)}; allowed: {', '.join(known)}.")
    off_pole = sorted(
        {float(s) for name, s in zip(observables, sqrt_s) if known[name] in ("rates", "ratios", "bhabha")}
    )
    energy = np.concatenate([line_shape.ENERGIES, off_pole])
    place = {value: len(line_shape.ENERGIES) + k for k, value in enumerate(off_pole)}
    kinds: dict[str, dict] = {"pole": dict.fromkeys(POLE), "rates": {}, "ratios": {}, "bhabha": {}, "weak": {}}
    keys = []
    for row, (name, s) in enumerate(zip(observables, sqrt_s)):
        kind = known[name]
        key = (
            {"pole": name, "bhabha": row, "weak": name}.get(kind)
            if kind in ("pole", "bhabha", "weak")
            else (name, place[float(s)])
        )
        kinds[kind][key] = None
        keys.append((kind, key))
    positions = {
        (kind, key): k for k, (kind, key) in enumerate((kind, key) for kind, found in kinds.items() for key in found)
    }
    binned, charged = list(kinds["bhabha"]), list(kinds["weak"])
    momentum = {name: float(s) for name, s in zip(observables, sqrt_s) if name in charged}
    return Predictions(
        rates=tuple(kinds["rates"]),
        ratios=tuple(kinds["ratios"]),
        weak=tuple(charged),
        energy=energy,
        bins=bhabha.bins(*(np.asarray(column, float)[binned] for column in (sqrt_s, cos_min, cos_max))),
        at_bhabha=np.array([place[float(sqrt_s[row])] for row in binned], int),
        t_weak=-(np.array([momentum[name] for name in charged]) ** 2),
        order=np.array([positions[key] for key in keys], int),
    )


def _tables(known: Predictions, theta: Float[Array, "two"]) -> tuple[Pole, Responses]:
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
    """Numerators and denominators of off-pole observables: standard values [2, n], and relative changes with F [2, 3,
    n].
    """
    squares = helicity.squares(model, sm.propagators(model, jnp.asarray(known.energy**2)))
    names = list(_OFF_POLE)
    which, at = np.array([names.index(name) for name, _ in wanted], int), _places(wanted)
    standard, relative = [], []
    for k in range(2):
        # the denominator of a rate is never used: its own numerator stands in
        sums, changes = squares.sums(
            np.stack([pair[k] if pair[k] is not None else pair[0] for pair in _OFF_POLE.values()])
        )
        standard.append(sums[which, at])
        relative.append(changes[:, which, at] / sums[None, which, at])
    return jnp.stack(standard), jnp.stack(relative)


def _weak_charges(known: Predictions, model: sm.StandardModel) -> tuple[Float[Array, " weak"], Float[Array, " weak"]]:
    """Relative change of each weak charge with F, and its standard value up to a constant: the parity-violating part of
    the exchange at t, electron axial times a sum of vector couplings.
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
    return np.array([place for _, place in wanted], int)
