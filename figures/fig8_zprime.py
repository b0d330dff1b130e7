"""Figure 8: what existing searches exclude in the plane of the Z' mass and the kinetic mixing, from the Holdom to the
Okun phase.

    python figures/fig8_zprime.py [--out FOLDER]

e' = e, m_Z' = 3 m_mcp, for four dark mixing angles. Regions: any member of a group excludes.
"""

import argparse
import math
from pathlib import Path

import jax
import limits_plane

from jaxmix import engine, parameters
from jaxmix.plots import style

STEM = "fig8_zprime"
RATIO = 3.0
MASSES, MIXINGS = (0.3, 1000.0), (1e-4, 0.5)
ANGLES = (0.1, math.asin(math.sqrt(parameters.defaults()["sin2_theta_w"])), 1.2, 1.5)


def main() -> None:
    """Evaluate, draw, write."""
    parser = argparse.ArgumentParser(description="Existing limits on mass and mixing in four phases.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    x, y = (
        engine.Axis.log("m_mcp", *(mass / RATIO for mass in MASSES), limits_plane.SHAPE[0]),
        engine.Axis.log("kappa", *MIXINGS, limits_plane.SHAPE[1]),
    )
    found = limits_plane.grids([{"theta_dark": angle, "m_zprime_over_m_mcp": RATIO} for angle in ANGLES], x, y)
    sm, panels = parameters.named_values(*(parameters.defaults()[name] for name in ("sin2_theta_w", "alpha"))), {}
    with style.applied():
        figure = style.blank(style.PAGE, 7.2)
        for axes, angle, (mass, mixing, groups) in zip(
            figure.subplots(2, 2, sharex=True, sharey=True).flat, ANGLES, found
        ):
            axes.set(xlim=MASSES, ylim=MIXINGS, xlabel=style.axis_label("m_zprime"), ylabel=style.axis_label("kappa"))
            for which in "xy":
                style.logarithmic(axes, which)
            panels[f"theta_dark = {angle:.5g}"] = limits_plane.draw(axes, (RATIO * mass, mixing, groups))
            axes.set_title(style.quantity("theta_dark", angle, sm))
            axes.label_outer()
        figure.suptitle(r"$e' = e$, $m_{Z'} = 3\,m_\psi$")
        limits_plane.legend(figure)
        units = "m_zprime: [GeV]; kappa: [1]; theta_dark: [rad]"
        comments = ["Outlines of what existing searches exclude; e_dark = e, m_zprime = 3 m_mcp", units]
        content = limits_plane.table(comments, ["m_zprime", "kappa"], panels)
    print("\n".join(style.save(arguments.out, STEM, figure, content)))


if __name__ == "__main__":
    main()
