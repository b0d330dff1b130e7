"""Pieces of a contour: chains of vertices cut where f jumps or keeps to the level, given a direction, and their cubic
Hermite curves.
"""

import dataclasses

import numpy as np

_UNEVEN = 3.0


@dataclasses.dataclass(frozen=True)
class Vertices:
    """All vertices of a trace, in box coordinates."""

    plane: np.ndarray  # [n]
    place: np.ndarray  # [n, 2]
    found: np.ndarray  # [n, 3]: f and its gradient
    calls: np.ndarray  # [n]: evaluations spent on each
    kind: np.ndarray  # [n]: "level", "jump" or "plateau"
    bracket: np.ndarray  # [n, 2, 2]: what each was found in
    scale: np.ndarray  # [n, 2]: size of the cells around


@dataclasses.dataclass(frozen=True)
class Piece:
    """Vertices in order on the level; of a jump or plateau, brackets instead."""

    plane: int
    place: np.ndarray  # [n, 2]
    found: np.ndarray  # [n, 3]: f and its gradient
    calls: np.ndarray  # [n]: evaluations spent on each
    scale: np.ndarray  # [n, 2]: size of the cells around
    closed: bool
    ends: tuple[str, str] | None  # of an open piece: "box", "invalid", or the kind of the following piece
    kind: str = "level"
    bracket: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 2, 2)))
    deviation: float = 0.0  # the largest estimated distance of the Hermite curve from the level, in the box


def split(chain: np.ndarray, closed: bool, boundary: np.ndarray, vertices: Vertices) -> list[Piece]:
    """The runs of a chain along which the vertices are of one kind; boundary [n]: which of all vertices lie on the
    boundary of the box.
    """
    kind = vertices.kind[chain]
    first, last = (None if closed else "box" if boundary[end] else "invalid" for end in (chain[0], chain[-1]))
    if (kind == kind[0]).all():
        return [_piece(chain, vertices, closed, None if first is None or last is None else (first, last))]
    if closed:
        turn = int(np.nonzero(kind != np.roll(kind, 1))[0][0])
        chain, kind = np.roll(chain, -turn), np.roll(kind, -turn)
    starts = np.concatenate([[0], np.nonzero(kind[1:] != kind[:-1])[0] + 1, [len(chain)]])
    found = []
    for a, b in zip(starts[:-1], starts[1:]):
        before = first if a == 0 and first else str(kind[a - 1])
        after = last if b == len(chain) and last else str(kind[b % len(chain)])
        found.append(_piece(chain[a:b], vertices, False, (before, after)))
    return found


def oriented(piece: Piece) -> Piece:
    """The piece in the direction that has f > 0 on the left."""
    if piece.kind != "level" or np.sum(along_level(piece.found) * _chords(piece)) >= 0:
        return piece
    ends = None if piece.ends is None else piece.ends[::-1]
    return dataclasses.replace(
        piece,
        place=piece.place[::-1],
        found=piece.found[::-1],
        calls=piece.calls[::-1],
        scale=piece.scale[::-1],
        ends=ends,
    )


