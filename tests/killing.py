"""Runs of `jaxmix scan` as processes that are killed, starved or started twice, on a tiny study."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

CONFIG = """
[scan]
name = "tiny"
tiling = { chunk_points = 16, tile_points = 16, nodes = 8 }

[axes.theta_dark]
values = [0.4, 0.8, 1.2]

[axes.m_zprime]
min = 0.01
max = 30
count = 16
spacing = "log"

[axes.kappa]
min = 1e-4
max = 0.5
count = 32
spacing = "log"

[constraints.g_minus_2_mu]
vintage = 2021

[summary]
axes = ["m_zprime", "kappa"]
histogram = true
"""
PRODUCTS = ("scan.zarr", "summary.zarr", "references.bib")


SMALL_DISK = ("bash", "-c", 'ulimit -f 2; exec "$@"', "bash")  # before a command: no file may grow beyond 2 kB


def start(config, out, *words, before=()):
    """The command as a process."""
    command = [*before, sys.executable, "-m", "jaxmix.scan", str(config), "--out", str(out), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(config, out, *words, before=()):
    """Exit code, stdout and stderr of the command."""
    process = start(config, out, *words, before=before)
    said = process.communicate(timeout=300)
    return process.returncode, *said


def committed(out):
    """How many chunks are on disk."""
    return len(list((out / "chunks").glob("*.chunk"))) if (out / "chunks").exists() else 0


def when(condition, process, seconds=120.0):
    """Wait until the condition holds; False where the process ended before."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def kill_at_random(config, out, generator: random.Random, longest):
    """Start the command and kill -9 it after a random time, counted from its start or from its first new chunk; whether
    it had ended before.
    """
    before = committed(out)
    process = start(config, out)
    if generator.random() < 0.7:
        when(lambda: committed(out) > before, process)
        time.sleep(generator.random() * longest / 8)
    else:
        time.sleep(generator.random() * longest)
    ended = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return ended


def digests(out):
    """SHA-256 of every file that a reader uses."""
    files = [
        path
        for name in PRODUCTS
        for path in ([out / name] if (out / name).is_file() else sorted((out / name).rglob("*")))
        if path.is_file()
    ]
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def leftovers(out):
    """Temporary files and folders that nobody will rename any more."""
    return [str(path) for path in out.rglob("*.partial")] if os.path.isdir(out) else []
