"""Whole commands in fresh processes: wall time and memory of `jaxmix scan` on the dense and the quick study."""

import re
import statistics
import tempfile

import measuring


def scan(name: str, *more: str) -> measuring.Usage:
    """One run of a config into a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return measuring.child(["-m", "jaxmix.scan", f"configs/{name}.toml", "--out", f"{folder}/{name}", *more])


def rows(name: str, runs: list[measuring.Usage], seconds: str, memory: str) -> list[measuring.Row]:
    """Wall time and memory of some runs of one config."""
    wall, cpu = (statistics.median(values) for values in ([run.seconds for run in runs], [run.processor for run in runs]))
    points = re.search(r"[\d,]+ points", runs[0].output)[0]
    repeated = f"median of {len(runs)}" if len(runs) > 1 else "one run"
    return [
        measuring.Row(f"{name}.toml, {points}, cold, {repeated}: wall time", f"{wall:.1f} s ({cpu:.1f} s of processor time)", seconds),
        measuring.Row(f"{name}.toml: largest resident memory", f"{max(run.peak for run in runs) / 1e6:,.0f} MB", memory),
    ]


def main() -> None:
    """Print the section."""
    arguments = measuring.parser(__doc__).parse_args()
    start = measuring.machine()
    found = rows("quick", [scan("quick") for _ in range(1 if arguments.quick else 3)], "< 20 s", "")
    if not arguments.quick:
        found = rows("dense", [scan("dense")], "< 60 s", "< 2,000 MB") + found
    notes = [
        "Each run is a fresh process with nothing compiled before: start, compilation, scan, files, contours and figures. Processor time",
        "says how long it would take at best on the cores that it had.",
    ]
    print(measuring.table(found, start, notes))


if __name__ == "__main__":
    main()
