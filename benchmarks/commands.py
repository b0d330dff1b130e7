"""Whole commands in fresh processes: wall time and memory of `jaxmix scan` on the dense and the quick study."""

import argparse
import os
import re
import statistics
import tempfile

import measuring


def scan(name: str, *more: str) -> measuring.Usage:
    """One run of a config into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return measuring.child(["-m", "jaxmix.scan", f"configs/{name}.toml", "--out", f"{folder}/{name}", *more])


KERNELS = """
import sys, time
from jaxmix import config
from jaxmix.scan import contours, job
from jaxmix import engine
ready = job.prepare(config.load(f"configs/{sys.argv[1]}.toml"))
for _ in range(2):
    started = time.perf_counter()
    for chunk in engine.evaluate(ready.problem, ready.grid, ready.tiling, compile_level=ready.compile_level):
        pass
    grid = time.perf_counter()
    contours.trace_all(ready.problem, ready.settings, ready.critical, print)
    traced = time.perf_counter()
print(grid - started, traced - grid)
"""


def kernels(name: str) -> tuple[float, float]:
    """Seconds for the grid and for the contours of a config in a process that has compiled everything, nothing
    written.
    """
    grid, contours = measuring.child(["-c", KERNELS, name]).output.split()[-2:]
    return float(grid), float(contours)


def rows(name: str, runs: list[measuring.Usage], seconds: str, memory: str) -> list[measuring.Row]:
    """Wall time and memory of some runs of one config."""
    wall, cpu = (
        statistics.median(values) for values in ([run.seconds for run in runs], [run.processor for run in runs])
    )
    points = re.search(r"[\d,]+ points", runs[0].output)[0]
    repeated = f"median of {len(runs)}" if len(runs) > 1 else "one run"
    return [
        measuring.Row(
            f"{name}.toml, {points}, cold, {repeated}: wall time",
            f"{wall:.1f} s ({cpu:.1f} s of processor time)",
            seconds,
        ),
        measuring.Row(
            f"{name}.toml: largest resident memory", f"{max(run.peak for run in runs) / 1e6:,.0f} MB", memory
        ),
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    found = []
    for name, number, seconds, memory in (
        ("dense", 0 if arguments.quick else 1, "< 60 s", "< 2,000 MB"),
        ("quick", 1 if arguments.quick else 3, "< 20 s", ""),
    ):
        runs = []
        for _ in range(number):
            with tempfile.TemporaryDirectory() as folder:
                os.environ["JAXMIX_CACHE"] = folder
                runs.append(scan(name))
                again = scan(name)
                parts = kernels(name)
        if runs:
            found += rows(name, runs, seconds, memory)
            found += [
                measuring.Row(
                    f"{name}.toml, programs kept from a former run: wall time",
                    f"{again.seconds:.1f} s ({again.processor:.1f} s of processor time)",
                ),
                measuring.Row(
                    f"{name}.toml: its kernels alone, grid and contours, compiled",
                    f"{parts[0]:.1f} s + {parts[1]:.1f} s",
                ),
                measuring.Row(
                    f"{name}.toml: the whole command over its kernels",
                    f"{again.seconds / sum(parts):.1f}",
                    "< 2" if name == "dense" else "",
                ),
            ]
    notes = [
        "Each run is a fresh process with nothing compiled before: start, compilation, scan, files, contours and",
        "figures. Processor time says how long it would take at best on the cores that it had.",
    ]
    return measuring.Section(found, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section)
