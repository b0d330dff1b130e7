"""What a run would take: points, time from a short calibration, memory and disk."""

import dataclasses
import resource
import sys
import time
from pathlib import Path

import jax
import numpy as np

from jaxmix import config, engine
from jaxmix.scan import contours, hatted_tables
from jaxmix.scan.job import Job

_SECONDS = 3.0  # of calibration, once the program is compiled
_PLACES = 64  # over the grid, where it is tried
_IN_MEMORY = 4  # chunks that are on their way to the disk, their records included


def plan(settings: config.Config, job: Job, out: Path) -> dict:
    """What `scan` would compute and write, as the dry run reports it; disk is an upper bound (what is stored is
    compressed).
    """
    per_point = (9 * len(settings.constraints) + 1) if settings.scan.outputs == "full" else 0
    shapes = job.layout
    chunk = int(np.prod(shapes.chunk))
    measured = _calibrate(job)
    return {
        "points": settings.points,
        "axes": dict(zip(settings.axes, settings.shape))
        if settings.sampling is None
        else dict.fromkeys(settings.axes, "sampled"),
        "chunks": shapes.chunks,
        "contours": contours.count(settings),
        "points_per_second": measured["points_per_second"],
        "seconds": {"compilation": measured["compilation"], "grid": settings.points / measured["points_per_second"]},
        "memory_megabytes": _resident() + _IN_MEMORY * chunk * per_point / 1e6,
        "disk_megabytes": 2 * per_point * settings.points / 1e6,
        "device": f"{jax.local_device_count()} x {jax.devices()[0].device_kind}",
        "out": str(out),
    }


def _calibrate(job: Job) -> dict[str, float]:
    """Points a second over tiles spread evenly over the grid, and the seconds until the first of them was there."""
    started = time.perf_counter()
    problem = hatted_tables.with_tables(job.problem, job.grid)
    tile = int(np.prod(job.layout.tile))
    tiling = dataclasses.replace(job.tiling, chunk_points=4 * jax.local_device_count() * tile)
    chunks = engine.layout(job.grid, tiling).chunks
    places = np.unique(np.linspace(0, chunks - 1, _PLACES).astype(int))
    keep = job.settings.scan.outputs == "full"
    level = job.compile_level
    first = list(engine.evaluate(problem, job.grid, tiling, chunks=[0], keep=keep, compile_level=level))
    compiled = begun = time.perf_counter()
    done = 0
    # in an order that covers the grid early on, so that stopping in time is no bias
    for index in np.random.default_rng(0).permutation(places):
        done += sum(
            int(chunk.summary.points)
            for chunk in engine.evaluate(problem, job.grid, tiling, chunks=[int(index)], keep=keep, compile_level=level)
        )
        if time.perf_counter() - begun > _SECONDS:
            break
    seconds = time.perf_counter() - begun
    return {
        "compilation": compiled - started,
        "points_per_second": (done or int(first[0].summary.points)) / max(seconds, 1e-6),
    }


def _resident() -> float:
    """Largest resident memory of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
