"""The event chain on the dense grid's tiles: points per second with and without production, and the interpolation's error."""

import jax
import kernels
import measuring
import studies

from jaxmix.engine import evaluate, points, problem


def rows(quick: bool) -> list[measuring.Row]:
    """The table."""
    whole = studies.dense()
    chain = kernels.tabulated_rates(whole, studies.ends(), studies.plane())
    small = studies.dense_grid(theta_dark=2, m_mcp=12) if quick else studies.dense_grid(theta_dark=13, m_mcp=84)
    large = small if quick else studies.dense_grid(m_mcp=125)
    functions = {"chain": _summary(chain, large), "whole": _summary(whole, small)}
    times = measuring.medians(functions, 1 if quick else 5)
    direct = int(functions["whole"]().direct) / small.size
    samples = 100 if quick else 2500
    error = evaluate.interpolation_error(whole, studies.dense_grid(), studies.TILING, samples=samples, seed=11)
    return [
        measuring.Row("event chain: interpolants, detector, statistic", measuring.rate(large.size, times["chain"]), "> 2 million points/s"),
        measuring.Row("the same with exact production at the nodes", measuring.rate(small.size, times["whole"])),
        measuring.Row("of these points, on lines that were not interpolated but evaluated exactly", f"{direct:.2%}"),
        measuring.Row(f"largest interpolation error of q, {samples:,} points of the whole grid", f"{error['mcp_lhc']:.1e}", "< 1e-4"),
        measuring.Row("of these, with another status", f"{error['status']:.0f}", "0"),
    ]


def _summary(of: problem.AbstractProblem, grid: points.Grid):
    def run():
        return jax.block_until_ready(evaluate.summarise(of, grid, studies.TILING))

    return run


def main() -> None:
    """Print the section."""
    arguments = measuring.parser(__doc__).parse_args()
    jax.config.update("jax_enable_x64", True)
    start = measuring.machine()
    found = rows(arguments.quick)
    notes = [
        "float64, the tiles of a scan on a part of the dense grid, everything reduced to a summary on the device. In the first row `slow`",
        "(production and acceptance) comes from a cubic table over (ln m_mcp, ln epsilon_gamma): the engine, the interpolation along",
        "epsilon_gamma, couplings, photoelectrons, events, test statistic and summary are timed. In the second it is exact at 24 nodes a",
        "line, and at every point of the few lines that the interpolation does not describe.",
    ]
    print(measuring.table(found, start, notes))


if __name__ == "__main__":
    main()
