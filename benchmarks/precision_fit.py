"""The profiled electroweak chi^2: points per second with and without gradient, against scipy and iminuit minimising the
same function, and how much of a processor's floating-point operations it makes use of.
"""

import argparse

import iminuit
import jax
import jax.numpy as jnp
import kernels
import measuring
import numpy as np
import scipy.optimize

from jaxmix import engine, parameters, study
from jaxmix.constraints import precision, shelf
from jaxmix.scan import hatted_tables

BATCH = 64  # points of one call: their intermediate arrays stay in the cache
MATRIX = 1024  # rows of the square matrices whose product tells what the processor can do


def peers(fit: precision.Precision, kappa: np.ndarray, mass: np.ndarray) -> dict:
    """Functions without arguments that find q of every point with scipy and with iminuit: the same compiled residuals,
    two minima each.
    """
    scale = np.array([2e-4, 5e-4])  # about one standard deviation of theta, which both minimisers like to know

    @jax.jit
    def residuals(theta, kappa, mass, weights):
        return jnp.sqrt(weights) * (
            fit._pulls(fit._deviations(scale * theta, kernels.okun(kappa, mass))) - fit._pulls(fit.observed)
        )

    slopes = jax.jit(jax.jacfwd(residuals))
    total = jax.jit(lambda *point: jnp.sum(residuals(*point) ** 2))
    slope = jax.jit(jax.grad(lambda *point: jnp.sum(residuals(*point) ** 2)))
    weigh = jax.jit(
        lambda kappa, mass: fit._weights(fit._pulls(fit._deviations(jnp.zeros(2), kernels.okun(kappa, mass))))
    )

    def with_scipy() -> list[float]:
        def lowest(*point) -> float:
            run = scipy.optimize.least_squares(
                lambda theta: np.asarray(residuals(theta, *point)),
                np.zeros(2),
                lambda theta: np.asarray(slopes(theta, *point)),
            )
            return 2.0 * run.cost

        return [lowest(k, m, w) - lowest(0.0 * k, m, w) for k, m in zip(kappa, mass) for w in (weigh(k, m),)]

    def with_iminuit() -> list[float]:
        def lowest(*point) -> float:
            run = iminuit.Minuit(
                lambda theta: float(total(theta, *point)),
                np.zeros(2),
                grad=lambda theta: np.asarray(slope(theta, *point)),
            )
            run.errordef = iminuit.Minuit.LEAST_SQUARES
            return run.migrad().fval

        return [lowest(k, m, w) - lowest(0.0 * k, m, w) for k, m in zip(kappa, mass) for w in (weigh(k, m),)]

    return {"scipy": with_scipy, "iminuit": with_iminuit}


PROGRAMS = {  # q of points: how the Standard Model's parameters enter, and what is evaluated
    "profiled chi^2 with gradient": ("profiled", kernels.chi2_and_gradient),
    "profiled chi^2": ("profiled", kernels.chi2),
    "linearised chi^2": ("linearised", kernels.chi2),
}
RATES = {"profiled chi^2 with gradient": "10,000 (goal 20,000)", "linearised chi^2": "150,000 (goal 300,000)"}
SHARES = {"profiled chi^2 with gradient": "12% (goal 24%)", "linearised chi^2": "15% (goal 30%)"}


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    number, few, repeats = (512, 4, 1) if arguments.quick else (8192, 24, 5)
    fits = {word: kernels.fit(word) for word in ("profiled", "linearised")}
    batches = kernels.fit_points(number, BATCH)
    functions = {
        name: kernels.on_all_devices(kernels.in_batches(function), fits[word], batches)
        for name, (word, function) in PROGRAMS.items()
    }
    others = peers(fits["profiled"], *(each.ravel()[:few] for each in batches))
    times = measuring.medians(functions | others | _matrix_products(), repeats)
    q = functions["profiled chi^2"]
    ours = np.concatenate([np.asarray(part).ravel() for part in q()])[:few]
    apart = {name: float(np.max(np.abs(np.asarray(other()) - ours))) for name, other in others.items()}
    rows = [measuring.Row(name, f"{number / times[name]:,.0f} points/s", RATES.get(name, "")) for name in PROGRAMS]
    for name in others:
        each = times[name] / few
        ratio = each / (times["profiled chi^2"] / number)
        rows.append(
            measuring.Row(
                f"{name}, same residuals and derivatives",
                f"{1e3 * each:.2f} ms a point; {ratio:,.0f}x slower, q apart by {apart[name]:.0e}",
            )
        )
    rows += _shares(fits, {name: number / times[name] for name in PROGRAMS}, times)
    rows.append(_grid_row(arguments.quick))
    notes = [
        f"{fits['profiled'].observed.shape[0]} measurements, two parameters profiled, double precision,",
        f"{len(jax.devices())} devices of one core each, {few} points for the peers. Shares: floating-point",
        f"operations a second over those of a product of two {MATRIX:,} x {MATRIX:,} matrices in double precision,",
        "in turn with the fits, on the same cores. Operations are XLA's own count (an operation on complex numbers",
        "is one, a sine or a logarithm none): of the program of one batch as compiled, in which a value that",
        "several loops need is computed in each, and in brackets as written. XLA counts the body of a loop once;",
        "the other 18 passes of the Faddeeva function's series are added from the difference between the program",
        "with this loop written out and with it, both before optimisation.",
    ]
    return measuring.Section(rows, notes)


