"""From the texts of flags to parameter points, levels and settings.

BadInput names the flag, what was found and what is allowed.
"""

import argparse
import itertools
import math
from collections.abc import Callable, Sequence

from jaxmix import config, constants, faults, parameters
from jaxmix.models import declarations
from jaxmix.models.declarations import DECLARED, MIXED_PHASE, Declaration

_WORDS = ("theta_w", "pi/2", "e")
MAX_POINTS = 100_000  # of the product of lists


Values = list[float | str]  # numbers, and words that stand for some


def given_parameters(arguments: argparse.Namespace) -> dict[str, Values]:
    """Return the parameters given as flags, in their order, each with its list of values; BadInput names the flag."""
    return {name: values_of(name, text, f"--{name.replace('_', '-')}") for name, text in arguments.given.items()}


def values_of(name: str, text: str, where: str) -> Values:
    """Return the numbers in `a,b,c`, each in the parameter's domain; the words theta_w, pi/2 and e are left as they
    are.
    """
    return [_value(name, word.strip(), where) for word in text.split(",")]


def _value(name: str, word: str, where: str) -> float | str:
    if word in _WORDS and name not in parameters.STANDARD_MODEL:
        return word  # its value is put in by `points`, where the Standard Model inputs are known
    try:
        value = float(word)
    except ValueError as fault:
        raise faults.BadInput(f"{where}: found {word[:60]!r}; allowed: {parameters.PARAMETERS[name].domain}") from fault
    complaint = parameters.complaint(name, value)
    if complaint is not None:
        raise faults.BadInput(f"{where}: {complaint}")
    return value


def declared(model: str, phase: str | None, lists: dict[str, Values], free: str | None = None) -> Declaration:
    """Return the model that --model names; the parameter that --phase stands for joins `lists`.

    BadInput for a parameter of another model and for a phase that contradicts a value. free: a name that a limit
    varies.
    """
    if model not in DECLARED:
        raise faults.BadInput(
            f"--model: found {model[:60]!r}; allowed: {', '.join(DECLARED)}" + faults.did_you_mean(model, DECLARED)
        )
    found = DECLARED[model]
    for name in found.unknown([*lists, *([free] if free else [])]):
        raise faults.BadInput(
            f"{name}: found a value; {model} has no such parameter; allowed: {', '.join(found.names)}"
        )
    if phase is not None:
        _add_phase(found, phase, lists, free)
    return found


def _add_phase(model: Declaration, phase: str, lists: dict[str, Values], free: str | None) -> None:
    if phase not in model.phases:
        allowed = ", ".join(model.phases) or f"none, {model.kind} has no phases"
        raise faults.BadInput(f"--phase: found {phase[:60]!r}; allowed: {allowed}")
    name, value = model.phases[phase]
    words = parameters.named_values(constants.SIN2_THETA_W, constants.ALPHA)
    given = [words[each] if isinstance(each, str) else each for each in lists.get(name, [])]
    ends = [end for _, end in model.phases.values() if end is not None]
    if any(each in ends if value is None else each != value for each in given) or (free == name and value is not None):
        meaning = "a value between its ends" if value is None else f"{value:.6g}"
        raise faults.BadInput(f"--phase: found {phase!r} beside another {name}; allowed: one of the two ({meaning})")
    if value is not None:
        lists[name] = [value]


def points(
    lists: dict[str, Values], free: str | None = None, model: Declaration = MIXED_PHASE
) -> list[dict[str, float]]:
    """Form the product of lists of values, the last name fastest, with the model's defaults for what is absent.

    Parameters
    ----------
    lists
        The values of each parameter given; others are at the interface's defaults.
    free
        A parameter that a limit varies, which gets no value.

    Returns
    -------
    list of dict
        The parameter points.

    Raises
    ------
    BadInput
        There are more than MAX_POINTS.
    """
    number = math.prod(len(values) for values in lists.values())
    if number > MAX_POINTS:
        raise faults.BadInput(f"the lists of values: found {number} points; allowed: at most {MAX_POINTS}, or a scan")
    return [_completed(dict(zip(lists, numbers)), free, model) for numbers in itertools.product(*lists.values())]


