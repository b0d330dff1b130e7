"""Every constraint of the shelf on a grid of the mixed phase, summaries alone, and against exact evaluation on a
sample.
"""

import argparse
import os
import tempfile
import time

import jax
import measuring
import numpy as np

from jaxmix import engine, parameters, study
from jaxmix.command import backend
from jaxmix.constraints import shelf

LEFT_OUT = ("combined",)  # the sum of others
RATIO = 3.0  # m_zprime over m_mcp
TOLERANCE = 1e-4  # of the interpolation along kappa


def whole() -> study.Study:
    """All constraints at their own level, 95% where they leave a choice."""
    built = {
        name: shelf.build(name, {}, ("cl", each.only_cl or 0.95))
        for name, each in shelf.SHELF.items()
        if name not in LEFT_OUT
    }
    return study.Study(parameters.defaults() | {"m_zprime_over_m_mcp": RATIO}, built)


def grid(angles: int, masses: int, mixings: int) -> engine.Grid:
    """theta_dark, m_mcp from 0.1 to 300 GeV, and kappa from 1e-4 to 0.1."""
    axes = (engine.Axis.linear("theta_dark", 0.1, 1.4, angles), engine.Axis.log("m_mcp", 0.1, 300.0, masses))
    return engine.Grid([*axes, engine.Axis.log("kappa", 1e-4, 0.1, mixings)])


def rows(quick: bool) -> list[measuring.Row]:
    """The table."""
    problem = whole()
    asked = grid(2, 20, 20_000) if quick else grid(10, 500, 20_000)
    tiling = engine.Tiling(tile_points=20_000, chunk_points=2**20, tolerance=TOLERANCE)
    started = time.perf_counter()
    jax.block_until_ready(engine.summarise(problem, asked, tiling, chunks=[0]).points)
    ready = time.perf_counter()
    total = engine.summarise(problem, asked, tiling)
    seconds = time.perf_counter() - ready
    samples = 100 if quick else 1000
    error = engine.interpolation_error(problem, asked, tiling, samples=samples, seed=3, floor=0.1)
    differs = error.pop("status")
    worst = max(error, key=error.get)
    return [
        measuring.Row(
            f"{len(error)} constraints on {asked.size:.0e} points",
            f"{seconds:.1f} s, {asked.size / seconds / 1e6:.2f} million points/s",
            "1e8 in 60 s",
        ),
        measuring.Row("compilation and a first chunk before that", f"{ready - started:.1f} s"),
        measuring.Row("points on lines that were evaluated exactly", f"{int(total.direct) / asked.size:.2%}"),
        measuring.Row("excluded by at least one", f"{int(total.excluded_by_any) / int(total.points):.2%}"),
        measuring.Row(
            f"largest relative error of any test statistic, {samples:,} points", f"{error[worst]:.1e} ({worst})"
        ),
        measuring.Row("the same, median over the constraints", f"{np.median(list(error.values())):.1e}"),
        measuring.Row("of these, with another status", f"{differs:.0f}", "0"),
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    notes = [
        "theta_dark x m_mcp x kappa with m_zprime = 3 m_mcp (for the 1e8 points 10 x 500 x 20,000), everything but",
        "`combined`, reduced to a summary on two devices of the processor, float64. kappa is interpolated line by",
        "line, to a tolerance of 1e-4; the errors are of q at random points, relative, or over a tenth of the",
        "critical value where q is less.",
    ]
    return measuring.Section(rows(arguments.quick), notes)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JAXMIX_CACHE"] = folder  # nothing kept from a former run
        measuring.main(__doc__, section, begin=backend.start)
