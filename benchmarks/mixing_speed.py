"""Mixing: exact masses and contents of Z, Z' and photon, against Numba's loop, NumPy's closed form and batched eigh at
equal outputs.
"""

import argparse
import functools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import kernels
import measuring
import numba_mixing
import numpy as np
import numpy_mixing

CHUNKS = (1000, 2000, 4000, 8000, 16000, 64000, 256000, 1024000)  # each a divisor of the numbers below
LONE = 1.2  # cores that one thread may seem to keep busy
AGREEMENT = {"float64": 1e-9, "float32": 1e-3}  # of a mass, and of a content on the scale of one
ONE, ALL = "jaxmix on one device", "jaxmix, a device a core"
THREADS = ((ONE, "one thread each", False), (ALL, "all cores each", True))


class Way(NamedTuple):
    """A way to mix some points: a function of the chunk's size that returns a call without arguments, the largest chunk
    allowed, and whether chunks for which more than one thread is at work are left out.
    """

    build: Callable[[int], Callable[[], object]]
    points: int
    largest: int = CHUNKS[-1]
    lone: bool = False


class Contender(NamedTuple):
    """A way at the chunk that suits it best."""

    chunk: int
    call: Callable[[], object]
    points: int


def _numpy(function: Callable, arrays: tuple, weak: tuple, chunk: int) -> None:
    for start in range(0, len(arrays[0]), chunk):
        function(*(array[start : start + chunk] for array in arrays), *weak)


def _numpy_in_threads(pool: ThreadPoolExecutor, function: Callable, arrays: tuple, weak: tuple, chunk: int) -> None:
    parts = [[array[start : start + chunk] for array in arrays] for start in range(0, len(arrays[0]), chunk)]
    for _ in pool.map(lambda part: function(*part, *weak) and None, parts):
        pass


def _jaxmix(arrays: tuple, weak: tuple, chunk: int) -> Callable[[], object]:
    parts = tuple(jnp.asarray(array.reshape(-1, chunk)) for array in arrays)
    weak = tuple(jnp.asarray(value) for value in weak)
    return lambda: jax.block_until_ready(kernels.mixed_in_chunks(weak, parts))


def _jaxmix_on_all(arrays: tuple, weak: tuple, chunk: int) -> Callable[[], object]:
    return kernels.on_all_devices(kernels.mixed_in_chunks, weak, tuple(array.reshape(-1, chunk) for array in arrays))


def _disagreement(found: tuple, truth: tuple) -> float:
    """Largest deviation: relative for values above one, absolute below."""
    return max(float(np.max(np.abs(np.asarray(a) - b) / np.maximum(1.0, np.abs(b)))) for a, b in zip(found, truth))


def _check(dtype: str, number: int) -> float:
    """The largest disagreement between all ways; raises SystemExit where it is too large."""
    arrays, weak = kernels.mixing_points(number, dtype, seed=7), kernels.weak_inputs(dtype)
    truth = [np.asarray(part) for part in kernels.mixed_states(*arrays, *weak)]
    ways = (numba_mixing.closed_form, numpy_mixing.closed_form, numpy_mixing.eigh_of_two, numpy_mixing.eigh_of_four)
    worst = max(_disagreement(way(*arrays, *weak), truth) for way in (ways if dtype == "float64" else ways[:2]))
    if not worst < AGREEMENT[dtype]:
        sys.exit(f"mixing: the peers disagree by {worst:.1e} in {dtype}; nothing was timed")
    return worst


