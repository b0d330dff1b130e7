"""What all benchmarks share: medians of interleaved repeats, resources of child processes, the machine in words, and
tables.

Nothing heavy is imported here: a child process is counted at no less memory than its parent had.
"""

import argparse
import datetime
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = ("jax", "jaxlib", "numpy", "equinox")


class Row(NamedTuple):
    """One line of a table: what was measured, the number with its unit, and what was asked for."""

    what: str
    value: str
    target: str = ""


class Usage(NamedTuple):
    """A child process that ended: wall time (s), processor time (s), the largest resident memory (bytes), its
    output.
    """

    seconds: float
    processor: float
    peak: int
    output: str


def parser(description: str | None) -> argparse.ArgumentParser:
    """The command line that every benchmark has."""
    built = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    built.add_argument("--quick", action="store_true", help="small sizes: shows that it works, measures nothing")
    return built


class Section(NamedTuple):
    """What a benchmark measured: the rows of its table, and lines of explanation."""

    rows: Sequence[Row]
    notes: Sequence[str] = ()


def main(
    description: str | None,
    measure: Callable[[argparse.Namespace], Section | None],
    peers: Sequence[str] = (),
    options: Callable[[argparse.ArgumentParser], object] = lambda _: None,
    begin: Callable[[], object] = lambda: None,
) -> None:
    """Command line of a benchmark: measure, and print the section as Markdown.

    Parameters
    ----------
    description
        Docstring of the benchmark.
    measure
        Makes the section of the parsed arguments, or None where it printed what it has to say, as child processes do.
    peers
        Packages whose versions are named besides the usual ones.
    options
        Adds arguments of the benchmark's own.
    begin
        Called first, before the load of the machine is read, as to configure JAX.
    """
    built = parser(description)
    options(built)
    arguments = built.parse_args()
    begin()
    start = machine(peers)
    section = measure(arguments)
    if section is not None:
        print(table(section.rows, start, section.notes))


def medians(functions: Mapping[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Median seconds of each function over the repeats, after one call to warm up; peers take turns, so that a load on
    the machine meets all alike. A function must not return before its work is done.
    """
    for function in functions.values():
        function()
    times = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in times.items()}


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores_used(function: Callable[[], object]) -> float:
    """How many cores a call keeps busy: processor time of all threads over wall time, while it is repeated for
    0.3 s.
    """
    wall, processor = time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < 0.3:  # the processor's clock may tick in hundredths of a second
        function()
    return (time.process_time() - processor) / (time.perf_counter() - wall)


def child(arguments: Sequence[str]) -> Usage:
    """Run Python with these arguments in the repository's root, to its end; raises RuntimeError with its messages if it
    fails.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as messages:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=messages, text=True
        )
        with process.stdout as stream:
            output = stream.read()
        # wait4 tells what this one child used; resource.getrusage mixes all that have ended
        _, status, used = os.wait4(process.pid, 0)
        seconds, process.returncode = time.perf_counter() - started, os.waitstatus_to_exitcode(status)
        messages.seek(0)
        told = messages.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}:\n{told[-3000:]}")
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Usage(seconds, used.ru_utime + used.ru_stime, peak, output)


def machine(peers: Sequence[str] = ()) -> str:
    """Date, processor, cores, versions (of peers too) and present load; no name that would tell whose machine it is."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in (*_PACKAGES, *peers))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    when = datetime.datetime.now(datetime.UTC).date().isoformat()
    what = f"{_processor()}, {cores()} cores, {platform.system()}; Python {platform.python_version()}, {versions}"
    return f"{when}; {what}; load average {load}"


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def table(rows: Sequence[Row], start: str, notes: Sequence[str] = ()) -> str:
    """The section's Markdown: the rows, the notes, and the machine as it was at the start and at the end."""
    lines = ["| what | measured | target |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows), "", *notes]
    ending = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return "\n".join([*lines, "", f"{start} before, {ending} after."])


def rate(points: float, seconds: float) -> str:
    """Points per second in words."""
    value = points / seconds / 1e6
    return f"{value:,.0f} million points/s" if value >= 1000 else f"{value:.3g} million points/s"