def tangents(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Unit tangents [n, 2], and at which vertices they are along the neighbours' chord as the gradient vanishes."""
    tangent = along_level(piece.found)
    flat = np.all(tangent == 0, axis=1)
    return np.where(flat[:, None], _chords(piece), tangent), flat


def along_level(found: np.ndarray) -> np.ndarray:
    """The gradient turned clockwise to a unit vector; zero where it vanishes."""
    size = np.linalg.norm(found[:, 1:], axis=1)
    return found[:, [2, 1]] * [1.0, -1.0] / np.where(size == 0, 1.0, size)[:, None]


def handles(span: np.ndarray, out: np.ndarray, into: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lengths [n] of the derivative at the first and the last end of cubic pieces with these chords and unit tangents
    [n, 2].

    2 chord/(1 + c) with c the cosine of half the angle between the tangents, right to sixth order for an arc of a
    circle. Where one end is far nearer than the other to where the tangents meet, 4 c/(1 + c) times each one's distance
    from there: as right for an arc that is stretched along any direction. Where both tangents run as the chord does
    along either axis, no more than keeps the piece in the rectangle between the ends (a factor of three; F. N. Fritsch,
    R. E. Carlson, SIAM J. Numer. Anal. 17 (1980) 238).
    """
    half = np.sqrt(0.5 * (1.0 + np.clip(np.sum(out * into, axis=-1), -1.0, 1.0)))
    first, last = to_meeting(span, out, into)
    alike, stretched = 2.0 * np.linalg.norm(span, axis=-1) / (1.0 + half), 4.0 * half / (1.0 + half)
    apart = uneven(span, out, into)
    one_way = np.all((out * span > 0) & (into * span > 0), axis=-1)
    return tuple(
        np.minimum(np.where(apart, stretched * distance, alike), _room(span, tangent, one_way))
        for distance, tangent in ((first, out), (last, into))
    )


def _room(span: np.ndarray, tangent: np.ndarray, one_way: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(one_way, 3.0 * np.min(np.abs(span / tangent), axis=-1), np.inf)


def uneven(span: np.ndarray, out: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Whether one end [n] is far nearer than the other to where the tangents meet."""
    first, last = to_meeting(span, out, into)
    with np.errstate(invalid="ignore"):
        return np.maximum(first, last) > _UNEVEN * np.minimum(first, last)


def to_meeting(span: np.ndarray, out: np.ndarray, into: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances [n] of the two ends from where their tangents meet, between the ends; NaN where they do not (the curve
    is straight, or turns both ways).
    """
    chord, turn = np.linalg.norm(span, axis=-1), _cross(out, into)
    with np.errstate(all="ignore"):
        first, last = _cross(span, into) / turn, _cross(out, span) / turn
        meet = (first > 0) & (last > 0) & (np.maximum(first, last) < 2.0 * chord) & (np.abs(turn) > 1e-6)
    return np.where(meet, first, np.nan), np.where(meet, last, np.nan)


def hermite(place: np.ndarray, tangent: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points [n - 1, m, 2] at t [m] of 0 to 1 on the cubic Hermite pieces between n vertices with unit tangents."""
    begin, end = (length[:, None, None] for length in handles(np.diff(place, axis=0), tangent[:-1], tangent[1:]))
    t = t[None, :, None]
    first, last, out, into = (
        place[:-1, None, :],
        place[1:, None, :],
        begin * tangent[:-1, None, :],
        end * tangent[1:, None, :],
    )
    return (1 + 2 * t) * (1 - t) ** 2 * first + t**2 * (3 - 2 * t) * last + t * (1 - t) * ((1 - t) * out - t * into)


def bezier(place: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """The same pieces as cubic Bezier ones: both control points and the end of each [n - 1, 3, 2]."""
    begin, end = (length[:, None] for length in handles(np.diff(place, axis=0), tangent[:-1], tangent[1:]))
    return np.stack([place[:-1] + begin * tangent[:-1] / 3.0, place[1:] - end * tangent[1:] / 3.0, place[1:]], axis=1)


def curve(place: np.ndarray, tangent: np.ndarray, closed: bool, number: int) -> np.ndarray:
    """The curve through vertices with unit tangents, `number` points [m, 2] for each segment and the last end; closed
    ones come back to the first.
    """
    if closed and len(place):
        place, tangent = np.concatenate([place, place[:1]]), np.concatenate([tangent, tangent[:1]])
    return np.concatenate([hermite(place, tangent, np.arange(number) / number).reshape(-1, 2), place[-1:]])


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _piece(chain: np.ndarray, vertices: Vertices, closed: bool, ends: tuple[str, str] | None) -> Piece:
    """Without vertices that coincide with the one before (where the level passes through a lattice point)."""
    plane, kind = int(vertices.plane[chain[0]]), str(vertices.kind[chain[0]])
    if kind != "level":
        none = np.zeros((0, 2)), np.zeros((0, 3)), np.zeros(0, int), np.zeros((0, 2))
        return Piece(plane, *none, closed, ends, kind, vertices.bracket[chain])
    place, calls = vertices.place[chain], vertices.calls[chain]
    apart = np.concatenate([[True], np.linalg.norm(np.diff(place, axis=0), axis=1) > 1e-9])
    if closed and apart.sum() > 1 and np.linalg.norm(place[apart][-1] - place[0]) <= 1e-9:
        apart[np.nonzero(apart)[0][-1]] = False
    return Piece(
        plane, place[apart], vertices.found[chain][apart], calls[apart], vertices.scale[chain][apart], closed, ends
    )


def _chords(piece: Piece) -> np.ndarray:
    """Unit vectors from each vertex's predecessor to its successor."""
    if len(piece.place) < 2:
        return np.zeros_like(piece.place)
    padded = np.pad(piece.place, ((1, 1), (0, 0)), mode="wrap" if piece.closed else "edge")
    chord = padded[2:] - padded[:-2]
    return chord / np.maximum(np.linalg.norm(chord, axis=1), 1e-300)[:, None]
