"""Figure 11: what counts of mCPs and their light would tell of the parameters: Fisher's ellipses and samples of the
posterior.

    python figures/fig11_forecast.py [--luminosity FB] [--prior WIDTH] [--draws N] [--out FOLDER]

One detector at eta = 0 and one at eta = 1.5 count single mCPs in bins of photoelectrons. Three combinations of the five
parameters are measured, to percents; the other two are what the priors make them, so that ellipses and samples bend
apart along them.
"""

import argparse
from pathlib import Path

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from jaxmix.forecast import likelihood, sampling
from jaxmix.plots import style
from jaxmix.statistics import information

STEM = "fig11_forecast"
PAIRS = (("kappa", "e_dark"), ("kappa", "tan_theta_dark"), ("m_zprime", "m_mcp"))
LEVELS = {0.95: style.DASHES[1], 0.68: "-"}
LABELS = {name: style.axis_label(name) for name in likelihood.NAMES if name != "tan_theta_dark"} | {
    "tan_theta_dark": r"$\tan\theta_W'$"
}
SHOWN = 1500  # samples that are drawn


def panel(
    axes: Axes, pair: tuple[str, str], centre: np.ndarray, matrix: np.ndarray, samples: np.ndarray
) -> dict[str, np.ndarray]:
    """Samples and ellipses of two parameters; the ellipses by name."""
    i, j = (likelihood.NAMES.index(name) for name in pair)
    dots = {"markersize": 1.6, "markeredgewidth": 0, "alpha": 0.7, "rasterized": True}
    axes.plot(*np.exp(samples[:, (i, j)]).T, ".", color=style.PALETTE[6], label="samples", **dots)
    curves = {}
    for cl, dashes in LEVELS.items():
        for name, curve in information.ellipse(matrix, i, j, cl)._asdict().items():
            curves[f"{name}, {100 * cl:.0f}%"] = line = np.exp(centre[[i, j]] + curve)
            colour = style.PALETTE[1 if name == "marginal" else 2]
            axes.plot(*line.T, color=colour, linestyle=dashes, linewidth=1.0, label=f"{name}, {100 * cl:.0f}%")
    axes.plot(*np.exp(centre[[i, j]]), "+", color=style.PALETTE[0])
    for k, side in ((i, "x"), (j, "y")):
        low, high = np.quantile(samples[:, k], [0.001, 0.999])
        # at least a factor 2.3 either way, so that two of the ticks 1, 2, 5 are inside
        reach = min(low - 0.1, centre[k] - np.log(2.3)), max(high + 0.1, centre[k] + np.log(2.3))
        axes.set(**{f"{side}lim": np.exp(reach), f"{side}label": LABELS[likelihood.NAMES[k]]})
        style.logarithmic(axes, side)
        ticks = [
            digit * 10.0**power
            for power in range(-4, 3)
            for digit in (1, 2, 3, 5, 7)
            if reach[0] < np.log(digit * 10.0**power) < reach[1]
        ]
        getattr(axes, f"set_{side}ticks")(ticks, [f"{tick:g}" for tick in ticks])
        getattr(axes, f"{side}axis").set_minor_formatter(NullFormatter())
    return curves


def make(luminosity: float, prior: float, draws: int) -> tuple[Figure, bytes]:
    """The figure and its curves and samples."""
    priors = dict.fromkeys(likelihood.NAMES, prior)
    point = likelihood.Forecast.build(
        measurements=likelihood.MEASUREMENTS[:2], held={"luminosity": luminosity}, priors=priors
    )
    report = likelihood.fisher(point)
    matrix = report.matrix + report.prior
    centre, covariance = np.asarray(point.prediction.start()), information.covariance(matrix)
    begin = sampling.starts(centre, covariance)
    chains = sampling.sample(
        point.log_posterior, begin, point.low, point.high, point.names, covariance, draws=draws, target=0.9
    )
    quality = (
        f"R-hat {chains.r_hat.max():.4f}, effective samples {chains.effective.min():.0f}, divergent "
        f"{chains.divergent:.2g}"
    )
    print(quality, f"steps {chains.steps:.1f}", *(each.sentence() for each in report.directions), sep="\n")
    print("standard deviations, Fisher:", report.marginal, "samples:", np.sqrt(np.diag(chains.covariance())))
    samples = chains.samples.reshape(-1, len(likelihood.NAMES))
    shown = samples[:: max(1, len(samples) // SHOWN)]
    figure, rows = style.blank(style.PAGE, 3.0), []
    for number, (axes, pair) in enumerate(zip(figure.subplots(1, 3), PAIRS), 1):
        curves = panel(axes, pair, centre, matrix, shown) | {
            "samples": np.exp(shown[:, [likelihood.NAMES.index(name) for name in pair]])
        }
        rows += [[number, *pair, name, *map(float, place)] for name, line in curves.items() for place in line]
    figure.suptitle(
        f"One mCP at $\\eta = 0$ and 1.5, {luminosity:g} fb$^{{-1}}$; priors of {prior:g} in every logarithm"
    )
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, markerscale=4)
    counts = ", ".join(f"{name}: {values.sum():.1f} events" for name, values in report.counts.items())
    comments = [
        "Fisher's ellipses and posterior samples around "
        + ", ".join(f"{name} = {value:.6g}" for name, value in likelihood.BENCHMARK.items()),
        f"luminosity: {luminosity:g} [1/fb]; {counts}; Gaussian priors of width {prior:g} in every logarithm",
        *(f"direction: {each.sentence()}" for each in report.directions),
        f"samples: {quality}",
        "kappa, tan_theta_dark, e_dark: [1]; m_zprime, m_mcp: [GeV]",
    ]
    return figure, style.table(comments, ["panel", "x_name", "y_name", "curve", "x", "y"], rows)


def main() -> None:
    """Evaluate, draw, write."""
    parser = argparse.ArgumentParser(description="Fisher's ellipses and posterior samples at a benchmark point.")
    parser.add_argument("--luminosity", type=float, default=300.0, help="1/fb (default 300)")
    parser.add_argument(
        "--prior", type=float, default=0.3, help="width of the Gaussian priors in the logarithms (default 0.3)"
    )
    parser.add_argument("--draws", type=int, default=1000, help="samples of each of four chains (default 1000)")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    arguments = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    with style.applied():
        figure, curves = make(arguments.luminosity, arguments.prior, arguments.draws)
    print("\n".join(style.save(arguments.out, STEM, figure, curves)))


if __name__ == "__main__":
    main()
