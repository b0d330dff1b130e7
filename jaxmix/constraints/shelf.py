"""The experiments by the names that configs and commands use.

| name | file | kind |
|---|---|---|
| mcp_lhc | mcp_lhc.py | projected |
| precision | precision.py | measured |
| g_minus_2_mu | g_minus_2.py | measured |
| g_minus_2_e | g_minus_2.py | measured |
| combined | combination.py | measured |
| z_invisible_width | z_invisible_width.py | measured |
| landau_pole | landau_pole.py | theory |
| relic_density | relic.py | theory |
| n_eff | n_eff.py | theory |
| a table of data/limits each | published.py | published or projected |
"""

from collections.abc import Mapping

from jaxmix import faults
from jaxmix.constraints import (
    combined,
    g_minus_2,
    landau_pole,
    mcp_lhc,
    n_eff,
    precision,
    relic_density,
    z_invisible_width,
)
from jaxmix.constraints.base import abstract
from jaxmix.constraints.published import members

SHELF: dict[str, type[abstract.AbstractConstraint]] = {
    "mcp_lhc": mcp_lhc.MillichargeDetector,
    "precision": precision.Precision,
    "g_minus_2_mu": g_minus_2.MuonMagneticMoment,
    "g_minus_2_e": g_minus_2.ElectronMagneticMoment,
    "combined": combined.Combined,
    "z_invisible_width": z_invisible_width.ZInvisibleWidth,
    "landau_pole": landau_pole.LandauPole,
    "relic_density": relic_density.RelicDensity,
    "n_eff": n_eff.EffectiveNeutrinos,
    **members.members(),
}


def build(
    name: str, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None
) -> abstract.AbstractConstraint:
    """A constraint of the shelf with its settings by name (others at their defaults).

    level: ("sigma", n) or ("cl", fraction). pdf: an LHAPDF6 folder in place of the package's parton luminosities.
    Raises BadInput for settings that no experiment can have, for a level at which a limit was not published, and for a
    folder that is no LHAPDF6 set.
    """
    try:
        return SHELF[name].build(settings, level, pdf)
    except ValueError as fault:
        raise faults.BadInput(str(fault)) from fault


def level(name: str, cl: float) -> tuple[str, float]:
    """The level at which a constraint is judged where the confidence level cl is asked for: its own, if it has no
    other.
    """
    only = SHELF[name].only_cl
    return "cl", cl if only is None else only


def expected(constraint: abstract.AbstractConstraint) -> abstract.AbstractConstraint:
    """The constraint judged by data that equal their expectation without mixing; BadInput where no such data are
    published.
    """
    try:
        return constraint.asimov()
    except ValueError as fault:
        raise faults.BadInput(f"--expected: {fault}") from fault
