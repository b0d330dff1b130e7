"""Figure 4: the largest dark width of a Z' that the electroweak precision measurements allow, against its mass, for
some mixings.

    python figures/fig4_dark_width.py [--data 2010|current] [--out FOLDER]

As in figure 1 of paper B: the Z takes part of the dark width through its Z' content, which its line shape shows. Okun
phase, 95% CL (q > 3.84), the measurements at the Z pole with m_W and alpha; above a curve is excluded, and between the
branches of one that reaches the axis. Dotted: eq. (14) of paper B with an additional Z width of 1.96 times the error of
Gamma_Z.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import okun
from jaxtyping import Array, Float
from matplotlib.figure import Figure

from jaxmix import constants, engine, parameters
from jaxmix.constraints import precision
from jaxmix.electroweak import measurements
from jaxmix.models import mixed_phase
from jaxmix.plots import style

Scalar = Float[Array, ""]

STEM = "fig4_dark_width"
KAPPAS = (0.003, 0.01, 0.02, 0.03)
MASSES, WIDTHS = (10.0, 300.0), (1e-3, 1.0)  # GeV; over the mass
POLE_ALONE = {"e_min": 1e6}  # no other measurement is that significant


class Level(eqx.Module):
    """asinh q - asinh q_critical of a mass and a dark width over the mass; NaN inside the forbidden gap."""

    fit: precision.Precision

    def __call__(self, mass: Scalar, width: Scalar, kappa: Scalar) -> Scalar:
        currents = mixed_phase.MixedPhase(kappa, m_zprime=mass, **okun.PHASE).currents()
        fit = self.fit.with_settings({"width_over_mass": width})
        return jnp.arcsinh(fit.test_statistic(currents, fit.slow(currents))) - jnp.arcsinh(fit.critical_value())


def from_the_z_width(kappa: float, mass: Float[np.ndarray, " n"], error: float) -> Float[np.ndarray, " n"]:
    """Gamma_Z'/m_Z' at which t_xi^2 (m_Z/m_Z') Gamma_Z' is 1.96 errors (GeV) of Gamma_Z; t_xi to first order
    in kappa.
    """
    mixing = kappa * np.sqrt(parameters.defaults()["sin2_theta_w"]) * constants.M1**2 / (constants.M1**2 - mass**2)
    return 1.96 * error / (mixing**2 * constants.M1)


def make(vintage: str | None) -> tuple[Figure, bytes]:
    """The figure and its curves."""
    vintage = vintage or "2010"
    fit = okun.fit(vintage, **POLE_ALONE)
    table = measurements.load(vintage, vintage)
    error = float(table.error[table.observables.index("gamma_z")])
    box = engine.Axis.log("m_zprime", *MASSES, 50), engine.Axis.log("width", *WIDTHS, 24)
    nodes = fit.features("m_zprime", {})
    figure = style.blank(style.COLUMN * 1.3, 3.6)
    axes = figure.subplots()
    curves = {}
    for i, kappa in enumerate(KAPPAS):
        found = engine.trace_contours(Level(fit), *box, jnp.asarray(kappa), x_nodes=nodes)
        curves[f"kappa = {kappa:g}"] = line = okun.curve(found)
        axes.plot(*line.T, color=style.colour(i + 1, 7), label=rf"$\kappa = {kappa:g}$")
        mass = np.geomspace(*MASSES, 400)
        simple = from_the_z_width(kappa, mass, error)
        axes.plot(mass, simple, color=style.colour(i + 1, 7), linestyle=":", linewidth=0.8)
        curves[f"kappa = {kappa:g}, eq. (14)"] = np.column_stack([mass, simple])
    axes.set(xlim=MASSES, ylim=WIDTHS, xlabel=style.axis_label("m_zprime"), ylabel=r"$\Gamma_{\rm dark}/m_{Z'}$")
    for which in "xy":
        style.logarithmic(axes, which)
    axes.set_title("excluded above, 95% CL, " + ("data of 2010" if vintage == "2010" else "current data"))
    axes.legend(loc="lower right")
    comments = [
        (
            "Dark width over the mass of a Z' above which electroweak precision measurements exclude it, 95% "
            "CL; Okun phase"
        ),
        f"data: {vintage}; m_zprime: [GeV]; width_over_mass: [1]",
    ]
    return figure, okun.table(comments, ["m_zprime", "width_over_mass"], curves)


if __name__ == "__main__":
    okun.command("Dark width excluded by electroweak precision measurements.", STEM, make)
