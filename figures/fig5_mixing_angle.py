"""Figure 5: the mixing that electroweak precision measurements exclude in the plane of the Z' mass and the dark mixing
angle.

    python figures/fig5_mixing_angle.py [--data 2010|current] [--out FOLDER]

From one contour in the Okun phase: with a given dark width the measurements see kappa and theta_W' through
kappa^ = kappa sW'/sqrt(1 - kappa^2 cW'^2) alone, so that kappa_lim(theta_W') = kappa^/sqrt(sW'^2 + kappa^^2 cW'^2).
Wide Z', 95% CL (q > 3.84).
"""

import math

import numpy as np
import okun
from matplotlib import colors, ticker
from matplotlib.figure import Figure

from jaxmix import engine, parameters
from jaxmix.plots import style

STEM = "fig5_mixing_angle"
MASSES, MIXINGS = (1.0, 1000.0), (5e-4, 0.3)  # GeV
ANGLES = np.linspace(0.005, math.pi / 2, 250)
LEVELS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5)
NAMED_AT = 3.0  # GeV, where the lines bear their names


def make(vintage: str | None) -> tuple[Figure, bytes]:
    """The figure and its curves."""
    vintage = vintage or "current"
    found = okun.traced(
        okun.fit(vintage), engine.Axis.log("m_zprime", *MASSES, 60), engine.Axis.log("kappa", *MIXINGS, 24)
    )
    limit = okun.curve(found)
    mass = np.unique(np.concatenate([np.geomspace(*MASSES, 500), np.linspace(80.0, 110.0, 400)]))
    hatted = okun.lowest(limit, mass)
    hatted[np.isinf(hatted)] = np.nan
    kappa = hatted / np.sqrt(np.sin(ANGLES)[:, None] ** 2 + (hatted * np.cos(ANGLES)[:, None]) ** 2)
    figure = style.blank(style.PAGE * 0.72, 3.8)
    axes = figure.subplots()
    norm = colors.LogNorm(1e-3, 1.0)
    mesh = axes.pcolormesh(
        mass, ANGLES, np.ma.masked_invalid(kappa), norm=norm, cmap="cividis", shading="gouraud", rasterized=True
    )
    axes.contour(mass, ANGLES, np.ma.masked_invalid(kappa), LEVELS, colors="white", linewidths=0.8)
    here = kappa[:, np.argmin(np.abs(mass - NAMED_AT))]
    for level in LEVELS:
        if np.min(here) < level < np.max(here):
            axes.text(
                NAMED_AT, np.interp(-level, -here, ANGLES), f"{level:g}", color="white", fontsize="small", va="bottom"
            )
    angle = math.asin(math.sqrt(parameters.defaults()["sin2_theta_w"]))
    axes.axhline(angle, color="white", linestyle=":", linewidth=0.8)
    axes.text(7.0, angle, r"$\theta_W' = \theta_W$", color="white", fontsize="small", va="bottom")
    axes.set(
        xlim=MASSES, ylim=(0.0, math.pi / 2), xlabel=style.axis_label("m_zprime"), ylabel=style.axis_label("theta_dark")
    )
    style.logarithmic(axes, "x")
    axes.set_yticks(np.arange(5) * math.pi / 8, ["Holdom, 0", r"$\pi/8$", r"$\pi/4$", r"$3\pi/8$", r"Okun, $\pi/2$"])
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    figure.colorbar(mesh, label=r"$\kappa$ excluded above, 95% CL")
    axes.set_title(r"electroweak precision, wide $Z'$, " + ("data of 2010" if vintage == "2010" else "current data"))
    comments = [
        (
            "Mixing excluded at 95% CL by electroweak precision measurements, wide Z'; kappa^ = kappa "
            "sW'/sqrt(1 - kappa^2 cW'^2)"
        ),
        (
            f"data: {vintage}; m_zprime: [GeV]; kappa_hat: [1]; kappa at any theta_W' is kappa^/sqrt(sW'^2 + "
            "kappa^^2 cW'^2)"
        ),
    ]
    return figure, okun.table(comments, ["m_zprime", "kappa_hat"], {"limit": limit})


if __name__ == "__main__":
    okun.command("Mixing excluded in the plane of mass and dark mixing angle.", STEM, make)
