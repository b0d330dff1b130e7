"""The anomalous magnetic moments of the muon and of the electron against the Standard Model, with the data of several
years.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import equinox as eqx
from jaxtyping import Array, Float, Int, Scalar

from jaxmix import constants
from jaxmix.constraints.base import closed_form, one_measurement, setting
from jaxmix.currents import neutral_currents
from jaxmix.data import tables
from jaxmix.electroweak import anomalous_moment

_TABLE = "anomalous_moments.csv"
_UNIT = 1e-12  # of the table
_SMALLEST_KAPPA = 1e-6  # below it the change is kappa^2 times a constant, to 1e-12


class MagneticMoment(one_measurement.OneMeasurement):
    """A lepton's a = (g - 2)/2; delta is the point's change of a."""

    vintage: str = eqx.field(static=True)

    lepton: ClassVar[constants.Fermion]
    name: ClassVar[str]
    label: ClassVar[str] = ""
    data_reference: ClassVar[str] = ""
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = "any phase, with or without an mCP; the Holdom phase is left free"
    needs: ClassVar[tuple[str, ...]] = ()
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("cl", 0.95),)
    only_cl: ClassVar[float | None] = None
    holds_swapped_labels: ClassVar[bool] = True  # Z and Z' enter as a sum
    size: ClassVar[int] = 1

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        """Build the measurement of a vintage (the newest by default); level is ("sigma", n) or ("cl", fraction), pdf is
        not used.
        """
        vintage = setting.words(cls.name, cls.settings, settings)["vintage"]
        row = _row(cls.lepton, vintage)
        errors = row["experiment_error"], row["standard_model_error"]
        fields = one_measurement.fields(row["experiment"], row["standard_model"], errors, _UNIT, level)
        return cls(**fields, vintage=vintage)

    def sources(self) -> tuple[str, ...]:
        """Return the measurement of the vintage and its Standard Model value."""
        row = _row(self.lepton, self.vintage)
        return str(row["experiment_source"]), str(row["standard_model_source"])

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """Return nothing: it is smooth."""
        return ()

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """Return the first reason; it makes a statement wherever the model does."""
        return closed_form.first_reason()

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


def _row(lepton: constants.Fermion, vintage: str) -> dict[str, Any]:
    """The table's row of a lepton and a vintage, by column."""
    columns = tables.read_csv(_TABLE).columns
    (place,) = ((columns["lepton"] == lepton.name) & (columns["vintage"] == vintage)).nonzero()[0]
    return {name: column[place] for name, column in columns.items()}


def _vintages(lepton: constants.Fermion, meaning: str) -> dict[str, setting.Setting]:
    """The setting `vintage`: the rows of the table; the default comes first."""
    columns = tables.read_csv(_TABLE).columns
    known = tuple(str(each) for each in columns["vintage"][columns["lepton"] == lepton.name])
    return {"vintage": setting.Setting(known[0], meaning, choices=known)}


_MUON, _ELECTRON = (next(fermion for fermion in constants.FERMIONS if fermion.name == name) for name in ("mu", "e"))


class MuonMagneticMoment(MagneticMoment):
    """a_mu; the Standard Model's value moved more between the vintages than the measured one."""

    name: ClassVar[str] = "g_minus_2_mu"
    title: ClassVar[str] = "Anomalous magnetic moment of the muon"
    reference: ClassVar[str] = (
        "D.P. Aguillard et al., Phys. Rev. Lett. 135 (2025) 101802; R. Aliberti et al., Phys. Rept. 1143 (2025) 1"
    )
    lepton: ClassVar[constants.Fermion] = _MUON
    settings: ClassVar[Mapping[str, setting.Setting]] = _vintages(
        _MUON, "of the measurement and its Standard Model value"
    )


class ElectronMagneticMoment(MagneticMoment):
    """a_e; its Standard Model value rests on which measurement of alpha is taken."""

    name: ClassVar[str] = "g_minus_2_e"
    title: ClassVar[str] = "Anomalous magnetic moment of the electron"
    reference: ClassVar[str] = (
        "X. Fan et al., Phys. Rev. Lett. 130 (2023) 071801; L. Morel et al., Nature 588 (2020) 61"
    )
    lepton: ClassVar[constants.Fermion] = _ELECTRON
    settings: ClassVar[Mapping[str, setting.Setting]] = _vintages(
        _ELECTRON, "the atom, or the year, of the alpha it is compared at"
    )
