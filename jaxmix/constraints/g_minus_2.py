"""The anomalous magnetic moments of the muon and of the electron against the Standard Model, with the data of several
years.
"""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from jaxmix import constants
from jaxmix.constraints.base import one_measurement
from jaxmix.currents import neutral_currents
from jaxmix.data import tables
from jaxmix.electroweak import anomalous_moment

Scalar = Float[Array, ""]

_TABLE = "anomalous_moments.csv"
_UNIT = 1e-12  # of the table
_SMALLEST_KAPPA = 1e-6  # below it the change is kappa^2 times a constant, to 1e-12


class MagneticMoment(one_measurement.OneMeasurement):
    """A lepton's a = (g - 2)/2; delta is the point's change of a."""

    vintage: str = eqx.field(static=True)

    lepton: ClassVar[constants.Fermion]
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = "any phase, with or without an mCP; the Holdom phase is left free"
    choices: ClassVar[tuple[str, ...]] = ("vintage",)
    holds_swapped_labels: ClassVar[bool] = True  # Z and Z' enter as a sum
    size: ClassVar[int] = 1

    @classmethod
    def vintages(cls) -> dict[str, int]:
        """The rows of the table by vintage; the default comes first."""
        columns = tables.read_csv(_TABLE).columns
        return {str(columns["vintage"][i]): int(i) for i in (columns["lepton"] == cls.lepton.name).nonzero()[0]}

    @classmethod
    def build(
        cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
    ) -> "MagneticMoment":
        """The measurement of a vintage (the newest by default); level is ("sigma", n) or ("cl", fraction), pdf is not
        used.
        """
        known = cls.vintages()
        vintage = str(settings.get("vintage", next(iter(known))))
        if vintage not in known:
            raise ValueError(f"{cls.name}: vintage: found {vintage!r}; allowed: {', '.join(known)}.")
        row = {name: column[known[vintage]] for name, column in tables.read_csv(_TABLE).columns.items()}
        errors = row["experiment_error"], row["standard_model_error"]
        return cls(*one_measurement.fields(row["experiment"], row["standard_model"], errors, _UNIT, level), vintage)

    def sources(self) -> tuple[str, ...]:
        """The measurement of the vintage and its Standard Model value."""
        columns, row = tables.read_csv(_TABLE).columns, self.vintages()[self.vintage]
        return tuple(str(columns[name][row]) for name in ("experiment_source", "standard_model_source"))

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " one"]:
        """The change of a over kappa^2 in standard deviations of the measurement, which keeps its size along the
        mixing.
        """
        currents = currents.at_least(_SMALLEST_KAPPA)
        shift = anomalous_moment.shift(currents, self.lepton)
        return (shift / self.error / currents.strength**2)[None]

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " one"]) -> Scalar:
        """q, with delta = slow kappa^2."""
        return self.statistic(slow[0] * currents.strength**2)


class MuonMagneticMoment(MagneticMoment):
    """a_mu; the Standard Model's value moved more between the vintages than the measured one."""

    name: ClassVar[str] = "g_minus_2_mu"
    title: ClassVar[str] = "Anomalous magnetic moment of the muon"
    reference: ClassVar[str] = (
        "D.P. Aguillard et al., Phys. Rev. Lett. 135 (2025) 101802; R. Aliberti et al., Phys. Rept. 1143 (2025) 1"
    )
    lepton: ClassVar[constants.Fermion] = next(fermion for fermion in constants.FERMIONS if fermion.name == "mu")


class ElectronMagneticMoment(MagneticMoment):
    """a_e; its Standard Model value rests on which measurement of alpha is taken."""

    name: ClassVar[str] = "g_minus_2_e"
    title: ClassVar[str] = "Anomalous magnetic moment of the electron"
    reference: ClassVar[str] = (
        "X. Fan et al., Phys. Rev. Lett. 130 (2023) 071801; L. Morel et al., Nature 588 (2020) 61"
    )
    lepton: ClassVar[constants.Fermion] = next(fermion for fermion in constants.FERMIONS if fermion.name == "e")
