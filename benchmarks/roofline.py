"""The hot kernels against what the machine could do: points per second, operations and bytes a point, and the share of
the roofline.

For any machine, with or without an accelerator, on which only jax, equinox, jaxtyping, numpy and scipy need be there:
`PYTHONPATH=. python benchmarks/roofline.py`. It imports no zarr, xarray, pydantic or matplotlib, and says so at the
end. S. Williams, A. Waterman, D. Patterson, Communications of the ACM 52 (2009) 65: no kernel is faster than the least
of the processor's operations over its own, and of the memory's bytes over its own.
"""

import argparse
import functools
import math
import sys
from collections.abc import Callable
from typing import NamedTuple

import jax
import kernels
import measuring
import numpy as np
import studies
from jaxtyping import Array, Float

from jaxmix import engine

COPIES = 16
FORBIDDEN = ("zarr", "xarray", "pydantic", "matplotlib")


class Sizes(NamedTuple):
    """How much is worked on at a time."""

    matrix: int  # rows
    copied: int  # float64 numbers
    mixing: tuple[int, int]  # points, and of a chunk
    fits: tuple[int, int]  # points, and of a batch
    tile: int  # points of the event chain
    grid: dict[str, int]  # values by axis, where they are not the dense grid's
    repeats: int


PROCESSOR = Sizes(1024, 2**24, (1_024_000, 4000), (8192, 64), 2**14, {}, 5)
ACCELERATOR = Sizes(8192, 2**29, (2**25, 2**25), (2**20, 2**15), 2**23, {"m_mcp": 4096, "epsilon_gamma": 4096}, 5)
QUICK = Sizes(512, 2**20, (64_000, 4000), (512, 64), 2**12, {"theta_dark": 2, "m_mcp": 12}, 1)
TARGETS = {  # points a second on an accelerator
    "event chain": 1e10,
    "linearised chi^2": 5e8,
    "profiled chi^2 with gradient": 2e7,
}


class Peaks(NamedTuple):
    """Seconds of a matrix product by type, and of a copy."""

    float64: Callable[[], object]
    float32: Callable[[], object]
    copy: Callable[[], object]


class Kernel(NamedTuple):
    """A hot kernel: a call without arguments, the points that it evaluates, the cost of one, the bytes that it must
    bring and take, its type.
    """

    call: Callable[[], object]
    points: int
    work: kernels.Work
    least: float
    dtype: str = "float64"


