"""Confidence levels and limits of a counting experiment, as the command `counting` reports them."""

import argparse
import csv
import math
from collections.abc import Mapping
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from jaxmix import backend, faults, flags
from jaxmix.engine import evaluate, problem
from jaxmix.statistics import backgrounds, cls, toys

Scalar = Float[Array, ""]

_LARGEST = 1e15  # events; beyond it differences of counts are lost to rounding
_MOST_TOYS = 10**7
_FEW_EVENTS = 10.0  # of background, below which the asymptotic limit is off by more than some 5%
_FEW_TOYS = 10.0  # toys with a signal that decide the outer band
_SIGMAS = ("-2", "-1", "0", "1", "2")


class Hypotheses(problem.AbstractProblem):
    """What the data of one experiment say of a signal; a point holds the expected events of bin1, bin2, ..."""

    bins: cls.PoissonBins
    cl: Scalar
    seed: int | Array
    number: int = eqx.field(static=True)  # of toys; 0: asymptotic

    def slow(self, point: problem.Point) -> Float[Array, " none"]:
        """Nothing: every answer is exact."""
        return jnp.zeros(0)

    def fast(self, point: problem.Point, slow: Float[Array, " none"]) -> dict[str, Scalar]:
        """Confidence levels, limits, significance, and the background that fits best without a signal."""
        signal = jnp.stack([point[name] for name in names(len(self.bins.observed))])
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
        return found | {f"{name}.{sigma}": values[k] for name, values in bands.items() for k, sigma in enumerate(_SIGMAS)}


def run(arguments: argparse.Namespace) -> int:
    """The work of the command `counting`: read the arguments, evaluate, print."""
    observed = numbers(arguments.observed, "--observed")
    background = _background(arguments, len(observed))
    if arguments.signal_table is None:
        signals = [numbers(arguments.signal, "--signal", len(observed))]
    else:
        signals = read_table(arguments.signal_table, len(observed))
    uncertainty = _signal_uncertainty(arguments.signal_uncertainty)
    cl = flags.fraction(arguments.cl, "--cl")
    number, seed = _toys(arguments.toys, arguments.seed)
    documents = judge(observed, background, signals, uncertainty, cl, number, seed)
    flags.show(documents, arguments.signal_table is None, arguments.json)
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
    """The JSON objects of signal hypotheses, evaluated together; lists have one number a bin.

    background: {"count", "transfer"} of control regions or {"central", "width"} in events. uncertainty: the signal's, (up, down).
    number: of toys, 0 for the asymptotic forms.
    """
    backend.start()
    given = {name: jnp.asarray(values, float) for name, values in background.items()}
    kind = backgrounds.ControlRegion if "count" in given else backgrounds.GivenBackground
    bins = cls.poisson_bins(jnp.asarray(observed, float), kind(**given), *uncertainty)
    table = np.asarray(signals, float)
    points = {name: table[:, k] for k, name in enumerate(names(len(observed)))}
    batch = 1 if number else min(len(signals), 256)
    found = evaluate.evaluate_points(Hypotheses(bins, jnp.asarray(cl), jnp.asarray(seed), number), points, batch=batch)
    expected = [float(value) for value in (given["count"] * given["transfer"] if "count" in given else given["central"])]
    answers = [{name: float(values[k]) for name, values in found.items()} for k in range(len(signals))]
    return [_document(signal, expected, answer, cl, number) for signal, answer in zip(signals, answers)]


def names(bins: int) -> list[str]:
    """bin1, bin2, ...: the columns of a signal table."""
    return [f"bin{k}" for k in range(1, bins + 1)]


def numbers(text: str, where: str, bins: int | None = None, largest: float = _LARGEST) -> list[float]:
    """The numbers in `a,b,c`, finite, not negative and one a bin; BadInput says where, what was found and what is allowed."""
    values = [_number(word.strip(), where, largest) for word in text.split(",")]
    if bins is not None and len(values) != bins:
        raise faults.BadInput(f"{where}: found {len(values)} numbers; allowed: {bins}, one for each bin of --observed")
    return values


