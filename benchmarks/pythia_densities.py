"""Parton densities as Pythia 8's own interpolation of the grid gives them, for tests that compare with it (extra
`pdf`).

python benchmarks/pythia_densities.py --out tests/parton_reference.csv
"""

import argparse
import csv
import importlib.metadata
from pathlib import Path

import numpy as np
import pythia8mc

SET = 17  # of PDF:pSet, NNPDF31_lo_as_0130
FLAVOURS = {"g": 21, "u": 2, "ubar": -2, "d": 1, "dbar": -1, "s": 3, "sbar": -3, "c": 4, "b": 5}
X = np.geomspace(1e-6, 0.3, 60)
SCALES = (2.0, 10.0, 91.0, 1500.0)  # GeV
HEADER = f"""title: x f(x, mu_F) of the proton, leading order, NNPDF31_lo_as_0130
source: Pythia {importlib.metadata.version("pythia8mc")}, PDF:pSet = {SET}, its own interpolation \
of the grid; NNPDF Collaboration, Eur. Phys. J. C 77 (2017) 663
units: scale in GeV, the rest dimensionless"""


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("parton_reference.csv"))
    arguments = parser.parse_args()
    generator = pythia8mc.Pythia("", False)
    for line in (f"PDF:pSet = {SET}", "ProcessLevel:all = off", "Print:quiet = on"):
        generator.readString(line)
    generator.init()
    proton = generator.getPDFPtr(2212)
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {line}\n" for line in HEADER.splitlines())
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["scale", "x", *FLAVOURS])
        for scale in SCALES:
            for x in X:
                table.writerow(
                    [
                        scale,
                        f"{x:.15g}",
                        *(f"{proton.xf(flavour, float(x), scale**2):.8g}" for flavour in FLAVOURS.values()),
                    ]
                )


if __name__ == "__main__":
    main()
