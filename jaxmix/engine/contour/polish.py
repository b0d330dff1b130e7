"""Vertices on the level: from the values and gradients at the ends of a stretch to |f| within the tolerance, or to a
jump.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from jaxmix.engine.contour.box import Sampler

_STEPS = 80
_NARROW = 1e-9  # of the box: what a jump is bracketed to
_FAINT = 1e-15  # of a stretch: below, f's own rounding decides


@dataclasses.dataclass(frozen=True)
class Roots:
    """place [n, 2], f and gradient there [n, 3], evaluations spent [n], and the last bracket [n, 2, 2] with f >= 0 at
    its second end.
    """

    place: np.ndarray
    found: np.ndarray
    calls: np.ndarray
    bracket: np.ndarray
    jump: np.ndarray


@dataclasses.dataclass
class _Search:
    """The state of many searches along stretches, t from 0 to 1 each: brackets [n, 2] with f and df/dt at their ends
    [n, 2, 2].
    """

    t: np.ndarray
    ends: np.ndarray
    known: np.ndarray
    trial: np.ndarray
    step: np.ndarray


def onto_level(sampler: Sampler, plane: np.ndarray, ends: np.ndarray, values: np.ndarray, tolerance: float) -> Roots:
    """One point of the level on each stretch, ends [n, 2, 2] with f and gradient there [n, 2, 3], f of opposite signs.

    1. The root of the cubic through the values and slopes at both ends. 2. Newton's method from the best point known,
    inside a bracket that is halved where that leads out of it or not on. Where |f| stays above the tolerance at both
    ends of a bracket of 1e-9 of the box, and the slopes do not explain it, f jumps there.
    """
    size, span = len(ends), ends[:, 1] - ends[:, 0]
    slopes = np.einsum("nek,nk->ne", values[:, :, 1:], span)
    search = _Search(
        np.zeros(size),
        np.tile([0.0, 1.0], (size, 1)),
        np.stack([values[:, :, 0], slopes], axis=-1),
        np.zeros(size),
        np.ones(size),
    )
    search.trial = _cubic_root(search.known)
    best, place, calls = np.full((size, 3), np.inf), ends.mean(axis=1), np.zeros(size, int)
    jump, active = np.zeros(size, bool), np.arange(size)
    length = np.linalg.norm(span, axis=1)
    for _ in range(_STEPS):
        if not active.size:
            break
        t = search.trial[active]
        here = ends[active, 0] + t[:, None] * span[active]
        found = sampler(plane[active], here)
        calls[active] += 1
        better = np.abs(found[:, 0]) < np.abs(best[active, 0])
        best[active[better]], place[active[better]] = found[better], here[better]
        _advance(search, active, t, np.stack([found[:, 0], np.einsum("nk,nk->n", found[:, 1:], span[active])], axis=-1))
        width = search.ends[active, 1] - search.ends[active, 0]
        jump[active] = (width * length[active] <= _NARROW) & _leaps(search.known[active], width, tolerance)
        active = active[(np.abs(found[:, 0]) > tolerance) & ~jump[active] & (width > _FAINT)]
    bracket = ends[:, :1] + search.ends[:, :, None] * span[:, None]
    jump |= ~np.isfinite(best[:, 0])  # f is undefined all between
    return Roots(place, best, calls, np.where((search.known[:, :1, :1] >= 0), bracket[:, ::-1], bracket), jump)


def bisected(sampler: Sampler, plane: np.ndarray, ends: np.ndarray, inside: Callable) -> Roots:
    """Brackets of 1e-9 of the box about the place on each stretch where inside(f and gradient) changes; true at the
    second end.
    """
    low, high, calls = ends[:, 0].copy(), ends[:, 1].copy(), np.zeros(len(ends), int)
    found = np.zeros((len(ends), 3))
    while len(ends) and np.max(np.linalg.norm(high - low, axis=1)) > _NARROW:
        middle = 0.5 * (low + high)
        found = sampler(plane, middle)
        calls += 1
        within = inside(found)
        low, high = np.where(within[:, None], low, middle), np.where(within[:, None], middle, high)
    return Roots(0.5 * (low + high), found, calls, np.stack([low, high], axis=1), np.ones(len(ends), bool))


def _advance(search: _Search, active: np.ndarray, t: np.ndarray, value: np.ndarray) -> None:
    """Narrow the brackets with f and its slope at t, and choose where to look next."""
    side = np.where((value[:, 0] >= 0) == (search.known[active, 0, 0] >= 0), 0, 1)
    search.ends[active, side], search.known[active, side] = t, value
    low, high = search.ends[active].T
    best = np.argmin(np.abs(search.known[active, :, 0]), axis=1)
    start, known = search.ends[active, best], search.known[active, best]
    with np.errstate(all="ignore"):
        newton = start - known[:, 0] / known[:, 1]
    usable = (newton > low) & (newton < high) & (np.abs(newton - t) < 0.5 * search.step[active])
    following = np.where(usable, newton, 0.5 * (low + high))
    search.step[active], search.trial[active] = np.abs(following - t), following


def _leaps(known: np.ndarray, width: np.ndarray, tolerance: float) -> np.ndarray:
    """Whether f differs across a bracket by more than its slopes and the tolerance allow."""
    difference = np.abs(known[:, 1, 0] - known[:, 0, 0])
    return difference > 4.0 * (width * np.abs(known[:, :, 1]).max(axis=1) + tolerance)


def _cubic_root(known: np.ndarray) -> np.ndarray:
    """Where in 0 to 1 the cubic Hermite interpolants vanish, from f and df/dt at both ends [n, 2, 2], by halving the
    bracket.
    """
    scale = np.max(np.abs(known[:, :, 0]), axis=1)
    f, slope = (known[:, :, k] / np.where(scale > 0, scale, 1.0)[:, None] for k in (0, 1))
    low, high = np.zeros(len(f)), np.ones(len(f))
    for _ in range(40):
        t = 0.5 * (low + high)
        cubic = (
            (1 + 2 * t) * (1 - t) ** 2 * f[:, 0]
            + t**2 * (3 - 2 * t) * f[:, 1]
            + t * (1 - t) * ((1 - t) * slope[:, 0] - t * slope[:, 1])
        )
        same = (cubic >= 0) == (f[:, 0] >= 0)
        low, high = np.where(same, t, low), np.where(same, high, t)
    return 0.5 * (low + high)
