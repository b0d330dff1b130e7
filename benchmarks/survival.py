"""Runs that are killed at random moments: what they lose, and in what they end; on a tiny study, as the tests do it."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

import measuring

sys.path.insert(0, str(measuring.ROOT / "tests"))
import killing

KILLS = 200
SEED = 20


def rows(kills: int) -> list[measuring.Row]:
    """The table; SystemExit where a run ends in other bytes than an undisturbed one."""
    generator, killed, ends, chunks = random.Random(SEED), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "tiny.toml"
        config.write_text(killing.CONFIG, encoding="utf-8")
        if killing.finished(config, folder / "whole")[0]:
            sys.exit("survival: the undisturbed run failed")
        whole, out = killing.digests(folder / "whole"), folder / "scan0"
        while killed < kills:
            before = killing.committed(out)
            ended = killing.kill_at_random(config, out, generator, 3.0)
            killed += not ended
            if killing.committed(out) < before:
                sys.exit(f"survival: kill {killed} lost chunks of {out}")
            chunks += killing.committed(out) - before
            if ended or killed == kills:
                code, _, said = killing.finished(config, out)
                if code or killing.digests(out) != whole or killing.leftovers(out):
                    sys.exit(
                        f"survival: after {killed} kills exit code {code}, or other bytes, "
                        f"or something left behind: {said}"
                    )
                ends, out = ends + 1, folder / f"scan{ends + 1}"
    return [
        measuring.Row("kill -9 at random moments", f"{killed}", "200"),
        measuring.Row("chunks committed between kills, none lost", f"{chunks}"),
        measuring.Row("runs that ended, each in the bytes of an undisturbed one, with nothing left behind", f"{ends}"),
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    began = time.perf_counter()
    found = rows(10 if arguments.quick else KILLS)
    return measuring.Section(found, [f"96 chunks of 16 points; {time.perf_counter() - began:.0f} s in all."])


if __name__ == "__main__":
    measuring.main(__doc__, section)
