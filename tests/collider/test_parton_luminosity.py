"""Parton luminosities: the grid reader against hostile files, the tables against direct integrals.

`DIRECT` was computed once with scipy.integrate.quad over the grid itself (NNPDF31_lo_as_0130, member 0, cubic in (ln x,
ln Q)), whose interpolation was compared with Pythia 8.317's own: 1e-5 at x < 0.1.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate

from jaxmix.collider import parton_luminosity
from jaxmix.data import parton_grids

DIRECT = [  # sqrt_s, M (GeV), mu_F/M, L up, L down, density up and down at y = 0, at y = 1.5
    (14000.0, 2.5, 1.0, 760051800.0, 406746300.0, (0.06394, 0.081326), (0.05933, 0.07549)),
    (14000.0, 10.0, 1.0, 65205020.0, 49966930.0, (0.091356, 0.097115), (0.086369, 0.096032)),
    (14000.0, 91.1876, 1.0, 304280.1, 239857.7, (0.12305, 0.15887), (0.12254, 0.14661)),
    (14000.0, 300.0, 2.0, 8488.37, 5995.173, (0.16507, 0.22454), (0.17473, 0.19589)),
    (14000.0, 3000.0, 0.5, 0.6392438, 0.2751434, (0.58145, 0.7621), (0.0, 0.00011161)),
    (8000.0, 4.0, 2.0, 141465300.0, 105039100.0, (0.086336, 0.090352), (0.081971, 0.090616)),
    (100000.0, 50.0, 1.0, 425650300.0, 390926900.0, (0.09124, 0.10189), (0.086719, 0.098368)),
    (3000.0, 1200.0, 1.0, 0.007501751, 0.00294792, (0.90641, 0.9332), (0.0, 0.0)),
]


@pytest.fixture(scope="module")
def luminosity():
    return parton_luminosity.parton_luminosity()


def at(luminosity, sqrt_s, scale):
    return eqx.tree_at(lambda x: (x.sqrt_s, x.scale), luminosity, (jnp.asarray(sqrt_s), jnp.asarray(scale)))


@pytest.mark.parametrize("tabulated", [False, True])
@pytest.mark.parametrize("case", DIRECT)
def test_agrees_with_the_direct_integral(luminosity, case, tabulated):
    sqrt_s, mass, scale, up, down, centre, side = case
    chosen = at(luminosity, sqrt_s, scale)
    chosen = chosen.tabulate() if tabulated else chosen
    values = [float(column[0]) for column in chosen.columns(jnp.asarray([mass]))]
    np.testing.assert_allclose(values, [up, down], rtol=2e-4)
    peak = max(centre)
    for rapidity, expected in ((0.0, centre), (1.5, side), (-1.5, side)):
        found = chosen.rapidity_density(jnp.asarray(mass), jnp.asarray(rapidity))
        # 1% of the peak, 2% in the outermost corner M > 0.3 sqrt_s
        np.testing.assert_allclose(found, expected, atol=(0.02 if mass > 0.3 * sqrt_s else 0.01) * peak)


@pytest.mark.parametrize("mass", [2.1, 5.0, 91.0, 1000.0])
def test_density_integrates_to_one_and_ends_at_the_kinematic_limit(luminosity, mass):
    limit = np.log(14000.0 / mass)
    y = jnp.linspace(-limit, limit, 4001)
    for column in jax.vmap(luminosity.rapidity_density, (None, 0))(jnp.asarray(mass), y):
        np.testing.assert_allclose(integrate.simpson(column, x=y), 1.0, atol=0.01)
    assert luminosity.rapidity_density(jnp.asarray(mass), jnp.asarray(limit + 0.01)) == (0.0, 0.0)


@pytest.mark.parametrize(("mass", "half", "double"), [(3.0, -0.27, 0.84), (10.0, -0.40, 0.55), (300.0, 0.03, -0.03)])
def test_factorisation_scale_moves_the_rate(luminosity, mass, half, double):
    """mu_F by a factor 2 on a rate through the photon: -27/+84% at M = 3, -40/+55% at 10, +-3% at 300 GeV."""

    def rate(scale):
        up, down = at(luminosity, 14000.0, scale).columns(jnp.asarray([mass]))
        return 4 * up[0] + down[0]

    low, middle, high = (rate(scale) for scale in (0.5, 1.0, 2.0))
    shifts = sorted([float(low / middle) - 1, float(high / middle) - 1])
    np.testing.assert_allclose(shifts, sorted([half, double]), atol=0.05)


@pytest.mark.parametrize("tabulated", [False, True])
def test_gradients_are_finite_differences(luminosity, tabulated):
    """In mass, sqrt_s and scale; forward and reverse."""

    @jax.jit
    def value(parameters):
        chosen = at(luminosity, parameters[1], parameters[2])
        up, down = (chosen.tabulate() if tabulated else chosen).columns(parameters[:1])
        return jnp.log(up[0] + down[0])

    point = jnp.asarray([35.0, 13000.0, 0.9])
    reverse, forward = jax.jit(jax.grad(value))(point), jax.jit(jax.jacfwd(value))(point)
    steps = 1e-4 * point
    finite = [(value(point.at[k].add(h)) - value(point.at[k].add(-h))) / (2 * h) for k, h in enumerate(steps)]
    np.testing.assert_allclose(reverse, finite, rtol=1e-6)
    np.testing.assert_allclose(forward, reverse, rtol=1e-10)


def test_one_mass_at_a_time_or_many(luminosity):
    masses = jnp.geomspace(2.0, 4000.0, 9)
    many = luminosity.columns(masses)
    single = jax.vmap(lambda m: tuple(c[0] for c in luminosity.columns(m[None])))(masses)
    np.testing.assert_allclose(jax.jit(lambda x, m: x.columns(m))(luminosity, masses), many, rtol=1e-12)
    np.testing.assert_allclose(single, many, rtol=1e-12)


# A grid whose integral is known: x f = a_f x^0.3 (1 - x)^3 (1 + ln Q)


def shape(x):
    return x**0.3 * (1 - x) ** 3


def write_grid(folder, change=lambda text: text, name="toy_0000.dat"):
    x, scale, flavours = np.geomspace(1e-9, 1.0, 300), np.geomspace(1.65, 1e4, 12), (-3, -2, -1, 21, 1, 2, 3)
    rows = [
        " ".join(f"{(abs(k) + (k > 0)) * shape(a) * (1 + np.log(q)):.9e}" for k in flavours) for a in x for q in scale
    ]
    lines = [" ".join(f"{v:.12e}" for v in nodes) for nodes in (x, scale)] + [" ".join(map(str, flavours)), *rows]
    text = "PdfType: central\nFormat: lhagrid1\n---\n" + "\n".join(lines) + "\n---\n"
    (folder / name).write_text(change(text), encoding="utf-8")
    return folder


def test_users_own_grid(tmp_path):
    """The table made from a grid of known form meets the integral of that form."""
    luminosity = parton_luminosity.parton_luminosity(13000.0, 1.0, write_grid(tmp_path))
    mass = 60.0
    tau = (mass / 13000.0) ** 2
    convolution = (
        2
        * integrate.quad(
            lambda y: shape(np.sqrt(tau) * np.exp(y)) * shape(np.sqrt(tau) * np.exp(-y)), 0, -np.log(tau) / 2
        )[0]
    )
    convolution *= (1 + np.log(mass)) ** 2 / tau
    up, down = (float(column[0]) for column in luminosity.columns(jnp.asarray([mass])))
    np.testing.assert_allclose([up, down], [2 * 3 * 2 * convolution, (2 * 2 * 1 + 2 * 4 * 3) * convolution], rtol=2e-4)


def test_folder_without_one_grid(tmp_path):
    with pytest.raises(ValueError, match="nowhere is not a folder; give the folder that holds NAME_0000.dat"):
        parton_grids.read_grid(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"holds 0 files NAME_0000.dat \(none\); exactly one"):
        parton_grids.read_grid(tmp_path)
    write_grid(tmp_path)
    write_grid(tmp_path, name="other_0000.dat")
    with pytest.raises(ValueError, match=r"holds 2 files NAME_0000.dat \(other_0000.dat, toy_0000.dat\)"):
        parton_grids.read_grid(tmp_path)


def line_changed(number, change):
    def changed(text):
        lines = text.splitlines()
        lines[number] = change(lines[number])
        return "\n".join(line for line in lines if line is not None) + "\n"

    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: len(text) // 2], "does not end with '---'; the file is truncated"),
        (lambda text: text.replace("lhagrid1", "lhagrid2"), "no 'Format: lhagrid1' in its header"),
        (lambda text: text.split("---")[0] + "---\n", "holds no block of values"),
        (lambda text: "PdfType: \u00e9\n" + text, "is not a text file"),
        (line_changed(50, lambda line: None), r"block 1 has 3599 rows; 300 x nodes times 12 Q nodes make 3600"),
        (line_changed(50, lambda line: line + " 1.0"), r"rows of \[7, 8\] numbers; 7 flavours are declared"),
        (
            line_changed(50, lambda line: line.replace(line.split()[2], "nan")),
            "block 1, rows holds 'nan'; every value must be finite",
        ),
        (line_changed(50, lambda line: line.replace(line.split()[2], "two")), "holds something that is not a number"),
        (
            line_changed(3, lambda line: " ".join(line.split()[::-1])),
            "x nodes must be at least 4 positive rising numbers",
        ),
        (line_changed(3, lambda line: line.replace("1.000000000000e+00", "2.0")), "momentum fractions are at most 1"),
        (line_changed(4, lambda line: "1.0 2.0"), "Q nodes must be at least 4 positive rising numbers, found 2"),
        (line_changed(5, lambda line: line.replace("-3", "-4")), r"lacks the PDG numbers \[-3\]"),
    ],
)
def test_damaged_grids_are_refused(tmp_path, change, message):
    write_grid(tmp_path, change)
    with pytest.raises(ValueError, match=message):
        parton_grids.read_grid(tmp_path)


def test_blocks_must_join(tmp_path):
    def gap(text):
        header, block, _ = text.split("---\n")
        return "---\n".join([header, block, block, ""])

    write_grid(tmp_path, gap)
    with pytest.raises(ValueError, match=r"block 2 starts at Q = 1.65, block 1 ends at 10000.0; blocks must join"):
        parton_grids.read_grid(tmp_path)


def test_negative_luminosity_is_refused(tmp_path):
    def negative(text):
        head, block, _ = text.split("---\n")
        lines = block.splitlines()
        lines[3:] = [line.replace(line.split()[1], "-" + line.split()[1], 1) for line in lines[3:]]
        return "---\n".join([head, "\n".join(lines) + "\n", ""])

    write_grid(tmp_path, negative)
    with pytest.raises(ValueError, match="luminosity of set toy is negative or zero at"):
        parton_luminosity.parton_luminosity(folder=tmp_path)
