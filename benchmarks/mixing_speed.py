"""Mixing: exact masses and contents of Z, Z' and photon, against NumPy's closed form and batched eigh at equal outputs."""

import functools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import kernels
import measuring
import numpy as np
import numpy_mixing

CHUNKS = (1000, 2000, 4000, 8000, 16000, 64000, 256000, 1024000)  # each a divisor of the numbers below
AGREEMENT = {"float64": 1e-9, "float32": 1e-3}  # of a mass, and of a content on the scale of one


def _numpy(function: Callable, arrays: tuple, weak: tuple, chunk: int) -> None:
    for start in range(0, len(arrays[0]), chunk):
        function(*(array[start : start + chunk] for array in arrays), *weak)


def _numpy_in_threads(pool: ThreadPoolExecutor, function: Callable, arrays: tuple, weak: tuple, chunk: int) -> None:
    parts = [[array[start : start + chunk] for array in arrays] for start in range(0, len(arrays[0]), chunk)]
    for _ in pool.map(lambda part: function(*part, *weak) and None, parts):
        pass


def _jaxmix(arrays: tuple, weak: tuple, chunk: int) -> None:
    jax.block_until_ready(kernels.mixed_in_chunks(arrays, weak, chunk))


def _disagreement(found: tuple, truth: tuple) -> float:
    """Largest deviation: relative for values above one, absolute below."""
    return max(float(np.max(np.abs(np.asarray(a) - b) / np.maximum(1.0, np.abs(b)))) for a, b in zip(found, truth))


def _check(dtype: str, number: int) -> float:
    """The largest disagreement between all ways; raises SystemExit where it is too large."""
    arrays, weak = kernels.mixing_points(number, dtype, seed=7), kernels.weak_inputs(dtype)
    truth = [np.asarray(part) for part in kernels.mixed_states(*arrays, *weak)]
    ways = (numpy_mixing.closed_form, numpy_mixing.eigh_of_two, numpy_mixing.eigh_of_four)
    worst = max(_disagreement(way(*arrays, *weak), truth) for way in (ways if dtype == "float64" else ways[:1]))
    if not worst < AGREEMENT[dtype]:
        sys.exit(f"mixing: the peers disagree by {worst:.1e} in {dtype}; nothing was timed")
    return worst


def _best(build: Callable[[int], Callable[[], object]], chunks: tuple[int, ...], number: int) -> tuple[int, Callable[[], object]]:
    """The chunk size with the smallest time a point, and its function."""
    functions = {chunk: build(chunk) for chunk in chunks if number % chunk == 0}
    times = measuring.medians(functions, 3)
    best = min(times, key=times.get)
    return best, functions[best]


def _contenders(dtype: str, number: int, few: int, pool: ThreadPoolExecutor) -> dict[str, tuple[int, Callable, int]]:
    """Of each way its best chunk, its function, and how many points that evaluates."""
    arrays, weak = kernels.mixing_points(number, dtype), kernels.weak_inputs(dtype)
    less = tuple(array[:few] for array in arrays)
    on_device = [tuple(jnp.asarray(value) for value in values) for values in (arrays, weak)]
    closed, two, four = numpy_mixing.closed_form, numpy_mixing.eigh_of_two, numpy_mixing.eigh_of_four
    ways = {
        "jaxmix": (lambda c: functools.partial(_jaxmix, *on_device, c), number),
        "numpy closed form": (lambda c: functools.partial(_numpy, closed, arrays, weak, c), number),
        "numpy closed form, a thread a core": (lambda c: functools.partial(_numpy_in_threads, pool, closed, arrays, weak, c), number),
        "numpy eigh 2 x 2": (lambda c: functools.partial(_numpy, two, less, weak, c), few),
        "numpy eigh 4 x 4": (lambda c: functools.partial(_numpy, four, less, weak, c), few),
        "jax eigh 2 x 2": (lambda c: functools.partial(_numpy, functools.partial(two, eigh=jnp.linalg.eigh), less, weak, c), few),
    }
    if dtype != "float64":
        ways = {name: way for name, way in ways.items() if "eigh" not in name}
    found = {}
    for name, (build, points) in ways.items():
        chunk, function = _best(build, CHUNKS, points)
        found[name] = chunk, function, points
    return found


def rows(dtype: str, number: int, few: int, repeats: int) -> list[measuring.Row]:
    """The table of one precision."""
    worst = _check(dtype, 100_000)
    with ThreadPoolExecutor() as pool:
        contenders = _contenders(dtype, number, few, pool)
        times = measuring.medians({name: function for name, (_, function, _) in contenders.items()}, repeats)
    speed = {name: points / times[name] for name, (_, _, points) in contenders.items()}
    targets = {"numpy closed form": "3", **dict.fromkeys((name for name in speed if "eigh" in name), "50")} if dtype == "float64" else {}
    return [
        measuring.Row(f"{dtype}: largest disagreement of the ways compared", f"{worst:.1e}", f"< {AGREEMENT[dtype]:.0e}"),
        *(measuring.Row(f"{dtype}: {name}, chunks of {contenders[name][0]:,}", measuring.rate(value, 1.0))
          for name, value in speed.items()),
        *(measuring.Row(f"{dtype}: jaxmix over {name}", f"{speed['jaxmix'] / value:.1f}", f"> {targets[name]}" if name in targets else "")
          for name, value in speed.items() if name != "jaxmix"),
    ]


def main() -> None:
    """Print the section."""
    arguments = measuring.parser(__doc__).parse_args()
    jax.config.update("jax_enable_x64", True)
    number, few, repeats = (64_000, 8_000, 3) if arguments.quick else (1_024_000, 128_000, 9)
    start = measuring.machine()
    found = [row for dtype in ("float64", "float32") for row in rows(dtype, number, few, repeats)]
    notes = [
        "Outputs of all ways: the two masses, the four contents of the Z and of the Z', the two of the photon; cos and sin of both angles",
        "are inputs. Each way goes through its points chunk by chunk, at the size of a chunk that suits it best (1,000 to 1,024,000),",
        "and forms all outputs of a chunk in memory. jaxmix uses what cores XLA takes, numpy one unless told otherwise. The 4 x 4 problem",
        "is the Lagrangian's; the 2 x 2 one has the photons integrated out and its Cholesky factor written out, as the closed form has.",
    ]
    print(measuring.table(found, start, notes))


if __name__ == "__main__":
    main()