def _matrix_products() -> dict:
    """Products of two square matrices in jax and in NumPy, double precision."""
    left, right = np.random.default_rng(4).standard_normal((2, MATRIX, MATRIX))
    return {"matrix product": kernels.matrix_product(MATRIX), "matrix product in numpy": lambda: left @ right}


def _shares(
    fits: dict[str, precision.Precision], speed: dict[str, float], times: dict[str, float]
) -> list[measuring.Row]:
    """The matrix products' operations a second, and what share of jax's each fit reaches."""
    peak = {name: 2 * MATRIX**3 / times[name] for name in _matrix_products()}
    rows = [
        measuring.Row(f"{name}, {MATRIX:,} x {MATRIX:,}", f"{value / 1e9:.0f} Gflop/s") for name, value in peak.items()
    ]
    batch = [each[0] for each in kernels.fit_points(BATCH, BATCH)]
    for name, (word, function) in PROGRAMS.items():
        work = kernels.work(function, fits[word], *batch, points=BATCH)
        compiled, written = (speed[name] * flops / peak["matrix product"] for flops in (work.compiled, work.written))
        counted = f"{work.compiled:,.0f} operations a point ({work.written:,.0f} as written)"
        share = f"{compiled:.1%} ({written:.1%}); {counted}"
        rows.append(measuring.Row(f"{name}: share of the matrix product's rate", share, SHARES.get(name, "")))
    return rows


def _grid_row(quick: bool) -> measuring.Row:
    """A scan over theta_W', m_Z' and kappa, which one table serves."""
    held = {name: value for name, value in parameters.defaults().items() if name != "theta_dark"}
    whole = study.Study(held, {"precision": shelf.build("precision", {}, ("cl", 0.95))})
    sizes = (4, 20, 400) if quick else (25, 200, 400)
    axes = [
        engine.Axis.linear("theta_dark", 0.05, 1.5, sizes[0]),
        engine.Axis.log("m_zprime", 1.0, 1e3, sizes[1]),
        engine.Axis.log("kappa", 1e-4, 0.3, sizes[2]),
    ]
    grid = engine.Grid(axes)
    making = measuring.medians({"table": lambda: hatted_tables.with_tables(whole, grid)}, 1)["table"]
    tabulated = hatted_tables.with_tables(whole, grid)
    tiling = engine.Tiling(chunk_points=2**18)
    scan = measuring.medians({"scan": lambda: jax.block_until_ready(engine.summarise(tabulated, grid, tiling))}, 3)[
        "scan"
    ]
    return measuring.Row(
        f"scan of {grid.size:,} points by one table",
        f"{making:.1f} s for the table, then {measuring.rate(grid.size, scan)}",
    )


if __name__ == "__main__":
    measuring.main(__doc__, section, ("scipy", "iminuit"), begin=kernels.start)
