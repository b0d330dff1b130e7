"""Memory of a summary against the number of points: the largest resident set of fresh processes."""

import argparse
import sys

import measuring

LINE = 50_000  # values of epsilon_gamma
SIZES = {
    "mcp_lhc": (10**6, 10**8, 10**9),
    "dune": (10**6, 10**8, 10**10),
}  # of a costly constraint and of a closed form


def run(name: str, number: int) -> None:
    """In a process of its own: summarise a grid of lines of epsilon_gamma, as many values of m_mcp as make the
    number.
    """
    import jax  # the parent must not hold what it measures in its children

    jax.config.update("jax_enable_x64", True)
    import studies

    from jaxmix import engine, study
    from jaxmix.constraints import shelf

    ends = studies.ends()
    whole = study.Study(
        studies.held(),
        {name: shelf.build(name, {}, ("sigma", 2.0) if name == "mcp_lhc" else ("cl", shelf.SHELF[name].only_cl))},
    )
    grid = engine.Grid(
        [
            engine.Axis.explicit("m_zprime_over_m_mcp", [studies.RATIO]),
            engine.Axis.log("m_mcp", *ends["m_mcp"], number // LINE),
            engine.Axis.log("epsilon_gamma", *ends["epsilon_gamma"], LINE),
        ]
    )
    tiling = engine.Tiling(tile_points=LINE, chunk_points=2**20, tolerance=1.0)
    found = engine.summarise(whole, grid, tiling)
    if int(found.points) != number:
        sys.exit(f"memory: {int(found.points)} points were summarised, {number} asked for")


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of the child processes."""
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)


def section(arguments: argparse.Namespace) -> measuring.Section | None:
    """The rows and notes of the section; None in a child process."""
    if arguments.child:
        run(arguments.child[0], int(arguments.child[1]))
        return None
    rows = []
    for name, sizes in SIZES.items():
        sizes = (10**5, 10**6) if arguments.quick else sizes
        used = {size: measuring.child([__file__, "--child", name, str(size)]) for size in sizes}
        rows += [
            measuring.Row(f"{name}: {size:.0e} points", f"{each.peak / 1e6:,.0f} MB, {each.seconds:.0f} s")
            for size, each in used.items()
        ]
        growth = used[sizes[-1]].peak / used[sizes[0]].peak
        rows.append(measuring.Row(f"{name}: the last over the first", f"{growth:.2f}", "flat"))
    notes = [
        "Largest resident memory of a fresh process each, compilation included. One value of m_Z'/m_mcp and",
        f"theta_W', and a line of {LINE:,} values of epsilon_gamma for each m_mcp: the number of lines grows.",
        "Summaries alone are kept. A longer last axis costs 24 numbers a value for its interpolation weights. All",
        "lines are interpolated here (tolerance 1).",
    ]
    return measuring.Section(rows, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, options=options)
