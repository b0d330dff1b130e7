"""Seconds from the start of a fresh process to the first complete contour, with nothing kept and with the programs of a
former run.
"""

import argparse
import os
import statistics
import tempfile

import measuring

SCRIPT = """
import time
started = time.perf_counter()
from jaxmix import Axis, Study, trace_contours
from jaxmix.command import backend
from jaxmix.constraints import shelf
from jaxmix.parameters import defaults
backend.start()
detector = shelf.build("mcp_lhc", {}, ("sigma", 2.0))
study = Study(defaults() | {"m_zprime_over_m_mcp": 3.0}, {"mcp_lhc": detector})
nodes = detector.features("m_mcp", {"m_zprime_over_m_mcp": 3.0})
axes = Axis.log("m_mcp", 1, 100, 25), Axis.log("epsilon_gamma", 3e-4, 0.1, 25)
found = trace_contours(study, *axes, output="mcp_lhc", x_nodes=nodes)
assert all(contour.status == "converged" for contour in found)
print(len(found), sum(len(contour.x) for contour in found))
"""


def rows(repeats: int) -> list[measuring.Row]:
    """The table."""
    cold, kept = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["JAXMIX_CACHE"] = folder
            cold.append(measuring.child(["-c", SCRIPT]))
            kept += [measuring.child(["-c", SCRIPT]) for _ in range(2)]
    contours, vertices = cold[0].output.split()
    what = f"contours of mcp_lhc in one plane ({contours}, {vertices} vertices)"
    return [
        measuring.Row(
            f"{what}, nothing kept, median of {len(runs)}"
            if runs is cold
            else f"{what}, programs kept, median of {len(runs)}",
            (
                f"{statistics.median(run.seconds for run in runs):.1f} s "
                f"({statistics.median(run.processor for run in runs):.1f} s of processor time)"
            ),
            target,
        )
        for runs, target in ((cold, "< 10 s"), (kept, "< 4 s"))
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    notes = [
        "A process each, the start of Python and all imports included; 25 x 25 coarse cells and nodes at thresholds",
        "and resonances.",
    ]
    return measuring.Section(rows(1 if arguments.quick else 3), notes)


if __name__ == "__main__":
    measuring.main(__doc__, section)
