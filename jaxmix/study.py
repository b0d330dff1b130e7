"""The one place where a model, the waist and the constraints are composed into q(point) for the engine."""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Scalar, ScalarLike

from jaxmix import engine
from jaxmix.constraints.base import abstract
from jaxmix.currents import neutral_currents
from jaxmix.models import declarations
from jaxmix.models import shelf as models
from jaxmix.models.base import FORBIDDEN_GAP, KAPPA_OUTSIDE, LABELS_SWAPPED, NUMERICAL_FAILURE, OK, STATUS

__all__ = [
    "FORBIDDEN_GAP",
    "KAPPA_OUTSIDE",
    "LABELS_SWAPPED",
    "NUMERICAL_FAILURE",
    "OK",
    "STATUS",
    "Study",
    "currents_and_status",
    "is_judged",
    "prepared",
]


class Study(engine.AbstractProblem):
    """Test statistics of some constraints as a function of one point of a model.

    A point is a dict of scalars by parameter name; a name "constraint.setting" reaches a setting of a constraint.
    Outputs are q/critical_value by constraint, so that above one is excluded.

    Parameters
    ----------
    held : the values of all parameters that a point does not give, by the names of the interface.
    constraints : by name.
    model : kind of the model of the dark sector, as `jaxmix.models.shelf` lists them.

    Raises
    ------
    RuntimeError
        When jax_enable_x64 is off.
    ValueError
        For a model that there is not, and for a name that is no parameter of the model.
    """

    held: dict[str, Scalar]
    constraints: dict[str, abstract.AbstractConstraint]
    model: str = eqx.field(static=True)

    def __init__(
        self,
        held: Mapping[str, ScalarLike],
        constraints: Mapping[str, abstract.AbstractConstraint],
        model: str = declarations.DEFAULT,
    ):
        if jnp.result_type(float) != jnp.float64:
            raise RuntimeError(
                "Study: float64 is off; set jax.config.update('jax_enable_x64', True) before building a study."
            )
        declared = models.model(model).declaration
        unknown = sorted(declared.unknown(held))
        if unknown:
            raise ValueError(f"Study: unknown parameters {unknown}; known to {model}: {sorted(declared.names)}.")
        self.model = model
        self.held = {name: jnp.asarray(value, dtype=float) for name, value in held.items()}
        self.constraints = {
            name: engine.once(prepared, constraint.with_settings(_settings(name, constraint, self.held)))
            for name, constraint in constraints.items()
        }

    def slow(self, point: engine.Point) -> Float[Array, " k"]:
        """What varies gently along the mixing, for all constraints one after another; continued where the point lies
        outside the domain."""
        currents, _ = currents_and_status({**self.held, **point}, self.model)
        return jnp.concatenate([constraint.slow(currents) for constraint in self.at(point).values()])

    def fast(self, point: engine.Point, slow: Float[Array, " k"]) -> dict[str, Scalar]:
        """q/critical_value by constraint, NaN where there is no statement, and the status code."""
        currents, status = currents_and_status({**self.held, **point}, self.model)
        outputs, failed, start = {}, jnp.asarray(False), 0
        for name, constraint in self.at(point).items():
            part, start = slow[start : start + constraint.size], start + constraint.size
            judged = is_judged(constraint, status)
            q = constraint.test_statistic(currents, part) / constraint.critical_value()
            outputs[name] = jnp.where(judged, q, jnp.nan)
            failed = failed | (judged & ~jnp.all(jnp.isfinite(part)))
        return {**outputs, "status": jnp.where(failed, NUMERICAL_FAILURE, status).astype(jnp.int32)}

    def at(self, point: engine.Point) -> dict[str, abstract.AbstractConstraint]:
        """The constraints with the collider parameters and settings that the point gives."""
        return {
            name: constraint.with_settings(_settings(name, constraint, point))
            for name, constraint in self.constraints.items()
        }


def is_judged(
    constraint: abstract.AbstractConstraint | type[abstract.AbstractConstraint], status: Int[Array, ""]
) -> Bool[Array, ""]:
    """Whether a constraint is asked about a point of this status: where labels are swapped, one that holds the pole
    asked for.
    """
    return (status == OK) | (constraint.holds_swapped_labels & (status == LABELS_SWAPPED))


def _settings(name: str, constraint: abstract.AbstractConstraint, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    given = {setting: values[setting] for setting in constraint.settings if setting in values}
    return given | {
        setting: values[f"{name}.{setting}"] for setting in constraint.settings if f"{name}.{setting}" in values
    }


def prepared(constraint: abstract.AbstractConstraint) -> abstract.AbstractConstraint:
    """The constraint with its tables; one function for all, so that it compiles once."""
    return constraint.prepared()


def currents_and_status(
    values: Mapping[str, ScalarLike], model: str = declarations.DEFAULT
) -> tuple[neutral_currents.NeutralCurrents, Int[Array, ""]]:
    """The currents of a point of a model, and its status code; finite stand-ins where the status is not ok.

    Parameters
    ----------
    values : every parameter of the point by name, in any form.
    model : the model's kind.
    """
    return models.model(model).from_values(values).currents_and_status()
