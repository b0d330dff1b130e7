"""The JSON object of one parameter point, from its parameters and its numbers."""

import math
from collections.abc import Mapping

from jaxmix import config, faults, study
from jaxmix.constraints import shelf
from jaxmix.constraints.base import abstract
from jaxmix.models import declarations

_NONPERTURBATIVE = 4 * math.pi  # of g1'


def document(
    values: Mapping[str, float], numbers: Mapping[str, float], cl: float, model: str = declarations.DEFAULT
) -> dict:
    """The JSON object of one point from its parameters and its numbers; BadInput where the point does not exist.

    values: parameters by name. numbers: what Description gives. cl: confidence level of the verdicts. model: its kind.
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
    verdicts = {name: verdict(name, numbers, cl, declared.coupling) for name in shelf.SHELF}
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


def _lhc_block(numbers: Mapping[str, float]) -> dict | None:
    channels = _under("lhc", numbers)
    if not channels:
        return None
    return {"sigma_pb": channels.pop("sigma"), "channels": channels}


def _detector_block(numbers: Mapping[str, float]) -> dict | None:
    found = _under("detector", numbers)
    return found or None


def verdict(
    name: str, numbers: Mapping[str, float], cl: float, coupling: str = declarations.MIXED_PHASE.coupling
) -> dict:
    """The JSON object of a constraint's verdict from a point's numbers, with the point's status beside it, or why there
    is none. coupling: name of the dark gauge coupling.
    """
    kind, found = shelf.SHELF[name], _under(f"constraints.{name}", numbers)
    if not found:
        return _absent(f"needs_{config.NEEDS[name][0]}", kind)
    status = int(numbers["status"])
    if not study.is_judged(kind, status):
        return _absent(study.STATUS[status], kind)
    q, critical = found["test_statistic"], found["critical_value"]
    if not math.isfinite(q):
        return _absent(kind.reasons[int(found["reason"])] if found["computed"] else "numerical_failure", kind)
    words = _status(study.STATUS[status], numbers, coupling)
    level = None if kind.kind == "theory" else shelf.level(name, cl)[1]
    return {
        "test_statistic": q,
        "critical_value": critical,
        "excluded": q > critical,
        "cl": level,
        "kind": kind.kind,
        "status": words,
    }


def _absent(status: str, kind: type[abstract.AbstractConstraint]) -> dict:
    return {
        "test_statistic": None,
        "critical_value": None,
        "excluded": None,
        "cl": None,
        "kind": kind.kind,
        "status": status,
    }
