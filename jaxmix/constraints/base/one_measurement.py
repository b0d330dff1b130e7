"""What constraints share that meet one Gaussian measurement."""

import dataclasses
from typing import Any, Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Scalar

from jaxmix import statistics
from jaxmix.constraints.base import closed_form

_MODES = ("sigma", "cl")


class OneMeasurement(closed_form.Untabulated):
    """One Gaussian measurement, judged by q = chi^2(point) - chi^2(kappa = 0) = delta (delta - 2 pull).

    delta: the point's change of what is measured; pull: the measured value less the Standard Model's; both in standard
    deviations (`error`, in the measurement's unit) of the two values together. q is negative where the mixing describes
    the data better.
    """

    pull: Scalar
    error: Scalar
    values: dict[str, Scalar]
    level: Scalar
    mode: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.mode not in _MODES:
            raise ValueError(f"{type(self).__name__}: the level's mode must be one of {_MODES}, got {self.mode!r}.")

    def at_level(self, mode: str, value: float) -> Self:
        """Return the measurement judged at another level."""
        return dataclasses.replace(self, level=jnp.asarray(value, dtype=float), mode=mode)

    def asimov(self) -> Self:
        """Return a measurement of the same precision whose data equal the Standard Model."""
        return dataclasses.replace(self, pull=jnp.zeros_like(self.pull))

    def statistic(self, delta: Scalar) -> Scalar:
        """Return q = delta (delta - 2 pull)."""
        return delta * (delta - 2.0 * self.pull)

    def critical_value(self) -> Scalar:
        """Return n^2 in mode "sigma", Delta chi^2 of one parameter in mode "cl"."""
        return statistics.critical_sigma(self.level) if self.mode == "sigma" else statistics.critical_chi2(self.level)


def fields(
    measured: float, predicted: float, errors: tuple[float, float], unit: float, level: tuple[str, float]
) -> dict[str, Any]:
    """Return the fields of a OneMeasurement without settings that are numbers.

    Parameters
    ----------
    measured, predicted, errors
        The two values and the error of each, in the table's unit.
    unit
        The table's unit in that of the measurement.
    level
        ("sigma", n) or ("cl", fraction).
    """
    error = float(errors[0] ** 2 + errors[1] ** 2) ** 0.5
    pull, width = (jnp.asarray(number, dtype=float) for number in ((measured - predicted) / error, unit * error))
    return {"pull": pull, "error": width, "values": {}, "level": jnp.asarray(level[1], dtype=float), "mode": level[0]}
