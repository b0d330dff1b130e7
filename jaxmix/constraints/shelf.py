"""The experiments by the names that configs and commands use.

| name | file | kind |
|---|---|---|
| mcp_lhc | mcp_lhc.py | projected |
| precision | precision.py | measured |
| g_minus_2_mu | g_minus_2.py | measured |
| g_minus_2_e | g_minus_2.py | measured |
"""

from collections.abc import Mapping

from jaxmix import faults
from jaxmix.constraints import abstract, g_minus_2, mcp_lhc, precision

SHELF: dict[str, type[abstract.AbstractConstraint]] = {
    "mcp_lhc": mcp_lhc.MillichargeDetector,
    "precision": precision.Precision,
    "g_minus_2_mu": g_minus_2.MuonMagneticMoment,
    "g_minus_2_e": g_minus_2.ElectronMagneticMoment,
}


def build(name: str, settings: Mapping[str, float | str], level: tuple[str, float], pdf: str | None = None) -> abstract.AbstractConstraint:
    """A constraint of the shelf with its settings by name (others at their defaults).

    level: ("sigma", n) or ("cl", fraction). pdf: an LHAPDF6 folder in place of the package's parton luminosities. Raises BadInput
    for settings that no experiment can have, and for a folder that is no LHAPDF6 set.
    """
    try:
        return SHELF[name].build(settings, level, pdf)
    except ValueError as fault:
        raise faults.BadInput(str(fault)) from fault
