"""The event chain on the dense grid's tiles: points per second with and without production, its error, and the same on
interpax.
"""

import argparse
import dataclasses
from collections.abc import Callable

import interpax_chain
import jax
import kernels
import measuring
import numpy as np
import studies

from jaxmix import engine

_AT_ONCE = 2**22  # points of a chunk in the comparison: interpax's blocks are sent all at once too
SIZES = (2**10, 2**12, 2**14, 2**16)  # points of a tile, and of interpax's block


def rows(quick: bool) -> list[measuring.Row]:
    """The table."""
    whole = studies.dense()
    chain = kernels.tabulated_rates(whole, studies.ends(), studies.plane())
    small = studies.dense_grid(theta_dark=2, m_mcp=12) if quick else studies.dense_grid(theta_dark=13, m_mcp=84)
    large = small if quick else studies.dense_grid()
    functions = {"chain": _summary(chain, large), "whole": _summary(whole, small)}
    times = measuring.medians(functions, 1 if quick else 5)
    direct = int(functions["whole"]().direct) / small.size
    samples = 100 if quick else 2500
    error = engine.interpolation_error(whole, studies.dense_grid(), studies.TILING, samples=samples, seed=11)
    return [
        measuring.Row(
            "event chain: interpolants, detector, statistic",
            measuring.rate(large.size, times["chain"]),
            "> 2 million points/s",
        ),
        measuring.Row("the same with exact production at the nodes", measuring.rate(small.size, times["whole"])),
        measuring.Row("of these points, on lines that were not interpolated but evaluated exactly", f"{direct:.2%}"),
        measuring.Row(
            f"largest interpolation error of q, {samples:,} points of the whole grid",
            f"{error['mcp_lhc']:.1e}",
            "< 1e-4",
        ),
        measuring.Row("of these, with another status", f"{error['status']:.0f}", "0"),
        *_in_float32(whole, chain, large, samples),
        *_against_interpax(chain, large, quick),
    ]


def _in_float32(
    whole: engine.AbstractProblem, chain: engine.AbstractProblem, grid: engine.Grid, samples: int
) -> list[measuring.Row]:
    """The event chain's speed in float32, and how far the whole q is from float64's wherever it is above a tenth of the
    critical value.
    """
    tiling = dataclasses.replace(studies.TILING, dtype="float32", tolerance=1e-4)
    placed = engine.place(chain)
    seconds = measuring.medians({"float32": lambda: jax.block_until_ready(engine.summarise(placed, grid, tiling))}, 5)[
        "float32"
    ]
    at = studies.dense_grid().point(np.random.default_rng(12).integers(0, studies.dense_grid().size, samples))
    double, single = (engine.evaluate_points(whole, at, dtype=dtype) for dtype in ("float64", "float32"))
    truth = double["mcp_lhc"]
    matters = truth > 0.1
    apart = np.abs(single["mcp_lhc"][matters] / truth[matters] - 1)
    differs = int(np.sum(single["status"] != double["status"]))
    return [
        measuring.Row("float32: event chain", measuring.rate(grid.size, seconds)),
        measuring.Row(
            (
                f"float32: q against float64, {matters.sum():,} exact points with q above a tenth of the "
                "critical value: median and largest"
            ),
            f"{np.median(apart):.1e}, {np.max(apart):.1e}",
        ),
        measuring.Row(f"float32: of {samples:,} points, with another status", f"{differs}", "0"),
    ]


