"""Electroweak precision measurements, from R at 22 GeV over the Z pole to LEP2: one chi^2 in which the Standard Model's
parameters are profiled. A. Hook, E. Izaguirre, J.G. Wacker, arXiv:1006.0973 (paper B), exact in kappa and with the
published correlations.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Scalar

from jaxmix.constraints.base import abstract, closed_form, hatted_table, setting
from jaxmix.constraints.precision_settings import SETTINGS
from jaxmix.currents import neutral_currents
from jaxmix.electroweak import feedback, line_shape, measurements, predictions
from jaxmix.electroweak import standard_model as sm
from jaxmix.numerics import expansion, least_squares
from jaxmix.statistics import counts

_STEPS, _TOLERANCE = 1, 0.1  # of Gauss-Newton, from the minimum of the linearised problem
# the linearised problem stands where Gauss-Newton did not converge, from this q on and this far from the Z, |m^2 -
# M1^2|/(m^2 + M1^2)
_BEYOND_DOUBT, _BESIDE_Z = 100.0, 1e-3
_LOW_ENERGIES = 80.0  # GeV; below lie the machines before LEP
_NODES = (-2.0, -1.0, 0.0, 1.0, 2.0)  # around a collider's energy, in spreads
_NODES_AT_Z = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # distances from the Z, over its mass


class Whitening(eqx.Module):
    """L^-1 of the covariance V = L L^T of residuals: one block a table, a vector of 1/error where nothing is
    correlated.
    """

    blocks: tuple[Float[Array, "..."], ...]

    def __call__(self, residual: Float[Array, " n"]) -> Float[Array, " n"]:
        """Decorrelated residuals in standard deviations: row i holds what measurement i adds to the earlier ones of its
        table.
        """
        parts, start = [], 0
        for block in self.blocks:
            piece = residual[start : start + block.shape[0]]
            parts.append(block @ piece if block.ndim == 2 else block * piece)
            start += block.shape[0]
        return jnp.concatenate(parts)


class Precision(abstract.AbstractConstraint):
    """q = min chi^2(kappa, m_Z') - min chi^2(0), both over alpha(m_Z) and sin^2 theta_W with G_F held, on the same
    measurements.

    chi^2 = sum w (delta_th - delta_exp)^2/sigma^2 in decorrelated residuals; w = 1 at the Z pole, for m_W and alpha,
    and elsewhere a function of the expected significance |delta_th|/sigma at the reference point (paper B, eqs. 15-19).
    Negative where mixing improves the fit.
    """

    predictions: predictions.Predictions
    observed: Float[Array, " n"]  # delta_exp
    whitening: Whitening
    standard: (
        expansion.Expansion | None
    )  # decorrelated delta_th of the Standard Model, to second order in theta; from `prepared`
    pinned: Float[Array, " n"]  # 1 for what always enters
    machine: Float[Array, "machines energies"]  # which spread belongs to which energy
    values: dict[str, Scalar]
    level: Scalar
    mode: str = eqx.field(static=True)
    words: tuple[tuple[str, str], ...] = eqx.field(static=True)
    measured_by: tuple[str, ...] = eqx.field(static=True)  # publications of the measurements
    table: hatted_table.HattedTable | None = None  # on a grid

    name: ClassVar[str] = "precision"
    title: ClassVar[str] = "Electroweak precision"
    reference: ClassVar[str] = (
        "A. Hook, E. Izaguirre, J.G. Wacker, Adv. High Energy Phys. 2011 (2011) 859762, arXiv:1006.0973"
    )
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = (
        "every phase, 0.1 GeV < m_zprime < 10 TeV; not inside the forbidden gap of a physical m_zprime"
    )
    label: ClassVar[str] = ""
    data_reference: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, setting.Setting]] = SETTINGS
    needs: ClassVar[tuple[str, ...]] = ()
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("cl", 0.95),)
    only_cl: ClassVar[float | None] = None
    size: ClassVar[int] = 1
    holds_swapped_labels: ClassVar[bool] = True

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        """Build the fit; `settings` overrides defaults by name, level is ("sigma", n) or ("cl", fraction), pdf is not
        used.
        """
        words = setting.words(cls.name, cls.settings, settings)
        values = {
            name: jnp.asarray(value, dtype=float) for name, value in setting.values(cls.settings, settings).items()
        }
        table = measurements.load(words["data"], words["m_w"])
        known = predictions.predictions(table.observables, table.sqrt_s, table.cos_min, table.cos_max)
        mode, value = level
        return cls(
            predictions=known,
            observed=jnp.asarray(table.residual),
            whitening=_whitening(table),
            standard=None,
            pinned=jnp.asarray([float(name in predictions.POLE) for name in table.observables]),
            machine=jnp.asarray(_machines(np.asarray(known.energy))),
            values=values,
            level=jnp.asarray(value, dtype=float),
            mode=mode,
            words=tuple(words.items()),
            measured_by=tuple(dict.fromkeys(table.references)),
        )

    def prepared(self) -> Self:
        """Return the fit with the Standard Model's tables; they rest on no setting that may vary."""
        known = self.predictions.tabulated()
        if known.pole is None:
            raise ValueError("precision: the predictions are not tabulated")
        coefficients = jax.vmap(self.whitening)(known.pole.coefficients.standard[:, known.order])
        return dataclasses.replace(
            self, predictions=known, standard=expansion.Expansion(coefficients, known.pole.order)
        )

    def at_level(self, mode: str, value: float) -> Self:
        """Return the fit judged at another level."""
        return dataclasses.replace(self, mode=mode, level=jnp.asarray(value, dtype=float))

    def asimov(self) -> Self:
        """Return the fit to data that equal the Standard Model's predictions."""
        return dataclasses.replace(self, observed=jnp.zeros_like(self.observed))

    def with_settings(self, values: Mapping[str, Scalar]) -> Self:
        """Return the fit with some of its numbers replaced."""
        return dataclasses.replace(self, values={**self.values, **values})

    def movable(self) -> dict[str, Scalar]:
        """Return the numbers with respect to which a limit has a derivative: those that the words make use of."""
        used = {"e_min": self._word("cut") == "smooth", "width_over_mass": self._word("dark_width") == "wide"}
        return {name: value for name, value in self.values.items() if used.get(name, True)}

    def sources(self) -> tuple[str, ...]:
        """Return paper B and every measurement's own publication."""
        return self.reference, *self.measured_by

    def needs_hatted_kappa_alone(self) -> bool:
        """Return True with the dark width given; a hard cut makes q jump, which no table holds."""
        return self._word("dark_width") != "model" and self._word("cut") != "hard"

    def with_hatted_table(self, table: hatted_table.HattedTable) -> Self:
        """Return the fit with q from a table."""
        return dataclasses.replace(self, table=table)

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the first reason; it makes a statement wherever the model does."""
        return closed_form.first_reason()

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Return Z' masses at the energies of the colliders, and beside the Z."""
        if axis not in ("m_zprime", "m2"):
            return ()
        energies, spreads = np.asarray(self.predictions.energy), np.asarray(self._spread())
        around = [energy * (1.0 + step * spread) for energy, spread in zip(energies, spreads) for step in _NODES]
        return tuple(around + [sm.M1_REF * (1.0 + sign * step) for step in _NODES_AT_Z for sign in (-1.0, 1.0)])

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " one"]:
        """Return asinh of q, which grows along the mixing like a logarithm; NaN where the fit did not converge."""
        if self.table is not None:
            return jnp.zeros(1, currents.m1.dtype)
        q, converged = self.fit(currents)
        value = jnp.where(converged, jnp.arcsinh(q), jnp.nan)
        return jnp.where(self._dark(currents).exists, value, 0.0)[None]

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " one"]) -> Scalar:
        """Return q; NaN inside the forbidden gap."""
        q = jnp.sinh(slow[0]) if self.table is None else self.table(currents)
        return jnp.where(self._dark(currents).exists, q, jnp.nan)

    def critical_value(self) -> Scalar:
        """Return Delta chi^2 of one parameter: n^2, or 3.84 at 95%."""
        return self.level**2 if self.mode == "sigma" else counts.critical_chi2(self.level)

    def fit(self, currents: neutral_currents.NeutralCurrents) -> tuple[Scalar, Bool[Array, ""]]:
        """Return q of a point, and whether the Standard Model's parameters converged (or q is beyond doubt without
        them).
        """
        reference = self._pulls(self._deviations(jnp.zeros(2, currents.m1.dtype), currents))
        weights, data = self._weights(reference), self._pulls(self.observed)
        if self._word("sm_inputs") == "fixed":
            return jnp.sum(weights * reference * (reference - 2.0 * data)), jnp.asarray(True)
        linear = self._linearised(reference, data, weights)
        if self._word("sm_inputs") == "linearised":
            return linear, jnp.asarray(True)
        mixed, alone, converged = self._minima(currents, reference, data, weights)
        # (a - b)(a + b), not a^2 - b^2: q is small where both sums are some 300
        q = jnp.sum(weights * (mixed - alone) * (mixed + alone))
        beyond_doubt = (linear > _BEYOND_DOUBT) & (jnp.abs(self._dark(currents).scale) > _BESIDE_Z)
        return jnp.where(converged, q, linear), converged | beyond_doubt

    def pulls(self, currents: neutral_currents.NeutralCurrents) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """sqrt(w) times the decorrelated residuals at the best fits with and without mixing: the squares sum to the two
        chi^2.
        """
        reference = self._pulls(self._deviations(jnp.zeros(2, currents.m1.dtype), currents))
        weights = self._weights(reference)
        mixed, alone, _ = self._minima(currents, reference, self._pulls(self.observed), weights)
        return jnp.sqrt(weights) * mixed, jnp.sqrt(weights) * alone

    def _minima(
        self,
        currents: neutral_currents.NeutralCurrents,
        reference: Float[Array, " n"],
        data: Float[Array, " n"],
        weights: Float[Array, " n"],
    ) -> tuple[Float[Array, " n"], Float[Array, " n"], Bool[Array, ""]]:
        """Decorrelated residuals at the minima with and without mixing, and whether both converged. Derivatives hold
        the Standard Model's parameters at their best values, as the envelope theorem allows for the chi^2.
        """
        frozen, held, start = jax.lax.stop_gradient((currents, weights, reference))

        def mixed(theta: Float[Array, " two"], point: neutral_currents.NeutralCurrents) -> Float[Array, " n"]:
            return self._pulls(self._deviations(theta, point)) - data

        def alone(theta: Float[Array, " two"]) -> Float[Array, " n"]:
            return self._tabulated()(theta) - data

        def search(residuals: Callable, first: Float[Array, " n"]) -> least_squares.Fit:
            step, _ = least_squares.linear_step(first - data, self._slope(), held)
            return least_squares.gauss_newton(residuals, held, step, steps=_STEPS, tolerance=_TOLERANCE)

        best, best_alone = search(lambda theta: mixed(theta, frozen), start), search(alone, jnp.zeros_like(start))
        converged = best.converged & best_alone.converged
        # where it did not converge nothing is known of the place, not even that it is finite
        return (
            mixed(jnp.where(converged, best.place, 0.0), currents),
            alone(jnp.where(converged, best_alone.place, 0.0)),
            converged,
        )

    def _linearised(
        self, reference: Float[Array, " n"], data: Float[Array, " n"], weights: Float[Array, " n"]
    ) -> Scalar:
        """q with the deviations linear in the Standard Model's parameters."""
        mixed, alone = (
            least_squares.linear_step(residual, self._slope(), weights)[1] for residual in (reference - data, -data)
        )
        return jnp.sum(weights * reference * (reference - 2.0 * data)) - mixed + alone

    def _slope(self) -> Float[Array, "two n"]:
        """Decorrelated d delta_th/d theta of the Standard Model."""
        return self._tabulated().coefficients[1:3]

    def _tabulated(self) -> expansion.Expansion:
        if self.standard is None:
            raise ValueError("precision: found no tables; call prepared() first")
        return self.standard

    def _pulls(self, deviations: Float[Array, " n"]) -> Float[Array, " n"]:
        return self.whitening(deviations)

    def _weights(self, expected: Float[Array, " n"]) -> Float[Array, " n"]:
        """Weights by expected significance in standard deviations: a step at e_min, or x^4/(1 + x^4) with x =
        E/e_min.
        """
        cut = self._word("cut")
        if cut == "none":
            return jnp.ones_like(expected)
        square = (expected / self.values["e_min"]) ** 2
        weight = jnp.where(square > 1.0, 1.0, 0.0) if cut == "hard" else square**2 / (1.0 + square**2)
        return jnp.maximum(weight, self.pinned)

    def _deviations(
        self, theta: Float[Array, " two"], currents: neutral_currents.NeutralCurrents
    ) -> Float[Array, " n"]:
        resonance = 0.0 if self._word("resonance") == "interference" else 1.0
        return self.predictions.deviations(
            theta, currents, predictions.Conditions(self._width(), self._spread(), resonance)
        )

    def _spread(self) -> Float[Array, " energies"]:
        return jnp.stack([self.values[name] for name in ("spread_lep1", "spread_lep2", "spread_low")]) @ self.machine

    def _width(self) -> Scalar | None:
        words = {"wide": self.values["width_over_mass"], "narrow": jnp.zeros_like(self.level), "model": None}
        return words[self._word("dark_width")]

    def _dark(self, currents: neutral_currents.NeutralCurrents) -> feedback.Feedback:
        model = sm.standard_model(jnp.zeros(2, currents.m1.dtype))
        return feedback.feedback(currents, model.m1, model.weak, self._width())

    def _word(self, name: str) -> str:
        return dict(self.words)[name]


def _whitening(table: measurements.Measurements) -> Whitening:
    """Blocks of consecutive rows of one table."""
    blocks = []
    for name in dict.fromkeys(table.tables):
        rows = [i for i, each in enumerate(table.tables) if each == name]
        correlation, error = table.correlation[np.ix_(rows, rows)], table.relative_error[rows]
        if np.array_equal(correlation, np.eye(len(rows))):
            blocks.append(jnp.asarray(1.0 / error))
        else:
            blocks.append(jnp.asarray(np.linalg.inv(np.linalg.cholesky(correlation)) / error))
    return Whitening(tuple(blocks))


def _machines(energy: np.ndarray) -> Float[np.ndarray, "machines energies"]:
    """One row a machine, in the order of the spreads: ones where an energy is its own."""
    at_pole = np.arange(energy.size) < line_shape.ENERGIES.size
    low = ~at_pole & (energy < _LOW_ENERGIES)
    return np.stack([at_pole, ~at_pole & ~low, low]).astype(float)