def _ways(dtype: str, number: int, few: int, pool: ThreadPoolExecutor) -> dict[str, Way]:
    """Every way of one precision, by name."""
    arrays, weak = kernels.mixing_points(number, dtype), kernels.weak_inputs(dtype)
    less = tuple(array[:few] for array in arrays)
    closed, two, four = numpy_mixing.closed_form, numpy_mixing.eigh_of_two, numpy_mixing.eigh_of_four
    ways = {
        ONE: Way(lambda c: _jaxmix(arrays, weak, c), number, lone=True),
        ALL: Way(lambda c: _jaxmix_on_all(arrays, weak, c), number, number // measuring.cores()),
    }
    for name, fast, threads in _loops():
        ways[name] = Way(
            lambda c, f=fast, t=threads: numba_mixing.in_chunks(f, t, arrays, weak, c)[0],
            number,
            number // max(threads, 1),
        )
    ways["numpy closed form"] = Way(lambda c: functools.partial(_numpy, closed, arrays, weak, c), number)
    threaded = "numpy closed form, a thread a core"
    ways[threaded] = Way(lambda c: functools.partial(_numpy_in_threads, pool, closed, arrays, weak, c), number)
    if dtype == "float64":
        ways["numpy eigh 2 x 2"] = Way(lambda c: functools.partial(_numpy, two, less, weak, c), few)
        ways["numpy eigh 4 x 4"] = Way(lambda c: functools.partial(_numpy, four, less, weak, c), few)
        ours = functools.partial(two, eigh=jnp.linalg.eigh)
        ways["jax eigh 2 x 2"] = Way(lambda c: functools.partial(_numpy, ours, less, weak, c), few)
    return ways


def _loops() -> list[tuple[str, bool, int]]:
    """Numba's loops: name, fast mathematics, threads (0: serial)."""
    found = []
    for threads, where in (
        (0, "one thread"),
        (1, "parallel, one thread"),
        (measuring.cores(), "parallel, a thread a core"),
    ):
        found += [(f"numba loop, {'fastmath, ' if fast else ''}{where}", fast, threads) for fast in (False, True)]
    return found


def _best(way: Way) -> Contender:
    """The way at the chunk with the smallest time a point."""
    calls = {chunk: way.build(chunk) for chunk in CHUNKS if way.points % chunk == 0 and chunk <= way.largest}
    times = measuring.medians(calls, 3)
    allowed = [each for each in calls if not way.lone or measuring.cores_used(calls[each]) < LONE]
    chunk = min(allowed or CHUNKS[:1], key=times.get)
    return Contender(chunk, calls[chunk], way.points)


def _ratios(dtype: str, speed: dict[str, float]) -> list[measuring.Row]:
    """jaxmix against every peer, on as many threads; of Numba's loops the fastest."""
    rows = []
    for ours, where, threaded in THREADS:
        numba = _fastest_loop(speed, threaded)
        if dtype == "float64":
            rows.append(
                measuring.Row(f"{dtype}: best numba loop over jaxmix, {where}", f"{numba / speed[ours]:.2f}", "< 1.5")
            )
        else:
            rows.append(
                measuring.Row(f"{dtype}: jaxmix over best numba loop, {where}", f"{speed[ours] / numba:.2f}", "> 1.5")
            )
    targets = {"numpy closed form": "> 3"} if dtype == "float64" else {}
    for name, value in speed.items():
        if "numpy" in name or "eigh" in name:
            ours, target = ALL if "a core" in name else ONE, "> 50" if "eigh" in name else targets.get(name, "")
            rows.append(measuring.Row(f"{dtype}: {ours} over {name}", f"{speed[ours] / value:.1f}", target))
    return rows


def _fastest_loop(speed: dict[str, float], threaded: bool) -> float:
    return max(value for name, value in speed.items() if name.startswith("numba") and ("a core" in name) == threaded)


def rows(dtype: str, number: int, few: int, repeats: int) -> tuple[list[measuring.Row], dict[str, float]]:
    """The table of one precision, and points a second by way."""
    worst = _check(dtype, 100_000)
    with ThreadPoolExecutor(measuring.cores()) as pool:
        contenders = {name: _best(way) for name, way in _ways(dtype, number, few, pool).items()}
        times = measuring.medians({name: each.call for name, each in contenders.items()}, repeats)
        busy = {name: measuring.cores_used(each.call) for name, each in contenders.items()}
    speed = {name: each.points / times[name] for name, each in contenders.items()}
    found = [
        measuring.Row(
            f"{dtype}: largest disagreement of the ways compared", f"{worst:.1e}", f"< {AGREEMENT[dtype]:.0e}"
        )
    ]
    for name, each in contenders.items():
        what = f"{dtype}: {name}, chunks of {each.chunk:,}"
        found.append(measuring.Row(what, f"{measuring.rate(speed[name], 1.0)} on {busy[name]:.1f} cores"))
    return found + _ratios(dtype, speed), speed


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    number, few, repeats = (64_000, 8_000, 3) if arguments.quick else (1_024_000, 128_000, 9)
    (double, of_double), (single, of_single) = (rows(dtype, number, few, repeats) for dtype in ("float64", "float32"))
    across = [
        measuring.Row(
            f"jaxmix in float32 over best numba loop in float64, {where}",
            f"{of_single[ours] / _fastest_loop(of_double, threaded):.2f}",
        )
        for ours, where, threaded in THREADS
    ]
    notes = [
        "Outputs of all ways: the two masses, the four contents of the Z and of the Z', the two of the photon; cos",
        "and sin of both angles are inputs. Each way goes through its points chunk by chunk, at the size of a chunk",
        "that suits it best (1,000 to 1,024,000), and forms all outputs of a chunk in memory. On one device jaxmix",
        "has chunks of which XLA makes one thread's work; Numba's loop writes into arrays that are there already,",
        "each thread into its own. Cores: processor time over wall time. The 4 x 4 problem is the Lagrangian's; the",
        "2 x 2 one has the photons integrated out and its Cholesky factor written out.",
    ]
    return measuring.Section(double + single + across, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, ("numba",), begin=kernels.start)