def peaks(sizes: Sizes) -> Peaks:
    """What the machine is measured by; the copy has a share on each device."""
    share = np.zeros((len(jax.local_devices()), sizes.copied // len(jax.local_devices())))
    copied = kernels.on_all_devices(_copied, np.ones(()), (share,))
    return Peaks(kernels.matrix_product(sizes.matrix), kernels.matrix_product(sizes.matrix, "float32"), copied)


@jax.jit
def _copied(one: Float[Array, ""], arrays: tuple[Float[Array, "*n"]]) -> Float[Array, "*n"]:
    """Read and written COPIES times, in place but for the first: no time is spent on new memory."""
    return jax.lax.fori_loop(0, COPIES, lambda _, copied: copied + one, arrays[0])


def hot_kernels(sizes: Sizes) -> dict[str, Kernel]:
    """By name."""
    found = {f"mixing, {dtype}": mixing(sizes, dtype) for dtype in ("float64", "float32")}
    found["event chain"] = chain(sizes)
    for name, word, function, numbers in (
        ("linearised chi^2", "linearised", kernels.chi2, 3),
        ("profiled chi^2 with gradient", "profiled", kernels.chi2_and_gradient, 5),
    ):
        found[name] = fit(sizes, word, function, 8.0 * numbers)
    return found


def mixing(sizes: Sizes, dtype: str) -> Kernel:
    """Four numbers in, twelve out; where chunks follow one another, what comes out stays in the caches."""
    number, chunk = sizes.mixing
    numbers = 4 if chunk < number else 16
    arrays, weak = kernels.mixing_points(number, dtype), kernels.weak_inputs(dtype)
    call = kernels.on_all_devices(kernels.mixed_in_chunks, weak, tuple(array.reshape(-1, chunk) for array in arrays))
    work = kernels.work(kernels.mixed_states, *(array[:chunk] for array in arrays), *weak, points=chunk)
    return Kernel(call, number, work, float(numbers * arrays[0].itemsize), dtype)


def chain(sizes: Sizes) -> Kernel:
    """Points come from an index and end in a summary, so that nothing need pass the memory."""
    grid = studies.dense_grid(**sizes.grid)
    tiling = engine.Tiling(
        tile_points=sizes.tile, chunk_points=max(2**18, 4 * sizes.tile), tolerance=studies.TILING.tolerance
    )
    made = engine.place(kernels.tabulated_rates(studies.dense(), studies.ends(), studies.plane()))
    call = functools.partial(engine.summarise, made, grid, tiling)
    return Kernel(lambda: jax.block_until_ready(call()), grid.size, kernels.work_of_tile(made, grid, tiling), 0.0)


def fit(sizes: Sizes, sm_inputs: str, function: Callable, least: float) -> Kernel:
    """Two numbers in, q and perhaps its two derivatives out."""
    made, (number, batch) = kernels.fit(sm_inputs), sizes.fits
    arrays = kernels.fit_points(number, batch)
    call = kernels.on_all_devices(kernels.in_batches(function), made, arrays)
    return Kernel(call, number, kernels.work(function, made, *(each[0] for each in arrays), points=batch), least)


def rows(sizes: Sizes) -> list[measuring.Row]:
    """The table: the machine's peaks, then for each kernel its rate, its cost, and its share of the roofline."""
    of_machine, kernel = peaks(sizes), hot_kernels(sizes)
    seconds = measuring.medians(
        of_machine._asdict() | {name: each.call for name, each in kernel.items()}, sizes.repeats
    )
    product = {dtype: 2.0 * sizes.matrix**3 / seconds[dtype] for dtype in ("float64", "float32")}
    bandwidth = COPIES * 16.0 * sizes.copied / seconds["copy"]
    found = [
        *(
            measuring.Row(
                f"matrix product, {sizes.matrix:,} x {sizes.matrix:,}, {dtype}", f"{value / 1e9:,.0f} Gflop/s"
            )
            for dtype, value in product.items()
        ),
        measuring.Row(f"copy of {8 * sizes.copied / 1e6:,.0f} MB", f"{bandwidth / 1e9:,.1f} GB/s read and written"),
    ]
    for name, each in kernel.items():
        found += _of_kernel(name, each, each.points / seconds[name], product[each.dtype], bandwidth)
    return found


def _of_kernel(name: str, kernel: Kernel, speed: float, product: float, bandwidth: float) -> list[measuring.Row]:
    work, target = kernel.work, TARGETS.get(name) if kernels.accelerated() else None
    limit = {"operations": product / work.written, "memory": bandwidth / kernel.least if kernel.least else math.inf}
    bound = min(limit, key=limit.get)
    intensity = f"{work.written / kernel.least:,.1f} " if kernel.least else ""
    cost = [
        f"{work.written:,.0f} operations ({work.compiled:,.0f} as compiled)",
        f"{kernel.least:,.0f} bytes ({work.accessed:,.0f} between loops)",
        f"operations a byte {intensity}({work.compiled / work.accessed:.2f})",
    ]
    share = f"{speed / limit[bound]:.1%} of {measuring.rate(limit[bound], 1.0)}, by {bound}"
    return [
        measuring.Row(name, measuring.rate(speed, 1.0), f"> {target / 1e6:,.0f} million points/s" if target else ""),
        measuring.Row(f"{name}: a point", ", ".join(cost)),
        measuring.Row(
            f"{name}: share of the roofline",
            f"{share} ({speed * work.compiled / product:.1%} of the operations, as compiled)",
        ),
    ]


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    found = rows(QUICK if arguments.quick else ACCELERATOR if kernels.accelerated() else PROCESSOR)
    imported = sorted(set(FORBIDDEN) & set(sys.modules))
    found.append(measuring.Row(f"imported of {', '.join(FORBIDDEN)}", ", ".join(imported) or "none", "none"))
    homes = jax.local_devices()
    notes = [
        f"Devices: {len(homes)} x {homes[0].device_kind}. Peaks and kernels in turn, on all devices (the matrix",
        "product on one, which on a processor has all its cores). Operations and bytes are XLA's own counts:",
        "operations as written, before it optimises, and in brackets of the program that it makes, in which a value",
        "that several loops need is computed in each; bytes of what must come in and be kept, and in brackets of",
        "what its loops read and write, in the caches for the most part. Each pass of a loop is counted, one that",
        "may end early once. An operation on complex numbers counts as one, a root or a quotient too, a sine or a",
        "logarithm none. The roofline: the matrix product's operations over those written, or the copy's bytes over",
        "those that must pass, whichever is less.",
    ]
    return measuring.Section(found, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, begin=kernels.start)
