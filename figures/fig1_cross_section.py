"""Figure 1: the cross section of pp -> psi psibar X over (Q/e)^2 against the mCP's mass, by channel.

    python figures/fig1_cross_section.py [--out FOLDER]

As in figure 1 of paper A, from the package's own numbers, for the study of configs/fig1.toml. Leading order without a K
factor; pair masses above 2 GeV, and the mCP's mass held at 1 GeV below that, in the Drell-Yan part. Bands:
factorisation scale halved and doubled and the spread between sets of parton distributions (Drell-Yan), and the
uncertainties stated in the table of mesons, in quadrature.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Scalar
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jaxmix import config, constants, engine, parameters, study
from jaxmix.collider import drell_yan, mesons
from jaxmix.constraints.mcp_lhc import detector as mcp_lhc
from jaxmix.currents import neutral_currents
from jaxmix.plots import style

ROOT = Path(__file__).parent.parent
STEM = "fig1_cross_section"
RATIO = "m_zprime_over_m_mcp"
VARIED = {"scale": (0.5, 2.0), "pdf_shift": (-1.0, 1.0)}  # settings of the constraint that make the Drell-Yan band
STEPS = np.geomspace(5e-5, 0.1, 18)  # distances of the extra masses from a resonance, over its mass
BOTTOM, TOP = 1.0, 1e13  # pb
DASHES = {"photon_z": style.DASHES[1]}
WIDTHS = {"total": 1.4, "drell_yan": 1.2}  # points; 0.9 for the rest

# family of the table: the group that is drawn
GROUPS = {"charmonium": "charmonium", "beauty": "charmonium", "bottomonium": "bottomonium", "light": "light mesons"}
COLOURS = {
    "total": style.PALETTE[0],
    "drell_yan": style.PALETTE[1],
    "photon_z": style.PALETTE[6],
    "charmonium": style.PALETTE[2],
    "bottomonium": style.PALETTE[4],
    "light mesons": style.PALETTE[3],
}
NAMES = {
    "total": "total",
    "drell_yan": r"$\gamma + Z + Z'$",
    "photon_z": r"$\gamma + Z$ alone ($\theta_W' \to 0$)",
    "charmonium": r"$J/\psi$, $\psi(2S)$ (prompt, from $b$)",
    "bottomonium": r"$\Upsilon(1S, 2S, 3S)$",
    "light mesons": "light mesons",
}
MARKS = {
    "omega": r"$\omega$",
    "phi": r"$\phi$",
    "jpsi": r"$J/\psi$",
    "psi2s": r"$\psi(2S)$",
    "upsilon1s": r"$\Upsilon$",
}

Band = dict[str, np.ndarray]  # "central", "low" and "high" in pb, each [n]


def masses(settings: config.Config, ratio: float, table: mesons.Mesons) -> np.ndarray:
    """The mCP's masses (GeV): the config's axis, thresholds of decays, and the neighbourhood of each Z' resonance."""
    axis = settings.axes["m_mcp"].array()
    vectors = np.append(np.asarray(table.mass[: table.two_body]), constants.M1)
    offsets = 1.0 + np.concatenate([-STEPS, STEPS])
    thresholds = 0.5 * vectors[:, None] * np.array([0.995, 0.9999, 1.0001])[None, :]
    near = vectors[:, None] / ratio * offsets[None, :]
    cut = drell_yan.LOWEST_MASS / ratio * (1.0 + np.array([-0.02, -0.005, 0.005, 0.02]))
    found = np.unique(np.concatenate([axis, thresholds.ravel(), near.ravel(), cut]))
    return found[(found >= axis[0]) & (found <= axis[-1])]


class CrossSections(engine.AbstractProblem):
    """Cross sections of all channels over (Q/e)^2 in pb, by name; NaN where the state of this mass is the Z, not the
    Z'.
    """

    detector: mcp_lhc.MillichargeDetector

    def slow(self, point: engine.Point) -> Float[Array, " none"]:
        """Nothing."""
        return jnp.zeros(0)

    def fast(self, point: engine.Point, slow: Float[Array, " none"]) -> dict[str, Scalar]:
        """The cross sections of one point."""
        currents, status = study.currents_and_status(point)
        *_, zprime = neutral_currents.states(currents)
        is_zprime = (status == study.OK) & (jnp.abs(zprime.mass / (point[RATIO] * point["m_mcp"]) - 1.0) < 1e-9)
        over = jnp.where(is_zprime, (currents.strength / currents.epsilon_gamma) ** 2, jnp.nan)
        return {name: over * produced for name, (produced, _) in self.detector.channels(currents).items()}


