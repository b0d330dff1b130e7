"""Confidence levels and limits of a counting experiment, in the form that the command `counting` reports."""

import argparse
import math
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float, Scalar

from jaxmix import engine
from jaxmix.command import answers, backend, inputs
from jaxmix.counting import arguments
from jaxmix.statistics import backgrounds, cls, toys

_FEW_EVENTS = 10.0  # of background, below which the asymptotic limit is off by more than some 5%
_FEW_TOYS = 10.0  # toys with a signal that decide the outer band
_SIGMAS = ("-2", "-1", "0", "1", "2")


class Hypotheses(engine.AbstractProblem):
    """The data of one experiment that judge a signal; a point holds the expected events of bin1, bin2, ..."""

    bins: cls.PoissonBins
    cl: Scalar
    seed: int | Array
    number: int = eqx.field(static=True)  # of toys; 0: asymptotic

    def slow(self, point: engine.Point) -> Float[Array, " none"]:
        """Return no numbers: every answer is exact."""
        return jnp.zeros(0)

    def fast(self, point: engine.Point, slow: Float[Array, " none"]) -> dict[str, Scalar]:
        """Compute confidence levels, limits, significance, and the background that fits best without a signal."""
        signal = jnp.stack([point[name] for name in arguments.names(len(self.bins.observed))])
        guess = cls.asymptotic(self.bins, signal, self.cl)
        seen = self.bins.seen_by(signal).asimov(jnp.zeros_like(signal)).observed
        found = {
            "background": jnp.sum(jnp.where(signal > 0, seen, 0.0)),
            "significance_expected": guess.significance_expected,
            "cls_observed": guess.cls_observed,
            "cls_observed_error": jnp.asarray(jnp.nan),
            "limit_observed": guess.limit_observed,
        }
        bands = {"cls_expected": guess.cls_expected, "limit_expected": guess.limit_expected}
        if self.number:
            thrown = toys.by_toys(self.bins, signal, self.cl, guess, jax.random.PRNGKey(self.seed), self.number)
            found |= {"cls_observed": thrown.levels.observed, "cls_observed_error": thrown.levels.error}
            found |= {"limit_observed": thrown.limit_observed}
            bands = {"cls_expected": thrown.levels.expected, "limit_expected": thrown.limit_expected}
        return found | {
            f"{name}.{sigma}": values[k] for name, values in bands.items() for k, sigma in enumerate(_SIGMAS)
        }


def run(given: argparse.Namespace) -> int:
    """Run the command `counting`: read the arguments, evaluate, print; the exit code."""
    observed = arguments.numbers(given.observed, "--observed")
    background = arguments.background(given, len(observed))
    if given.signal_table is None:
        signals = [arguments.numbers(given.signal, "--signal", len(observed))]
    else:
        signals = arguments.read_table(given.signal_table, len(observed))
    uncertainty = arguments.signal_uncertainty(given.signal_uncertainty)
    cl = inputs.fraction(given.cl, "--cl")
    number, seed = arguments.toys(given.toys, given.seed)
    documents = judge(observed, background, signals, uncertainty, cl, number, seed)
    answers.show(documents, given.signal_table is None, given.json)
    return 0


def judge(
    observed: list[float],
    background: Mapping[str, list[float]],
    signals: list[list[float]],
    uncertainty: tuple[float, float | None] = (0.0, None),
    cl: float = 0.95,
    number: int = 0,
    seed: int = 0,
) -> list[dict]:
    """Judge several signal hypotheses together; lists have one number a bin.

    Parameters
    ----------
    observed
        Counts.
    background
        {"count", "transfer"} of control regions or {"central", "width"} in events.
    signals
        Expected events of each hypothesis.
    uncertainty
        Of the signal, (up, down), relative.
    cl
        Confidence level, a fraction.
    number
        Toys of each kind, 0 for the asymptotic forms.
    seed
        Of the toys.

    Returns
    -------
    list of dict
        The JSON object of each hypothesis.
    """
    backend.start()
    given = {name: jnp.asarray(values, float) for name, values in background.items()}
    kind = backgrounds.ControlRegion if "count" in given else backgrounds.GivenBackground
    bins = cls.poisson_bins(jnp.asarray(observed, float), kind(**given), *uncertainty)
    table = np.asarray(signals, float)
    points = {name: jnp.asarray(table[:, k]) for k, name in enumerate(arguments.names(len(observed)))}
    batch = 1 if number else min(len(signals), 256)
    found = engine.evaluate_points(Hypotheses(bins, jnp.asarray(cl), jnp.asarray(seed), number), points, batch=batch)
    expected = [
        float(value) for value in (given["count"] * given["transfer"] if "count" in given else given["central"])
    ]
    found_by_signal = [{name: float(values[k]) for name, values in found.items()} for k in range(len(signals))]
    return [_document(signal, expected, answer, cl, number) for signal, answer in zip(signals, found_by_signal)]


def _document(signal: list[float], background: list[float], found: Mapping[str, float], cl: float, number: int) -> dict:
    """Return the JSON object of one hypothesis from its numbers."""
    band = {
        name: {sigma: found[f"{name}.{sigma}"] for sigma in _SIGMAS if sigma != "0"}
        for name in ("cls_expected", "limit_expected")
    }
    level = found["cls_observed"]
    return {
        "signal": signal,
        "background": background,
        "cls_observed": level,
        "cls_observed_error": found["cls_observed_error"],
        "cls_expected": found["cls_expected.0"],
        "cls_expected_band": band["cls_expected"],
        "limit_observed": found["limit_observed"],
        "limit_expected": found["limit_expected.0"],
        "limit_expected_band": band["limit_expected"],
        "excluded": None if math.isnan(level) else level < 1 - cl,
        "significance_expected": found["significance_expected"],
        "cl": cl,
        "method": f"{number} toys" if number else "asymptotic",
        "status": _status(sum(signal), found, cl, number),
    }


def _status(signal: float, found: Mapping[str, float], cl: float, number: int) -> str:
    """Return ok, or the words for what a reader must know; every null has its word.

    no_signal: CLs is 1 and nothing can be limited. no_limit: CLs does not reach 1 - cl at the signals that were tried.
    no_background: one event would be a discovery, and the significance has no bound. few_events, few_toys: the numbers
    are rough.
    """
    if signal == 0:
        return "no_signal"
    limits = [found["limit_observed"], *(found[f"limit_expected.{sigma}"] for sigma in _SIGMAS)]
    levels = [found["cls_observed"], *(found[f"cls_expected.{sigma}"] for sigma in _SIGMAS)]
    failed = "few_toys" if number else "numerical_failure"
    rough = number and number * (1 - cl) * float(ndtr(-2.0)) < _FEW_TOYS
    words = {
        "no_background": math.isinf(found["significance_expected"]),
        "no_limit": not all(map(math.isfinite, limits)),
        failed: bool(rough) or not all(map(math.isfinite, levels)) or math.isnan(found["significance_expected"]),
        "few_events": not number and found["background"] < _FEW_EVENTS,
    }
    return ",".join(word for word, applies in words.items() if applies) or "ok"
