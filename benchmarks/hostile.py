"""Hostile input in bulk: how many mutated configs, tables and folders, how long the slowest took, how much memory, and
how they ended.
"""

import argparse
import collections
import json

import measuring

SWEEPS = {"configs": 10_000, "tables": 1_000, "folders": 1_000}
MUTATIONS = measuring.ROOT / "tests" / "mutations.py"


def rows(what: str, number: int) -> list[measuring.Row]:
    """One sweep in a process of its own."""
    found = json.loads(measuring.child([str(MUTATIONS), what, str(number)]).output)
    ends: collections.Counter[str] = collections.Counter()
    for kind, count in found["kinds"].items():
        ends[kind.partition(": ")[2]] += count
    told = ", ".join(f"{count:,} {end}" for end, count in ends.most_common())
    return [
        measuring.Row(f"{what}: {found['number']:,} mutated, by their ends", told, "no other end"),
        measuring.Row(f"{what}: slowest", f"{1e3 * found['slowest']:.0f} ms of processor time", "< 2 s"),
        measuring.Row(f"{what}: longest message", f"{found['longest']:,} bytes", "< 20,000"),
        measuring.Row(
            f"{what}: largest resident memory, of all in one process", f"{found['peak'] / 1e6:.0f} MB", "< 512 MB"
        ),
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    found = [row for what, number in SWEEPS.items() for row in rows(what, 100 if arguments.quick else number)]
    notes = [
        "Seeded: bytes, lines of TOML, values of --set and the tables that a manifest keeps; CSV, NPZ and LHAPDF6",
        "tables behind their checksums, tables of contours; folders of scans with chunks damaged, forged or",
        "exchanged, manifests altered, pipes, devices and links under their names. Exit 2: bad input; 4: a result",
        "in the way; 5: cannot write. A folder that is resumed must end the same.",
    ]
    return measuring.Section(found, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section)
