"""Everything about one parameter point, as the command `point` reports it: numbers on the device, words on the host."""

import argparse
import functools
import operator
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Scalar

from jaxmix import engine, study
from jaxmix.command import answers, backend, inputs
from jaxmix.config import Instance
from jaxmix.constraints import combined, shelf
from jaxmix.constraints.base import abstract
from jaxmix.constraints.base.abilities import Reports
from jaxmix.constraints.published import members, search
from jaxmix.currents import neutral_currents
from jaxmix.models import declarations
from jaxmix.point import document

_CURRENTS = ("em", "z", "em_dark", "z_dark")
_COMBINED, _MEMBERS = combined.Combined.name, combined.Combined.members

Companions = dict[str, dict[str, abstract.AbstractConstraint]]


class Description(engine.AbstractProblem):
    """The numbers of a point, flat, under dotted names; those of a constraint only where `whole` holds it."""

    whole: study.Study
    searches: members.Together
    companions: Companions  # what the report of a constraint compares with, by the constraint's name
    model: str = eqx.field(static=True, default=declarations.DEFAULT)
    varied: tuple[str, ...] = eqx.field(static=True, default=())  # collider parameters that differ from point to point

    def slow(self, point: engine.Point) -> Float[Array, " nothing"]:
        """Return an empty array: a description is exact."""
        return jnp.zeros(0)

    def fast(self, point: engine.Point, slow: Float[Array, " nothing"]) -> dict[str, Scalar]:
        """Return all numbers of the point, and its status code."""
        currents, status = study.currents_and_status(point, self.model)
        gap = currents.sector.forbidden_gap(currents.m1, currents.weak)
        found = {
            "status": status,
            "gap.low": gap[0],
            "gap.high": gap[1],
            "kappa": currents.sector.kappa,
            "g1_dark": currents.sector.gauge_coupling,
            "epsilon_gamma": currents.epsilon_gamma,
            "epsilon_z": currents.epsilon_z,
            **_bosons(currents),
        }
        collider = {name: point[name] for name in self.varied}
        together = self.searches(currents)
        for name, constraint in self.whole.at(collider).items():
            part, told = self._part(name, constraint, currents, collider)
            judged = (
                together[name]
                if name in together
                else (constraint.test_statistic(currents, part), constraint.reason(currents))
            )
            said = _judged(constraint, *judged, part)
            found |= {f"constraints.{name}.{key}": value for key, value in said.items()}
            found |= {f"blocks.{name}.{key}": value for key, value in told.items()}
        return found

    def _part(
        self,
        name: str,
        constraint: abstract.AbstractConstraint,
        currents: neutral_currents.NeutralCurrents,
        collider: Mapping[str, Scalar],
    ) -> tuple[Float[Array, " k"], dict[str, Scalar]]:
        """The slow part of a constraint, and the numbers of its report, if it has one."""
        if not isinstance(constraint, Reports):
            return constraint.slow(currents), {}
        companions = {word: each.with_settings(collider) for word, each in self.companions.get(name, {}).items()}
        return constraint.report(currents, companions)


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
    standard = functools.reduce(operator.add, fermions.values())
    found |= {f"partial.{name}": value for name, value in fermions.items()} | {"partial.mcp": dark}
    return found | {
        "widths.zprime": dark + standard,
        "widths.zprime_dark": dark,
        "widths.zprime_sm": standard,
        "widths.z_exotic": neutral_currents.width_to_mcp(currents, z),
    }


def run(arguments: argparse.Namespace) -> int:
    """The work of the command `point`: read the arguments, evaluate, print."""
    lists = inputs.given_parameters(arguments)
    settings = inputs.settings_of(arguments.set, lists)
    cl = inputs.fraction(arguments.cl, "--cl")
    model = inputs.declared(arguments.model, arguments.phase, lists)
    points = inputs.points(lists, model=model)
    for point in points:
        inputs.check_forms(point, model=model)
    documents = describe(points, settings, cl, arguments.pdf, model.kind)
    answers.show(documents, all(len(values) == 1 for values in lists.values()), arguments.json)
    return 0


