"""Contours that are known exactly: vertices, calls, time and distance to the truth, against peers that go on until they
are as near.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import contourpy
import iminuit
import jax
import jax.numpy as jnp
import measuring
import numpy as np
import scipy.optimize
import scipy.stats

sys.path.insert(0, str(measuring.ROOT / "tests"))
import truths

from jaxmix import engine

jax.config.update("jax_enable_x64", True)
GOAL = 1e-5  # distance to the truth, in the box
FINEST = 4096
BLOCK = 2**16  # points evaluated together
SCAN = 65  # values a column that are looked at for changes of sign
STARTS = {"circle of radius 1": (0.3, -0.2), "circle of radius 0.02": (0.3, -0.2), "banana": (0.5, 0.5)}  # of iminuit


class Found(NamedTuple):
    """What a peer found: polylines in the box, and how many evaluations of f (or of f and its gradient) that took."""

    curves: list[np.ndarray]
    calls: int


class Function:
    """A truth's f in box coordinates, compiled: of one point, of many, and of many with the gradient; and as it is,
    with its gradient.
    """

    def __init__(self, truth: truths.Truth):
        sides = engine.Side.of(truth.x_axis), engine.Side.of(truth.y_axis)

        def inside(u, v):
            return truth.function(sides[0].from_box(u), sides[1].from_box(v))

        self.sides, self.one, self.many = sides, jax.jit(inside), jax.jit(jax.vmap(inside))
        self.slopes = jax.jit(jax.vmap(jax.value_and_grad(inside, (0, 1))))
        self.plain, self.plain_slope = (
            jax.jit(truth.function),
            jax.jit(lambda *at: jnp.stack(jax.grad(truth.function, (0, 1))(*at))),
        )

    def grid(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """f [v, u] at the points of a grid, whole rows together."""
        rows = max(1, BLOCK // len(u))
        blocks = [v[k : k + rows] for k in range(0, len(v), rows)]
        return np.concatenate(
            [np.asarray(self.many(np.tile(u, len(part)), np.repeat(part, len(u)))) for part in blocks]
        ).reshape(len(v), -1)


# ours and the peers


def trace(truth: truths.Truth) -> engine.Contours:
    """Our contours."""
    return engine.trace_contours(truth.function, truth.x_axis, truth.y_axis, **truth.options)


def march(function: Function, n: int) -> Found:
    """Marching squares of contourpy on n x n values."""
    along = np.linspace(0.0, 1.0, n)
    return Found(contourpy.contour_generator(along, along, function.grid(along, along)).lines(0.0), n * n)


def march_and_polish(function: Function, n: int) -> Found:
    """The same with Newton's method along the gradient from every vertex, which stays where it would go farther than
    two cells.
    """
    curves, calls = march(function, n)
    if not curves:
        return Found(curves, calls)
    start = np.concatenate(curves)
    place, size = np.pad(start, ((0, -len(start) % 4096), (0, 0)), mode="edge"), len(start)
    for _ in range(8):
        value, slope = function.slopes(*place.T)
        slope = np.column_stack(slope)
        step = np.asarray(value)[:, None] * slope / np.maximum(np.sum(slope**2, axis=1), 1e-300)[:, None]
        place, calls = np.clip(place - step, 0.0, 1.0), calls + size
        if np.max(np.abs(step)) < 1e-9:
            break
    near = np.all(np.abs(place[:size] - start) < 2 / n, axis=1)
    return Found(
        np.split(np.where(near[:, None], place[:size], start), np.cumsum([len(curve) for curve in curves])[:-1]), calls
    )


def columns(function: Function, n: int) -> Found:
    """scipy's brentq at every change of sign on n columns, joined by straight lines."""
    u, v = np.linspace(0.0, 1.0, n), np.linspace(0.0, 1.0, SCAN)
    positive = function.grid(u, v) >= 0
    roots, calls = [[] for _ in u], n * SCAN
    for column, low in zip(*np.nonzero((positive[1:] != positive[:-1]).T)):

        def along(at: float, here: float = u[column]) -> float:
            return float(function.one(here, at))

        root, run = scipy.optimize.brentq(along, v[low], v[low + 1], xtol=1e-12, full_output=True)
        roots[column].append(root)
        calls += run.function_calls
    return Found(list(joined(u, roots)), calls)


def joined(u: np.ndarray, roots: list[list[float]]) -> Iterator[np.ndarray]:
    """Segments between the roots of neighbouring columns in their order; of a column with more, the closest pairs join
    each other.
    """
    for first, last in itertools.pairwise(range(len(u))):
        more, fewer = (first, last) if len(roots[first]) >= len(roots[last]) else (last, first)
        some, others = np.array(roots[more]), np.array(roots[fewer])
        while len(some) > len(others) + 1:
            k = int(np.argmin(np.diff(some)))
            yield np.column_stack([np.full(2, u[more]), some[k : k + 2]])
            some = np.delete(some, [k, k + 1])
        if len(some) > len(others):  # one that leaves the box between the columns
            some = min(some[1:], some[:-1], key=lambda kept: np.sum(np.abs(kept - others)))
        yield from (np.array([[u[more], a], [u[fewer], b]]) for a, b in zip(some, others))


