"""Everything about one parameter point, as the command `point` reports it: numbers on the device, words on the host."""

import argparse
import functools
import math
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxmix import backend, config, faults, flags, mixing, neutral_currents, study
from jaxmix.constraints import abstract, combination, mcp_lhc, published, published_search, shelf
from jaxmix.detector import photoelectrons
from jaxmix.engine import evaluate, problem

Scalar = Float[Array, ""]

_NONPERTURBATIVE = 4 * math.pi  # of g1'
_CURRENTS = ("em", "z", "em_dark", "z_dark")
NUMBERS = ("one", "two")  # mCPs, by which acceptances and events are told

_MEMBERS = combination.Combined.members


class Description(problem.AbstractProblem):
    """The numbers of a point, flat, under dotted names; those of a constraint only where `whole` holds it."""

    whole: study.Study
    searches: published.Together
    others: dict[str, mcp_lhc.MillichargeDetector]  # the detector asked for one mCP or both, where its verdict is on something else
    varied: tuple[str, ...] = eqx.field(static=True, default=())  # collider parameters that differ from point to point

    def slow(self, point: problem.Point) -> Float[Array, " none"]:
        """Nothing: a description is exact."""
        return jnp.zeros(0)

    def fast(self, point: problem.Point, slow: Float[Array, " none"]) -> dict[str, Scalar]:
        """All numbers of the point, and its status code."""
        currents, status = study.currents_and_status(point)
        gap = mixing.forbidden_gap(currents.kappa, currents.m1, currents.weak, currents.dark)
        found = {
            "status": status,
            "gap.low": gap[0],
            "gap.high": gap[1],
            "kappa": currents.kappa,
            "g1_dark": currents.g1_dark,
            "epsilon_gamma": currents.epsilon_gamma,
            "epsilon_z": currents.epsilon_z,
            **_bosons(currents),
        }
        constraints = self.whole.at({name: point[name] for name in self.varied})
        parts = {name: constraint.slow(currents) for name, constraint in constraints.items() if name != "mcp_lhc"}
        together = self.searches(currents)
        if "mcp_lhc" in constraints:
            detector = constraints["mcp_lhc"]
            collider = {name: point[name] for name in self.varied}
            asked = {detector.particles: detector} | {name: each.with_settings(collider) for name, each in self.others.items()}
            channels = {particles: each.channels(currents) for particles, each in asked.items()}  # once, for blocks and verdict
            parts["mcp_lhc"] = detector.gathered(channels[detector.particles])
            found |= _lhc(asked, currents, channels)
        for name, constraint in constraints.items():
            judged = together[name] if name in together else (constraint.test_statistic(currents, parts[name]), constraint.reason(currents))
            found |= {f"constraints.{name}.{key}": value for key, value in _judged(constraint, *judged, parts[name]).items()}
        return found


def _judged(constraint: abstract.AbstractConstraint, q: Scalar, reason: Int[Array, ""], slow: Float[Array, " k"]) -> dict[str, Scalar]:
    """What a constraint says of a point, why it may say nothing, and whether that could be computed."""
    return {
        "test_statistic": q,
        "reason": reason,
        "critical_value": constraint.critical_value(),
        "computed": jnp.all(jnp.isfinite(slow)),
    }


def _bosons(currents: neutral_currents.NeutralCurrents) -> dict[str, Scalar]:
    """Masses, couplings and widths of the physical photon, Z and Z'."""
    photon, z, zprime = neutral_currents.states(currents)
    found = {"masses.m1": currents.m1, "masses.m2": currents.m2, "masses.z": z.mass, "masses.zprime": zprime.mass}
    for name, state in (("photon", photon), ("z", z), ("zprime", zprime)):
        found |= {f"couplings.{name}.{key}": value for key, value in zip(_CURRENTS, (state.a1, state.z1, state.a2, state.z2))}
    fermions = neutral_currents.widths_to_fermions(currents, zprime)
    dark = neutral_currents.width_to_mcp(currents, zprime)
    standard = sum(fermions.values())
    found |= {f"partial.{name}": value for name, value in fermions.items()} | {"partial.mcp": dark}
    return found | {
        "widths.zprime": dark + standard,
        "widths.zprime_dark": dark,
        "widths.zprime_sm": standard,
        "widths.z_exotic": neutral_currents.width_to_mcp(currents, z),
    }


