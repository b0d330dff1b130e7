"""From the texts of flags to parameter points, levels and settings.

BadInput names the flag, what was found and what is allowed.
"""

import argparse
import itertools
import math
from collections.abc import Callable, Sequence

from jaxmix import config, faults, parameters

MAX_POINTS = 100_000  # of the product of lists


def given_parameters(arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Return the parameters given as flags, in their order, each with its list of values."""
    return {name: values_of(name, text, f"--{name.replace('_', '-')}") for name, text in arguments.given.items()}


def values_of(name: str, text: str, where: str) -> list[float]:
    """Return the numbers in `a,b,c`, each in the parameter's domain; words (theta_w, e) stand for their values."""
    return [_value(name, word.strip(), where) for word in text.split(",")]


def _value(name: str, word: str, where: str) -> float:
    if parameters.WORDS.get(name) == word:
        return math.nan  # put in by `points`, where the Standard Model inputs are known
    try:
        value = float(word)
    except ValueError as fault:
        raise faults.BadInput(f"{where}: found {word[:60]!r}; allowed: {parameters.PARAMETERS[name].domain}") from fault
    complaint = parameters.complaint(name, value)
    if complaint is not None:
        raise faults.BadInput(f"{where}: {complaint}")
    return value


def points(lists: dict[str, list[float]], free: str | None = None) -> list[dict[str, float]]:
    """Form the product of lists of values, the last name fastest.

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
    return [_completed(dict(zip(lists, numbers)), free) for numbers in itertools.product(*lists.values())]


def _completed(point: dict[str, float], free: str | None) -> dict[str, float]:
    given = {name: value for name, value in point.items() if not math.isnan(value)}
    inputs = {name: given[name] for name in ("sin2_theta_w", "alpha") if name in given}
    return {name: value for name, value in parameters.defaults(**inputs).items() if name != free} | given


def check_forms(point: dict[str, float], free: str | None = None) -> None:
    """Check that a point has exactly one form of kappa and one of the Z' mass.

    `free` is a name that a limit varies. Raises BadInput, which says what is allowed.
    """
    given = set(point) | ({free} if free else set())
    for forms, what in ((parameters.KAPPA_FORMS, "the mixing"), (parameters.ZPRIME_FORMS, "the Z' mass")):
        found = [name for name in forms if name in given]
        if len(found) != 1:
            allowed = ", ".join("--" + form.replace("_", "-") for form in forms)
            raise faults.BadInput(
                f"{what}: found {' and '.join(found) or 'nothing'}; allowed: exactly one of {allowed}"
            )
    if any(name in given for name in parameters.MCP_RATIOS) and "m_mcp" not in given:
        raise faults.BadInput("m_mcp: found nothing; a ratio to the mCP's mass needs it: give --m-mcp")
    if "epsilon_gamma" in given and math.cos(point.get("theta_dark", 0.0)) < 1e-9:
        raise faults.BadInput(
            "theta_dark: found pi/2; with epsilon_gamma, which is zero there, allowed: less than pi/2; or give kappa"
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


def at_values(entries: Sequence[str]) -> dict[str, list[float]]:
    """Read the lists of `--at name=a,b,c`, in the order given; BadInput names the entry."""
    lists: dict[str, list[float]] = {}
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


def settings_of(overrides: Sequence[str], lists: dict[str, list[float]]) -> dict[str, dict[str, float | str]]:
    """Read settings by constraint from --set, validated as in a config.

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
    return config.constraint_settings(tables)
