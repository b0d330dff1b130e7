"""Figure 3: the mixing that electroweak precision measurements exclude against the Z' mass, for a wide and a narrow Z'.

    python figures/fig3_precision.py [--data 2010|current] [--out FOLDER]

As in figure 2 of paper B, by default with the data of its time: Okun phase, 95% CL (q > 3.84), alpha(m_Z) and sin^2
theta_W profiled. Wide: a dark width of 1% of the mass; narrow: none. Inset: at the Z pole, against the Lagrangian mass,
in which nothing is singular. Grey: the bound from the muon's magnetic moment.
"""

import okun
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jaxmix import constants, engine
from jaxmix.constraints import shelf
from jaxmix.plots import style

STEM = "fig3_precision"
MASSES, MIXINGS = (0.1, 1000.0), (5e-4, 0.3)  # GeV
POLE, AT_POLE = (89.2, 93.2), (3e-4, 2e-2)
# colour, dashes, width of the line
LOOKS = {
    "wide": (style.PALETTE[1], "-", 1.3),
    "wide, expected": (style.PALETTE[1], style.DASHES[1], 1.0),
    "narrow": (style.PALETTE[2], "-", 0.7),
    "(g-2)_mu": (style.GREY, "-", 0.9),
}
# whole colours: two that shine through each other would give a third
SHADES = {"wide": "#cfe3f1", "narrow": "#fbe3d3", "(g-2)_mu": "#c8c8c8"}
ORDER = {"narrow": 0.3, "wide": 0.4, "(g-2)_mu": 0.5}
NAMES = {"wide": r"wide $Z'$", "wide, expected": "wide, expected", "narrow": r"narrow $Z'$", "(g-2)_mu": r"$(g-2)_\mu$"}


def contours(vintage: str) -> tuple[dict, dict]:
    """All contours of the whole range and of the pole, by name."""
    mass, mixing = engine.Axis.log("m_zprime", *MASSES, 40), engine.Axis.log("kappa", *MIXINGS, 24)
    pole, at_pole = engine.Axis.linear("m2", *POLE, 25), engine.Axis.log("kappa", *AT_POLE, 20)
    wide, narrow = okun.fit(vintage), okun.fit(vintage, dark_width="narrow")
    moment = shelf.build("g_minus_2_mu", {"vintage": "2010" if vintage == "2010" else "2025"}, okun.LEVEL)
    whole, near = {}, {}
    for name, fit in {"wide": wide, "wide, expected": wide.asimov(), "narrow": narrow}.items():
        whole[name] = okun.traced(fit, mass, mixing)
        near[name] = okun.traced(fit, pole, at_pole)
    whole["(g-2)_mu"] = okun.traced(moment, mass, mixing)
    return whole, near


def panel(axes: Axes, found: dict, curves: dict) -> None:
    """Curves and shaded regions."""
    for name, (colour, dashes, width) in LOOKS.items():
        if name in curves and len(curves[name]):
            axes.plot(*curves[name].T, color=colour, linestyle=dashes, linewidth=width, label=NAMES[name])
            if name in SHADES:
                okun.fill(axes, found[name], facecolor=SHADES[name], zorder=ORDER[name])


def make(vintage: str | None) -> tuple[Figure, bytes]:
    """The figure and its curves."""
    vintage = vintage or "2010"
    whole, near = contours(vintage)
    curves, zoomed = ({name: okun.curve(each) for name, each in found.items()} for found in (whole, near))
    figure = style.blank(style.PAGE, 4.6)
    axes = figure.subplots()
    axes.set(xlim=MASSES, ylim=MIXINGS, xlabel=style.axis_label("m_zprime"), ylabel=style.axis_label("kappa"))
    for which in "xy":
        style.logarithmic(axes, which)
    panel(axes, whole, curves)
    era = "data of 2010" if vintage == "2010" else "current data"
    axes.set_title(rf"electroweak precision, 95% CL ($q > 3.84$), $\theta_W' = \pi/2$, {era}")
    axes.legend(loc="lower left")
    inset = axes.inset_axes((0.25, 0.09, 0.31, 0.42))
    inset.set(xlim=POLE, ylim=AT_POLE)
    style.logarithmic(inset, "y")
    panel(inset, near, zoomed)
    inset.axvline(constants.M1, color=style.GREY, linestyle=":", linewidth=0.7)
    inset.set_xlabel(style.axis_label("m2"), fontsize="small", labelpad=1)
    inset.tick_params(labelsize="small")
    comments = [
        "Mixing excluded at 95% CL by electroweak precision measurements; Okun phase",
        f"data: {vintage}; m_zprime, m2: [GeV]; kappa: [1]",
    ]
    both = dict(curves) | {f"{name}, at the pole (mass is m2)": line for name, line in zoomed.items()}
    return figure, okun.table(comments, ["m_zprime", "kappa"], both)


if __name__ == "__main__":
    okun.command("Mixing excluded by electroweak precision measurements.", STEM, make)
