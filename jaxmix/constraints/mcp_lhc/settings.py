"""The settings of the millicharge detector. No jax here."""

from jaxmix import constants
from jaxmix.constraints.base.setting import DesignRange, Setting
from jaxmix.detector.proposal import CHARGE_ONE_PHOTOELECTRON, EFFICIENCY, LIGHT_YIELD, THICKNESS

PARTICLES = ("one", "two", "same_bar")  # mCPs that make an event: one, both in different bars, both in one
_SMALL, _LARGE = 1e-12, 1e12

SETTINGS = {
    "particles": Setting(
        "one", "mCPs that make an event; two: in different bars, same_bar: both in one", choices=PARTICLES
    ),
    "side": Setting(1.0, "of the square face", "m", above=0, design=DesignRange(1e-3, 1e3, "side")),
    "distance": Setting(
        20.0, "from the interaction point to the face", "m", above=0, design=DesignRange(1e-2, 1e4, "distance")
    ),
    "eta": Setting(
        0.0,
        "pseudorapidity of the face's centre",
        least=-10,
        most=10,
        design=DesignRange(-10.0, 10.0, r"$\eta$", linear=True),
    ),
    "bars_across": Setting(20, "bars along a side of the face, which tell two mCPs apart", least=2, most=1000),
    "layers": Setting(3, "in coincidence", least=1, most=16, design=DesignRange(1.0, 16.0, "layers", both_sides=True)),
    "charge_one_photoelectron": Setting(
        CHARGE_ONE_PHOTOELECTRON,
        "epsilon_gamma of one photoelectron a layer, at 1.4 m, 1e4 photons/MeV and 10%",
        above=0,
        most=10,
    ),
    "thickness": Setting(THICKNESS, "of a layer", "m", above=0, design=DesignRange(1e-4, 1e3, "thickness")),
    "light_yield": Setting(
        LIGHT_YIELD, "of the scintillator", "photons/MeV", above=0, design=DesignRange(1.0, 1e7, "light yield")
    ),
    "efficiency": Setting(
        EFFICIENCY, "photoelectrons per photon", above=0, most=1, design=DesignRange(1e-6, 1.0, "efficiency")
    ),
    "intrinsic_momentum": Setting(
        constants.INTRINSIC_MOMENTUM,
        "of a pair from the partons' own motion, root mean square",
        "GeV",
        least=0,
        most=10,
    ),
    "k_factor": Setting(1.0, "on the Drell-Yan cross section", above=0),
    "scale": Setting(1.0, "factorisation scale over the pair's mass", least=0.5, most=2),
    "pdf_shift": Setting(0.0, "of the luminosities, in standard deviations between sets of distributions"),
    "quarkonium_scale": Setting(0.0, "ln of the factor on quarkonium cross sections"),
    "light_meson_scale": Setting(0.0, "ln of the factor on light-meson cross sections"),
    "rate": Setting(
        0.0,
        "of dark counts of one layer of one bar",
        "Hz",
        least=0,
        table="background",
        required=True,
        design=DesignRange(_SMALL, _LARGE, "dark rate"),
    ),
    "window": Setting(
        15e-9,
        "of the coincidence",
        "s",
        above=0,
        table="background",
        needs="rate",
        design=DesignRange(_SMALL, 1.0, "window"),
    ),
    "bars": Setting(
        1,
        "number of bars that may fake a signal",
        least=1,
        table="background",
        needs="rate",
        design=DesignRange(1.0, 1e9, "bars"),
    ),
    "live_time": Setting(1.5e7, "of data taking", "s", above=0, table="background", needs="rate"),
}