def evaluated(
    settings: config.Config, ratio: float, mass: np.ndarray, moved: dict[str, float] | None = None, **changed: float
) -> dict[str, np.ndarray]:
    """Cross sections of all channels over (Q/e)^2 in pb, by name, at each mass (GeV); moved: settings of the
    constraint.
    """
    values = {"sqrt_s": settings.held["sqrt_s"]} | (moved or {})
    detector = engine.run_compiled(
        lambda built: built.prepared(), mcp_lhc.MillichargeDetector.build(values, ("sigma", 2.0))
    )
    held = settings.held | {"epsilon_gamma": settings.axes["epsilon_gamma"].values[0], RATIO: ratio} | changed
    points = {name: np.full(mass.shape, value) for name, value in held.items()} | {"m_mcp": mass}
    return engine.evaluate_points(CrossSections(detector), points, batch=256)


def bands(settings: config.Config, ratio: float, mass: np.ndarray, table: mesons.Mesons) -> dict[str, Band]:
    """Central value and band of each curve; "photon_z" has no Z' and no band."""
    central = evaluated(settings, ratio, mass)
    found = {"drell_yan": _drell_yan(settings, ratio, mass, central["drell_yan"])}
    families = {family: _family(central, table, family) for family in dict.fromkeys(table.families)}
    for group in dict.fromkeys(GROUPS.values()):
        found[group] = _together([band for family, band in families.items() if GROUPS[family] == group])
    found["total"] = _together([found["drell_yan"], *families.values()])
    holdom = evaluated(settings, ratio, mass, theta_dark=0.0)["drell_yan"]
    return found | {"photon_z": {"central": holdom, "low": holdom, "high": holdom}}


def _drell_yan(settings: config.Config, ratio: float, mass: np.ndarray, central: np.ndarray) -> Band:
    """Scale and parton distributions, each varied alone, in quadrature."""
    varied = [
        [evaluated(settings, ratio, mass, {name: value})["drell_yan"] for value in values]
        for name, values in VARIED.items()
    ]
    down = np.sqrt(sum(np.maximum(central - np.min(pair, axis=0), 0.0) ** 2 for pair in varied))
    up = np.sqrt(sum(np.maximum(np.max(pair, axis=0) - central, 0.0) ** 2 for pair in varied))
    return {"central": central, "low": central - down, "high": central + up}


def _family(central: dict[str, np.ndarray], table: mesons.Mesons, family: str) -> Band:
    """The sum of a family's channels, whose uncertainties go together."""
    here = [i for i, each in enumerate(table.families) if each == family]
    members = [(central[table.names[i]], float(table.up[i]), float(table.down[i])) for i in here]
    total = sum(rate for rate, _, _ in members)
    return {
        "central": total,
        "low": total - sum(rate * down for rate, _, down in members),
        "high": total + sum(rate * up for rate, up, _ in members),
    }


def _together(parts: Sequence[Band]) -> Band:
    """The sum of independent parts, uncertainties in quadrature."""
    total = sum(part["central"] for part in parts)
    down, up = (np.sqrt(sum((part[side] - part["central"]) ** 2 for part in parts)) for side in ("low", "high"))
    return {"central": total, "low": total - down, "high": total + up}


def panel(axes: Axes, ratio: float, mass: np.ndarray, curves: dict[str, Band], table: mesons.Mesons) -> None:
    """One mass ratio: curves, bands, and a name on each Z' resonance."""
    axes.set(xlim=(mass[0], mass[-1]), ylim=(BOTTOM, TOP), yscale="log")
    for which in "xy":
        style.logarithmic(axes, which)
    for order, (name, colour) in enumerate(COLOURS.items()):
        central = np.where(curves[name]["central"] > 0, curves[name]["central"], np.nan)
        axes.plot(
            mass,
            central,
            color=colour,
            linestyle=DASHES.get(name, "-"),
            linewidth=WIDTHS.get(name, 0.9),
            zorder=3 - 0.1 * order,
        )
        axes.fill_between(
            mass, curves[name]["low"], curves[name]["high"], color=colour, alpha=0.2, linewidth=0, zorder=1
        )
    places = {mark: float(table.mass[table.names.index(name)]) for name, mark in MARKS.items()} | {"$Z$": constants.M1}
    for mark, place in places.items():
        _mark(axes, place / ratio, mark, mass, curves["total"]["central"])
    cut = drell_yan.LOWEST_MASS / ratio
    axes.axvline(cut, color=style.GREY, linestyle=":", linewidth=0.7, zorder=0.5)
    note = style.quantity("m_zprime", drell_yan.LOWEST_MASS, {})
    axes.text(cut, 2 * BOTTOM, f" {note}", color=style.GREY, fontsize="small", rotation=90, ha="right", va="bottom")