def _lhc(
    asked: Mapping[str, mcp_lhc.MillichargeDetector],
    currents: neutral_currents.NeutralCurrents,
    channels: Mapping[str, Mapping[str, tuple[Scalar, Scalar]]],
) -> dict[str, Scalar]:
    """Production and detection, by the number of mCPs asked for."""
    squared, detector = currents.kappa**2, asked["one"]
    produced = sum(pair[0] for pair in channels["one"].values())
    layers, charge_one = detector.values["layers"], detector.charge_one()
    found = {
        "lhc.sigma": squared * produced,
        **{f"lhc.{name}": squared * pair[0] for name, pair in channels["one"].items()},
        "detector.n_pe": photoelectrons.photoelectrons(currents.epsilon_gamma, charge_one),
        "detector.p_layer": photoelectrons.detection_probability(currents.epsilon_gamma, 1.0, charge_one),
        "detector.p_detect": photoelectrons.detection_probability(currents.epsilon_gamma, layers, charge_one),
    }
    for particles in NUMBERS:
        each = asked[particles]
        slow = each.gathered(channels[particles])
        found[f"detector.acceptance_{particles}"] = jnp.exp(slow[0]) / produced
        found[f"detector.expected_events_{particles}"] = each.expected_events(currents, slow)
    return found


def run(arguments: argparse.Namespace) -> int:
    """The work of the command `point`: read the arguments, evaluate, print."""
    lists = flags.given_parameters(arguments)
    settings = flags.settings_of(arguments.set, lists)
    cl = flags.fraction(arguments.cl, "--cl")
    points = flags.points(lists)
    for point in points:
        flags.check_forms(point)
    documents = describe(points, settings, cl, arguments.pdf)
    flags.show(documents, all(len(values) == 1 for values in lists.values()), arguments.json)
    return 0


def describe(
    points: list[dict[str, float]], settings: Mapping[str, Mapping[str, float | str]], cl: float, pdf: str | None = None
) -> list[dict]:
    """The JSON objects of points that hold the same parameters, evaluated together; BadInput where one does not exist.

    settings: by constraint. cl: confidence level of the verdicts. pdf: an LHAPDF6 folder in place of the package's luminosities.
    """
    backend.start()
    common = {name: value for name, value in points[0].items() if all(point[name] == value for point in points)}
    met = [name for name in shelf.SHELF if set(config.NEEDS.get(name, ())) <= set(points[0])]
    summed = not any(settings.get(name) for name in ("combined", *_MEMBERS))  # of verdicts that are there anyway
    if summed:
        met.remove("combined")
    whole = study.Study(common, {name: shelf.build(name, settings.get(name, {}), shelf.level(name, cl), pdf) for name in met})
    searches = published.Together({name: each for name, each in whole.constraints.items() if isinstance(each, published_search.PublishedSearch)})
    others = _others(settings.get("mcp_lhc", {}), cl, pdf, common) if "mcp_lhc" in met else {}
    varied = tuple(name for name in ("sqrt_s", "luminosity") if name not in common)
    arrays = {name: np.array([point[name] for point in points]) for name in points[0]}
    numbers = evaluate.evaluate_points(Description(whole, searches, others, varied), arrays, batch=min(len(points), 256), quick=True)
    if summed:
        numbers |= _combined(numbers)
    return [document(point, {name: float(values[i]) for name, values in numbers.items()}, cl) for i, point in enumerate(points)]


def _others(
    settings: Mapping[str, float | str], cl: float, pdf: str | None, common: Mapping[str, float]
) -> dict[str, mcp_lhc.MillichargeDetector]:
    """The millicharge detector asked for one mCP and for both, without the one that its settings ask for."""
    collider = tuple((name, common[name]) for name in ("sqrt_s", "luminosity") if name in common)
    wanted = [particles for particles in NUMBERS if particles != settings.get("particles", "one")]
    return {particles: _prepared(tuple(sorted({**settings, "particles": particles}.items())), cl, pdf, collider) for particles in wanted}


@functools.lru_cache(maxsize=4)  # its tables take seconds and rest on nothing else
def _prepared(settings: tuple, cl: float, pdf: str | None, collider: tuple) -> mcp_lhc.MillichargeDetector:
    """The millicharge detector with its tables, as a study prepares it."""
    return study.Study(dict(collider), {"mcp_lhc": shelf.build("mcp_lhc", dict(settings), ("cl", cl), pdf)}).constraints["mcp_lhc"]


def _combined(numbers: Mapping[str, Float[np.ndarray, " n"]]) -> dict[str, Float[np.ndarray, " n"]]:
    """What the sum of the likelihoods says, from those of its members."""
    first = f"constraints.{_MEMBERS[0]}"
    found = {key: numbers[f"{first}.{key}"] for key in ("reason", "critical_value")}
    found["test_statistic"] = sum(numbers[f"constraints.{name}.test_statistic"] for name in _MEMBERS)
    found["computed"] = np.all([numbers[f"constraints.{name}.computed"] for name in _MEMBERS], axis=0)
    return {f"constraints.combined.{key}": value for key, value in found.items()}


