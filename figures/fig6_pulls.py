"""Figure 6: which measurement constrains a wide Z' where: the parts of q along the limit, expected and observed.

    python figures/fig6_pulls.py [--data 2010|current] [--out FOLDER]

q = chi^2(kappa) - chi^2(0), both at their own alpha(m_Z) and sin^2 theta_W, is a sum over decorrelated measurements; a
positive part speaks against the mixing, a negative one for it, and on the 95% contour they add up to 3.84.
"""

import jax
import jax.numpy as jnp
import numpy as np
import okun
from matplotlib.figure import Figure

from jaxmix import engine
from jaxmix.constraints import precision
from jaxmix.electroweak import measurements
from jaxmix.models import mixed_phase
from jaxmix.plots import style

STEM = "fig6_pulls"
MASSES, MIXINGS = (1.0, 1000.0), (5e-4, 0.3)  # GeV
GROUPS = {
    r"$m_Z$": ("m_z",),
    r"$\Gamma_Z$, $\sigma^0_{\rm had}$, $R_\ell$": ("gamma_z", "sigma_had_0", "r_l_0"),
    "asymmetries and heavy quarks at the Z": (
        "afb_l_0",
        "a_l",
        "a_l_tau",
        "sin2_lept",
        "r_b_0",
        "r_c_0",
        "afb_b_0",
        "afb_c_0",
        "a_b",
        "a_c",
    ),
    r"$m_W$, $\alpha(m_Z)$": ("m_w", "alpha"),
    "LEP2, all but Bhabha": ("sigma_had", "sigma_l", "afb_l", "r_b", "r_c", "afb_b", "afb_c"),
    "LEP2 Bhabha": ("bhabha",),
    "$R$ below the Z, parity violation": (),  # the rest
}
BELOW_THE_Z = 80.0  # GeV


def groups(table: measurements.Measurements) -> np.ndarray:
    """The group of each measurement, by number."""
    numbers = {name: k for k, names in enumerate(GROUPS.values()) for name in names}
    rest = len(GROUPS) - 1
    low = np.nan_to_num(table.sqrt_s, nan=np.inf) < BELOW_THE_Z
    return np.array([rest if below else numbers.get(name, rest) for name, below in zip(table.observables, low)])


def parts(fit: precision.Precision, which: np.ndarray, mass: np.ndarray, kappa: np.ndarray) -> np.ndarray:
    """The parts of q [group, point]."""

    def one(mass: jax.Array, kappa: jax.Array) -> jax.Array:
        mixed, alone = fit.pulls(mixed_phase.MixedPhase(kappa, m_zprime=mass, **okun.PHASE).currents())
        return jax.ops.segment_sum((mixed - alone) * (mixed + alone), jnp.asarray(which), len(GROUPS))

    return np.asarray(jax.jit(jax.vmap(one))(jnp.asarray(mass), jnp.asarray(kappa))).T


def make(vintage: str | None) -> tuple[Figure, bytes]:
    """The figure and its curves."""
    vintage = vintage or "current"
    which = groups(measurements.load(vintage, vintage))
    mass = np.unique(np.concatenate([np.geomspace(*MASSES, 500), np.linspace(85.0, 97.0, 200)]))
    observed = okun.fit(vintage)
    figure = style.blank(style.PAGE, 3.6)
    curves = {}
    for axes, (name, fit) in zip(
        figure.subplots(1, 2, sharey=True), {"expected": observed.asimov(), "observed": observed}.items()
    ):
        line = okun.curve(
            okun.traced(fit, engine.Axis.log("m_zprime", *MASSES, 60), engine.Axis.log("kappa", *MIXINGS, 24))
        )
        kappa = okun.lowest(line, mass)
        there = np.isfinite(kappa)
        found = np.full((len(GROUPS), len(mass)), np.nan)
        found[:, there] = parts(fit, which, mass[there], kappa[there])
        for i, (label, values) in enumerate(zip(GROUPS, found)):
            axes.plot(mass, values, color=style.colour(i, len(GROUPS)), label=label, linestyle=style.DASHES[i // 4])
            curves[f"{name}, {label.replace('$', '')}"] = np.column_stack([mass, values])
        curves[f"{name}, limit"] = np.column_stack([mass, np.where(there, kappa, np.nan)])
        axes.axhline(0.0, color=style.GREY, linewidth=0.5)
        axes.axhline(float(fit.critical_value()), color=style.GREY, linewidth=0.7, linestyle=":")
        axes.set(
            xlim=MASSES, ylim=(-6.0, 9.0), xlabel=style.axis_label("m_zprime"), ylabel="part of $q$ on the 95% contour"
        )
        axes.set_title(f"{name}, " + ("data of 2010" if vintage == "2010" else "current data"))
        style.logarithmic(axes, "x")
        axes.label_outer()
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    comments = [
        (
            "Parts of q = chi^2(kappa) - chi^2(0) by group of measurements, 95% contour of a wide Z', Okun "
            "phase; limit: kappa there"
        ),
        f"data: {vintage}; m_zprime: [GeV]; q, kappa: [1]",
    ]
    return figure, okun.table(comments, ["m_zprime", "value"], curves)


if __name__ == "__main__":
    okun.command("Parts of q by group of measurements along the limit.", STEM, make)
