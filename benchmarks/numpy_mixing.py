"""The peers of the mixing benchmark in NumPy: the closed form, and two eigenvalue problems with LAPACK behind them.

All return the same twelve arrays: of the Z and of the Z' the mass (GeV) and the contents of A1, Z1, A2, Z2, then the
contents of A1 and A2 of the photon. Arguments: kappa, M2 (GeV), cos and sin of theta_W', arrays; M1 (GeV), cos and sin
of theta_W, numbers.
"""

import numpy as np


def closed_form(kappa, m2, dark_cos, dark_sin, m1, cos_w, sin_w):
    """Half angle of the rotation that diagonalises the massive pair, once both are of unit norm."""
    cc, cs, sc, ss = (
        kappa * (cos_w * dark_cos),
        kappa * (cos_w * dark_sin),
        kappa * (sin_w * dark_cos),
        kappa * (sin_w * dark_sin),
    )
    inverse = 1 / (1 - cc * cc)
    k11, k22 = 1 - sc * sc * inverse, 1 - cs * cs * inverse
    k12 = ss + sc * cs * cc * inverse
    determinant = (1 - kappa * kappa) * inverse
    square1, square2 = m1 * m1, m2 * m2
    first, second = k11 * square2, k22 * square1
    half_gap, off = 0.5 * (first - second), k12 * (m1 * m2)
    radius = np.sqrt(half_gap * half_gap + off * off)
    larger = 0.5 * (first + second) + radius
    light, heavy = np.sqrt(square1 * square2 / larger), np.sqrt(larger / determinant)
    above = half_gap >= 0
    cos = np.sqrt(0.5 + 0.5 * np.abs(half_gap) / radius)
    sin = np.where(above, off, -off) / (2 * radius * cos)
    mass_z, mass_zprime = np.where(above, light, heavy), np.where(above, heavy, light)
    z = mass_z, cos * mass_z / m1, sin * mass_z / m2
    zprime = mass_zprime, -sin * mass_zprime / m1, cos * mass_zprime / m2
    return _labelled(z, zprime, cc, cs, sc, inverse)


def _labelled(z, zprime, cc, cs, sc, inverse):
    """Labels by the larger content of Z1, signs by the leading content, and the contents of the photons."""
    swapped = np.abs(zprime[1]) > np.abs(z[1])
    if swapped.any():
        z, zprime = [[np.where(swapped, b, a) for a, b in zip(*pair)] for pair in ((z, zprime), (zprime, z))]
    states = []
    for (mass, z1, z2), leading in ((z, z[1]), (zprime, zprime[2])):
        sign = np.where(leading < 0, -1.0, 1.0).astype(mass.dtype)
        z1, z2 = sign * z1, sign * z2
        states += [mass, (cs * z2 - cc * sc * z1) * inverse, z1, (sc * z1 - cc * cs * z2) * inverse, z2]
    residue = np.sqrt(inverse)
    return (*states, residue, -cc * residue)


def eigh_of_two(kappa, m2, dark_cos, dark_sin, m1, cos_w, sin_w, eigh=np.linalg.eigh):
    """The massive pair after the photons are integrated out: a 2 x 2 matrix, its Cholesky factor written out."""
    cc, cs, sc, ss = (
        kappa * (cos_w * dark_cos),
        kappa * (cos_w * dark_sin),
        kappa * (sin_w * dark_cos),
        kappa * (sin_w * dark_sin),
    )
    inverse = 1 / (1 - cc * cc)
    k11, k22, k12 = 1 - sc * sc * inverse, 1 - cs * cs * inverse, ss + sc * cs * cc * inverse
    l11 = np.sqrt(k11)
    l21 = k12 / l11
    l22 = np.sqrt(k22 - l21 * l21)
    a, b = 1 / l11, -l21 / (l11 * l22)  # L^-1 = [[a, 0], [b, d]]
    d = 1 / l22
    matrix = np.empty((*np.shape(kappa), 2, 2), a.dtype)
    matrix[..., 0, 0] = a * a * (m1 * m1)
    matrix[..., 1, 0] = matrix[..., 0, 1] = a * b * (m1 * m1)
    matrix[..., 1, 1] = b * b * (m1 * m1) + d * d * (m2 * m2)
    squares, vectors = (np.asarray(part) for part in eigh(matrix))
    pair = [
        (np.sqrt(squares[..., i]), a * vectors[..., 0, i] + b * vectors[..., 1, i], d * vectors[..., 1, i])
        for i in (0, 1)
    ]
    return _labelled(*pair, cc, cs, sc, inverse)


def eigh_of_four(kappa, m2, dark_cos, dark_sin, m1, cos_w, sin_w, eigh=np.linalg.eigh):
    """All four fields as they stand in the Lagrangian: K = L L^T, then L^-1 M^2 L^-T, massless pair and all."""
    shape, dtype = np.shape(kappa), np.asarray(kappa).dtype
    kinetic = np.broadcast_to(np.eye(4, dtype=dtype), (*shape, 4, 4)).copy()
    weak, dark = np.array([cos_w, -sin_w], dtype), np.stack(np.broadcast_arrays(dark_cos, -dark_sin), axis=-1)
    block = kappa[..., None, None] * weak[:, None] * dark[..., None, :]  # rows A1, Z1; columns A2, Z2
    kinetic[..., :2, 2:], kinetic[..., 2:, :2] = block, np.swapaxes(block, -1, -2)
    inverse = np.linalg.inv(np.linalg.cholesky(kinetic))
    mass2 = np.zeros((*shape, 4), dtype)
    mass2[..., 1], mass2[..., 3] = m1 * m1, m2 * m2
    squares, vectors = (np.asarray(part) for part in eigh(inverse * mass2[..., None, :] @ np.swapaxes(inverse, -1, -2)))
    contents = np.swapaxes(inverse, -1, -2) @ vectors[..., 2:]
    cc, cs, sc = block[..., 0, 0], -block[..., 0, 1], -block[..., 1, 0]
    pair = [(np.sqrt(squares[..., i + 2]), contents[..., 1, i], contents[..., 3, i]) for i in (0, 1)]
    return _labelled(*pair, cc, cs, sc, 1 / (1 - cc * cc))
