"""The profiled electroweak chi^2: points per second with and without gradient, against scipy and iminuit minimising the same function."""

import dataclasses
import functools

import jax

jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_enable_x64", True)

import iminuit
import jax.numpy as jnp
import measuring
import numpy as np
import scipy.optimize

from jaxmix import hatted_tables, parameters, study
from jaxmix.constraints import precision, shelf
from jaxmix.engine import evaluate, points, problem, tiles
from jaxmix.models import mixed_phase

BATCH = 64  # points of one call: their intermediate arrays stay in the cache


def currents(kappa: jax.Array, mass: jax.Array):
    """The Okun phase: by the theorem every other follows from it."""
    return mixed_phase.MixedPhase(kappa, m_zprime=mass, theta_dark=np.pi / 2).currents()


def statistic(fit: precision.Precision, kappa: jax.Array, mass: jax.Array) -> jax.Array:
    """q of one point."""
    return fit.fit(currents(kappa, mass))[0]


@jax.jit
def values(fit: precision.Precision, kappa: jax.Array, mass: jax.Array) -> jax.Array:
    """q of points [batches, points]."""
    return jax.lax.map(lambda pair: jax.vmap(functools.partial(statistic, fit))(*pair), (kappa, mass))


@jax.jit
def values_and_gradients(fit: precision.Precision, kappa: jax.Array, mass: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """q and its derivatives with kappa and m_Z'."""

    one = jax.value_and_grad(functools.partial(statistic, fit), argnums=(0, 1))
    return jax.lax.map(lambda pair: jax.vmap(one)(*pair), (kappa, mass))


def sample(number: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Seeded points about the limit: kappa 0.002 to 0.05, m_Z' 1 to 500 GeV."""
    random = np.random.default_rng(seed)
    return tuple(np.exp(random.uniform(np.log(low), np.log(high), number)) for low, high in ((2e-3, 0.05), (1.0, 500.0)))


def on_all_devices(function, fit: precision.Precision, kappa: np.ndarray, mass: np.ndarray):
    """A function without arguments that evaluates all points, a share on each device."""
    devices = jax.devices()
    shares = [tuple(part.reshape(-1, BATCH) for part in pair) for pair in zip(np.split(kappa, len(devices)), np.split(mass, len(devices)))]
    placed = [(jax.device_put(fit, device), *(jax.device_put(part, device) for part in share)) for device, share in zip(devices, shares)]
    return lambda: jax.block_until_ready([function(*each) for each in placed])


def peers(fit: precision.Precision, kappa: np.ndarray, mass: np.ndarray) -> dict:
    """Functions without arguments that find q of every point with scipy and with iminuit: the same compiled residuals, two minima each."""
    scale = np.array([2e-4, 5e-4])  # about one standard deviation of theta, which both minimisers like to know

    @jax.jit
    def residuals(theta, kappa, mass, weights):
        return jnp.sqrt(weights) * (fit._pulls(fit._deviations(scale * theta, currents(kappa, mass))) - fit._pulls(fit.observed))

    slopes = jax.jit(jax.jacfwd(residuals))
    total = jax.jit(lambda *point: jnp.sum(residuals(*point) ** 2))
    slope = jax.jit(jax.grad(lambda *point: jnp.sum(residuals(*point) ** 2)))
    weigh = jax.jit(lambda kappa, mass: fit._weights(fit._pulls(fit._deviations(jnp.zeros(2), currents(kappa, mass)))))

    def with_scipy() -> list[float]:
        def lowest(*point) -> float:
            run = scipy.optimize.least_squares(
                lambda theta: np.asarray(residuals(theta, *point)), np.zeros(2), lambda theta: np.asarray(slopes(theta, *point))
            )
            return 2.0 * run.cost

        return [lowest(k, m, w) - lowest(0.0 * k, m, w) for k, m in zip(kappa, mass) for w in (weigh(k, m),)]

    def with_iminuit() -> list[float]:
        def lowest(*point) -> float:
            run = iminuit.Minuit(
                lambda theta: float(total(theta, *point)), np.zeros(2), grad=lambda theta: np.asarray(slope(theta, *point))
            )
            run.errordef = iminuit.Minuit.LEAST_SQUARES
            return run.migrad().fval

        return [lowest(k, m, w) - lowest(0.0 * k, m, w) for k, m in zip(kappa, mass) for w in (weigh(k, m),)]

    return {"scipy": with_scipy, "iminuit": with_iminuit}


def main() -> None:
    """Print the section's table."""
    arguments = measuring.parser(__doc__).parse_args()
    start = measuring.machine()
    number, few, repeats = (512, 4, 1) if arguments.quick else (8192, 24, 5)
    fit = problem.once(study.prepared, shelf.build("precision", {}, ("cl", 0.95)))
    linear = dataclasses.replace(fit, words=tuple((name, "linearised" if name == "sm_inputs" else word) for name, word in fit.words))
    kappa, mass = sample(number)
    functions = {
        "gradient": on_all_devices(values_and_gradients, fit, kappa, mass),
        "value": on_all_devices(values, fit, kappa, mass),
        "linearised": on_all_devices(values, linear, kappa, mass),
    }
    others = peers(fit, kappa[:few], mass[:few])
    times = measuring.medians(functions | others, repeats)
    ours = np.concatenate([np.asarray(part).ravel() for part in functions["value"]()])[:few]
    apart = {name: float(np.max(np.abs(np.asarray(other()) - ours))) for name, other in others.items()}
    rows = [
        measuring.Row("profiled chi^2 with gradient", f"{number / times['gradient']:,.0f} points/s", "10,000 (goal 20,000)"),
        measuring.Row("profiled chi^2", f"{number / times['value']:,.0f} points/s"),
        measuring.Row("linearised chi^2", f"{number / times['linearised']:,.0f} points/s", "150,000 (goal 300,000)"),
    ]
    for name in others:
        each = times[name] / few
        ratio = each / (times["value"] / number)
        rows.append(
            measuring.Row(
                f"{name}, same residuals and derivatives",
                f"{1e3 * each:.2f} ms a point; {ratio:,.0f}x slower, q apart by {apart[name]:.0e}",
            )
        )
    rows.append(_grid_row(arguments.quick))
    notes = [
        f"{fit.observed.shape[0]} measurements, two parameters profiled, double precision, {len(jax.devices())} threads of calls;",
        f"{few} points for the peers.",
    ]
    print(measuring.table(rows, start, notes))


def _grid_row(quick: bool) -> measuring.Row:
    """A scan over theta_W', m_Z' and kappa, which one table serves."""
    held = {name: value for name, value in parameters.defaults().items() if name != "theta_dark"}
    whole = study.Study(held, {"precision": shelf.build("precision", {}, ("cl", 0.95))})
    sizes = (4, 20, 400) if quick else (25, 200, 400)
    axes = [
        points.Axis.linear("theta_dark", 0.05, 1.5, sizes[0]),
        points.Axis.log("m_zprime", 1.0, 1e3, sizes[1]),
        points.Axis.log("kappa", 1e-4, 0.3, sizes[2]),
    ]
    grid = points.Grid(axes)
    making = measuring.medians({"table": lambda: hatted_tables.with_tables(whole, grid)}, 1)["table"]
    tabulated = hatted_tables.with_tables(whole, grid)
    tiling = tiles.Tiling(chunk_points=2**18)
    scan = measuring.medians({"scan": lambda: jax.block_until_ready(evaluate.summarise(tabulated, grid, tiling))}, 3)["scan"]
    return measuring.Row(
        f"scan of {grid.size:,} points by one table", f"{making:.1f} s for the table, then {measuring.rate(grid.size, scan)}"
    )


if __name__ == "__main__":
    main()
