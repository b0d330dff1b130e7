"""Makes parton_luminosity.npz and parton_densities.npz from the NNPDF3.1 leading-order grid that the PyPI package
pythia8mc installs.

    python -m jaxmix.data.generate_parton_tables        (needs the extra with pythia8mc 8.317.2)

The grid itself is not copied; its name, SHA256 and citation go into the tables' headers.
"""

import importlib.metadata
from pathlib import Path

from jaxmix.data import parton_grids, tables, write_checksums

GRID = "NNPDF31_lo_as_0130_0000.dat"
VERSION = "8.317.2"
CITATION = "NNPDF Collaboration, R.D. Ball et al., Eur. Phys. J. C 77 (2017) 663, arXiv:1706.00428"


def grid_path() -> Path:
    """Find where pythia8mc installed the grid."""
    distribution = importlib.metadata.distribution("pythia8mc")
    if distribution.version != VERSION:
        raise ValueError(
            f"pythia8mc {distribution.version} is installed, the table is made with {VERSION}; install that one."
        )
    found = [file for file in distribution.files or () if file.name == GRID]
    if len(found) != 1:
        raise ValueError(f"pythia8mc {VERSION} lists {len(found)} files {GRID}, expected one; reinstall it.")
    return Path(found[0].locate()).resolve()


def main() -> None:
    """Write the tables beside this script and refresh the checksums."""
    grid = parton_grids.read_grid_file(grid_path())
    common = {
        "source": f"set {grid.name}, member 0, leading order, alpha_s(m_Z) = 0.130; {CITATION}",
        "grid": f"{GRID} of the PyPI package pythia8mc {VERSION}, SHA256 {grid.sha256}",
        "CL": "none: central member, no uncertainty of the set",
    }
    luminosity = {
        "content": (
            "quark-antiquark luminosities and rapidity densities of proton-proton collisions, u + c and d + s + b"
        ),
        **common,
        "axes": (
            "root_log_tau = sqrt(-ln(M^2/S)), 1; log_scale = ln(mu_F/GeV); density_z = "
            "|y|/y_max, y_max = -ln(tau)/2; last axis: up type, down type"
        ),
        "units": "log_luminosity: ln of int dy [q(x1) qbar(x2) + qbar(x1) q(x2)], 1; density: 2 y_max dL/dy/L, 1",
        "made by": (
            "jaxmix.data.generate_parton_tables, Gauss-Legendre over a cubic interpolation of the grid in (ln x, ln Q)"
        ),
    }
    densities = {
        "content": "parton densities of the proton",
        **common,
        "axes": f"root_log_x = sqrt(-ln x), 1; log_scale = ln(mu_F/GeV); last axis: {', '.join(parton_grids.PARTONS)}",
        "units": "density: x f(x, mu_F)/(1 - x)^3, 1; c and b: mean of quark and antiquark",
        "made by": "jaxmix.data.generate_parton_tables, cubic interpolation of the grid in (ln x, ln Q)",
    }
    _write(tables.PARTON_LUMINOSITY, parton_grids.make_luminosity_table(grid), luminosity)
    _write(tables.PARTON_DENSITIES, parton_grids.make_density_table(grid), densities)
    write_checksums.main()


def _write(name: str, table: dict, header: dict[str, str]) -> None:
    Path(__file__).with_name(name).write_bytes(parton_grids.packed(table, header))


if __name__ == "__main__":
    main()
