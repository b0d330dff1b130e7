"""Figure 7: what existing searches exclude in the plane of the mCP's mass and charge, and what the millicharge detector
reaches.

    python figures/fig7_limits.py [--out FOLDER]

As figure 2 of paper A, with today's limits: theta_W' = theta_W, e' = e, for two mass ratios. Regions: any member of a
group excludes. Lines: the contours of figure 2. Published contours are those of a photon's charge or a dark photon,
recast as their constraints say.
"""

import argparse
from pathlib import Path

import jax
import limits_plane
from matplotlib.lines import Line2D

from jaxmix import engine, results
from jaxmix.plots import style

ROOT = Path(__file__).parent.parent
STEM = "fig7_limits"
RATIOS = (3.0, 9.0)
MASSES, CHARGES = (0.1, 300.0), (2e-4, 0.7)
LUMINOSITIES = {300.0: style.PALETTE[0], 3000.0: "0.45"}
LEVELS = {"sigma=2": "-", "sigma=3": style.DASHES[1]}


def main() -> None:
    """Evaluate, draw, write."""
    parser = argparse.ArgumentParser(description="Existing limits and the reach of the millicharge detector.")
    parser.add_argument(
        "--scan", type=Path, default=ROOT / "scans" / "fig2", help="folder of the scan of configs/fig2.toml"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    _, traces = results.read_contours(arguments.scan / "contours.csv")
    x, y = (
        engine.Axis.log("m_mcp", *MASSES, limits_plane.SHAPE[0]),
        engine.Axis.log("epsilon_gamma", *CHARGES, limits_plane.SHAPE[1]),
    )
    found = limits_plane.grids([{"m_zprime_over_m_mcp": ratio} for ratio in RATIOS], x, y)
    panels = {}
    with style.applied():
        figure = style.blank(style.PAGE, 4.9)
        for axes, ratio, grid in zip(figure.subplots(1, 2, sharey=True), RATIOS, found):
            axes.set(
                xlim=MASSES, ylim=CHARGES, xlabel=style.axis_label("m_mcp"), ylabel=style.axis_label("epsilon_gamma")
            )
            for which in "xy":
                style.logarithmic(axes, which)
            panels[f"m_zprime/m_mcp = {ratio:g}"] = limits_plane.draw(axes, grid)
            for trace in traces:
                if trace.held["m_zprime_over_m_mcp"] == ratio:
                    axes.plot(
                        trace.x,
                        trace.y,
                        color=LUMINOSITIES[trace.held["luminosity"]],
                        linestyle=LEVELS[trace.level],
                        linewidth=1.2,
                    )
            axes.set_title(style.quantity("m_zprime_over_m_mcp", ratio, {}))
            axes.label_outer()
        figure.suptitle(r"$\theta_W' = \theta_W$, $e' = e$")
        lines = [
            Line2D([], [], color=colour, label=rf"detector, {luminosity:g} fb$^{{-1}}$, $2\sigma$ (dashed $3\sigma$)")
            for luminosity, colour in LUMINOSITIES.items()
        ]
        limits_plane.legend(figure, lines)
        comments = [
            "Outlines of what existing searches exclude; theta_dark = theta_w, e_dark = e",
            "m_mcp: [GeV]; epsilon_gamma: [1]",
        ]
        content = limits_plane.table(comments, ["m_mcp", "epsilon_gamma"], panels)
    print("\n".join(style.save(arguments.out, STEM, figure, content)))


if __name__ == "__main__":
    main()