def describe(
    points: list[dict[str, float]],
    settings: Mapping[str, Instance],
    cl: float,
    pdf: str | None = None,
    model: str = declarations.DEFAULT,
) -> list[dict]:
    """Return the JSON objects of points that hold the same parameters, evaluated together.

    Parameters
    ----------
    points
        Parameters by name; units as in `parameters`.
    settings
        Experiments by name that are not at their defaults, or that are not on the shelf by this name.
    cl
        Confidence level of the verdicts.
    pdf
        An LHAPDF6 folder in place of the package's luminosities.
    model
        Kind of the model.

    Raises
    ------
    BadInput
        Where a point does not exist.
    """
    backend.start()
    numbers, kinds = evaluated(points, settings, cl, pdf, model)
    return [
        document.document(point, {name: float(values[i]) for name, values in numbers.items()}, cl, kinds, model)
        for i, point in enumerate(points)
    ]


def evaluated(
    points: list[dict[str, float]],
    settings: Mapping[str, Instance],
    cl: float,
    pdf: str | None = None,
    model: str = declarations.DEFAULT,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the numbers of points that hold the same parameters, and the kind of every experiment that was asked.

    The arguments are those of `describe`. Numbers have dotted names, as `Description` gives them, and a value a point.
    """
    common = {name: value for name, value in points[0].items() if all(point[name] == value for point in points)}
    asked = {name: Instance(name, {}) for name in shelf.SHELF} | dict(settings)
    met = {name: each for name, each in asked.items() if set(shelf.SHELF[each.kind].needs) <= set(points[0])}
    parts = {_COMBINED, *_MEMBERS}
    summed = parts <= set(met) and not any(asked[name].settings for name in parts)  # of verdicts that are there anyway
    if summed:
        met.pop(_COMBINED)
    whole = study.Study(
        common,
        {name: shelf.build(each.kind, each.settings, shelf.level(each.kind, cl), pdf) for name, each in met.items()},
        model,
    )
    searches = members.Together(
        {name: each for name, each in whole.constraints.items() if isinstance(each, search.PublishedSearch)}
    )
    collider = tuple(sorted({name for each in met.values() for name in shelf.SHELF[each.kind].parameters}))
    varied = tuple(name for name in collider if name not in common)
    held = tuple((name, common[name]) for name in collider if name in common)
    companions = {name: _companions(each, cl, pdf, held) for name, each in met.items()}
    arrays = {name: np.array([point[name] for point in points]) for name in points[0]}
    problem = Description(whole, searches, {name: each for name, each in companions.items() if each}, model, varied)
    numbers = engine.evaluate_points(problem, arrays, batch=min(len(points), 256), compile_level="fast_compile")
    if summed:
        numbers |= _combined(numbers)
    return numbers, {name: each.kind for name, each in asked.items()}


def _companions(
    instance: Instance, cl: float, pdf: str | None, held: tuple[tuple[str, float], ...]
) -> dict[str, abstract.AbstractConstraint]:
    """What the report of an experiment compares with, by name."""
    kind = shelf.SHELF[instance.kind]
    if not isinstance(kind, Reports):
        return {}
    return {
        name: _prepared(instance.kind, tuple(sorted(settings.items())), cl, pdf, held)
        for name, settings in kind.companions(instance.settings).items()
    }


@functools.lru_cache(maxsize=4)  # its tables take seconds and rest on nothing else
def _prepared(
    kind: str, settings: tuple, cl: float, pdf: str | None, held: tuple[tuple[str, float], ...]
) -> abstract.AbstractConstraint:
    """An experiment with its tables, as a study prepares it."""
    built = shelf.build(kind, dict(settings), shelf.level(kind, cl), pdf)
    return study.Study(dict(held), {kind: built}).constraints[kind]


def _combined(numbers: Mapping[str, Float[np.ndarray, " n"]]) -> dict[str, Float[np.ndarray, " n"]]:
    """What the sum of the likelihoods says, from those of its members."""
    first = f"constraints.{_MEMBERS[0]}"
    found = {key: numbers[f"{first}.{key}"] for key in ("reason", "critical_value")}
    found["test_statistic"] = functools.reduce(
        operator.add, (numbers[f"constraints.{name}.test_statistic"] for name in _MEMBERS)
    )
    found["computed"] = np.all([numbers[f"constraints.{name}.computed"] for name in _MEMBERS], axis=0)
    return {f"constraints.{_COMBINED}.{key}": value for key, value in found.items()}