def document(values: Mapping[str, float], numbers: Mapping[str, float], cl: float) -> dict:
    """The JSON object of one point from its parameters and its numbers; BadInput where the point does not exist.

    values: parameters by name. numbers: what Description gives. cl: confidence level of the verdicts.
    """
    status = study.STATUS[int(numbers["status"])]
    if status == "forbidden_gap":
        raise faults.BadInput(_gap(values, numbers["gap.low"], numbers["gap.high"]))
    if status == "kappa_outside_domain":
        raise faults.BadInput("kappa: the millicharge asked for needs |kappa| >= 1; allowed: (-1, 1); lower epsilon_gamma or raise e_dark")
    couplings = {boson: _under(f"couplings.{boson}", numbers) for boson in ("photon", "z", "zprime")}
    couplings["photon"] = {name: couplings["photon"][name] for name in ("em", "em_dark")}
    verdicts = {name: verdict(name, numbers, cl) for name in shelf.SHELF}
    excluding = [name for name, said in verdicts.items() if said["excluded"]]
    return {
        "inputs": {**values, "kappa": numbers["kappa"]},
        "status": _status(status, numbers),
        "phase": _phase(values["theta_dark"]),
        "epsilon_gamma": numbers["epsilon_gamma"],
        "epsilon_z": numbers["epsilon_z"],
        "masses": _under("masses", numbers),
        "couplings": couplings,
        "widths": _under("widths", numbers),
        "branching_fractions": _branching_fractions(numbers),
        "lhc": _lhc_block(numbers),
        "detector": _detector_block(numbers),
        "constraints": verdicts,
        "excluded_by": [name for name in excluding if shelf.SHELF[name].kind in ("measured", "published")],
        "within_reach_of": [name for name in excluding if shelf.SHELF[name].kind == "projected"],
    }


def _under(prefix: str, numbers: Mapping[str, float]) -> dict[str, float]:
    return {name.removeprefix(prefix + "."): value for name, value in numbers.items() if name.startswith(prefix + ".")}


def _phase(theta_dark: float) -> str:
    if theta_dark == 0:
        return "holdom"
    return "okun" if theta_dark == math.pi / 2 else "mixed"


def _gap(values: Mapping[str, float], low: float, high: float) -> str:
    """Why a physical mass is refused."""
    asked = values["m_zprime"] if "m_zprime" in values else values["m_zprime_over_m_mcp"] * values["m_mcp"]
    if not low <= asked <= high:
        return f"m_zprime: found {asked:.10g} GeV, for which no Lagrangian mass can be computed; allowed: a mass nearer to the Z's"
    return (
        f"m_zprime: found {asked:.10g} GeV, inside the forbidden gap where no Lagrangian mass exists; "
        f"allowed: below {low:.10g} or above {high:.10g} GeV at this kappa, or give --m2"
    )


def _status(status: str, numbers: Mapping[str, float]) -> str:
    """ok, or what a reader must know: swapped labels, or a coupling g1' beyond 4 pi."""
    words = [] if status == "ok" else [status]
    if numbers["g1_dark"] > _NONPERTURBATIVE:
        words.append("g1_dark_above_4pi")
    return ",".join(words) or "ok"


def _branching_fractions(numbers: Mapping[str, float]) -> dict[str, float]:
    """Of the Z', by final state; NaN where it has no open channel."""
    total = numbers["widths.zprime"]
    return {name: value / total if total > 0 else math.nan for name, value in _under("partial", numbers).items()}


def _lhc_block(numbers: Mapping[str, float]) -> dict | None:
    channels = _under("lhc", numbers)
    if not channels:
        return None
    return {"sigma_pb": channels.pop("sigma"), "channels": channels}


def _detector_block(numbers: Mapping[str, float]) -> dict | None:
    found = _under("detector", numbers)
    return found or None


def verdict(name: str, numbers: Mapping[str, float], cl: float) -> dict:
    """The JSON object of a constraint's verdict from a point's numbers, with the point's status beside it, or why there is none."""
    kind, found = shelf.SHELF[name], _under(f"constraints.{name}", numbers)
    if not found:
        return _absent(f"needs_{config.NEEDS[name][0]}", kind)
    status = int(numbers["status"])
    if not study.is_judged(kind, status):
        return _absent(study.STATUS[status], kind)
    q, critical = found["test_statistic"], found["critical_value"]
    if not math.isfinite(q):
        return _absent(kind.reasons[int(found["reason"])] if found["computed"] else "numerical_failure", kind)
    words = _status(study.STATUS[status], numbers)
    level = None if kind.kind == "theory" else shelf.level(name, cl)[1]
    return {"test_statistic": q, "critical_value": critical, "excluded": q > critical, "cl": level, "kind": kind.kind, "status": words}


def _absent(status: str, kind: type[abstract.AbstractConstraint]) -> dict:
    return {"test_statistic": None, "critical_value": None, "excluded": None, "cl": None, "kind": kind.kind, "status": status}
