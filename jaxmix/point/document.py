"""The JSON object of one parameter point, from its parameters and its numbers."""

import math
from collections.abc import Mapping
from typing import Any

from jaxmix import faults, study
from jaxmix.constraints import shelf
from jaxmix.constraints.base.abilities import Reports
from jaxmix.constraints.base.kind import OBSERVED, PROJECTED, THEORY, Kind
from jaxmix.models import declarations

_NONPERTURBATIVE = 4 * math.pi  # of g1'


def document(
    values: Mapping[str, float],
    numbers: Mapping[str, float],
    cl: float,
    kinds: Mapping[str, str],
    model: str = declarations.DEFAULT,
) -> dict[str, Any]:
    """Return the JSON object of one point from its parameters and its numbers.

    Parameters
    ----------
    values
        Parameters by name.
    numbers
        What `Description` gives.
    cl
        Confidence level of the verdicts.
    kinds
        Kind on the shelf by the name of each experiment.
    model
        Kind of the model.

    Raises
    ------
    BadInput
        Where the point does not exist.
    """
    declared = declarations.DECLARED[model]
    status = study.STATUS[int(numbers["status"])]
    if status == "forbidden_gap":
        raise faults.BadInput(_gap(values, numbers["gap.low"], numbers["gap.high"]))
    if status == "kappa_outside_domain":
        asked, cure = "millicharge", "lower epsilon_gamma or raise e_dark"
        if "epsilon" in values:
            asked, cure = "epsilon", "lower it"
        raise faults.BadInput(f"kappa: the {asked} asked for needs |kappa| >= 1; allowed: (-1, 1); {cure}")
    couplings = {boson: _under(f"couplings.{boson}", numbers) for boson in ("photon", "z", "zprime")}
    couplings["photon"] = {name: couplings["photon"][name] for name in declared.photon}
    verdicts = {name: verdict(name, kind, numbers, cl, declared.coupling) for name, kind in kinds.items()}
    excluding = [name for name, said in verdicts.items() if said["excluded"]]
    return {
        "inputs": {**values, "kappa": numbers["kappa"]},
        "model": model,
        "status": _status(status, numbers, declared.coupling),
        "phase": _phase(values["theta_dark"]) if declared.phases else None,
        "epsilon_gamma": numbers["epsilon_gamma"],
        "epsilon_z": numbers["epsilon_z"],
        "masses": _under("masses", numbers),
        "couplings": couplings,
        "widths": _under("widths", numbers),
        "branching_fractions": _branching_fractions(numbers),
        **_blocks(kinds, numbers),
        "constraints": verdicts,
        "excluded_by": [name for name in excluding if verdicts[name]["kind"] in OBSERVED],
        "within_reach_of": [name for name in excluding if verdicts[name]["kind"] == PROJECTED],
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
        return (
            f"m_zprime: found {asked:.10g} GeV, for which no Lagrangian mass can be computed; "
            "allowed: a mass nearer to the Z's"
        )
    return (
        f"m_zprime: found {asked:.10g} GeV, inside the forbidden gap where no Lagrangian mass exists; "
        f"allowed: below {low:.10g} or above {high:.10g} GeV at this kappa, or give --m2"
    )


def _status(status: str, numbers: Mapping[str, float], coupling: str) -> str:
    """ok, or what a reader must know: swapped labels, or a dark gauge coupling (of this name) beyond 4 pi."""
    words = [] if status == "ok" else [status]
    if numbers["g1_dark"] > _NONPERTURBATIVE:
        words.append(f"{coupling}_above_4pi")
    return ",".join(words) or "ok"


def _branching_fractions(numbers: Mapping[str, float]) -> dict[str, float]:
    """Of the Z', by final state; NaN where it has no open channel."""
    total = numbers["widths.zprime"]
    return {name: value / total if total > 0 else math.nan for name, value in _under("partial", numbers).items()}


def _blocks(kinds: Mapping[str, str], numbers: Mapping[str, float]) -> dict[str, Any]:
    """What experiments tell beside their verdicts: those of the shelf at the top, null where there is no statement, and
    those that a study named under "instances".
    """
    found: dict[str, Any] = {}
    instances: dict[str, Any] = {}
    for name, word in kinds.items():
        kind, told = shelf.SHELF[word], _under(f"blocks.{name}", numbers)
        if isinstance(kind, Reports):
            blocks = kind.documents(told) if told else dict.fromkeys(kind.blocks)
            if name == word:
                found |= blocks
            else:
                instances[name] = blocks
    return found | ({"instances": instances} if instances else {})


def verdict(
    name: str,
    word: str,
    numbers: Mapping[str, float],
    cl: float,
    coupling: str = declarations.MIXED_PHASE.coupling,
) -> dict[str, Any]:
    """Return the JSON object of a constraint's verdict, with the point's status beside it, or why there is none.

    Parameters
    ----------
    name, word
        The constraint and its kind on the shelf.
    numbers
        What `Description` gives.
    cl
        Confidence level of the verdict.
    coupling
        Name of the dark gauge coupling that should stay below 4 pi.
    """
    kind, found = shelf.SHELF[word], _under(f"constraints.{name}", numbers)
    if not found:
        return _absent(f"needs_{kind.needs[0]}", kind)
    status = int(numbers["status"])
    if not study.is_judged(kind, status):
        return _absent(study.STATUS[status], kind)
    q, critical = found["test_statistic"], found["critical_value"]
    if not math.isfinite(q):
        return _absent(kind.reasons[int(found["reason"])] if found["computed"] else "numerical_failure", kind)
    words = _status(study.STATUS[status], numbers, coupling)
    level = None if kind.kind == THEORY else shelf.level(word, cl)[1]
    return {
        "test_statistic": q,
        "critical_value": critical,
        "excluded": q > critical,
        "cl": level,
        "kind": kind.kind,
        "status": words,
    }


def _absent(status: str, kind: Kind) -> dict[str, Any]:
    return {
        "test_statistic": None,
        "critical_value": None,
        "excluded": None,
        "cl": None,
        "kind": kind.kind,
        "status": status,
    }
