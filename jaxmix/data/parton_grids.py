"""Parton distributions: reads any LHAPDF6 grid and makes tables of densities and luminosities from it.

NumPy only, no JAX: it makes tables, from the package's generator script and from a user's own grid.
The luminosities that the physics uses live in `collider`, built from such a table.
"""

import dataclasses
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from jaxtyping import Float

UP_TYPE = (2, 4)  # PDG numbers of u, c
DOWN_TYPE = (1, 3, 5)  # PDG numbers of d, s, b
TAU = (0.56, 3.8e-10)  # M = 0.748 sqrt(S), to M = 1.95 GeV at 100 TeV
TAU_KNOTS = 160
SCALE_STEPS = 12  # knots of ln mu_F per factor 4.92/1.65, so that a knot stands on the usual b threshold
SCALE_LIMITS = (1.65, 8200.0)  # GeV
DENSITY_KNOTS = (60, 16, 48)  # of tau, mu_F, z
NODES = 160  # Gauss-Legendre nodes of the rapidity integral
GLUON = 21
LARGEST_FILE = 200_000_000  # bytes
LARGEST_VALUE = 1e30  # of x f
PARTONS = (
    "g",
    "u",
    "ubar",
    "d",
    "dbar",
    "s",
    "sbar",
    "c",
    "b",
)  # components of a density table; c and b: mean of quark and antiquark
LOWEST_X = 1e-8  # of a density table
X_KNOTS = 160
DENSITY_SCALE_STEPS = 6  # as SCALE_STEPS, of a density table
LARGE_X_POWER = 3  # x f/(1 - x)^3 is what a density table holds: it does not fall steeply towards x = 1


@dataclasses.dataclass(frozen=True)
class Block:
    """One block of a grid between two flavour thresholds: x f(x, Q) on nodes of x and Q, GeV."""

    x: Float[np.ndarray, " x"]
    scale: Float[np.ndarray, " q"]
    flavours: tuple[int, ...]
    values: Float[np.ndarray, "x q flavour"]


@dataclasses.dataclass(frozen=True)
class Grid:
    """A parton distribution set's central member: its name, the SHA256 of its file, and its blocks in rising Q."""

    name: str
    sha256: str
    blocks: tuple[Block, ...]

    def on_scale(self, flavours: tuple[int, ...], scale: float) -> "scipy.interpolate.CubicSpline":
        """Interpolate x f(x, Q) of some flavours (PDG numbers) at one scale Q in GeV.

        The result is a function of ln x, cubic in (ln x, ln Q). Q is held at the grid's ends outside them; a flavour
        that a block lacks is zero there."""
        scale = min(max(scale, self.blocks[0].scale[0]), self.blocks[-1].scale[-1])
        block = next(block for block in self.blocks if scale <= block.scale[-1])
        absent = np.zeros((len(block.x), len(block.scale)))
        columns = [block.values[:, :, block.flavours.index(k)] if k in block.flavours else absent for k in flavours]
        along_scale = scipy.interpolate.CubicSpline(np.log(block.scale), np.stack(columns, axis=-1), axis=1)
        return scipy.interpolate.CubicSpline(np.log(block.x), along_scale(np.log(scale)), axis=0)

    def lowest_x(self) -> float:
        """Return the smallest momentum fraction of the grid."""
        return float(max(block.x[0] for block in self.blocks))


