"""Spacing of vertices by curvature: as many as the cubic Hermite curve needs to keep to the level, and no more.

In the middle of each segment f and its gradient tell how far the curve is off, and how it is inclined: an error of the
form t^2 (1 - t)^2 (a + b (t - 1/2)) has a in its value there and b in its slope. Where it is too much, the middle is
moved onto the level by Newton's method along a line between the ends, so that the order is kept, and both halves are
looked at in turn. All segments, of all pieces, are in one batch each round.
"""

import dataclasses

import numpy as np

from jaxmix.engine.contour import pieces, polish
from jaxmix.engine.contour.box import Sampler

_NEWTON = 5
_ROUNDS = 200
# times as many vertices as there were, and a thousand: more is a function that the estimate of the error does not suit
_MOST = 50
_LEAST = 0.02  # of a segment: what each part of it has at least
_SHORTEST = 1e-7  # of the box: a corner of the level is not resolved further
_ODD = 0.143  # largest of t^2 (1 - t)^2 |t - 1/2| over its slope in the middle


@dataclasses.dataclass
class _Pool:
    """Growing arrays of all vertices: the piece and the rank along it, place, f and gradient, evaluations, size of the
    cells around.
    """

    piece: np.ndarray
    rank: np.ndarray
    place: np.ndarray
    found: np.ndarray
    calls: np.ndarray
    scale: np.ndarray

    def add(self, **rows: np.ndarray) -> np.ndarray:
        """Append vertices; their numbers."""
        size = len(self.rank)
        for name, new in rows.items():
            setattr(self, name, np.concatenate([getattr(self, name), new]))
        return np.arange(size, len(self.rank))


@dataclasses.dataclass
class _Tasks:
    """Segments from vertex a to vertex b whose middle is looked at: at `start` + t `line`, t from `limits`, after how
    many evaluations.
    """

    a: np.ndarray
    b: np.ndarray
    end: np.ndarray  # rank of b: a closed piece's last segment ends at its number of vertices
    start: np.ndarray
    line: np.ndarray
    limits: np.ndarray
    t: np.ndarray
    direction: np.ndarray  # of the curve there
    chord: np.ndarray
    thickness: np.ndarray  # of the rectangle between the ends, where the arc surely keeps to it
    turn: np.ndarray
    calls: np.ndarray

    def place(self) -> np.ndarray:
        """Where to look now."""
        return np.clip(self.start + self.t[:, None] * self.line, 0.0, 1.0)

    def __getitem__(self, which: np.ndarray) -> "_Tasks":
        return _Tasks(*(getattr(self, field.name)[which] for field in dataclasses.fields(self)))


def spaced(
    found: list[pieces.Piece], sampler: Sampler, accuracy: float, turn: float, tolerance: float
) -> list[pieces.Piece]:
    """The oriented pieces with vertices put in between, until the curve is within `accuracy` (of the box) of the level
    and no segment turns by more than `turn` (radians).
    """
    wanted = [k for k, piece in enumerate(found) if piece.kind == "level" and len(piece.place) > 1]
    if not wanted:
        return found
    pool, tasks = _begin(found, wanted)
    planes, deviation = np.array([piece.plane for piece in found]), np.zeros(len(found))
    most = 1000 + _MOST * len(pool.rank)
    for _ in range(_ROUNDS):
        if not len(tasks.a) or len(pool.rank) > most:
            break
        at = sampler(planes[pool.piece[tasks.a]], tasks.place())
        tasks.calls += 1
        tasks = _judged(tasks, at, pool, deviation, sampler, planes, accuracy, turn, tolerance)
    np.maximum.at(deviation, pool.piece[tasks.a], tasks.chord)  # of what is left
    order = np.lexsort((pool.rank, pool.piece))
    first = np.searchsorted(pool.piece[order], np.arange(len(found) + 1))
    rebuilt = {k: _rebuilt(found[k], pool, order[first[k] : first[k + 1]], deviation[k]) for k in wanted}
    return [rebuilt.get(k, piece) for k, piece in enumerate(found)]


def _begin(found: list[pieces.Piece], wanted: list[int]) -> tuple[_Pool, _Tasks]:
    sizes = [len(found[k].place) for k in wanted]
    owner = np.repeat(wanted, sizes)
    rank = np.concatenate([np.arange(size, dtype=float) for size in sizes])
    arrays = [
        np.concatenate([getattr(found[k], name) for k in wanted]) for name in ("place", "found", "calls", "scale")
    ]
    pool, starts = _Pool(owner, rank, *arrays), np.concatenate([[0], np.cumsum(sizes)])
    number = [size if found[k].closed else size - 1 for k, size in zip(wanted, sizes)]  # of segments
    a = np.concatenate([start + np.arange(each) for start, each in zip(starts, number)])
    b = np.concatenate([start + (np.arange(each) + 1) % size for start, each, size in zip(starts, number, sizes)])
    end = np.concatenate([np.arange(each) + 1.0 for each in number])
    return pool, _looked_at(pool, a, b, end)


