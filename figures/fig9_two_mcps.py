"""Figure 9: one or both mCPs of a Z' in the detector, and the reach of either signature.

    python figures/fig9_two_mcps.py [--out FOLDER]

As figure 3 of paper A. Above: cross section times acceptance over epsilon_gamma^2 for one mCP, for both, and for both
in different bars, against the Z' mass at m_zprime = 3 m_mcp, theta_W' = theta_W and e' = e. Below: the expected
exclusion at two standard deviations without background (q_Asimov = 4) of one mCP and of both in different bars, 300 and
3000/fb.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxmix import constants, engine, parameters, study
from jaxmix.collider import mesons
from jaxmix.constraints import shelf
from jaxmix.constraints.mcp_lhc import detector as mcp_lhc
from jaxmix.plots import style

STEM = "fig9_two_mcps"
RATIO = 3.0
CHARGE = 1e-3  # epsilon_gamma at which rates are given: they go as its square
LUMINOSITIES = (300.0, 3000.0)  # 1/fb
LEVEL = ("sigma", 2.0)
LOW, HIGH = 0.6, 400.0  # GeV, of the Z'
STEPS = np.geomspace(2e-3, 0.1, 8)
SIGNATURES = {"one": "one mCP", "two": "both, in different bars"}
COLOURS = {"one": style.PALETTE[0], "two": style.PALETTE[1]}


class Rates(engine.AbstractProblem):
    """Cross section times acceptance over epsilon_gamma^2 in pb by signature, and the probability of both in the face
    over that of one.
    """

    detectors: dict[str, mcp_lhc.MillichargeDetector]

    def slow(self, point: engine.Point) -> Float[Array, " none"]:
        """Nothing."""
        return jnp.zeros(0)

    def fast(self, point: engine.Point, slow: Float[Array, " none"]) -> dict[str, Scalar]:
        """The rates of one point; NaN where the state of this mass is the Z."""
        currents, status = study.currents_and_status(point)
        over = jnp.where(status == study.OK, (currents.strength / currents.epsilon_gamma) ** 2, jnp.nan)
        return {name: over * jnp.exp(each.slow(currents)[0]) for name, each in self.detectors.items()}


def masses() -> Float[np.ndarray, " n"]:
    """Z' masses: even in the logarithm, and about the Z and the vector mesons with a two-body channel."""
    table = mesons.load()
    peaks = np.append(np.unique(table.mass[: table.two_body]), constants.M1)
    near = (peaks[:, None] * (1 + np.concatenate([-STEPS, STEPS]))[None, :]).ravel()
    found = np.unique(np.concatenate([np.geomspace(LOW, HIGH, 90), near]))
    return found[(found >= LOW) & (found <= HIGH)]


def detectors() -> dict[str, mcp_lhc.MillichargeDetector]:
    """The detector asked for one mCP, for both in different bars, and for both in a face whose bars tell everything
    apart.
    """
    built = {name: shelf.build("mcp_lhc", {"particles": name}, LEVEL) for name in SIGNATURES}
    built["any"] = shelf.build("mcp_lhc", {"particles": "two", "bars_across": 1000.0}, LEVEL)
    return {name: engine.run_compiled(study.prepared, each) for name, each in built.items()}


def held() -> dict[str, float]:
    """Everything but the masses, the charge and the luminosity."""
    left = ("kappa", "m_zprime", "m2", "m_mcp", "luminosity", "epsilon_gamma")
    return {name: value for name, value in parameters.defaults().items() if name not in left}


def reach(name: str, mass: Float[np.ndarray, " n"]) -> dict[float, Float[np.ndarray, " n"]]:
    """Smallest epsilon_gamma excluded at each Z' mass, by luminosity; NaN where none below one is."""
    whole = study.Study(held(), {"mcp_lhc": shelf.build("mcp_lhc", {"particles": name}, LEVEL)})
    points = [{"m_zprime": m, "m_mcp": m / RATIO, "luminosity": each} for each in LUMINOSITIES for m in mass]
    found = engine.find_limit(whole, "mcp_lhc", "epsilon_gamma", points, (1e-5, 0.9))
    values = np.array([np.nan if each.limit is None else each.limit for each in found]).reshape(len(LUMINOSITIES), -1)
    return dict(zip(LUMINOSITIES, values))