def read_grid(folder: str | Path) -> Grid:
    """Read the central member of the LHAPDF6 set in a folder that holds NAME_0000.dat.

    An .info file is not needed. Raises ValueError unless there is exactly one such file in the right format.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"parton distributions: {folder} is not a folder; give the folder that holds "
            "NAME_0000.dat of an LHAPDF6 set."
        )
    found = sorted(folder.glob("*_0000.dat"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found[:5]) or "none"
        raise ValueError(
            f"parton distributions: {folder} holds {len(found)} files NAME_0000.dat ({names}); exactly one is needed."
        )
    return read_grid_file(found[0])


def read_grid_file(path: str | Path) -> Grid:
    """Read one member file of an LHAPDF6 set (format lhagrid1).

    The format is A. Buckley et al., Eur. Phys. J. C 75 (2015) 132, arXiv:1412.7420, section 3.2: a header, then
    blocks closed by '---', each with a line of x nodes, one of Q nodes, one of PDG numbers, and one row of
    x f for each (x, Q), Q running fastest. Raises ValueError, which says what is wrong.
    """
    path = Path(path)
    content = _content(path)
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"parton distributions: {path} is not a text file (byte {error.start}); an lhagrid1 file is ASCII."
        ) from error
    header, *parts = _split(text)
    if not any(line.split() == ["Format:", "lhagrid1"] for line in header):
        raise ValueError(
            f"parton distributions: {path} has no 'Format: lhagrid1' in its header; only that LHAPDF6 format is read."
        )
    if not parts or parts[-1]:
        raise ValueError(
            f"parton distributions: {path} does not end with '---'; the file is truncated or not an LHAPDF6 grid."
        )
    blocks = tuple(_block(lines, f"{path}, block {k + 1}") for k, lines in enumerate(parts[:-1]))
    _check_order(blocks, path)
    return Grid(path.name.removesuffix("_0000.dat").removesuffix(".dat"), hashlib.sha256(content).hexdigest(), blocks)


def _content(path: Path) -> bytes:
    """Bytes of a file; a pipe or a device would not end."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"parton distributions: {path} is no file of at most {LARGEST_FILE // 10**6} MB.")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"parton distributions: {path} cannot be read: {error.strerror}.") from error


def make_luminosity_table(grid: Grid) -> dict[str, np.ndarray]:
    """Make the table of quark-antiquark luminosities of proton-proton collisions and of the pair's rapidity density.

    L_q(tau, mu_F) = int dy [q(x1) qbar(x2) + qbar(x1) q(x2)],  x1, x2 = sqrt(tau) exp(+-y),  |y| < y_max = -ln(tau)/2,
    summed over u, c (up) and d, s, b (down). `log_luminosity`[tau, mu, column] is ln L; `density`[tau, mu, z, column]
    is 2 y_max rho with rho(y) = dL/dy/L and z = |y|/y_max, so that its integral over z in [0, 1] is one. Axes are
    uniform in r = sqrt(-ln tau), where the steep fall towards tau = 1 is smooth, and in ln mu_F (GeV):
    `root_log_tau`, `log_scale`, and `density_root_log_tau`, `density_log_scale`, `density_z`. Raises ValueError where a
    luminosity is not positive.
    """
    log_scale = _log_scales(SCALE_STEPS)
    low, high = np.sqrt(-np.log(TAU))
    root, coarse_root = (np.linspace(low, high, n) for n in (TAU_KNOTS, DENSITY_KNOTS[0]))
    coarse_scale = np.linspace(log_scale[0], log_scale[-1], DENSITY_KNOTS[1])
    z = np.linspace(0.0, 1.0, DENSITY_KNOTS[2])
    luminosity = np.stack([_luminosity(grid, -(root**2), np.exp(value)) for value in log_scale], axis=1)
    density = np.stack([_density(grid, -(coarse_root**2), np.exp(value), z) for value in coarse_scale], axis=1)
    _check_positive(luminosity, grid.name)
    return {
        "log_luminosity": np.log(luminosity),
        "root_log_tau": root,
        "log_scale": log_scale,
        "density": density.astype(np.float32),
        "density_root_log_tau": coarse_root,
        "density_log_scale": coarse_scale,
        "density_z": z,
    }


def make_density_table(grid: Grid) -> dict[str, np.ndarray]:
    """Make the table of parton densities: `density`[x, mu, parton] is x f(x, mu)/(1 - x)^3 of PARTONS.

    Axes are uniform in r = sqrt(-ln x), from x = 1 to 1e-8, and in ln mu (GeV), from 1.65 GeV to 8.2 TeV: `root_log_x`,
    `log_scale`.
    """
    root = np.linspace(0.0, np.sqrt(-np.log(LOWEST_X)), X_KNOTS)
    x = np.exp(-(np.maximum(root, root[1] / 2) ** 2))  # 0/0 at x = 1: held at half a step from it
    log_scale = _log_scales(DENSITY_SCALE_STEPS)
    flavours = (GLUON, 2, -2, 1, -1, 3, -3, 4, -4, 5, -5)
    log_x = np.log(np.maximum(x, grid.lowest_x()))
    values = np.stack([grid.on_scale(flavours, np.exp(value))(log_x) for value in log_scale], axis=1)
    heavy = (values[..., 7::2] + values[..., 8::2]) / 2
    density = np.concatenate([values[..., :7], heavy], axis=-1) / (1 - x[:, None, None]) ** LARGE_X_POWER
    return {"density": density.astype(np.float32), "root_log_x": root, "log_scale": log_scale}


def _log_scales(steps: int) -> Float[np.ndarray, " q"]:
    """Uniform knots of ln mu, one of them on the usual b threshold."""
    step = np.log(4.92 / SCALE_LIMITS[0]) / steps
    knots = int(np.ceil(np.log(SCALE_LIMITS[1] / SCALE_LIMITS[0]) / step)) + 1
    return np.log(SCALE_LIMITS[0]) + step * np.arange(knots)


def packed(table: dict[str, np.ndarray], header: dict[str, str]) -> bytes:
    """Pack a table and its header (JSON text in the array `header`) as the bytes of an .npz file without pickles."""
    stream = io.BytesIO()
    arrays: dict[str, Any] = {"header": np.array(json.dumps(header)), **table}
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _split(text: str) -> list[list[str]]:
    """The non-empty lines between separators '---'."""
    parts: list[list[str]] = []
    current: list[str] = []
    for line in text.splitlines():
        if line.strip() == "---":
            parts.append(current)
            current = []
        elif line.strip():
            current.append(line)
    return [*parts, current]


def _block(lines: list[str], where: str) -> Block:
    if len(lines) < 4:
        raise ValueError(
            f"parton distributions: {where} has {len(lines)} lines; x nodes, Q nodes, PDG numbers and rows are needed."
        )
    x, scale = (_nodes(line, f"{where}, {name} nodes") for line, name in zip(lines[:2], ("x", "Q"), strict=True))
    flavours = tuple(int(value) for value in _numbers(lines[2], f"{where}, PDG numbers"))
    if x[-1] > 1:
        raise ValueError(f"parton distributions: {where}, x nodes end at {x[-1]}; momentum fractions are at most 1.")
    missing = sorted({sign * k for k in (1, 2, 3) for sign in (1, -1)} - set(flavours))
    if missing:
        raise ValueError(
            f"parton distributions: {where} lacks the PDG numbers {missing}; light quarks and antiquarks are needed."
        )
    if len(lines) - 3 != len(x) * len(scale):
        wanted = f"{len(x)} x nodes times {len(scale)} Q nodes make {len(x) * len(scale)}"
        raise ValueError(f"parton distributions: {where} has {len(lines) - 3} rows; {wanted}.")
    counts = {len(line.split()) for line in lines[3:]}
    if counts != {len(flavours)}:
        raise ValueError(
            f"parton distributions: {where} has rows of {sorted(counts)} numbers; {len(flavours)} "
            "flavours are declared."
        )
    values = _numbers(" ".join(lines[3:]), f"{where}, rows")
    if np.any(np.abs(values) > LARGEST_VALUE):
        raise ValueError(
            f"parton distributions: {where} holds {np.max(np.abs(values)):g}; x f is at most {LARGEST_VALUE:g}."
        )
    return Block(x, scale, flavours, values.reshape(len(x), len(scale), len(flavours)))


def _nodes(line: str, where: str) -> np.ndarray:
    nodes = _numbers(line, where)
    if len(nodes) < 4 or nodes[0] <= 0 or not np.all(np.diff(nodes) > 0):
        raise ValueError(
            f"parton distributions: {where} must be at least 4 positive rising numbers, found "
            f"{len(nodes)}: {line[:60]!r}."
        )
    return nodes


def _numbers(text: str, where: str) -> np.ndarray:
    words = text.split()
    try:
        numbers = np.array(words, dtype=float)
    except ValueError as error:
        raise ValueError(
            f"parton distributions: {where} holds something that is not a number: {str(error)[:200]}."
        ) from error
    if not np.all(np.isfinite(numbers)):
        found = words[int(np.argmin(np.isfinite(numbers)))]
        raise ValueError(f"parton distributions: {where} holds {found[:60]!r}; every value must be finite.")
    return numbers


def _check_order(blocks: tuple[Block, ...], path: Path) -> None:
    if not blocks:
        raise ValueError(f"parton distributions: {path} holds no block of values; at least one is needed.")
    for k, (below, above) in enumerate(zip(blocks, blocks[1:], strict=False)):
        if above.scale[0] != below.scale[-1]:
            found = f"block {k + 2} starts at Q = {above.scale[0]}, block {k + 1} ends at {below.scale[-1]}"
            raise ValueError(f"parton distributions: {path}: {found}; blocks must join in rising Q.")


def _check_positive(luminosity: np.ndarray, name: str) -> None:
    if not np.all(luminosity > 0):
        raise ValueError(
            f"parton distributions: the luminosity of set {name} is negative or zero at "
            f"{np.sum(luminosity <= 0)} of {luminosity.size} "
            "knots; this table holds logarithms, so a set with positive u + c and d + s + b luminosities is needed."
        )


def _luminosity(grid: Grid, log_tau: np.ndarray, scale: float) -> np.ndarray:
    """L_q[tau, column] at one scale, by Gauss-Legendre in y; halves of y = +-|y| are equal for two protons."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    z = (nodes + 1) / 2
    return np.einsum("z,tzc,t->tc", weights / 2, _integrand(grid, log_tau, scale, z), -log_tau)


def _density(grid: Grid, log_tau: np.ndarray, scale: float, z: np.ndarray) -> np.ndarray:
    """2 y_max dL/dy / L at the knots z[tau, z, column]; clipped at zero where a set turns slightly negative."""
    density = _integrand(grid, log_tau, scale, z) * -log_tau[:, None, None]
    return np.maximum(density / _luminosity(grid, log_tau, scale)[:, None, :], 0.0)


def _integrand(grid: Grid, log_tau: np.ndarray, scale: float, z: np.ndarray) -> np.ndarray:
    """q(x1) qbar(x2) + qbar(x1) q(x2)  [tau, z, column] at y = z y_max."""
    quarks = UP_TYPE + DOWN_TYPE
    densities = grid.on_scale(quarks + tuple(-k for k in quarks), scale)
    lowest = np.log(grid.lowest_x())
    forward, backward = (
        densities(np.maximum(log_tau[:, None] * (1 - sign * z[None, :]) / 2, lowest)) for sign in (1, -1)
    )
    n = len(quarks)
    pairs = (forward[..., :n] * backward[..., n:] + forward[..., n:] * backward[..., :n]) / np.exp(log_tau)[
        :, None, None
    ]
    return np.stack([pairs[..., : len(UP_TYPE)].sum(-1), pairs[..., len(UP_TYPE) :].sum(-1)], axis=-1)
