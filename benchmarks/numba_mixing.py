"""The peer of the mixing benchmark in Numba: the closed form as one loop over the points that keeps all between in
registers.

The arguments and the twelve arrays are those of numpy_mixing; the arrays are given, and written into. With D = 1 -
kappa_cc^2 the kinetic matrix of the massive pair is D K11 = 1 - (kappa cW')^2, D K22 = 1 - (kappa cW)^2, D K12 = kappa
sW sW', which spares most of its terms.
"""

import math
from collections.abc import Callable

import numba
import numpy as np


def in_chunks(
    fast: bool, threads: int, arrays: tuple, weak: tuple, chunk: int
) -> tuple[Callable[[], None], np.ndarray]:
    """A call without arguments that goes through the points chunk by chunk, and the array [threads, 12, chunk] that it
    writes.

    fast: with the compiler's fast mathematics. threads: 0 for a serial loop, else those of a parallel one, each with
    outputs of its own.
    """
    dtype = arrays[0].dtype
    out = np.empty((max(threads, 1), 12, chunk), dtype)
    half = dtype.type(0.5)
    loop = _PARALLEL[fast] if threads else _SERIAL[fast]
    numbers = tuple(value[()] for value in weak)

    def run() -> None:
        numba.set_num_threads(max(threads, 1))
        loop(*arrays, *numbers, half, out)

    return run, out


def closed_form(kappa, m2, dark_cos, dark_sin, m1, cos_w, sin_w) -> np.ndarray:
    """The twelve arrays of all the points at once."""
    run, out = in_chunks(False, 0, (kappa, m2, dark_cos, dark_sin), (m1, cos_w, sin_w), len(kappa))
    run()
    return out[0]


def _points(
    kappa,
    m2,
    dark_cos,
    dark_sin,
    m1,
    cos_w,
    sin_w,
    half,
    mass,
    a1,
    z1,
    a2,
    z2,
    mass_d,
    a1_d,
    z1_d,
    a2_d,
    z2_d,
    photon,
    photon_d,
):
    """The loop; `half` has the arrays' type, which a number written here would not have."""
    one = half + half
    square1, inverse1 = m1 * m1, one / m1
    for i in range(kappa.size):
        weak, x = kappa[i] * cos_w, kappa[i] * dark_cos[i]
        cc, cs, sc = weak * dark_cos[i], weak * dark_sin[i], kappa[i] * sin_w * dark_cos[i]
        square2, inverse2 = m2[i] * m2[i], one / m2[i]
        first, second = (one - x * x) * square2, (one - weak * weak) * square1
        half_gap = half * (first - second)
        off = kappa[i] * sin_w * dark_sin[i] * (m1 * m2[i])
        radius = math.sqrt(half_gap * half_gap + off * off)
        inverse_radius = one / radius
        massless = one - cc * cc
        inverse = one / massless
        larger = half * (first + second) + radius
        light, heavy = square1 * square2 * massless / larger, larger / (one - kappa[i] * kappa[i])
        cosine = half_gap * inverse_radius  # of twice the angle
        is_light = (one + cosine) * light >= (one - cosine) * heavy  # the Z, by its larger content of Z1
        m, m_d = math.sqrt(light if is_light else heavy), math.sqrt(heavy if is_light else light)
        cos = math.sqrt(half + half * (cosine if is_light else -cosine))
        sin = half * (off if is_light else -off) * inverse_radius / cos
        z, zd, d, dd = cos * m * inverse1, sin * m * inverse2, -sin * m_d * inverse1, cos * m_d * inverse2
        residue = math.sqrt(inverse)
        mass[i], a1[i], z1[i], a2[i], z2[i] = (
            m,
            (cs * zd - cc * sc * z) * inverse,
            z,
            (sc * z - cc * cs * zd) * inverse,
            zd,
        )
        mass_d[i], a1_d[i], z1_d[i], a2_d[i], z2_d[i] = (
            m_d,
            (cs * dd - cc * sc * d) * inverse,
            d,
            (sc * d - cc * cs * dd) * inverse,
            dd,
        )
        photon[i], photon_d[i] = residue, -cc * residue


def _over_chunks(points: Callable, parallel: bool) -> Callable:
    """One chunk after another, each thread into its own row of `out`."""

    def run(kappa, m2, dark_cos, dark_sin, m1, cos_w, sin_w, half, out):
        chunk = out.shape[2]
        for number in numba.prange(kappa.size // chunk):
            at = slice(number * chunk, (number + 1) * chunk)
            row = out[numba.get_thread_id() if parallel else 0]
            points(kappa[at], m2[at], dark_cos[at], dark_sin[at], m1, cos_w, sin_w, half,
                   row[0], row[1], row[2], row[3], row[4], row[5],
                   row[6], row[7], row[8], row[9], row[10], row[11])  # fmt: skip

    return numba.njit(run, parallel=parallel)


# the numpy error model divides by zero as NumPy does; a test for it would keep the loop from being vectorised
_COMPILED = {fast: numba.njit(_points, error_model="numpy", fastmath=fast) for fast in (False, True)}
_SERIAL, _PARALLEL = (
    {fast: _over_chunks(points, parallel) for fast, points in _COMPILED.items()} for parallel in (False, True)
)