def _against_interpax(ours: kernels.TabulatedRates, grid: engine.Grid, quick: bool) -> list[measuring.Row]:
    """Each chain at the tile or block that suits it best, and how far their answers are apart."""
    given = ours.whole, studies.ends(), studies.plane()
    theirs = {method: interpax_chain.tabulated_rates(*given, method) for method in ("cubic", "cubic2")}
    everywhere = grid.shape[-1]  # as many nodes as values: the table is read at each of them
    ways = {
        "event chain": lambda size: _summary(ours, grid, size),
        "the same chain on interpax, point by point": lambda size: interpax_chain.summarise(
            theirs["cubic"], grid, size
        ),
        "interpax's cubic at every point, in this engine": lambda size: _summary(
            theirs["cubic"], grid, size, everywhere
        ),
        "this package's spline at every point, in this engine": lambda size: _summary(ours, grid, size, everywhere),
    }
    best = {name: _best(build, quick) for name, build in ways.items()}
    times = measuring.medians({name: call for name, (_, call) in best.items()}, 1 if quick else 5)
    speed = {name: grid.size / seconds for name, seconds in times.items()}
    chain, peer, *_ = speed
    counts = {name: int(best[name][1]().excluded["mcp_lhc"]) for name in (chain, peer)}
    apart = {method: _deviation(ours, each, grid, 200 if quick else 20_000) for method, each in theirs.items()}
    return [
        *(
            measuring.Row(f"{name}, {best[name][0]:,} points at a time", measuring.rate(value, 1.0))
            for name, value in speed.items()
        ),
        measuring.Row(f"{chain} over {peer}", f"{speed[chain] / speed[peer]:.1f}", "> 6"),
        measuring.Row(
            "points above the critical value, and on interpax", " and ".join(f"{value:,}" for value in counts.values())
        ),
        *(
            measuring.Row(f"q with interpax's {method}: median and largest deviation", f"{median:.1e}, {largest:.1e}")
            for method, (median, largest) in apart.items()
        ),
    ]


def _best(build: Callable[[int], Callable[[], object]], quick: bool) -> tuple[int, Callable[[], object]]:
    """The size with the smallest time, and its call."""
    calls = {size: build(size) for size in (SIZES[:1] if quick else SIZES)}
    times = measuring.medians(calls, 1 if quick else 3)
    best = min(times, key=times.get)
    return best, calls[best]


def _deviation(
    ours: engine.AbstractProblem, theirs: engine.AbstractProblem, grid: engine.Grid, samples: int
) -> tuple[float, float]:
    """Median and largest relative deviation of q at seeded points of the grid, no other interpolation being between."""
    at = grid.point(np.random.default_rng(9).integers(0, grid.size, samples))
    found, truth = (engine.evaluate_points(each, at)["mcp_lhc"] for each in (theirs, ours))
    usable = np.isfinite(truth) & (truth != 0)
    each = np.abs(found[usable] / truth[usable] - 1)
    return float(np.median(each)), float(np.max(each))


def _summary(
    of: engine.AbstractProblem, grid: engine.Grid, tile_points: int | None = None, nodes: int | None = None
) -> Callable[[], object]:
    given = {"tile_points": tile_points, "nodes": nodes, "chunk_points": tile_points and _AT_ONCE}
    tiling: engine.Tiling = dataclasses.replace(
        studies.TILING, **{name: value for name, value in given.items() if value}
    )
    placed = engine.place(of)
    return lambda: jax.block_until_ready(engine.summarise(placed, grid, tiling))


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    found = rows(arguments.quick)
    notes = [
        "float64, the tiles of a scan on the dense grid (the second row: on a part of it), a device a core,",
        "everything reduced to a summary on the devices. In the first row `slow` (production and acceptance) comes",
        "from a cubic table over (ln m_mcp, ln epsilon_gamma): the engine, the interpolation along epsilon_gamma,",
        "couplings, photoelectrons, events, test statistic and summary are timed. In the second it is exact at 24",
        "nodes a line, and at every point of the few lines that the interpolation does not describe. The chain on",
        "interpax is the same code with the same table read by interpax.Interpolator2D at every point, which it has",
        "to be without this engine's product of axes and nodes: single points from their index under vmap and jit,",
        "in blocks, reduced to the same summary. Each at the tile or block that suits it best; the deviations of q",
        "are of the interpolants alone.",
    ]
    return measuring.Section(found, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, ("interpax",), begin=kernels.start)