def minos(truth: truths.Truth, function: Function, number: int, experimental: bool) -> Found:
    """The curve of iminuit's mncontour about the minimum of f, with analytic gradient; the experimental one through its
    own spline.
    """
    calls = itertools.count()

    def counted(compiled: Callable, *at: float):
        next(calls)
        return compiled(*at)

    run = iminuit.Minuit(
        lambda x, y: float(counted(function.plain, x, y)),
        *STARTS[truth.name],
        grad=lambda x, y: np.asarray(counted(function.plain_slope, x, y)),
    )
    run.migrad()
    run.errordef = -run.fval
    level = scipy.stats.chi2.cdf(1.0, 2)  # that of which errordef is one unit
    found = np.asarray(
        run.mncontour(
            "x", "y", cl=level, size=number, experimental=experimental, interpolated=64 * number * experimental
        )
    )
    return Found([truths.in_box((truth.x_axis, truth.y_axis), *found.T)] if found.size else [], next(calls))


# the table


def timed(function: Callable, *arguments) -> tuple[float, object]:
    """Seconds of a call, and its result."""
    started = time.perf_counter()
    found = function(*arguments)
    return time.perf_counter() - started, found


def settled(function: Callable, *arguments) -> tuple[float, object]:
    """The median seconds of three calls, and the result."""
    runs = [timed(function, *arguments) for _ in range(3)]
    return statistics.median(seconds for seconds, _ in runs), runs[0][1]


def length(seconds: float) -> str:
    """A time in words."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def our_row(truth: truths.Truth) -> tuple[measuring.Row, int]:
    """What we find, and our number of vertices."""
    first = timed(trace, truth)[0]
    second, found = settled(trace, truth)
    kept, vertices = [each for each in found if each.x.size], sum(each.x.size for each in found)
    number = min(64, max(2, 2**20 // max(vertices, 1)))  # where vertices are too many, so that memory suffices
    distance = truths.hausdorff(truths.curves_of(kept, number), truth.curves)
    residual = max((each.max_residual for each in kept), default=0.0)
    numbers = (
        f"{vertices} vertices, {len(kept)} of {len(truth.curves)} components, {found.calls:,} calls, {length(second)}"
    )
    words = f"{numbers} ({length(first)} at first), {found.status}, distance {distance:.0e}, residual {residual:.0e}"
    return measuring.Row(f"{truth.name}: jaxmix", words, f"distance <= {GOAL:.0e}"), vertices


def refined_row(
    truth: truths.Truth, function: Function, name: str, way: Callable[[Function, int], Found], finest: int
) -> measuring.Row:
    """A peer with n doubled until it reaches the goal, and the second time that it takes there."""
    n, distance = 8, np.inf
    while distance > GOAL and n < finest:
        n *= 2
        seconds, found = timed(way, function, n)
        distance = truths.hausdorff(found.curves, truth.curves)
    if seconds < 0.5:  # else compiling is no part of it
        seconds, found = settled(way, function, n)
    return measuring.Row(
        f"{truth.name}: {name}", f"n = {n}, {found.calls:,} calls, {length(seconds)}, distance {distance:.0e}"
    )


def minos_row(truth: truths.Truth, function: Function, number: int, experimental: bool) -> measuring.Row:
    """iminuit asked for so many points."""
    minos(truth, function, number, experimental)
    seconds, found = settled(minos, truth, function, number, experimental)
    returned = number if experimental else sum(len(curve) - 1 for curve in found.curves)
    words = (
        f"{returned} of {number} points, {found.calls:,} calls, {length(seconds)}, distance "
        f"{truths.hausdorff(found.curves, truth.curves):.0e}"
    )
    return measuring.Row(f"{truth.name}: iminuit{', experimental' if experimental else ''}", words)


def rows(truth: truths.Truth, finest: int) -> list[measuring.Row]:
    """All ways to one truth."""
    ours, vertices = our_row(truth)
    function = Function(truth)
    ways = {"contourpy": march, "contourpy and Newton": march_and_polish, "brentq by columns": columns}
    found = [ours, *(refined_row(truth, function, name, way, finest) for name, way in ways.items())]
    if truth.name in STARTS:
        found += [minos_row(truth, function, *way) for way in ((vertices, False), (100, False), (100, True))]
    return found


def section(arguments: argparse.Namespace) -> measuring.Section:
    """The rows and notes of the section."""
    smooth = [truth for truth in truths.TRUTHS if truth.kind == "level"]
    chosen, finest = (smooth[:2], 256) if arguments.quick else (smooth, FINEST)
    found = [row for truth in chosen for row in rows(truth, finest)]
    notes = [
        "Distance: the larger of the two one-sided Hausdorff distances between all curves found and the whole exact",
        f"contour, in units of the box; n is doubled until it is below {GOAL:.0e} or n = {FINEST}. Calls: points at",
        "which f, or f and its gradient, was evaluated; those of iminuit count f and gradient each. Times: medians",
        "of three with everything compiled, of one where it takes above half a second. Ours is the Hermite curve",
        "through the vertices, the peers' are straight lines between their points: contourpy on n x n values, the",
        f"same after Newton's method along the gradient from every vertex, brentq on n columns of {SCAN} values",
        "each; iminuit's mncontour with as many points as our vertices and with 100, and its experimental way with",
        "its own cubic spline, where f has one minimum inside.",
    ]
    return measuring.Section(found, notes)


if __name__ == "__main__":
    measuring.main(__doc__, section, ("contourpy", "iminuit", "scipy"))
