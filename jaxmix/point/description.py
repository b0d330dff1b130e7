"""Everything about one parameter point, as the command `point` reports it: numbers on the device, words on the host."""

import argparse
import functools
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from jaxmix import config, engine, study
from jaxmix.command import answers, backend, inputs
from jaxmix.constraints import combined, mcp_lhc, shelf
from jaxmix.constraints.base import abstract
from jaxmix.constraints.published import members, search
from jaxmix.currents import mixing, neutral_currents
from jaxmix.detector import photoelectrons
from jaxmix.point import document

Scalar = Float[Array, ""]

_CURRENTS = ("em", "z", "em_dark", "z_dark")
NUMBERS = ("one", "two")  # mCPs, by which acceptances and events are told

_MEMBERS = combined.Combined.members


class Description(engine.AbstractProblem):
    """The numbers of a point, flat, under dotted names; those of a constraint only where `whole` holds it."""

    whole: study.Study
    searches: members.Together
    others: dict[
        str, mcp_lhc.MillichargeDetector
    ]  # the detector asked for one mCP or both, where its verdict is on something else
    varied: tuple[str, ...] = eqx.field(static=True, default=())  # collider parameters that differ from point to point

    def slow(self, point: engine.Point) -> Float[Array, " none"]:
        """Nothing: a description is exact."""
        return jnp.zeros(0)

    def fast(self, point: engine.Point, slow: Float[Array, " none"]) -> dict[str, Scalar]:
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
            asked = {detector.particles: detector} | {
                name: each.with_settings(collider) for name, each in self.others.items()
            }
            channels = {
                particles: each.channels(currents) for particles, each in asked.items()
            }  # once, for blocks and verdict
            parts["mcp_lhc"] = detector.gathered(channels[detector.particles])
            found |= _lhc(asked, currents, channels)
        for name, constraint in constraints.items():
            judged = (
                together[name]
                if name in together
                else (constraint.test_statistic(currents, parts[name]), constraint.reason(currents))
            )
            found |= {
                f"constraints.{name}.{key}": value for key, value in _judged(constraint, *judged, parts[name]).items()
            }
        return found


def _judged(
    constraint: abstract.AbstractConstraint, q: Scalar, reason: Int[Array, ""], slow: Float[Array, " k"]
) -> dict[str, Scalar]:
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
        found |= {
            f"couplings.{name}.{key}": value for key, value in zip(_CURRENTS, (state.a1, state.z1, state.a2, state.z2))
        }
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
    lists = inputs.given_parameters(arguments)
    settings = inputs.settings_of(arguments.set, lists)
    cl = inputs.fraction(arguments.cl, "--cl")
    points = inputs.points(lists)
    for point in points:
        inputs.check_forms(point)
    documents = describe(points, settings, cl, arguments.pdf)
    answers.show(documents, all(len(values) == 1 for values in lists.values()), arguments.json)
    return 0


def describe(
    points: list[dict[str, float]], settings: Mapping[str, Mapping[str, float | str]], cl: float, pdf: str | None = None
) -> list[dict]:
    """The JSON objects of points that hold the same parameters, evaluated together; BadInput where one does not exist.

    settings: by constraint. cl: confidence level of the verdicts. pdf: an LHAPDF6 folder in place of the package's
    luminosities.
    """
    backend.start()
    common = {name: value for name, value in points[0].items() if all(point[name] == value for point in points)}
    met = [name for name in shelf.SHELF if set(config.NEEDS.get(name, ())) <= set(points[0])]
    summed = not any(settings.get(name) for name in ("combined", *_MEMBERS))  # of verdicts that are there anyway
    if summed:
        met.remove("combined")
    whole = study.Study(
        common, {name: shelf.build(name, settings.get(name, {}), shelf.level(name, cl), pdf) for name in met}
    )
    searches = members.Together(
        {name: each for name, each in whole.constraints.items() if isinstance(each, search.PublishedSearch)}
    )
    others = _others(settings.get("mcp_lhc", {}), cl, pdf, common) if "mcp_lhc" in met else {}
    varied = tuple(name for name in ("sqrt_s", "luminosity") if name not in common)
    arrays = {name: np.array([point[name] for point in points]) for name in points[0]}
    numbers = engine.evaluate_points(
        Description(whole, searches, others, varied), arrays, batch=min(len(points), 256), compile_level="fast_compile"
    )
    if summed:
        numbers |= _combined(numbers)
    return [
        document.document(point, {name: float(values[i]) for name, values in numbers.items()}, cl)
        for i, point in enumerate(points)
    ]


def _others(
    settings: Mapping[str, float | str], cl: float, pdf: str | None, common: Mapping[str, float]
) -> dict[str, mcp_lhc.MillichargeDetector]:
    """The millicharge detector asked for one mCP and for both, without the one that its settings ask for."""
    collider = tuple((name, common[name]) for name in ("sqrt_s", "luminosity") if name in common)
    wanted = [particles for particles in NUMBERS if particles != settings.get("particles", "one")]
    return {
        particles: _prepared(tuple(sorted({**settings, "particles": particles}.items())), cl, pdf, collider)
        for particles in wanted
    }


@functools.lru_cache(maxsize=4)  # its tables take seconds and rest on nothing else
def _prepared(settings: tuple, cl: float, pdf: str | None, collider: tuple) -> mcp_lhc.MillichargeDetector:
    """The millicharge detector with its tables, as a study prepares it."""
    return study.Study(
        dict(collider), {"mcp_lhc": shelf.build("mcp_lhc", dict(settings), ("cl", cl), pdf)}
    ).constraints["mcp_lhc"]


def _combined(numbers: Mapping[str, Float[np.ndarray, " n"]]) -> dict[str, Float[np.ndarray, " n"]]:
    """What the sum of the likelihoods says, from those of its members."""
    first = f"constraints.{_MEMBERS[0]}"
    found = {key: numbers[f"{first}.{key}"] for key in ("reason", "critical_value")}
    found["test_statistic"] = sum(numbers[f"constraints.{name}.test_statistic"] for name in _MEMBERS)
    found["computed"] = np.all([numbers[f"constraints.{name}.computed"] for name in _MEMBERS], axis=0)
    return {f"constraints.combined.{key}": value for key, value in found.items()}
