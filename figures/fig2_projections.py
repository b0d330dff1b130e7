"""Figure 2: the projected reach in the millicharge against the mCP's mass, for both mass ratios.

    python figures/fig2_projections.py [--scan FOLDER] [--out FOLDER]

As the projected curves in figure 2 of paper A: 300/fb black, 3000/fb blue; 2 sigma exclusion solid, 3 sigma sensitivity
dashed. The curves are those of the scan of configs/fig2.toml, which is run first if its folder holds none.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxmix import config, plots, results
from jaxmix.plots import style
from jaxmix.scan import __main__ as scan

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "configs" / "fig2.toml"
STEM = "fig2_projections"
TITLE = "Projected reach of the millicharge detector at the LHC"


def main(argv: Sequence[str] | None = None) -> int:
    """Read the contours, draw, write; the exit code of the scan if it fails."""
    parser = argparse.ArgumentParser(description="Projected reach of the millicharge detector, 300 and 3000/fb.")
    parser.add_argument(
        "--scan", type=Path, default=ROOT / "scans" / "fig2", help="folder of the scan of configs/fig2.toml"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args(argv)
    contours = arguments.scan / "contours.csv"
    if not contours.exists() and (code := scan.main([str(CONFIG), "--out", str(arguments.scan)])):
        return code
    _, traces = results.read_contours(contours)
    settings = config.load(CONFIG)
    settings = settings._replace(figure=settings.figure.model_copy(update={"title": TITLE}))
    print("\n".join(style.save(arguments.out, STEM, *plots.plane_figure(settings, traces))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
