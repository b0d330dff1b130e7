"""Runs the benchmarks, each in a process of its own, and puts their tables into RESULTS.md."""

import re
import sys
import time
from pathlib import Path

import measuring

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
SECTIONS = {
    "commands": "Whole commands",
    "memory": "Memory against the number of points",
    "event_chain": "Event chain",
    "everything": "Every constraint",
    "mixing_speed": "Mixing",
    "single_point": "Exact points with gradients, and contours",
    "contours": "Contours",
    "precision_fit": "Electroweak precision",
    "zprime_jet": "Z' and a jet",
    "design_gradient": "Designs by gradient",
    "cold_start": "From the start to the first contour",
    "roofline": "Roofline",
    "survival": "Killed runs",
    "hostile": "Hostile input",
    "device": "On an accelerator",
}
HEAD = """# Results of the benchmarks

`python benchmarks/run.py` measures everything again (some eight minutes on two quiet cores), `python benchmarks/run.py
NAME` one section. Medians after one call to warm up, peers in turn in one process. Each section names its date,
machine, versions and load averages (over 1, 5 and 15 minutes).
"""


def put(text: str, name: str, section: str) -> str:
    """The document with one section replaced or added, all in their order."""
    kept = dict(re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end -->\n", text, re.DOTALL))
    kept[name] = f"## {SECTIONS[name]}\n\n{section.strip()}\n"
    return "\n".join([HEAD, *(f"<!-- {each} -->\n{kept[each]}<!-- end -->\n" for each in SECTIONS if each in kept)])


def main() -> None:
    """Run the sections asked for; with --quick their tables are printed and RESULTS.md stays as it is."""
    parser = measuring.parser(__doc__)
    parser.add_argument("sections", nargs="*", metavar="NAME", help=f"of {', '.join(SECTIONS)} (default: all)")
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"found {sorted(unknown)}; allowed: {', '.join(SECTIONS)}")
    for name in arguments.sections or SECTIONS:
        started = time.perf_counter()
        found = measuring.child([str(HERE / f"{name}.py"), *(["--quick"] if arguments.quick else [])]).output
        print(f"\n## {SECTIONS[name]}\n\n{found}", flush=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        if not arguments.quick:
            text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
            RESULTS.write_text(put(text, name, found), encoding="utf-8")


if __name__ == "__main__":
    main()