def drawn(mass: np.ndarray, rates: dict[str, np.ndarray], reaches: dict[str, dict[float, np.ndarray]]) -> Figure:
    """Both panels over one axis of masses."""
    figure = style.blank(style.COLUMN * 1.6, 6.2)
    above, below = figure.subplots(2, 1, sharex=True)
    for name, label in SIGNATURES.items():
        above.plot(mass, rates[name], color=COLOURS[name], label=label)
    above.set(yscale="log", ylim=(1e-8, 1e8), ylabel=r"$\sigma A / \epsilon_\gamma^2$ [pb]")
    for name in SIGNATURES:
        for luminosity, dash in zip(LUMINOSITIES, ("-", "--")):
            below.plot(mass, reaches[name][luminosity], color=COLOURS[name], linestyle=dash)
    below.set(
        yscale="log",
        ylim=(2e-4, 1.0),
        xlim=(LOW, HIGH),
        xlabel=style.axis_label("m_zprime"),
        ylabel=r"$\epsilon_\gamma$",
    )
    style.logarithmic(below, "x")
    above.legend(loc="upper right")
    lines = [
        Line2D([], [], color=style.GREY, linestyle=dash, label=f"{each:g} fb$^{{-1}}$")
        for each, dash in zip(LUMINOSITIES, ("-", "--"))
    ]
    below.legend(handles=lines, loc="upper right", title=r"$2\sigma$, no background")
    figure.suptitle(r"$m_{Z'} = 3\,m_\psi$, $\theta_W' = \theta_W$, $e' = e$, 1 m$^2$ at 20 m, 14 TeV")
    return figure


def as_table(mass: np.ndarray, rates: dict[str, np.ndarray], reaches: dict[str, dict[float, np.ndarray]]) -> bytes:
    """The curves as CSV."""
    columns = {f"rate_{name}": values for name, values in rates.items()}
    columns |= {
        f"limit_{name}_{luminosity:g}": values for name, each in reaches.items() for luminosity, values in each.items()
    }
    comments = [
        (
            "one: one mCP in the face; any: both; two: both in different bars of 5 cm; m_zprime = 3 m_mcp, "
            "theta_dark = theta_W, e_dark = e"
        ),
        (
            "rate: cross section times acceptance over epsilon_gamma^2 [pb] at 14 TeV, a face of 1 m x 1 m at "
            "20 m and eta = 0"
        ),
        (
            "limit: smallest epsilon_gamma [1] excluded at 2 standard deviations (q_Asimov = 4, no "
            "background), luminosity [1/fb] in the name"
        ),
        "m_zprime: [GeV]; empty: no statement or no exclusion",
    ]
    cells = [
        ["" if np.isnan(value) else f"{value:.5g}" for value in row]
        for row in np.column_stack([mass, *columns.values()])
    ]
    return style.table(comments, ["m_zprime", *columns], cells)


def main() -> None:
    """Evaluate, draw, write."""
    parser = argparse.ArgumentParser(description="One or both mCPs of a Z' in the detector: rates and reach.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    out = parser.parse_args().out
    jax.config.update("jax_enable_x64", True)
    mass = masses()
    point = {**held(), "luminosity": LUMINOSITIES[0], "epsilon_gamma": CHARGE}
    points = {name: np.full(mass.shape, value) for name, value in point.items()} | {
        "m_zprime": mass,
        "m_mcp": mass / RATIO,
    }
    found = engine.evaluate_points(Rates(detectors()), points, batch=128)
    rates = {name: found[name] for name in ("one", "any", "two")}
    reaches = {name: reach(name, mass) for name in SIGNATURES}
    with style.applied():
        figure = drawn(mass, rates, reaches)
    print("\n".join(style.save(out, STEM, figure, as_table(mass, rates, reaches))))


if __name__ == "__main__":
    main()
