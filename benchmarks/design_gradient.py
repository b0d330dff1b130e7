"""A detector's reach with its gradient by ten design parameters: time against the value alone, and memory against the
masses.
"""

import argparse
import functools

import measuring

CONFIG = measuring.ROOT / "configs" / "design_milliqan.toml"
COUNTS = (4, 12, 48)  # masses


def prepared(masses: int):
    """The search of the example config over a number of masses, with float64 on."""
    from jaxmix.config import design as design_schema
    from jaxmix.design import search

    return search.prepare(design_schema.load(CONFIG, [f"axes.m_mcp.count={masses}"]))


def timed(masses: int, repeats: int) -> dict[str, float]:
    """Median seconds of the reach, and of the reach with its gradient."""
    import jax
    import jax.numpy as jnp

    from jaxmix import engine

    job = prepared(masses)
    design = {name: jnp.asarray(value) for name, value in job.start.items()}

    @jax.jit
    def value(reach, design, starts):
        return reach(design, starts)[0]

    functions = {
        "value": lambda: jax.block_until_ready(value(job.reach, design, job.log_limits)),
        "value and gradient": lambda: engine.optimise.sample(
            job.reach, job.excess, job.start, job.ranges, job.log_limits
        ),
    }
    return measuring.medians(functions, repeats)


@functools.cache
def peak(masses: int, gradient: bool) -> int:
    """Largest resident memory (bytes) of a fresh process that evaluates the reach of so many masses once."""
    return measuring.child([__file__, "--child", str(masses), *(["--gradient"] if gradient else [])]).peak


def run(masses: int, gradient: bool) -> None:
    """In a process of its own: prepare, and with `gradient` one value with its gradient too."""

    from jaxmix import engine

    job = prepared(masses)
    if gradient:
        engine.optimise.sample(job.reach, job.excess, job.start, job.ranges, job.log_limits)


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of the child processes."""
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--gradient", action="store_true", help=argparse.SUPPRESS)


def section(arguments: argparse.Namespace) -> measuring.Section | None:
    """The rows and notes of the section; None in a child process."""
    if arguments.child:
        run(arguments.child, arguments.gradient)
        return None
    counts, repeats = ((4,), 3) if arguments.quick else (COUNTS, 15)
    # children first: their memory is counted at no less than the parent's
    memory = [(masses, peak(masses, True)) for masses in counts]
    without = peak(counts[0], False)
    times = timed(12, repeats)
    rows = [
        measuring.Row(f"reach over 12 masses, {name}", f"{1e3 * seconds:.0f} ms") for name, seconds in times.items()
    ]
    rows.append(
        measuring.Row("value and gradient over value", f"{times['value and gradient'] / times['value']:.1f}", "<= 6")
    )
    rows += [
        measuring.Row(f"largest resident memory, {masses} masses, with gradient", f"{used / 1e6:,.0f} MB")
        for masses, used in memory
    ]
    rows.append(
        measuring.Row(f"the same, {counts[0]} masses, before the reach is compiled", f"{without / 1e6:,.0f} MB")
    )
    if len(memory) > 1:
        rows.append(measuring.Row("the last over the first", f"{memory[-1][1] / memory[0][1]:.2f}", "flat"))
    notes = [
        "Ten design parameters (side, distance, eta, layers, thickness, light yield, efficiency, rate, window,",
        "bars) in one reverse pass; the acceptance is tabulated anew each time. Limits are searched for from where",
        "they lie. Memory: fresh processes, with compilation.",
    ]
    return measuring.Section(rows, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, options=options)
