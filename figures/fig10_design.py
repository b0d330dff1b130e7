"""Figure 10: a better detector from as much scintillator, by gradient: its limits, and what moves them.

    python figures/fig10_design.py [--design FOLDER] [--out FOLDER]

The search of configs/design_milliqan.toml, which is run first if its folder holds none.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from jaxmix.design import __main__ as design
from jaxmix.design import figures as drawing
from jaxmix.plots import style

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "configs" / "design_milliqan.toml"
STEMS = {"limits": "fig10_design_limits", "derivatives": "fig10_design_derivatives"}


def main(argv: Sequence[str] | None = None) -> int:
    """Read the search, draw, write; the exit code of the search if it fails."""
    parser = argparse.ArgumentParser(
        description="Limits and their derivatives before and after a search for the best detector."
    )
    parser.add_argument("--design", type=Path, default=ROOT / "scans" / "design_milliqan", help="folder of the search")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args(argv)
    found = arguments.design / "design.json"
    if not found.exists() and (code := design.main([str(CONFIG), "--out", str(arguments.design)])):
        return code
    document = json.loads(found.read_text(encoding="utf-8"))
    limits = style.save(arguments.out, STEMS["limits"], drawing.limits_figure(document), drawing.limits_table(document))
    bars = style.save(
        arguments.out, STEMS["derivatives"], drawing.derivatives_figure(document), drawing.derivatives_table(document)
    )
    print("\n".join(limits + bars))
    return 0


if __name__ == "__main__":
    sys.exit(main())
