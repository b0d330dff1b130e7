"""Memory of a summary against the number of points: the largest resident set of fresh processes."""

import argparse
import sys

import measuring

LINE = 50_000  # values of epsilon_gamma
SIZES = (10**6, 10**8, 10**10)


def run(number: int) -> None:
    """In a process of its own: summarise a grid of lines of epsilon_gamma, as many values of m_mcp as make the number."""
    import jax  # the parent must not hold what it measures in its children

    jax.config.update("jax_enable_x64", True)
    import studies

    from jaxmix.engine import evaluate, points, tiles

    ends = studies.ends()
    whole = studies.dense()
    grid = points.Grid([
        points.Axis.explicit("m_zprime_over_m_mcp", [studies.RATIO]),
        points.Axis.log("m_mcp", *ends["m_mcp"], number // LINE),
        points.Axis.log("epsilon_gamma", *ends["epsilon_gamma"], LINE),
    ])
    tiling = tiles.Tiling(tile_points=LINE, chunk_points=2**20, tolerance=1.0)
    found = evaluate.summarise(whole, grid, tiling)
    if int(found.points) != number:
        sys.exit(f"memory: {int(found.points)} points were summarised, {number} asked for")


def main() -> None:
    """Print the section."""
    parser = measuring.parser(__doc__)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run(arguments.child)
        return
    start = measuring.machine()
    sizes = (10**5, 10**6) if arguments.quick else SIZES
    used = {size: measuring.child([__file__, "--child", str(size)]) for size in sizes}
    rows = [measuring.Row(f"{size:.0e} points", f"{each.peak / 1e6:,.0f} MB, {each.seconds:.0f} s") for size, each in used.items()]
    growth = used[sizes[-1]].peak / used[sizes[0]].peak
    rows.append(measuring.Row("the last over the first", f"{growth:.2f}", "flat"))
    notes = [
        "Largest resident memory of a fresh process each, compilation included. One value of m_Z'/m_mcp and theta_W', and a line of",
        f"{LINE:,} values of epsilon_gamma for each m_mcp: the number of lines grows. Summaries alone are kept. A longer last axis costs",
        "24 numbers a value for its interpolation weights. All lines are interpolated here (tolerance 1).",
    ]
    print(measuring.table(rows, start, notes))


if __name__ == "__main__":
    main()
