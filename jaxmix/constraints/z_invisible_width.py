"""The invisible width of the Z against the Standard Model's three neutrinos: what is left for pairs of mCPs."""

from collections.abc import Mapping
from typing import ClassVar, Self

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Scalar

from jaxmix import constants
from jaxmix.constraints.base import closed_form, one_measurement
from jaxmix.constraints.base.setting import Setting
from jaxmix.currents import mixing, neutral_currents
from jaxmix.data import tables

_TABLE = "z_invisible_width.csv"
_UNIT = 1e-3  # GeV, of the table
_OVERLAP = 2.5  # GeV, Gamma_Z: nearer to the Z the two lines overlap, and a mass eigenstate is not what was measured
_NEAR_Z = 1  # position in `reasons`


class ZInvisibleWidth(one_measurement.OneMeasurement):
    """Gamma(Z -> psi psi) against Gamma_inv = 499.0 +- 1.5 MeV and the Standard Model's 501.66 MeV: q = chi^2(point) -
    chi^2(kappa = 0).

    delta is the width into mCPs, the pull -1.8. With the exact coupling of the physical Z; to order kappa^2 and for T3'
    = 0 it is
        Gamma = kappa^2 sW^2 e'^2 Q'^2 m_Z/(12 pi) [cW' + sW'^2/cW' M1^2/(M1^2 - M2^2)]^2 (1 + 2 x) sqrt(1 - 4 x),  x =
        (m_mcp/m_Z)^2.
    Charges that the detectors saw are not invisible: for those the searches for fractional charges speak.
    """

    name: ClassVar[str] = "z_invisible_width"
    title: ClassVar[str] = "Invisible width of the Z"
    reference: ClassVar[str] = "ALEPH, DELPHI, L3, OPAL, SLD, Phys. Rept. 427 (2006) 257, arXiv:hep-ex/0509008"
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = (
        "m_mcp given, any phase; nothing is excluded for m_mcp > m_Z/2; no statement for a Z' within Gamma_Z of the Z"
    )
    label: ClassVar[str] = ""
    data_reference: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, Setting]] = {}
    needs: ClassVar[tuple[str, ...]] = ("m_mcp",)
    levels: ClassVar[tuple[tuple[str, float], ...]] = (("cl", 0.95),)
    only_cl: ClassVar[float | None] = None
    size: ClassVar[int] = 0
    reasons: ClassVar[tuple[str, ...]] = ("no_statement", "zprime_overlaps_z")
    holds_swapped_labels: ClassVar[bool] = True  # it asks for the Z alone

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> Self:
        """Build the measurement; level is ("sigma", n) or ("cl", fraction), pdf is not used."""
        columns = tables.read_csv(_TABLE).columns
        (measured, predicted), errors = columns["width"], columns["error"]
        return cls(**one_measurement.fields(measured, predicted, (errors[0], errors[1]), _UNIT, level))

    def sources(self) -> tuple[str, ...]:
        """Return its reference."""
        return (self.reference,)

    def slow(self, currents: neutral_currents.NeutralCurrents) -> Float[Array, " nothing"]:
        """Return an empty array: the statistic is a closed form."""
        return closed_form.empty(currents)

    def features(self, axis: str, held: Mapping[str, float]) -> tuple[float, ...]:
        """The threshold of the Z's decay, about, and where the Z' begins to overlap the Z."""
        m1 = held.get("m1", constants.M1)
        if axis == "m_mcp":
            return (m1 / 2,)
        return (m1 - _OVERLAP, m1 + _OVERLAP) if axis in ("m_zprime", "m2") else ()

    def reason(self, currents: neutral_currents.NeutralCurrents) -> Int[Array, ""]:
        """The Z' lies on the Z."""
        _, z, zprime = neutral_currents.states(currents)
        return jnp.where(_overlap(currents, z, zprime), _NEAR_Z, 0)

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " nothing"]) -> Scalar:
        """q = delta (delta - 2 pull); NaN where Z and Z' overlap."""
        _, z, zprime = neutral_currents.states(currents)
        delta = neutral_currents.width_to_mcp(currents, z) / self.error
        return jnp.where(_overlap(currents, z, zprime), jnp.nan, self.statistic(delta))


def _overlap(
    currents: neutral_currents.NeutralCurrents, z: mixing.Eigenstate, zprime: mixing.Eigenstate
) -> Bool[Array, ""]:
    """Whether the two lines overlap; in the Holdom phase there is no second one."""
    return (jnp.abs(zprime.mass - z.mass) < _OVERLAP) & (~currents.sector.decoupled)