def _completed(point: dict[str, float | str], free: str | None, model: Declaration) -> dict[str, float]:
    inputs = {name: float(point[name]) for name in parameters.STANDARD_MODEL if name in point}
    defaults = model.defaults(**inputs)
    words = parameters.named_values(**{name: defaults[name] for name in parameters.STANDARD_MODEL})
    given = {name: words[value] if isinstance(value, str) else value for name, value in point.items()}
    for name, value in given.items():
        complaint = parameters.complaint(name, value)
        if complaint is not None:
            raise faults.BadInput(complaint)
    return {name: value for name, value in defaults.items() if name != free} | given


def check_forms(point: dict[str, float], free: str | None = None, model: Declaration = MIXED_PHASE) -> None:
    """Check that a point has exactly one form of kappa and one of the Z' mass.

    `free` is a name that a limit varies. Raises BadInput, which says what is allowed.
    """
    given = set(point) | ({free} if free else set())
    for what, found, forms in model.wrong_forms(given):
        allowed = ", ".join("--" + form.replace("_", "-") for form in forms)
        raise faults.BadInput(f"{what}: found {' and '.join(found) or 'nothing'}; allowed: exactly one of {allowed}")
    if any(name in given for name in parameters.MCP_RATIOS) and "m_mcp" not in given:
        raise faults.BadInput("m_mcp: found nothing; a ratio to the mCP's mass needs it: give --m-mcp")
    for name in declarations.CHARGE_RESTS_ON if "epsilon_gamma" in given else ():
        if name in point and declarations.is_without_charge(name, point[name]):
            value, wanted = ("pi/2", "less than pi/2") if name == "theta_dark" else ("0", "another value")
            raise faults.BadInput(
                f"{name}: found {value}; with epsilon_gamma, which is zero there, allowed: {wanted}; or give kappa"
            )


def number(
    text: str,
    where: str,
    accepts: Callable[[float], bool],
    allowed: str,
    read: Callable[[str], float] = float,
) -> float:
    """Read a number that must lie in a range.

    Parameters
    ----------
    text
        What was given.
    where
        The flag, for the message.
    accepts
        Whether a number is in the range; False for nan.
    allowed
        The range in words, for the message.
    read
        Turns the text into a number: float or int.

    Returns
    -------
    float
        The number.

    Raises
    ------
    BadInput
        The text is not a number in the range.
    """
    try:
        value = read(text)
    except ValueError:
        value = math.nan  # accepted by no range
    if not accepts(value):
        raise faults.BadInput(f"{where}: found {text[:60]!r}; allowed: {allowed}")
    return value


def fraction(text: str, where: str) -> float:
    """Read a confidence level in (0, 1); raises BadInput otherwise."""
    return number(text, where, lambda value: 0 < value < 1, "a fraction in (0, 1), for example 0.95")


def level(cl: str, sigma: str | None) -> tuple[str, float]:
    """Read a level, ("cl", fraction) or ("sigma", n); raises BadInput otherwise."""
    if sigma is None:
        return "cl", fraction(cl, "--cl")
    return "sigma", number(sigma, "--sigma", lambda value: 0 < value <= 10, "a number in (0, 10], for example 2")


def at_values(entries: Sequence[str]) -> dict[str, Values]:
    """Read the lists of `--at name=a,b,c`, in the order given; BadInput names the entry."""
    lists: dict[str, Values] = {}
    for entry in entries:
        name, equals, text = entry.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in parameters.PARAMETERS:
            raise faults.BadInput(
                f"--at: found {entry[:60]!r}; allowed: NAME=VALUE with a name of {', '.join(parameters.PARAMETERS)}"
                + faults.did_you_mean(name, parameters.PARAMETERS)
            )
        if name in lists:
            raise faults.BadInput(f"--at: {name} is given twice; give its values once as {name}=a,b,c")
        lists[name] = values_of(name, text, "--at")
    return lists


def settings_of(overrides: Sequence[str], lists: dict[str, Values]) -> dict[str, config.Instance]:
    """Read experiments by name from --set, validated as in a config.

    Parameters named there join `lists`.
    """
    tables = config.apply_overrides({}, overrides)
    for name in ("parameters", "constraints"):
        if not isinstance(tables.get(name, {}), dict):
            raise faults.BadInput(f"--set {name}: found a value; allowed: {name}.NAME=VALUE")
    for name, value in tables.pop("parameters", {}).items():
        if name not in parameters.PARAMETERS:
            raise faults.BadInput(
                f"--set: found parameters.{name[:60]}; allowed: {', '.join(parameters.PARAMETERS)}"
                + faults.did_you_mean(name, parameters.PARAMETERS)
            )
        lists[name] = values_of(name, str(value), f"--set {name}")
    return config.instances(tables)