def _mark(axes: Axes, place: float, text: str, mass: np.ndarray, total: np.ndarray) -> None:
    """The name of a resonance at its tip, to the right where a higher one stands on the left."""
    near = np.abs(mass / place - 1.0) < 0.02
    if near.any():
        offset, side = ((-1, 3), "left") if text == MARKS["psi2s"] else ((0, 3), "center")
        axes.annotate(
            text, (place, np.nanmax(total[near])), offset, textcoords="offset points", ha=side, fontsize="small"
        )


def drawn(
    settings: config.Config, found: dict[float, tuple[np.ndarray, dict[str, Band]]], table: mesons.Mesons
) -> Figure:
    """The figure: a panel for each mass ratio."""
    figure = style.blank(style.PAGE, 4.4)
    grid = figure.subplots(1, len(found), sharey=True)
    sm = parameters.named_values(settings.held["sin2_theta_w"], settings.held["alpha"])
    for axes, (ratio, (mass, curves)) in zip(grid, found.items()):
        panel(axes, ratio, mass, curves, table)
        axes.set(
            title=style.quantity(RATIO, ratio, sm), xlabel=style.axis_label("m_mcp"), ylabel=r"$\sigma / (Q/e)^2$ [pb]"
        )
        axes.label_outer()
    held = {name: settings.held[name] for name in ("theta_dark", "e_dark", "sqrt_s")}
    words = [style.quantity(name, value, sm) for name, value in held.items()]
    words += [style.quantity("epsilon_gamma", settings.axes["epsilon_gamma"].values[0], sm)]
    figure.suptitle(r"$pp \to \psi\bar{\psi} + X$,  " + ", ".join(words))
    handles = [
        Line2D([], [], color=COLOURS[name], linestyle=DASHES.get(name, "-"), label=NAMES[name]) for name in COLOURS
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def as_table(settings: config.Config, found: dict[float, tuple[np.ndarray, dict[str, Band]]]) -> bytes:
    """The curves and bands as CSV, five digits."""
    columns = [
        f"{name}_{side}".replace(" ", "_")
        for name in COLOURS
        if name != "photon_z"
        for side in ("central", "low", "high")
    ]
    comments = [
        (
            "Cross sections of pp -> psi psibar X over (Q/e)^2 [pb]; low and high: the band (see "
            "figures/fig1_cross_section.py)"
        ),
        "empty: no statement, the state of this mass is the Z",
        *(
            f"{name}: [{parameters.PARAMETERS[name].unit}], {parameters.PARAMETERS[name].meaning}"
            for name in (RATIO, "m_mcp")
        ),
        *(f"held: {name} = {value!r} [{parameters.PARAMETERS[name].unit}]" for name, value in settings.held.items()),
        f"held: epsilon_gamma = {settings.axes['epsilon_gamma'].values[0]!r} [1]",
    ]
    rows = []
    for ratio, (mass, curves) in found.items():
        values = [curves[name][side] for name in COLOURS if name != "photon_z" for side in ("central", "low", "high")]
        for at, row in zip(mass, np.column_stack([*values, curves["photon_z"]["central"]])):
            rows.append([f"{ratio:g}", f"{at:.7g}", *("" if np.isnan(value) else f"{value:.4g}" for value in row)])
    return style.table(comments, [RATIO, "m_mcp", *columns, "photon_z"], rows)


def main() -> None:
    """Evaluate, draw, write."""
    parser = argparse.ArgumentParser(description="Cross section of mCP pairs at the LHC by channel.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    out = parser.parse_args().out
    jax.config.update("jax_enable_x64", True)
    settings, table = config.load(ROOT / "configs" / "fig1.toml"), mesons.load()
    found = {}
    for ratio in settings.axes[RATIO].values:
        mass = masses(settings, ratio, table)
        found[ratio] = mass, bands(settings, ratio, mass, table)
    with style.applied():
        figure = drawn(settings, found, table)
    print("\n".join(style.save(out, STEM, figure, as_table(settings, found))))


if __name__ == "__main__":
    main()
