"""The settings of the electroweak precision measurements. No jax here."""

from jaxmix.constraints.base.setting import Setting

_SPREAD = 0.05  # largest spread of a beam's energy, relative

SETTINGS = {
    "data": Setting(
        "current", "the measurements: those of today, or those that were known in 2010", choices=("current", "2010")
    ),
    "m_w": Setting(
        "current", "the W mass among them, of today or as it was known in 2010", choices=("current", "2010")
    ),
    "dark_width": Setting(
        "wide",
        "of the Z2: width_over_mass times m_zprime, none, or that into mCPs",
        choices=("wide", "narrow", "model"),
    ),
    # paper B, eq. (13)
    "width_over_mass": Setting(0.01, "dark width over m_zprime, where it is wide", least=0),
    "cut": Setting(
        "smooth",
        "how measurements that a point moves by less than e_min are left out",
        choices=("smooth", "hard", "none"),
    ),
    # paper B, eq. (19)
    "e_min": Setting(0.5, "shift in standard deviations from which a measurement enters", above=0),
    "sm_inputs": Setting(
        "profiled",
        "alpha(m_Z) and sin^2 theta_W: fitted, fitted to first order, or held",
        choices=("profiled", "linearised", "fixed"),
    ),
    "resonance": Setting(
        "full",
        "what of a Z' at the beams' energy: everything, or its interference alone",
        choices=("full", "interference"),
    ),
    "spread_lep1": Setting(6e-4, "beam-energy spread over sqrt(s) at the Z pole", least=0, most=_SPREAD),
    "spread_lep2": Setting(1e-3, "beam-energy spread over sqrt(s) above the Z pole", least=0, most=_SPREAD),
    "spread_low": Setting(1e-3, "beam-energy spread over sqrt(s) below the Z pole", least=0, most=_SPREAD),
}
