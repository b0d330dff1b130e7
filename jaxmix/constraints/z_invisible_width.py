"""The invisible width of the Z against the Standard Model's three neutrinos: what is left for pairs of mCPs."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from jaxmix import constants, mixing, neutral_currents, statistics, tables
from jaxmix.constraints import closed_form

Scalar = Float[Array, ""]

_TABLE = "z_invisible_width.csv"
_UNIT = 1e-3  # GeV, of the table
_MODES = ("sigma", "cl")
_OVERLAP = 2.5  # GeV, Gamma_Z: nearer to the Z the two lines overlap, and a mass eigenstate is not what was measured
_NEAR_Z = 1  # position in `reasons`


class ZInvisibleWidth(closed_form.ClosedForm):
    """Gamma(Z -> psi psi) against Gamma_inv = 499.0 +- 1.5 MeV and the Standard Model's 501.66 MeV: q = chi^2(point) - chi^2(kappa = 0).

    q = delta (delta - 2 pull), delta the width into mCPs and pull the measured width less the Standard Model's (-1.8), both in
    standard deviations of the two together. With the exact coupling of the physical Z; to order kappa^2 and for T3' = 0 it is
        Gamma = kappa^2 sW^2 e'^2 Q'^2 m_Z/(12 pi) [cW' + sW'^2/cW' M1^2/(M1^2 - M2^2)]^2 (1 + 2 x) sqrt(1 - 4 x),  x = (m_mcp/m_Z)^2.
    Charges that the detectors saw are not invisible: for those the searches for fractional charges speak.
    """

    pull: Scalar
    error: Scalar  # GeV
    values: dict[str, Scalar]
    level: Scalar
    mode: str = eqx.field(static=True)

    name: ClassVar[str] = "z_invisible_width"
    title: ClassVar[str] = "Invisible width of the Z"
    reference: ClassVar[str] = "ALEPH, DELPHI, L3, OPAL, SLD, Phys. Rept. 427 (2006) 257, arXiv:hep-ex/0509008"
    kind: ClassVar[str] = "measured"
    domain: ClassVar[str] = "m_mcp given, any phase; nothing is excluded for m_mcp > m_Z/2; no statement for a Z' within Gamma_Z of the Z"
    reasons: ClassVar[tuple[str, ...]] = ("no_statement", "zprime_overlaps_z")
    holds_swapped_labels: ClassVar[bool] = True  # it asks for the Z alone

    @classmethod
    def build(cls, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> "ZInvisibleWidth":
        """The measurement; level is ("sigma", n) or ("cl", fraction), pdf is not used."""
        columns = tables.read_csv(_TABLE).columns
        (measured, predicted), errors = columns["width"], columns["error"]
        error = float(errors[0] ** 2 + errors[1] ** 2) ** 0.5
        pull, width = (jnp.asarray(number, dtype=float) for number in ((measured - predicted) / error, _UNIT * error))
        return cls(pull, width, {}, jnp.asarray(level[1], dtype=float), _checked(level[0]))

    def at_level(self, mode: str, value: float) -> "ZInvisibleWidth":
        """The same measurement judged at another level."""
        return dataclasses.replace(self, level=jnp.asarray(value, dtype=float), mode=_checked(mode))

    def asimov(self) -> "ZInvisibleWidth":
        """The same precision with data that equal the Standard Model."""
        return dataclasses.replace(self, pull=jnp.zeros_like(self.pull))

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

    def test_statistic(self, currents: neutral_currents.NeutralCurrents, slow: Float[Array, " one"]) -> Scalar:
        """q = delta (delta - 2 pull); NaN where Z and Z' overlap."""
        _, z, zprime = neutral_currents.states(currents)
        delta = neutral_currents.width_to_mcp(currents, z) / self.error
        return jnp.where(_overlap(currents, z, zprime), jnp.nan, delta * (delta - 2.0 * self.pull))

    def critical_value(self) -> Scalar:
        """n^2 in mode "sigma", Delta chi^2 of one parameter in mode "cl"."""
        return statistics.critical_sigma(self.level) if self.mode == "sigma" else statistics.critical_chi2(self.level)


def _checked(mode: str) -> str:
    if mode not in _MODES:
        raise ValueError(f"z_invisible_width: the level's mode must be one of {_MODES}, got {mode!r}.")
    return mode


def _overlap(currents: neutral_currents.NeutralCurrents, z: mixing.Eigenstate, zprime: mixing.Eigenstate) -> Bool[Array, ""]:
    """Whether the two lines overlap; in the Holdom phase there is no second one."""
    return (jnp.abs(zprime.mass - z.mass) < _OVERLAP) & (currents.dark.sin != 0.0)
