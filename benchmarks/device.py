"""The dense scan and the kernels on whatever device jax finds, with the agreement between it and the processor.

For a machine with an accelerator, on which only jax, equinox, jaxtyping, numpy and scipy need be there:
`PYTHONPATH=. python benchmarks/device.py`. It imports no zarr, xarray, pydantic or matplotlib, and says so at the end.
"""

import argparse
import sys

import jax
import kernels
import measuring
import numpy as np
import studies

from jaxmix import engine, study

FORBIDDEN = ("zarr", "xarray", "pydantic", "matplotlib")


def scan(whole: study.Study, grid: engine.Grid, repeats: int) -> list[measuring.Row]:
    """The dense grid reduced to its summary on the device, for some sizes of a tile."""
    rows = []
    for tile_points in (2**12, 2**15, 2**18) if kernels.accelerated() else (2**10,):
        tiling = engine.Tiling(tile_points=tile_points, chunk_points=2**20, tolerance=studies.TILING.tolerance)
        times = measuring.medians(
            {"scan": lambda tiling=tiling: jax.block_until_ready(engine.summarise(whole, grid, tiling))}, repeats
        )
        rows.append(
            measuring.Row(
                f"dense scan, {grid.size:,} points, tiles of {tile_points:,}", measuring.rate(grid.size, times["scan"])
            )
        )
    return rows


def kernel_rows(whole: study.Study, grid: engine.Grid, repeats: int) -> list[measuring.Row]:
    """Mixing, the event chain, and exact evaluations with gradient."""
    number, batch, tile_points = (2**22, 2**15, 2**18) if kernels.accelerated() else (2**18, 1024, 2**12)
    tiling = engine.Tiling(tile_points=tile_points, chunk_points=2**20, tolerance=studies.TILING.tolerance)
    arrays, weak = jax.device_put(kernels.mixing_points(number)), jax.device_put(kernels.weak_inputs())
    chain = engine.place(kernels.tabulated_rates(whole, studies.ends(), studies.plane()))
    mass, charge = jax.device_put(_plane_points(batch))
    placed = engine.place(whole)
    functions = {
        "mixing, all points in one call": (lambda: kernels.mixed_states(*arrays, *weak), number),
        "event chain: interpolants, detector, statistic": (lambda: engine.summarise(chain, grid, tiling), grid.size),
        f"exact q with gradient, batches of {batch:,}": (
            lambda: kernels.value_and_gradient(placed, mass, charge, studies.plane()),
            batch,
        ),
    }
    times = measuring.medians({name: _whole(function) for name, (function, _) in functions.items()}, repeats)
    return [measuring.Row(name, measuring.rate(size, times[name])) for name, (_, size) in functions.items()]


def agreement(whole: study.Study, samples: int) -> list[measuring.Row]:
    """Largest relative deviation between the device and the processor, at seeded points."""
    processor = jax.devices("cpu")[0]
    grid, random = studies.dense_grid(), np.random.default_rng(5)
    at = {axis.name: axis.values()[random.integers(0, axis.size, samples)] for axis in grid.axes}
    here = engine.evaluate_points(whole, at)
    with jax.default_device(processor):
        there = engine.evaluate_points(jax.device_put(whole, processor), at)
        masses = jax.device_get(kernels.mixed_states(*kernels.mixing_points(samples), *kernels.weak_inputs()))
    found = jax.device_get(kernels.mixed_states(*kernels.mixing_points(samples), *kernels.weak_inputs()))
    mixing = max(float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(b)))) for a, b in zip(found, masses))
    q, truth = here["mcp_lhc"], there["mcp_lhc"]
    usable = np.isfinite(truth) & (truth != 0)
    different = int(np.sum(here["status"] != there["status"]) + np.sum(np.isfinite(q) != np.isfinite(truth)))
    deviation = float(np.max(np.abs(q[usable] / truth[usable] - 1)))
    return [
        measuring.Row(
            f"q against the processor: largest relative deviation of {samples:,}", f"{deviation:.1e}", "< 1e-9"
        ),
        measuring.Row("of these, with another status or defined on one side only", f"{different}", "0"),
        measuring.Row("masses and contents against the processor: largest deviation", f"{mixing:.1e}", "< 1e-9"),
    ]


def _plane_points(number: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(3)
    return tuple(np.exp(random.uniform(*np.log(pair), number)) for pair in studies.ends().values())


def _whole(function):
    def run():
        return jax.block_until_ready(function())

    return run


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    accelerator = kernels.accelerated()
    sizes = {} if accelerator and not arguments.quick else {"theta_dark": 2, "m_mcp": 12 if arguments.quick else 125}
    repeats = 5 if accelerator and not arguments.quick else 3
    whole, grid = studies.dense(), studies.dense_grid(**sizes)
    rows = scan(whole, grid, repeats) + kernel_rows(whole, grid, repeats)
    if accelerator or arguments.quick:
        rows += agreement(whole, 200 if arguments.quick else 5000)
    imported = sorted(set(FORBIDDEN) & set(sys.modules))
    rows.append(measuring.Row(f"imported of {', '.join(FORBIDDEN)}", ", ".join(imported) or "none", "none"))
    kind = jax.devices()[0].device_kind
    absent = (
        "jax found no accelerator: these rows are the processor's, on a part of the grid; none was measured on a GPU."
    )
    return measuring.Section(rows, [f"Device: {kind}, float64." if accelerator else absent])


if __name__ == "__main__":
    measuring.main(__doc__, section, begin=kernels.start)
