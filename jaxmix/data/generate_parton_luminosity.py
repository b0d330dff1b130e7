"""Makes parton_luminosity.npz from the NNPDF3.1 leading-order grid that the PyPI package pythia8mc installs.

    python -m jaxmix.data.generate_parton_luminosity        (needs the extra with pythia8mc 8.317.2)

The grid itself is not copied; its name, SHA256 and citation go into the table's header.
"""

import importlib.metadata
from pathlib import Path

from jaxmix import parton_distributions, tables
from jaxmix.data import write_checksums

GRID = "NNPDF31_lo_as_0130_0000.dat"
VERSION = "8.317.2"
CITATION = "NNPDF Collaboration, R.D. Ball et al., Eur. Phys. J. C 77 (2017) 663, arXiv:1706.00428"


def grid_path() -> Path:
    """Where pythia8mc installed the grid."""
    distribution = importlib.metadata.distribution("pythia8mc")
    if distribution.version != VERSION:
        raise ValueError(f"pythia8mc {distribution.version} is installed, the table is made with {VERSION}; install that one.")
    found = [file for file in distribution.files or () if file.name == GRID]
    if len(found) != 1:
        raise ValueError(f"pythia8mc {VERSION} lists {len(found)} files {GRID}, expected one; reinstall it.")
    return Path(found[0].locate()).resolve()


def main() -> None:
    """Writes the table beside this script and refreshes the checksums."""
    grid = parton_distributions.read_grid_file(grid_path())
    header = {
        "content": "quark-antiquark luminosities and rapidity densities of proton-proton collisions, u + c and d + s + b",
        "source": f"set {grid.name}, member 0, leading order, alpha_s(m_Z) = 0.130; {CITATION}",
        "grid": f"{GRID} of the PyPI package pythia8mc {VERSION}, SHA256 {grid.sha256}",
        "axes": "root_log_tau = sqrt(-ln(M^2/S)), 1; log_scale = ln(mu_F/GeV); density_z = |y|/y_max, y_max = -ln(tau)/2; "
        "last axis: up type, down type",
        "units": "log_luminosity: ln of int dy [q(x1) qbar(x2) + qbar(x1) q(x2)], 1; density: 2 y_max dL/dy/L, 1",
        "CL": "none: central member, no uncertainty of the set",
        "made by": "jaxmix.data.generate_parton_luminosity, Gauss-Legendre over a cubic interpolation of the grid in (ln x, ln Q)",
    }
    table = parton_distributions.make_luminosity_table(grid)
    path = Path(__file__).with_name(tables.PARTON_LUMINOSITY)
    path.write_bytes(parton_distributions.packed(table, header))
    write_checksums.main()


if __name__ == "__main__":
    main()