def _looked_at(pool: _Pool, a: np.ndarray, b: np.ndarray, end: np.ndarray) -> _Tasks:
    """The middles of segments from a to b [n]. The level is sought across the chord, at right angles where the cells
    around are squares: in narrow features, which have narrow cells, nearly along them.
    """
    place = np.stack([pool.place[a], pool.place[b]], axis=1)
    span = place[:, 1] - place[:, 0]
    chord = np.linalg.norm(span, axis=1)
    straight = (span / np.maximum(chord, 1e-300)[:, None])[:, None]
    tangent = np.stack([pieces.along_level(pool.found[a]), pieces.along_level(pool.found[b])], axis=1)
    tangent = np.where(np.all(tangent == 0, axis=-1, keepdims=True), straight, tangent)
    out, into = (
        length[:, None] * tangent[:, k] for k, length in enumerate(pieces.handles(span, tangent[:, 0], tangent[:, 1]))
    )
    off = 0.125 * (out - into)
    scale = np.minimum(pool.scale[a], pool.scale[b])
    line = 0.5 * (span / scale)[:, ::-1] * [-1.0, 1.0] * scale
    one_way = np.all(tangent * span[:, None] > 0, axis=(1, 2))
    start, limits = _line_inside(place, place.mean(axis=1) + off, line, one_way)
    thickness = np.where(one_way, np.abs(span).min(axis=1), np.inf)
    turn = np.arccos(np.clip(np.sum(tangent[:, 0] * tangent[:, 1], axis=-1), -1.0, 1.0))
    return _Tasks(
        a,
        b,
        end,
        start,
        line,
        limits,
        np.zeros(len(a)),
        1.5 * span - 0.25 * (out + into),
        chord,
        thickness,
        turn,
        np.zeros(len(a), int),
    )


