"""The largest value of a function of several named parameters inside bounds and under a budget, by its gradient."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
from jaxtyping import Float, PyTree

from jaxmix.engine.problem import place
from jaxmix.engine.slopes import Excess, Objective, Range, Sample, sample

_FIRST = 6  # steps of Adam, which no saddle and no bad scale holds up
_RATE = 0.08  # of Adam, in coordinates that span pi
_LONGEST = 0.5  # step of one coordinate
_KEPT = 10  # pairs of steps and slopes that L-BFGS remembers
_ARMIJO, _WOLFE, _TRIALS = 1e-4, 0.9, 25
_ROUNDING = 1e-12  # of the value: a smaller rise is none
_STIFFNESS, _STIFFER = 1.0, 4.0
_OUTER, _INNER = 20, 60
_EDGE = 1e-3  # of a coordinate's quarter turn: closer to a bound is on it
_AWAY = 0.1  # by which a coordinate is moved off a bound that does not hold it
_HELD = 1e-3  # slope towards a bound (by the share of the range) that keeps a start on it
_ROUGH = 1e-2  # slope to which the first multiplier's place is sought
_EXCESS = 1e-8  # to which the budget is met


@dataclasses.dataclass(frozen=True)
class Optimum:
    """Where the search ended.

    start, best: samples. multiplier: d(value)/d(ln budget). gradient: of the Lagrangian value - multiplier excess, zero
    for a parameter that a bound stops. at: of each parameter "low" or "high" where it ends on a bound, "held", or "".
    status: "converged" (the gradient is below the tolerance and the budget is kept), "stalled" or "no_value" (none at
    the start).
    """

    start: Sample
    best: Sample
    multiplier: float
    gradient: dict[str, float]
    at: dict[str, str]
    status: str
    iterations: int
    evaluations: int


def maximise(
    objective: Objective,
    excess: Excess,
    ranges: Mapping[str, Range],
    start: Mapping[str, float],
    memory: PyTree = None,
    *,
    multiplier: float | None = None,
    tolerance: float = 1e-6,
    first: int = _FIRST,
    progress: Callable[[int, Sample], None] | None = None,
) -> Optimum:
    """The largest objective(x) with x inside its ranges and excess(x) <= 0, from a start (which may exceed the budget).

    `memory` is what one evaluation leaves to the next, such as starts of inner searches: no value depends on it. The
    bounds are kept by ln x = middle + half sin z (F. James, M. Roos, Comput. Phys. Commun. 10 (1975) 343), which,
    unlike a logistic map, reaches them at a finite z. The budget is kept by an augmented Lagrangian (J. Nocedal, S. J.
    Wright, Numerical Optimization, 2nd ed., section 17.4). 1. `first` steps of Adam. 2. L-BFGS in z, with steps that
    obey the weak Wolfe conditions. 3. The multiplier follows the excess; 2. and 3. until the largest component of the
    Lagrangian's gradient (in ln x) is below the tolerance.
    """
    search = _Search(objective, excess, ranges, memory, progress)
    here = search.begin(start)
    first_sample = here.sample
    if not math.isfinite(here.sample.value):
        return Optimum(
            first_sample, first_sample, math.nan, dict.fromkeys(ranges, math.nan), search.at(here), "no_value", 0, 1
        )
    search.multiplier = search.estimate(here) if multiplier is None else multiplier
    here = search.off_bounds(here, _HELD)
    here = search.adam(here, first)
    before, inner = math.inf, _ROUGH
    for _ in range(_OUTER):
        here = search.lbfgs(here, max(inner, 0.3 * tolerance))
        released = search.off_bounds(here, 0.0)
        if released is not here:
            here = released
            continue
        following = search.pushed(here.sample)
        gap = abs(following - search.multiplier) / search.stiffness
        search.multiplier = following
        if gap <= _EXCESS and search.largest(here) <= tolerance:
            break
        if gap > 0.25 * before:
            search.stiffness *= _STIFFER
        before, inner = gap, 0.1 * min(inner, search.stiffness * gap)
    return search.finish(first_sample, here, tolerance)


class _Here(NamedTuple):
    """A place z of the search and what was found there."""

    z: Float[np.ndarray, " k"]
    sample: Sample


class _Search:
    """The augmented Lagrangian -value + [max(0, mu + r excess)^2 - mu^2]/(2 r) in coordinates z, and the steps
    down it.
    """

    def __init__(
        self,
        objective: Objective,
        excess: Excess,
        ranges: Mapping[str, Range],
        memory: PyTree,
        progress: Callable[[int, Sample], None] | None,
    ):
        self.objective, self.excess, self.ranges = place(objective), place(excess), dict(ranges)
        self.memory, self.progress = memory, progress
        ends = [
            [math.log(end) if each.logarithmic else end for end in (each.low, each.high)]
            for each in self.ranges.values()
        ]
        low, high = np.array(ends, float).T
        self.middle, self.half = 0.5 * (low + high), 0.5 * (high - low)
        self.multiplier, self.stiffness = 0.0, _STIFFNESS
        self.iterations = self.evaluations = 0
        self.previous: _Here | None = None  # the place before the present one
        self.curvature: Any = None  # the state of L-BFGS

    def begin(self, start: Mapping[str, float]) -> _Here:
        """The start."""
        x = np.array([math.log(start[name]) if each.logarithmic else start[name] for name, each in self.ranges.items()])
        along = np.divide(x - self.middle, self.half, out=np.zeros_like(x), where=self.half > 0)
        z = np.arcsin(np.clip(along, -1.0, 1.0))
        return _Here(z, self._sampled({name: float(start[name]) for name in self.ranges}))

    def look(self, z: Float[np.ndarray, " k"]) -> _Here:
        """What is found at z."""
        return _Here(z, self._sampled(self._place(z)))

    def _place(self, z: Float[np.ndarray, " k"]) -> dict[str, float]:
        sine = np.sin(z)
        moved = zip(self.ranges.items(), sine, self.middle + self.half * sine)
        return {name: _inside(each, float(way), float(t)) for (name, each), way, t in moved}

    def _sampled(self, x: dict[str, float]) -> Sample:
        self.evaluations += 1
        found = sample(self.objective, self.excess, x, self.ranges, self.memory)
        if math.isfinite(found.value):
            self.memory = found.memory
        return found

    def pushed(self, found: Sample) -> float:
        """max(0, mu + r excess): the multiplier as the excess corrects it."""
        return max(0.0, self.multiplier + self.stiffness * found.excess)

    def height(self, here: _Here) -> float:
        """The augmented Lagrangian; infinite where there is no value."""
        total = -here.sample.value + (self.pushed(here.sample) ** 2 - self.multiplier**2) / (2 * self.stiffness)
        return total if math.isfinite(total) else math.inf

    def in_x(self, here: _Here) -> Float[np.ndarray, " k"]:
        """Its derivatives by ln x (or x)."""
        return self._vector(here.sample.excess_slope) * self.pushed(here.sample) - self._vector(here.sample.slope)

    def in_z(self, here: _Here) -> Float[np.ndarray, " k"]:
        """Its derivatives by z."""
        return self.in_x(here) * self.half * np.cos(here.z)

    def _vector(self, slopes: Mapping[str, float]) -> Float[np.ndarray, " k"]:
        return np.array([slopes[name] for name in self.ranges])

    def estimate(self, here: _Here) -> float:
        """The multiplier at which the Lagrangian's gradient is smallest: a start for the search."""
        value, excess = self._vector(here.sample.slope) * self.half, self._vector(here.sample.excess_slope) * self.half
        return (
            max(0.0, float(value @ excess) / float(excess @ excess))
            if here.sample.excess > -0.1 and excess.any()
            else 0.0
        )

    def adam(self, here: _Here, steps: int) -> _Here:
        """Some steps of Adam; the lowest place on the way."""
        update, state = _updates()["adam"], optax.adam(_RATE).init(here.z)
        lowest = here
        for _ in range(steps):
            step, state = update(self.in_z(here), state, here.z)
            following = self.look(here.z + np.asarray(step))
            if not math.isfinite(self.height(following)):
                break
            here = following
            lowest = min(lowest, here, key=self.height)
            self._tell(here)
        return lowest

    def lbfgs(self, here: _Here, tolerance: float) -> _Here:
        """L-BFGS until the largest derivative by z is below the tolerance, or until no step leads further down."""
        for _ in range(_INNER):
            slope = self.in_z(here)
            if np.max(np.abs(slope), initial=0.0) <= tolerance:
                break
            step, self.curvature = _updates()["lbfgs"](slope, self._remembered(here), here.z)
            direction = -np.asarray(step)
            direction *= min(1.0, _LONGEST / max(np.max(np.abs(direction)), 1e-300))
            following = self._line(here, direction) if slope @ direction < 0 else None
            if following is None and self.previous is None:
                break
            self.previous = here if following is not None else None
            if following is not None:
                here = following
                self._tell(here)
        return here

    def _remembered(self, here: _Here) -> optax.OptState:
        """The state of L-BFGS with the last slope as the present multiplier makes it; a fresh one where the
        last step shows no curvature."""
        if self.previous is not None:
            before = self.in_z(self.previous)
            if (self.in_z(here) - before) @ (here.z - self.previous.z) > 0:
                return self.curvature._replace(updates=before, params=self.previous.z)
        self.previous = None
        return optax.scale_by_lbfgs(memory_size=_KEPT).init(here.z)

    def _line(self, here: _Here, direction: Float[np.ndarray, " k"]) -> _Here | None:
        """A place along a direction that obeys the weak Wolfe conditions, found by doubling and halving; None if there
        is none.
        """
        low, high, step = 0.0, math.inf, 1.0
        start, slope = self.height(here), float(self.in_z(here) @ direction)
        longest = _LONGEST / np.max(np.abs(direction))
        for _ in range(_TRIALS):
            there = self.look(here.z + step * direction)
            if self.height(there) > start + _ARMIJO * step * slope + _ROUNDING * abs(start):
                high = step
            elif self.in_z(there) @ direction < _WOLFE * slope and step < longest:
                low = step
            else:
                return there
            step = min(2.0 * low, longest) if high == math.inf else 0.5 * (low + high)
        return None

    def off_bounds(self, here: _Here, held: float) -> _Here:
        """Moved inwards from every bound that does not hold its parameter by a slope of more than `held`: the map's
        slope vanishes on a bound whatever the value does.
        """
        loose = self._on_edge(here) & (self.in_x(here) * self.half * np.sin(here.z) > -held)
        return self.look(np.where(loose, np.arcsin(np.sin(here.z) * math.cos(_AWAY)), here.z)) if loose.any() else here

    def _on_edge(self, here: _Here) -> np.ndarray:
        return (np.abs(np.cos(here.z)) < _EDGE) & (self.half > 0)

    def projected(self, here: _Here) -> Float[np.ndarray, " k"]:
        """The Lagrangian's gradient, zero where a bound stops a parameter or it is held."""
        gradient = -self.in_x(here)
        stopped = self._on_edge(here) & (gradient * np.sin(here.z) > 0)
        return np.where(stopped | (self.half == 0), 0.0, gradient)

    def largest(self, here: _Here) -> float:
        """The largest component of `projected`."""
        return float(np.max(np.abs(self.projected(here)), initial=0.0))

    def at(self, here: _Here) -> dict[str, str]:
        """Which bound each parameter is on."""
        edge, side = self._on_edge(here), np.where(np.sin(here.z) > 0, "high", "low")
        each = zip(self.ranges, self.half, edge, side)
        return {name: "held" if not half else str(which) if on else "" for name, half, on, which in each}

    def finish(self, start: Sample, here: _Here, tolerance: float) -> Optimum:
        """The answer, with parameters on a bound exactly there."""
        snapped = np.where(self._on_edge(here), np.sign(np.sin(here.z)) * 0.5 * np.pi, here.z)
        last = self.look(snapped)
        here = last if math.isfinite(last.sample.value) else here
        gradient = self.projected(here)
        met = np.max(np.abs(gradient), initial=0.0) <= tolerance and here.sample.excess <= 10 * _EXCESS
        names = dict(zip(self.ranges, map(float, gradient)))
        status = "converged" if met else "stalled"
        return Optimum(
            start, here.sample, self.multiplier, names, self.at(here), status, self.iterations, self.evaluations
        )

    def _tell(self, here: _Here) -> None:
        self.iterations += 1
        if self.progress is not None:
            self.progress(self.iterations, here.sample)


def _inside(ends: Range, way: float, t: float) -> float:
    """The parameter at ln x (or x) = t, way = sin z along its range; exactly on a bound where that is asked for."""
    if abs(way) == 1.0:
        return ends.high if way > 0 else ends.low
    return min(max(math.exp(t) if ends.logarithmic else t, ends.low), ends.high)


@functools.cache
def _updates() -> dict[str, Callable]:
    """The steps of both methods, compiled: they are small, and many."""
    return {"adam": jax.jit(optax.adam(_RATE).update), "lbfgs": jax.jit(optax.scale_by_lbfgs(memory_size=_KEPT).update)}
