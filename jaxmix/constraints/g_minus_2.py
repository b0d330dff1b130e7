"""The anomalous magnetic moments of the muon and of the electron against the Standard Model, with the data of several years."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxmix import constants, neutral_currents, statistics, tables
from jaxmix.constraints import abstract
from jaxmix.electroweak import anomalous_moment

Scalar = Float[Array, ""]

_TABLE = "anomalous_moments.csv"
_UNIT = 1e-12  # of the table
_MODES = ("sigma", "cl")
_SMALLEST_KAPPA = 1e-6  # below it the change is kappa^2 times a constant, to 1e-12


class MagneticMoment(abstract.AbstractConstraint):
    """One Gaussian measurement of a lepton's a = (g - 2)/2, judged by q = chi^2(point) - chi^2(kappa = 0).

    q = delta (delta - 2 pull), with delta the point's change of a and pull the measured value less the Standard Model's, both in standard
    deviations of the two values together. q is negative where the mixing describes the data better than the Standard Model.
    """

    pull: Scalar
    error: Scalar
    values: dict[str, Scalar]
    level: Scalar
    mode: str = eqx.field(static=True)
    vintage: str = eqx.field(static=True)

    lepton: ClassVar[constants.Fermion]
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = "any phase, with or without an mCP; the Holdom phase is left free"
    settings: ClassVar[tuple[str, ...]] = ()
    choices: ClassVar[tuple[str, ...]] = ("vintage",)
    size: ClassVar[int] = 1
    holds_swapped_labels: ClassVar[bool] = True  # Z and Z' enter as a sum

    @classmethod
    def vintages(cls) -> dict[str, tuple[float, float]]:
        """Measured less Standard Model value and the error of the two together, by vintage; the default comes first."""
        columns = tables.read_csv(_TABLE).columns
        found = {}
        for i in (columns["lepton"] == cls.lepton.name).nonzero()[0]:
            measured, predicted = columns["experiment"][i], columns["standard_model"][i]
            error = (columns["experiment_error"][i] ** 2 + columns["standard_model_error"][i] ** 2) ** 0.5
            found[str(columns["vintage"][i])] = (_UNIT * float(measured - predicted), _UNIT * float(error))
        return found

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> "MagneticMoment":
        """The measurement of a vintage (the newest by default); level is ("sigma", n) or ("cl", fraction), pdf is not used."""
        known = cls.vintages()
        vintage = str(settings.get("vintage", next(iter(known))))
        if vintage not in known:
            raise ValueError(f"{cls.name}: vintage: found {vintage!r}; allowed: {', '.join(known)}.")
        difference, error = known[vintage]
        pull, error = (jnp.asarray(number, dtype=float) for number in (difference / error, error))
        return cls(pull, error, {}, *_level(cls.name, *level), vintage)

    def prepared(self) -> "MagneticMoment":
        """Itself: nothing is tabulated."""
        return self

    def at_level(self, mode: str, value: float) -> "MagneticMoment":
        """The same measurement judged at another level."""
        level, mode = _level(self.name, mode, value)
        return dataclasses.replace(self, level=level, mode=mode)

    def asimov(self) -> "MagneticMoment":
        """The same precision with data that equal the Standard Model."""
        return dataclasses.replace(self, pull=jnp.zeros_like(self.pull))

    def with_settings(self, values: Mapping[str, Scalar]) -> "MagneticMoment":
        """Itself: it has no numbers to set."""
        return dataclasses.replace(self, values={**self.values, **values})

    def movable(self) -> dict[str, Scalar]:
        """Nothing."""
        return dict(self.values)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """None: a loop knows no thresholds or resonances of the Z'."""
        return ()

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " one"]:
        """The change of a over kappa^2 in standard deviations of the measurement, which keeps its size along the mixing."""
        kappa = jnp.where(jnp.abs(currents.kappa) < _SMALLEST_KAPPA, _SMALLEST_KAPPA, currents.kappa)
        shift = anomalous_moment.shift(dataclasses.replace(currents, kappa=kappa), self.lepton)
        return (shift / self.error / kappa**2)[None]

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " one"]) -> Scalar:
        """q = delta (delta - 2 pull), delta = slow kappa^2."""
        delta = slow[0] * currents.kappa**2
        return delta * (delta - 2.0 * self.pull)

    def critical_value(self) -> Scalar:
        """n^2 in mode "sigma", Delta chi^2 of one parameter in mode "cl"."""
        return statistics.critical_sigma(self.level) if self.mode == "sigma" else statistics.critical_chi2(self.level)


class MuonMagneticMoment(MagneticMoment):
    """a_mu; the Standard Model's value moved more between the vintages than the measured one."""

    name: ClassVar[str] = "g_minus_2_mu"
    title: ClassVar[str] = "Anomalous magnetic moment of the muon"
    reference: ClassVar[str] = "D.P. Aguillard et al., Phys. Rev. Lett. 135 (2025) 101802; R. Aliberti et al., Phys. Rept. 1143 (2025) 1"
    lepton: ClassVar[constants.Fermion] = next(fermion for fermion in constants.FERMIONS if fermion.name == "mu")


class ElectronMagneticMoment(MagneticMoment):
    """a_e; its Standard Model value rests on which measurement of alpha is taken."""

    name: ClassVar[str] = "g_minus_2_e"
    title: ClassVar[str] = "Anomalous magnetic moment of the electron"
    reference: ClassVar[str] = "X. Fan et al., Phys. Rev. Lett. 130 (2023) 071801; L. Morel et al., Nature 588 (2020) 61"
    lepton: ClassVar[constants.Fermion] = next(fermion for fermion in constants.FERMIONS if fermion.name == "e")


def _level(name: str, mode: str, value: float) -> tuple[Scalar, str]:
    if mode not in _MODES:
        raise ValueError(f"{name}: the level's mode must be one of {_MODES}, got {mode!r}.")
    return jnp.asarray(value, dtype=float), mode