def read_table(path: str, bins: int) -> list[list[float]]:
    """The rows of a CSV file with the columns bin1, bin2, ...; lines that begin with # are comments."""
    where = f"--signal-table {path}"
    try:
        if not Path(path).is_file():
            raise faults.BadInput(f"{where}: found no file that can be read; allowed: a CSV file")
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        kept = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
        rows = [(number, [entry.strip() for entry in next(csv.reader([line]))]) for number, line in kept]
    except csv.Error as fault:
        raise faults.BadInput(f"{where}: found a line that is no CSV ({fault}); allowed: a number for each bin") from fault
    except OSError as fault:
        raise faults.BadInput(f"{where}: found no file that can be read ({fault.strerror}); allowed: a CSV file") from fault
    except UnicodeDecodeError as fault:
        raise faults.BadInput(f"{where}: found bytes that are no UTF-8 text; allowed: a CSV file") from fault
    allowed = names(bins)
    header = rows[0][1] if rows else []
    if sorted(header) != sorted(allowed):
        found, wanted = ",".join(header)[:60] or "(none)", ",".join(allowed)
        raise faults.BadInput(f"{where}: found the columns {found}; allowed: {wanted}, one for each bin of --observed")
    if len(rows) == 1:
        raise faults.BadInput(f"{where}: found no row below the column names; allowed: one or more, each a hypothesis")
    return [_row(header, entries, f"{where} line {number}") for number, entries in rows[1:]]


def _row(header: list[str], entries: list[str], where: str) -> list[float]:
    if len(entries) != len(header):
        raise faults.BadInput(f"{where}: found {len(entries)} entries; allowed: {len(header)} ({','.join(header)})")
    found = {name: _number(entry, f"{where}, column {name}") for name, entry in zip(header, entries)}
    return [found[name] for name in names(len(header))]


def _number(word: str, where: str, largest: float = _LARGEST) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 <= value <= largest:
        raise faults.BadInput(f"{where}: found {word[:60]!r}; allowed: numbers in [0, {largest:g}]")
    return value


def _background(arguments: argparse.Namespace, bins: int) -> dict[str, list[float]]:
    """The background's numbers by their names in judge; exactly one of its forms must be given."""
    controlled = [arguments.control, arguments.transfer]
    given = [arguments.background, arguments.background_uncertainty]
    if all(text is not None for text in controlled) and not any(text is not None for text in given):
        return {"count": numbers(arguments.control, "--control", bins), "transfer": numbers(arguments.transfer, "--transfer", bins)}
    if arguments.background is not None and not any(text is not None for text in controlled):
        width = arguments.background_uncertainty
        known = [0.0] * bins if width is None else numbers(width, "--background-uncertainty", bins)
        return {"central": numbers(arguments.background, "--background", bins), "width": known}
    words = ("control", "transfer", "background", "background_uncertainty")
    found = [f"--{word.replace('_', '-')}" for word in words if getattr(arguments, word) is not None]
    allowed = "--control with --transfer, or --background with or without --background-uncertainty"
    raise faults.BadInput(f"the background: found {' and '.join(found) or 'nothing'}; allowed: {allowed}")


def _signal_uncertainty(text: str | None) -> tuple[float, float | None]:
    if text is None:
        return 0.0, None
    values = numbers(text, "--signal-uncertainty", largest=1000.0)
    if len(values) > 2:
        allowed = "one (up), or two (up,down), as fractions of the signal"
        raise faults.BadInput(f"--signal-uncertainty: found {len(values)} numbers; allowed: {allowed}")
    return values[0], values[1] if len(values) == 2 else None


def _toys(number: str | None, seed: str | None) -> tuple[int, int]:
    if number is None:
        if seed is not None:
            raise faults.BadInput("--seed: found no --toys; the asymptotic forms throw no numbers; allowed: --toys N --seed K")
        return 0, 0
    return _integer(number, "--toys", 100, _MOST_TOYS), _integer("0" if seed is None else seed, "--seed", 0, 2**31 - 1)


def _integer(text: str, where: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise faults.BadInput(f"{where}: found {text[:60]!r}; allowed: an integer in [{low}, {high}]")
    return value


def _document(signal: list[float], background: list[float], found: Mapping[str, float], cl: float, number: int) -> dict:
    """The JSON object of one hypothesis from its numbers."""
    band = {name: {sigma: found[f"{name}.{sigma}"] for sigma in _SIGMAS if sigma != "0"} for name in ("cls_expected", "limit_expected")}
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
    """ok, or what a reader must know; every null has its word.

    no_signal: CLs is 1 and nothing can be limited. no_limit: CLs does not reach 1 - cl at the signals that were tried. no_background:
    one event would be a discovery, and the significance has no bound. few_events, few_toys: the numbers are rough.
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