def _line_inside(
    ends: np.ndarray, start: np.ndarray, line: np.ndarray, one_way: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where to start [n, 2], and t [n, 2] from which to which `start` + t `line` may be looked at: one line's length to
    either side; where the ends run one way along both axes, the arc is in the rectangle between them, and so is what is
    looked at.
    """
    low, high = ends.min(axis=1), ends.max(axis=1)
    start = np.where(one_way[:, None], np.clip(start, low, high), start)
    with np.errstate(all="ignore"):
        bounds = np.sort(np.stack([low - start, high - start]) / line, axis=0)
    room = np.stack([np.fmax(*bounds[0].T), np.fmin(*bounds[1].T)], axis=1)
    return start, np.clip(np.where(one_way[:, None], room, [-1.0, 1.0]), -1.0, 1.0)


def _judged(
    tasks: _Tasks,
    at: np.ndarray,
    pool: _Pool,
    deviation: np.ndarray,
    sampler: Sampler,
    planes: np.ndarray,
    accuracy: float,
    turn: float,
    tolerance: float,
) -> _Tasks:
    """What is left to do: halves of segments whose middle is now on the level, middles that are not there yet; the
    others are finished.
    """
    error = _error(tasks, at, pool)
    first = tasks.calls == 1
    short = tasks.chord <= _SHORTEST
    fine = first & (
        short | ((error <= accuracy) & ((tasks.turn <= turn) | (np.minimum(tasks.chord, tasks.thickness) <= accuracy)))
    )
    owner = pool.piece[tasks.a]
    np.maximum.at(deviation, owner[fine], np.minimum(error, tasks.chord)[fine])
    np.add.at(pool.calls, tasks.a[fine], 1)
    arrived = ~fine & (np.abs(at[:, 0]) <= tolerance) & _between(tasks, tasks.place(), pool)
    with np.errstate(all="ignore"):
        moved = tasks.t - at[:, 0] / np.sum(at[:, 1:] * tasks.line, axis=1)
    going = (
        ~fine
        & ~arrived
        & (np.abs(at[:, 0]) > tolerance)
        & (moved > tasks.limits[:, 0])
        & (moved < tasks.limits[:, 1])
        & (tasks.calls < _NEWTON)
    )
    lost = ~fine & ~arrived & ~going
    new = _inserted(tasks[arrived], tasks.place()[arrived], at[arrived], tasks.calls[arrived], pool)
    new += _bracketed(tasks[lost], at[lost], error[lost], pool, deviation, sampler, planes, tolerance)
    rest = tasks[going]
    rest.t = moved[going]
    return _together([rest, *new])


def _error(tasks: _Tasks, at: np.ndarray, pool: _Pool) -> np.ndarray:
    """Largest distance of the cubic piece from the level, estimated from f in the middle and the least gradient there
    and at the ends (beside a cusp it is large in the middle, and f nearer to the level than it would be by the slope
    there); infinite where there is none.
    """
    size = np.min(
        [np.linalg.norm(found[:, 1:], axis=1) for found in (at, pool.found[tasks.a], pool.found[tasks.b])], axis=0
    )
    along = pieces.along_level(at)
    speed = np.linalg.norm(tasks.direction, axis=1)
    with np.errstate(all="ignore"):
        away = np.abs(at[:, 0]) / size
        inclined = np.abs(tasks.direction[:, 0] * along[:, 1] - tasks.direction[:, 1] * along[:, 0]) / speed
    error = away + _ODD * tasks.chord * inclined
    known = np.isfinite(error) & (np.sum(tasks.direction * along, axis=1) > 0)
    return np.minimum(np.where(known, error, np.inf), tasks.thickness)


def _inserted(tasks: _Tasks, place: np.ndarray, found: np.ndarray, calls: np.ndarray, pool: _Pool) -> list[_Tasks]:
    """New vertices in the middle of segments, and both halves of each to be looked at."""
    if not len(tasks.a):
        return []
    rank = 0.5 * (pool.rank[tasks.a] + tasks.end)
    scale = np.minimum(pool.scale[tasks.a], pool.scale[tasks.b])
    number = pool.add(piece=pool.piece[tasks.a], rank=rank, place=place, found=found, calls=calls, scale=scale)
    return [
        _looked_at(
            pool,
            np.concatenate([tasks.a, number]),
            np.concatenate([number, tasks.b]),
            np.concatenate([rank, tasks.end]),
        )
    ]


def _between(tasks: _Tasks, place: np.ndarray, pool: _Pool) -> np.ndarray:
    """Whether places are well between the ends of their segments, so that both halves are shorter."""
    first = pool.place[tasks.a]
    scale = np.minimum(pool.scale[tasks.a], pool.scale[tasks.b])
    span = (pool.place[tasks.b] - first) / scale
    with np.errstate(all="ignore"):
        part = np.sum((place - first) / scale * span, axis=1) / np.sum(span**2, axis=1)
    return (part > _LEAST) & (part < 1.0 - _LEAST)


def _bracketed(
    tasks: _Tasks,
    at: np.ndarray,
    error: np.ndarray,
    pool: _Pool,
    deviation: np.ndarray,
    sampler: Sampler,
    planes: np.ndarray,
    tolerance: float,
) -> list[_Tasks]:
    """Middles that Newton's method does not bring to the level: sought in a bracket, from the middle of the chord to
    the sides of the rectangle between the ends, else from where it was looked at last to that end of the line which
    lies on the other side of the level.
    """
    if not len(tasks.a):
        return []
    plane, low, high = planes[pool.piece[tasks.a]], pool.place[tasks.a], pool.place[tasks.b]
    with np.errstate(all="ignore"):
        room = np.fmin(*np.abs((high - low) / (2.0 * tasks.line)).T)
    across = np.clip(np.nan_to_num(room), 0.0, 1.0)[:, None] * tasks.line
    middle = 0.5 * (low + high)
    # f > 0 on the left of the chord, to which the line points
    far = np.where(at[:, 0] < 0, tasks.limits[:, 1], tasks.limits[:, 0])
    tried = [
        (middle - across, middle + across),
        (tasks.place(), np.clip(tasks.start + far[:, None] * tasks.line, 0.0, 1.0)),
    ]
    left, new = np.arange(len(tasks.a)), []
    for pair in tried:
        ends = np.stack(pair, axis=1)[left]
        values = np.stack([sampler(plane[left], ends[:, k]) for k in (0, 1)], axis=1)
        tasks.calls[left] += 2
        met = np.isfinite(values[..., 0]).all(axis=1) & ((values[:, 0, 0] < 0) != (values[:, 1, 0] < 0))
        root = polish.onto_level(sampler, plane[left[met]], ends[met], values[met], tolerance)
        tasks.calls[left[met]] += root.calls
        good = (np.abs(root.found[:, 0]) <= tolerance) & _between(tasks[left[met]], root.place, pool)
        part = left[met][good]
        new += _inserted(tasks[part], root.place[good], root.found[good], tasks.calls[part], pool)
        left = np.setdiff1d(left, part)
    np.maximum.at(deviation, pool.piece[tasks.a[left]], np.minimum(error, 0.5 * tasks.chord)[left])
    np.add.at(pool.calls, tasks.a[left], tasks.calls[left])
    return new


def _together(parts: list[_Tasks]) -> _Tasks:
    return _Tasks(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in dataclasses.fields(_Tasks))
    )


def _rebuilt(piece: pieces.Piece, pool: _Pool, mine: np.ndarray, deviation: float) -> pieces.Piece:
    return dataclasses.replace(
        piece,
        place=pool.place[mine],
        found=pool.found[mine],
        calls=pool.calls[mine],
        scale=pool.scale[mine],
        deviation=float(deviation),
    )
