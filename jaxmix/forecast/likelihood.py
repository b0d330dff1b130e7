"""What a signal would tell: Fisher's information on the parameters at a benchmark point, and the likelihood around it.

Light measures the millicharge, the number of events the production, and sites at different rapidities the masses.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Scalar

from jaxmix import constants, engine, parameters, study
from jaxmix.constraints import shelf
from jaxmix.constraints.base.abilities import CountsLight
from jaxmix.detector import light_spectrum
from jaxmix.statistics import information

# each stands in its logarithm. tan(theta_dark), not the angle: epsilon_Z/epsilon_gamma = tan(theta_dark) e/e_dark is
# then a product of powers, and both phases' limits are infinitely far away
NAMES = ("kappa", "tan_theta_dark", "e_dark", "m_zprime", "m_mcp")

# allowed by the limits on the shelf, with hundreds of events; a Z' that decays to mCPs
BENCHMARK = {
    "kappa": 5e-3,
    "theta_dark": constants.THETA_W,
    "e_dark": constants.E_CHARGE,
    "m_zprime": 30.0,
    "m_mcp": 10.0,
}

_REACH = {
    "kappa": 10.0,
    "tan_theta_dark": 10.0,
    "e_dark": 10.0,
    "m_zprime": 2.5,
    "m_mcp": 2.5,
}  # of the box, as factors either way
_NEVER = -1e4  # ln L where there is no such point, finite so that a sampler turns back


class Measurement(NamedTuple):
    """Events of one detector: its name, its settings that are not at their defaults (particles = "one", "two" or
    "same_bar" among them), the edges of its bins in photoelectrons of all layers, the expected background, a number or
    one per bin, to which the detector's own dark counts come, and its kind on the shelf (by default the first that
    counts light).
    """

    name: str
    settings: Mapping[str, float | str]
    edges: tuple[int, ...] = light_spectrum.EDGES
    background: float | Sequence[float] = 0.0
    kind: str | None = None


MEASUREMENTS = (
    Measurement("one_central", {"particles": "one", "eta": 0.0}),
    Measurement("one_forward", {"particles": "one", "eta": 1.5}),
    Measurement("two_central", {"particles": "two", "eta": 0.0}, (6,)),
    Measurement("two_forward", {"particles": "two", "eta": 1.5}, (6,)),
)


class Light(eqx.Module):
    """The bins of one detector: one photoelectron count for each of `layers` (those of both mCPs where both must be
    seen).
    """

    background: Float[Array, " bins"]
    edges: tuple[int, ...] = eqx.field(static=True)
    layers: int = eqx.field(static=True)

    def log_counts(self, log_events: Scalar, charge: Scalar, charge_one: Scalar) -> Float[Array, " bins"]:
        """ln of the expected counts over the background, for a number of events whose layers all see light."""
        bins = light_spectrum.log_bins(charge, self.layers, self.edges, charge_one)
        detected = light_spectrum.log_bins(charge, self.layers, (self.layers,), charge_one)
        present = self.background > 0
        background = jnp.log(jnp.where(present, self.background, 1.0))
        signal = log_events + bins - detected
        return jnp.where(present, jnp.logaddexp(signal, background), signal)


class Prediction(eqx.Module):
    """Expected counts of all bins of all detectors as a function of the logarithms of the free parameters (those of
    `names`).
    """

    study: study.Study
    light: dict[str, Light]
    point: Float[Array, " five"]  # ln of NAMES at the benchmark
    names: tuple[str, ...] = eqx.field(static=True)

    def start(self) -> Float[Array, " p"]:
        """The free parameters at the benchmark."""
        return self.point[np.array([NAMES.index(name) for name in self.names])]

    def values(self, theta: Float[Array, " p"]) -> dict[str, Scalar]:
        """The parameter point, in the names of the interface."""
        found = dict(zip(NAMES, self.point)) | dict(zip(self.names, theta))
        tangent = found.pop("tan_theta_dark")
        return {name: jnp.exp(value) for name, value in found.items()} | {"theta_dark": jnp.arctan(jnp.exp(tangent))}

    def __call__(self, theta: Float[Array, " p"]) -> tuple[information.Expectation, Bool[Array, ""]]:
        """Expected counts, and whether there is such a point."""
        point = self.values(theta)
        currents, status = study.currents_and_status({**self.study.held, **point})
        found = []
        for name, detector in self.detectors(point).items():
            events = detector.expected_events(currents, detector.slow(currents))
            log_events = jnp.log(jnp.maximum(events, jnp.finfo(events.dtype).tiny))
            found.append(self.light[name].log_counts(log_events, currents.epsilon_gamma, detector.charge_one()))
        return information.Expectation(jnp.concatenate(found), jnp.zeros(0)), status == study.OK

    def counts(self, theta: Float[Array, " p"]) -> information.Expectation:
        """Expected counts alone."""
        return self(theta)[0]

    def detectors(self, point: Mapping[str, Scalar]) -> dict[str, CountsLight]:
        """Return the detectors by name, those of a kind with the collider of the first: what rests on it is then
        computed once for all.
        """
        found = {name: _light_counter(name, each) for name, each in self.study.at(dict(point)).items()}
        first: dict[type, CountsLight] = {}
        for each in found.values():
            first.setdefault(type(each), each)
        return {name: each.with_shared_tables(first[type(each)]) for name, each in found.items()}


def _light_counter(name: str, detector: object) -> CountsLight:
    if not isinstance(detector, CountsLight):
        raise ValueError(f"Forecast: {name} is an experiment that counts no light.")
    return detector


class Forecast(eqx.Module):
    """Measurements of a signal: what they would count, and what they would tell of the free parameters.

    observed: counts of all bins, those expected at the benchmark (Asimov) unless given. low, high: logarithms, the box
    of a uniform prior. widths: of Gaussian priors in the logarithms around the benchmark, infinite where there is none.
    """

    prediction: Prediction
    observed: Float[Array, " bins"]
    low: Float[Array, " p"]
    high: Float[Array, " p"]
    widths: Float[Array, " p"]

    @classmethod
    def build(
        cls,
        benchmark: Mapping[str, float] = BENCHMARK,
        measurements: Sequence[Measurement] = MEASUREMENTS,
        *,
        held: Mapping[str, float] | None = None,
        free: Sequence[str] = NAMES,
        bounds: Mapping[str, tuple[float, float]] | None = None,
        priors: Mapping[str, float] | None = None,
        observed: Float[np.ndarray, " bins"] | None = None,
    ) -> "Forecast":
        """A forecast at a benchmark (kappa, theta_dark, e_dark, m_zprime, m_mcp; GeV, rad).

        held: other parameters, such as the luminosity, not at their defaults. free: which of NAMES the data are to
        tell. bounds, priors: box (in the parameter itself) and Gaussian width (in its logarithm) by name. Raises
        ValueError for names that are none.
        """
        bounds, priors = dict(bounds or {}), dict(priors or {})
        _check(benchmark, measurements, free, {**bounds, **priors})
        angle = benchmark["theta_dark"]
        place = np.log([math.tan(angle) if name == "tan_theta_dark" else benchmark[name] for name in NAMES])
        detectors = {each.name: shelf.build(_kind(each), each.settings, ("sigma", 2.0)) for each in measurements}
        light = {each.name: _light(each, _light_counter(each.name, detectors[each.name])) for each in measurements}
        kept = {name: value for name, value in parameters.defaults().items() if name not in benchmark} | dict(
            held or {}
        )
        prediction = Prediction(study.Study(kept, detectors), light, jnp.asarray(place), tuple(free))
        centre = dict(zip(NAMES, place))
        sides = [
            np.log(bounds[name]) if name in bounds else centre[name] + np.log(_REACH[name]) * np.array([-1, 1])
            for name in free
        ]
        counts = _local(prediction)[0] if observed is None else jnp.asarray(observed, float)
        low, high = (jnp.asarray([side[k] for side in sides]) for k in (0, 1))
        return cls(prediction, counts, low, high, jnp.asarray([float(priors.get(name, math.inf)) for name in free]))

    @property
    def names(self) -> tuple[str, ...]:
        """The free parameters, each in its logarithm."""
        return self.prediction.names

    def log_likelihood(self, theta: Float[Array, " p"]) -> Scalar:
        """ln of the Poisson likelihood of the observed counts, over its largest possible value; very small where there
        is no point.
        """
        expected, exists = self.prediction(theta)
        return jnp.where(exists, information.log_poisson(self.observed, expected.log_counts), _NEVER)

    def log_posterior(self, theta: Float[Array, " p"]) -> Scalar:
        """The same with the Gaussian priors, and minus infinity outside the box."""
        pulls = (theta - self.prediction.start()) / self.widths
        inside = jnp.all((theta >= self.low) & (theta <= self.high))
        return jnp.where(inside, self.log_likelihood(theta) - jnp.sum(pulls**2) / 2, -jnp.inf)


class Report(NamedTuple):
    """Information of the measurements on the free parameters (their logarithms), that of the priors apart, and what
    follows from both.

    counts: expected, by measurement, and slopes of their logarithms. marginal, conditional: standard deviations with
    the others free, and held.
    """

    names: tuple[str, ...]
    counts: dict[str, Float[np.ndarray, " bins"]]
    slopes: dict[str, Float[np.ndarray, "bins p"]]
    matrix: Float[np.ndarray, "p p"]
    prior: Float[np.ndarray, "p p"]
    marginal: Float[np.ndarray, " p"]
    conditional: Float[np.ndarray, " p"]
    correlations: Float[np.ndarray, "p p"]
    directions: tuple[information.Direction, ...]


def fisher(forecast: Forecast, threshold: float = 1.0) -> Report:
    """Fisher's information at the benchmark, whatever was observed. threshold: see information.directions.

    Raises ValueError, naming the measurements, where an expected count or its slope is not a finite number.
    """
    expected, slope, matrix = (np.asarray(each) for each in _local(forecast.prediction))
    widths = np.asarray(forecast.widths)
    prior = information.from_priors(widths)
    total = matrix + prior
    light = forecast.prediction.light
    sizes = np.cumsum([len(each.edges) for each in light.values()])[:-1]
    counts, slopes = (dict(zip(light, np.split(each, sizes))) for each in (expected, slope))
    lost = [name for name in light if not np.all(np.isfinite(counts[name])) or not np.all(np.isfinite(slopes[name]))]
    if lost:
        raise ValueError(
            f"fisher: the expected counts of {', '.join(lost)}, or their slopes, are not finite at this benchmark."
        )
    return Report(
        names=forecast.names,
        counts=counts,
        slopes=slopes,
        matrix=matrix,
        prior=prior,
        marginal=information.deviations(total),
        conditional=information.conditional_deviations(total),
        correlations=information.correlations(total),
        directions=information.directions(matrix, forecast.names, widths, threshold),
    )


def _local(prediction: Prediction) -> tuple[Float[Array, " bins"], Float[Array, "bins p"], Float[Array, "p p"]]:
    return engine.fast_compile(_at_benchmark)(prediction)


def _at_benchmark(prediction: Prediction) -> tuple[Float[Array, " bins"], Float[Array, "bins p"], Float[Array, "p p"]]:
    """Expected counts, the slopes of their logarithms, and the information."""
    expected, slopes, matrix = information.fisher(prediction.counts, prediction.start())
    return jnp.exp(expected.log_counts), slopes.log_counts, matrix


def _light(measurement: Measurement, detector: CountsLight) -> Light:
    """Bins of a detector; dark counts give one photoelectron in each layer, so that they fall on the lowest bin."""
    bars, layers = detector.bars_hit, float(detector.layers)
    if layers != round(layers):
        raise ValueError(
            f"Forecast: {measurement.name} has {layers:g} layers; allowed: whole numbers, as each layer has its "
            "own light."
        )
    light_spectrum.check(measurement.edges, bars * round(layers))
    background = np.broadcast_to(np.asarray(measurement.background, float), (len(measurement.edges),)).copy()
    background[0] += float(detector.judge().background) if measurement.edges[0] == bars * round(layers) else 0.0
    return Light(jnp.asarray(background), measurement.edges, bars * round(layers))


def _kind(measurement: Measurement) -> str:
    """The kind that a measurement asks for; by default the first on the shelf that counts light."""
    if measurement.kind is not None:
        return shelf.SHELF.of(measurement.kind).name
    return next(name for name, kind in shelf.SHELF.items() if isinstance(kind, CountsLight))


def _collider_settings(measurement: Measurement) -> frozenset[str]:
    kind = shelf.SHELF[_kind(measurement)]
    if not isinstance(kind, CountsLight):
        raise ValueError(f"Forecast: {measurement.name} is an experiment that counts no light.")
    return kind.collider_settings


def _check(
    benchmark: Mapping[str, float], measurements: Sequence[Measurement], free: Sequence[str], named: Mapping
) -> None:
    if set(benchmark) != set(BENCHMARK):
        raise ValueError(
            f"Forecast: found a benchmark of {sorted(benchmark)}; allowed: {sorted(BENCHMARK)}, no more and no less."
        )
    bad = [complaint for complaint in (parameters.complaint(*item) for item in benchmark.items()) if complaint]
    if bad or not 0 < benchmark["theta_dark"] < math.pi / 2 or benchmark["kappa"] <= 0:
        positive = "kappa and theta_dark need logarithms; allowed: kappa > 0, 0 < theta_dark < pi/2"
        raise ValueError("Forecast: " + "; ".join(bad or [positive]))
    unknown = sorted((set(free) | set(named)) - set(NAMES)) or sorted(set(named) - set(free))
    if unknown or not free:
        allowed = f"{', '.join(NAMES)}, and bounds and priors of what is free"
        raise ValueError(f"Forecast: {unknown} are not free parameters; allowed: {allowed}.")
    names = [each.name for each in measurements]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"Forecast: found the measurements {names}; allowed: one or more, each with a name of its own."
        )
    collider = [
        {key: value for key, value in each.settings.items() if key in _collider_settings(each)} for each in measurements
    ]
    if any(each != collider[0] for each in collider):
        raise ValueError(f"Forecast: found the collider settings {collider}; allowed: the same for all measurements.")
