"""Vertices on the level: from the values and gradients at an edge's ends to |f| within the tolerance."""

import numpy as np

from jaxmix.engine.box import Sampler

_NEWTON = 8
_HALVINGS = 70
_REACH = 0.5  # how far, in edge lengths of the cell, a vertex may move off the point on its edge


def onto_level(sampler: Sampler, ends: np.ndarray, values: np.ndarray, widths: np.ndarray,
               tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Box coordinates [n, 2] of one point of the level for each edge, and (f, df/du, df/dv) there [n, 3].

    ends [n, 2, 2]: box coordinates of the edges' ends; values [n, 2, 3]: f and gradient there, f of opposite signs;
    widths [n, 2]: sizes of a cell there. 1. The root of the cubic through the end values and slopes. 2. Newton's
    method along the gradient, for all at once. 3. Those that it moves too far, or that stay above the tolerance, are
    sought on their edge by bracketing; |f| above the tolerance then means that f jumps there.
    """
    start = ends[:, 0] + _cubic_root(ends, values)[:, None] * (ends[:, 1] - ends[:, 0])
    place, found = towards_level(sampler, start, _REACH * widths, widths, tolerance)
    failed = ~(np.abs(found[:, 0]) <= tolerance)
    if failed.any():
        place[failed], found[failed] = _bracket(sampler, ends[failed], values[failed], tolerance)
    return place, found


def towards_level(sampler: Sampler, start: np.ndarray, reach: np.ndarray, widths: np.ndarray,
                  tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method along the gradient from each start [n, 2], as far as `reach` on either coordinate: where it
    ends, and (f, df/du, df/dv) there. The tolerance is not met where it leads too far or does not converge."""
    place, found = start.copy(), np.full((len(start), 3), np.nan)
    active = np.arange(len(start))
    for _ in range(_NEWTON):
        found[active] = np.column_stack(sampler(*place[active].T))
        active = active[np.abs(found[active, 0]) > tolerance]
        moved = place[active] + _along_gradient(found[active], widths[active])
        near = np.all(np.abs(moved - start[active]) <= reach[active], axis=1)
        active, moved = active[near], moved[near]
        if not active.size:
            break
        place[active] = np.clip(moved, 0.0, 1.0)
    return place, found


def _along_gradient(found: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The Newton step -f g/|g|^2, in units of the cell so that it does not depend on the axes' scales."""
    slope = found[:, 1:] * widths
    with np.errstate(all="ignore"):
        return -found[:, :1] * slope / np.sum(slope**2, axis=1)[:, None] * widths


def _cubic_root(ends: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where in 0 to 1 along each edge the cubic Hermite interpolant vanishes, by halving the bracket."""
    f = values[:, :, 0] / np.max(np.abs(values[:, :, 0]), axis=1)[:, None]
    slope = np.einsum("nek,nk->ne", values[:, :, 1:], ends[:, 1] - ends[:, 0]) / np.max(np.abs(values[:, :, 0]), axis=1)[:, None]
    low, high = np.zeros(len(f)), np.ones(len(f))
    for _ in range(40):
        t = 0.5 * (low + high)
        cubic = (1 + 2 * t) * (1 - t) ** 2 * f[:, 0] + t**2 * (3 - 2 * t) * f[:, 1] + t * (1 - t) * (
            (1 - t) * slope[:, 0] - t * slope[:, 1])
        same = (cubic >= 0) == (f[:, 0] >= 0)
        low, high = np.where(same, t, low), np.where(same, high, t)
    return 0.5 * (low + high)


def _bracket(sampler: Sampler, ends: np.ndarray, values: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """The root on each edge by Newton's method along it where it stays in the bracket and shrinks, else by halving."""
    size = len(ends)
    low, high, t, step = np.zeros(size), np.ones(size), np.full(size, 0.5), np.ones(size)
    best, place = np.full((size, 3), np.inf), ends.mean(axis=1)
    active = np.arange(size)
    for _ in range(_HALVINGS):
        here = ends[active, 0] + t[active, None] * (ends[active, 1] - ends[active, 0])
        found = np.column_stack(sampler(*here.T))
        better = np.abs(found[:, 0]) < np.abs(best[active, 0])
        best[active[better]], place[active[better]] = found[better], here[better]
        same = (found[:, 0] >= 0) == (values[active, 0, 0] >= 0)
        low[active[same]], high[active[~same]] = t[active[same]], t[active[~same]]
        with np.errstate(all="ignore"):
            newton = t[active] - found[:, 0] / np.einsum("nk,nk->n", found[:, 1:], ends[active, 1] - ends[active, 0])
        usable = (newton > low[active]) & (newton < high[active]) & (np.abs(newton - t[active]) < 0.5 * step[active])
        following = np.where(usable, newton, 0.5 * (low[active] + high[active]))
        step[active], t[active] = np.abs(following - t[active]), following
        active = active[(np.abs(found[:, 0]) > tolerance) & (high[active] - low[active] > 1e-15)]
        if not active.size:
            break
    return place, best
